//! Heartbeats, the client's own session timeout and the check of max.poll.interval.ms, all by the main thread.
//!
//! The main thread looks at its timers when it wakes up, at the latest every half second while it has an assignment;
//! heartbeats and the session timeout act exactly at their instants here. The check of max.poll.interval.ms is a timer of
//! 500 ms that starts with the assignment, and is late by as much.

use super::Librdkafka;
use super::group::JoinState;
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::config::ClientConfig;
use crate::ids::Seq;
use crate::protocol::{ErrorCode, HeartbeatRequest, LeaveGroupRequest, LeavingMember, Request};
use crate::time::Instant;
use crate::trace::Kind;

/// How often max.poll.interval.ms is looked at.
pub(super) const POLL_CHECK_MS: u64 = 500;
/// LeaveGroup is best effort: its answer is waited for so long.
pub(super) const LEAVE_TIMEOUT_MS: i64 = 5_000;

/// Timers of membership.
#[derive(Debug)]
pub(super) struct Beats {
    /// When the next heartbeat is due (`rkcg_heartbeat_intvl`); it is not reset by a rebalance.
    pub due: Timer,
    /// A heartbeat is in flight.
    pub in_flight: bool,
    /// Without an answer until then the assignment is lost. Not armed: expired, or never joined.
    pub session: Timer,
    /// When the application last entered poll or returned from it.
    pub polled_at: Instant,
    /// When the check of max.poll.interval.ms was started, and by what; not armed while it is stopped.
    pub poll_check: Timer,
    interval_ms: i64,
    session_timeout_ms: i64,
    max_poll_interval_ms: u64,
}

impl Beats {
    pub fn new(config: &ClientConfig) -> Self {
        Beats {
            due: Timer { at: Instant::ZERO, by: Seq::NONE },
            in_flight: false,
            session: Timer::NEVER,
            polled_at: Instant::ZERO,
            poll_check: Timer::NEVER,
            interval_ms: config.heartbeat_interval_ms.into(),
            session_timeout_ms: config.session_timeout_ms.into(),
            max_poll_interval_ms: u64::try_from(config.max_poll_interval_ms).unwrap_or(0),
        }
    }

    /// The first check at which max.poll.interval.ms will have been exceeded, by a millisecond at least.
    pub fn poll_timeout(&self) -> Timer {
        if !self.poll_check.is_armed() {
            return Timer::NEVER;
        }
        let exceeded_ms = self.polled_at.as_us().div_ceil(1_000) + self.max_poll_interval_ms + 1;
        let start_ms = self.poll_check.at.as_ms();
        let checks = exceeded_ms.saturating_sub(start_ms).div_ceil(POLL_CHECK_MS).max(1);
        Timer { at: Instant::from_ms(start_ms + checks * POLL_CHECK_MS), by: self.poll_check.by }
    }

    /// A new session: SyncGroup was answered.
    pub fn new_session(&mut self, io: &Io<'_, '_>) {
        self.session = io.timer_ms(self.session_timeout_ms);
    }

    fn answered(&mut self, io: &Io<'_, '_>) {
        if self.session.is_armed() {
            self.session = io.timer_ms(self.session_timeout_ms);
        }
    }
}

impl Librdkafka {
    /// Heartbeats are sent in these states, and in no others: not while joining, nor while partitions are taken away.
    pub(super) fn beats(&self) -> bool {
        matches!(self.group.state, JoinState::Steady | JoinState::WaitAssignCall | JoinState::WaitUnassignCall)
            && !self.group.terminating
    }

    /// Whether the session timeout is looked at.
    pub(super) fn session_watched(&self) -> bool {
        self.group.state == JoinState::Steady && !self.group.terminating
    }

    /// What has become due while it was not looked at.
    pub(super) fn serve_heartbeats(&mut self, io: &mut Io<'_, '_>) {
        if self.session_watched() && self.beats.session.at <= io.now() {
            self.session_expired(io);
        }
        if self.beats() && self.beats.due.at <= io.now() && self.coordinator_up(io) {
            self.send_heartbeat(io);
        }
    }

    /// A heartbeat is due; nothing is sent while one is in flight, or after max.poll.interval.ms has passed.
    fn send_heartbeat(&mut self, io: &mut Io<'_, '_>) {
        self.beats.due = io.timer_ms(self.beats.interval_ms);
        if self.group.max_poll_exceeded || self.beats.in_flight {
            return;
        }
        self.beats.in_flight = true;
        let id = self.group.id;
        let request = Request::Heartbeat(HeartbeatRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
        });
        let cause = io.cx.cause;
        let timeout_ms = self.beats.session_timeout_ms;
        self.send_to_coordinator(io, self.profile.heartbeat_version, timeout_ms, request, Pending::Heartbeat(id));
        self.beats.due.by = std::mem::replace(&mut io.cx.cause, cause);
    }

    /// A heartbeat was answered.
    pub(super) fn on_heartbeat(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.beats.in_flight = false;
        if code.is_none() {
            return self.beats.answered(io);
        }
        let joining = [JoinState::Init, JoinState::WaitJoin, JoinState::WaitMetadata, JoinState::WaitSync];
        if joining.contains(&self.group.state) {
            return; // outdated
        }
        match code {
            ErrorCode::RebalanceInProgress => {
                self.beats.answered(io);
                self.group_is_rebalancing(io);
            }
            ErrorCode::UnknownMemberId => {
                self.forget_member(io, code);
                self.revoke_and_rejoin_unless_rebalancing(io, true);
            }
            ErrorCode::IllegalGeneration => {
                self.forget_generation(io, code);
                self.revoke_and_rejoin_unless_rebalancing(io, true);
            }
            ErrorCode::FencedInstanceId => {
                self.fatal = Some(code);
                self.revoke_and_rejoin_unless_rebalancing(io, true);
            }
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => self.coordinator_dead(io),
            _ => {}
        }
    }

    /// No heartbeat was answered for session.timeout.ms: the assignment is lost.
    pub(super) fn session_expired(&mut self, io: &mut Io<'_, '_>) {
        self.beats.session = Timer::NEVER;
        self.forget_member(io, ErrorCode::None);
        self.revoke_and_rejoin_unless_rebalancing(io, true);
    }

    /// max.poll.interval.ms passed without a poll: a dynamic member leaves at once, a static one falls silent.
    pub(super) fn poll_timeout_expired(&mut self, io: &mut Io<'_, '_>) {
        io.emit_cause(Kind::PollTimeout {});
        self.group.max_poll_exceeded = true;
        self.beats.poll_check = Timer::NEVER;
        if self.instance.is_empty() {
            self.leave_group(io, LeavingMember::POLL_TIMEOUT);
        }
        self.forget_member(io, ErrorCode::None);
        self.revoke_and_rejoin_unless_rebalancing(io, true);
    }

    /// LeaveGroup; the member id is of no use afterwards. (Version 1 has no reason: it is for the trace.)
    pub(super) fn leave_group(&mut self, io: &mut Io<'_, '_>, reason: &str) {
        if self.group.leave_in_flight || !self.coordinator_up(io) {
            return;
        }
        let reason = io.symbol(reason);
        let member = LeavingMember { member: self.group.id.member, instance: self.instance, reason };
        let request = LeaveGroupRequest { group: Some(self.group.name), members: vec![member] };
        self.group.leave_in_flight = true;
        let request = Request::LeaveGroup(Box::new(request));
        self.send_to_coordinator(io, self.profile.leave_version, LEAVE_TIMEOUT_MS, request, Pending::Leave);
    }
}
