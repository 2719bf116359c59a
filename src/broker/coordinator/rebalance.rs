//! The join phase: how it begins, how it is delayed, how it ends (REB, DELAY).

use super::answers::Op;
use super::group::{ClassicGroup, Completion, JoinTimer, Why};
use super::member::Member;
use super::records::Record;
use super::timers::Target;
use crate::ids::{MemberId, ProtocolName, Seq};
use crate::protocol::{ErrorCode, GroupState, JoinGroupResponse, SyncGroupResponse};
use crate::trace::{Kind, PendingEnd, RemovalReason, StateReason};
use std::sync::Arc;

impl ClassicGroup {
    /// Begins a rebalance, or ends the one in progress if everyone has joined (STATE-04).
    pub fn rebalance_or_complete(&mut self, op: &mut Op<'_, '_>, why: Why) -> Option<Completion> {
        if self.is_in(&[GroupState::Empty, GroupState::CompletingRebalance, GroupState::Stable]) {
            self.prepare_rebalance(op, why)
        } else {
            self.maybe_complete_join(op)
        }
    }

    /// Enters PreparingRebalance (REB-01..04).
    pub fn prepare_rebalance(&mut self, op: &mut Op<'_, '_>, why: Why) -> Option<Completion> {
        let was = self.state;
        let prepared = self.transition(op, GroupState::PreparingRebalance, why);
        op.caused_by(prepared, |op| {
            if was == GroupState::CompletingRebalance {
                self.blank_assignments(op, ErrorCode::RebalanceInProgress);
            }
            self.pending_sync.clear();
            self.sync_timer.cancel();
            if was == GroupState::Empty {
                let delay_ms = i64::from(op.config.group_initial_rebalance_delay_ms);
                let remaining_ms = (self.rebalance_timeout_ms() - delay_ms).max(0);
                self.arm_join(op, delay_ms, JoinTimer::Initial { delay_ms, remaining_ms });
                None
            } else if self.has_all_joined() {
                self.complete_join(op)
            } else {
                self.arm_join(op, self.rebalance_timeout_ms(), JoinTimer::Complete);
                None
            }
        })
    }

    fn arm_join(&mut self, op: &mut Op<'_, '_>, ms: i64, does: JoinTimer) {
        self.join_timer_does = does;
        let at = op.cx.now.deadline_ms(ms);
        op.timers.arm(&mut self.join_timer, at, op.cx.cause, Target::Join(self.id));
    }

    /// REB-01: takes everyone's assignment away and answers the parked syncs with `error`.
    pub fn blank_assignments(&mut self, op: &mut Op<'_, '_>, error: ErrorCode) {
        let none = op.no_bytes();
        for member in self.members.values_mut() {
            member.assignment = none.clone();
            let Some(asker) = member.awaiting_sync.take() else { continue };
            let answered = op.respond_sync(&asker, SyncGroupResponse::error(error));
            Self::arm_session(op, self.id, member, member.session_timeout_ms, answered);
        }
    }

    /// Ends the join phase if everyone has joined and it is not the initial one (REB-07, REB-11).
    pub fn maybe_complete_join(&mut self, op: &mut Op<'_, '_>) -> Option<Completion> {
        let initial = self.previous_state == GroupState::Empty;
        if self.state != GroupState::PreparingRebalance || initial || !self.has_all_joined() {
            return None;
        }
        self.complete_join(op)
    }

    /// The same after an expiry, which does not ask whether the rebalance is the initial one (REB-12).
    pub fn complete_join_after_expiry(&mut self, op: &mut Op<'_, '_>) -> Option<Completion> {
        if self.state != GroupState::PreparingRebalance || !self.has_all_joined() {
            return None;
        }
        self.complete_join(op)
    }

    /// The join timer fired.
    pub fn join_timer_fired(&mut self, op: &mut Op<'_, '_>) -> Option<Completion> {
        if self.state == GroupState::Empty {
            // The timer of a group of the same id that was undone. Kafka counts the generation up, then fails on the
            // transition from Empty to Empty (JOIN-29).
            self.generation.0 += 1;
            self.show_generation(op);
            return None;
        }
        let JoinTimer::Initial { delay_ms, remaining_ms } = self.join_timer_does else { return self.complete_join(op) };
        if !self.new_member_added || remaining_ms == 0 {
            return self.complete_join(op);
        }
        self.new_member_added = false;
        let next_ms = remaining_ms.min(i64::from(op.config.group_initial_rebalance_delay_ms));
        let left_ms = (remaining_ms - delay_ms).max(0);
        self.arm_join(op, next_ms, JoinTimer::Initial { delay_ms: next_ms, remaining_ms: left_ms });
        None
    }

    /// Ends the join phase (REB-08, 09, 10).
    fn complete_join(&mut self, op: &mut Op<'_, '_>) -> Option<Completion> {
        self.join_timer.cancel();
        self.remove_absent_dynamic_members(op);
        if self.state == GroupState::Dead {
            return None;
        }
        if !self.elect_joined_leader() && !self.members.is_empty() {
            // Kafka restarts the timer even for 0 ms and then does nothing else; a millisecond keeps time going.
            self.arm_join(op, self.rebalance_timeout_ms().max(1), JoinTimer::Complete);
            return None;
        }
        self.generation.0 += 1;
        self.follow_preference();
        self.protocol_name = self.select_protocol(op.cx.names);
        self.note_subscriptions();
        self.pending_sync.clear();
        self.show_generation(op);
        op.caused_by(self.generation_event, |op| {
            if self.members.is_empty() {
                self.transition(op, GroupState::Empty, Why::new(StateReason::NobodyJoined, MemberId::EMPTY));
                op.batch.push(Record::Group(self.id, Some(Arc::new(self.metadata(|m| m.assignment.clone())))));
                return Some(Completion::Emptied);
            }
            self.transition(op, GroupState::CompletingRebalance, Why::new(StateReason::JoinComplete, MemberId::EMPTY));
            self.answer_joins(op);
            self.sync_generation = self.generation;
            let at = op.cx.now.deadline_ms(self.rebalance_timeout_ms());
            op.timers.arm(&mut self.sync_timer, at, self.generation_event, Target::Sync(self.id));
            None
        })
    }

    fn show_generation(&mut self, op: &mut Op<'_, '_>) {
        self.generation_event = op.cx.emit_broker(Kind::GenerationStarted {
            group: self.id,
            generation: self.generation,
            leader: self.leader.unwrap_or(MemberId::EMPTY),
            protocol: self.protocol_name.unwrap_or(ProtocolName::EMPTY),
            members: u32::try_from(self.members.len()).unwrap_or(u32::MAX),
        });
    }

    /// REB-08.
    fn remove_absent_dynamic_members(&mut self, op: &mut Op<'_, '_>) {
        let (group, tally, pending_sync) = (self.id, &mut self.tally, &mut self.pending_sync);
        self.members.retain(|id, member| {
            if member.awaiting_join.is_some() || member.is_static() {
                return true;
            }
            tally.remove(&member.protocols);
            pending_sync.remove(id);
            op.cx.emit_broker(Kind::MemberRemoved { group, member: *id, reason: RemovalReason::RebalanceTimeout });
            false
        });
        if self.leader.is_some_and(|leader| !self.members.contains_key(&leader)) {
            self.leader = self.members.first().map(|(next, _)| *next);
        }
    }

    /// LEAD-03: a leader that did not join gives way to the earliest member that did. `false`: nobody joined.
    fn elect_joined_leader(&mut self) -> bool {
        let Some(leader) = self.leader else { return false };
        if self.members.get(&leader).is_some_and(|m| m.awaiting_join.is_some()) {
            return true;
        }
        let joined = self.members.values().find(|m| m.awaiting_join.is_some()).map(|m| m.id);
        if joined.is_some() {
            self.leader = joined;
        }
        joined.is_some()
    }

    /// Where Kafka's choice among joined members is free, a comparison makes ours the same.
    fn follow_preference(&mut self) {
        let Some(at) = self.preferred_leaders.iter().position(|(at, _)| *at == self.generation) else { return };
        let (_, join) = self.preferred_leaders.swap_remove(at);
        let parked =
            |member: &&Member| member.awaiting_join.is_some_and(|asker| (asker.connection, asker.correlation) == join);
        self.leader = self.members.values().find(parked).map(|member| member.id).or(self.leader);
    }

    /// REB-10: everyone gets the new generation, a new session and a sync to send.
    fn answer_joins(&mut self, op: &mut Op<'_, '_>) {
        let leader = self.leader.unwrap_or(MemberId::EMPTY);
        let mut list = self.member_list();
        let cause = op.cx.cause;
        for member in self.members.values_mut() {
            let mut answered = cause;
            if let Some(asker) = member.awaiting_join.take() {
                self.awaiting_join -= 1;
                let response = JoinGroupResponse {
                    error: ErrorCode::None,
                    generation: self.generation,
                    protocol_type: self.protocol_type,
                    protocol_name: self.protocol_name,
                    leader,
                    skip_assignment: false,
                    member: member.id,
                    members: if member.id == leader { std::mem::take(&mut list) } else { Vec::new() },
                };
                answered = op.respond_join(&asker, response);
            }
            Self::arm_session(op, self.id, member, member.session_timeout_ms, answered);
            member.is_new = false;
            self.pending_sync.insert(member.id);
        }
    }

    /// The session timer of `id` fired (SESS-04, 05, 07; JOIN-11).
    pub fn session_expired(&mut self, op: &mut Op<'_, '_>, id: MemberId) -> Option<Completion> {
        if self.state == GroupState::Dead {
            return None;
        }
        if self.pending.contains_key(&id) {
            self.remove(op, id, RemovalReason::Session, PendingEnd::Expired);
            return self.complete_join_after_expiry(op);
        }
        if self.members.get(&id).is_none_or(|member| member.has_satisfied_heartbeat()) {
            return None;
        }
        self.answer_removed(op, id);
        self.remove(op, id, RemovalReason::Session, PendingEnd::Expired);
        if self.is_in(&[GroupState::Stable, GroupState::CompletingRebalance]) {
            self.prepare_rebalance(op, Why::new(StateReason::SessionExpired, id))
        } else {
            self.complete_join_after_expiry(op)
        }
    }

    /// Tells a member that is about to be removed, if its join is parked (LEAVE-07, SESS-05).
    pub fn answer_removed(&mut self, op: &mut Op<'_, '_>, id: MemberId) -> Option<Seq> {
        let asker = self.members.get_mut(&id)?.awaiting_join.take()?;
        self.awaiting_join -= 1;
        Some(op.respond_join(&asker, JoinGroupResponse::error(ErrorCode::UnknownMemberId, MemberId::EMPTY)))
    }

    /// The sync timer fired (SYNC-10).
    pub fn sync_timer_fired(&mut self, op: &mut Op<'_, '_>) -> Option<Completion> {
        let waiting = self.is_in(&[GroupState::CompletingRebalance, GroupState::Stable]);
        if self.sync_generation != self.generation || !waiting || self.pending_sync.is_empty() {
            return None;
        }
        let late: Vec<MemberId> = self.members.keys().copied().filter(|id| self.pending_sync.contains(id)).collect();
        for &id in &late {
            self.remove(op, id, RemovalReason::SyncTimeout, PendingEnd::Expired);
        }
        let first = late.first().copied().unwrap_or(MemberId::EMPTY);
        self.prepare_rebalance(op, Why::new(StateReason::SyncExpired, first))
    }
}
