//! `heartbeatLoop`: a goroutine of the session. The first heartbeat is sent at once, then one every tick; after an error of
//! the network the next follows at once, three times.

use super::Sarama;
use super::group::Phase;
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::protocol::{ErrorCode, HeartbeatRequest, Request};
use crate::time::Duration;

/// What the loop is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Loop {
    /// It has ended, or was not started.
    #[default]
    Dead,
    /// It is about to send.
    Due,
    /// `Coordinator()` had an error: `Metadata.Retry.Backoff`.
    Backoff,
    /// It waits for the coordinator to be found.
    Finding,
    /// A heartbeat is in flight.
    Waiting,
    /// It waits for the next tick.
    Pausing,
}

/// Heartbeats of the session.
#[derive(Debug)]
pub(super) struct Beats {
    at: Loop,
    /// The next tick; or the end of the backoff.
    pub timer: Timer,
    tick: Timer,
    interval: Duration,
    retries: i64,
    /// The session is released: the loop ends when it can.
    dying: bool,
}

impl Default for Beats {
    fn default() -> Self {
        let (timer, tick) = (Timer::NEVER, Timer::NEVER);
        Beats { at: Loop::Dead, timer, tick, interval: Duration::ZERO, retries: 0, dying: false }
    }
}

impl Beats {
    /// Whether the loop has ended.
    pub fn dead(&self) -> bool {
        self.at == Loop::Dead
    }

    fn end(&mut self) {
        (self.at, self.timer) = (Loop::Dead, Timer::NEVER);
    }

    /// The session is released: `close(hbDying)`.
    pub fn die(&mut self) {
        self.dying = true;
        if matches!(self.at, Loop::Pausing | Loop::Backoff) {
            self.end();
        }
    }

    /// A tick, or the end of a backoff.
    pub fn due(&mut self) {
        if self.at == Loop::Pausing {
            self.tick.at += self.interval;
        }
        (self.at, self.timer) = (Loop::Due, Timer::NEVER);
    }
}

impl Sarama {
    /// The session starts.
    pub(super) fn start_heartbeats(&mut self, io: &Io<'_, '_>) {
        let retries = self.config.sarama.metadata_retry_max;
        let tick = io.timer_ms(self.config.heartbeat_interval_ms.into());
        let interval = Duration::from_ms(u64::from(self.config.heartbeat_interval_ms.unsigned_abs()).max(1));
        self.beats = Beats { at: Loop::Due, timer: Timer::NEVER, tick, interval, retries, dying: false };
    }

    /// Sends a heartbeat that is due.
    pub(super) fn serve_heartbeat(&mut self, io: &mut Io<'_, '_>) -> bool {
        if self.beats.at != Loop::Due {
            return false;
        }
        if !self.coordinator.found {
            self.beats.at = Loop::Finding;
            self.find_coordinator();
            return true;
        }
        if !self.coordinator_free(io) {
            return false;
        }
        self.beats.at = Loop::Waiting;
        let id = self.group.id;
        let request = Request::Heartbeat(HeartbeatRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
        });
        let cause = io.cx.cause;
        self.send_to_coordinator(io, self.profile.heartbeat_version, request, Pending::Heartbeat(id));
        self.beats.tick.by = std::mem::replace(&mut io.cx.cause, cause);
        true
    }

    /// A heartbeat was answered.
    pub(super) fn on_heartbeat(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        if self.beats.at != Loop::Waiting {
            return;
        }
        match code {
            ErrorCode::None => {}
            ErrorCode::RebalanceInProgress if self.config.sarama.heartbeat_during_release => self.cancel_session(),
            code => {
                let gone = [ErrorCode::UnknownMemberId, ErrorCode::IllegalGeneration, ErrorCode::FencedInstanceId];
                self.group.lost |= gone.contains(&code);
                self.coordinator.moved |= code == ErrorCode::NotCoordinator;
                self.beats.end();
                return self.cancel_session();
            }
        }
        self.beats.retries = self.config.sarama.metadata_retry_max;
        match self.beats.dying {
            true => self.beats.end(),
            false => self.pause_heartbeats(io),
        }
    }

    /// Until the next tick; one that has come meanwhile is taken at once, others are lost.
    fn pause_heartbeats(&mut self, io: &Io<'_, '_>) {
        let b = &mut self.beats;
        if b.tick.at <= io.now() {
            let late = io.now().since(b.tick.at).as_us() / b.interval.as_us();
            b.tick.at += b.interval * (late + 1);
            b.at = Loop::Due;
        } else {
            (b.at, b.timer) = (Loop::Pausing, b.tick);
        }
    }

    /// A heartbeat was lost.
    pub(super) fn heartbeat_lost(&mut self, _io: &mut Io<'_, '_>) {
        if self.beats.at != Loop::Waiting {
            return;
        }
        if self.beats.retries <= 0 {
            self.beats.end();
            return self.cancel_session();
        }
        self.beats.retries -= 1;
        self.beats.at = Loop::Due; // also if the session is being released: it does not look
    }

    /// FindCoordinator has ended.
    pub(super) fn beats_coordinator_known(&mut self, io: &Io<'_, '_>, ok: bool) {
        if self.beats.at != Loop::Finding {
            return;
        }
        if ok {
            self.beats.at = Loop::Due;
        } else if self.beats.retries <= 0 {
            self.beats.end();
            self.cancel_session();
        } else {
            self.beats.retries -= 1;
            self.beats.at = Loop::Backoff;
            self.beats.timer = io.timer_ms(self.config.sarama.metadata_retry_backoff_ms);
        }
        if self.beats.dying {
            self.beats.end();
        }
    }

    /// The session's context is cancelled.
    pub(super) fn cancel_session(&mut self) {
        if matches!(self.group.phase, Phase::Offsets | Phase::Running | Phase::Releasing) {
            self.group.cancelled = true;
        }
    }
}
