//! Settings of sarama that Kafka has no name for, in sarama's own spelling.

use serde::{Deserialize, Serialize};

/// Settings of sarama alone (`sarama.Config`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SaramaConfig {
    /// `ChannelBufferSize`: messages that wait for a claim's handler, beside those in the feeder's hand.
    pub channel_buffer_size: u32,
    /// `Consumer.MaxProcessingTime`, in milliseconds: a claim whose handler takes no message for one to two times this is not
    /// fetched for until it does.
    pub max_processing_time_ms: i64,
    /// `Consumer.Group.Rebalance.Retry.Max`.
    pub rebalance_retry_max: i64,
    /// `Consumer.Group.Rebalance.Retry.Backoff`.
    pub rebalance_retry_backoff_ms: i64,
    /// `Consumer.Offsets.Retry.Max`: how often the final flush is repeated.
    pub offsets_retry_max: i64,
    /// `Consumer.Group.ResetInvalidOffsets`.
    pub reset_invalid_offsets: bool,
    /// `Consumer.Retry.Backoff`: before a partition consumer looks for its leader again.
    pub consumer_retry_backoff_ms: i64,
    /// `Metadata.Retry.Max`, also of FindCoordinator, OffsetFetch and heartbeats.
    pub metadata_retry_max: i64,
    /// `Metadata.Retry.Backoff`.
    pub metadata_retry_backoff_ms: i64,
    /// Whether heartbeats go on while a session is released for a rebalance. sarama before 1.31 stopped them (#1608); it is
    /// a flag of groupsim, not of sarama.
    pub heartbeat_during_release: bool,
}

impl Default for SaramaConfig {
    fn default() -> Self {
        SaramaConfig {
            channel_buffer_size: 256,
            max_processing_time_ms: 100,
            rebalance_retry_max: 4,
            rebalance_retry_backoff_ms: 2_000,
            offsets_retry_max: 3,
            reset_invalid_offsets: true,
            consumer_retry_backoff_ms: 2_000,
            metadata_retry_max: 3,
            metadata_retry_backoff_ms: 250,
            heartbeat_during_release: true,
        }
    }
}
