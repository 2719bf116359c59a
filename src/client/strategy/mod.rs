//! Commit strategies: when an application commits. What it commits ([`crate::config::CommitOffset`]) is the driver's part.
//!
//! A strategy is asked at fixed points of the loop "poll, handle, commit, poll" and answers yes or no; it never acts.

mod after_batch;
mod after_record;
mod before_batch;
mod before_record;
mod every_n;
mod interval;
mod library;

use crate::config::{CommitPolicy, CommitWhen};
use crate::time::{Duration, Instant};

/// When an application commits, decided at the points where it may.
pub(crate) trait CommitStrategy {
    /// Before a batch that poll returned is handled.
    fn before_batch(&mut self) -> bool {
        false
    }

    /// Before the next records are handled: as many as `stride` says.
    fn before_records(&mut self) -> bool {
        false
    }

    /// How many of the next `available` records, each taking `per_record` from `now` on, may be handled before the
    /// strategy is asked again; at least 1.
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

/// The strategy of a scenario's `commit = { when = ... }`.
pub(crate) fn of_policy(policy: &CommitPolicy, now: Instant) -> Box<dyn CommitStrategy> {
    match policy.when {
        CommitWhen::Auto { .. } | CommitWhen::Never => Box::new(library::Library),
        CommitWhen::BeforeRecord => Box::new(before_record::BeforeRecord),
        CommitWhen::BeforeBatch => Box::new(before_batch::BeforeBatch),
        CommitWhen::AfterRecord => Box::new(after_record::AfterRecord),
        CommitWhen::AfterBatch => Box::new(after_batch::AfterBatch),
        CommitWhen::EveryN(n) => Box::new(every_n::EveryN::new(n)),
        CommitWhen::Interval(interval) => Box::new(interval::Interval::new(interval, now)),
    }
}
