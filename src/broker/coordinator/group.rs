//! A classic group as the coordinator holds it in memory.
//!
//! Everything here is lost when the coordinator moves; what survives is what [`ClassicGroup::metadata`] last wrote.

use super::answers::{Asker, Op};
use super::member::Member;
use super::protocols::{self, ProtocolTally};
use super::records::{GroupMetadata, MemberRecord};
use super::timers::{Target, TimerSlot};
use crate::ids::*;
use crate::protocol::{Bytes, ErrorCode, GroupState, JoinGroupMember, JoinProtocol};
use crate::trace::{Kind, PendingEnd, RemovalReason, StateReason};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// Which protocol a group speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum GroupKind {
    /// The classic protocol.
    Classic,
    /// A share group (KIP-932), which groupsim does not model beyond refusing classic members (JOIN-28).
    Share,
}

/// Why a group changes state, and whose doing it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Why {
    pub reason: StateReason,
    pub member: MemberId,
}

impl Why {
    pub fn new(reason: StateReason, member: MemberId) -> Self {
        Why { reason, member }
    }
}

/// What the running join timer does when it fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum JoinTimer {
    /// The join phase is over (REB-04).
    Complete,
    /// One step of the initial delay is over (DELAY-03).
    Initial { delay_ms: i64, remaining_ms: i64 },
}

/// What has to be written when an operation is through, and what follows from the outcome.
#[derive(Debug)]
pub(super) enum Completion {
    /// The empty record of a group that a join created (JOIN-29).
    NewGroup { asker: Asker },
    /// The group became Empty (STATE-08); nothing depends on it.
    Emptied,
    /// Tombstones of the clean-up (OFF-21).
    CleanedUp,
    /// The leader's assignment (SYNC-07, SYNC-08).
    Assignment { generation: Generation, leader: MemberId, metadata: std::sync::Arc<GroupMetadata> },
    /// A static member came back in Stable (STATIC-05, STATIC-10).
    Replaced(Box<super::static_member::Replacement>),
    /// Answered with `response` once it is written, with the error if that fails.
    Answer { asker: Asker, response: crate::protocol::Response },
}

pub(super) struct ClassicGroup {
    pub id: GroupId,
    pub kind: GroupKind,
    pub state: GroupState,
    pub previous_state: GroupState,
    /// When it took its state, in Kafka's milliseconds.
    pub state_ms: Option<u64>,
    pub generation: Generation,
    pub protocol_type: Option<Symbol>,
    pub protocol_name: Option<ProtocolName>,
    pub leader: Option<MemberId>,
    /// Whom another coordinator made leader of a generation to come, by the JoinGroup that it had parked.
    pub preferred_leaders: Vec<(Generation, (ConnectionId, CorrelationId))>,
    /// In order of joining: the earliest-joined remaining member succeeds a leader (LEAD-02).
    pub members: IndexMap<MemberId, Member, FxBuildHasher>,
    pub static_members: FxHashMap<InstanceId, MemberId>,
    pub tally: ProtocolTally,
    /// Ids handed out with MEMBER_ID_REQUIRED that have not come back (JOIN-10).
    pub pending: IndexMap<MemberId, TimerSlot, FxBuildHasher>,
    /// How many members have a parked JoinGroup.
    pub awaiting_join: usize,
    /// Ids that owe this generation a SyncGroup (SYNC-09). May hold an id that was replaced (STATIC-17).
    pub pending_sync: FxHashSet<MemberId>,
    /// DELAY-02.
    pub new_member_added: bool,
    pub join_timer: TimerSlot,
    pub join_timer_does: JoinTimer,
    pub sync_timer: TimerSlot,
    pub sync_generation: Generation,
    /// The event that began the generation.
    pub generation_event: Seq,
    /// The protocol type and the members' subscriptions when the protocol was chosen last; `None`: not known (OFF-20).
    pub subscriptions: Option<(Symbol, Vec<Bytes>)>,
}

impl ClassicGroup {
    /// An Empty group of generation 0 (STATE-02).
    pub fn new(id: GroupId, now_ms: u64) -> Self {
        ClassicGroup {
            id,
            kind: GroupKind::Classic,
            state: GroupState::Empty,
            previous_state: GroupState::Dead,
            state_ms: Some(now_ms),
            generation: Generation(0),
            protocol_type: None,
            protocol_name: None,
            leader: None,
            preferred_leaders: Vec::new(),
            members: IndexMap::default(),
            static_members: FxHashMap::default(),
            tally: ProtocolTally::default(),
            pending: IndexMap::default(),
            awaiting_join: 0,
            pending_sync: FxHashSet::default(),
            new_member_added: false,
            join_timer: TimerSlot::default(),
            join_timer_does: JoinTimer::Complete,
            sync_timer: TimerSlot::default(),
            sync_generation: Generation::NONE,
            generation_event: Seq::NONE,
            subscriptions: None,
        }
    }

    /// The group that a record describes (LOAD-05).
    pub fn load(id: GroupId, metadata: &GroupMetadata) -> Self {
        let mut group = ClassicGroup::new(id, 0);
        group.state = if metadata.members.is_empty() { GroupState::Empty } else { GroupState::Stable };
        group.state_ms = metadata.state_ms;
        group.generation = metadata.generation;
        group.protocol_type = metadata.protocol_type;
        group.protocol_name = metadata.protocol_name;
        group.leader = metadata.leader;
        let protocol = metadata.protocol_name.unwrap_or(ProtocolName::EMPTY);
        for record in &metadata.members {
            let member = Member::load(record, protocol);
            group.tally.add(&member.protocols);
            if member.is_static() {
                group.static_members.insert(member.instance, member.id);
            }
            group.leader.get_or_insert(member.id);
            group.members.insert(member.id, member);
        }
        group.note_subscriptions();
        group
    }

    /// What is written about the group now, with each member's assignment from `assignment`.
    pub fn metadata(&self, mut assignment: impl FnMut(&Member) -> Bytes) -> GroupMetadata {
        let protocol = self.protocol_name.unwrap_or(ProtocolName::EMPTY);
        let members: Vec<MemberRecord> = self.members.values().map(|m| m.record(protocol, assignment(m))).collect();
        GroupMetadata {
            generation: self.generation,
            protocol_type: self.protocol_type,
            protocol_name: self.protocol_name,
            leader: self.leader,
            state_ms: self.state_ms,
            members,
        }
    }

    pub fn is_leader(&self, member: MemberId) -> bool {
        self.leader == Some(member)
    }

    pub fn is_in(&self, states: &[GroupState]) -> bool {
        states.contains(&self.state)
    }

    /// Whether everyone who is coming has joined (REB-06).
    pub fn has_all_joined(&self) -> bool {
        self.members.len() == self.awaiting_join && self.pending.is_empty()
    }

    /// The longest rebalance timeout of the members; 0 without members.
    pub fn rebalance_timeout_ms(&self) -> i64 {
        self.members.values().map(|m| i64::from(m.rebalance_timeout_ms)).max().unwrap_or(0).max(0)
    }

    /// STATIC-02: a known instance id under its own member id, or a known member id.
    pub fn validate_member(&self, member: MemberId, instance: InstanceId) -> Result<(), ErrorCode> {
        if !instance.is_empty() {
            match self.static_members.get(&instance) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(&holder) if holder != member => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        if self.members.contains_key(&member) { Ok(()) } else { Err(ErrorCode::UnknownMemberId) }
    }

    /// JOIN-15: whether a joiner with these protocols fits in.
    pub fn supports(&self, protocol_type: Symbol, protocols: &[JoinProtocol]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let everyone = self.members.len();
        self.protocol_type == Some(protocol_type) && protocols.iter().any(|p| self.tally.count(p.name) == everyone)
    }

    pub fn select_protocol(&self, names: &Names) -> Option<ProtocolName> {
        protocols::select(&self.tally, self.members.values(), names)
    }

    /// Remembers the subscriptions that OFF-20 asks about; they are read only when somebody asks.
    pub fn note_subscriptions(&mut self) {
        let subscriptions = match self.protocol_name {
            _ if self.members.is_empty() => Some(Vec::new()),
            Some(protocol) => Some(self.members.values().map(|m| m.metadata(protocol)).collect()),
            None => None,
        };
        self.subscriptions = self.protocol_type.zip(subscriptions);
    }

    /// The list that the leader gets.
    pub fn member_list(&self) -> Vec<JoinGroupMember> {
        let protocol = self.protocol_name.unwrap_or(ProtocolName::EMPTY);
        self.members.values().map(|m| m.join_member(protocol)).collect()
    }

    /// Changes the state; returns the event that says so.
    pub fn transition(&mut self, op: &mut Op<'_, '_>, to: GroupState, why: Why) -> Seq {
        debug_assert!(may_follow(self.state, to), "{:?} -> {to:?} (STATE-03)", self.state);
        let from = std::mem::replace(&mut self.state, to);
        self.previous_state = from;
        self.state_ms = Some(op.now_ms());
        let Why { reason, member } = why;
        let kind = Kind::GroupStateChanged { group: self.id, from, to, generation: self.generation, reason, member };
        op.cx.emit_broker(kind)
    }

    /// Adds a member whose join is parked; the first one becomes leader (LEAD-01).
    pub fn add(&mut self, op: &mut Op<'_, '_>, mut member: Member, protocol_type: Symbol) -> Seq {
        if self.members.is_empty() {
            self.protocol_type = Some(protocol_type);
        }
        self.leader.get_or_insert(member.id);
        if member.is_static() {
            self.static_members.insert(member.instance, member.id);
        }
        if let Some(slot) = self.pending.shift_remove(&member.id) {
            member.session = slot;
            let reason = PendingEnd::Joined;
            op.cx.emit_broker(Kind::PendingEnded { group: self.id, member: member.id, reason });
        }
        self.tally.add(&member.protocols);
        let mut holder = (ActorId::BROKER, Incarnation(0));
        if let Some(asker) = &member.awaiting_join {
            holder = (asker.client, asker.incarnation);
            self.awaiting_join += 1;
        }
        let added = op.cx.emit_broker(Kind::MemberAdded {
            group: self.id,
            member: member.id,
            instance: member.instance,
            client: holder.0,
            client_incarnation: holder.1,
            session_timeout_ms: member.session_timeout_ms,
            rebalance_timeout_ms: member.rebalance_timeout_ms,
        });
        self.members.insert(member.id, member);
        added
    }

    /// Removes a member or a pending id, whichever `id` is; its parked requests are forgotten unanswered.
    pub fn remove(&mut self, op: &mut Op<'_, '_>, id: MemberId, reason: RemovalReason, ended: PendingEnd) {
        if let Some(removed) = self.members.shift_remove(&id) {
            self.tally.remove(&removed.protocols);
            self.awaiting_join -= usize::from(removed.awaiting_join.is_some());
            self.static_members.remove(&removed.instance);
            op.cx.emit_broker(Kind::MemberRemoved { group: self.id, member: id, reason });
        }
        if self.is_leader(id) {
            self.leader = self.members.first().map(|(next, _)| *next);
        }
        if self.pending.shift_remove(&id).is_some() {
            op.cx.emit_broker(Kind::PendingEnded { group: self.id, member: id, reason: ended });
        }
        self.pending_sync.remove(&id);
    }

    /// Starts a member's session timer anew, for `timeout_ms`.
    #[inline]
    pub fn arm_session(op: &mut Op<'_, '_>, group: GroupId, member: &mut Member, timeout_ms: i32, cause: Seq) {
        let at = op.cx.now.deadline_ms(i64::from(timeout_ms));
        op.timers.arm(&mut member.session, at, cause, Target::Session(group, member.id));
    }
}

/// STATE-03: whether a group may go from `from` to `to`.
pub(super) fn may_follow(from: GroupState, to: GroupState) -> bool {
    use GroupState::*;
    match to {
        Empty | CompletingRebalance => from == PreparingRebalance,
        PreparingRebalance => matches!(from, Empty | CompletingRebalance | Stable),
        Stable => from == CompletingRebalance,
        Dead => true,
    }
}
