//! Where the member stands in its group (`rd_kafka_cgrp_t`).

use super::Librdkafka;
use super::incremental::Incremental;
use crate::client::consumer::membership::GenerationId;
use crate::client::io::{Io, Timer};
use crate::ids::{Generation, GroupId, MemberId, TopicName, TopicPartition};
use crate::protocol::ErrorCode;
use crate::trace::Kind;
use std::collections::VecDeque;

/// `rkcg_join_state`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum JoinState {
    /// Nothing is under way: a JoinGroup follows as soon as it may.
    Init,
    /// A JoinGroup is in flight.
    WaitJoin,
    /// Metadata is needed, to join or (as leader) to assign.
    WaitMetadata,
    /// A SyncGroup is in flight.
    WaitSync,
    /// An assignment waits for the application's poll.
    WaitAssignCall,
    /// A revocation waits for the application's poll.
    WaitUnassignCall,
    /// Fetchers stop and stored offsets are committed.
    WaitUnassignToComplete,
    /// The same, for a part of the assignment.
    WaitIncrUnassignToComplete,
    /// The application has its partitions.
    Steady,
}

/// What the next poll of the application will serve before any record.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// The rebalance callback, with an assignment.
    Assign(Vec<TopicPartition>),
    /// The rebalance callback, with a revocation.
    Revoke,
    /// The rebalance callback of a cooperative group, with what is added.
    Add(Vec<TopicPartition>),
    /// The rebalance callback of a cooperative group, with what is taken away.
    Remove(Vec<TopicPartition>),
}

impl Operation {
    /// Whether nothing is left afterwards of what was assigned before.
    pub fn replaces(&self) -> bool {
        matches!(self, Operation::Assign(_) | Operation::Revoke)
    }
}

/// The group as this member knows it.
#[derive(Debug)]
pub(super) struct Group {
    /// `group.id`.
    pub name: GroupId,
    /// Where joining stands.
    pub state: JoinState,
    /// Member id, generation, protocol.
    pub id: GenerationId,
    /// Rebalance callbacks that wait for the application.
    pub operations: VecDeque<Operation>,
    /// The application is in the revoke callback.
    pub in_callback: bool,
    /// The group has given this member an assignment, perhaps an empty one, that was not revoked (`rkcg_group_assignment`).
    pub assigned: bool,
    /// The assignment is lost: others may have it already.
    pub lost: bool,
    /// What a cooperative group needs.
    pub incremental: Incremental,
    /// A JoinGroup or SyncGroup is in flight, perhaps one that is not waited for any more (`rkcg_wait_resp`).
    pub awaited: bool,
    /// No JoinGroup before this (`rkcg_join_intvl`).
    pub join_at: Timer,
    /// max.poll.interval.ms passed, and the application has not polled since.
    pub max_poll_exceeded: bool,
    /// The effective subscription: topics that exist, with their numbers of partitions.
    pub subscribed: Vec<(TopicName, u32)>,
    /// The consumer is being closed: there is no subscription any more.
    pub terminating: bool,
    /// LeaveGroup follows once everything is unassigned.
    pub leave_when_unassigned: bool,
    /// A LeaveGroup is in flight.
    pub leave_in_flight: bool,
    /// As leader: members' subscriptions, until the metadata has come.
    pub leading: Option<super::leader::Leading>,
}

impl Group {
    pub fn new(name: GroupId) -> Self {
        Group {
            name,
            state: JoinState::Init,
            id: GenerationId::NONE,
            operations: VecDeque::new(),
            in_callback: false,
            assigned: false,
            lost: false,
            incremental: Incremental::default(),
            awaited: false,
            join_at: Timer::NEVER,
            max_poll_exceeded: false,
            subscribed: Vec::new(),
            terminating: false,
            leave_when_unassigned: false,
            leave_in_flight: false,
            leading: None,
        }
    }

    /// A rebalance callback is waited for.
    pub fn waits_for_application(&self) -> bool {
        matches!(self.state, JoinState::WaitAssignCall | JoinState::WaitUnassignCall)
    }

    /// RD_KAFKA_CGRP_REBALANCING.
    pub fn rebalancing(&self) -> bool {
        if self.incremental.then.is_some() || self.incremental.rejoin {
            return true;
        }
        match self.state {
            JoinState::WaitJoin | JoinState::WaitMetadata => !self.id.member.is_empty(),
            JoinState::WaitSync
            | JoinState::WaitAssignCall
            | JoinState::WaitUnassignCall
            | JoinState::WaitUnassignToComplete
            | JoinState::WaitIncrUnassignToComplete => true,
            JoinState::Init | JoinState::Steady => false,
        }
    }
}

impl Librdkafka {
    /// The member id is of no use any more. The generation is kept, so commits still bear it.
    pub(super) fn forget_member(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        let id = &mut self.group.id;
        if !id.member.is_empty() {
            id.member = MemberId::EMPTY;
            io.emit(Kind::GenerationReset { group: self.group.name, member: MemberId::EMPTY, code });
        }
    }

    /// The generation is of no use any more; the member id is.
    pub(super) fn forget_generation(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        let id = &mut self.group.id;
        id.generation = Generation::NONE;
        io.emit(Kind::GenerationReset { group: self.group.name, member: id.member, code });
    }

    /// The coordinator named the member.
    pub(super) fn learn_member(&mut self, io: &mut Io<'_, '_>, member: MemberId) {
        if member != self.group.id.member && !member.is_empty() {
            io.emit(Kind::MemberIdLearned { group: self.group.name, member });
        }
        self.group.id.member = member;
    }
}
