//! `commit = { when, offset, mode, on-revoke, retry }` as strategies.

use super::retry::Retry;
use super::{Commit, CommitStrategy, Offsets, Progress};
use super::{after_batch, after_record, before_batch, before_record, every_n, interval, library};
use crate::config::{CommitMode, CommitOffset, CommitPolicy, CommitWhen};
use crate::time::{Duration, Instant};

/// One half of a policy: when. Which offsets, and how, is the other ([`Policy`]).
pub(super) trait When {
    /// Before a batch that poll returned is handled.
    fn before_batch(&mut self) -> bool {
        false
    }

    /// Before the next records are handled: as many as `stride` says.
    fn before_records(&mut self) -> bool {
        false
    }

    /// How many of the next `available` records, each taking `per_record` from `now` on, may be handled before this is
    /// asked again; at least 1.
    fn stride(&self, _now: Instant, _per_record: Duration, available: u64) -> u64 {
        available
    }

    /// After `count` records have been handled.
    fn after_records(&mut self, _now: Instant, _count: u64) -> bool {
        false
    }

    /// After the whole batch.
    fn after_batch(&mut self) -> bool {
        false
    }
}

/// When x which offset x sync or async x on-revoke.
struct Policy<W> {
    when: W,
    offset: CommitOffset,
    mode: CommitMode,
    on_revoke: bool,
}

impl<W> Policy<W> {
    fn commit(&self) -> Commit {
        let offsets = match self.offset {
            CommitOffset::Position => Offsets::Position,
            CommitOffset::DoneMax => Offsets::DoneMax,
            CommitOffset::Stored => Offsets::Stored,
            CommitOffset::AboutToHandle => Offsets::AboutToHandle,
            // Only a library knows what was handed out by the polls before the last; it commits that by itself.
            CommitOffset::DoneContiguous | CommitOffset::Head => Offsets::Done,
        };
        match self.mode {
            CommitMode::Sync => Commit::Sync(offsets),
            CommitMode::Async => Commit::Async(offsets),
        }
    }

    fn commit_if(&self, due: bool) -> Commit {
        if due { self.commit() } else { Commit::Nothing }
    }

    /// What is done, never more, whatever is committed otherwise; waited for, since others may own the partitions then.
    fn last(&self) -> Commit {
        match (self.on_revoke, self.offset) {
            (false, _) => Commit::Nothing,
            (true, CommitOffset::DoneMax) => Commit::Sync(Offsets::DoneMax),
            (true, _) => Commit::Sync(Offsets::Done),
        }
    }
}

impl<W: When> CommitStrategy for Policy<W> {
    fn before_batch(&mut self, _progress: &Progress<'_>) -> Commit {
        let due = self.when.before_batch();
        self.commit_if(due)
    }

    fn before_record(&mut self, _progress: &Progress<'_>) -> Commit {
        let due = self.when.before_records();
        self.commit_if(due)
    }

    fn stride(&self, progress: &Progress<'_>, per_record: Duration, available: u64) -> u64 {
        self.when.stride(progress.now(), per_record, available)
    }

    fn after_record(&mut self, progress: &Progress<'_>, count: u64) -> Commit {
        let due = self.when.after_records(progress.now(), count);
        self.commit_if(due)
    }

    fn after_batch(&mut self, _progress: &Progress<'_>) -> Commit {
        let due = self.when.after_batch();
        self.commit_if(due)
    }

    fn on_revoke(&mut self, _progress: &Progress<'_>) -> Commit {
        self.last()
    }

    fn on_close(&mut self, _progress: &Progress<'_>) -> Commit {
        self.last()
    }
}

/// The strategy of a scenario's `commit = { ... }`, for a process that starts `now`. Of `auto` and `never` it commits
/// nothing (`never` with `on-revoke`: only then): what the library commits by itself is the library's part.
pub fn of_policy(policy: &CommitPolicy, now: Instant) -> Box<dyn CommitStrategy> {
    match policy.when {
        CommitWhen::Auto { .. } | CommitWhen::Never => boxed(policy, library::Library),
        CommitWhen::BeforeRecord => boxed(policy, before_record::BeforeRecord),
        CommitWhen::BeforeBatch => boxed(policy, before_batch::BeforeBatch),
        CommitWhen::AfterRecord => boxed(policy, after_record::AfterRecord),
        CommitWhen::AfterBatch => boxed(policy, after_batch::AfterBatch),
        CommitWhen::EveryN(n) => boxed(policy, every_n::EveryN::new(n)),
        CommitWhen::Interval(interval) => boxed(policy, interval::Interval::new(interval, now)),
    }
}

fn boxed(policy: &CommitPolicy, when: impl When + 'static) -> Box<dyn CommitStrategy> {
    // Auto-commit commits at a revoke by itself (CLIENT-18, CLIENT-31).
    let on_revoke = policy.on_revoke && !matches!(policy.when, CommitWhen::Auto { .. });
    let whole = Policy { when, offset: policy.offset, mode: policy.mode, on_revoke };
    match policy.retry {
        0 => Box::new(whole),
        most => Box::new(Retry::new(whole, most)),
    }
}
