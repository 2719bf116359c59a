//! Fetching ahead, and handing records out one by one.
//!
//! The thread of the broker fetches all the time, whether the application polls or not, until queued.min.messages records
//! wait in the one queue that all partitions share; then it looks again after fetch.queue.backoff.ms. A record that was
//! fetched for an assignment that has been revoked since is never handed out (the version barrier).

use super::Librdkafka;
use crate::client::io::{Io, Timer};
use crate::client::library::PollOutcome;
use crate::client::network::Pending;
use crate::client::subscription::{FetchState, Run};
use crate::ids::{Offset, TopicPartition};
use crate::protocol::{ErrorCode, FetchPartition, FetchRequest, FetchResponse, FetchedPartition, Request};
use crate::trace::{Channel, Kind};
use std::collections::VecDeque;

/// fetch.queue.backoff.ms.
pub(super) const QUEUE_BACKOFF_MS: i64 = 1_000;
/// fetch.error.backoff.ms.
pub(super) const ERROR_BACKOFF_MS: i64 = 500;

/// The queue for the application, and the fetch in flight.
#[derive(Debug)]
pub(super) struct Fetcher {
    queue: VecDeque<FetchedPartition>,
    /// Records in the queue.
    queued: i64,
    /// The fetch in flight, with the version of the assignment that it is for.
    pub in_flight: Option<u32>,
    /// Goes up when what was fetched is of no use any more.
    version: u32,
    /// No fetch before this.
    pub backoff: Timer,
    /// For how many partitions the last fetch was.
    asked: usize,
}

impl Fetcher {
    pub fn new() -> Self {
        let queue = VecDeque::new();
        Fetcher { queue, queued: 0, in_flight: None, version: 0, backoff: Timer::NEVER, asked: 4 }
    }
}

impl Librdkafka {
    /// Whether requests to the leader of the partitions may be sent.
    pub(super) fn node_ready(&self, io: &Io<'_, '_>) -> bool {
        self.metadata.fetched && self.network.ready(Channel::Node, io.now())
    }

    /// Nothing that was or is being fetched is of use any more.
    pub(super) fn drop_fetched(&mut self) {
        self.fetcher.queue.clear();
        self.fetcher.queued = 0;
        self.fetcher.version += 1;
        self.fetcher.backoff = Timer::NEVER;
    }

    /// rd_kafka_seek: nothing that is queued of a partition is handed out any more.
    pub fn drop_queued(&mut self, partition: TopicPartition) {
        self.fetcher.queue.retain(|run| run.partition != partition);
        self.fetcher.queued = self.fetcher.queue.iter().map(|run| run.to.0 - run.from.0).sum();
    }

    /// Sends a fetch for every partition that has a position, unless one is in flight or enough is queued.
    pub(super) fn send_fetch(&mut self, io: &mut Io<'_, '_>) {
        let f = &self.fetcher;
        if f.in_flight.is_some() || f.backoff.is_armed() || self.subscription.partitions.is_empty() {
            return;
        }
        if self.group.waits_for_application() || self.group.incremental.paused || !self.node_ready(io) {
            return; // paused: the rebalance callback comes first
        }
        if f.queued >= self.config.queued_min_messages {
            self.fetcher.backoff = io.timer_ms(QUEUE_BACKOFF_MS);
            return;
        }
        let max_bytes = self.config.max_partition_fetch_bytes;
        let mut partitions = Vec::with_capacity(f.asked);
        for p in &self.subscription.partitions {
            if p.state == FetchState::Fetching {
                partitions.push(FetchPartition { partition: p.tp, offset: p.fetch_at, max_bytes });
            }
        }
        if partitions.is_empty() {
            return;
        }
        self.fetcher.asked = partitions.len();
        self.fetcher.in_flight = Some(self.fetcher.version);
        let request = FetchRequest {
            max_wait_ms: self.config.fetch_max_wait_ms,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            partitions,
        };
        self.send_to_node(io, self.profile.fetch_version, Request::Fetch(Box::new(request)), Pending::Fetch);
    }

    /// A fetch was answered.
    pub(super) fn on_fetch(&mut self, io: &mut Io<'_, '_>, response: &FetchResponse) {
        let current = self.fetcher.in_flight.take() == Some(self.fetcher.version);
        for fetched in &response.partitions {
            if fetched.to > fetched.from {
                io.emit(Kind::Fetched { partition: fetched.partition, from: fetched.from, to: fetched.to });
            }
            let index = self.subscription.find(fetched.partition).filter(|_| current);
            let Some(index) = index else { continue };
            if !fetched.error.is_none() {
                self.fetch_error(io, index, fetched.error);
            } else if fetched.to > fetched.from {
                let p = &mut self.subscription.partitions[index];
                if p.state == FetchState::Fetching && p.fetch_at == fetched.from {
                    p.fetch_at = fetched.to;
                    self.fetcher.queued += fetched.to.0 - fetched.from.0;
                    self.fetcher.queue.push_back(*fetched);
                }
            }
        }
    }

    fn fetch_error(&mut self, io: &mut Io<'_, '_>, index: usize, code: ErrorCode) {
        match code {
            ErrorCode::OffsetOutOfRange => match self.reset_lookup(true) {
                Some(lookup) => self.subscription.await_reset(index, lookup),
                None => self.fatal = Some(code),
            },
            _ => {
                self.fetcher.backoff = io.timer_ms(ERROR_BACKOFF_MS);
                self.metadata.wanted |= code == ErrorCode::UnknownTopicOrPartition;
            }
        }
    }

    /// Hands out the record that is first in the queue, and stores its offset.
    pub(super) fn hand_out(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        let Some(front) = self.fetcher.queue.front_mut() else { return PollOutcome::Wait };
        let (tp, from) = (front.partition, front.from);
        let to = Offset(from.0 + 1);
        front.from = to;
        if to == front.to {
            self.fetcher.queue.pop_front();
        }
        self.fetcher.queued -= 1;
        let Some(index) = self.subscription.find(tp) else { return PollOutcome::Wait };
        let p = &mut self.subscription.partitions[index];
        p.position = to;
        if self.stores_on_delivery {
            p.stored = to;
        }
        self.offsets.ends_changed = true;
        self.polled(io);
        io.emit_cause(Kind::Delivered { partition: tp, from, to });
        batch.push(Run { index, tp, from, to });
        PollOutcome::Records
    }
}
