//! Finding the coordinator (CLIENT-04, CLIENT-40).

use super::Consumer;
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, Pending, Sender};
use crate::ids::{Generation, MemberId};
use crate::protocol::{Api, ErrorCode, Request};
use crate::trace::Channel;

/// What the client knows of its coordinator.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// The coordinator is known, and its connection is not known to be down.
    pub known: bool,
    /// No FindCoordinator before this.
    pub backoff: Timer,
    attempts: u32,
}

impl Lookup {
    pub fn new() -> Self {
        Lookup { known: false, backoff: Timer::NEVER, attempts: 0 }
    }
}

impl Consumer {
    /// Asks for the coordinator unless that is under way; true if it is known.
    pub fn ensure_coordinator(&mut self, io: &mut Io<'_, '_>) -> bool {
        if self.lookup.known {
            return true;
        }
        if self.lookup.backoff.is_armed() || self.network.waits_for(Api::FindCoordinator) {
            return false;
        }
        if !self.network.ready(Channel::Node, io.now()) {
            return false; // the end of the reconnect backoff is a timer of its own
        }
        let sender = Sender { group: self.membership.group, member: MemberId::EMPTY, generation: Generation::NONE };
        let call = Call {
            channel: Channel::Node,
            version: self.profile.find_coordinator_version,
            timeout_ms: self.request_timeout_ms(),
        };
        let request = Request::FindCoordinator(self.membership.group);
        self.network.send(io, call, sender, request, Pending::FindCoordinator);
        false
    }

    /// FindCoordinator was answered.
    pub fn on_find_coordinator(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        match code {
            ErrorCode::None if self.network.ready(Channel::Coordinator, io.now()) => {
                self.lookup.known = true;
                self.lookup.attempts = 0;
                self.heartbeat.reset_session(io);
                self.send_waiting_commits(io);
            }
            // It is known, but the connection to it has failed and may not be tried again yet.
            ErrorCode::None => {
                self.coordinator_lookup_failed(io);
                self.fail_waiting_commits(io);
            }
            ErrorCode::GroupAuthorizationFailed | ErrorCode::InvalidGroupId | ErrorCode::UnsupportedVersion => {
                self.fatal = Some(code);
                self.fail_waiting_commits(io);
            }
            _ => {
                self.coordinator_lookup_failed(io);
                self.fail_waiting_commits(io);
            }
        }
    }

    /// No coordinator this time. The application's thread backs off exponentially; without it the heartbeat thread asks at
    /// every second of its passes.
    pub fn coordinator_lookup_failed(&mut self, io: &mut Io<'_, '_>) {
        let (initial, max) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
        let ms = if self.in_poll || self.commits.is_blocked() {
            io.backoff_ms(initial, max, self.lookup.attempts)
        } else {
            initial.saturating_mul(2)
        };
        self.lookup.attempts += 1;
        self.lookup.backoff = io.timer_ms(ms);
    }

    /// markCoordinatorUnknown: drops the connection too, unless it is gone already.
    pub fn coordinator_unknown(&mut self, io: &mut Io<'_, '_>, disconnected: bool) {
        if !self.lookup.known {
            return;
        }
        self.lookup.known = false;
        if !disconnected {
            self.disconnect(io, Channel::Coordinator);
        }
    }
}
