//! Heartbeats: every heartbeat.interval.ms, counted from the last answer; with a cooperative balancer a first one after
//! 500 ms, since others rejoin soon.

use super::FranzGo;
use super::calls::{Want, is_passing};
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::config::ClientConfig;
use crate::protocol::{ErrorCode, HeartbeatRequest, Request};

/// The early heartbeat of a cooperative member, in ms.
pub(super) const FAST_CHECK_MS: i64 = 500;

/// Timers of the heartbeat loop.
#[derive(Debug)]
pub(super) struct Beats {
    /// The next heartbeat.
    pub due: Timer,
    /// The early one.
    pub fast: Timer,
    interval_ms: i64,
}

impl Beats {
    pub fn new(config: &ClientConfig) -> Self {
        Beats { due: Timer::NEVER, fast: Timer::NEVER, interval_ms: config.heartbeat_interval_ms.into() }
    }
}

impl FranzGo {
    /// A session begins.
    pub(super) fn begin_beats(&mut self, io: &Io<'_, '_>) {
        self.beats.due = io.timer_ms(self.beats.interval_ms);
        self.beats.fast = if self.group.cooperative { io.timer_ms(FAST_CHECK_MS) } else { Timer::NEVER };
    }

    /// The heartbeat loop has returned.
    pub(super) fn stop_beats(&mut self) {
        (self.beats.due, self.beats.fast) = (Timer::NEVER, Timer::NEVER);
        self.calls.over(Want::Beat);
    }

    /// A heartbeat is due.
    pub(super) fn beat(&mut self, io: &Io<'_, '_>) {
        for timer in [&mut self.beats.due, &mut self.beats.fast] {
            if timer.at <= io.now() {
                *timer = Timer::NEVER;
            }
        }
        if !self.calls.get(Want::Beat).wanted {
            self.calls.begin(io, Want::Beat);
        }
    }

    pub(super) fn send_heartbeat(&mut self, io: &mut Io<'_, '_>) {
        let id = self.group.id;
        let request = Request::Heartbeat(HeartbeatRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
        });
        let (version, timeout_ms) = (self.profile.heartbeat_version, self.request_timeout_ms());
        self.send_to_coordinator(io, version, timeout_ms, request, Pending::Heartbeat(id));
    }

    /// A heartbeat was answered.
    pub(super) fn on_heartbeat(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        if !self.calls.get(Want::Beat).sent {
            return; // of a session that is over
        }
        if is_passing(code) {
            return self.call_failed(io, Want::Beat, code);
        }
        self.calls.over(Want::Beat);
        self.beat_over(io, (!code.is_none()).then_some(code));
    }

    /// A heartbeat has come back, or is given up.
    pub(super) fn beat_over(&mut self, io: &mut Io<'_, '_>, error: Option<ErrorCode>) {
        self.beats.due = io.timer_ms(self.beats.interval_ms);
        if let Some(code) = error {
            self.loop_error(io, code);
        }
    }
}
