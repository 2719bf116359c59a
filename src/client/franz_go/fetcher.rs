//! Fetching: one request at a time to the broker, and no other until the application has taken everything that it brought
//! (`source`).
//!
//! A request that is on its way is not disturbed when partitions are added: those are in the next. When partitions go away
//! it is given up, which costs its connection, and what was buffered is dropped.

use super::FranzGo;
use super::Head;
use crate::client::io::{Io, Timer};
use crate::client::library::PollOutcome;
use crate::client::network::{Call as Sending, Pending, Sender};
use crate::client::subscription::{FetchState, Run};
use crate::ids::{Offset, TopicPartition};
use crate::protocol::{ErrorCode, FetchPartition, FetchRequest, FetchResponse, FetchedPartition, Request};
use crate::trace::{Channel, Kind};
use std::collections::VecDeque;

/// What was fetched, and the fetch in flight.
#[derive(Debug)]
pub(super) struct Fetcher {
    buffered: VecDeque<FetchedPartition>,
    in_flight: bool,
    /// No fetch before this.
    pub backoff: Timer,
    failures: u32,
    /// For how many partitions the last fetch was.
    asked: usize,
    /// Partitions of the records that the last poll returned.
    pub last_batch: Vec<TopicPartition>,
}

impl Fetcher {
    pub fn new() -> Self {
        Fetcher {
            buffered: VecDeque::new(),
            in_flight: false,
            backoff: Timer::NEVER,
            failures: 0,
            asked: 4,
            last_batch: Vec::new(),
        }
    }
}

impl FranzGo {
    /// Sends a fetch for every partition that has a position, if nothing is buffered or in flight.
    pub(super) fn send_fetch(&mut self, io: &mut Io<'_, '_>) {
        let f = &self.fetcher;
        let idle = !f.in_flight && f.buffered.is_empty() && !f.backoff.is_armed() && !self.group.closing;
        if !idle || !self.network.ready(Channel::Node, io.now()) {
            return;
        }
        let max_bytes = self.config.max_partition_fetch_bytes;
        let mut partitions = Vec::with_capacity(f.asked);
        for p in &self.subscription.partitions {
            if p.fetchable() {
                partitions.push(FetchPartition { partition: p.tp, offset: p.position, max_bytes });
            }
        }
        if partitions.is_empty() {
            return;
        }
        self.fetcher.asked = partitions.len();
        self.fetcher.in_flight = true;
        let request = FetchRequest {
            max_wait_ms: self.config.fetch_max_wait_ms,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            partitions,
        };
        let timeout_ms = self.request_timeout_ms() + i64::from(self.config.fetch_max_wait_ms);
        let sending = Sending { channel: Channel::Node, version: self.profile.fetch_version, timeout_ms };
        self.network.send(io, sending, Sender::NOBODY, Request::Fetch(Box::new(request)), Pending::Fetch);
    }

    /// A fetch was answered.
    pub(super) fn on_fetch(&mut self, io: &mut Io<'_, '_>, response: &FetchResponse) {
        self.fetcher.in_flight = false;
        let mut failed = false;
        for fetched in &response.partitions {
            if fetched.to > fetched.from {
                io.emit(Kind::Fetched { partition: fetched.partition, from: fetched.from, to: fetched.to });
            }
            let Some(index) = self.subscription.find(fetched.partition) else { continue };
            if !fetched.error.is_none() {
                failed |= self.fetch_error(index, fetched);
            } else if fetched.to > fetched.from {
                let p = &self.subscription.partitions[index];
                if p.fetchable() && p.position == fetched.from {
                    self.fetcher.buffered.push_back(*fetched);
                }
            }
        }
        if !failed {
            self.fetcher.failures = 0;
            return;
        }
        self.want_fresh_metadata(io);
        if self.fetcher.buffered.is_empty() {
            self.back_off(io);
        }
    }

    /// True if it is an error that passes, or does not.
    fn fetch_error(&mut self, index: usize, fetched: &FetchedPartition) -> bool {
        if fetched.error != ErrorCode::OffsetOutOfRange {
            return true;
        }
        let p = &self.subscription.partitions[index];
        if p.state == FetchState::Fetching {
            // Who has read something goes on at the nearest record, who has not where the reset option says.
            let has_read = p.position > p.fetch_at;
            let below = p.position < fetched.log_start;
            match self.reset_lookup(Some((has_read, below))) {
                Some(lookup) => self.subscription.await_reset(index, lookup),
                None => self.fatal = Some(fetched.error),
            }
        }
        false
    }

    fn back_off(&mut self, io: &mut Io<'_, '_>) {
        self.fetcher.failures += 1;
        let ms = super::calls::backoff_ms(io, self.fetcher.failures);
        self.fetcher.backoff = io.timer_ms(ms);
    }

    /// A fetch was lost with its connection.
    pub(super) fn fetch_lost(&mut self, io: &mut Io<'_, '_>) {
        if std::mem::take(&mut self.fetcher.in_flight) {
            self.back_off(io);
            self.want_fresh_metadata(io);
        }
    }

    /// The fetch in flight is given up, and what is buffered is dropped (`stopSession`).
    pub(super) fn drop_fetched(&mut self, io: &mut Io<'_, '_>) {
        self.fetcher.buffered.clear();
        self.fetcher.backoff = Timer::NEVER;
        if std::mem::take(&mut self.fetcher.in_flight) {
            self.disconnect(io, Channel::Node);
        }
    }

    /// Hands out what is buffered, at most `max.poll.records`.
    pub(super) fn hand_out(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        let mut room = i64::from(self.config.max_poll_records);
        while room > 0
            && let Some(front) = self.fetcher.buffered.front_mut()
        {
            let (tp, from) = (front.partition, front.from);
            let to = front.to.min(Offset(from.0.saturating_add(room)));
            front.from = to;
            if to == front.to {
                self.fetcher.buffered.pop_front();
            }
            let Some(index) = self.subscription.find(tp) else { continue };
            room -= to.0 - from.0;
            let p = &mut self.subscription.partitions[index];
            p.position = to;
            match self.head {
                Head::Polled => p.stored = to,
                Head::BeforeLastPoll => self.fetcher.last_batch.push(tp),
                Head::Marked => {}
            }
            io.emit_cause(Kind::Delivered { partition: tp, from, to });
            batch.push(Run { index, tp, from, to });
        }
        if batch.is_empty() {
            return PollOutcome::Wait;
        }
        self.offsets.ends_changed = true;
        PollOutcome::Records
    }
}
