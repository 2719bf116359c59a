//! Joining: onJoinPrepare, JoinGroup, SyncGroup, onJoinComplete (CLIENT-10 to CLIENT-25).

use super::cooperative::Giving;
use super::leader::Leading;
use super::membership::{GenerationId, MemberState};
use super::{Callback, Consumer, PollOutcome};
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, CommitPurpose, Pending};
use crate::ids::{Generation, GroupId, MemberId, ProtocolName, TopicName, TopicPartition};
use crate::protocol::consumer_protocol::{Subscription, decode_assignment, encode_subscription};
use crate::protocol::{
    Bytes, ErrorCode, JoinGroupRequest, JoinGroupResponse, JoinProtocol, Request, SyncGroupRequest, SyncGroupResponse,
};
use crate::trace::{Channel, CommitOrigin, Kind};

/// Added to the rebalance timeout for the time-out of JoinGroup (CLIENT-09), in ms.
pub(super) const JOIN_TIMEOUT_LAPSE_MS: i64 = 5_000;

/// Why a join attempt failed, as far as it matters for the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JoinFailure {
    /// Join again at once.
    AtOnce,
    /// Join again at once, with the id given.
    MemberIdRequired,
    /// Join again after retry.backoff.ms.
    Retriable,
    /// An exception to the application.
    Fatal(ErrorCode),
}

/// Java's joinFuture.
#[derive(Debug)]
enum JoinFuture {
    None,
    InFlight,
    Assigned(Bytes),
    Failed(JoinFailure, ErrorCode),
}

/// How far onJoinPrepare is.
#[derive(Clone, Copy, Debug)]
enum Prepare {
    /// Not begun.
    Idle,
    /// The auto-commit is to be sent (again), not before `retry`; all of it within `until`.
    Commit { until: Timer, retry: Timer },
    /// The auto-commit is in flight.
    CommitInFlight { until: Timer },
    /// The auto-commit is over.
    Committed,
}

/// The join in progress, and what the leader remembers.
#[derive(Debug)]
pub(crate) struct Join {
    future: JoinFuture,
    prepare: Prepare,
    /// No JoinGroup before this (the fixed backoff of CLIENT-10).
    pub retry: Timer,
    /// The leader waits for metadata before it can assign.
    pub(super) leader_waits: Option<Leading>,
    pub(super) is_leader: bool,
    /// Partition counts that the leader's assignment was made from.
    pub(super) snapshot: Option<Vec<(TopicName, u32)>>,
    /// The leader's metadata has changed since (CLIENT-15).
    pub(super) metadata_changed: bool,
    /// What `sticky` and `cooperative-sticky` tell the next leader.
    pub(super) last_assignment: Option<(Vec<TopicPartition>, Generation)>,
}

/// What a step of joining leads to.
pub(crate) enum JoinStep {
    /// The group is active.
    Done,
    /// Something has to happen first.
    Wait,
    /// Poll has to return this.
    Outcome(PollOutcome),
}

impl Join {
    pub fn new() -> Self {
        Join {
            future: JoinFuture::None,
            prepare: Prepare::Idle,
            retry: Timer::NEVER,
            leader_waits: None,
            is_leader: false,
            snapshot: None,
            metadata_changed: false,
            last_assignment: None,
        }
    }

    /// The next instant at which joining goes on without an answer.
    pub fn timer(&self) -> Timer {
        let prepare = match self.prepare {
            Prepare::Commit { until, retry } => earlier(until, retry),
            Prepare::CommitInFlight { until } => until,
            Prepare::Idle | Prepare::Committed => Timer::NEVER,
        };
        earlier(self.retry, prepare)
    }
}

/// What the next JoinGroup gives as its reason (KIP-800), in the Java client's words.
fn failure_reason(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::UnknownMemberId => "rebalance failed due to UnknownMemberIdException",
        ErrorCode::IllegalGeneration => "rebalance failed due to IllegalGenerationException",
        ErrorCode::RebalanceInProgress => "rebalance failed due to RebalanceInProgressException",
        ErrorCode::NotCoordinator => "rebalance failed due to NotCoordinatorException",
        ErrorCode::CoordinatorNotAvailable => "rebalance failed due to CoordinatorNotAvailableException",
        ErrorCode::CoordinatorLoadInProgress => "rebalance failed due to CoordinatorLoadInProgressException",
        _ => "rebalance failed due to DisconnectException",
    }
}

fn earlier(a: Timer, b: Timer) -> Timer {
    if b.at < a.at { b } else { a }
}

impl Consumer {
    /// Whether the pass of poll has to go through joining.
    pub fn rejoin_needed_or_pending(&mut self, io: &mut Io<'_, '_>) -> bool {
        if self.join.metadata_changed && !self.membership.rejoin_needed {
            self.membership.request_rejoin(io, "cached metadata has changed");
        }
        self.membership.rejoin_needed || !matches!(self.join.future, JoinFuture::None)
    }

    /// A timer of joining has fired.
    pub fn join_timer_fired(&mut self, now: crate::time::Instant) {
        if self.join.retry.at <= now {
            self.join.retry = Timer::NEVER;
        }
        match &mut self.join.prepare {
            Prepare::Commit { until, .. } | Prepare::CommitInFlight { until } if until.at <= now => {
                // joinPrepareTimer: goes on without the commit
                self.join.prepare = Prepare::Committed;
            }
            Prepare::Commit { retry, .. } if retry.at <= now => *retry = Timer::NEVER,
            _ => {}
        }
    }

    /// joinGroupIfNeeded with a timer of 0.
    pub fn join_if_needed(&mut self, io: &mut Io<'_, '_>) -> JoinStep {
        while self.rejoin_needed_or_pending(io) {
            if !self.ensure_coordinator(io) || self.join.retry.is_armed() {
                return JoinStep::Wait;
            }
            if self.membership.needs_join_prepare {
                match self.join_prepare(io) {
                    JoinStep::Done => {}
                    other => return other,
                }
            }
            match std::mem::replace(&mut self.join.future, JoinFuture::None) {
                JoinFuture::None => {
                    self.send_join(io);
                    return JoinStep::Wait;
                }
                JoinFuture::InFlight => {
                    self.join.future = JoinFuture::InFlight;
                    return JoinStep::Wait;
                }
                JoinFuture::Assigned(bytes) => {
                    if let Some(failed) = self.joined(io, &bytes) {
                        return JoinStep::Outcome(failed);
                    }
                }
                JoinFuture::Failed(failure, code) => {
                    if failure != JoinFailure::MemberIdRequired {
                        self.membership.request_rejoin(io, failure_reason(code));
                    }
                    match failure {
                        JoinFailure::AtOnce | JoinFailure::MemberIdRequired => {}
                        JoinFailure::Retriable => self.join.retry = io.timer_ms(self.config.retry_backoff_ms),
                        JoinFailure::Fatal(code) => return JoinStep::Outcome(PollOutcome::Error(code)),
                    }
                }
            }
        }
        JoinStep::Done
    }

    /// onJoinPrepare (CLIENT-18 to CLIENT-22).
    fn join_prepare(&mut self, io: &mut Io<'_, '_>) -> JoinStep {
        if self.commits.auto_interval_ms.is_none() {
            self.join.prepare = Prepare::Committed;
        }
        loop {
            match self.join.prepare {
                Prepare::Idle => {
                    let until = io.timer_ms(self.config.max_poll_interval_ms.into());
                    self.join.prepare = Prepare::Commit { until, retry: Timer::NEVER };
                }
                Prepare::Commit { until, retry } => {
                    if retry.is_armed() {
                        return JoinStep::Wait;
                    }
                    // CLIENT-20; what stays owned is read on, past what is committed here
                    for p in self.subscription.partitions.iter_mut().filter(|_| !self.cooperative) {
                        p.pending_revocation = true;
                    }
                    self.join.prepare = Prepare::CommitInFlight { until };
                    let mut offsets = self.commits.spare();
                    self.subscription.positions(&mut offsets);
                    self.commit_async(io, offsets, CommitPurpose::JoinPrepare, CommitOrigin::Revoke);
                }
                Prepare::CommitInFlight { .. } => return JoinStep::Wait,
                Prepare::Committed => break,
            }
        }
        self.join.prepare = Prepare::Idle;
        self.membership.needs_join_prepare = false;
        let id = self.membership.id;
        let lost = id.generation == Generation::NONE || id.member.is_empty();
        // CLIENT-21: the subscription does not change here, so a member of a cooperative group keeps everything.
        if self.subscription.partitions.is_empty() || (self.cooperative && !lost) {
            self.join_prepared();
            return JoinStep::Done;
        }
        let callback = if lost { Callback::Lost } else { Callback::Revoked };
        self.callback = Some(Giving::All(callback));
        JoinStep::Outcome(PollOutcome::Callback(callback))
    }

    /// The auto-commit before the rejoin was answered.
    pub fn join_prepare_committed(&mut self, io: &mut Io<'_, '_>, again: bool) {
        if let Prepare::CommitInFlight { until } = self.join.prepare {
            self.join.prepare = if again {
                Prepare::Commit { until, retry: io.timer_ms(self.config.retry_backoff_ms) }
            } else {
                Prepare::Committed
            };
        }
    }

    /// The last part of onJoinPrepare, after the callback.
    pub fn join_prepared(&mut self) {
        self.join.is_leader = false;
        self.metadata.topics.clone_from(&self.topics);
    }

    fn send_join(&mut self, io: &mut Io<'_, '_>) {
        self.membership.state = MemberState::PreparingRebalance;
        self.join.future = JoinFuture::InFlight;
        let id = self.membership.id;
        let protocols = (0..self.config.assignors.len()).map(|i| self.join_protocol(io, i)).collect();
        let rebalance_timeout_ms = self.config.max_poll_interval_ms;
        let request = JoinGroupRequest {
            group: Some(self.membership.group),
            session_timeout_ms: self.config.session_timeout_ms,
            rebalance_timeout_ms,
            member: id.member,
            instance: self.instance,
            protocol_type: io.symbol("consumer"),
            protocols,
            reason: self.membership.rejoin_reason,
        };
        let lapse = i64::from(rebalance_timeout_ms).saturating_add(JOIN_TIMEOUT_LAPSE_MS);
        let call = Call {
            channel: Channel::Coordinator,
            version: self.profile.join_version,
            timeout_ms: self.request_timeout_ms().max(lapse),
        };
        self.network.send(io, call, self.sender(), Request::JoinGroup(Box::new(request)), Pending::Join(id));
    }

    fn join_protocol(&mut self, io: &mut Io<'_, '_>, index: usize) -> JoinProtocol {
        let kind = self.config.assignors[index];
        let subscription = Subscription {
            topics: self.topics.clone(),
            user_data: self.join.user_data(kind, io.cx.names),
            owned: self.subscription.partitions.iter().map(|p| p.tp).collect(),
            generation: self.membership.id.generation,
        };
        let name = ProtocolName(io.symbol(kind.name()));
        JoinProtocol { name, metadata: encode_subscription(&subscription, io.cx.names) }
    }

    /// JoinGroup was answered (CLIENT-10).
    pub fn on_join(&mut self, io: &mut Io<'_, '_>, sent_with: GenerationId, response: JoinGroupResponse) {
        if !matches!(self.join.future, JoinFuture::InFlight) {
            return;
        }
        let code = response.error;
        let failure = match code {
            ErrorCode::None => return self.joined_generation(io, response),
            ErrorCode::UnknownMemberId => {
                if self.membership.id == sent_with {
                    self.membership.reset(io, "encountered UNKNOWN_MEMBER_ID from JOIN_GROUP response", true, code);
                }
                JoinFailure::AtOnce
            }
            ErrorCode::MemberIdRequired => {
                self.membership.learn(io, response.member);
                self.membership.id = GenerationId { member: response.member, ..GenerationId::NONE };
                let reason = format!("need to re-join with the given member-id: {}", io.cx.names.text(response.member));
                self.membership.request_rejoin(io, &reason);
                JoinFailure::MemberIdRequired
            }
            ErrorCode::RebalanceInProgress => JoinFailure::AtOnce,
            ErrorCode::CoordinatorLoadInProgress => JoinFailure::Retriable,
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.coordinator_unknown(io, false);
                JoinFailure::Retriable
            }
            fatal => JoinFailure::Fatal(fatal),
        };
        self.join.future = JoinFuture::Failed(failure, code);
    }

    /// A good JoinGroup answer: heartbeats begin, SyncGroup follows at once.
    fn joined_generation(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        if self.membership.state != MemberState::PreparingRebalance {
            return self.join_failed(JoinFailure::Retriable, ErrorCode::None); // UnjoinedGroupException
        }
        self.membership.state = MemberState::CompletingRebalance;
        self.heartbeat.enable(io);
        self.membership.learn(io, response.member);
        self.membership.id = GenerationId {
            generation: response.generation,
            member: response.member,
            protocol: response.protocol_name.unwrap_or_default(),
        };
        if response.leader == response.member {
            self.lead(io, response);
        } else {
            self.send_sync(io, Vec::new());
        }
    }

    /// Hands in or asks for the assignment.
    pub(super) fn send_sync(&mut self, io: &mut Io<'_, '_>, assignments: Vec<(MemberId, Bytes)>) {
        if !self.lookup.known {
            return self.join_failed(JoinFailure::Retriable, ErrorCode::CoordinatorNotAvailable);
        }
        let id = self.membership.id;
        let request = SyncGroupRequest {
            group: Some(self.membership.group),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
            protocol_type: Some(io.symbol("consumer")),
            protocol_name: Some(id.protocol),
            assignments,
        };
        let call = Call {
            channel: Channel::Coordinator,
            version: self.profile.sync_version,
            timeout_ms: self.request_timeout_ms(),
        };
        self.network.send(io, call, self.sender(), Request::SyncGroup(Box::new(request)), Pending::Sync(id));
    }

    /// The leader cannot go on.
    pub(super) fn join_failed(&mut self, failure: JoinFailure, code: ErrorCode) {
        self.join.future = JoinFuture::Failed(failure, code);
    }

    /// SyncGroup was answered (CLIENT-12, CLIENT-13).
    pub fn on_sync(&mut self, io: &mut Io<'_, '_>, sent_with: GenerationId, response: &SyncGroupResponse) {
        if !matches!(self.join.future, JoinFuture::InFlight) {
            return;
        }
        let code = response.error;
        let m = &mut self.membership;
        let failure = match code {
            ErrorCode::None => {
                if m.id.is_reset() || m.state != MemberState::CompletingRebalance {
                    return self.join_failed(JoinFailure::AtOnce, ErrorCode::IllegalGeneration);
                } else if response.protocol_name.is_some_and(|name| name != m.id.protocol) {
                    JoinFailure::Fatal(ErrorCode::InconsistentGroupProtocol)
                } else {
                    m.state = MemberState::Stable;
                    m.rejoin_reason = crate::ids::Symbol::EMPTY;
                    m.rejoin_needed = false;
                    self.join.future = JoinFuture::Assigned(response.assignment.clone());
                    return;
                }
            }
            ErrorCode::RebalanceInProgress => JoinFailure::AtOnce,
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => {
                if m.id == sent_with {
                    let reason = format!("encountered {code} from SYNC_GROUP response");
                    m.reset(io, &reason, code != ErrorCode::IllegalGeneration, code);
                }
                JoinFailure::AtOnce
            }
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.coordinator_unknown(io, false);
                JoinFailure::Retriable
            }
            fatal => JoinFailure::Fatal(fatal),
        };
        self.join.future = JoinFuture::Failed(failure, code);
    }

    /// JoinGroup or SyncGroup was lost; the member id is kept (CLIENT-11).
    pub fn join_lost(&mut self) {
        if matches!(self.join.future, JoinFuture::InFlight) {
            self.join_failed(JoinFailure::Retriable, ErrorCode::None);
        }
    }

    /// onJoinComplete (CLIENT-23, CLIENT-25), unless the heartbeat thread gave the generation up meanwhile.
    fn joined(&mut self, io: &mut Io<'_, '_>, assignment: &[u8]) -> Option<PollOutcome> {
        let id = self.membership.id;
        if id.is_reset() || self.membership.state != MemberState::Stable {
            let reason = "rebalance failed since the generation/state was modified by heartbeat thread";
            self.membership.reset(io, reason, true, ErrorCode::None);
            return None;
        }
        if !self.join.is_leader {
            self.join.snapshot = None;
            self.join.metadata_changed = false;
        }
        let Some(assignment) = decode_assignment(assignment, io.cx.names) else {
            return Some(PollOutcome::Error(ErrorCode::UnknownServerError));
        };
        self.membership.needs_join_prepare = true;
        let topics = &self.topics;
        if !assignment.partitions.iter().all(|tp| topics.contains(&tp.topic)) {
            let reason = "received assignment does not match the current subscription";
            self.membership.request_rejoin(io, reason);
            return None;
        }
        self.join.last_assignment = Some((assignment.partitions.clone(), id.generation));
        let GenerationId { generation, member, protocol } = id;
        let group: GroupId = self.membership.group;
        io.emit_cause(Kind::Joined { group, member, generation, protocol });
        if self.cooperative {
            return self.joined_cooperatively(io, assignment.partitions);
        }
        self.commits.restart_auto(io);
        self.own(io, assignment.partitions, generation);
        None
    }
}
