//! Logs: Fetch and ListOffsets. Records are ranges of offsets; nothing is kept per record.

use super::ErrorCode;
use crate::ids::{Offset, TopicPartition};

/// One partition of a Fetch request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FetchPartition {
    /// The partition.
    pub partition: TopicPartition,
    /// The next offset wanted.
    pub offset: Offset,
    /// `max.partition.fetch.bytes`.
    pub max_bytes: u32,
}

/// Fetch request. With too few bytes at hand the broker parks it for up to `max_wait_ms`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchRequest {
    /// `fetch.max.wait.ms`.
    pub max_wait_ms: i32,
    /// `fetch.min.bytes`.
    pub min_bytes: u32,
    /// `fetch.max.bytes`: limit of the whole answer, though the first record always fits.
    pub max_bytes: u32,
    /// What to read, in the client's order.
    pub partitions: Vec<FetchPartition>,
}

/// One partition of a Fetch answer: records `[from, to)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FetchedPartition {
    /// The partition.
    pub partition: TopicPartition,
    /// OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, or NONE.
    pub error: ErrorCode,
    /// First record.
    pub from: Offset,
    /// One past the last record; equal to `from` when there is none.
    pub to: Offset,
    /// First offset the log still has.
    pub log_start: Offset,
    /// High watermark: one past the last record that consumers may read.
    pub high_watermark: Offset,
}

/// Fetch response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchResponse {
    /// Only partitions with records or an error (an incremental fetch session answers that way).
    pub partitions: Vec<FetchedPartition>,
}

/// What ListOffsets asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListOffsetsTarget {
    /// Log start (timestamp -2).
    Earliest,
    /// Log end (timestamp -1).
    Latest,
}

/// ListOffsets request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListOffsetsRequest {
    /// Which end of which partitions.
    pub partitions: Vec<(TopicPartition, ListOffsetsTarget)>,
}

/// ListOffsets response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListOffsetsResponse {
    /// Offset per partition; `Offset::NONE` with an error.
    pub partitions: Vec<(TopicPartition, Offset, ErrorCode)>,
}
