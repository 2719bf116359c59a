//! `Close`: the session is released, `Consume` returns, then LeaveGroup unless the member is static.

use super::Sarama;
use super::group::Phase;
use crate::client::io::Io;
use crate::client::library::{Callback, Termination};
use crate::client::network::Pending;
use crate::ids::MemberId;
use crate::protocol::{LeaveGroupRequest, LeavingMember, Request};

impl Sarama {
    /// A pass of close().
    pub fn terminate(&mut self, io: &mut Io<'_, '_>) -> Termination {
        self.closing = true;
        if self.fatal.is_some() || self.group.phase == Phase::Connecting && self.grouped {
            return Termination::Done; // the application's own example panics
        }
        self.serve(io);
        if self.callback_wanted() {
            self.group.in_callback = true;
            return Termination::Callback(Callback::Revoked);
        }
        let done = if self.grouped { self.group.phase == Phase::Over } else { self.claims_closed(io) };
        if done { Termination::Done } else { Termination::Wait }
    }

    /// LeaveGroup, of a member that has an id.
    pub(super) fn serve_leave(&mut self, io: &mut Io<'_, '_>) -> bool {
        if self.network.waits_for(crate::protocol::Api::LeaveGroup) {
            return false;
        }
        let member = self.group.id.member;
        if member.is_empty() {
            self.group.phase = Phase::Over;
            return true;
        }
        if !self.coordinator.found {
            return self.find_coordinator();
        }
        if !self.instance.is_empty() {
            self.group.id.member = MemberId::EMPTY;
            return true;
        }
        if !self.coordinator_free(io) {
            return false;
        }
        let reason = crate::ids::Symbol::EMPTY; // version 5 has it
        let members = vec![LeavingMember { member, instance: self.instance, reason }];
        let request = LeaveGroupRequest { group: Some(self.group.name), members };
        let request = Request::LeaveGroup(Box::new(request));
        self.send_to_coordinator(io, self.profile.leave_version, request, Pending::Leave);
        true
    }

    /// LeaveGroup was answered, or lost.
    pub(super) fn left(&mut self) {
        self.group.phase = Phase::Over;
    }
}
