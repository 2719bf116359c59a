//! `rd_kafka_consumer_close`: unsubscribes, and serves the application's queue until the group is terminated.

use super::Librdkafka;
use super::group::JoinState;
use crate::client::io::Io;
use crate::client::library::Termination;

impl Librdkafka {
    /// A pass of close().
    pub fn terminate(&mut self, io: &mut Io<'_, '_>) -> Termination {
        if !self.group.terminating {
            self.unsubscribe(io);
        }
        if let Some(callback) = self.serve_operation(io) {
            return Termination::Callback(callback);
        }
        self.serve_assignment(io);
        let g = &self.group;
        let waits = g.waits_for_application() || g.state == JoinState::WaitUnassignToComplete;
        if waits || self.commits.outstanding > 0 || g.leave_in_flight {
            return Termination::Wait;
        }
        Termination::Done
    }

    /// `rd_kafka_cgrp_terminate0`.
    fn unsubscribe(&mut self, io: &mut Io<'_, '_>) {
        self.group.terminating = true;
        self.beats.poll_check = crate::client::io::Timer::NEVER;
        self.group.leave_when_unassigned = self.grouped && !self.group.id.member.is_empty();
        if self.grouped && !self.group.lost {
            self.revoke_and_rejoin(io, false);
        }
        if !self.group.waits_for_application() {
            self.unassign(io);
        }
    }
}
