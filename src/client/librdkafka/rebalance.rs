//! Taking partitions away and joining again: through the application's rebalance callback, which only its poll runs.

use super::group::{JoinState, Operation};
use super::{Librdkafka, callback};
use crate::client::io::{Io, Timer};
use crate::client::library::Callback;
use crate::trace::Kind;

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
        if self.group.incremental.in_use {
            return self.revoke_all_incrementally(io, lost);
        }
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
            self.group.operations.push_back(Operation::Revoke);
        }
    }

    /// Back to the start of joining; without a subscription, out of the group.
    ///
    /// A revocation that waits for the application is not waited for when topics change meanwhile
    /// (`rd_kafka_cgrp_metadata_update_check`, `rd_kafka_cgrp_revoke_all_rejoin`): the group counts the partitions as free.
    pub(super) fn rejoin(&mut self, io: &mut Io<'_, '_>) {
        let g = &self.group;
        let takes_away = |operation: &Operation| matches!(operation, Operation::Revoke | Operation::Remove(_));
        if g.terminating {
            self.leave_if_wanted(io);
        } else if g.in_callback || g.operations.iter().any(takes_away) {
            io.emit(Kind::RejoinUnrevoked {});
        }
        self.group.state = JoinState::Init;
    }

    /// The application polls: a queued rebalance callback runs. Gives the one in which the application has something to do.
    pub(super) fn serve_operation(&mut self, io: &mut Io<'_, '_>) -> Option<Callback> {
        while let Some(operation) = self.group.operations.pop_front() {
            match operation {
                // While closing, assign() is taken for unassign().
                Operation::Assign(_) | Operation::Add(_) if self.group.terminating => {
                    if self.group.state == JoinState::WaitAssignCall {
                        self.group.state = JoinState::WaitUnassignCall;
                    }
                    self.unassign(io);
                }
                // Undone in the same poll.
                Operation::Assign(_) if self.group.operations.iter().any(Operation::replaces) => {}
                Operation::Assign(partitions) => self.assign(io, partitions),
                Operation::Add(partitions) => self.incremental_assign(io, partitions),
                Operation::Revoke => {
                    self.group.in_callback = true;
                    return Some(callback(self.group.lost));
                }
                Operation::Remove(partitions) => {
                    self.group.in_callback = true;
                    self.group.incremental.removing = Some(partitions);
                    return Some(callback(self.group.lost));
                }
            }
        }
        None
    }

    /// The revoke callback is at its end: it calls unassign(), or incremental_unassign().
    pub fn callback_done(&mut self, io: &mut Io<'_, '_>) {
        if std::mem::take(&mut self.group.in_callback) {
            match self.group.incremental.removing.take() {
                Some(partitions) if !self.group.terminating => self.incremental_unassign(io, partitions),
                _ => self.unassign(io),
            }
        }
    }

    /// Everything is unassigned and committed: the member rejoins at once, without another poll.
    pub(super) fn serve_assignment(&mut self, io: &mut Io<'_, '_>) {
        if self.commits.outstanding > 0 {
            return;
        }
        match self.group.state {
            JoinState::WaitUnassignToComplete => {
                self.leave_if_wanted(io);
                self.group.join_at = Timer::NEVER;
                self.rejoin(io);
            }
            JoinState::WaitIncrUnassignToComplete | JoinState::Steady => self.serve_incremental(io),
            _ => {}
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
