//! The application's own commits: asks its strategy at the points where it may, and carries out what that says.

use super::{After, Doing, Process};
use crate::client::io::Io;
use crate::client::library::{Callback, Library, PollOutcome};
use crate::client::strategy::{Commit, Offsets, Progress};
use crate::client::subscription::Run;
use crate::ids::{Offset, Symbol};
use crate::protocol::CommitPartition;
use crate::time::{Duration, Instant};
use crate::trace::CommitOrigin;

/// No commit is repeated more often: a strategy that repeats for ever what fails at once would let no time pass.
const MAX_ATTEMPTS: u32 = 1_000;

/// The blocked commitSync.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// The strategy's, so that it hears of the answer; not auto-commit's last one.
    asked_for: bool,
    /// How often it has failed before.
    attempt: u32,
    origin: CommitOrigin,
}

impl Default for Waiting {
    fn default() -> Self {
        Waiting { asked_for: false, attempt: 0, origin: CommitOrigin::Sync }
    }
}

/// How far the process has come, borrowing nothing but the library.
fn progress<'a>(library: &'a mut Library, now: Instant, ahead: &'a [Run]) -> Progress<'a> {
    Progress::of(now, library.subscription(), ahead)
}

impl Process {
    /// Records have come: the poll ends, and the batch begins.
    pub(super) fn begin_batch(&mut self, io: &mut Io<'_, '_>) {
        self.next_run = 0;
        self.fresh_run = true;
        self.doing = Doing::Handling;
        let runs = std::mem::take(&mut self.batch);
        let commit = self.strategy.before_batch(&progress(&mut self.library, io.now(), &runs));
        self.carry_out(io, commit, &runs, CommitOrigin::Sync, After::Handle);
        self.batch = runs;
    }

    /// Whether a commit comes before the next record of `run`; after it the record is handled.
    pub(super) fn commits_before(&mut self, io: &mut Io<'_, '_>, run: Run) -> bool {
        let next = [Run { to: Offset(run.from.0 + 1), ..run }];
        let commit = self.strategy.before_record(&progress(&mut self.library, io.now(), &next));
        let commits = commit != Commit::Nothing;
        if commits {
            self.carry_out(io, commit, &next, CommitOrigin::Sync, After::HandleCommitted);
        }
        commits
    }

    /// How many records may be handled before the strategy is asked again.
    pub(super) fn stride(&mut self, now: Instant, per_record: Duration, available: u64) -> u64 {
        let stride = self.strategy.stride(&progress(&mut self.library, now, &[]), per_record, available);
        stride.clamp(1, available.max(1))
    }

    /// What the strategy wants after so many more records.
    pub(super) fn ask_after_record(&mut self, now: Instant, count: u64) -> Commit {
        self.strategy.after_record(&progress(&mut self.library, now, &[]), count)
    }

    /// What the strategy wants after a batch.
    pub(super) fn ask_after_batch(&mut self, now: Instant) -> Commit {
        self.strategy.after_batch(&progress(&mut self.library, now, &[]))
    }

    /// Records have been handled.
    pub(super) fn commit_after_record(&mut self, io: &mut Io<'_, '_>, count: u64) {
        let commit = self.ask_after_record(io.now(), count);
        self.carry_out(io, commit, &[], CommitOrigin::Sync, After::Handle);
    }

    /// The batch has been handled.
    pub(super) fn commit_after_batch(&mut self, io: &mut Io<'_, '_>) {
        let commit = self.ask_after_batch(io.now());
        self.carry_out(io, commit, &[], CommitOrigin::Sync, After::Poll);
    }

    /// The revoke callback of close().
    pub(super) fn commit_on_close(&mut self, io: &mut Io<'_, '_>, after: After) {
        let commit = self.strategy.on_close(&progress(&mut self.library, io.now(), &[]));
        self.carry_out(io, commit, &[], CommitOrigin::Close, after);
    }

    /// Runs the application's rebalance callback inside poll.
    pub(super) fn run_callback(&mut self, io: &mut Io<'_, '_>, callback: Callback) {
        let commit = match callback {
            Callback::Revoked => self.strategy.on_revoke(&progress(&mut self.library, io.now(), &[])),
            Callback::Lost => Commit::Nothing,
        };
        self.carry_out(io, commit, &[], CommitOrigin::Revoke, After::Callback);
    }

    /// A revoke callback that runs beside the poll loop (franz-go) commits what the strategy says, and waits for the answer.
    pub(super) fn answer_callback(&mut self, io: &mut Io<'_, '_>) -> bool {
        let Some(origin) = self.library.callback_asks() else { return false };
        self.report_all(io); // handlers are in the middle of a batch
        let progress = progress(&mut self.library, io.now(), &[]);
        let commit = match origin {
            CommitOrigin::Close => self.strategy.on_close(&progress),
            _ => self.strategy.on_revoke(&progress),
        };
        let offsets = match commit {
            Commit::Nothing => Vec::new(),
            Commit::Async(offsets) | Commit::Sync(offsets) => {
                let listed = matches!(offsets, Offsets::Listed(_));
                let mut offsets = self.resolve(offsets, &[]);
                offsets.retain(|p| listed || self.library.gives_up(p.partition));
                offsets
            }
        };
        self.library.callback_commits(io, offsets);
        true
    }

    /// A pass of poll, which runs the callbacks of async commits first.
    pub(super) fn poll_pass(&mut self, io: &mut Io<'_, '_>) -> PollOutcome {
        if !self.library.subscription().answers.is_empty() && self.hear(io) {
            return PollOutcome::Wait;
        }
        self.library.poll(io, &mut self.batch)
    }

    /// The commitSync that the application waited for has returned.
    pub(super) fn commit_returned(&mut self, io: &mut Io<'_, '_>, after: After) {
        let Some(answered) = self.library.subscription().answers.take_sync() else { return self.go_on(io, after) };
        let Waiting { asked_for, attempt, origin } = self.waiting;
        let commit = if asked_for && attempt < MAX_ATTEMPTS {
            self.strategy.on_answer(&progress(&mut self.library, io.now(), &[]), &answered.answer(attempt))
        } else {
            Commit::Nothing
        };
        self.library.subscription().answers.give_back(answered);
        match commit {
            Commit::Sync(offsets) => {
                let offsets = self.resolve(offsets, &[]);
                self.block(io, offsets, Waiting { asked_for: true, attempt: attempt + 1, origin });
                // The loop carries it on from here, however often it is repeated.
                self.doing = Doing::Committing(after);
            }
            commit => {
                self.send_async(io, commit, attempt + 1);
                self.go_on(io, after);
            }
        }
    }

    /// The callbacks of async commits; true if one of them blocks in commitSync.
    fn hear(&mut self, io: &mut Io<'_, '_>) -> bool {
        let mut answers = self.library.subscription().answers.take();
        let mut blocked = None;
        for answered in answers.drain(..) {
            let answer = answered.answer(0);
            let attempt = answer.attempt + 1;
            if attempt <= MAX_ATTEMPTS && !answered.is_sync() {
                let commit = self.strategy.on_answer(&progress(&mut self.library, io.now(), &[]), &answer);
                match commit {
                    // Several callbacks that block would do so one after the other; the last stands for all.
                    Commit::Sync(offsets) => blocked = Some((offsets, attempt)),
                    commit => self.send_async(io, commit, attempt),
                }
            }
            self.library.subscription().answers.give_back(answered);
        }
        self.library.subscription().answers.restore(answers);
        let Some((offsets, attempt)) = blocked else { return false };
        let offsets = self.resolve(offsets, &[]);
        self.block(io, offsets, Waiting { asked_for: true, attempt, origin: CommitOrigin::Sync });
        self.doing = Doing::Committing(After::PollOn);
        true
    }

    /// Does what the strategy says, then goes on.
    pub(super) fn carry_out(
        &mut self,
        io: &mut Io<'_, '_>,
        commit: Commit,
        ahead: &[Run],
        origin: CommitOrigin,
        after: After,
    ) {
        let (offsets, waits) = match commit {
            Commit::Nothing => return self.go_on(io, after),
            Commit::Async(offsets) => (offsets, false),
            Commit::Sync(offsets) => (offsets, true),
        };
        let listed = matches!(offsets, Offsets::Listed(_));
        let mut offsets = self.resolve(offsets, ahead);
        if origin == CommitOrigin::Revoke && !listed {
            // The callback is about what is taken away; in a cooperative rebalance the rest goes on.
            offsets.retain(|p| self.library.gives_up(p.partition));
        }
        if waits {
            self.block(io, offsets, Waiting { asked_for: true, attempt: 0, origin });
            self.carry_on(io, after);
        } else {
            self.library.commit_async(io, offsets, 0);
            self.go_on(io, after);
        }
    }

    fn send_async(&mut self, io: &mut Io<'_, '_>, commit: Commit, attempt: u32) {
        if let Commit::Async(offsets) = commit {
            let offsets = self.resolve(offsets, &[]);
            self.library.commit_async(io, offsets, attempt);
        }
    }

    pub(super) fn resolve(&mut self, offsets: Offsets, ahead: &[Run]) -> Vec<CommitPartition> {
        let mut list = match self.library.subscription().answers.spare() {
            Some(list) => list,
            None => self.library.spare(),
        };
        let subscription = self.library.subscription();
        match offsets {
            Offsets::Position => subscription.positions(&mut list),
            Offsets::Done => subscription.uncommitted(&mut list),
            Offsets::DoneMax => subscription.uncommitted_max(&mut list),
            Offsets::Stored => subscription.unstored(&mut list),
            Offsets::AboutToHandle => about_to_handle(ahead, &mut list),
            Offsets::Listed(offsets) => {
                for (partition, offset) in offsets {
                    list.push(CommitPartition { partition, offset, metadata: Symbol::EMPTY });
                }
            }
        }
        list
    }

    /// commitSync of the library's own.
    pub(super) fn commit_sync(
        &mut self,
        io: &mut Io<'_, '_>,
        offsets: Vec<CommitPartition>,
        origin: CommitOrigin,
        timeout_ms: i64,
        after: After,
    ) {
        self.waiting = Waiting { asked_for: false, attempt: 0, origin };
        self.library.begin_commit_sync(io, offsets, origin, timeout_ms);
        self.carry_on(io, after);
    }

    fn block(&mut self, io: &mut Io<'_, '_>, offsets: Vec<CommitPartition>, waiting: Waiting) {
        self.waiting = waiting;
        let timeout_ms = self.library.api_timeout_ms();
        self.library.begin_commit_sync(io, offsets, waiting.origin, timeout_ms);
    }

    /// Goes on after the commitSync that has begun, or blocks in it.
    fn carry_on(&mut self, io: &mut Io<'_, '_>, after: After) {
        if self.library.step_commit_sync(io) {
            self.commit_returned(io, after);
        } else {
            self.doing = Doing::Committing(after);
        }
    }

    /// What follows a commit.
    fn go_on(&mut self, io: &mut Io<'_, '_>, after: After) {
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
            After::PollOn => self.doing = Doing::Polling,
            After::Callback => self.callback_returned(io),
            After::CloseCallback => self.close_callback_returned(io),
            After::Close(phase) => self.doing = Doing::Closing(phase),
        }
    }

    fn callback_returned(&mut self, io: &mut Io<'_, '_>) {
        self.library.callback_done(io);
        self.doing = Doing::Polling;
    }
}

fn about_to_handle(ahead: &[Run], list: &mut Vec<CommitPartition>) {
    for run in ahead {
        let p = CommitPartition { partition: run.tp, offset: run.to, metadata: Symbol::EMPTY };
        match list.iter_mut().find(|o| o.partition == run.tp) {
            Some(known) => *known = p,
            None => list.push(p),
        }
    }
}
