//! The application's own commits: what, and how it goes on afterwards.

use super::{After, Doing, Process};
use crate::client::io::Io;
use crate::client::library::{Callback, PollOutcome};
use crate::client::subscription::Run;
use crate::config::{CommitMode, CommitOffset, CommitWhen};
use crate::ids::Symbol;
use crate::protocol::CommitPartition;
use crate::trace::CommitOrigin;

impl Process {
    /// Commits what is about to be handled (`before-*`).
    pub(super) fn commit_ahead(&mut self, io: &mut Io<'_, '_>, runs: &[Run], after: After) {
        if self.policy.offset != CommitOffset::AboutToHandle {
            return self.commit_handled(io, after);
        }
        let mut offsets = self.library.spare();
        for run in runs {
            let p = CommitPartition { partition: run.tp, offset: run.to, metadata: Symbol::EMPTY };
            match offsets.iter_mut().find(|o| o.partition == run.tp) {
                Some(known) => *known = p,
                None => offsets.push(p),
            }
        }
        self.commit(io, offsets, after);
    }

    /// Commits what the policy says at this point.
    pub(super) fn commit_handled(&mut self, io: &mut Io<'_, '_>, after: After) {
        let offsets = self.offsets_handled();
        self.commit(io, offsets, after);
    }

    /// What the policy commits of what is handled.
    pub(super) fn offsets_handled(&mut self) -> Vec<CommitPartition> {
        let mut offsets = self.library.spare();
        match self.policy.offset {
            CommitOffset::Stored => self.library.subscription().unstored(&mut offsets),
            CommitOffset::Position => self.library.subscription().positions(&mut offsets),
            CommitOffset::DoneMax => self.library.subscription().uncommitted_max(&mut offsets),
            _ => self.library.subscription().uncommitted(&mut offsets),
        }
        offsets
    }

    fn commit(&mut self, io: &mut Io<'_, '_>, offsets: Vec<CommitPartition>, after: After) {
        match self.policy.mode {
            CommitMode::Async => {
                self.library.commit_async(io, offsets);
                self.go_on(io, after);
            }
            CommitMode::Sync => {
                let timeout_ms = self.library.api_timeout_ms();
                self.commit_sync(io, offsets, CommitOrigin::Sync, timeout_ms, after);
            }
        }
    }

    /// Blocks in commitSync.
    pub(super) fn commit_sync(
        &mut self,
        io: &mut Io<'_, '_>,
        offsets: Vec<CommitPartition>,
        origin: CommitOrigin,
        timeout_ms: i64,
        after: After,
    ) {
        self.library.begin_commit_sync(io, offsets, origin, timeout_ms);
        if self.library.step_commit_sync(io) {
            self.go_on(io, after);
        } else {
            self.doing = Doing::Committing(after);
        }
    }

    /// What follows a commit.
    pub(super) fn go_on(&mut self, io: &mut Io<'_, '_>, after: After) {
        match after {
            After::Handle => self.doing = Doing::Handling,
            After::HandleCommitted => {
                self.doing = Doing::Handling;
                self.handle_next(io, true);
            }
            After::Poll => {
                self.doing = Doing::Polling;
                self.enter_poll(io);
            }
            After::Callback => self.callback_returned(io),
            After::CloseCallback => self.close_callback_returned(io),
            After::Close(phase) => self.doing = Doing::Closing(phase),
        }
    }

    /// Whether the revoke callback commits: `on-revoke`, which auto-commit does by itself (CLIENT-18, CLIENT-31).
    pub(super) fn commits_on_revoke(&self) -> bool {
        self.policy.on_revoke && !matches!(self.policy.when, CommitWhen::Auto { .. })
    }

    /// Runs the application's rebalance callback inside poll.
    pub(super) fn run_callback(&mut self, io: &mut Io<'_, '_>, callback: Callback) {
        if callback == Callback::Revoked && self.commits_on_revoke() {
            let mut offsets = self.library.spare();
            self.library.subscription().uncommitted(&mut offsets);
            let timeout_ms = self.library.api_timeout_ms();
            self.commit_sync(io, offsets, CommitOrigin::Revoke, timeout_ms, After::Callback);
        } else {
            self.callback_returned(io);
        }
    }

    fn callback_returned(&mut self, io: &mut Io<'_, '_>) {
        self.library.callback_done(io);
        self.doing = Doing::Polling;
    }

    /// Records have come: the poll ends, and the batch begins.
    pub(super) fn begin_batch(&mut self, io: &mut Io<'_, '_>) {
        self.next_run = 0;
        self.fresh_run = true;
        self.doing = Doing::Handling;
        if self.strategy.before_batch() {
            let runs = std::mem::take(&mut self.batch);
            self.commit_ahead(io, &runs, After::Handle);
            self.batch = runs;
        }
    }

    /// A pass of poll.
    pub(super) fn poll_pass(&mut self, io: &mut Io<'_, '_>) -> PollOutcome {
        self.library.poll(io, &mut self.batch)
    }
}
