//! The coordinator's log: its records, what they amount to, and failing appends.

use crate::ids::{
    ActorId, ClientId, Generation, GroupId, Incarnation, InstanceId, MemberId, Offset, ProtocolName, Symbol,
    TopicPartition,
};
use crate::protocol::{Bytes, ErrorCode};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::sync::Arc;

/// A member as a group metadata record holds it: only the selected protocol's subscription is kept (LOAD-06).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct MemberRecord {
    pub member: MemberId,
    pub instance: InstanceId,
    pub client_id: ClientId,
    pub host: Symbol,
    /// Whose process it is: no part of Kafka's record, but of what the trace says when it is read.
    pub holder: (ActorId, Incarnation),
    pub rebalance_timeout_ms: i32,
    pub session_timeout_ms: i32,
    pub subscription: Bytes,
    pub assignment: Bytes,
}

/// Value of a group metadata record (STATE-10).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct GroupMetadata {
    pub generation: Generation,
    pub protocol_type: Option<Symbol>,
    pub protocol_name: Option<ProtocolName>,
    pub leader: Option<MemberId>,
    /// When the group took its state, in Kafka's milliseconds; the empty record of a new group has none.
    pub state_ms: Option<u64>,
    pub members: Vec<MemberRecord>,
}

impl GroupMetadata {
    /// The record that a group's first JoinGroup writes.
    pub fn empty() -> Self {
        GroupMetadata {
            generation: Generation(0),
            protocol_type: None,
            protocol_name: None,
            leader: None,
            state_ms: None,
            members: Vec::new(),
        }
    }
}

/// Value of an offset commit record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct StoredOffset {
    pub offset: Offset,
    pub metadata: Symbol,
    /// When it was committed, in Kafka's milliseconds.
    pub commit_ms: u64,
    /// Explicit expiry (OFF-11).
    pub expire_ms: Option<u64>,
}

/// One record of the log. A value of `None` is a tombstone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Record {
    Group(GroupId, Option<Arc<GroupMetadata>>),
    Offset(GroupId, TopicPartition, Option<StoredOffset>),
}

pub(super) type Offsets = IndexMap<TopicPartition, StoredOffset, FxBuildHasher>;

/// What the log amounts to: the durable state. It changes only by applying a record that has just been written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Durable {
    pub groups: IndexMap<GroupId, Arc<GroupMetadata>, FxBuildHasher>,
    pub offsets: IndexMap<GroupId, Offsets, FxBuildHasher>,
}

impl Durable {
    fn apply(&mut self, record: &Record) {
        match record {
            Record::Group(group, Some(metadata)) => {
                self.groups.insert(*group, Arc::clone(metadata));
            }
            Record::Group(group, None) => {
                self.groups.shift_remove(group);
            }
            Record::Offset(group, partition, Some(stored)) => {
                self.offsets.entry(*group).or_default().insert(*partition, *stored);
            }
            Record::Offset(group, partition, None) => {
                let Some(offsets) = self.offsets.get_mut(group) else { return };
                offsets.shift_remove(partition);
                if offsets.is_empty() {
                    self.offsets.shift_remove(group);
                }
            }
        }
    }

    /// The newest record of every key.
    fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let groups = self.groups.iter().map(|(group, metadata)| Record::Group(*group, Some(Arc::clone(metadata))));
        let offsets = self.offsets.iter().flat_map(|(group, offsets)| {
            offsets.iter().map(|(partition, stored)| Record::Offset(*group, *partition, Some(*stored)))
        });
        groups.chain(offsets)
    }
}

/// The coordinator's partition of `__consumer_offsets`.
#[derive(Debug, Default)]
pub(super) struct Log {
    records: Vec<Record>,
    durable: Durable,
    compact_at: usize,
    failures: Option<(ErrorCode, u32)>,
}

impl Log {
    /// The log is compacted when it has grown to twice what was left after the last time, and this much.
    const SLACK: usize = 1_024;

    /// The next `count` appends fail with `error`.
    pub fn fail_appends(&mut self, error: ErrorCode, count: u32) {
        self.failures = (count > 0).then_some((error, count));
    }

    /// Appends and applies a batch, all of it or nothing.
    pub fn append(&mut self, batch: &[Record]) -> Result<(), ErrorCode> {
        if let Some((error, left)) = self.failures {
            self.failures = (left > 1).then_some((error, left - 1));
            return Err(error);
        }
        for record in batch {
            self.durable.apply(record);
        }
        self.records.extend_from_slice(batch);
        if self.records.len() >= self.compact_at.max(Self::SLACK) {
            self.records.clear();
            self.records.extend(self.durable.records());
            self.compact_at = 2 * self.records.len() + Self::SLACK;
        }
        Ok(())
    }

    /// What has been written.
    pub fn durable(&self) -> &Durable {
        &self.durable
    }

    /// Forgets everything but the records and applies them again, as a broker does that takes the partition over.
    pub fn replay(&mut self) {
        self.durable = Durable::default();
        for record in &self.records {
            self.durable.apply(record);
        }
    }

    #[cfg(test)]
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

/// What a member is told when the coordinator's log could not be written (JOIN-29).
pub(super) fn append_error(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::UnknownTopicOrPartition | ErrorCode::NotEnoughReplicas | ErrorCode::RequestTimedOut => {
            ErrorCode::CoordinatorNotAvailable
        }
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge | ErrorCode::InvalidFetchSize => {
            ErrorCode::UnknownServerError
        }
        other => other,
    }
}
