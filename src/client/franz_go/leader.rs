//! The leader's part (`balanceGroup`): it knows the topics that it consumes itself, and asks for those that only others do.

use super::FranzGo;
use super::balance::sticky;
use super::group::Stage;
use crate::assignor::{AssignorMember, assign};
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::config::AssignorKind;
use crate::ids::{CorrelationId, TopicName};
use crate::protocol::consumer_protocol::{Assignment, decode_subscription, encode_assignment};
use crate::protocol::{ErrorCode, JoinGroupResponse, Request};

/// A leader that waits for metadata.
#[derive(Debug)]
pub(super) struct Leading {
    members: Vec<AssignorMember>,
    skip_assignment: bool,
    /// The Metadata request.
    metadata: CorrelationId,
}

impl FranzGo {
    /// This member leads.
    pub(super) fn lead(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        self.group.leader = true;
        let mut topics: Vec<TopicName> = self.topics.clone();
        let mut members = Vec::with_capacity(response.members.len());
        for m in &response.members {
            let Some(subscription) = decode_subscription(&m.metadata, io.cx.names) else {
                return self.join_failed(io, ErrorCode::UnknownServerError);
            };
            for &topic in &subscription.topics {
                if !topics.contains(&topic) {
                    topics.push(topic);
                }
            }
            members.push(AssignorMember { member: m.member, instance: m.instance, subscription });
        }
        let missing = topics.iter().any(|&topic| !self.metadata.knows(topic));
        self.metadata.topics = topics;
        let mut leading = Leading { members, skip_assignment: response.skip_assignment, metadata: CorrelationId(0) };
        if missing {
            self.group.stage = Stage::Leading;
            let (version, request) = (self.profile.metadata_version, self.metadata.topics.clone());
            leading.metadata = self.send_aside(io, version, Request::Metadata(request), Pending::Metadata);
            self.group.leading = Some(leading);
        } else {
            self.balance(io, leading);
        }
    }

    /// Metadata has come that the leader may have waited for.
    pub(super) fn balance_if_ready(&mut self, io: &mut Io<'_, '_>, id: CorrelationId) {
        if let Some(leading) = self.group.leading.take_if(|leading| leading.metadata == id) {
            self.balance(io, leading);
        }
    }

    /// The metadata that the leader waited for was lost.
    pub(super) fn leader_lost_metadata(&mut self, io: &mut Io<'_, '_>) {
        if self.group.leading.take_if(|leading| !self.network.in_flight(leading.metadata)).is_some() {
            self.join_failed(io, ErrorCode::None);
        }
    }

    fn balance(&mut self, io: &mut Io<'_, '_>, leading: Leading) {
        let kind = AssignorKind::from_name(io.cx.names.text(self.group.id.protocol));
        let Some(kind) = kind.filter(|kind| self.config.assignors.contains(kind)) else {
            return self.join_failed(io, ErrorCode::InconsistentGroupProtocol);
        };
        let counts = self.metadata.counts(&self.metadata.topics);
        let cooperative = kind == AssignorKind::CooperativeSticky;
        let own = match kind {
            AssignorKind::Sticky | AssignorKind::CooperativeSticky => {
                sticky(cooperative, &leading.members, &counts, io.cx.names)
            }
            AssignorKind::Range | AssignorKind::RoundRobin => None, // the same as Kafka's
        };
        let assigned = own.unwrap_or_else(|| assign(kind, &leading.members, &counts, io.cx.names));
        let encode = |partitions| encode_assignment(&Assignment { partitions, user_data: None }, io.cx.names);
        let mut plan: Vec<_> = assigned.into_iter().map(|(member, share)| (member, encode(share))).collect();
        if leading.skip_assignment {
            let own = plan.iter().position(|(member, _)| *member == self.group.id.member);
            self.group.own_plan = own.map(|index| plan.swap_remove(index).1);
        } else {
            self.group.plan = plan;
        }
        self.sync(io);
    }
}
