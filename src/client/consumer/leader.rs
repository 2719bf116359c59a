//! The leader's part: metadata of every member's topics, the assignor, and the watch over partition counts.

use super::Consumer;
use super::join::{Join, JoinFailure};
use super::membership::MemberState;
use crate::assignor::{AssignorMember, assign, cooperative_user_data, sticky_user_data};
use crate::client::io::Io;
use crate::config::AssignorKind;
use crate::ids::{Generation, Names, ProtocolName};
use crate::protocol::consumer_protocol::{Assignment, decode_subscription, encode_assignment};
use crate::protocol::{Bytes, ErrorCode, JoinGroupResponse};

/// A leader that waits for metadata.
#[derive(Debug)]
pub(super) struct Leading {
    members: Vec<AssignorMember>,
    protocol: ProtocolName,
    skip_assignment: bool,
}

impl Join {
    /// What an assignor adds to a member's subscription: `sticky` its last assignment, `cooperative-sticky` the generation
    /// of it.
    pub(super) fn user_data(&self, kind: AssignorKind, names: &Names) -> Option<Bytes> {
        let last = self.last_assignment.as_ref();
        match kind {
            AssignorKind::Range | AssignorKind::RoundRobin => None,
            AssignorKind::CooperativeSticky => Some(cooperative_user_data(last.map_or(Generation::NONE, |l| l.1))),
            AssignorKind::Sticky => {
                last.map(|(partitions, generation)| sticky_user_data(partitions, *generation, names))
            }
        }
    }
}

impl Consumer {
    /// This member leads: it needs metadata of every topic of the group before it can assign (CLIENT-15).
    pub(super) fn lead(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        let mut topics = self.topics.clone();
        let mut members = Vec::with_capacity(response.members.len());
        for m in &response.members {
            let Some(subscription) = decode_subscription(&m.metadata, io.cx.names) else {
                return self.join_failed(JoinFailure::Fatal(ErrorCode::UnknownServerError), response.error);
            };
            for &topic in &subscription.topics {
                if !topics.contains(&topic) {
                    topics.push(topic);
                }
            }
            members.push(AssignorMember { member: m.member, instance: m.instance, subscription });
        }
        if topics.iter().any(|&t| !self.metadata.knows(t)) {
            self.metadata.wanted = true;
        }
        self.metadata.topics = topics;
        self.join.is_leader = true;
        let (protocol, skip_assignment) = (response.protocol_name.unwrap_or_default(), response.skip_assignment);
        self.join.leader_waits = Some(Leading { members, protocol, skip_assignment });
        self.assign_as_leader_if_ready(io);
    }

    /// Assigns as soon as the metadata is there, and hands the result in.
    pub(super) fn assign_as_leader_if_ready(&mut self, io: &mut Io<'_, '_>) {
        if self.join.leader_waits.is_none() || !self.metadata.topics.iter().all(|&t| self.metadata.knows(t)) {
            return;
        }
        let Some(leading) = self.join.leader_waits.take() else { return };
        if self.membership.state != MemberState::CompletingRebalance {
            // reset by the heartbeat thread (CLIENT-13), or closing
            return self.join_failed(JoinFailure::AtOnce, ErrorCode::IllegalGeneration);
        }
        let counts = self.metadata.counts(&self.metadata.topics);
        let assignments = if leading.skip_assignment {
            Vec::new()
        } else {
            let kind = AssignorKind::from_name(io.cx.names.text(leading.protocol));
            let Some(kind) = kind.filter(|kind| self.config.assignors.contains(kind)) else {
                let code = ErrorCode::InconsistentGroupProtocol;
                return self.join_failed(JoinFailure::Fatal(code), code);
            };
            let assigned = assign(kind, &leading.members, &counts, io.cx.names);
            let encode = |partitions| encode_assignment(&Assignment { partitions, user_data: None }, io.cx.names);
            assigned.into_iter().map(|(member, partitions)| (member, encode(partitions))).collect()
        };
        self.join.snapshot = Some(counts);
        self.join.metadata_changed = false;
        self.send_sync(io, assignments);
    }

    /// Metadata has come: does it still match what the leader assigned from?
    pub(super) fn leader_metadata_changed(&mut self) {
        if let Some(snapshot) = &self.join.snapshot {
            self.join.metadata_changed = *snapshot != self.metadata.counts(&self.metadata.topics);
        }
    }
}
