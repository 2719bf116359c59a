//! What settings default to in each client library.

use super::{AssignorKind, AutoOffsetReset, ClientConfig, ClientKind, WhenRevoked};

impl ClientConfig {
    /// The defaults of a library.
    pub fn of(kind: ClientKind) -> ClientConfig {
        match kind {
            ClientKind::Librdkafka => ClientConfig {
                kind,
                // One record for each consumer_poll.
                max_poll_records: 1,
                assignors: vec![AssignorKind::Range, AssignorKind::RoundRobin],
                reconnect_backoff_ms: 100,
                reconnect_backoff_max_ms: 10_000,
                // socket.timeout.ms
                request_timeout_ms: 60_000,
                ..ClientConfig::default()
            },
            ClientKind::FranzGo => ClientConfig {
                kind,
                // PollFetches returns everything that is buffered.
                max_poll_records: u32::MAX,
                auto_offset_reset: AutoOffsetReset::Earliest,
                assignors: vec![AssignorKind::CooperativeSticky],
                retry_backoff_ms: 250,
                retry_backoff_max_ms: 5_000,
                // It dials again at once.
                reconnect_backoff_ms: 0,
                reconnect_backoff_max_ms: 0,
                // RequestTimeoutOverhead
                request_timeout_ms: 10_000,
                fetch_max_wait_ms: 5_000,
                ..ClientConfig::default()
            },
            ClientKind::Sarama => ClientConfig {
                kind,
                // One message from a claim's channel at a time.
                max_poll_records: 1,
                session_timeout_ms: 10_000,
                assignors: vec![AssignorKind::Range],
                // It connects again at once.
                reconnect_backoff_ms: 0,
                reconnect_backoff_max_ms: 0,
                // Net.ReadTimeout
                request_timeout_ms: 30_000,
                metadata_max_age_ms: 600_000,
                ..ClientConfig::default()
            },
            // A Reader with a GroupID.
            ClientKind::KafkaGo => ClientConfig {
                kind,
                session_timeout_ms: 30_000,
                rebalance_timeout_ms: 30_000,
                // One message for each FetchMessage.
                max_poll_records: 1,
                // StartOffset
                auto_offset_reset: AutoOffsetReset::Earliest,
                assignors: vec![AssignorKind::Range, AssignorKind::RoundRobin],
                // ConsumerGroupConfig.Timeout, which a Reader cannot change
                request_timeout_ms: 5_000,
                // MaxWait, MaxBytes
                fetch_max_wait_ms: 10_000,
                fetch_max_bytes: 1_000_000,
                ..ClientConfig::default()
            },
            _ => ClientConfig { kind, ..ClientConfig::default() },
        }
    }

    /// `process.buffer`: records that may be out to workers while the poll thread goes on polling; with sarama, records that
    /// wait of each partition (`ChannelBufferSize`).
    pub fn buffer(&self) -> u32 {
        match self.kind {
            ClientKind::Java | ClientKind::Librdkafka | ClientKind::FranzGo => 500,
            ClientKind::Sarama => self.sarama.channel_buffer_size,
            ClientKind::KafkaGo => 100,
        }
    }
}

impl ClientKind {
    /// `process.when-revoked` as applications of this library usually have it.
    pub fn when_revoked(self) -> WhenRevoked {
        match self {
            ClientKind::Java | ClientKind::Librdkafka | ClientKind::Sarama => WhenRevoked::FinishRecord,
            // No hook, or one that nobody waits in: workers never hear of it.
            ClientKind::KafkaGo | ClientKind::FranzGo => WhenRevoked::Ignore,
        }
    }
}
