//! `Close`: fetching stops, the manage loop is told to end (a join under way is waited for), everything is revoked, and the
//! member leaves unless it is static.
//!
//! The application has told its poll to end by cancelling the context that it polls with: that last PollFetches returns
//! nothing, but it begins as every other does, so what the one before returned has become committable.

use super::FranzGo;
use super::calls::Want;
use super::group::Stage;
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::protocol::{LeaveGroupRequest, LeavingMember, Request};

/// Why a member leaves.
const REASON: &str = "client leaving group per normal operation";

impl FranzGo {
    /// A pass of close(); true when it is over.
    pub fn terminate(&mut self, io: &mut Io<'_, '_>) -> bool {
        if !self.group.closing {
            self.undirty();
            self.group.closing = true;
            self.drop_fetched(io);
            if !self.grouped || self.group.stage == Stage::Idle {
                self.group.stage = Stage::Left;
            }
            self.serve_group(io);
        }
        self.group.stage == Stage::Left && !self.calls.get(Want::Leave).wanted
    }

    /// The manage loop has ended: the member leaves.
    pub(super) fn manage_ended(&mut self, io: &Io<'_, '_>) {
        self.group.stage = Stage::Left;
        self.group.news = true;
        if self.instance.is_empty() && !self.group.id.member.is_empty() {
            self.calls.begin(io, Want::Leave);
        }
    }

    pub(super) fn send_leave(&mut self, io: &mut Io<'_, '_>) {
        let reason = io.symbol(REASON);
        let member = LeavingMember { member: self.group.id.member, instance: self.instance, reason };
        let request = LeaveGroupRequest { group: Some(self.group.name), members: vec![member] };
        let (version, timeout_ms) = (self.profile.leave_version, self.request_timeout_ms());
        self.send_to_coordinator(io, version, timeout_ms, Request::LeaveGroup(Box::new(request)), Pending::Leave);
    }

    /// LeaveGroup was answered, or is given up.
    pub(super) fn left(&mut self) {
        self.calls.over(Want::Leave);
        self.group.news = true;
    }
}
