//! The leader's part: it always asks for metadata of every member's topics first, on the coordinator's connection.

use super::Librdkafka;
use super::group::JoinState;
use crate::assignor::{AssignorMember, assign_as_librdkafka};
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::config::AssignorKind;
use crate::ids::CorrelationId;
use crate::protocol::consumer_protocol::{Assignment, decode_subscription, encode_assignment};
use crate::protocol::{JoinGroupResponse, Request, TopicMetadata};

/// A leader that waits for metadata.
#[derive(Debug)]
pub(super) struct Leading {
    members: Vec<AssignorMember>,
    /// The Metadata request.
    pub metadata: CorrelationId,
}

impl Librdkafka {
    /// This member leads. Members whose subscription cannot be read are left out.
    pub(super) fn lead(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        let mut topics = Vec::new();
        let mut members = Vec::with_capacity(response.members.len());
        for m in &response.members {
            let Some(subscription) = decode_subscription(&m.metadata, io.cx.names) else { continue };
            for &topic in &subscription.topics {
                if !topics.contains(&topic) {
                    topics.push(topic);
                }
            }
            members.push(AssignorMember { member: m.member, instance: m.instance, subscription });
        }
        self.group.state = JoinState::WaitMetadata;
        let timeout_ms = self.socket_timeout_ms();
        let version = self.profile.metadata_version;
        let metadata = self.send_to_coordinator(io, version, timeout_ms, Request::Metadata(topics), Pending::Metadata);
        self.group.leading = Some(Leading { members, metadata });
    }

    /// If this is the metadata that the leader waits for, assigns and hands the result in.
    pub(super) fn assign_as_leader(
        &mut self,
        io: &mut Io<'_, '_>,
        id: CorrelationId,
        topics: &[TopicMetadata],
    ) -> bool {
        let Some(leading) = self.group.leading.take_if(|leading| leading.metadata == id) else { return false };
        if self.group.state != JoinState::WaitMetadata || self.group.terminating {
            return true;
        }
        let kind = AssignorKind::from_name(io.cx.names.text(self.group.id.protocol));
        let Some(kind) = kind.filter(|kind| self.config.assignors.contains(kind)) else {
            self.leader_failed(io, leading);
            return true;
        };
        let counts: Vec<_> = topics.iter().filter(|t| t.error.is_none()).map(|t| (t.topic, t.partitions)).collect();
        let assigned = assign_as_librdkafka(kind, &leading.members, &counts, io.cx.names);
        let encode = |partitions| encode_assignment(&Assignment { partitions, user_data: None }, io.cx.names);
        let assignments = assigned.into_iter().map(|(member, partitions)| (member, encode(partitions))).collect();
        self.send_sync(io, assignments);
        true
    }

    /// The leader cannot go on: it joins again.
    pub(super) fn leader_failed(&mut self, io: &mut Io<'_, '_>, _leading: Leading) {
        if self.group.state == JoinState::WaitMetadata {
            self.rejoin(io);
        }
    }
}
