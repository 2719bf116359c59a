//! JoinGroup (JOIN).

use super::answers::{Asker, Op};
use super::group::{ClassicGroup, Completion, Why};
use super::member::Member;
use super::timers::{Target, TimerSlot};
use crate::choice::Purpose;
use crate::config::BrokerConfig;
use crate::ids::{InstanceId, MemberId, Symbol};
use crate::protocol::{ErrorCode, GroupState, JoinGroupRequest, JoinGroupResponse};
use crate::trace::{Kind, PendingEnd, RemovalReason, StateReason};

impl ClassicGroup {
    /// A JoinGroup for this group, request-layer checks done.
    pub fn join(&mut self, op: &mut Op<'_, '_>, request: JoinGroupRequest, asker: Asker) -> Option<Completion> {
        if !self.accepts(op.config.group_max_size, request.member) {
            self.remove(op, request.member, RemovalReason::Capacity, PendingEnd::Capacity);
            return Self::refuse_join(op, &asker, ErrorCode::GroupMaxSizeReached, MemberId::EMPTY);
        }
        if self.state == GroupState::Dead {
            return Self::refuse_join(op, &asker, ErrorCode::CoordinatorNotAvailable, request.member);
        }
        if !self.supports(request.protocol_type, &request.protocols) {
            return Self::refuse_join(op, &asker, ErrorCode::InconsistentGroupProtocol, request.member);
        }
        if request.member.is_empty() {
            self.join_new(op, request, asker)
        } else if self.pending.contains_key(&request.member) {
            if !request.instance.is_empty() {
                // An illegal state in Kafka, where only dynamic members are ever pending (JOIN-14).
                return Self::refuse_join(op, &asker, ErrorCode::UnknownServerError, MemberId::EMPTY);
            }
            let id = request.member;
            self.add_member(op, id, request, asker)
        } else {
            self.join_existing(op, request, asker)
        }
    }

    pub fn refuse_join(op: &mut Op<'_, '_>, asker: &Asker, error: ErrorCode, member: MemberId) -> Option<Completion> {
        op.respond_join(asker, JoinGroupResponse::error(error, member));
        None
    }

    /// `group.max.size` (JOIN-05, 06, 07).
    fn accepts(&self, max_size: i32, member: MemberId) -> bool {
        let max_size = usize::try_from(max_size).unwrap_or(0);
        let known = self.members.get(&member);
        match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                known.is_some_and(|m| m.awaiting_join.is_some()) || self.awaiting_join < max_size
            }
            GroupState::CompletingRebalance | GroupState::Stable => known.is_some() || self.members.len() < max_size,
        }
    }

    /// A join without a member id (JOIN-10, JOIN-12, STATIC-01).
    fn join_new(&mut self, op: &mut Op<'_, '_>, request: JoinGroupRequest, asker: Asker) -> Option<Completion> {
        let id = fresh_member_id(op, &asker, request.instance);
        if !request.instance.is_empty() {
            return match self.static_members.get(&request.instance) {
                Some(&old) => self.replace_static(op, old, id, request, asker),
                None => self.add_member(op, id, request, asker),
            };
        }
        if asker.api_version < 4 {
            return self.add_member(op, id, request, asker);
        }
        let pending = op.cx.emit_broker(Kind::MemberPending {
            group: self.id,
            member: id,
            client: asker.client,
            client_incarnation: asker.incarnation,
            session_timeout_ms: request.session_timeout_ms,
        });
        let mut slot = TimerSlot::default();
        let at = op.cx.now.deadline_ms(i64::from(request.session_timeout_ms));
        op.timers.arm(&mut slot, at, pending, Target::Session(self.id, id));
        self.pending.insert(id, slot);
        Self::refuse_join(op, &asker, ErrorCode::MemberIdRequired, id)
    }

    /// Adds a member and parks its join (JOIN-13, JOIN-18, SESS-05).
    fn add_member(
        &mut self,
        op: &mut Op<'_, '_>,
        id: MemberId,
        request: JoinGroupRequest,
        asker: Asker,
    ) -> Option<Completion> {
        if self.state == GroupState::PreparingRebalance && self.previous_state == GroupState::Empty {
            self.new_member_added = true;
        }
        let protocol_type = request.protocol_type;
        let member = Member::new(id, request, asker, op.no_bytes());
        let added = self.add(op, member, protocol_type);
        if let Some(member) = self.members.get_mut(&id) {
            Self::arm_session(op, self.id, member, BrokerConfig::NEW_MEMBER_JOIN_TIMEOUT_MS, added);
        }
        self.rebalance_or_complete(op, Why::new(StateReason::MemberJoined, id))
    }

    /// A join under a member id (JOIN-19..25).
    fn join_existing(&mut self, op: &mut Op<'_, '_>, request: JoinGroupRequest, asker: Asker) -> Option<Completion> {
        let id = request.member;
        let member = match self.validate_member(id, request.instance).map(|()| self.members.get(&id)) {
            Ok(Some(member)) => member,
            Ok(None) => return Self::refuse_join(op, &asker, ErrorCode::UnknownMemberId, id),
            Err(error) => return Self::refuse_join(op, &asker, error, id),
        };
        let changed = member.protocols != request.protocols;
        let leads = self.is_leader(id);
        let reason = match self.state {
            GroupState::CompletingRebalance if !changed => return self.repeat_join_answer(op, &asker, leads),
            GroupState::Stable if !changed && !leads => return self.repeat_join_answer(op, &asker, false),
            GroupState::Stable if leads => StateReason::LeaderRejoined,
            GroupState::PreparingRebalance | GroupState::CompletingRebalance | GroupState::Stable => {
                StateReason::MetadataChanged
            }
            GroupState::Empty | GroupState::Dead => {
                return Self::refuse_join(op, &asker, ErrorCode::UnknownMemberId, id);
            }
        };
        self.update_member(op, id, &request, Some(asker));
        self.rebalance_or_complete(op, Why::new(reason, id))
    }

    /// JOIN-20, JOIN-24: the answer of the current generation once more.
    fn repeat_join_answer(&mut self, op: &mut Op<'_, '_>, asker: &Asker, with_list: bool) -> Option<Completion> {
        let response = JoinGroupResponse {
            error: ErrorCode::None,
            generation: self.generation,
            protocol_type: self.protocol_type,
            protocol_name: self.protocol_name,
            leader: self.leader.unwrap_or(MemberId::EMPTY),
            skip_assignment: false,
            member: asker.member,
            members: if with_list { self.member_list() } else { Vec::new() },
        };
        op.respond_join(asker, response);
        None
    }

    /// Stores what a rejoin brings and parks it; an earlier parked join of the member is forgotten (JOIN-19).
    pub fn update_member(
        &mut self,
        op: &mut Op<'_, '_>,
        id: MemberId,
        request: &JoinGroupRequest,
        parked: Option<Asker>,
    ) {
        let Some(member) = self.members.get_mut(&id) else { return };
        self.tally.remove(&member.protocols);
        self.tally.add(&request.protocols);
        member.protocols.clone_from(&request.protocols);
        member.rebalance_timeout_ms = request.rebalance_timeout_ms;
        member.session_timeout_ms = request.session_timeout_ms;
        self.awaiting_join -= usize::from(member.awaiting_join.is_some());
        self.awaiting_join += usize::from(parked.is_some());
        member.awaiting_join = parked;
        op.cx.emit_broker(Kind::MemberUpdated {
            group: self.id,
            member: id,
            session_timeout_ms: request.session_timeout_ms,
            rebalance_timeout_ms: request.rebalance_timeout_ms,
        });
    }
}

/// `<client.id>-<uuid>`, or `<group.instance.id>-<uuid>` for a static member (STATIC-01).
fn fresh_member_id(op: &mut Op<'_, '_>, asker: &Asker, instance: InstanceId) -> MemberId {
    let bits = op.cx.choice.draw_u128(Purpose::MemberUuid, asker.client);
    let uuid = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{uuid:032x}");
    let prefix: Symbol = if instance.is_empty() { asker.client_id.into() } else { instance.into() };
    let prefix = op.cx.names.text(prefix);
    let id = format!("{prefix}-{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    MemberId(op.cx.names.intern(&id))
}
