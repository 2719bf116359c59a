//! `Consume` up to the session: `joinSync` with its retries.

use super::Sarama;
use super::cluster::Purpose;
use super::group::Phase;
use crate::client::consumer::membership::GenerationId;
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::ids::{Generation, MemberId, ProtocolName, Symbol};
use crate::protocol::consumer_protocol::{Subscription, decode_assignment, encode_subscription};
use crate::protocol::{
    Bytes, ErrorCode, JoinGroupRequest, JoinGroupResponse, JoinProtocol, Request, SyncGroupRequest, SyncGroupResponse,
};
use crate::trace::Kind;

impl Sarama {
    /// What the goroutine that called `Consume` does next; false while it is blocked.
    pub(super) fn serve_phase(&mut self, io: &mut Io<'_, '_>) -> bool {
        if self.closing && matches!(self.group.phase, Phase::Idle | Phase::Join | Phase::Backoff(_)) {
            self.group.phase = Phase::Leaving;
            return true;
        }
        match self.group.phase {
            Phase::Idle if self.fatal.is_none() => {
                self.group.phase = Phase::Refreshing;
                self.refresh_metadata(Purpose::Consume);
                true
            }
            Phase::Join => self.send_join(io),
            Phase::Offsets => self.serve_offset_fetch(io),
            Phase::Releasing => self.serve_release(io),
            Phase::Leaving => self.serve_leave(io),
            _ => false,
        }
    }

    /// `newSession`: as many retries as there may be.
    pub(super) fn join_anew(&mut self) {
        self.group.retries = self.config.sarama.rebalance_retry_max;
        self.group.phase = Phase::Join;
    }

    fn send_join(&mut self, io: &mut Io<'_, '_>) -> bool {
        if !self.coordinator.found {
            return self.find_coordinator();
        }
        if !self.coordinator_free(io) {
            return false;
        }
        self.group.phase = Phase::Joining;
        self.group.id = GenerationId { member: self.group.id.member, ..GenerationId::NONE };
        let (topics, owned, generation) = (self.topics.clone(), Vec::new(), Generation::NONE);
        let subscription = Subscription { topics, user_data: None, owned, generation };
        let metadata = encode_subscription(&subscription, io.cx.names);
        let assignors = self.config.assignors.iter();
        let protocols = assignors
            .map(|kind| JoinProtocol { name: ProtocolName(io.symbol(kind.name())), metadata: metadata.clone() })
            .collect();
        let request = JoinGroupRequest {
            group: Some(self.group.name),
            session_timeout_ms: self.config.session_timeout_ms,
            rebalance_timeout_ms: self.config.rebalance_timeout_ms,
            member: self.group.id.member,
            instance: self.instance,
            protocol_type: io.symbol("consumer"),
            protocols,
            reason: Symbol::EMPTY, // version 8 has it
        };
        let (version, id) = (self.profile.join_version, self.group.id);
        self.send_to_coordinator(io, version, Request::JoinGroup(Box::new(request)), Pending::Join(id));
        true
    }

    /// JoinGroup was answered.
    pub(super) fn on_join(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        match response.error {
            ErrorCode::None => {
                self.learn_member(io, response.member);
                self.group.id = GenerationId {
                    generation: response.generation,
                    member: response.member,
                    protocol: response.protocol_name.unwrap_or_default(),
                };
                self.group.leads = response.leader == response.member;
                if self.group.leads {
                    self.lead(io, response);
                } else {
                    self.send_sync(io, Vec::new());
                }
            }
            ErrorCode::MemberIdRequired => {
                self.learn_member(io, response.member);
                self.group.phase = Phase::Join;
            }
            code => self.refused(io, code),
        }
    }

    /// JoinGroup or SyncGroup was refused.
    fn refused(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        match code {
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => {
                self.forget_member(io, code);
                self.group.phase = Phase::Join;
            }
            ErrorCode::NotCoordinator | ErrorCode::RebalanceInProgress | ErrorCode::CoordinatorLoadInProgress => {
                self.coordinator.moved |= code == ErrorCode::NotCoordinator;
                self.retry_join(io, code);
            }
            _ => self.consume_failed(code),
        }
    }

    /// `retryJoinSync`, if there are retries left.
    pub(super) fn retry_join(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        if self.group.retries <= 0 {
            return self.consume_failed(code);
        }
        if self.group.phase == Phase::Finding {
            self.group.retries -= 1; // RefreshCoordinator failed: that counts as well
        }
        self.group.phase = Phase::Backoff(io.timer_ms(self.config.sarama.rebalance_retry_backoff_ms));
    }

    /// The pause before the next attempt is over.
    pub(super) fn backoff_over(&mut self) {
        self.group.phase = Phase::Finding;
        self.find_coordinator();
    }

    /// `Consume` returns an error (NONE: of the network). The application calls it again at once, unless that is of no use.
    pub(super) fn consume_failed(&mut self, code: ErrorCode) {
        self.group.leading = None;
        self.group.phase = Phase::Idle;
        let passes = matches!(
            code,
            ErrorCode::None
                | ErrorCode::NotCoordinator
                | ErrorCode::RebalanceInProgress
                | ErrorCode::CoordinatorLoadInProgress
                | ErrorCode::CoordinatorNotAvailable
        );
        if !passes {
            self.fatal = Some(code);
        }
    }

    /// Hands in or asks for the assignment.
    pub(super) fn send_sync(&mut self, io: &mut Io<'_, '_>, assignments: Vec<(MemberId, Bytes)>) {
        self.group.phase = Phase::Syncing;
        let id = self.group.id;
        let request = SyncGroupRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
            protocol_type: Some(io.symbol("consumer")),
            protocol_name: Some(id.protocol),
            assignments,
        };
        let version = self.profile.sync_version;
        self.send_to_coordinator(io, version, Request::SyncGroup(Box::new(request)), Pending::Sync(id));
    }

    /// SyncGroup was answered.
    pub(super) fn on_sync(&mut self, io: &mut Io<'_, '_>, response: &SyncGroupResponse) {
        if !response.error.is_none() {
            return self.refused(io, response.error);
        }
        let bytes: &[u8] = &response.assignment;
        let assignment = if bytes.is_empty() { None } else { decode_assignment(bytes, io.cx.names) };
        let partitions = assignment.map(|assignment| assignment.partitions).unwrap_or_default();
        let GenerationId { generation, member, protocol } = self.group.id;
        io.emit_cause(Kind::Joined { group: self.group.name, member, generation, protocol });
        self.begin_session(io, partitions);
    }
}
