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

/// Who handles records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Workers {
    /// `workers = 1`: the thread that polls.
    PollThread,
    /// `workers = N`: so many beside it, over one buffer.
    Pool(u32),
    /// sarama's own way: one for each claimed partition, each with a buffer of its own.
    PerPartition,
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
    /// Who handles records.
    pub workers: Workers,
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
            workers: Workers::PollThread,
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
    /// The records of the polls before the last: what franz-go commits by itself.
    Head,
}

/// commitSync or commitAsync.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CommitMode {
    /// Wait for the answer.
    Sync,
    /// Go on at once.
    Async,
}

/// Where offsets are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OffsetStore {
    /// In Kafka.
    Kafka,
    /// With the results, in the same transaction: a record's result and its offset are there both, or neither.
    WithResult,
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
    /// `retry`: how often the application repeats a commit that has failed.
    pub retry: u32,
    /// `store`.
    pub store: OffsetStore,
}

impl CommitPolicy {
    /// What is left of a policy when a strategy object decides instead: auto-commit beside it, and where offsets are kept.
    pub fn of_own_strategy(&self) -> CommitPolicy {
        let (also_auto_ms, store) = (self.also_auto_ms, self.store);
        CommitPolicy { when: CommitWhen::Never, on_revoke: false, also_auto_ms, store, ..CommitPolicy::default() }
    }
}

impl CommitPolicy {
    /// `auto.commit.interval.ms`, if the library commits by itself (`enable.auto.commit`).
    pub fn auto_interval_ms(&self) -> Option<i64> {
        match self.when {
            CommitWhen::Auto { interval_ms } => Some(interval_ms),
            _ => self.also_auto_ms,
        }
    }
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
            retry: 0,
            store: OffsetStore::Kafka,
        }
    }
}
