//! Giving up the log and taking it over (LOAD).

use super::Coordinator;
use super::answers::Op;
use super::group::{ClassicGroup, Why};
use crate::broker::Answer;
use crate::context::Context;
use crate::ids::MemberId;
use crate::protocol::{ErrorCode, GroupState, JoinGroupResponse, SyncGroupResponse};
use crate::trace::{Kind, StateReason};

impl Coordinator {
    /// LOAD-11: every group dies, its parked requests are answered, its timers stop.
    pub(super) fn unload(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        let (groups, mut op) = self.split(cx, out);
        for group in groups.values_mut() {
            group.unload(&mut op);
        }
        self.timers = Default::default();
        self.expiry = Default::default();
        self.undone.clear();
        self.unwritten.clear();
    }

    /// LOAD-05: the groups that the log describes; LOAD-07, LOAD-08.
    pub(super) fn load(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        self.groups.clear();
        self.log.replay();
        for (&id, metadata) in &self.log.durable().groups {
            self.groups.insert(id, ClassicGroup::load(id, metadata));
        }
        for &id in self.log.durable().offsets.keys() {
            self.groups.entry(id).or_insert_with(|| ClassicGroup::new(id, cx.now.as_ms()));
        }
        self.loaded_ms = cx.now.as_ms();
        self.arm_expiry(cx);
        let (groups, mut op) = self.split(cx, out);
        for group in groups.values_mut() {
            group.loaded(&mut op);
        }
    }
}

impl ClassicGroup {
    fn unload(&mut self, op: &mut Op<'_, '_>) {
        let dead = self.transition(op, GroupState::Dead, Why::new(StateReason::Unloaded, MemberId::EMPTY));
        op.caused_by(dead, |op| {
            for member in self.members.values_mut() {
                match self.previous_state {
                    GroupState::PreparingRebalance => {
                        let Some(asker) = member.awaiting_join.take() else { continue };
                        self.awaiting_join -= 1;
                        op.respond_join(&asker, JoinGroupResponse::error(ErrorCode::NotCoordinator, member.id));
                    }
                    GroupState::CompletingRebalance | GroupState::Stable => {
                        let Some(asker) = member.awaiting_sync.take() else { continue };
                        op.respond_sync(&asker, SyncGroupResponse::error(ErrorCode::NotCoordinator));
                    }
                    GroupState::Empty | GroupState::Dead => {}
                }
            }
        });
    }

    fn loaded(&mut self, op: &mut Op<'_, '_>) {
        let loaded = op.cx.emit_broker(Kind::GroupStateChanged {
            group: self.id,
            from: GroupState::Dead,
            to: self.state,
            generation: self.generation,
            reason: StateReason::Loaded,
            member: MemberId::EMPTY,
        });
        for member in self.members.values_mut() {
            Self::arm_session(op, self.id, member, member.session_timeout_ms, loaded);
        }
        if self.members.len() > usize::try_from(op.config.group_max_size).unwrap_or(0) {
            let why = Why::new(StateReason::OverCapacity, MemberId::EMPTY);
            // Nobody has joined yet, so there is nothing to write.
            let _ = op.caused_by(loaded, |op| self.prepare_rebalance(op, why));
        }
    }
}
