//! ConsumerGroup.run: one generation after the other, each over a new look-up of the coordinator and a new connection.

use super::KafkaGo;
use crate::client::consumer::membership::GenerationId;
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, Pending, Sender};
use crate::ids::{Generation, GroupId, InstanceId, MemberId, Offset, ProtocolName, Symbol, TopicPartition};
use crate::protocol::consumer_protocol::{Subscription, decode_assignment, encode_subscription};
use crate::protocol::{
    Bytes, ErrorCode, JoinGroupRequest, JoinGroupResponse, JoinProtocol, LeaveGroupRequest, LeavingMember,
    OffsetFetchRequest, OffsetFetchResponse, Request, SyncGroupRequest, SyncGroupResponse,
};
use crate::trace::{Channel, Kind};

/// What the group's goroutine is doing.
#[derive(Debug)]
pub(super) enum Phase {
    /// FindCoordinator is in flight, to join.
    LookingUp,
    /// JoinGroup is in flight.
    Joining,
    /// The leader's Metadata is in flight.
    Leading(super::leader::Leading),
    /// SyncGroup is in flight.
    Syncing,
    /// OffsetFetch is in flight, for these partitions.
    FetchingOffsets(Vec<TopicPartition>),
    /// The generation's goroutines run.
    Running,
    /// The generation is over; its goroutines have not all ended.
    Ending,
    /// FindCoordinator is in flight, to leave.
    LookingUpToLeave,
    /// LeaveGroup is in flight.
    Leaving,
    /// JoinGroupBackoff.
    Pausing(Timer),
    /// The goroutine has ended.
    Closed,
}

/// The group as this member knows it.
#[derive(Debug)]
pub(super) struct Group {
    /// `GroupID`.
    pub name: GroupId,
    /// Member id, generation, protocol.
    pub id: GenerationId,
    /// What is going on.
    pub phase: Phase,
    /// The group is being closed: seen only between generations and while one runs.
    pub closing: bool,
    /// What made the last attempt fail.
    failure: ErrorCode,
}

impl Group {
    pub fn new(name: GroupId) -> Self {
        Group { name, id: GenerationId::NONE, phase: Phase::Closed, closing: false, failure: ErrorCode::None }
    }
}

impl KafkaGo {
    /// nextGeneration: any broker is asked for the coordinator first.
    pub(super) fn next_generation(&mut self, io: &mut Io<'_, '_>) {
        self.group.phase = Phase::LookingUp;
        self.look_coordinator_up(io);
    }

    fn look_coordinator_up(&mut self, io: &mut Io<'_, '_>) {
        let sender = Sender { group: self.group.name, member: MemberId::EMPTY, generation: Generation::NONE };
        let version = self.profile.find_coordinator_version;
        let call = Call { channel: Channel::Node, version, timeout_ms: self.timeout_ms() };
        let request = Request::FindCoordinator(self.group.name);
        self.network.send(io, call, sender, request, Pending::FindCoordinator);
    }

    /// FindCoordinator was answered, or lost.
    pub(super) fn on_find_coordinator(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.network.hang_up(io, Channel::Node, 0);
        match self.group.phase {
            Phase::LookingUp if code.is_none() => self.send_join(io),
            Phase::LookingUp => self.generation_failed(io, code),
            Phase::LookingUpToLeave if code.is_none() => self.send_leave(io),
            Phase::LookingUpToLeave => self.left(io),
            _ => {}
        }
    }

    fn send_join(&mut self, io: &mut Io<'_, '_>) {
        self.group.phase = Phase::Joining;
        self.generation.broken = false;
        let topics = self.topics.clone();
        let subscription = Subscription { topics, user_data: None, owned: Vec::new(), generation: Generation::NONE };
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
            instance: InstanceId::EMPTY,
            protocol_type: io.symbol("consumer"),
            protocols,
            reason: Symbol::EMPTY,
        };
        let timeout_ms = self.timeout_ms() + i64::from(self.config.rebalance_timeout_ms);
        let (version, id) = (self.profile.join_version, self.group.id);
        self.send_to_coordinator(io, version, timeout_ms, Request::JoinGroup(Box::new(request)), Pending::Join(id));
    }

    /// JoinGroup was answered.
    pub(super) fn on_join(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        if !response.error.is_none() {
            return self.join_failed(io, response.error);
        }
        let member = response.member;
        if member != self.group.id.member {
            io.emit(Kind::MemberIdLearned { group: self.group.name, member });
        }
        let protocol = response.protocol_name.unwrap_or_default();
        self.group.id = GenerationId { generation: response.generation, member, protocol };
        if response.leader == member { self.lead(io, &response) } else { self.send_sync(io, Vec::new()) }
    }

    /// JoinGroup failed: the member id is forgotten with the error, so no LeaveGroup follows. A member that the coordinator
    /// knows has to expire there.
    pub(super) fn join_failed(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.forget_member(io, code);
        self.generation_failed(io, code);
    }

    /// Hands in or asks for the assignment.
    pub(super) fn send_sync(&mut self, io: &mut Io<'_, '_>, assignments: Vec<(MemberId, Bytes)>) {
        self.group.phase = Phase::Syncing;
        let id = self.group.id;
        let request = SyncGroupRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: InstanceId::EMPTY,
            protocol_type: None,
            protocol_name: None,
            assignments,
        };
        let timeout_ms = self.timeout_ms() + i64::from(self.config.session_timeout_ms);
        let version = self.profile.sync_version;
        self.send_to_coordinator(io, version, timeout_ms, Request::SyncGroup(Box::new(request)), Pending::Sync(id));
    }

    /// SyncGroup was answered: the committed offsets of everything follow, also if that is nothing.
    pub(super) fn on_sync(&mut self, io: &mut Io<'_, '_>, response: &SyncGroupResponse) {
        if !response.error.is_none() {
            return self.generation_failed(io, response.error);
        }
        // An answer without any bytes is an error to it: the leader has to say that there is nothing.
        let Some(assignment) = decode_assignment(&response.assignment, io.cx.names) else {
            return self.generation_failed(io, ErrorCode::None);
        };
        let GenerationId { generation, member, protocol } = self.group.id;
        io.emit_cause(Kind::Joined { group: self.group.name, member, generation, protocol });
        let mut partitions = assignment.partitions;
        partitions.retain(|partition| self.topics.contains(&partition.topic));
        let request = OffsetFetchRequest {
            group: Some(self.group.name),
            partitions: Some(partitions.clone()),
            require_stable: false,
        };
        self.group.phase = Phase::FetchingOffsets(partitions);
        let (version, timeout_ms) = (self.profile.offset_fetch_version, self.timeout_ms());
        let request = Request::OffsetFetch(Box::new(request));
        self.send_to_coordinator(io, version, timeout_ms, request, Pending::OffsetFetch);
    }

    /// OffsetFetch was answered: the generation starts.
    pub(super) fn on_offset_fetch(&mut self, io: &mut Io<'_, '_>, response: &OffsetFetchResponse) {
        let partition_error = response.partitions.iter().map(|p| p.error).find(|e| !e.is_none());
        let code = if response.error.is_none() { partition_error.unwrap_or_default() } else { response.error };
        if !code.is_none() {
            return self.generation_failed(io, code);
        }
        let Phase::FetchingOffsets(partitions) = std::mem::replace(&mut self.group.phase, Phase::Running) else {
            return;
        };
        let mut committed: Vec<(TopicPartition, Offset)> =
            response.partitions.iter().map(|p| (p.partition, p.offset)).collect();
        committed.sort_unstable_by_key(|c| c.0);
        self.start_generation(io, partitions, &committed);
    }

    /// The attempt at a generation has failed. REBALANCE_IN_PROGRESS is tried again at once, with the same member id;
    /// anything else costs the member id, a LeaveGroup and JoinGroupBackoff.
    pub(super) fn generation_failed(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.network.hang_up(io, Channel::Coordinator, 0);
        self.group.failure = code;
        if code != ErrorCode::RebalanceInProgress {
            self.leave(io);
        } else if self.group.closing {
            self.group.phase = Phase::Closed;
        } else {
            self.next_generation(io);
        }
    }

    /// leaveGroup: over a connection of its own, after another look-up. Without a member id nothing is to be left.
    pub(super) fn leave(&mut self, io: &mut Io<'_, '_>) {
        if self.group.id.member.is_empty() {
            return self.left(io);
        }
        self.group.phase = Phase::LookingUpToLeave;
        self.look_coordinator_up(io);
    }

    fn send_leave(&mut self, io: &mut Io<'_, '_>) {
        self.group.phase = Phase::Leaving;
        let leaving =
            LeavingMember { member: self.group.id.member, instance: InstanceId::EMPTY, reason: Symbol::EMPTY };
        let request = LeaveGroupRequest { group: Some(self.group.name), members: vec![leaving] };
        let (version, timeout_ms) = (self.profile.leave_version, self.timeout_ms());
        self.send_to_coordinator(io, version, timeout_ms, Request::LeaveGroup(Box::new(request)), Pending::Leave);
    }

    /// Leaving is over, whatever came of it.
    pub(super) fn left(&mut self, io: &mut Io<'_, '_>) {
        self.network.hang_up(io, Channel::Coordinator, 0);
        let code = std::mem::take(&mut self.group.failure);
        self.forget_member(io, code);
        self.group.phase = if self.group.closing {
            Phase::Closed
        } else {
            Phase::Pausing(io.timer_ms(self.config.kafka_go.join_group_backoff_ms))
        };
    }

    fn forget_member(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        let known = !self.group.id.member.is_empty();
        self.group.id = GenerationId::NONE;
        if known {
            io.emit(Kind::GenerationReset { group: self.group.name, member: MemberId::EMPTY, code });
        }
    }
}
