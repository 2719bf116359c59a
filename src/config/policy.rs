//! How an application handles records and commits them (scenario files, section 5).

use crate::time::Duration;
use serde::{Deserialize, Serialize};

/// What a handler does with records that it holds when their partition is revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WhenRevoked {
    /// Finish the record in work, drop the rest.
    FinishRecord,
    /// Finish everything that was delivered.
    Drain,
    /// Take no notice.
    Ignore,
}

/// Whether several workers keep the order of a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WorkerOrder {
    /// One worker at a time works on a partition.
    Partition,
    /// Any worker takes any record.
    None,
}

/// `process = { ... }`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProcessPolicy {
    /// Time that one record takes.
    pub per_record: Duration,
    /// Uniform jitter, in percent of `per_record`.
    pub jitter_percent: u32,
    /// Draw the jitter for each record instead of once per delivered run.
    pub jitter_per_record: bool,
    /// Number of workers; with one, the poll thread handles records itself.
    pub workers: u32,
    /// Order among workers.
    pub order: WorkerOrder,
    /// Records that may be out to workers before the poll thread waits; `None`: the profile's.
    pub buffer: Option<u32>,
    /// What happens to delivered records at a revoke; `None`: the profile's.
    pub when_revoked: Option<WhenRevoked>,
}

impl Default for ProcessPolicy {
    fn default() -> Self {
        ProcessPolicy {
            per_record: Duration::ZERO,
            jitter_percent: 0,
            jitter_per_record: false,
            workers: 1,
            order: WorkerOrder::Partition,
            buffer: None,
            when_revoked: None,
        }
    }
}

/// When an application commits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CommitWhen {
    /// The library's auto-commit, every `auto.commit.interval.ms`.
    Auto {
        /// `auto.commit.interval.ms`.
        interval_ms: i64,
    },
    /// Before each record is handled.
    BeforeRecord,
    /// Before each batch that poll() returned is handled.
    BeforeBatch,
    /// After each record.
    AfterRecord,
    /// After each batch.
    AfterBatch,
    /// After every n-th record of the process.
    EveryN(u64),
    /// At the first finished record after this time since the last commit.
    Interval(Duration),
    /// Never (with `on_revoke`: only then).
    Never,
}

/// Which offset an application commits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CommitOffset {
    /// The consumer's position of every owned partition.
    Position,
    /// The gap-free low-water mark of finished records.
    DoneContiguous,
    /// The highest finished record, plus one; gaps ignored.
    DoneMax,
    /// What librdkafka stores just before it hands a record over.
    Stored,
    /// What is about to be handled, plus one: for `before-*`.
    AboutToHandle,
}

/// commitSync or commitAsync.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CommitMode {
    /// Wait for the answer.
    Sync,
    /// Go on at once.
    Async,
}

/// `commit = { ... }`, with every default filled in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CommitPolicy {
    /// When.
    pub when: CommitWhen,
    /// What.
    pub offset: CommitOffset,
    /// How.
    pub mode: CommitMode,
    /// Also in the revoke callback and on a clean close: what is done, never more.
    pub on_revoke: bool,
    /// `enable.auto.commit = true` written out beside another `when`: both run.
    pub also_auto_ms: Option<i64>,
}

impl Default for CommitPolicy {
    /// The Java client's: auto-commit of positions every 5 s.
    fn default() -> Self {
        CommitPolicy {
            when: CommitWhen::Auto { interval_ms: 5_000 },
            offset: CommitOffset::Position,
            mode: CommitMode::Async,
            on_revoke: true,
            also_auto_ms: None,
        }
    }
}
