//! The heartbeat thread: heartbeats, the client's session timer and the poll timer (CLIENT-02 to CLIENT-08).
//!
//! Kafka's thread looks at its timers about every retry.backoff.ms; here each acts exactly at its deadline, so an idle
//! member has nothing to wake up for between two heartbeats.

use super::Consumer;
use super::membership::{GenerationId, MemberState};
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, Pending, Sender};
use crate::config::ClientConfig;
use crate::ids::MemberId;
use crate::protocol::{ErrorCode, HeartbeatRequest, LeaveGroupRequest, LeavingMember, Request};
use crate::trace::{Channel, Kind};

/// The three timers of Kafka's `Heartbeat`.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// When the next heartbeat is due.
    pub due: Timer,
    /// Without an answer until then the coordinator is looked up again.
    pub session: Timer,
    /// max.poll.interval.ms after the last poll; meaningful while the application is outside poll.
    pub poll: Timer,
    /// The thread has ended.
    pub closed: bool,
    attempts: u32,
    session_timeout_ms: i64,
    interval_ms: i64,
    max_poll_interval_ms: i64,
}

impl Heartbeat {
    pub fn new(config: &ClientConfig) -> Self {
        Heartbeat {
            due: Timer::NEVER,
            session: Timer::NEVER,
            poll: Timer::NEVER,
            closed: false,
            attempts: 0,
            session_timeout_ms: config.session_timeout_ms.into(),
            interval_ms: config.heartbeat_interval_ms.into(),
            max_poll_interval_ms: config.max_poll_interval_ms.into(),
        }
    }

    /// A good JoinGroup answer switches the thread on and restarts every timer.
    pub fn enable(&mut self, io: &Io<'_, '_>) {
        self.due = io.timer_ms(self.interval_ms);
        self.poll = io.timer_ms(self.max_poll_interval_ms);
        self.reset_session(io);
    }

    /// The session timer starts over.
    pub fn reset_session(&mut self, io: &Io<'_, '_>) {
        self.session = io.timer_ms(self.session_timeout_ms);
    }

    /// A pass of poll began.
    #[inline]
    pub fn polled(&mut self, io: &Io<'_, '_>) {
        self.poll = io.timer_ms(self.max_poll_interval_ms);
    }

    fn received(&mut self, io: &Io<'_, '_>) {
        self.attempts = 0;
        self.reset_session(io);
    }
}

impl Consumer {
    /// Whether the heartbeat thread watches its timers.
    #[inline]
    pub fn heartbeats_run(&self) -> bool {
        self.lookup.known && self.membership.beats() && !self.heartbeat.closed
    }

    /// A heartbeat is due.
    pub fn send_heartbeat(&mut self, io: &mut Io<'_, '_>) {
        let id = self.membership.id;
        let request = HeartbeatRequest {
            group: Some(self.membership.group),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
        };
        let call = Call {
            channel: Channel::Coordinator,
            version: self.profile.heartbeat_version,
            timeout_ms: self.request_timeout_ms(),
        };
        let (_, seq) = self.network.send(io, call, self.sender(), Request::Heartbeat(request), Pending::Heartbeat(id));
        self.heartbeat.due = Timer { at: io.now().deadline_ms(self.heartbeat.interval_ms), by: seq };
    }

    /// A heartbeat was answered (CLIENT-08).
    pub fn on_heartbeat(&mut self, io: &mut Io<'_, '_>, sent_with: GenerationId, code: ErrorCode) {
        match code {
            ErrorCode::None => self.heartbeat.received(io),
            ErrorCode::RebalanceInProgress => {
                if self.membership.state == MemberState::Stable {
                    self.membership.request_rejoin(io, "group is already rebalancing");
                }
                self.heartbeat.received(io);
            }
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.coordinator_unknown(io, false);
                self.heartbeat_failed(io);
            }
            ErrorCode::IllegalGeneration | ErrorCode::UnknownMemberId | ErrorCode::FencedInstanceId => {
                if self.membership.id != sent_with {
                    self.heartbeat.received(io);
                    return;
                }
                let and_member = code != ErrorCode::IllegalGeneration;
                let reason = format!("encountered {code} from HEARTBEAT response");
                self.membership.reset(io, &reason, and_member, code);
                if code == ErrorCode::FencedInstanceId {
                    self.heartbeat.closed = true;
                    self.fatal = Some(code);
                } else {
                    self.heartbeat_failed(io);
                }
            }
            ErrorCode::GroupAuthorizationFailed => {
                self.heartbeat.closed = true;
                self.fatal = Some(code);
            }
            _ => self.heartbeat_failed(io),
        }
    }

    /// The next heartbeat comes after an exponential backoff (CLIENT-03).
    pub fn heartbeat_failed(&mut self, io: &mut Io<'_, '_>) {
        let (initial, max) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
        let ms = io.backoff_ms(initial, max, self.heartbeat.attempts);
        self.heartbeat.attempts += 1;
        self.heartbeat.due = io.timer_ms(ms);
    }

    /// No heartbeat was answered for session.timeout.ms (CLIENT-04).
    pub fn session_expired(&mut self, io: &mut Io<'_, '_>) {
        self.coordinator_unknown(io, false);
    }

    /// max.poll.interval.ms passed without a poll (CLIENT-05, CLIENT-06).
    pub fn poll_timeout_expired(&mut self, io: &mut Io<'_, '_>) {
        io.emit_cause(Kind::PollTimeout {});
        self.leave_group(io, LeavingMember::POLL_TIMEOUT);
        self.membership.reset(io, "consumer pro-actively leaving the group", true, ErrorCode::None);
    }

    /// maybeLeaveGroup without the reset (CLIENT-33).
    pub fn leave_group(&mut self, io: &mut Io<'_, '_>, reason: &str) {
        let m = &self.membership;
        let dynamic = self.instance.is_empty();
        if !dynamic || !self.lookup.known || m.state == MemberState::Unjoined || m.id.member == MemberId::EMPTY {
            return;
        }
        let reason = io.symbol(reason);
        let request = LeaveGroupRequest {
            group: Some(m.group),
            members: vec![LeavingMember { member: m.id.member, instance: self.instance, reason }],
        };
        let sender = Sender { generation: m.id.generation, ..self.sender() };
        let call = Call {
            channel: Channel::Coordinator,
            version: self.profile.leave_version,
            timeout_ms: self.request_timeout_ms(),
        };
        self.network.send(io, call, sender, Request::LeaveGroup(Box::new(request)), Pending::Leave);
    }
}
