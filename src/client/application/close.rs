//! close(): the Java client commits, calls the revoke callback, leaves the group and waits for the last answers
//! (CLIENT-31); librdkafka unsubscribes and serves its queue until that is through.

use super::{After, ClosePhase, Doing, Process};
use crate::client::MemberOutput;
use crate::client::io::{Io, Timer};
use crate::client::library::{Callback, Library, Termination};
use crate::trace::{CommitOrigin, DropReason, Kind};

impl Process {
    /// The next step of close(); false while it is blocked.
    pub(super) fn close_step(&mut self, io: &mut Io<'_, '_>, phase: ClosePhase) -> bool {
        let Library::Java(consumer) = &mut self.library else { return self.terminate(io) };
        let expired = self.close_deadline.at <= io.now();
        match phase {
            ClosePhase::Commit => self.close_commit(io),
            ClosePhase::AsyncCommits => {
                if consumer.commits.has_waiting() && !expired {
                    consumer.ensure_coordinator(io);
                    return false;
                }
                self.doing = Doing::Closing(ClosePhase::Callback);
            }
            ClosePhase::Callback => {
                consumer.stop_heartbeats();
                let callback = consumer.leave_callback();
                self.close_callback(io, callback);
            }
            ClosePhase::Leave(callback) => {
                if let Some(callback) = callback {
                    consumer.disown(io, callback);
                }
                consumer.leave_on_close(io);
                self.doing = Doing::Closing(ClosePhase::LastAnswers);
            }
            ClosePhase::LastAnswers | ClosePhase::Terminate => {
                consumer.read_unread(io);
                if consumer.coordinator_busy() && !expired {
                    return false;
                }
                self.exit(io);
            }
        }
        true
    }

    fn close_commit(&mut self, io: &mut Io<'_, '_>) {
        let next = ClosePhase::AsyncCommits;
        let Library::Java(consumer) = &mut self.library else { return };
        if consumer.commits.auto_interval_ms.is_none() {
            self.doing = Doing::Closing(next);
            return;
        }
        let mut offsets = consumer.commits.spare();
        consumer.subscription.positions(&mut offsets);
        let timeout_ms = consumer.close_timeout_ms();
        self.commit_sync(io, offsets, CommitOrigin::Close, timeout_ms, After::Close(next));
    }

    fn close_callback(&mut self, io: &mut Io<'_, '_>, callback: Option<Callback>) {
        let next = ClosePhase::Leave(callback);
        if callback == Some(Callback::Revoked) {
            self.commit_on_close(io, After::Close(next));
        } else {
            self.doing = Doing::Closing(next);
        }
    }

    /// The close of a library with an order of its own.
    fn terminate(&mut self, io: &mut Io<'_, '_>) -> bool {
        match self.library.terminate(io) {
            Termination::Wait => return false,
            Termination::Callback(Callback::Revoked) => self.commit_on_close(io, After::CloseCallback),
            Termination::Callback(_) => self.close_callback_returned(io),
            Termination::Done => self.exit(io),
        }
        true
    }

    /// The callback that close ran has returned.
    pub(super) fn close_callback_returned(&mut self, io: &mut Io<'_, '_>) {
        self.library.callback_done(io);
        self.doing = Doing::Closing(ClosePhase::Terminate);
    }

    fn exit(&mut self, io: &mut Io<'_, '_>) {
        self.dismiss_crew(io, DropReason::Ended);
        self.library.end(io);
        let cause = match self.failed {
            Some(seq) => seq,
            None => io.emit(Kind::Closed {}),
        };
        self.close_deadline = Timer::NEVER;
        self.doing = Doing::Exited;
        io.out.push(MemberOutput::Exited { cause });
    }
}
