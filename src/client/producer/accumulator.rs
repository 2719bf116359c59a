//! The queues of all partitions, and which of them have something to send when.

use super::partition::{Batch, Partition};
use super::rules::Rules;
use crate::config::{ClientKind, ProducerSettings};
use crate::time::Instant;
use std::collections::BTreeSet;

/// The queues of all partitions.
#[derive(Debug)]
pub(super) struct Accumulator {
    pub rules: Rules,
    idempotent: bool,
    delivery_timeout_ms: i64,
    partitions: Vec<Partition>,
    /// Those that have anything to send at all.
    pending: BTreeSet<u32>,
    /// Those whose next batch may be sent now.
    ready: BTreeSet<u32>,
    /// Those whose next batch may be sent later, or is closed then.
    waiting: BTreeSet<(Instant, u32)>,
    /// When the next batch of each has been there for too long.
    expiring: BTreeSet<(Instant, u32)>,
    /// Everything is ready: the producer closes, or somebody waits for room.
    flushing: bool,
    /// Records that were never sent.
    unsent: u64,
    /// Records that have not been answered for.
    pub held: u64,
    /// sarama: since when its set has had something in it.
    set_since: Option<Instant>,
    /// Where the next round begins.
    cursor: u32,
}

impl Accumulator {
    pub fn new(rules: Rules, settings: &ProducerSettings) -> Self {
        Accumulator {
            rules,
            idempotent: settings.idempotent,
            delivery_timeout_ms: settings.delivery_timeout_ms,
            partitions: Vec::new(),
            pending: BTreeSet::new(),
            ready: BTreeSet::new(),
            waiting: BTreeSet::new(),
            expiring: BTreeSet::new(),
            flushing: false,
            unsent: 0,
            held: 0,
            set_since: None,
            cursor: 0,
        }
    }

    /// How many partitions are known.
    pub fn partitions(&self) -> u32 {
        self.partitions.len() as u32
    }

    /// The topic has so many partitions.
    pub fn learn_partitions(&mut self, count: u32) {
        if self.partitions.len() < count as usize {
            self.partitions.resize_with(count as usize, Partition::default);
        }
    }

    /// Takes in records of a call.
    pub fn hand_over(&mut self, partition: u32, count: u64, now: Instant, call: Option<u64>) {
        self.partitions[partition as usize].hand_over(count, now, call);
        self.unsent += count;
        self.held += count;
        self.set_since.get_or_insert(now);
        self.touch(partition, now);
    }

    /// Whether everything is ready from now on, whatever its linger.
    pub fn set_flushing(&mut self, flushing: bool, now: Instant) {
        if self.flushing != flushing {
            self.flushing = flushing;
            for partition in self.pending.iter().copied().collect::<Vec<_>>() {
                self.touch(partition, now);
            }
        }
    }

    /// The partition has changed: where it stands in the indexes is looked at anew.
    fn touch(&mut self, number: u32, now: Instant) {
        let limits = self.rules.limits();
        let linger = |at: Instant| self.rules.after(at, self.rules.linger_ms);
        let partition = &mut self.partitions[number as usize];
        let mut closes_at = partition.closes_at(limits, linger);
        if closes_at.is_some_and(|at| at <= now) {
            partition.close();
            closes_at = None;
        }
        let ready_at = partition.ready_at(limits, self.flushing, linger);
        let later = |at: &Instant| *at > now;
        let waits_until = [ready_at, closes_at].into_iter().flatten().filter(later).min();
        let expires_at = partition.head_created().and_then(|(created, sent)| {
            // sink.go: a batch of an idempotent producer that was sent cannot be given up without losing its place.
            let never = self.delivery_timeout_ms == i64::MAX
                || (sent && self.idempotent && self.rules.kind == ClientKind::FranzGo);
            (!never).then(|| self.rules.after(created, self.delivery_timeout_ms))
        });
        if ready_at.is_some_and(|at| at <= now) {
            self.ready.insert(number);
        } else {
            self.ready.remove(&number);
        }
        if partition.is_pending() {
            self.pending.insert(number);
        } else {
            self.pending.remove(&number);
        }
        moved(&mut self.waiting, &mut partition.waits_until, waits_until, number);
        moved(&mut self.expiring, &mut partition.expires_at, expires_at, number);
    }

    /// Looks at the partitions whose time has come.
    pub fn wake(&mut self, now: Instant) {
        while let Some(&(_, partition)) = self.waiting.first().filter(|first| first.0 <= now) {
            self.touch(partition, now);
        }
    }

    /// When [`Accumulator::wake`] or [`Accumulator::take_expired`] have something to do next.
    pub fn next_deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.first().map(|first| first.0);
        let expiring = self.expiring.first().map(|first| first.0);
        [waiting, expiring].into_iter().flatten().min()
    }

    /// A batch that has been waiting for too long, taken out.
    pub fn take_expired(&mut self, now: Instant) -> Option<Batch> {
        let &(_, number) = self.expiring.first().filter(|first| first.0 <= now)?;
        let partition = &mut self.partitions[number as usize];
        let before = partition.unsent();
        let batch = partition.give_up(number, self.rules.limits());
        self.unsent -= before - partition.unsent();
        self.touch(number, now);
        batch
    }

    /// The first partition that is ready, counted from the one after the last that was taken.
    pub fn next_ready(&mut self) -> Option<u32> {
        let found = self.ready.range(self.cursor..).next().or_else(|| self.ready.first()).copied()?;
        self.cursor = found + 1;
        Some(found)
    }

    /// All partitions that are ready; or, of those with anything to send, all whose next batch is not held back.
    pub fn round(&self, all: bool, now: Instant) -> Vec<u32> {
        if !all {
            return self.ready.iter().copied().collect();
        }
        let limits = self.rules.limits();
        let may = |number: &&u32| {
            let ready = self.partitions[**number as usize].ready_at(limits, true, |at| at);
            ready.is_some_and(|at| at <= now)
        };
        self.pending.iter().filter(may).copied().collect()
    }

    /// Whether any partition is ready.
    pub fn any_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether the next batch of a partition is one that is sent again.
    pub fn sends_again(&self, partition: u32) -> bool {
        self.partitions[partition as usize].head_created().is_some_and(|head| head.1)
    }

    /// Whether sarama flushes its set; if not yet, when at the latest.
    pub fn set_is_due(&self, settings: &ProducerSettings, now: Instant) -> Result<(), Option<Instant>> {
        let Some(since) = self.set_since.filter(|_| self.unsent > 0) else { return Err(None) };
        let flushes = (settings.flush_records > 0 && self.unsent >= settings.flush_records)
            || (settings.flush_bytes > 0 && self.unsent.saturating_mul(self.rules.size) >= settings.flush_bytes);
        let nothing_set = settings.flush_records == 0 && settings.flush_bytes == 0 && settings.linger_ms == 0;
        let full = || self.ready.iter().any(|&p| self.partitions[p as usize].unsent() >= self.rules.full);
        if flushes || nothing_set || self.flushing || full() {
            return Ok(());
        }
        if settings.linger_ms == 0 {
            return Err(None);
        }
        let at = self.rules.after(since, settings.linger_ms);
        if at <= now { Ok(()) } else { Err(Some(at)) }
    }

    /// sarama begins a new set.
    pub fn new_set(&mut self, now: Instant) {
        self.set_since = (self.unsent > 0).then_some(now);
    }

    /// Takes the next batch of a partition to send it.
    pub fn take(&mut self, number: u32, now: Instant, in_flight: bool) -> Option<Batch> {
        let partition = &mut self.partitions[number as usize];
        let before = partition.unsent();
        let batch = partition.take(number, self.rules.limits(), self.idempotent)?;
        self.unsent -= before - partition.unsent();
        partition.in_flight += u32::from(in_flight);
        self.touch(number, now);
        Some(batch)
    }

    /// A batch is no longer in flight.
    pub fn landed(&mut self, batch: &Batch, now: Instant) {
        let partition = &mut self.partitions[batch.partition as usize];
        partition.in_flight = partition.in_flight.saturating_sub(1);
        self.touch(batch.partition, now);
    }

    /// A batch that was sent is given up.
    pub fn given_up(&mut self, batch: &Batch, now: Instant) {
        self.partitions[batch.partition as usize].given_up(batch);
        self.touch(batch.partition, now);
    }

    /// A batch is in the log.
    pub fn written(&mut self, batch: &Batch) {
        self.partitions[batch.partition as usize].written(batch);
    }

    /// A batch is to be sent again.
    pub fn put_back(&mut self, batch: Batch, now: Instant) {
        let in_order = self.idempotent || self.rules.kind != ClientKind::Java;
        let number = batch.partition;
        self.partitions[number as usize].put_back(batch, in_order);
        self.touch(number, now);
    }

    /// The partition begins a new epoch as soon as nothing is in flight.
    pub fn begin_epoch(&mut self, number: u32, now: Instant) {
        self.partitions[number as usize].begins_epoch = true;
        self.touch(number, now);
    }

    /// The application has its answer for a batch.
    pub fn settle(&mut self, batch: &Batch, answered: impl FnMut(u64, u64)) {
        self.held -= batch.len().min(self.held);
        self.partitions[batch.partition as usize].settle(batch.from, batch.to, answered);
    }

    /// What was never sent: partition, first record, one past the last.
    pub fn never_sent(&self) -> Vec<(u32, u64, u64)> {
        let ranges = self.pending.iter().map(|&number| {
            let (from, to) = self.partitions[number as usize].never_sent();
            (number, from, to)
        });
        ranges.filter(|range| range.1 < range.2).collect()
    }
}

fn moved(index: &mut BTreeSet<(Instant, u32)>, from: &mut Option<Instant>, to: Option<Instant>, number: u32) {
    if *from != to {
        if let Some(at) = *from {
            index.remove(&(at, number));
        }
        if let Some(at) = to {
            index.insert((at, number));
        }
        *from = to;
    }
}
