//! Requests in flight and the two connections.
//!
//! Answers of one connection come in order. A request that is not answered within its time-out takes its connection down,
//! and with it every other request on it (NetworkClient.handleTimedOutRequests); reconnecting waits for
//! reconnect.backoff.ms. Every request ends as exactly one of reply seen, timed out, lost.

use super::consumer::membership::GenerationId;
use crate::client::MemberOutput;
use crate::client::io::{Io, Timer};
use crate::config::ClientConfig;
use crate::ids::{CorrelationId, Generation, GroupId, MemberId, Seq};
use crate::protocol::{Api, CommitPartition, ErrorCode, Request};
use crate::time::Instant;
use crate::trace::{Channel, CommitOrigin, Kind};

/// Who waits for a commit's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CommitPurpose {
    /// A blocked commitSync; the offsets are kept there.
    Sync,
    /// The application's commitAsync.
    Async,
    /// The application's commitAsync that repeats one that has failed, for the n-th time.
    Retry(u32),
    /// Periodic auto-commit (CLIENT-27).
    Periodic,
    /// Auto-commit before a rejoin (CLIENT-18).
    JoinPrepare,
    /// librdkafka: stored offsets of partitions that were taken away.
    Unassigned,
}

/// What the client remembers of a commit that it sent.
#[derive(Debug)]
pub(crate) struct PendingCommit {
    /// Who waits.
    pub purpose: CommitPurpose,
    /// What made the client commit.
    pub origin: CommitOrigin,
    /// The generation that it was sent with.
    pub sent_with: GenerationId,
    /// What was committed (empty for `Sync`).
    pub offsets: Vec<CommitPartition>,
}

/// What the answer of a request is for.
#[derive(Debug)]
pub(crate) enum Pending {
    /// FindCoordinator.
    FindCoordinator,
    /// Metadata.
    Metadata,
    /// JoinGroup, sent with this generation.
    Join(GenerationId),
    /// SyncGroup, sent with this generation.
    Sync(GenerationId),
    /// Heartbeat, sent with this generation.
    Heartbeat(GenerationId),
    /// LeaveGroup.
    Leave,
    /// OffsetCommit.
    Commit(PendingCommit),
    /// OffsetFetch.
    OffsetFetch,
    /// ListOffsets for positions.
    Positions,
    /// ListOffsets for the ends of `until = "end"`.
    Ends,
    /// Fetch.
    Fetch,
    /// A request of one of kafka-go's goroutines.
    Routine(Routine),
}

/// The goroutines of kafka-go that wait for an answer of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Routine {
    /// The reader of a partition: its place in the list.
    Reader(u32),
    /// The watcher of a topic's partitions: its place in the list.
    Watcher(u32),
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct InFlight {
    /// Its correlation id.
    pub correlation: CorrelationId,
    /// Which request.
    pub api: Api,
    /// Which connection.
    pub channel: Channel,
    /// Which of the connections of that kind: 0, except for libraries that open several.
    pub lane: u32,
    /// When the client stops waiting; armed by the `sent` event.
    pub timeout: Timer,
    /// What for.
    pub pending: Pending,
}

/// What a request says about its sender in the trace.
#[derive(Clone, Copy)]
pub(crate) struct Sender {
    /// Group, or empty.
    pub group: GroupId,
    /// Member id, or empty.
    pub member: MemberId,
    /// Generation, or -1.
    pub generation: Generation,
}

impl Sender {
    /// A request that is not about a group.
    pub const NOBODY: Sender = Sender { group: GroupId::EMPTY, member: MemberId::EMPTY, generation: Generation::NONE };
}

/// How a request is sent.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    /// On which connection.
    pub channel: Channel,
    /// Version of the request.
    pub version: i16,
    /// How long the client waits for the answer.
    pub timeout_ms: i64,
}

/// One connection.
#[derive(Debug)]
struct Connection {
    /// No reconnect before this (reconnect.backoff.ms).
    blocked_until: Timer,
    /// Disconnects since the last answer.
    attempts: u32,
}

/// Requests in flight and connections.
#[derive(Debug)]
pub(crate) struct Network {
    in_flight: Vec<InFlight>,
    /// The request that times out first.
    first: Option<(Timer, Channel, u32)>,
    correlation: u32,
    connections: [Connection; 2],
    reconnect_backoff_ms: i64,
    reconnect_backoff_max_ms: i64,
}

impl Network {
    pub fn new(config: &ClientConfig) -> Self {
        let connection = || Connection { blocked_until: Timer::NEVER, attempts: 0 };
        Network {
            in_flight: Vec::with_capacity(4),
            first: None,
            correlation: 0,
            connections: [connection(), connection()],
            reconnect_backoff_ms: config.reconnect_backoff_ms,
            reconnect_backoff_max_ms: config.reconnect_backoff_max_ms,
        }
    }

    /// Sends a request; returns its correlation id and the `sent` event.
    pub fn send(
        &mut self,
        io: &mut Io<'_, '_>,
        call: Call,
        sender: Sender,
        request: Request,
        pending: Pending,
    ) -> (CorrelationId, Seq) {
        self.send_on_lane(io, 0, call, sender, request, pending)
    }

    /// Sends a request on one of several connections of a kind.
    pub fn send_on_lane(
        &mut self,
        io: &mut Io<'_, '_>,
        lane: u32,
        call: Call,
        sender: Sender,
        request: Request,
        pending: Pending,
    ) -> (CorrelationId, Seq) {
        let Call { channel, version, timeout_ms } = call;
        self.correlation += 1;
        let correlation = CorrelationId(self.correlation);
        let api = request.api();
        let Sender { group, member, generation } = sender;
        let cause = io.emit(Kind::RequestSent { api, request: correlation, group, member, generation });
        let timeout = Timer { at: io.now().deadline_ms(timeout_ms.max(1)), by: cause };
        self.in_flight.push(InFlight { correlation, api, channel, lane, timeout, pending });
        if self.first.is_none_or(|first| timeout.at < first.0.at) {
            self.first = Some((timeout, channel, lane));
        }
        io.out.push(MemberOutput::Send { channel, lane, correlation, api_version: version, request, cause });
        (correlation, cause)
    }

    /// Takes the request that an answer belongs to; `None` if the client no longer waits for it.
    pub fn take(&mut self, io: &mut Io<'_, '_>, correlation: CorrelationId, code: ErrorCode) -> Option<Pending> {
        let index = self.in_flight.iter().position(|r| r.correlation == correlation)?;
        let request = self.in_flight.remove(index);
        if self.first.is_some_and(|first| first.0 == request.timeout) {
            self.find_first();
        }
        self.connections[request.channel as usize].attempts = 0;
        io.emit_cause(Kind::RequestReplySeen { api: request.api, request: correlation, code });
        Some(request.pending)
    }

    fn find_first(&mut self) {
        let first = self.in_flight.iter().min_by_key(|r| r.timeout.at);
        self.first = first.map(|r| (r.timeout, r.channel, r.lane));
    }

    /// Drops a connection and takes what was in flight on it, in order; what timed out is told apart from what was lost. It
    /// may be opened again after reconnect.backoff.ms.
    pub fn disconnect(&mut self, io: &mut Io<'_, '_>, channel: Channel) -> Vec<Pending> {
        let failed = self.fail(io, channel, 0);
        let connection = &mut self.connections[channel as usize];
        let ms = io.backoff_ms(self.reconnect_backoff_ms, self.reconnect_backoff_max_ms, connection.attempts);
        connection.attempts += 1;
        io.emit_cause(Kind::Disconnected { channel });
        connection.blocked_until = io.timer_ms(ms);
        io.out.push(MemberOutput::Disconnect { channel, lane: 0 });
        failed
    }

    /// Closes one of several connections of a kind, without a backoff. The trace says so if something was in flight on it.
    pub fn hang_up(&mut self, io: &mut Io<'_, '_>, channel: Channel, lane: u32) -> Vec<Pending> {
        let failed = self.fail(io, channel, lane);
        if !failed.is_empty() {
            io.emit_cause(Kind::Disconnected { channel });
        }
        io.out.push(MemberOutput::Disconnect { channel, lane });
        failed
    }

    fn fail(&mut self, io: &mut Io<'_, '_>, channel: Channel, lane: u32) -> Vec<Pending> {
        let now = io.now();
        let mut failed = Vec::new();
        let mut kept = Vec::with_capacity(self.in_flight.len());
        for r in self.in_flight.drain(..) {
            if r.channel != channel || r.lane != lane {
                kept.push(r);
                continue;
            }
            if r.timeout.at <= now {
                let cause = std::mem::replace(&mut io.cx.cause, r.timeout.by);
                io.emit(Kind::RequestTimedOut { api: r.api, request: r.correlation });
                io.cx.cause = cause;
            } else {
                io.emit(Kind::RequestLost { api: r.api, request: r.correlation });
            }
            failed.push(r.pending);
        }
        self.in_flight = kept;
        self.find_first();
        failed
    }

    /// Everything in flight is lost: the process ends.
    pub fn lose_all(&mut self, io: &mut Io<'_, '_>) {
        self.first = None;
        for r in self.in_flight.drain(..) {
            io.emit(Kind::RequestLost { api: r.api, request: r.correlation });
        }
    }

    /// Whether a request on this connection may be sent now, as far as the reconnect backoff goes.
    pub fn ready(&self, channel: Channel, now: Instant) -> bool {
        let blocked = self.connections[channel as usize].blocked_until;
        !blocked.is_armed() || blocked.at <= now
    }

    /// Reconnect backoff that runs out next.
    pub fn reconnect(&self, channel: Channel) -> Timer {
        self.connections[channel as usize].blocked_until
    }

    /// The reconnect backoff has run out.
    pub fn unblock(&mut self, channel: Channel) {
        self.connections[channel as usize].blocked_until = Timer::NEVER;
    }

    /// The request that times out first: when, and on which connection.
    #[inline]
    pub fn first_timeout(&self) -> Option<(Timer, Channel)> {
        self.first.map(|(timer, channel, _)| (timer, channel))
    }

    /// The same, with which of several connections of the kind it is.
    #[inline]
    pub fn first_timeout_on_lane(&self) -> Option<(Timer, Channel, u32)> {
        self.first
    }

    /// Whether anything is in flight on this connection.
    pub fn busy(&self, channel: Channel) -> bool {
        self.in_flight.iter().any(|r| r.channel == channel)
    }

    /// Whether this request is in flight.
    pub fn in_flight(&self, id: CorrelationId) -> bool {
        self.in_flight.iter().any(|r| r.correlation == id)
    }

    /// Whether a request of this kind is in flight on this connection.
    pub fn on_its_way(&self, api: Api, channel: Channel) -> bool {
        self.in_flight.iter().any(|r| r.api == api && r.channel == channel)
    }

    /// Whether a request of this kind is in flight.
    pub fn waits_for(&self, api: Api) -> bool {
        self.in_flight.iter().any(|r| r.api == api)
    }
}
