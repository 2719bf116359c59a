//! Producer settings that groupsim models, with the defaults of each library, and what the application sends.

use super::ClientKind;
use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};

/// `acks`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Acks {
    /// 0: nobody answers; what is sent counts as written.
    None,
    /// 1: the leader has it.
    Leader,
    /// -1: all replicas in sync have it.
    All,
}

impl Acks {
    /// The number on the wire.
    pub const fn number(self) -> i16 {
        match self {
            Acks::None => 0,
            Acks::Leader => 1,
            Acks::All => -1,
        }
    }
}

/// No limit.
pub const UNLIMITED: u64 = u64::MAX;

/// Settings of a producer; names are Kafka's keys with dots as underscores where Kafka has one. Times of `i64::MAX` ms never
/// pass.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProducerSettings {
    /// The library.
    pub kind: ClientKind,
    /// `client.id`.
    pub client_id: String,
    /// `acks`.
    pub acks: Acks,
    /// `enable.idempotence`.
    pub idempotent: bool,
    /// `linger.ms`; kafka-go: `BatchTimeout`; sarama: `Flush.Frequency`.
    pub linger_ms: i64,
    /// `batch.size`: bytes of a batch at most, though one record always fits; kafka-go: `BatchBytes`; sarama:
    /// `MaxMessageBytes`.
    pub batch_bytes: u64,
    /// Records of a batch at most; librdkafka: `batch.num.messages`; kafka-go: `BatchSize`; sarama: `Flush.MaxMessages`.
    pub batch_records: u64,
    /// sarama's `Flush.Bytes`: so many bytes are sent without waiting for `Flush.Frequency`; 0: not set.
    pub flush_bytes: u64,
    /// sarama's `Flush.Messages`, likewise.
    pub flush_records: u64,
    /// `max.in.flight.requests.per.connection`; sarama: `Net.MaxOpenRequests`.
    pub max_in_flight: u64,
    /// `retries`: how often a batch is sent again; kafka-go: `MaxAttempts` less one.
    pub retries: u64,
    /// `retry.backoff.ms`; kafka-go: `WriteBackoffMin`.
    pub retry_backoff_ms: i64,
    /// `retry.backoff.max.ms`; kafka-go: `WriteBackoffMax`.
    pub retry_backoff_max_ms: i64,
    /// `request.timeout.ms`: the connection is dropped when an answer takes longer.
    pub request_timeout_ms: i64,
    /// `delivery.timeout.ms`: records are given back with an error after this.
    pub delivery_timeout_ms: i64,
    /// `buffer.memory`: bytes of records without an answer; who sends more waits.
    pub buffer_bytes: u64,
    /// Records without an answer; librdkafka: `queue.buffering.max.messages`; franz-go: `MaxBufferedRecords`.
    pub buffer_records: u64,
    /// `max.block.ms`: how long a call waits for room or metadata.
    pub max_block_ms: i64,
    /// Bytes for one partition before records without a key go to another one (KIP-794); 0: not in this way.
    pub sticky_bytes: u64,
    /// `sticky.partitioning.linger.ms` of librdkafka: records without a key go to one partition for this long.
    pub sticky_ms: i64,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
    /// `reconnect.backoff.ms`.
    pub reconnect_backoff_ms: i64,
    /// `reconnect.backoff.max.ms`.
    pub reconnect_backoff_max_ms: i64,
}

impl ProducerSettings {
    /// The defaults of a library.
    pub fn of(kind: ClientKind) -> ProducerSettings {
        // ProducerConfig of the Java client.
        let java = ProducerSettings {
            kind,
            client_id: "producer-1".to_owned(),
            acks: Acks::All,
            idempotent: true,
            linger_ms: 0,
            batch_bytes: 16_384,
            batch_records: UNLIMITED,
            flush_bytes: 0,
            flush_records: 0,
            max_in_flight: 5,
            retries: i32::MAX as u64,
            retry_backoff_ms: 100,
            retry_backoff_max_ms: 1_000,
            request_timeout_ms: 30_000,
            delivery_timeout_ms: 120_000,
            buffer_bytes: 32 << 20,
            buffer_records: UNLIMITED,
            max_block_ms: 60_000,
            sticky_bytes: 16_384,
            sticky_ms: 0,
            metadata_max_age_ms: 300_000,
            reconnect_backoff_ms: 50,
            reconnect_backoff_max_ms: 1_000,
        };
        match kind {
            ClientKind::Java => java,
            // rdkafka_conf.c
            ClientKind::Librdkafka => ProducerSettings {
                client_id: "rdkafka".to_owned(),
                idempotent: false,
                linger_ms: 5,
                batch_bytes: 1_000_000,
                batch_records: 10_000,
                max_in_flight: 1_000_000,
                request_timeout_ms: 60_000, // socket.timeout.ms caps message.timeout.ms
                delivery_timeout_ms: 300_000,
                buffer_bytes: 1 << 30,
                buffer_records: 100_000,
                max_block_ms: i64::MAX, // produce() says QUEUE_FULL, and the application tries again
                sticky_bytes: 0,
                sticky_ms: 10,
                reconnect_backoff_ms: 100,
                reconnect_backoff_max_ms: 10_000,
                ..java
            },
            // config.go
            ClientKind::Sarama => ProducerSettings {
                client_id: "sarama".to_owned(),
                acks: Acks::Leader,
                idempotent: false,
                batch_bytes: 1 << 20,
                retries: 3,
                retry_backoff_max_ms: 100,
                delivery_timeout_ms: i64::MAX,
                buffer_bytes: 100 << 20, // MaxRequestSize
                max_block_ms: i64::MAX,
                sticky_bytes: 0,
                metadata_max_age_ms: 600_000,
                reconnect_backoff_ms: 250,
                reconnect_backoff_max_ms: 250,
                ..java
            },
            // writer.go, transport.go
            ClientKind::KafkaGo => ProducerSettings {
                client_id: "kafka-go".to_owned(),
                acks: Acks::None,
                idempotent: false,
                linger_ms: 1_000,
                batch_bytes: 1_048_576,
                batch_records: 100,
                max_in_flight: UNLIMITED, // one a partition, each on a connection of its own
                retries: 9,
                request_timeout_ms: 10_000,
                delivery_timeout_ms: i64::MAX,
                buffer_bytes: UNLIMITED,
                max_block_ms: 10_000,
                sticky_bytes: 0,
                metadata_max_age_ms: 6_000,
                reconnect_backoff_ms: 0,
                reconnect_backoff_max_ms: 0,
                ..java
            },
            // config.go
            ClientKind::FranzGo => ProducerSettings {
                client_id: "kgo".to_owned(),
                linger_ms: 10,
                batch_bytes: 1_000_012,
                max_in_flight: 1,
                retries: UNLIMITED,
                retry_backoff_ms: 250,
                retry_backoff_max_ms: 5_000,
                request_timeout_ms: 20_000, // ProduceRequestTimeout and RequestTimeoutOverhead, 10 s each
                delivery_timeout_ms: i64::MAX,
                buffer_bytes: UNLIMITED,
                buffer_records: 10_000,
                max_block_ms: i64::MAX,
                sticky_bytes: 64 << 10,
                reconnect_backoff_ms: 250,
                reconnect_backoff_max_ms: 2_500,
                ..java
            },
        }
    }
}

/// Whether the application waits for the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SendMode {
    /// A call returns when all its records are answered for.
    Sync,
    /// A call returns at once, unless the buffer is full.
    Async,
}

/// `send = { ... }`: what the application sends, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SendPlan {
    /// `rate`: records ... in this time; without, a call follows the one before it at once.
    pub rate: Option<(u64, Duration)>,
    /// `calls` in all, over all lives of the process; `u64::MAX` without limit.
    pub calls: u64,
    /// `per-call`: records of one call.
    pub per_call: u64,
    /// `callers`: threads that call at the same time.
    pub callers: u64,
    /// `mode`.
    pub mode: SendMode,
    /// `size`: bytes of one record.
    pub size: u32,
    /// `keys`: records have one of this many keys (`key-0` ...), in turn; without, none.
    pub keys: Option<u64>,
    /// `from`: the first call.
    pub from: Instant,
    /// `until`: no call at or after this; `Instant::MAX`: to the end.
    pub until: Instant,
}

/// Everything that a producer process is started with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProducerConfig {
    /// Its name in the scenario.
    pub name: String,
    /// Its host as Kafka prints it.
    pub host: String,
    /// Where its records go.
    pub topic: String,
    /// Library settings.
    pub client: ProducerSettings,
    /// What the application sends.
    pub send: SendPlan,
}
