//! `RefreshCoordinator`: FindCoordinator with its retries. Several goroutines may wait for one.

use super::Sarama;
use super::group::Phase;
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, Pending, Sender};
use crate::ids::{Generation, MemberId};
use crate::protocol::{ErrorCode, Request};
use crate::trace::Channel;

/// What the client knows of the coordinator.
#[derive(Debug)]
pub(super) struct Coordinator {
    /// It was found once. What is cached is not forgotten: only another FindCoordinator replaces it.
    pub found: bool,
    /// It has said that it is not the coordinator: what is found next is another broker.
    pub moved: bool,
    /// A look-up is under way: how often it may still be tried again.
    finding: Option<i64>,
    in_flight: bool,
    /// `Metadata.Retry.Backoff`.
    pub retry_at: Timer,
}

impl Default for Coordinator {
    fn default() -> Self {
        Coordinator { found: false, moved: false, finding: None, in_flight: false, retry_at: Timer::NEVER }
    }
}

impl Sarama {
    /// `RefreshCoordinator`; false if that is under way.
    pub(super) fn find_coordinator(&mut self) -> bool {
        let begins = self.coordinator.finding.is_none();
        if begins {
            self.coordinator.finding = Some(self.config.sarama.metadata_retry_max);
        }
        begins
    }

    /// Sends a FindCoordinator that may be sent.
    pub(super) fn serve_find(&mut self, io: &mut Io<'_, '_>) -> bool {
        let c = &self.coordinator;
        if c.finding.is_none() || c.in_flight || c.retry_at.is_armed() {
            return false;
        }
        let Some(channel) = self.least_loaded(io) else { return false };
        let sender = Sender { group: self.group.name, member: MemberId::EMPTY, generation: Generation::NONE };
        let timeout_ms = self.config.request_timeout_ms.into();
        let call = Call { channel, version: self.profile.find_coordinator_version, timeout_ms };
        self.network.send(io, call, sender, Request::FindCoordinator(self.group.name), Pending::FindCoordinator);
        self.coordinator.in_flight = true;
        true
    }

    /// FindCoordinator was answered.
    pub(super) fn on_find_coordinator(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        if !code.is_none() {
            return self.find_failed(io, code);
        }
        let c = &mut self.coordinator;
        (c.in_flight, c.finding, c.found) = (false, None, true);
        if std::mem::take(&mut c.moved) {
            self.disconnect(io, Channel::Coordinator); // it is another broker, to which there is no connection yet
        }
        self.coordinator_known(io, true);
    }

    /// FindCoordinator was refused, or lost (NONE).
    pub(super) fn find_failed(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.coordinator.in_flight = false;
        let Some(left) = self.coordinator.finding else { return };
        let again = matches!(code, ErrorCode::None | ErrorCode::CoordinatorNotAvailable);
        if again && left > 0 {
            self.coordinator.finding = Some(left - 1);
            self.coordinator.retry_at = io.timer_ms(self.config.sarama.metadata_retry_backoff_ms);
            return;
        }
        self.coordinator.finding = None;
        self.coordinator_known(io, false);
    }

    /// Tells everybody who waited.
    fn coordinator_known(&mut self, io: &mut Io<'_, '_>, ok: bool) {
        match self.group.phase {
            Phase::Finding if ok => {
                self.group.retries -= 1;
                self.group.phase = Phase::Join;
            }
            Phase::Finding | Phase::Join if !ok => self.retry_join(io, ErrorCode::CoordinatorNotAvailable),
            Phase::Leaving if !ok => self.left(),
            Phase::Offsets => self.offset_coordinator_known(io, ok),
            _ => {}
        }
        self.beats_coordinator_known(io, ok);
        self.flushes_coordinator_known(io, ok);
    }
}
