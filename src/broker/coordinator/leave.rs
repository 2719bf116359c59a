//! LeaveGroup (LEAVE).

use super::answers::{Asker, Op};
use super::group::{ClassicGroup, Completion, Why};
use crate::ids::MemberId;
use crate::protocol::{ErrorCode, GroupState, LeaveGroupRequest, LeaveGroupResponse, LeavingMember, Response};
use crate::trace::{PendingEnd, RemovalReason, StateReason};

impl ClassicGroup {
    /// A LeaveGroup for this group: entry by entry, then one rebalance for all (LEAVE-02, LEAVE-08).
    pub fn leave(&mut self, op: &mut Op<'_, '_>, request: &LeaveGroupRequest, asker: Asker) -> Option<Completion> {
        if self.state == GroupState::Dead {
            let error = ErrorCode::CoordinatorNotAvailable;
            op.respond(&asker, leave_response(error, Vec::new()));
            return None;
        }
        let mut members = Vec::with_capacity(request.members.len());
        let mut first_out = None;
        for entry in &request.members {
            let (error, out) = match self.leave_one(op, entry) {
                Ok(out) => (ErrorCode::None, Some(out)),
                Err(error) => (error, None),
            };
            first_out = first_out.or(out);
            members.push((entry.member, entry.instance, error));
        }
        let effect = match (first_out, self.state) {
            (Some(member), GroupState::Stable | GroupState::CompletingRebalance) => {
                self.prepare_rebalance(op, Why::new(StateReason::MemberLeft, member))
            }
            (Some(_), GroupState::PreparingRebalance) => self.maybe_complete_join(op),
            _ => None,
        };
        let response = leave_response(ErrorCode::None, members);
        if effect.is_some() {
            return Some(Completion::Answer { asker, response });
        }
        op.respond(&asker, response);
        None
    }

    /// LEAVE-03..07; who was removed.
    fn leave_one(&mut self, op: &mut Op<'_, '_>, entry: &LeavingMember) -> Result<MemberId, ErrorCode> {
        if entry.member.is_empty() {
            let holder = self.static_members.get(&entry.instance).copied();
            let holder = holder.filter(|_| !entry.instance.is_empty()).ok_or(ErrorCode::UnknownMemberId)?;
            self.answer_removed(op, holder);
            self.remove(op, holder, RemovalReason::Admin, PendingEnd::Left);
            return Ok(holder);
        }
        if !self.pending.contains_key(&entry.member) {
            self.validate_member(entry.member, entry.instance)?;
        }
        let max_poll = op.cx.names.text(entry.reason).starts_with(LeavingMember::POLL_TIMEOUT);
        let reason = if max_poll { RemovalReason::MaxPoll } else { RemovalReason::Leave };
        self.answer_removed(op, entry.member);
        self.remove(op, entry.member, reason, PendingEnd::Left);
        Ok(entry.member)
    }
}

/// LEAVE-01: what every entry of a LeaveGroup to an unknown group gets.
pub(super) fn unknown_group(request: &LeaveGroupRequest) -> Response {
    let unknown = |entry: &LeavingMember| (entry.member, entry.instance, ErrorCode::UnknownMemberId);
    leave_response(ErrorCode::None, request.members.iter().map(unknown).collect())
}

pub(super) fn leave_response(
    error: ErrorCode,
    members: Vec<(MemberId, crate::ids::InstanceId, ErrorCode)>,
) -> Response {
    Response::LeaveGroup(Box::new(LeaveGroupResponse { error, members }))
}
