//! Taking partitions away and joining again: through the application's rebalance callback, which only its poll runs.

use super::group::{JoinState, Operation};
use super::{Librdkafka, callback};
use crate::client::io::{Io, Timer};
use crate::client::library::Callback;

impl Librdkafka {
    /// Rejoins, unless that is under way (`rd_kafka_cgrp_revoke_all_rejoin_maybe`).
    pub(super) fn revoke_and_rejoin_unless_rebalancing(&mut self, io: &mut Io<'_, '_>, lost: bool) {
        if !self.group.rebalancing() {
            self.revoke_and_rejoin(io, lost);
        }
    }

    /// Has the application give up its assignment, if it has one; without one it rejoins at once.
    pub(super) fn revoke_and_rejoin(&mut self, io: &mut Io<'_, '_>, lost: bool) {
        self.group.leading = None;
        self.group.lost |= lost;
        if self.group.assigned && !self.group.waits_for_application() {
            self.queue_revocation(io);
        } else {
            self.group.join_at = Timer::NEVER;
            self.rejoin(io);
        }
    }

    /// The revoke callback is queued; nothing that was fetched is handed out before it.
    fn queue_revocation(&mut self, io: &mut Io<'_, '_>) {
        self.group.assigned = false;
        self.group.state = JoinState::WaitUnassignCall;
        self.drop_fetched();
        if self.fatal.is_some() {
            self.unassign(io);
        } else {
            self.group.operation = Some(Operation::Revoke);
        }
    }

    /// Back to the start of joining; without a subscription, out of the group.
    pub(super) fn rejoin(&mut self, io: &mut Io<'_, '_>) {
        if self.group.terminating {
            self.leave_if_wanted(io);
        }
        self.group.state = JoinState::Init;
    }

    /// The application polls: a queued rebalance callback runs. Gives the one in which the application has something to do.
    pub(super) fn serve_operation(&mut self, io: &mut Io<'_, '_>) -> Option<Callback> {
        match self.group.operation.take()? {
            // While closing, assign() is taken for unassign().
            Operation::Assign(_) if self.group.terminating => {
                self.group.state = JoinState::WaitUnassignCall;
                self.unassign(io);
                None
            }
            Operation::Assign(partitions) => {
                self.assign(io, partitions);
                None
            }
            Operation::Revoke => {
                self.group.in_callback = true;
                Some(callback(self.group.lost))
            }
        }
    }

    /// The revoke callback is at its end: it calls unassign().
    pub fn callback_done(&mut self, io: &mut Io<'_, '_>) {
        if std::mem::take(&mut self.group.in_callback) {
            self.unassign(io);
        }
    }

    /// Everything is unassigned and committed: the member rejoins at once, without another poll.
    pub(super) fn serve_assignment(&mut self, io: &mut Io<'_, '_>) {
        if self.group.state == JoinState::WaitUnassignToComplete && self.commits.outstanding == 0 {
            self.leave_if_wanted(io);
            self.group.join_at = Timer::NEVER;
            self.rejoin(io);
        }
    }

    /// LeaveGroup, if that is what unassigning was for. Static members never send it (KIP-345).
    fn leave_if_wanted(&mut self, io: &mut Io<'_, '_>) {
        if std::mem::take(&mut self.group.leave_when_unassigned) && self.instance.is_empty() {
            self.leave_group(io, "");
            self.forget_member(io, crate::protocol::ErrorCode::None);
        }
    }
}
