//! Requests in flight on the producer's connection.
//!
//! A request that is not answered within `request.timeout.ms` takes the connection down, and with it all others on it. With
//! `acks = 0` nobody answers: a request is done with when the socket has taken it. The socket's buffer has room for
//! [`SOCKET_BYTES`]; TCP's own acknowledgements make room again. What does not fit waits, and if nothing fits for
//! `request.timeout.ms`, the connection is dropped too.

use super::super::MemberOutput;
use super::super::io::Io;
use super::partition::Batch;
use crate::config::{ClientKind, ProducerSettings};
use crate::ids::{CorrelationId, Generation, GroupId, MemberId, Seq};
use crate::protocol::{Api, ErrorCode, Request};
use crate::time::Instant;
use crate::trace::{Channel, Kind};
use std::collections::VecDeque;

/// Bytes that the socket takes while nothing arrives: Java's send.buffer.bytes.
pub(super) const SOCKET_BYTES: u64 = 128 << 10;

/// What the answer of a request is for.
#[derive(Debug)]
pub(super) enum Pending {
    Metadata,
    ProducerId,
    Produce(Vec<Batch>),
    /// Of `acks = 0`: so many bytes are on their way.
    Bytes(u64),
}

#[derive(Debug)]
struct InFlight {
    correlation: CorrelationId,
    api: Api,
    timeout: Instant,
    /// The `sent` event.
    by: Seq,
    pending: Pending,
}

/// The connection.
#[derive(Debug)]
pub(super) struct Connection {
    in_flight: VecDeque<InFlight>,
    correlation: u32,
    timeout_ms: i64,
    backoff_ms: i64,
    backoff_max_ms: i64,
    blocked_until: Option<Instant>,
    attempts: u32,
    /// Produce requests in flight.
    pub produces: u64,
    /// Bytes in the socket's buffer, of `acks = 0`.
    bytes: u64,
    /// Since when there has been no room in it.
    full_since: Option<Instant>,
    versions: Versions,
    /// Metadata goes over a connection of its own (kafka-go, franz-go): it does not take this one down.
    metadata_apart: bool,
}

/// Versions of requests: the highest that both the library and Kafka 4 know.
#[derive(Clone, Copy, Debug)]
struct Versions {
    produce: i16,
    metadata: i16,
    init_producer_id: i16,
}

impl Versions {
    fn of(kind: ClientKind) -> Versions {
        match kind {
            ClientKind::Java => Versions { produce: 11, metadata: 12, init_producer_id: 5 },
            ClientKind::Librdkafka => Versions { produce: 10, metadata: 13, init_producer_id: 4 },
            ClientKind::Sarama => Versions { produce: 10, metadata: 10, init_producer_id: 4 },
            ClientKind::KafkaGo => Versions { produce: 8, metadata: 8, init_producer_id: 4 },
            ClientKind::FranzGo => Versions { produce: 12, metadata: 13, init_producer_id: 5 },
        }
    }
}

impl Connection {
    pub fn new(settings: &ProducerSettings) -> Self {
        Connection {
            in_flight: VecDeque::new(),
            correlation: 0,
            timeout_ms: settings.request_timeout_ms,
            backoff_ms: settings.reconnect_backoff_ms,
            backoff_max_ms: settings.reconnect_backoff_max_ms,
            blocked_until: None,
            attempts: 0,
            produces: 0,
            bytes: 0,
            full_since: None,
            versions: Versions::of(settings.kind),
            metadata_apart: matches!(settings.kind, ClientKind::KafkaGo | ClientKind::FranzGo),
        }
    }

    /// Sends a request; gives its correlation id and the `sent` event.
    pub fn send(&mut self, io: &mut Io<'_, '_>, request: Request, pending: Pending) -> (CorrelationId, Seq) {
        self.correlation += 1;
        let correlation = CorrelationId(self.correlation);
        let api = request.api();
        let (group, member, generation) = (GroupId::EMPTY, MemberId::EMPTY, Generation::NONE);
        let cause = io.emit(Kind::RequestSent { api, request: correlation, group, member, generation });
        let mut timeout = io.now().deadline_ms(self.timeout_ms.max(1));
        match &pending {
            Pending::Produce(_) => self.produces += 1,
            Pending::Bytes(bytes) => {
                timeout = Instant::MAX;
                self.bytes += bytes;
                if !self.has_room() {
                    self.full_since.get_or_insert(io.now());
                }
            }
            Pending::Metadata if self.metadata_apart => timeout = Instant::MAX,
            _ => {}
        }
        let api_version = match api {
            Api::Produce => self.versions.produce,
            Api::Metadata => self.versions.metadata,
            _ => self.versions.init_producer_id,
        };
        self.in_flight.push_back(InFlight { correlation, api, timeout, by: cause, pending });
        io.out.push(MemberOutput::Send { channel: Channel::Node, lane: 0, correlation, api_version, request, cause });
        (correlation, cause)
    }

    /// Takes the request that an answer belongs to; `None` if nobody waits for it any more.
    pub fn take(&mut self, io: &mut Io<'_, '_>, correlation: CorrelationId, code: ErrorCode) -> Option<Pending> {
        let place = self.in_flight.iter().position(|r| r.correlation == correlation)?;
        let request = self.in_flight.remove(place)?;
        self.attempts = 0;
        match &request.pending {
            Pending::Produce(_) => self.produces -= 1,
            Pending::Bytes(bytes) => {
                self.bytes -= bytes;
                if self.has_room() {
                    self.full_since = None;
                }
            }
            _ => {}
        }
        io.emit_cause(Kind::RequestReplySeen { api: request.api, request: correlation, code });
        Some(request.pending)
    }

    /// Drops the connection and takes what was in flight, oldest first; what timed out is told apart from what was lost.
    pub fn drop_it(&mut self, io: &mut Io<'_, '_>) -> Vec<Pending> {
        let mut failed = Vec::with_capacity(self.in_flight.len());
        for r in self.in_flight.drain(..) {
            if r.timeout <= io.cx.now {
                let cause = std::mem::replace(&mut io.cx.cause, r.by);
                io.emit(Kind::RequestTimedOut { api: r.api, request: r.correlation });
                io.cx.cause = cause;
            } else {
                io.emit(Kind::RequestLost { api: r.api, request: r.correlation });
            }
            failed.push(r.pending);
        }
        (self.produces, self.bytes, self.full_since) = (0, 0, None);
        io.emit_cause(Kind::Disconnected { channel: Channel::Node });
        let ms = io.backoff_ms(self.backoff_ms, self.backoff_max_ms, self.attempts);
        self.attempts += 1;
        self.blocked_until = (ms > 0).then(|| io.now().deadline_ms(ms));
        io.out.push(MemberOutput::Disconnect { channel: Channel::Node, lane: 0 });
        failed
    }

    /// The process ends: everything in flight is lost.
    pub fn lose_all(&mut self, io: &mut Io<'_, '_>) {
        for r in self.in_flight.drain(..) {
            io.emit(Kind::RequestLost { api: r.api, request: r.correlation });
        }
    }

    /// Whether requests may be sent, as far as the reconnect back-off goes.
    pub fn is_open(&mut self, now: Instant) -> bool {
        if self.blocked_until.is_some_and(|until| until <= now) {
            self.blocked_until = None;
        }
        self.blocked_until.is_none()
    }

    /// Whether the socket takes more (`acks = 0`).
    pub fn has_room(&self) -> bool {
        self.bytes < SOCKET_BYTES
    }

    /// When the connection is dropped if nothing comes; and when the back-off is over.
    pub fn next_deadline(&self) -> Option<Instant> {
        [self.dropped_at(), self.blocked_until].into_iter().flatten().min()
    }

    /// When the connection is dropped if nothing comes.
    pub fn dropped_at(&self) -> Option<Instant> {
        let answer = self.in_flight.iter().map(|r| r.timeout).find(|&at| at != Instant::MAX);
        let room = self.full_since.map(|since| since.deadline_ms(self.timeout_ms.max(1)));
        [answer, room].into_iter().flatten().min()
    }

    /// Whether a request of this kind is in flight.
    pub fn waits_for(&self, api: Api) -> bool {
        self.in_flight.iter().any(|r| r.api == api)
    }

    /// Whether anything is in flight.
    pub fn is_busy(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// When the oldest batch in flight that the application waits for was created.
    pub fn oldest_created(&self) -> Option<Instant> {
        self.in_flight.iter().find_map(|r| match &r.pending {
            Pending::Produce(batches) => batches.iter().find(|batch| !batch.settled).map(|batch| batch.created),
            _ => None,
        })
    }

    /// The application is told about the oldest batch in flight, which stays in flight.
    pub fn settle_oldest(&mut self) -> Option<Batch> {
        let batch = self.in_flight.iter_mut().find_map(|r| match &mut r.pending {
            Pending::Produce(batches) => batches.iter_mut().find(|batch| !batch.settled),
            _ => None,
        })?;
        batch.settled = true;
        Some(*batch)
    }
}
