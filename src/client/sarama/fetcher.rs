//! The broker consumer: one fetch after the other for all partitions of a broker, each only when the feeders have passed on
//! what the last one brought.

use super::Sarama;
use super::claims::Stage;
use super::cluster::Purpose;
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::protocol::{ErrorCode, FetchPartition, FetchRequest, FetchResponse, ListOffsetsTarget, Request};
use crate::time::Duration;
use crate::trace::{Channel, Kind};
use std::collections::VecDeque;

/// `partitionConsumersBatchTimeout`.
pub(super) const BATCH: Duration = Duration::from_ms(100);

/// The fetch loop, and what waits for it.
#[derive(Debug)]
pub(super) struct Fetcher {
    /// Look-ups that wait for the broker's lock: of which claim, which end.
    pub lookups: VecDeque<(usize, ListOffsetsTarget)>,
    /// The look-up in flight.
    pub lookup: Option<(usize, ListOffsetsTarget)>,
    /// A fetch is in flight.
    in_flight: bool,
    /// New subscriptions are being collected until then.
    pub batch: Timer,
    /// Subscriptions have been collected.
    collected: bool,
    /// Claims whose feeder or channel holds records, in the order in which a single worker takes them.
    pub feeding: VecDeque<usize>,
    /// The first partition consumer that looks for its leader again.
    pub redispatch: Timer,
    /// Some claim was shut down by an error.
    pub shut: bool,
    /// The claims are being closed.
    pub dying: bool,
}

impl Default for Fetcher {
    fn default() -> Self {
        Fetcher {
            lookups: VecDeque::new(),
            lookup: None,
            in_flight: false,
            batch: Timer::NEVER,
            collected: false,
            feeding: VecDeque::new(),
            redispatch: Timer::NEVER,
            shut: false,
            dying: false,
        }
    }
}

impl Fetcher {
    /// Another session's claims.
    pub fn reset(&mut self) {
        self.lookups.clear();
        self.feeding.clear();
        (self.batch, self.redispatch) = (Timer::NEVER, Timer::NEVER);
        (self.collected, self.shut, self.dying) = (false, false, false);
    }
}

impl Sarama {
    /// A partition consumer wants to be fetched for.
    pub(super) fn queue_subscription(&mut self, io: &Io<'_, '_>, index: usize) {
        self.claims[index].stage = Stage::Queued;
        if !self.fetcher.batch.is_armed() && !self.fetcher.collected {
            self.fetcher.batch = Timer { at: io.now() + BATCH, by: io.cx.cause };
        }
    }

    /// The 100 ms are over.
    pub(super) fn batch_over(&mut self) {
        self.fetcher.batch = Timer::NEVER;
        self.fetcher.collected = true;
        for claim in &mut self.claims {
            if claim.stage == Stage::Queued {
                claim.stage = Stage::Collected;
            }
        }
    }

    /// A round of the fetch loop, if it is not blocked.
    pub(super) fn serve_fetch(&mut self, io: &mut Io<'_, '_>) -> bool {
        self.end_with_shut_claim();
        if self.claims.is_empty() || !self.consuming() {
            return false;
        }
        if self.group.cancelled || self.closing {
            return self.die(io);
        }
        let f = &self.fetcher;
        if f.in_flight || f.batch.is_armed() || !self.node_free(io) || self.feeders_blocked() {
            return false;
        }
        if std::mem::take(&mut self.fetcher.collected) {
            self.take_collected(io);
        }
        if !self.fetcher.lookups.is_empty() {
            return false; // they have waited for the lock for longer
        }
        let max_bytes = self.config.max_partition_fetch_bytes;
        let mut partitions = Vec::with_capacity(self.claims.len());
        for (claim, p) in self.claims.iter().zip(&self.subscription.partitions) {
            if claim.stage == Stage::Fetching {
                partitions.push(FetchPartition { partition: p.tp, offset: p.fetch_at, max_bytes });
            }
        }
        if partitions.is_empty() {
            return false;
        }
        let request = FetchRequest {
            max_wait_ms: self.config.fetch_max_wait_ms,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            partitions,
        };
        let request = Request::Fetch(Box::new(request));
        self.send_to(io, Channel::Node, self.profile.fetch_version, request, Pending::Fetch);
        self.fetcher.in_flight = true;
        true
    }

    fn take_collected(&mut self, io: &Io<'_, '_>) {
        let mut more = None;
        for (index, claim) in self.claims.iter_mut().enumerate() {
            match claim.stage {
                Stage::Collected => claim.stage = Stage::Fetching,
                Stage::Queued => more = Some(index),
                _ => {}
            }
        }
        if let Some(index) = more {
            self.queue_subscription(io, index);
        }
    }

    /// A fetch was answered.
    pub(super) fn on_fetch(&mut self, io: &mut Io<'_, '_>, response: &FetchResponse) {
        self.fetcher.in_flight = false;
        for fetched in &response.partitions {
            if fetched.to > fetched.from {
                io.emit(Kind::Fetched { partition: fetched.partition, from: fetched.from, to: fetched.to });
            }
            let dying = self.fetcher.dying || self.group.cancelled || self.closing;
            let index = self.subscription.find(fetched.partition).filter(|_| !dying);
            let Some(index) = index.filter(|&index| self.claims[index].stage == Stage::Fetching) else { continue };
            if !fetched.error.is_none() {
                self.fetch_error(io, index, fetched.error);
            } else if fetched.to > fetched.from && fetched.from == self.subscription.partitions[index].fetch_at {
                self.subscription.partitions[index].fetch_at = fetched.to;
                self.claims[index].fed = fetched.to;
                self.feed(io, index);
            }
        }
    }

    fn fetch_error(&mut self, io: &mut Io<'_, '_>, index: usize, code: ErrorCode) {
        if code != ErrorCode::OffsetOutOfRange {
            return self.back_off(io, index);
        }
        self.claims[index].stage = Stage::Closed;
        self.fetcher.shut = true;
        if !self.grouped {
            self.fatal = Some(code);
        }
    }

    /// The channel of a claim was closed by an error: its handler returns when it has handled what was in it, and that is the
    /// end of the session.
    fn end_with_shut_claim(&mut self) {
        if !self.fetcher.shut || !self.grouped || self.group.cancelled {
            return;
        }
        let ended = |i: usize| {
            self.claims[i].stage == Stage::Closed && self.subscription.partitions[i].done >= self.claims[i].fed
        };
        if (0..self.claims.len()).any(ended) {
            self.fetcher.shut = false;
            self.cancel_session();
        }
    }

    /// A fetch was lost: every partition consumer looks for its leader again.
    pub(super) fn fetch_lost(&mut self, io: &mut Io<'_, '_>) {
        self.fetcher.in_flight = false;
        if self.fetcher.dying {
            return;
        }
        (self.fetcher.batch, self.fetcher.collected) = (Timer::NEVER, false);
        for index in 0..self.claims.len() {
            if matches!(self.claims[index].stage, Stage::Fetching | Stage::Queued | Stage::Collected) {
                self.back_off(io, index);
            }
        }
    }

    fn back_off(&mut self, io: &Io<'_, '_>, index: usize) {
        let timer = io.timer_ms(self.config.sarama.consumer_retry_backoff_ms);
        self.claims[index].stage = Stage::Backoff(timer);
        if timer.at < self.fetcher.redispatch.at {
            self.fetcher.redispatch = timer;
        }
    }

    /// `Consumer.Retry.Backoff` is over for some.
    pub(super) fn redispatch(&mut self, io: &mut Io<'_, '_>) {
        self.fetcher.redispatch = Timer::NEVER;
        let mut topics = Vec::new();
        for (claim, p) in self.claims.iter_mut().zip(&self.subscription.partitions) {
            let Stage::Backoff(timer) = claim.stage else { continue };
            if timer.at <= io.now() {
                claim.stage = Stage::Dispatching;
                if !topics.contains(&p.tp.topic) {
                    topics.push(p.tp.topic);
                }
            } else if timer.at < self.fetcher.redispatch.at {
                self.fetcher.redispatch = timer;
            }
        }
        self.refresh_topics(Purpose::Dispatch, topics);
    }

    /// Partition consumers have, or have not, found their leader.
    pub(super) fn dispatched(&mut self, io: &mut Io<'_, '_>, ok: bool) {
        for index in 0..self.claims.len() {
            if self.claims[index].stage == Stage::Dispatching {
                if ok { self.queue_subscription(io, index) } else { self.back_off(io, index) }
            }
        }
    }

    /// The session is over: partition consumers are closed as soon as the fetch loop lets go of them.
    fn die(&mut self, io: &Io<'_, '_>) -> bool {
        if std::mem::replace(&mut self.fetcher.dying, true) {
            return false;
        }
        self.fetcher.lookups.clear();
        self.fetcher.redispatch = Timer::NEVER;
        for index in 0..self.claims.len() {
            self.claims[index].tick = Timer::NEVER;
            if self.claims[index].stage == Stage::Slow {
                self.queue_subscription(io, index); // it is handed back before it is let go
            }
        }
        true
    }

    /// Whether every partition consumer is closed: not before a fetch in flight is answered.
    pub(super) fn claims_closed(&mut self, io: &Io<'_, '_>) -> bool {
        if self.claims.is_empty() {
            return true;
        }
        self.die(io);
        !self.fetcher.in_flight && self.fetcher.lookup.is_none() && !self.fetcher.batch.is_armed()
    }
}
