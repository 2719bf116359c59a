//! Giving up the log and taking it over (LOAD).

use super::Coordinator;
use super::answers::Op;
use super::group::{ClassicGroup, Why};
use super::records::Durable;
use crate::broker::Answer;
use crate::context::Context;
use crate::ids::{GroupId, MemberId};
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
        self.moves.clear();
    }

    /// LOAD-05: the groups that the log describes; LOAD-07, LOAD-08.
    pub(super) fn load(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        self.groups.clear();
        self.log.replay();
        let Durable { groups, offsets } = self.log.durable();
        for &id in groups.keys().chain(offsets.keys()) {
            if let Some(group) = ClassicGroup::of_log(id, self.log.durable(), cx.now.as_ms()) {
                self.groups.entry(id).or_insert(group);
            }
        }
        self.loaded_ms = cx.now.as_ms();
        self.arm_expiry(cx);
        let Coordinator { config, groups, timers, batch, log, .. } = self;
        let mut op = Op { cx, out, config, timers, batch };
        for group in groups.values_mut() {
            group.loaded(&mut op, log.durable());
        }
    }
}

impl ClassicGroup {
    /// What the log has of a group; one of which it has offsets only is Empty.
    pub(super) fn of_log(id: GroupId, durable: &Durable, now_ms: u64) -> Option<ClassicGroup> {
        let known = durable.groups.get(&id).map(|metadata| ClassicGroup::load(id, metadata));
        known.or_else(|| durable.offsets.contains_key(&id).then(|| ClassicGroup::new(id, now_ms)))
    }

    pub(super) fn unload(&mut self, op: &mut Op<'_, '_>) {
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

    pub(super) fn loaded(&mut self, op: &mut Op<'_, '_>, durable: &Durable) {
        let loaded = op.cx.emit_broker(Kind::GroupStateChanged {
            group: self.id,
            from: GroupState::Dead,
            to: self.state,
            generation: self.generation,
            reason: StateReason::Loaded,
            member: MemberId::EMPTY,
        });
        for member in self.members.values_mut() {
            let (client, client_incarnation) = member.holder;
            let member_loaded = Kind::MemberLoaded {
                group: self.id,
                member: member.id,
                instance: member.instance,
                client,
                client_incarnation,
                session_timeout_ms: member.session_timeout_ms,
                rebalance_timeout_ms: member.rebalance_timeout_ms,
            };
            op.caused_by(loaded, |op| op.cx.emit_broker(member_loaded));
            Self::arm_session(op, self.id, member, member.session_timeout_ms, loaded);
        }
        op.caused_by(loaded, |op| {
            if let Some(metadata) = durable.groups.get(&self.id) {
                self.show_assignment(op, metadata);
            }
            for (&partition, stored) in durable.offsets.get(&self.id).into_iter().flatten() {
                let offset = stored.offset;
                op.cx.emit_broker(Kind::OffsetLoaded { group: self.id, partition, offset });
            }
        });
        if self.members.len() > usize::try_from(op.config.group_max_size).unwrap_or(0) {
            let why = Why::new(StateReason::OverCapacity, MemberId::EMPTY);
            // Nobody has joined yet, so there is nothing to write.
            let _ = op.caused_by(loaded, |op| self.prepare_rebalance(op, why));
        }
    }
}
