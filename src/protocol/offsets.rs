//! Committed offsets: OffsetCommit, OffsetFetch, OffsetDelete.

use super::ErrorCode;
use crate::ids::{Generation, GroupId, InstanceId, MemberId, Offset, Symbol, TopicName, TopicPartition};

/// One partition of an OffsetCommit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitPartition {
    /// The partition.
    pub partition: TopicPartition,
    /// The position to store: the next offset to read.
    pub offset: Offset,
    /// Free text stored with it; interned.
    pub metadata: Symbol,
}

/// OffsetCommit request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetCommitRequest {
    /// `group.id`; `None` is Kafka's null. The empty string is a legal group here (OFF-07).
    pub group: Option<GroupId>,
    /// The member's generation; negative for a simple commit (OFF-01).
    pub generation: Generation,
    /// Member id; empty for a simple commit.
    pub member: MemberId,
    /// `group.instance.id`, or empty.
    pub instance: InstanceId,
    /// Explicit retention in ms (versions 2-4), or -1 (OFF-11).
    pub retention_ms: i64,
    /// What to commit.
    pub partitions: Vec<CommitPartition>,
}

/// OffsetCommit response: an error per partition, in the order of the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetCommitResponse {
    /// Partition and its error.
    pub partitions: Vec<(TopicPartition, ErrorCode)>,
}

/// OffsetFetch request (one group).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetFetchRequest {
    /// `group.id`; `None` is Kafka's null.
    pub group: Option<GroupId>,
    /// Which partitions; `None` asks for all that have a committed offset.
    pub partitions: Option<Vec<TopicPartition>>,
    /// Wait for pending transactions (OFF-17); the Java client asks for it (CLIENT-36).
    pub require_stable: bool,
}

/// One partition of an OffsetFetch answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FetchedOffset {
    /// The partition.
    pub partition: TopicPartition,
    /// Committed position, or `Offset::NONE` (OFF-16).
    pub offset: Offset,
    /// Text stored with it.
    pub metadata: Symbol,
    /// Error of this partition.
    pub error: ErrorCode,
}

/// OffsetFetch response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetFetchResponse {
    /// Error of the group as a whole.
    pub error: ErrorCode,
    /// One entry per partition.
    pub partitions: Vec<FetchedOffset>,
}

/// OffsetDelete request (admin).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetDeleteRequest {
    /// `group.id`; `None` is Kafka's null.
    pub group: Option<GroupId>,
    /// Which committed offsets to delete.
    pub partitions: Vec<TopicPartition>,
}

/// OffsetDelete response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffsetDeleteResponse {
    /// Error of the group as a whole.
    pub error: ErrorCode,
    /// Error per partition; empty if the group has one.
    pub partitions: Vec<(TopicPartition, ErrorCode)>,
}

/// A topic as Metadata describes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TopicMetadata {
    /// The topic.
    pub topic: TopicName,
    /// UNKNOWN_TOPIC_OR_PARTITION if it does not exist.
    pub error: ErrorCode,
    /// Number of partitions.
    pub partitions: u32,
}
