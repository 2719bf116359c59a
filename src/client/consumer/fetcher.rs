//! Fetching and handing out records (Fetcher, FetchCollector): ranges of offsets, never single records.

use super::{Consumer, PollOutcome};
use crate::client::io::Io;
use crate::client::network::{Call, Pending, Sender};
use crate::client::subscription::{Lookup, Run};
use crate::config::AutoOffsetReset;
use crate::ids::Offset;
use crate::protocol::{
    ErrorCode, FetchPartition, FetchRequest, FetchResponse, FetchedPartition, ListOffsetsTarget, Request,
};
use crate::trace::{Channel, Kind, PositionOrigin, ResetReason};
use std::collections::VecDeque;

/// Buffered answers and the fetch in flight.
#[derive(Debug)]
pub(crate) struct Fetcher {
    completed: VecDeque<FetchedPartition>,
    /// A fetch is in flight; there is one node, so one at a time.
    pub in_flight: bool,
    /// For how many partitions the last fetch was.
    asked: usize,
}

impl Fetcher {
    pub fn new() -> Self {
        Fetcher { completed: VecDeque::new(), in_flight: false, asked: 4 }
    }
}

impl Consumer {
    /// Sends a fetch for every fetchable partition without buffered records, unless one is in flight.
    pub fn send_fetch(&mut self, io: &mut Io<'_, '_>) {
        if self.fetcher.in_flight || !self.metadata.fetched || !self.network.ready(Channel::Node, io.now()) {
            return;
        }
        let max_bytes = self.config.max_partition_fetch_bytes;
        let mut partitions = Vec::new();
        for p in &mut self.subscription.partitions {
            if p.fetchable() && !p.buffered {
                if partitions.is_empty() {
                    partitions.reserve(self.fetcher.asked);
                }
                p.requested = p.position;
                partitions.push(FetchPartition { partition: p.tp, offset: p.position, max_bytes });
            }
        }
        if partitions.is_empty() {
            return;
        }
        self.fetcher.asked = partitions.len();
        let request = FetchRequest {
            max_wait_ms: self.config.fetch_max_wait_ms,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            partitions,
        };
        let call =
            Call { channel: Channel::Node, version: self.profile.fetch_version, timeout_ms: self.request_timeout_ms() };
        self.fetcher.in_flight = true;
        self.network.send(io, call, Sender::NOBODY, Request::Fetch(Box::new(request)), Pending::Fetch);
    }

    /// A fetch was answered: everything is buffered until poll takes it.
    pub fn on_fetch(&mut self, io: &mut Io<'_, '_>, response: &FetchResponse) {
        self.fetcher.in_flight = false;
        for fetched in &response.partitions {
            if fetched.to > fetched.from {
                io.emit(Kind::Fetched { partition: fetched.partition, from: fetched.from, to: fetched.to });
            } else if fetched.error.is_none() {
                continue;
            }
            if let Some(index) = self.subscription.find(fetched.partition) {
                self.subscription.partitions[index].buffered = true;
                self.fetcher.completed.push_back(*fetched);
            }
        }
    }

    /// What is buffered of partitions that are not owned any more is of no use.
    pub(super) fn drop_unowned(&mut self) {
        let owned = &self.subscription;
        self.fetcher.completed.retain(|fetched| owned.find(fetched.partition).is_some());
    }

    /// Nothing that is buffered is of use any more.
    pub fn clear_fetched(&mut self) {
        self.fetcher.completed.clear();
        for p in &mut self.subscription.partitions {
            p.buffered = false;
        }
    }

    /// Hands out up to max.poll.records, spread over buffered answers in order (CLIENT-37).
    pub fn collect(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> Option<PollOutcome> {
        let mut remaining = i64::from(self.config.max_poll_records);
        while remaining > 0 {
            let Some(&front) = self.fetcher.completed.front() else { break };
            let index = self.subscription.find(front.partition);
            let usable = index.filter(|&index| self.usable(index, &front));
            let Some(index) = usable else {
                // CLIENT-38: no longer owned, not fetchable, or not what the position asks for.
                self.drop_front(index);
                continue;
            };
            if !front.error.is_none() {
                if !batch.is_empty() {
                    break; // records first; the error is met again by the next poll
                }
                self.drop_front(Some(index));
                if let Some(failed) = self.fetch_error(io, index, &front) {
                    return Some(failed);
                }
                continue;
            }
            remaining -= self.take_front(io, index, front, remaining, batch);
        }
        (!batch.is_empty()).then_some(PollOutcome::Records)
    }

    fn usable(&self, index: usize, front: &FetchedPartition) -> bool {
        let p = &self.subscription.partitions[index];
        let asked = if front.error.is_none() { front.from } else { p.requested };
        p.fetchable() && asked == p.position
    }

    fn drop_front(&mut self, index: Option<usize>) {
        self.fetcher.completed.pop_front();
        if let Some(index) = index {
            self.subscription.partitions[index].buffered = false;
        }
    }

    fn take_front(
        &mut self,
        io: &mut Io<'_, '_>,
        index: usize,
        front: FetchedPartition,
        most: i64,
        batch: &mut Vec<Run>,
    ) -> i64 {
        let count = (front.to.0 - front.from.0).min(most);
        let to = Offset(front.from.0 + count);
        let partition = &mut self.subscription.partitions[index];
        partition.position = to;
        self.positions.ends_changed = true;
        io.emit_cause(Kind::Delivered { partition: front.partition, from: front.from, to });
        batch.push(Run { index, tp: front.partition, from: front.from, to });
        if to == front.to {
            self.drop_front(Some(index));
        } else if let Some(rest) = self.fetcher.completed.front_mut() {
            rest.from = to;
        }
        count
    }

    /// FetchCollector.handleInitializeErrors.
    fn fetch_error(&mut self, io: &mut Io<'_, '_>, index: usize, fetched: &FetchedPartition) -> Option<PollOutcome> {
        match fetched.error {
            ErrorCode::OffsetOutOfRange => {
                let (target, reason) = match self.config.auto_offset_reset {
                    AutoOffsetReset::Earliest => (ListOffsetsTarget::Earliest, ResetReason::OutOfRangeEarliest),
                    AutoOffsetReset::Latest => (ListOffsetsTarget::Latest, ResetReason::OutOfRangeLatest),
                    AutoOffsetReset::None => return Some(PollOutcome::Error(fetched.error)),
                };
                let lookup = Lookup { target, origin: PositionOrigin::Reset, reason: Some(reason) };
                self.subscription.await_reset(index, lookup);
                None
            }
            ErrorCode::TopicAuthorizationFailed => Some(PollOutcome::Error(fetched.error)),
            ErrorCode::UnknownServerError => None,
            _ => {
                self.request_metadata(io);
                None
            }
        }
    }
}
