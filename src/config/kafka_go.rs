//! Settings of kafka-go's Reader that Kafka has no name for.

use serde::{Deserialize, Serialize};

/// Fields of `ReaderConfig`, by the names that the library gives them; durations are in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KafkaGoConfig {
    /// `CommitInterval`: 0 makes CommitMessages wait for the coordinator's answer; otherwise it returns at once, and commits
    /// are flushed so often.
    pub commit_interval_ms: i64,
    /// `QueueCapacity`: messages that wait for FetchMessage, all partitions together; as many commits wait likewise.
    pub queue_capacity: u32,
    /// `WatchPartitionChanges`.
    pub watch_partition_changes: bool,
    /// `PartitionWatchInterval`.
    pub partition_watch_interval_ms: i64,
    /// `JoinGroupBackoff`.
    pub join_group_backoff_ms: i64,
    /// `ReadBackoffMin`.
    pub read_backoff_min_ms: i64,
    /// `ReadBackoffMax`.
    pub read_backoff_max_ms: i64,
}

impl Default for KafkaGoConfig {
    fn default() -> Self {
        KafkaGoConfig {
            commit_interval_ms: 0,
            queue_capacity: 100,
            watch_partition_changes: false,
            partition_watch_interval_ms: 5_000,
            join_group_backoff_ms: 5_000,
            read_backoff_min_ms: 100,
            read_backoff_max_ms: 1_000,
        }
    }
}
