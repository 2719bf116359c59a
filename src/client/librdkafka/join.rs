//! JoinGroup and SyncGroup, by the main thread; the application has no part in it until the assignment is there.

use super::Librdkafka;
use super::group::{JoinState, Operation};
use crate::client::consumer::membership::GenerationId;
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::config::AssignorKind;
use crate::ids::{MemberId, ProtocolName};
use crate::protocol::consumer_protocol::{decode_assignment, encode_subscription};
use crate::protocol::{
    Bytes, ErrorCode, JoinGroupRequest, JoinGroupResponse, JoinProtocol, Request, SyncGroupRequest, SyncGroupResponse,
};
use crate::time::Duration;
use crate::trace::Kind;

/// Grace that JoinGroup and SyncGroup are given beyond the timeouts of the group, in ms.
pub(super) const GRACE_MS: i64 = 3_000;
/// `rkcg_join_intvl`, and the backoff that a refused JoinGroup adds to it.
pub(super) const JOIN_INTERVAL: Duration = Duration::from_ms(1_000);

impl Librdkafka {
    /// Whether a JoinGroup is the next thing to do.
    pub(super) fn joins(&self) -> bool {
        let g = &self.group;
        g.state == JoinState::Init && !g.awaited && !g.terminating && self.fatal.is_none()
    }

    /// Joins if nothing stands against it.
    pub(super) fn serve_join(&mut self, io: &mut Io<'_, '_>) {
        let waits = self.group.join_at.is_armed() && self.group.join_at.at > io.now();
        if waits || !self.joins() {
            return;
        }
        self.group.join_at = Timer { at: io.now() + JOIN_INTERVAL, by: io.cx.cause };
        if self.group.max_poll_exceeded && !self.in_poll {
            return; // not before the application has polled
        }
        self.group.max_poll_exceeded = false;
        if !self.topics.iter().all(|&topic| self.metadata.knows(topic)) {
            self.metadata.wanted = true;
            self.group.state = JoinState::WaitMetadata;
            return;
        }
        if self.group.subscribed.is_empty() {
            self.metadata.forget(); // none of the topics exists: asked for again with the next attempt
            return;
        }
        self.send_join(io);
    }

    fn send_join(&mut self, io: &mut Io<'_, '_>) {
        self.group.state = JoinState::WaitJoin;
        self.group.awaited = true;
        let topics = self.group.subscribed.iter().map(|topic| topic.0).collect();
        let subscription = self.group.incremental.subscription(topics, io.cx.names);
        let metadata = encode_subscription(&subscription, io.cx.names);
        let assignors = self.config.assignors.iter();
        let protocols = assignors
            .map(|kind| JoinProtocol { name: ProtocolName(io.symbol(kind.name())), metadata: metadata.clone() })
            .collect();
        let request = JoinGroupRequest {
            group: Some(self.group.name),
            session_timeout_ms: self.config.session_timeout_ms,
            rebalance_timeout_ms: self.config.max_poll_interval_ms,
            member: self.group.id.member,
            instance: self.instance,
            protocol_type: io.symbol("consumer"),
            protocols,
            reason: crate::ids::Symbol::EMPTY,
        };
        let timeout_ms = i64::from(self.config.max_poll_interval_ms).saturating_add(GRACE_MS);
        let (version, id) = (self.profile.join_version, self.group.id);
        self.send_to_coordinator(io, version, timeout_ms, Request::JoinGroup(Box::new(request)), Pending::Join(id));
    }

    /// JoinGroup was answered.
    pub(super) fn on_join(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        self.group.awaited = false;
        if self.group.terminating || self.group.state != JoinState::WaitJoin {
            return;
        }
        let code = response.error;
        if code.is_none() {
            return self.joined_generation(io, response);
        }
        // It may be tried again a second after the attempt, and a refusal adds another.
        if self.group.join_at.is_armed() {
            let second = Duration::from_ms(1_000);
            self.group.join_at = Timer { at: self.group.join_at.at + second, by: io.cx.cause };
        }
        match code {
            ErrorCode::UnknownMemberId => self.forget_member(io, code),
            ErrorCode::IllegalGeneration => self.forget_generation(io, code),
            ErrorCode::MemberIdRequired => {
                self.learn_member(io, response.member);
                self.group.join_at = Timer::NEVER;
            }
            ErrorCode::FencedInstanceId => self.fatal = Some(code),
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => self.coordinator_dead(io),
            _ => {}
        }
        let loses = matches!(code, ErrorCode::IllegalGeneration | ErrorCode::MemberIdRequired);
        if self.group.incremental.in_use && loses {
            self.revoke_and_rejoin(io, true);
        } else {
            self.rejoin(io);
        }
    }

    fn joined_generation(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        self.learn_member(io, response.member);
        self.group.id = GenerationId {
            generation: response.generation,
            member: response.member,
            protocol: response.protocol_name.unwrap_or_default(),
        };
        let kind = AssignorKind::from_name(io.cx.names.text(self.group.id.protocol));
        self.group.incremental.in_use = kind == Some(AssignorKind::CooperativeSticky);
        if response.leader == response.member {
            self.lead(io, response);
        } else {
            self.send_sync(io, Vec::new());
        }
    }

    /// JoinGroup was lost: it may be tried again a second after the last attempt.
    pub(super) fn join_lost(&mut self, io: &mut Io<'_, '_>) {
        self.group.awaited = false;
        if self.group.state == JoinState::WaitJoin {
            self.rejoin(io);
        }
    }

    /// Hands in or asks for the assignment.
    pub(super) fn send_sync(&mut self, io: &mut Io<'_, '_>, assignments: Vec<(MemberId, Bytes)>) {
        self.group.state = JoinState::WaitSync;
        self.group.awaited = true;
        let id = self.group.id;
        let request = SyncGroupRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
            protocol_type: None, // version 5 has it
            protocol_name: None,
            assignments,
        };
        let timeout_ms = i64::from(self.config.session_timeout_ms).saturating_add(GRACE_MS);
        let version = self.profile.sync_version;
        self.send_to_coordinator(io, version, timeout_ms, Request::SyncGroup(Box::new(request)), Pending::Sync(id));
    }

    /// SyncGroup was answered: the assignment waits for the application's poll.
    pub(super) fn on_sync(&mut self, io: &mut Io<'_, '_>, response: &SyncGroupResponse) {
        self.group.awaited = false;
        if self.group.state != JoinState::WaitSync {
            return;
        }
        let code = response.error;
        if code.is_none() && !self.group.terminating {
            let bytes: &[u8] = &response.assignment;
            let assignment = if bytes.is_empty() { None } else { decode_assignment(bytes, io.cx.names) };
            let partitions = assignment.map(|assignment| assignment.partitions).unwrap_or_default();
            let GenerationId { generation, member, protocol } = self.group.id;
            self.beats.new_session(io);
            io.emit_cause(Kind::Joined { group: self.group.name, member, generation, protocol });
            self.group.assigned = true;
            if self.group.incremental.in_use {
                return self.assigned_incrementally(io, partitions);
            }
            self.group.state = JoinState::WaitAssignCall;
            self.group.operations.push_back(Operation::Assign(partitions));
            return;
        }
        match code {
            ErrorCode::UnknownMemberId => self.forget_member(io, code),
            ErrorCode::IllegalGeneration => self.forget_generation(io, code),
            ErrorCode::FencedInstanceId => self.fatal = Some(code),
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => self.coordinator_dead(io),
            _ => {}
        }
        let loses = matches!(code, ErrorCode::IllegalGeneration | ErrorCode::UnknownMemberId);
        if self.group.incremental.in_use && loses {
            self.revoke_and_rejoin(io, true);
        } else {
            self.rejoin(io);
        }
    }

    /// SyncGroup was lost.
    pub(super) fn sync_lost(&mut self, io: &mut Io<'_, '_>) {
        self.group.awaited = false;
        if self.group.state == JoinState::WaitSync {
            self.rejoin(io);
        }
    }
}
