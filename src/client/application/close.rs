//! close(): auto-commit, revoke callback, LeaveGroup, last answers (CLIENT-31).

use super::{After, ClosePhase, Doing, Process};
use crate::client::MemberOutput;
use crate::client::consumer::Callback;
use crate::client::io::{Io, Timer};
use crate::trace::{CommitOrigin, Kind};

impl Process {
    /// The next step of close(); false while it is blocked.
    pub(super) fn close_step(&mut self, io: &mut Io<'_, '_>, phase: ClosePhase) -> bool {
        let expired = self.close_deadline.at <= io.now();
        match phase {
            ClosePhase::Commit => self.close_commit(io),
            ClosePhase::AsyncCommits => {
                if self.consumer.commits.has_waiting() && !expired {
                    self.consumer.ensure_coordinator(io);
                    return false;
                }
                self.doing = Doing::Closing(ClosePhase::Callback);
            }
            ClosePhase::Callback => self.close_callback(io),
            ClosePhase::Leave(callback) => {
                if let Some(callback) = callback {
                    self.consumer.disown(io, callback);
                }
                self.consumer.leave_on_close(io);
                self.doing = Doing::Closing(ClosePhase::LastAnswers);
            }
            ClosePhase::LastAnswers => {
                if self.consumer.coordinator_busy() && !expired {
                    return false;
                }
                self.exit(io);
            }
        }
        true
    }

    fn close_commit(&mut self, io: &mut Io<'_, '_>) {
        let next = ClosePhase::AsyncCommits;
        if self.consumer.commits.auto_interval_ms.is_none() {
            self.doing = Doing::Closing(next);
            return;
        }
        let mut offsets = self.consumer.commits.spare();
        self.consumer.subscription.positions(&mut offsets);
        let timeout_ms = self.consumer.close_timeout_ms();
        self.commit_sync(io, offsets, CommitOrigin::Close, timeout_ms, After::Close(next));
    }

    fn close_callback(&mut self, io: &mut Io<'_, '_>) {
        self.consumer.stop_heartbeats();
        let callback = self.consumer.leave_callback();
        let next = ClosePhase::Leave(callback);
        if callback == Some(Callback::Revoked) && self.commits_on_revoke() {
            let mut offsets = self.consumer.commits.spare();
            self.consumer.subscription.uncommitted(&mut offsets);
            let timeout_ms = self.consumer.api_timeout_ms();
            self.commit_sync(io, offsets, CommitOrigin::Close, timeout_ms, After::Close(next));
        } else {
            self.doing = Doing::Closing(next);
        }
    }

    fn exit(&mut self, io: &mut Io<'_, '_>) {
        self.consumer.end(io);
        let cause = match self.failed {
            Some(seq) => seq,
            None => io.emit(Kind::Closed {}),
        };
        self.close_deadline = Timer::NEVER;
        self.doing = Doing::Exited;
        io.out.push(MemberOutput::Exited { cause });
    }
}
