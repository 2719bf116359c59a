//! Requests to the coordinator, with the retries that the client makes by itself.
//!
//! A request that fails for a passing reason is made again after a back-off, until so much time has passed since the first
//! try that it is given up: session.timeout.ms for what keeps a member in its group, 30 s for everything else.

use super::FranzGo;
use crate::choice::Purpose;
use crate::client::io::{Io, Timer};
use crate::client::network::{Call as Sending, Pending, Sender};
use crate::ids::{Generation, MemberId};
use crate::protocol::{ErrorCode, Request};
use crate::time::{Duration, Instant};
use crate::trace::Channel;

/// First back-off (`RetryBackoffFn`), in ms; it doubles with every failure.
pub(super) const BACKOFF_MS: u64 = 250;
/// Longest back-off, in ms.
pub(super) const BACKOFF_MAX_MS: u64 = 5_000;
/// `RetryTimeout` of other requests than JoinGroup, SyncGroup and Heartbeat, in ms.
pub(super) const RETRY_TIMEOUT_MS: i64 = 30_000;

/// A request to the coordinator; there is never more than one of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Want {
    /// JoinGroup.
    Join,
    /// SyncGroup.
    Sync,
    /// Heartbeat.
    Beat,
    /// OffsetFetch.
    Offsets,
    /// OffsetCommit: the first of those that queue.
    Commit,
    /// LeaveGroup.
    Leave,
}

impl Want {
    /// All of them, in the order in which they are sent.
    pub const ALL: [Want; 6] = [Want::Join, Want::Sync, Want::Beat, Want::Offsets, Want::Commit, Want::Leave];
}

/// How far such a request is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// It is to be made, or is on its way.
    pub wanted: bool,
    /// It is on its way.
    pub sent: bool,
    /// Failures so far.
    tries: u32,
    /// When it was first tried.
    since: Instant,
    /// Not before this.
    pub backoff: Timer,
}

impl Call {
    const NONE: Call = Call { wanted: false, sent: false, tries: 0, since: Instant::ZERO, backoff: Timer::NEVER };
}

/// All of them, and the search for the coordinator.
#[derive(Debug)]
pub(super) struct Calls {
    calls: [Call; 6],
    /// The coordinator is known.
    pub found: bool,
    /// FindCoordinator is not sent before this.
    pub find_backoff: Timer,
    find_tries: u32,
    /// A FindCoordinator is on its way.
    finding: bool,
}

impl Calls {
    pub fn new() -> Self {
        Calls { calls: [Call::NONE; 6], found: false, find_backoff: Timer::NEVER, find_tries: 0, finding: false }
    }

    /// How far a request is.
    #[inline]
    pub fn get(&self, want: Want) -> &Call {
        &self.calls[want as usize]
    }

    /// A request is to be made.
    pub fn begin(&mut self, io: &Io<'_, '_>, want: Want) {
        self.calls[want as usize] = Call { wanted: true, since: io.now(), ..Call::NONE };
    }

    /// A request is over, or its answer is not waited for any more.
    pub fn over(&mut self, want: Want) {
        self.calls[want as usize] = Call::NONE;
    }

    /// A pause is over.
    pub fn unblock(&mut self, now: Instant) {
        for timer in self.calls.iter_mut().map(|call| &mut call.backoff).chain([&mut self.find_backoff]) {
            if timer.at <= now {
                *timer = Timer::NEVER;
            }
        }
    }

    /// The pause that ends first.
    pub fn first_backoff(&self) -> Timer {
        let mut first = self.find_backoff;
        for call in &self.calls {
            if call.backoff.at < first.at {
                first = call.backoff;
            }
        }
        first
    }
}

/// Errors that the client takes for a coordinator that has moved or is not ready.
pub(super) fn is_passing(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable | ErrorCode::CoordinatorLoadInProgress
    )
}

/// `RetryBackoffFn`: 250 ms doubled for every failure but the first, 20 % either way, at most 5 s.
pub(super) fn backoff_ms(io: &mut Io<'_, '_>, failures: u32) -> i64 {
    if failures > 10 {
        return BACKOFF_MAX_MS as i64;
    }
    let term = BACKOFF_MS << failures.saturating_sub(1);
    let drawn = io.cx.choice.jitter(Purpose::BackoffJitter, io.actor, term, 20);
    drawn.min(BACKOFF_MAX_MS) as i64
}

impl FranzGo {
    /// Sends what is to be sent, if the coordinator is known and can be reached.
    pub(super) fn serve_calls(&mut self, io: &mut Io<'_, '_>) {
        for want in Want::ALL {
            let call = self.calls.get(want);
            if !call.wanted || call.sent || call.backoff.is_armed() {
                continue;
            }
            if !self.calls.found {
                return self.find_coordinator(io);
            }
            if !self.network.ready(Channel::Coordinator, io.now()) {
                return;
            }
            self.calls.calls[want as usize].sent = true;
            let cause = io.cx.cause;
            match want {
                Want::Join => self.send_join(io),
                Want::Sync => self.send_sync(io),
                Want::Beat => self.send_heartbeat(io),
                Want::Offsets => self.send_offset_fetch(io),
                Want::Commit => self.send_commit(io),
                Want::Leave => self.send_leave(io),
            }
            io.cx.cause = cause;
        }
    }

    fn find_coordinator(&mut self, io: &mut Io<'_, '_>) {
        let channel = self.side_channel();
        if self.calls.finding || self.calls.find_backoff.is_armed() || !self.network.ready(channel, io.now()) {
            return;
        }
        self.calls.finding = true;
        let sender = Sender { group: self.group.name, member: MemberId::EMPTY, generation: Generation::NONE };
        let version = self.profile.find_coordinator_version;
        let sending = Sending { channel, version, timeout_ms: self.request_timeout_ms() };
        self.network.send(io, sending, sender, Request::FindCoordinator(self.group.name), Pending::FindCoordinator);
    }

    /// FindCoordinator was answered.
    pub(super) fn on_find_coordinator(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.calls.finding = false;
        if code.is_none() {
            (self.calls.found, self.calls.find_tries) = (true, 0);
        } else {
            self.find_failed(io, code);
        }
    }

    /// FindCoordinator failed, and with it a try of everything that waits for it.
    pub(super) fn find_failed(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.calls.finding = false;
        self.calls.find_tries += 1;
        let ms = backoff_ms(io, self.calls.find_tries);
        self.calls.find_backoff = io.timer_ms(ms);
        for want in Want::ALL {
            let call = self.calls.get(want);
            if call.wanted && !call.sent && io.now().since(call.since) >= Duration::from_ms(self.patience_ms(want)) {
                self.calls.over(want);
                self.call_given_up(io, want, code);
            }
        }
    }

    /// A request failed for a passing reason: it is made again, unless that has gone on for too long.
    pub(super) fn call_failed(&mut self, io: &mut Io<'_, '_>, want: Want, code: ErrorCode) {
        if is_passing(code) {
            self.calls.found = false;
        }
        let mut call = *self.calls.get(want);
        if !call.wanted {
            return;
        }
        call.tries += 1;
        let ms = backoff_ms(io, call.tries);
        let at = io.timer_ms(ms);
        if at.at.since(call.since) > Duration::from_ms(self.patience_ms(want)) {
            self.calls.over(want);
            return self.call_given_up(io, want, code);
        }
        (call.sent, call.backoff) = (false, at);
        self.calls.calls[want as usize] = call;
    }

    /// `RetryTimeout`.
    fn patience_ms(&self, want: Want) -> u64 {
        let ms = match want {
            Want::Join | Want::Sync | Want::Beat => self.config.session_timeout_ms.into(),
            _ => RETRY_TIMEOUT_MS,
        };
        u64::try_from(ms).unwrap_or(0)
    }

    fn call_given_up(&mut self, io: &mut Io<'_, '_>, want: Want, code: ErrorCode) {
        match want {
            Want::Join | Want::Sync => self.join_failed(io, code),
            Want::Beat => self.beat_over(io, Some(code)),
            Want::Offsets => self.loop_error(io, code),
            Want::Commit => self.commit_failed(io, crate::trace::CommitError::Timeout, code),
            Want::Leave => self.left(),
        }
    }
}
