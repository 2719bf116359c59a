//! A static member that comes back without its member id (STATIC).

use super::answers::{Asker, Op};
use super::group::{ClassicGroup, Completion, Why};
use super::member::Member;
use super::records::{Record, append_error};
use super::timers::TimerSlot;
use crate::ids::{ActorId, Incarnation, InstanceId, MemberId};
use crate::protocol::{ErrorCode, GroupState, JoinGroupRequest, JoinGroupResponse, JoinProtocol, SyncGroupResponse};
use crate::trace::{Kind, StateReason};
use std::sync::Arc;

/// A replacement in Stable that is being written, with what it takes to undo it (STATIC-10).
#[derive(Debug)]
pub(super) struct Replacement {
    asker: Asker,
    instance: InstanceId,
    old: MemberId,
    new: MemberId,
    old_protocols: Vec<JoinProtocol>,
    old_rebalance_timeout_ms: i32,
    old_session_timeout_ms: i32,
    /// The leader before the replacement (STATIC-09).
    leader: Option<MemberId>,
}

impl ClassicGroup {
    /// STATIC-03: the instance goes on under the id `new`.
    pub fn replace_static(
        &mut self,
        op: &mut Op<'_, '_>,
        old: MemberId,
        new: MemberId,
        request: JoinGroupRequest,
        asker: Asker,
    ) -> Option<Completion> {
        let leader = self.leader;
        self.rename(op, request.instance, old, new, (asker.client, asker.incarnation));
        let replaced = self.members.get(&new)?;
        let undo = Replacement {
            asker,
            instance: request.instance,
            old,
            new,
            old_protocols: replaced.protocols.clone(),
            old_rebalance_timeout_ms: replaced.rebalance_timeout_ms,
            old_session_timeout_ms: replaced.session_timeout_ms,
            leader,
        };
        self.update_member(op, new, &request, Some(asker));
        match self.state {
            GroupState::Stable if self.protocol_name == self.select_protocol(op.cx.names) => {
                let metadata = self.metadata(|member| member.assignment.clone());
                op.batch.push(Record::Group(self.id, Some(Arc::new(metadata))));
                Some(Completion::Replaced(Box::new(undo)))
            }
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.prepare_rebalance(op, Why::new(StateReason::StaticReplaced, new))
            }
            _ => self.maybe_complete_join(op),
        }
    }

    /// Gives the member `old` the id `new`, in its old place. Requests parked under the old id are fenced (STATIC-04);
    /// the session timer starts with the old session timeout (STATIC-03); the pending-sync set is left alone (STATIC-17).
    fn rename(
        &mut self,
        op: &mut Op<'_, '_>,
        instance: InstanceId,
        old: MemberId,
        new: MemberId,
        holder: (ActorId, Incarnation),
    ) {
        let Some((place, _, mut removed)) = self.members.shift_remove_full(&old) else { return };
        if let Some(asker) = removed.awaiting_join.take() {
            self.awaiting_join -= 1;
            op.respond_join(&asker, JoinGroupResponse::error(ErrorCode::FencedInstanceId, old));
        }
        if let Some(asker) = removed.awaiting_sync.take() {
            op.respond_sync(&asker, SyncGroupResponse::error(ErrorCode::FencedInstanceId));
        }
        let (client, client_incarnation) = holder;
        let kind = Kind::MemberReplaced { group: self.id, instance, old, new, client, client_incarnation };
        let replaced = op.cx.emit_broker(kind);
        let mut member = Member { id: new, holder, is_new: false, session: TimerSlot::default(), ..removed };
        let session_timeout_ms = member.session_timeout_ms;
        Self::arm_session(op, self.id, &mut member, session_timeout_ms, replaced);
        self.members.shift_insert(place, new, member);
        if self.is_leader(old) {
            self.leader = Some(new);
        }
        self.static_members.insert(instance, new);
    }

    /// The record of a replacement has been written, or not (STATIC-05, 08, 09, 10).
    pub fn replacement_appended(&mut self, op: &mut Op<'_, '_>, it: Replacement, result: Result<(), ErrorCode>) {
        if let Err(error) = result {
            return self.undo_replacement(op, it, append_error(error));
        }
        let leads = self.is_leader(it.new);
        let skips = it.asker.api_version >= 9;
        let leader = if skips { self.leader } else { it.leader };
        let response = JoinGroupResponse {
            error: ErrorCode::None,
            generation: self.generation,
            protocol_type: self.protocol_type,
            protocol_name: self.protocol_name,
            leader: leader.unwrap_or(MemberId::EMPTY),
            skip_assignment: skips && leads,
            member: it.new,
            members: if skips && leads { self.member_list() } else { Vec::new() },
        };
        let Some(asker) = self.members.get_mut(&it.new).and_then(|member| member.awaiting_join.take()) else { return };
        self.awaiting_join -= 1;
        op.respond_join(&asker, response);
    }

    fn undo_replacement(&mut self, op: &mut Op<'_, '_>, it: Replacement, error: ErrorCode) {
        let before = JoinGroupRequest {
            group: Some(self.id),
            session_timeout_ms: it.old_session_timeout_ms,
            rebalance_timeout_ms: it.old_rebalance_timeout_ms,
            member: it.old,
            instance: it.instance,
            protocol_type: Default::default(),
            protocols: it.old_protocols,
            reason: Default::default(),
        };
        self.update_member(op, it.new, &before, None);
        self.rename(op, it.instance, it.new, it.old, (it.asker.client, it.asker.incarnation));
        let mut response = JoinGroupResponse::error(error, MemberId::EMPTY);
        response.generation = self.generation;
        response.protocol_type = self.protocol_type;
        response.protocol_name = self.protocol_name;
        response.leader = it.leader.unwrap_or(MemberId::EMPTY);
        op.respond_join(&it.asker, response);
    }
}
