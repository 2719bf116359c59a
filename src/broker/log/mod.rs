//! Partition logs and what reads them: Fetch, ListOffsets, Metadata.
//!
//! A log knows its ends and the sizes of its records, as runs; it holds no records. There is one replica, so the high
//! watermark is the log end.

mod fetch;
mod partition;
mod producers;
mod purgatory;
mod topics;

pub(super) use fetch::fetch;
pub(super) use producers::Place;
pub(super) use purgatory::Purgatory;
pub(super) use topics::Topics;

use crate::ids::{Offset, TopicName};
use crate::protocol::{ErrorCode, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTarget, TopicMetadata};

/// The broker's own `fetch.max.bytes`, 55 MiB: a request's is cut to it.
const FETCH_MAX_BYTES: u32 = 55 * 1024 * 1024;

/// Answers ListOffsets: the end asked for, or UNKNOWN_TOPIC_OR_PARTITION.
pub(super) fn list_offsets(topics: &Topics, request: &ListOffsetsRequest) -> ListOffsetsResponse {
    let end = |&(partition, target)| match (topics.log(partition), target) {
        (None, _) => (partition, Offset::NONE, ErrorCode::UnknownTopicOrPartition),
        (Some(log), ListOffsetsTarget::Earliest) => (partition, log.start(), ErrorCode::None),
        (Some(log), ListOffsetsTarget::Latest) => (partition, log.end(), ErrorCode::None),
    };
    ListOffsetsResponse { partitions: request.partitions.iter().map(end).collect() }
}

/// Answers Metadata: every topic asked for. Topics are never created by asking.
pub(super) fn metadata(topics: &Topics, asked: &[TopicName]) -> Vec<TopicMetadata> {
    let describe = |&topic| match topics.partitions(topic) {
        Some(partitions) => TopicMetadata { topic, error: ErrorCode::None, partitions },
        None => TopicMetadata { topic, error: ErrorCode::UnknownTopicOrPartition, partitions: 0 },
    };
    asked.iter().map(describe).collect()
}
