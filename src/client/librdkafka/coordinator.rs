//! Finding the coordinator: asked for at once, then about every half second, whenever the main thread is awake.

use super::Librdkafka;
use crate::choice::Purpose;
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, Pending, Sender};
use crate::ids::{Generation, MemberId};
use crate::protocol::{Api, ErrorCode, Request};
use crate::time::Duration;
use crate::trace::Channel;

/// What is known of the coordinator.
#[derive(Debug)]
pub(super) struct Coordinator {
    /// It is known. Whether it can be reached is a matter of the connection.
    pub found: bool,
    /// No FindCoordinator before this (`rkcg_coord_query_intvl`).
    pub query_at: Timer,
}

impl Coordinator {
    pub fn new() -> Self {
        Coordinator { found: false, query_at: Timer::NEVER }
    }
}

impl Librdkafka {
    /// RD_KAFKA_CGRP_STATE_UP: the coordinator is known and can be reached.
    pub(super) fn coordinator_up(&self, io: &Io<'_, '_>) -> bool {
        self.coordinator.found && self.network.ready(Channel::Coordinator, io.now())
    }

    /// Asks for the coordinator if it is not known.
    pub(super) fn serve_coordinator(&mut self, io: &mut Io<'_, '_>) {
        let waits = self.coordinator.found || self.coordinator.query_at.at > io.now();
        if self.coordinator.query_at.is_armed() && waits {
            return;
        }
        if self.coordinator.found || !self.network.ready(Channel::Node, io.now()) {
            return;
        }
        if self.network.waits_for(Api::FindCoordinator) {
            return;
        }
        let sender = Sender { group: self.group.name, member: MemberId::EMPTY, generation: Generation::NONE };
        let call = Call {
            channel: Channel::Node,
            version: self.profile.find_coordinator_version,
            timeout_ms: self.socket_timeout_ms(),
        };
        self.network.send(io, call, sender, Request::FindCoordinator(self.group.name), Pending::FindCoordinator);
        // 500 ms with 20 % jitter, and then whenever the main thread wakes up next.
        let pause_ms = io.cx.choice.jitter(Purpose::BackoffJitter, io.actor, 500, 20);
        self.coordinator.query_at = self.wakes_at(io, io.now() + Duration::from_ms(pause_ms));
    }

    /// FindCoordinator was answered.
    pub(super) fn on_find_coordinator(&mut self, _io: &mut Io<'_, '_>, code: ErrorCode) {
        if code.is_none() {
            self.coordinator.found = true;
        }
    }

    /// The coordinator is not where it was: it is looked up again.
    pub(super) fn coordinator_dead(&mut self, io: &mut Io<'_, '_>) {
        if self.coordinator.found {
            self.disconnect(io, Channel::Coordinator);
        }
    }
}
