//! JoinGroup and SyncGroup (`joinAndSync`).
//!
//! Commits are locked out from before the JoinGroup until after the SyncGroup: those under way are waited for, and later
//! ones wait.

use super::FranzGo;
use super::calls::{Want, is_passing};
use super::group::Stage;
use crate::assignor::sticky_user_data;
use crate::client::consumer::membership::GenerationId;
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::config::AssignorKind;
use crate::ids::{ProtocolName, TopicPartition};
use crate::protocol::consumer_protocol::{Subscription, decode_assignment, encode_subscription};
use crate::protocol::{
    Bytes, ErrorCode, JoinGroupRequest, JoinGroupResponse, JoinProtocol, Request, SyncGroupRequest, SyncGroupResponse,
};
use crate::trace::Kind;

impl FranzGo {
    /// The manage loop joins.
    pub(super) fn join(&mut self, io: &mut Io<'_, '_>) {
        self.group.stage = Stage::Joining;
        self.group.leader = false;
        self.commits.locked = true;
        self.join_when_unlocked(io);
    }

    /// JoinGroup goes out when no commit is under way.
    pub(super) fn join_when_unlocked(&mut self, io: &mut Io<'_, '_>) {
        if !self.calls.get(Want::Join).wanted && self.commits.is_idle() {
            self.join_again(io);
        }
    }

    fn join_again(&mut self, io: &Io<'_, '_>) {
        self.group.stage = Stage::Joining;
        self.group.rejoin = false;
        self.calls.begin(io, Want::Join);
    }

    pub(super) fn send_join(&mut self, io: &mut Io<'_, '_>) {
        let protocols = self.config.assignors.clone();
        let protocols = protocols
            .into_iter()
            .map(|kind| JoinProtocol {
                name: ProtocolName(io.symbol(kind.name())),
                metadata: self.join_metadata(io, kind),
            })
            .collect();
        let request = JoinGroupRequest {
            group: Some(self.group.name),
            session_timeout_ms: self.config.session_timeout_ms,
            rebalance_timeout_ms: self.config.rebalance_timeout_ms,
            member: self.group.id.member,
            instance: self.instance,
            protocol_type: io.symbol("consumer"),
            protocols,
            reason: crate::ids::Symbol::EMPTY,
        };
        let timeout_ms = self.request_timeout_ms() + i64::from(self.config.rebalance_timeout_ms);
        let (version, id) = (self.profile.join_version, self.group.id);
        self.send_to_coordinator(io, version, timeout_ms, Request::JoinGroup(Box::new(request)), Pending::Join(id));
    }

    /// What a balancer says of its member (`JoinGroupMetadata`). The eager sticky one has nothing to stick to: an eager
    /// member has revoked everything, and forgotten what, before it joins.
    fn join_metadata(&self, io: &Io<'_, '_>, kind: AssignorKind) -> Bytes {
        let generation = self.generation();
        let (mut user_data, mut owned) = (None, Vec::new());
        match kind {
            AssignorKind::Range | AssignorKind::RoundRobin => {}
            AssignorKind::Sticky | AssignorKind::CooperativeSticky => {
                user_data = Some(sticky_user_data(&self.group.assigned, generation, io.cx.names));
                if kind == AssignorKind::CooperativeSticky {
                    owned = self.group.assigned.clone();
                }
            }
        }
        let topics = self.group.using.iter().map(|topic| topic.0).collect();
        encode_subscription(&Subscription { topics, user_data, owned, generation }, io.cx.names)
    }

    /// JoinGroup was answered.
    pub(super) fn on_join(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        let code = response.error;
        if is_passing(code) {
            return self.call_failed(io, Want::Join, code);
        }
        self.calls.over(Want::Join);
        match code {
            ErrorCode::None => self.joined(io, response),
            ErrorCode::MemberIdRequired => {
                self.learn_member(io, response.member);
                self.join_again(io);
            }
            ErrorCode::UnknownMemberId => {
                self.forget_member(io, code);
                self.join_again(io);
            }
            _ => self.join_failed(io, code),
        }
    }

    fn joined(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        self.learn_member(io, response.member);
        self.group.id = GenerationId {
            generation: response.generation,
            member: response.member,
            protocol: response.protocol_name.unwrap_or_default(),
        };
        let kind = AssignorKind::from_name(io.cx.names.text(self.group.id.protocol));
        if let Some(kind) = kind.filter(|kind| self.config.assignors.contains(kind)) {
            let cooperative = kind == AssignorKind::CooperativeSticky;
            self.group.downgraded = !cooperative && (self.group.downgraded || self.group.cooperative);
            self.group.cooperative = cooperative;
        }
        (self.group.plan, self.group.own_plan) = (Vec::new(), None);
        if response.leader == response.member {
            self.lead(io, response);
        } else {
            self.sync(io);
        }
    }

    /// Hands in or asks for the assignment.
    pub(super) fn sync(&mut self, io: &Io<'_, '_>) {
        self.group.stage = Stage::Syncing;
        self.calls.begin(io, Want::Sync);
    }

    pub(super) fn send_sync(&mut self, io: &mut Io<'_, '_>) {
        let id = self.group.id;
        let request = SyncGroupRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
            protocol_type: Some(io.symbol("consumer")),
            protocol_name: Some(id.protocol),
            assignments: self.group.plan.clone(),
        };
        let (version, timeout_ms) = (self.profile.sync_version, self.config.rebalance_timeout_ms.into());
        self.send_to_coordinator(io, version, timeout_ms, Request::SyncGroup(Box::new(request)), Pending::Sync(id));
    }

    /// SyncGroup was answered.
    pub(super) fn on_sync(&mut self, io: &mut Io<'_, '_>, response: &SyncGroupResponse) {
        let code = response.error;
        if is_passing(code) {
            return self.call_failed(io, Want::Sync, code);
        }
        self.calls.over(Want::Sync);
        match code {
            ErrorCode::None => {}
            ErrorCode::RebalanceInProgress => return self.join_again(io),
            _ => return self.join_failed(io, code),
        }
        let bytes: &[u8] = &response.assignment;
        let assignment = if bytes.is_empty() { None } else { decode_assignment(bytes, io.cx.names) };
        let mut partitions: Vec<TopicPartition> = assignment.map(|a| a.partitions).unwrap_or_default();
        partitions.sort_unstable();
        partitions.dedup();
        let GenerationId { generation, member, protocol } = self.group.id;
        io.emit_cause(Kind::Joined { group: self.group.name, member, generation, protocol });
        if self.group.own_plan.take().is_some_and(|own| own != response.assignment) {
            self.group.rejoin = true; // KIP-814: the old assignment is not what this leader would give
        }
        self.unlock_commits(io);
        self.begin_session(io, partitions);
    }

    /// JoinGroup or SyncGroup failed.
    pub(super) fn join_failed(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.group.leading = None;
        self.unlock_commits(io);
        self.fail(io, code);
    }
}
