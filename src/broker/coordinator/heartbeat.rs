//! Heartbeat (HB).

use super::answers::{Asker, Op};
use super::group::ClassicGroup;
use crate::protocol::{ErrorCode, GroupState, HeartbeatRequest, Response};

impl ClassicGroup {
    /// A heartbeat for this group; a valid one restarts the session timer (HB-04, 05, 06).
    #[inline]
    pub fn heartbeat(&mut self, op: &mut Op<'_, '_>, request: &HeartbeatRequest, asker: &Asker) {
        let error = match self.validate_heartbeat(request) {
            Err(error) => error,
            Ok(()) => match self.state {
                GroupState::PreparingRebalance => ErrorCode::RebalanceInProgress,
                GroupState::CompletingRebalance | GroupState::Stable => ErrorCode::None,
                GroupState::Empty | GroupState::Dead => ErrorCode::UnknownMemberId,
            },
        };
        let answered = op.respond(asker, Response::Heartbeat(error));
        if !matches!(error, ErrorCode::None | ErrorCode::RebalanceInProgress) {
            return;
        }
        if let Some(member) = self.members.get_mut(&request.member) {
            Self::arm_session(op, self.id, member, member.session_timeout_ms, answered);
        }
    }

    /// HB-02, in this order.
    fn validate_heartbeat(&self, request: &HeartbeatRequest) -> Result<(), ErrorCode> {
        if self.state == GroupState::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        self.validate_member(request.member, request.instance)?;
        if request.generation != self.generation { Err(ErrorCode::IllegalGeneration) } else { Ok(()) }
    }
}
