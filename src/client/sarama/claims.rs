//! Claims: where reading starts. A partition consumer asks for the newest and the oldest offset before it fetches; the
//! requests of all claims queue for the one lock of their broker.

use super::Sarama;
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::config::{AutoOffsetReset, StartAt};
use crate::ids::{Offset, TopicPartition};
use crate::protocol::{ErrorCode, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTarget, Request};
use crate::time::Instant;
use crate::trace::{Channel, Kind, PositionOrigin, ResetReason};

/// Where a partition consumer stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Stage {
    /// It is not there yet.
    #[default]
    Starting,
    /// It waits in `subscriptionManager`, which collects for 100 ms.
    Queued,
    /// Collected: the next round of the fetch loop takes it in.
    Collected,
    /// In the fetch loop of its broker.
    Fetching,
    /// Its handler took no message for MaxProcessingTime: out of the fetch loop until its feeder has nothing left.
    Slow,
    /// `Consumer.Retry.Backoff`, before it looks for its leader again.
    Backoff(Timer),
    /// It looks for its leader.
    Dispatching,
    /// Shut down: nothing more comes through its channel.
    Closed,
}

/// A claimed partition.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The marked offset; at first the committed one, or -1.
    pub marked: Offset,
    /// What is marked is not committed.
    pub dirty: bool,
    /// It stands in the list of such claims.
    pub listed: bool,
    /// The partition consumer.
    pub stage: Stage,
    newest: Offset,
    /// The committed offset is out of range: `Offsets.Initial` takes its place.
    reset: bool,
    /// When its feeder's ticker started.
    pub born: Instant,
    /// Its channel ends here.
    pub pushed: Offset,
    /// What the feeder has of the last response ends here.
    pub fed: Offset,
    /// The feeder is blocked: the next tick.
    pub tick: Timer,
    /// It has pushed something since the last tick that it saw (`firstAttempt`).
    pub patient: bool,
}

impl Default for Claim {
    fn default() -> Self {
        Claim {
            marked: Offset::NONE,
            dirty: false,
            listed: false,
            stage: Stage::Starting,
            newest: Offset::NONE,
            reset: false,
            born: Instant::ZERO,
            pushed: Offset::NONE,
            fed: Offset::NONE,
            tick: Timer::NEVER,
            patient: true,
        }
    }
}

impl Sarama {
    /// `ConsumePartition` of an application without a group.
    pub(super) fn consume_partitions(&mut self, io: &mut Io<'_, '_>) {
        let partitions: Vec<TopicPartition> = std::mem::take(&mut self.manual);
        self.subscription.assign(partitions);
        self.claims.resize_with(self.subscription.partitions.len(), Claim::default);
        let runs: Vec<_> = self.subscription.runs().collect();
        for (first, length) in runs {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Owned { topic, from, to, generation: crate::ids::Generation::NONE });
        }
        self.start_claims(io);
    }

    /// A partition consumer for each claim.
    pub(super) fn start_claims(&mut self, _io: &mut Io<'_, '_>) {
        self.fetcher.reset();
        for index in 0..self.claims.len() {
            self.fetcher.lookups.push_back((index, ListOffsetsTarget::Latest));
        }
    }

    /// Sends the look-up that is first in the queue.
    pub(super) fn serve_lookups(&mut self, io: &mut Io<'_, '_>) -> bool {
        if self.fetcher.lookup.is_some() || self.fetcher.lookups.is_empty() || !self.node_free(io) {
            return false;
        }
        let Some((index, target)) = self.fetcher.lookups.pop_front() else { return false };
        let partitions = vec![(self.subscription.partitions[index].tp, target)];
        let request = Request::ListOffsets(Box::new(ListOffsetsRequest { partitions }));
        self.send_to(io, Channel::Node, self.profile.list_offsets_version, request, Pending::Positions);
        self.fetcher.lookup = Some((index, target));
        true
    }

    /// ListOffsets was answered.
    pub(super) fn on_list_offsets(&mut self, io: &mut Io<'_, '_>, response: &ListOffsetsResponse) {
        let Some((index, target)) = self.fetcher.lookup.take() else { return };
        if self.fetcher.dying {
            return;
        }
        let (offset, code) = match response.partitions.first() {
            Some(&(_, offset, code)) => (offset, code),
            None => (Offset::NONE, ErrorCode::UnknownServerError),
        };
        if !code.is_none() {
            return self.claim_failed(code);
        }
        if target == ListOffsetsTarget::Latest {
            self.claims[index].newest = offset;
            self.fetcher.lookups.push_back((index, ListOffsetsTarget::Earliest));
        } else {
            self.choose_starting_offset(io, index, offset);
        }
    }

    /// ListOffsets was lost.
    pub(super) fn lookup_lost(&mut self, _io: &mut Io<'_, '_>) {
        if self.fetcher.lookup.take().is_some() && !self.fetcher.dying {
            self.claim_failed(ErrorCode::None);
        }
    }

    /// A claim cannot be consumed: its goroutine ends, and the session with it.
    fn claim_failed(&mut self, code: ErrorCode) {
        if self.grouped {
            self.cancel_session();
        } else {
            self.fatal = Some(code);
        }
    }

    fn choose_starting_offset(&mut self, io: &mut Io<'_, '_>, index: usize, oldest: Offset) {
        let claim = &self.claims[index];
        let (newest, known) = (claim.newest, claim.marked.0 >= 0 && !claim.reset);
        let initial = match self.config.auto_offset_reset {
            AutoOffsetReset::Earliest => oldest,
            _ => newest,
        };
        let (offset, origin) = match self.from {
            StartAt::Committed if known => (claim.marked, PositionOrigin::Committed),
            StartAt::Committed => (initial, PositionOrigin::Reset),
            _ if claim.reset => (initial, PositionOrigin::Reset),
            StartAt::Beginning => (oldest, PositionOrigin::Beginning),
            StartAt::End => (newest, PositionOrigin::End),
            StartAt::Offset(offset) => (Offset(offset), PositionOrigin::Seek),
        };
        if offset < oldest || offset > newest {
            return self.out_of_range(index);
        }
        let partition = self.subscription.partitions[index].tp;
        if origin == PositionOrigin::Reset {
            let latest = self.config.auto_offset_reset != AutoOffsetReset::Earliest;
            let reason = match (latest, self.claims[index].reset) {
                (false, false) => ResetReason::NoOffsetEarliest,
                (false, true) => ResetReason::OutOfRangeEarliest,
                (true, false) => ResetReason::NoOffsetLatest,
                (true, true) => ResetReason::OutOfRangeLatest,
            };
            io.emit(Kind::Reset { partition, from: self.claims[index].marked, to: offset, reason });
        }
        self.subscription.seek(index, offset);
        io.emit(Kind::Position { partition, offset, origin });
        if self.until_end {
            self.subscription.partitions[index].end = Some(newest);
            self.ends_changed = true;
        }
        let claim = &mut self.claims[index];
        (claim.born, claim.pushed, claim.fed) = (io.now(), offset, offset);
        self.queue_subscription(io, index);
    }

    /// `ResetInvalidOffsets`: the same once more with `Offsets.Initial`.
    fn out_of_range(&mut self, index: usize) {
        let claim = &mut self.claims[index];
        if !self.grouped || !self.config.sarama.reset_invalid_offsets || claim.reset {
            return self.claim_failed(ErrorCode::OffsetOutOfRange);
        }
        claim.reset = true;
        self.fetcher.lookups.push_back((index, ListOffsetsTarget::Latest));
    }
}
