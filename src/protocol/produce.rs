//! Writing records: Produce.
//!
//! Records are known by number: the producer counts, from 0, what it addresses to each partition in each of its lives. A
//! batch is a range of these numbers; the numbers stand for the records' values.

use super::ErrorCode;
use crate::ids::{Offset, TopicPartition};

/// What an idempotent producer sends with a batch (KIP-98).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sequence {
    /// The producer id that the broker gave out.
    pub producer_id: i64,
    /// Goes up when the producer begins anew after a loss.
    pub epoch: i16,
    /// Number of the batch's first record in this partition and epoch.
    pub first: i32,
}

/// One partition of a Produce request: one batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProduceBatch {
    /// Where to.
    pub partition: TopicPartition,
    /// Number of the first record; brokers only copy it into trace events.
    pub from: u64,
    /// One past the last.
    pub to: u64,
    /// Bytes of each record.
    pub size: u32,
    /// Of an idempotent producer.
    pub sequence: Option<Sequence>,
}

/// Produce request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProduceRequest {
    /// `acks`: 0, 1 or -1 (all). With one replica 1 and all are the same.
    pub acks: i16,
    /// The batches, in the client's order.
    pub batches: Vec<ProduceBatch>,
}

/// Produce response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProduceResponse {
    /// For each batch, in the order of the request: its partition, its error, and the offset of its first record (-1 with
    /// an error).
    pub partitions: Vec<(TopicPartition, ErrorCode, Offset)>,
}
