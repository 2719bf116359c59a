//! DescribeGroups, ListGroups, DeleteGroups, OffsetDelete, and the clean-up of old offsets.

use super::group::{ClassicGroup, GroupKind};
use super::member::Member;
use super::records::{Durable, Record, StoredOffset};
use crate::ids::{GroupId, Names, ProtocolName, Symbol, TopicName};
use crate::protocol::*;

/// Kafka's ConsumerProtocol.PROTOCOL_TYPE.
const CONSUMER: &str = "consumer";

/// STATE-12. Since version 6 an unknown group is an error.
pub(super) fn describe(id: GroupId, group: Option<&ClassicGroup>, api_version: i16) -> DescribedGroup {
    let Some(group) = group.filter(|group| group.kind == GroupKind::Classic) else {
        return DescribedGroup {
            error: if api_version >= 6 { ErrorCode::GroupIdNotFound } else { ErrorCode::None },
            group: id,
            state: Some(GroupState::Dead),
            protocol_type: Symbol::EMPTY,
            protocol_name: ProtocolName::EMPTY,
            members: Vec::new(),
        };
    };
    let protocol = group.protocol_name.filter(|_| group.state == GroupState::Stable);
    let member = |member: &Member| DescribedMember {
        member: member.id,
        instance: member.instance,
        client_id: member.client_id,
        host: member.host,
        metadata: protocol.map_or_else(|| Bytes::from([]), |name| member.metadata(name)),
        assignment: member.assignment.clone(),
    };
    DescribedGroup {
        error: ErrorCode::None,
        group: id,
        state: Some(group.state),
        protocol_type: group.protocol_type.unwrap_or(Symbol::EMPTY),
        protocol_name: protocol.unwrap_or(ProtocolName::EMPTY),
        members: group.members.values().map(member).collect(),
    }
}

/// STATE-13: whether a group may be deleted.
pub(super) fn validate_delete(group: Option<&ClassicGroup>) -> ErrorCode {
    match group.map(|group| group.state) {
        None | Some(GroupState::Dead) => ErrorCode::GroupIdNotFound,
        Some(GroupState::Empty) => ErrorCode::None,
        Some(_) => ErrorCode::NonEmptyGroup,
    }
}

/// The tombstones that delete a group.
pub(super) fn delete(durable: &Durable, id: GroupId, batch: &mut Vec<Record>) {
    let offsets = durable.offsets.get(&id).into_iter().flatten();
    batch.extend(offsets.map(|(partition, _)| Record::Offset(id, *partition, None)));
    batch.push(Record::Group(id, None));
}

impl ClassicGroup {
    fn uses_consumer_protocol(&self, names: &Names) -> bool {
        self.protocol_type.is_some_and(|protocol_type| names.text(protocol_type) == CONSUMER)
    }

    /// The topics that the members subscribed to when the protocol was chosen; `None`: not known (OFF-20).
    pub fn subscribed_topics(&self, names: &mut Names) -> Option<Vec<TopicName>> {
        let (protocol_type, subscriptions) = self.subscriptions.as_ref()?;
        if names.text(*protocol_type) != CONSUMER {
            return None;
        }
        let mut topics = Vec::new();
        for bytes in subscriptions {
            topics.extend(consumer_protocol::decode_subscription(bytes, names)?.topics);
        }
        topics.sort_unstable();
        topics.dedup();
        Some(topics)
    }

    /// OFF-20: an unknown subscription of a consumer group counts as one to everything.
    fn is_subscribed(&self, topics: Option<&Vec<TopicName>>, topic: TopicName, names: &Names) -> bool {
        topics.map_or_else(|| self.uses_consumer_protocol(names), |topics| topics.contains(&topic))
    }

    /// OFF-19: the error of the request as a whole.
    pub fn validate_offset_delete(&self, names: &Names) -> ErrorCode {
        match self.state {
            GroupState::Dead => ErrorCode::GroupIdNotFound,
            GroupState::Empty => ErrorCode::None,
            _ if self.kind == GroupKind::Share => ErrorCode::GroupIdNotFound,
            _ if self.uses_consumer_protocol(names) => ErrorCode::None,
            _ => ErrorCode::NonEmptyGroup,
        }
    }

    /// OFF-19, partition by partition; the tombstones go to `batch`.
    pub fn delete_offsets(
        &self,
        durable: &Durable,
        request: &OffsetDeleteRequest,
        exists: &dyn Fn(crate::ids::TopicPartition) -> bool,
        names: &mut Names,
        batch: &mut Vec<Record>,
    ) -> OffsetDeleteResponse {
        let topics = self.subscribed_topics(names);
        let stored = durable.offsets.get(&self.id);
        let mut partitions = Vec::with_capacity(request.partitions.len());
        for &partition in &request.partitions {
            let error = if !exists(partition) {
                ErrorCode::UnknownTopicOrPartition
            } else if self.is_subscribed(topics.as_ref(), partition.topic, names) {
                ErrorCode::GroupSubscribedToTopic
            } else {
                if stored.is_some_and(|offsets| offsets.contains_key(&partition)) {
                    batch.push(Record::Offset(self.id, partition, None));
                }
                ErrorCode::None
            };
            partitions.push((partition, error));
        }
        OffsetDeleteResponse { error: ErrorCode::None, partitions }
    }

    /// One tick of the clean-up for this group (OFF-21, 22, 23).
    pub fn clean_up(
        &self,
        durable: &Durable,
        now_ms: u64,
        retention_ms: u64,
        names: &mut Names,
        batch: &mut Vec<Record>,
    ) {
        let mut all_gone = true;
        if let Some(offsets) = durable.offsets.get(&self.id) {
            let topics = self.subscribed_topics(names);
            let expires = match self.state {
                _ if self.protocol_type.is_none() => true,
                GroupState::Empty => true,
                GroupState::Stable => topics.is_some(),
                _ => false,
            };
            let since = self.state_ms.filter(|_| self.state == GroupState::Empty && self.protocol_type.is_some());
            let expired = |stored: &StoredOffset| match stored.expire_ms {
                Some(expire_ms) => now_ms >= expire_ms,
                None => now_ms.saturating_sub(since.unwrap_or(stored.commit_ms)) >= retention_ms,
            };
            for (partition, stored) in offsets {
                let goes = expires && !self.is_subscribed(topics.as_ref(), partition.topic, names) && expired(stored);
                all_gone &= goes;
                if goes {
                    batch.push(Record::Offset(self.id, *partition, None));
                }
            }
        }
        if all_gone && self.state == GroupState::Empty && self.kind == GroupKind::Classic {
            batch.push(Record::Group(self.id, None));
        }
    }
}
