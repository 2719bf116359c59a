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
    /// Which of the library's connections to the broker.
    lane: u32,
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
    kind: ClientKind,
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
            kind: settings.kind,
        }
    }

    /// The connection that a request goes over: kafka-go opens one for each request under way, of which there is one for
    /// each partition; with franz-go, as with it, Metadata does not share the producer's.
    fn lane(&self, pending: &Pending, partition: Option<u32>) -> u32 {
        match (self.kind, pending) {
            (ClientKind::KafkaGo, Pending::Produce(_) | Pending::Bytes(_)) => partition.map_or(1, |p| 1 + p),
            (ClientKind::FranzGo, Pending::Metadata | Pending::ProducerId) => 1,
            _ => 0,
        }
    }

    /// Sends a request (to one partition, if to one only); gives its correlation id and the `sent` event.
    pub fn send(
        &mut self,
        io: &mut Io<'_, '_>,
        request: Request,
        pending: Pending,
        partition: Option<u32>,
    ) -> (CorrelationId, Seq) {
        let lane = self.lane(&pending, partition);
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
            _ => {}
        }
        let api_version = match api {
            Api::Produce => self.versions.produce,
            Api::Metadata => self.versions.metadata,
            _ => self.versions.init_producer_id,
        };
        self.in_flight.push_back(InFlight { correlation, api, lane, timeout, by: cause, pending });
        io.out.push(MemberOutput::Send { channel: Channel::Node, lane, correlation, api_version, request, cause });
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

    /// Drops a connection and takes what was in flight on it, oldest first; what timed out is told apart from what was lost.
    pub fn drop_it(&mut self, io: &mut Io<'_, '_>, lane: u32) -> Vec<Pending> {
        let mut failed = Vec::new();
        for r in std::mem::take(&mut self.in_flight) {
            if r.lane != lane {
                self.in_flight.push_back(r);
                continue;
            }
            if r.timeout <= io.cx.now {
                let cause = std::mem::replace(&mut io.cx.cause, r.by);
                io.emit(Kind::RequestTimedOut { api: r.api, request: r.correlation });
                io.cx.cause = cause;
            } else {
                io.emit(Kind::RequestLost { api: r.api, request: r.correlation });
            }
            match &r.pending {
                Pending::Produce(_) => self.produces -= 1,
                Pending::Bytes(bytes) => self.bytes -= bytes,
                Pending::Metadata | Pending::ProducerId => {}
            }
            failed.push(r.pending);
        }
        if self.has_room() {
            self.full_since = None;
        }
        io.emit_cause(Kind::Disconnected { channel: Channel::Node });
        let ms = io.backoff_ms(self.backoff_ms, self.backoff_max_ms, self.attempts);
        self.attempts += 1;
        self.blocked_until = (ms > 0).then(|| io.now().deadline_ms(ms));
        io.out.push(MemberOutput::Disconnect { channel: Channel::Node, lane });
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

    /// The end of the reconnect back-off.
    pub fn blocked_until(&self) -> Option<Instant> {
        self.blocked_until
    }

    /// Whether the socket takes more (`acks = 0`).
    pub fn has_room(&self) -> bool {
        self.bytes < SOCKET_BYTES
    }

    /// When a connection is dropped if nothing comes; and when the back-off is over.
    pub fn next_deadline(&self) -> Option<Instant> {
        [self.dropped_at().map(|at| at.0), self.blocked_until].into_iter().flatten().min()
    }

    /// When which connection is dropped if nothing comes. Requests wait equally long: the oldest that is answered is first.
    pub fn dropped_at(&self) -> Option<(Instant, u32)> {
        let answer = self.in_flight.iter().find(|r| r.timeout != Instant::MAX).map(|r| (r.timeout, r.lane));
        let room = self.full_since.and_then(|since| {
            let full = self.in_flight.iter().find(|r| matches!(r.pending, Pending::Bytes(_)))?;
            Some((since.deadline_ms(self.timeout_ms.max(1)), full.lane))
        });
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
