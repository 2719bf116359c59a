//! Commit strategies: when an application commits which offsets, and how.
//!
//! A [`CommitStrategy`] is asked at fixed points of the loop "poll, handle, commit, poll" and answers with what to commit
//! ([`Commit`]); it never acts, keeps no clock and sends nothing, so it can be tried by itself with a [`Progress`] made by
//! hand. What a scenario writes as `commit = { when, offset, mode, on-revoke, retry }` becomes one of the strategies of
//! [`of_policy`]; one of your own takes its place in any scenario with [`crate::sim::run_with_strategies`].
//!
//! What the *library* commits by itself (`enable.auto.commit`) is no strategy: the application has no say in it.

mod after_batch;
mod after_record;
mod answer;
mod before_batch;
mod before_record;
mod every_n;
mod interval;
mod library;
mod policy;
mod progress;
mod retry;

use crate::ids::{Offset, TopicPartition};
use crate::time::Duration;

pub use answer::Answer;
pub(crate) use answer::Answers;
pub use policy::of_policy;
pub use progress::{PartitionProgress, Progress};

/// Which offsets to commit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Offsets {
    /// The consumer's position of every owned partition: one past what poll has handed out, done or not.
    Position,
    /// Up to where every record is done, of partitions where that is not committed yet. Never loses a record.
    Done,
    /// One past the highest record done, of partitions where that is not committed yet. The same as `Done` unless workers
    /// finish the records of a partition out of order: then the gaps below count as done.
    DoneMax,
    /// librdkafka: the stored offsets that are not committed yet; with `enable.auto.offset.store` those are one past the
    /// last record handed over. Nothing with other libraries.
    Stored,
    /// One past what is about to be handled: in `before_batch` all that poll has returned, in `before_record` the next
    /// record. Nothing elsewhere.
    AboutToHandle,
    /// These. Kafka takes what it is given: also offsets that were passed long ago, and ones that were never read.
    Listed(Vec<(TopicPartition, Offset)>),
}

/// What a strategy wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Commit {
    /// No commit.
    Nothing,
    /// commitSync: the application goes on when it has returned.
    Sync(Offsets),
    /// commitAsync: the application goes on at once. What has become of it, [`CommitStrategy::on_answer`] hears.
    Async(Offsets),
}

/// Decides when an application commits what.
///
/// One object serves one process from its start to its end: a restarted process starts with a new one. Every method has a
/// default that commits nothing.
///
/// A commit of no offsets (nothing new is done) is no request and has no answer.
pub trait CommitStrategy {
    /// Poll has returned records; none of them has been handled.
    fn before_batch(&mut self, _progress: &Progress<'_>) -> Commit {
        Commit::Nothing
    }

    /// The next record is about to be handled, and with it as many as [`CommitStrategy::stride`] says. Asked again after a
    /// commit only for the record after that.
    fn before_record(&mut self, _progress: &Progress<'_>) -> Commit {
        Commit::Nothing
    }

    /// How many of the next `available` records of one partition, each of which takes `per_record`, may be handled before
    /// the strategy is asked again. 1 by default: it is asked about each. `available` if single records do not matter to
    /// it, which makes long runs of records cheap. 0 counts as 1.
    fn stride(&self, _progress: &Progress<'_>, _per_record: Duration, _available: u64) -> u64 {
        1
    }

    /// `count` records have been handled since the strategy was last asked: a stride, or less of it.
    fn after_record(&mut self, _progress: &Progress<'_>, _count: u64) -> Commit {
        Commit::Nothing
    }

    /// Everything that poll returned has been handled; the next step is poll.
    fn after_batch(&mut self, _progress: &Progress<'_>) -> Commit {
        Commit::Nothing
    }

    /// The revoke callback runs inside poll: afterwards others may own the partitions. Not asked when partitions are lost
    /// (onPartitionsLost): then it is too late.
    fn on_revoke(&mut self, _progress: &Progress<'_>) -> Commit {
        Commit::Nothing
    }

    /// The revoke callback of a clean close: the last chance.
    fn on_close(&mut self, _progress: &Progress<'_>) -> Commit {
        Commit::Nothing
    }

    /// A commit of the application is over: stored or failed. Of a sync commit it is asked when that returns, of async ones
    /// where the library runs their callbacks: in poll. What it gives counts as a repetition ([`Answer::attempt`] goes up),
    /// a sync one before the application goes on. No commit is repeated more than 1000 times.
    fn on_answer(&mut self, _progress: &Progress<'_>, _answer: &Answer<'_>) -> Commit {
        Commit::Nothing
    }
}
