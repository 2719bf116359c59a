//! How the libraries differ.

use super::partition::Limits;
use crate::config::{ClientKind, ProducerConfig, ProducerSettings, SendMode, UNLIMITED};
use crate::time::{Duration, Instant};

/// Which batches go into one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gather {
    /// One batch: librdkafka, kafka-go.
    One,
    /// As soon as one partition is ready, the first batch of every partition (RecordAccumulator.drain).
    FirstOfAll,
    /// The first batch of every partition that is ready: franz-go.
    FirstOfReady,
    /// Everything together is one set, flushed as a whole: sarama.
    Set,
}

/// What a sender goes by.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub kind: ClientKind,
    pub gather: Gather,
    /// Bytes of one record.
    pub size: u64,
    /// Records of a full batch.
    pub full: u64,
    pub linger_ms: i64,
    /// Requests in flight that one partition may be part of.
    pub in_flight_per_partition: u32,
    /// Bytes of one request at most.
    pub request_bytes: u64,
}

/// Java's max.request.size.
const JAVA_REQUEST_BYTES: u64 = 1 << 20;
/// sarama's MaxRequestSize, franz-go's BrokerMaxWriteBytes.
const GO_REQUEST_BYTES: u64 = 100 << 20;
/// The broker remembers so many batches of a producer; librdkafka's RD_KAFKA_IDEMP_MAX_INFLIGHT.
const REMEMBERED_BATCHES: u32 = 5;

impl Rules {
    pub fn new(config: &ProducerConfig) -> Rules {
        let settings = &config.client;
        let size = u64::from(config.send.size).max(1);
        let (gather, per_partition) = match settings.kind {
            ClientKind::Java => (Gather::FirstOfAll, u32::MAX),
            ClientKind::Librdkafka if settings.idempotent => (Gather::One, REMEMBERED_BATCHES),
            ClientKind::Librdkafka => (Gather::One, u32::MAX),
            // async_producer.go, partitionMuter; writer.go, partitionWriter.writeBatches
            ClientKind::Sarama => (Gather::Set, 1),
            ClientKind::KafkaGo => (Gather::One, 1),
            ClientKind::FranzGo => (Gather::FirstOfReady, u32::MAX),
        };
        // ProduceSync ends the linger of the partitions that it has written to.
        let unlingers = settings.kind == ClientKind::FranzGo && config.send.mode == SendMode::Sync;
        Rules {
            kind: settings.kind,
            gather,
            size,
            full: settings.batch_records.min((settings.batch_bytes / size).max(1)).max(1),
            linger_ms: if unlingers { 0 } else { settings.linger_ms },
            in_flight_per_partition: per_partition,
            request_bytes: match gather {
                Gather::FirstOfAll => JAVA_REQUEST_BYTES,
                Gather::One => UNLIMITED,
                Gather::FirstOfReady | Gather::Set => GO_REQUEST_BYTES,
            },
        }
    }

    /// What a partition's queue goes by.
    pub fn limits(&self) -> Limits {
        Limits {
            full: self.full,
            // writer.go: a batch is closed by its timer, even if it cannot be sent yet.
            closes: self.kind == ClientKind::KafkaGo,
            // rd_kafka_toppar_producer_serve sends all that there is once it may send.
            drains: self.kind == ClientKind::Librdkafka,
            in_flight: self.in_flight_per_partition,
        }
    }

    /// `ms` after `at`: the Java client's clock has milliseconds, the others' timers are finer.
    pub fn after(&self, at: Instant, ms: i64) -> Instant {
        match (self.kind, u64::try_from(ms)) {
            (ClientKind::Java, _) => at.deadline_ms(ms),
            (_, Ok(ms)) => at + Duration::from_ms(ms),
            (_, Err(_)) => at,
        }
    }

    /// How many Produce requests may be in flight; `answered`: one has been.
    pub fn in_flight(&self, settings: &ProducerSettings, answered: bool) -> u64 {
        match settings.kind {
            // sink.go, firstRespCheck: one until the first answer, then four.
            ClientKind::FranzGo if settings.idempotent => {
                if answered {
                    4
                } else {
                    1
                }
            }
            _ => settings.max_in_flight,
        }
    }

    /// Whether a full buffer ends the linger (Java: `exhausted`; franz-go: `blocked`).
    pub fn full_buffer_flushes(&self) -> bool {
        matches!(self.kind, ClientKind::Java | ClientKind::FranzGo)
    }
}
