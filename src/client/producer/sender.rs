//! Sends batches, takes their answers, sends again, gives up.

use super::super::io::Io;
use super::accumulator::Accumulator;
use super::connection::{Connection, Pending};
use super::partition::Batch;
use super::partitioner::Partitioner;
use super::rules::{Gather, Rules};
use crate::config::{Acks, ClientKind, ProducerConfig, ProducerSettings};
use crate::ids::{CorrelationId, Offset, TopicName, TopicPartition};
use crate::protocol::{Api, ErrorCode, ProduceBatch, ProduceRequest, Request, Response, Sequence};
use crate::time::Instant;
use crate::trace::{Kind, SendFailure};

/// Answers for synchronous calls: call, records, whether they came back with an error.
pub(super) type Answers = Vec<(u64, u64, bool)>;

/// The producer library.
pub(super) struct Sender {
    settings: ProducerSettings,
    topic: TopicName,
    accumulator: Accumulator,
    partitioner: Partitioner,
    connection: Connection,
    producer_id: Option<i64>,
    /// A Produce request has been answered.
    answered_once: bool,
    /// franz-go: after a failure nothing goes to the broker before this; failures in a row.
    backing_off: Option<Instant>,
    failures: u32,
    /// sarama: when the set will have waited for long enough.
    set_due: Option<Instant>,
    /// When the topic's partitions are looked up again; `None` before the first time.
    metadata_at: Option<Instant>,
    pub answers: Answers,
    spread: Vec<(u32, u64)>,
}

impl Sender {
    pub fn new(io: &mut Io<'_, '_>, config: &ProducerConfig) -> Self {
        Sender {
            settings: config.client.clone(),
            topic: TopicName(io.symbol(&config.topic)),
            accumulator: Accumulator::new(Rules::new(config), &config.client),
            partitioner: Partitioner::new(config),
            connection: Connection::new(&config.client),
            producer_id: None,
            answered_once: false,
            backing_off: None,
            failures: 0,
            set_due: None,
            metadata_at: None,
            answers: Vec::new(),
            spread: Vec::new(),
        }
    }

    /// Whether the topic's partitions are known.
    pub fn knows_partitions(&self) -> bool {
        self.accumulator.partitions() > 0
    }

    /// Records that have not been answered for.
    pub fn held(&self) -> u64 {
        self.accumulator.held
    }

    /// Somebody has records for the topic: its partitions are looked up if that has not been done.
    pub fn want_partitions(&mut self, io: &Io<'_, '_>) {
        self.metadata_at.get_or_insert(io.now());
    }

    /// Takes in records of a call.
    pub fn hand_over(&mut self, io: &mut Io<'_, '_>, count: u64, call: Option<u64>) {
        let mut spread = std::mem::take(&mut self.spread);
        self.partitioner.spread(io, count, self.accumulator.partitions(), &mut spread);
        for &(partition, count) in &spread {
            self.accumulator.hand_over(partition, count, io.now(), call);
        }
        self.spread = spread;
    }

    /// Everything is sent at once from now on, or no longer.
    pub fn flush(&mut self, io: &Io<'_, '_>, close: bool, somebody_waits: bool) {
        let flushing = close || (somebody_waits && self.accumulator.rules.full_buffer_flushes());
        self.accumulator.set_flushing(flushing, io.now());
    }

    /// Whether everything has been answered for and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.accumulator.held == 0 && !self.connection.is_busy()
    }

    /// When [`Sender::go_on`] has something to do next.
    pub fn next_deadline(&self) -> Option<Instant> {
        let metadata = self.metadata_at.filter(|_| !self.connection.waits_for(Api::Metadata));
        // While the connection waits to be opened again nothing is sent: the end of that wait is the next thing to happen.
        let metadata = metadata.map(|at| self.connection.blocked_until().map_or(at, |until| at.max(until)));
        let others = [self.accumulator.next_deadline(), self.connection.next_deadline(), self.expires_in_flight()];
        others.into_iter().chain([self.set_due, metadata, self.backing_off]).flatten().min()
    }

    /// Everything that is due: gives up what is too old, drops a connection that does not answer, asks, sends.
    pub fn go_on(&mut self, io: &mut Io<'_, '_>) {
        let now = io.now();
        self.accumulator.wake(now);
        while let Some(batch) = self.accumulator.take_expired(now) {
            self.failed(io, &batch, SendFailure::DeliveryTimeout);
        }
        self.expire_in_flight(io);
        while let Some((_, lane)) = self.connection.dropped_at().filter(|dropped| dropped.0 <= now) {
            self.disconnect(io, lane);
        }
        if self.backing_off.is_some_and(|until| until <= now) {
            self.backing_off = None;
        }
        if !self.connection.is_open(now) {
            return;
        }
        if self.settings.idempotent && self.producer_id.is_none() && !self.connection.waits_for(Api::InitProducerId) {
            self.connection.send(io, Request::InitProducerId, Pending::ProducerId, None);
        }
        if self.metadata_at.is_some_and(|at| at <= now) && !self.connection.waits_for(Api::Metadata) {
            self.connection.send(io, Request::Metadata(vec![self.topic]), Pending::Metadata, None);
        }
        while self.may_send() {
            let batches = self.gather(now);
            if batches.is_empty() {
                break;
            }
            self.send(io, batches);
        }
        if self.accumulator.rules.gather == Gather::Set {
            self.set_due = self.accumulator.set_is_due(&self.settings, now).err().flatten();
        }
    }

    fn may_send(&self) -> bool {
        let limit = self.accumulator.rules.in_flight(&self.settings, self.answered_once);
        self.connection.produces < limit
            && self.connection.has_room()
            && self.backing_off.is_none()
            && (!self.settings.idempotent || self.producer_id.is_some())
    }

    /// The batches of the next request.
    fn gather(&mut self, now: Instant) -> Vec<Batch> {
        let answered = self.settings.acks != Acks::None;
        let partitions = match self.accumulator.rules.gather {
            Gather::One => self.accumulator.next_ready().into_iter().collect(),
            Gather::FirstOfAll if self.accumulator.any_ready() => self.accumulator.round(true, now),
            Gather::FirstOfAll => Vec::new(),
            Gather::FirstOfReady => self.accumulator.round(false, now),
            Gather::Set => self.gather_set(now),
        };
        let (mut batches, mut bytes) = (Vec::with_capacity(partitions.len()), 0u64);
        let limit = self.accumulator.rules.request_bytes;
        for partition in partitions {
            if bytes >= limit {
                break;
            }
            if let Some(batch) = self.accumulator.take(partition, now, answered) {
                bytes = bytes.saturating_add(batch.len().saturating_mul(self.accumulator.rules.size));
                batches.push(batch);
            }
        }
        if self.accumulator.rules.gather == Gather::Set && batches.iter().any(|batch| batch.retries == 0) {
            self.accumulator.new_set(now);
        }
        batches
    }

    /// sarama: what is sent again goes by itself (retryBatch); the rest when the set is flushed.
    fn gather_set(&mut self, now: Instant) -> Vec<u32> {
        let ready = self.accumulator.round(true, now);
        if let Some(&again) = ready.iter().find(|&&partition| self.accumulator.sends_again(partition)) {
            return vec![again];
        }
        match self.accumulator.set_is_due(&self.settings, now) {
            Ok(()) => ready,
            Err(_) => Vec::new(),
        }
    }

    fn send(&mut self, io: &mut Io<'_, '_>, batches: Vec<Batch>) {
        let of = |batch: &Batch| ProduceBatch {
            partition: TopicPartition::new(self.topic, batch.partition),
            from: batch.from,
            to: batch.to,
            size: u32::try_from(self.accumulator.rules.size).unwrap_or(u32::MAX),
            sequence: batch.sequence.zip(self.producer_id).map(|((epoch, first), producer_id)| Sequence {
                producer_id,
                epoch,
                first,
            }),
        };
        let cause = io.cx.cause;
        if let Some(again) = batches.iter().find(|batch| batch.retries > 0) {
            io.cx.cause = again.by;
        }
        let request = ProduceRequest { acks: self.settings.acks.number(), batches: batches.iter().map(of).collect() };
        let request = Request::Produce(Box::new(request));
        let partition = batches.first().map(|batch| batch.partition);
        if self.settings.acks == Acks::None {
            let records: u64 = batches.iter().map(Batch::len).sum();
            let pending = Pending::Bytes(records.saturating_mul(self.accumulator.rules.size));
            let (correlation, _) = self.connection.send(io, request, pending, partition);
            for batch in &batches {
                self.tell_sent(io, correlation, batch);
                self.acked(io, batch, Offset::NONE);
            }
        } else {
            let sent = batches.clone();
            let (correlation, _) = self.connection.send(io, request, Pending::Produce(batches), partition);
            sent.iter().for_each(|batch| self.tell_sent(io, correlation, batch));
        }
        io.cx.cause = cause;
    }

    fn tell_sent(&self, io: &mut Io<'_, '_>, request: CorrelationId, batch: &Batch) {
        let partition = TopicPartition::new(self.topic, batch.partition);
        let (epoch, sequence) = batch.sequence.map_or((-1, -1), |(epoch, first)| (i32::from(epoch), first));
        let Batch { from, to, retries: retry, .. } = *batch;
        io.emit(Kind::BatchSent { request, partition, from, to, epoch, sequence, retry });
    }

    /// An answer has come.
    pub fn on_response(&mut self, io: &mut Io<'_, '_>, correlation: CorrelationId, response: Response) {
        let Some(pending) = self.connection.take(io, correlation, response.error()) else { return };
        let now = io.now();
        match (pending, response) {
            (Pending::Metadata, Response::Metadata(topics)) => {
                let found = topics.first().map_or(0, |topic| topic.partitions);
                self.accumulator.learn_partitions(found);
                let ms = if found > 0 { self.settings.metadata_max_age_ms } else { self.settings.retry_backoff_ms };
                self.metadata_at = Some(now.deadline_ms(ms.max(1)));
            }
            (Pending::ProducerId, Response::InitProducerId(id)) => self.producer_id = Some(id),
            (Pending::Produce(batches), Response::Produce(answer)) => {
                (self.answered_once, self.failures) = (true, 0);
                for (batch, (_, error, offset)) in batches.into_iter().zip(answer.partitions) {
                    self.accumulator.landed(&batch, now);
                    self.batch_answered(io, batch, error, offset);
                }
            }
            _ => {}
        }
    }

    fn batch_answered(&mut self, io: &mut Io<'_, '_>, batch: Batch, error: ErrorCode, offset: Offset) {
        if matches!(error, ErrorCode::None | ErrorCode::DuplicateSequenceNumber) {
            self.accumulator.written(&batch);
        }
        if batch.settled {
            return;
        }
        match error {
            ErrorCode::None | ErrorCode::DuplicateSequenceNumber => self.acked(io, &batch, offset),
            ErrorCode::OutOfOrderSequenceNumber => {
                self.accumulator.begin_epoch(batch.partition, io.now());
                self.send_again(io, batch);
            }
            ErrorCode::UnknownTopicOrPartition | ErrorCode::NotLeaderOrFollower => self.send_again(io, batch),
            _ => self.failed(io, &batch, SendFailure::Refused),
        }
    }

    /// The connection is of no use: everything on it failed, oldest first.
    fn disconnect(&mut self, io: &mut Io<'_, '_>, lane: u32) {
        let now = io.now();
        let failed = self.connection.drop_it(io, lane);
        for pending in failed {
            match pending {
                Pending::Produce(batches) => {
                    for batch in batches {
                        self.accumulator.landed(&batch, now);
                        if !batch.settled {
                            self.send_again(io, batch);
                        }
                    }
                }
                Pending::Metadata => self.metadata_at = Some(now),
                Pending::ProducerId | Pending::Bytes(_) => {}
            }
        }
        if self.settings.kind == ClientKind::FranzGo && lane == 0 {
            let (first, longest) = (self.settings.retry_backoff_ms, self.settings.retry_backoff_max_ms);
            let ms = io.backoff_ms(first, longest, self.failures);
            self.failures += 1;
            self.backing_off = Some(now.deadline_ms(ms.max(1)));
        }
    }

    fn send_again(&mut self, io: &mut Io<'_, '_>, mut batch: Batch) {
        let now = io.now();
        let rules = &self.accumulator.rules;
        let given_up = if rules.after(batch.created, self.settings.delivery_timeout_ms) <= now {
            Some(SendFailure::DeliveryTimeout)
        } else if u64::from(batch.retries) >= self.settings.retries {
            Some(SendFailure::Retries)
        } else {
            None
        };
        if let Some(reason) = given_up {
            self.accumulator.given_up(&batch, now);
            return self.failed(io, &batch, reason);
        }
        let ms = self.backoff_ms(io, batch.retries);
        batch.retries += 1;
        batch.by = io.cx.cause;
        batch.not_before = now.deadline_ms(ms.max(1));
        self.accumulator.put_back(batch, now);
    }

    /// How long a batch waits that was sent again so often before.
    fn backoff_ms(&self, io: &mut Io<'_, '_>, retries: u32) -> i64 {
        let (first, longest) = (self.settings.retry_backoff_ms, self.settings.retry_backoff_max_ms);
        match self.settings.kind {
            // dialer.go, backoff
            ClientKind::KafkaGo => {
                let attempt = i64::from(retries) + 1;
                first.saturating_mul(attempt.saturating_mul(attempt)).min(longest)
            }
            ClientKind::Sarama => first,
            ClientKind::FranzGo => 0, // the whole broker is left alone instead
            ClientKind::Java | ClientKind::Librdkafka => io.backoff_ms(first, longest, retries),
        }
    }

    /// When the oldest batch in flight is given up (Sender.getExpiredInflightBatches; Java only).
    fn expires_in_flight(&self) -> Option<Instant> {
        let created = self.connection.oldest_created().filter(|_| self.settings.kind == ClientKind::Java)?;
        Some(self.accumulator.rules.after(created, self.settings.delivery_timeout_ms))
    }

    fn expire_in_flight(&mut self, io: &mut Io<'_, '_>) {
        let now = io.now();
        while self.expires_in_flight().is_some_and(|at| at <= now) {
            let Some(batch) = self.connection.settle_oldest() else { return };
            self.accumulator.given_up(&batch, now);
            self.failed(io, &batch, SendFailure::DeliveryTimeout);
        }
    }

    fn acked(&mut self, io: &mut Io<'_, '_>, batch: &Batch, offset: Offset) {
        let partition = TopicPartition::new(self.topic, batch.partition);
        let latency = io.now().since(batch.created);
        io.emit(Kind::BatchAcked { partition, from: batch.from, to: batch.to, offset, latency });
        self.settle(batch, false);
    }

    fn failed(&mut self, io: &mut Io<'_, '_>, batch: &Batch, reason: SendFailure) {
        let partition = TopicPartition::new(self.topic, batch.partition);
        io.emit(Kind::BatchFailed { partition, from: batch.from, to: batch.to, reason });
        self.settle(batch, true);
    }

    fn settle(&mut self, batch: &Batch, failed: bool) {
        let answers = &mut self.answers;
        self.accumulator.settle(batch, |call, records| answers.push((call, records, failed)));
    }

    /// The process ends: requests in flight are lost, and so is what was never sent.
    pub fn end(&mut self, io: &mut Io<'_, '_>) {
        self.connection.lose_all(io);
        for (partition, from, to) in self.accumulator.never_sent() {
            let partition = TopicPartition::new(self.topic, partition);
            io.emit(Kind::Unsent { partition, from, to });
        }
    }
}
