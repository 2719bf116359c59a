//! Positions: committed offsets, auto.offset.reset, `from` and the ends for `until = "end"` (CLIENT-34 to CLIENT-36).

use super::{Consumer, PollOutcome};
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, Pending, Sender};
use crate::client::subscription::{FetchState, Lookup, runs};
use crate::config::{AutoOffsetReset, StartAt};
use crate::ids::{Generation, MemberId, Offset, TopicPartition};
use crate::protocol::{
    ErrorCode, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTarget, OffsetFetchRequest, OffsetFetchResponse,
    Request,
};
use crate::trace::{Channel, Kind, PositionOrigin, ResetReason};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum OffsetFetch {
    Idle,
    Wanted,
    InFlight,
    Backoff(Timer),
    Answered,
    Failed(ErrorCode),
}

/// Look-ups of positions under way.
#[derive(Debug)]
pub(crate) struct Positions {
    offset_fetch: OffsetFetch,
    attempts: u32,
    list_in_flight: bool,
    /// No ListOffsets before this.
    pub retry: Timer,
    ends_in_flight: bool,
    /// Some partition of a reader with `until = "end"` lacks its end.
    ends_wanted: bool,
    /// Positions or ends have changed since the ends were last looked at.
    pub ends_changed: bool,
}

impl Positions {
    pub fn new() -> Self {
        Positions {
            offset_fetch: OffsetFetch::Idle,
            attempts: 0,
            list_in_flight: false,
            retry: Timer::NEVER,
            ends_in_flight: false,
            ends_wanted: false,
            ends_changed: false,
        }
    }

    /// Whether poll is blocked in fetching committed offsets.
    #[inline]
    pub fn blocked(&self) -> bool {
        self.offset_fetch != OffsetFetch::Idle
    }

    /// When the blocked poll tries again.
    pub fn timer(&self) -> Timer {
        match self.offset_fetch {
            OffsetFetch::Backoff(timer) => timer,
            _ => Timer::NEVER,
        }
    }

    /// The backoff of OffsetFetch is over.
    pub fn backoff_over(&mut self) {
        self.offset_fetch = OffsetFetch::Wanted;
    }
}

impl Consumer {
    /// Takes over an assignment; nothing is carried over from the one before.
    pub fn own(&mut self, io: &mut Io<'_, '_>, partitions: Vec<TopicPartition>, generation: Generation) {
        self.clear_fetched();
        self.subscription.assign(partitions);
        let all: Vec<_> = self.subscription.partitions.iter().map(|p| p.tp).collect();
        self.started_with(io, &all, generation);
    }

    /// Partitions are new, sorted: `owned` events, and where each of them starts.
    pub(super) fn started_with(&mut self, io: &mut Io<'_, '_>, new: &[TopicPartition], generation: Generation) {
        for (first, length) in runs(new.iter().copied()) {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Owned { topic, from, to, generation });
        }
        self.subscription.seek_to_results(io);
        let (target, origin) = match self.from {
            StartAt::Committed if self.grouped => (None, PositionOrigin::Committed),
            StartAt::Committed => (None, PositionOrigin::Reset),
            StartAt::Beginning => (Some(ListOffsetsTarget::Earliest), PositionOrigin::Beginning),
            StartAt::End => (Some(ListOffsetsTarget::Latest), PositionOrigin::End),
            StartAt::Offset(offset) => {
                for &tp in new {
                    if let Some(index) = self.subscription.find(tp) {
                        self.set_position(io, index, Offset(offset), PositionOrigin::Seek);
                    }
                }
                (None, PositionOrigin::Seek)
            }
        };
        if let Some(target) = target {
            for index in new.iter().filter_map(|&tp| self.subscription.find(tp)).collect::<Vec<_>>() {
                self.subscription.await_reset(index, Lookup { target, origin, reason: None });
            }
        }
        self.positions.ends_wanted = self.until_end;
        self.positions.offset_fetch = OffsetFetch::Idle;
    }

    fn set_position(&mut self, io: &mut Io<'_, '_>, index: usize, offset: Offset, origin: PositionOrigin) {
        let partition = self.subscription.partitions[index].tp;
        self.subscription.seek(index, offset);
        self.positions.ends_changed = true;
        io.emit(Kind::Position { partition, offset, origin });
    }

    /// updateFetchPositions; `Some` if poll is blocked or fails here.
    pub fn update_positions(&mut self, io: &mut Io<'_, '_>) -> Option<PollOutcome> {
        if self.positions.ends_wanted {
            self.send_ends(io);
        }
        if self.subscription.without_position == 0 {
            return None;
        }
        let initializing = self.subscription.partitions.iter().any(|p| p.state == FetchState::Initializing);
        if initializing {
            if self.grouped {
                self.positions.offset_fetch = OffsetFetch::Wanted;
                self.positions.attempts = 0;
                return self.fetch_committed(io);
            }
            if let Some(failed) = self.reset_initializing() {
                return Some(failed);
            }
        }
        self.send_resets(io);
        None
    }

    /// Carries the blocked look-up of committed offsets on; `None` when it is over.
    pub fn fetch_committed(&mut self, io: &mut Io<'_, '_>) -> Option<PollOutcome> {
        match self.positions.offset_fetch {
            OffsetFetch::Idle => None,
            OffsetFetch::Answered => {
                self.positions.offset_fetch = OffsetFetch::Idle;
                let failed = self.reset_initializing();
                if failed.is_none() {
                    self.send_resets(io);
                }
                failed
            }
            OffsetFetch::Failed(code) => {
                self.positions.offset_fetch = OffsetFetch::Idle;
                Some(PollOutcome::Error(code))
            }
            OffsetFetch::InFlight | OffsetFetch::Backoff(_) => Some(PollOutcome::Wait),
            OffsetFetch::Wanted => {
                if self.ensure_coordinator(io) {
                    self.send_offset_fetch(io);
                }
                Some(PollOutcome::Wait)
            }
        }
    }

    fn send_offset_fetch(&mut self, io: &mut Io<'_, '_>) {
        self.positions.offset_fetch = OffsetFetch::InFlight;
        let initializing = self.subscription.partitions.iter().filter(|p| p.state == FetchState::Initializing);
        let partitions = initializing.map(|p| p.tp).collect();
        let group = self.membership.group;
        let request = OffsetFetchRequest { group: Some(group), partitions: Some(partitions), require_stable: true };
        let call = Call {
            channel: Channel::Coordinator,
            version: self.profile.offset_fetch_version,
            timeout_ms: self.request_timeout_ms(),
        };
        let sender = Sender { group, member: MemberId::EMPTY, generation: Generation::NONE };
        let request = Request::OffsetFetch(Box::new(request));
        self.network.send(io, call, sender, request, Pending::OffsetFetch);
    }

    /// OffsetFetch was answered (CLIENT-35, CLIENT-36).
    pub fn on_offset_fetch(&mut self, io: &mut Io<'_, '_>, response: &OffsetFetchResponse) {
        if self.positions.offset_fetch != OffsetFetch::InFlight {
            return;
        }
        let unstable = |code| matches!(code, ErrorCode::UnstableOffsetCommit | ErrorCode::None);
        let partition_error = response.partitions.iter().map(|p| p.error).find(|&e| !unstable(e));
        let waits = response.partitions.iter().any(|p| p.error == ErrorCode::UnstableOffsetCommit);
        match response.error {
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.coordinator_unknown(io, false);
                self.offset_fetch_failed(io);
            }
            ErrorCode::CoordinatorLoadInProgress | ErrorCode::UnstableOffsetCommit | ErrorCode::RequestTimedOut => {
                self.offset_fetch_failed(io);
            }
            ErrorCode::None => match partition_error {
                Some(code) => self.positions.offset_fetch = OffsetFetch::Failed(code),
                None if waits => self.offset_fetch_failed(io),
                None => {
                    self.positions.offset_fetch = OffsetFetch::Answered;
                    for p in &response.partitions {
                        let Some(index) = self.subscription.find(p.partition) else { continue };
                        let initializing = self.subscription.partitions[index].state == FetchState::Initializing;
                        if initializing && p.offset.0 >= 0 {
                            self.set_position(io, index, p.offset, PositionOrigin::Committed);
                        }
                    }
                }
            },
            code => self.positions.offset_fetch = OffsetFetch::Failed(code),
        }
    }

    /// OffsetFetch will be tried again after an exponential backoff.
    pub fn offset_fetch_failed(&mut self, io: &mut Io<'_, '_>) {
        if self.positions.offset_fetch != OffsetFetch::InFlight {
            return;
        }
        let (initial, max) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
        let ms = io.backoff_ms(initial, max, self.positions.attempts);
        self.positions.attempts += 1;
        self.positions.offset_fetch = OffsetFetch::Backoff(io.timer_ms(ms));
    }

    /// resetInitializingPositions: partitions without a committed offset follow auto.offset.reset.
    fn reset_initializing(&mut self) -> Option<PollOutcome> {
        let (target, reason) = match self.config.auto_offset_reset {
            AutoOffsetReset::Earliest => (ListOffsetsTarget::Earliest, ResetReason::NoOffsetEarliest),
            AutoOffsetReset::Latest => (ListOffsetsTarget::Latest, ResetReason::NoOffsetLatest),
            AutoOffsetReset::None => {
                let mut partitions = self.subscription.partitions.iter();
                let missing = partitions.any(|p| p.state == FetchState::Initializing);
                return missing.then_some(PollOutcome::Error(ErrorCode::None)); // NoOffsetForPartitionException
            }
        };
        let lookup = Lookup { target, origin: PositionOrigin::Reset, reason: Some(reason) };
        for index in 0..self.subscription.partitions.len() {
            if self.subscription.partitions[index].state == FetchState::Initializing {
                self.subscription.await_reset(index, lookup);
            }
        }
        None
    }

    /// resetPositionsIfNeeded.
    fn send_resets(&mut self, io: &mut Io<'_, '_>) {
        let p = &self.positions;
        if p.list_in_flight || p.retry.is_armed() || !self.node_usable(io) {
            return;
        }
        let mut partitions = Vec::new();
        for p in &self.subscription.partitions {
            if let FetchState::AwaitReset(lookup) = p.state {
                partitions.push((p.tp, lookup.target));
            }
        }
        if !partitions.is_empty() {
            self.positions.list_in_flight = true;
            self.send_list_offsets(io, partitions, Pending::Positions);
        }
    }

    fn send_ends(&mut self, io: &mut Io<'_, '_>) {
        if self.positions.ends_in_flight || !self.node_usable(io) {
            return;
        }
        let missing = self.subscription.partitions.iter().filter(|p| p.end.is_none());
        let partitions: Vec<_> = missing.map(|p| (p.tp, ListOffsetsTarget::Latest)).collect();
        self.positions.ends_wanted = false;
        if !partitions.is_empty() {
            self.positions.ends_in_flight = true;
            self.send_list_offsets(io, partitions, Pending::Ends);
        }
    }

    fn send_list_offsets(
        &mut self,
        io: &mut Io<'_, '_>,
        partitions: Vec<(TopicPartition, ListOffsetsTarget)>,
        pending: Pending,
    ) {
        let call = Call {
            channel: Channel::Node,
            version: self.profile.list_offsets_version,
            timeout_ms: self.request_timeout_ms(),
        };
        let request = Request::ListOffsets(Box::new(ListOffsetsRequest { partitions }));
        self.network.send(io, call, Sender::NOBODY, request, pending);
    }

    /// ListOffsets for positions was answered.
    pub fn on_positions(&mut self, io: &mut Io<'_, '_>, response: &ListOffsetsResponse) {
        self.positions.list_in_flight = false;
        let mut again = false;
        for &(tp, offset, code) in &response.partitions {
            let Some(index) = self.subscription.find(tp) else { continue };
            let FetchState::AwaitReset(lookup) = self.subscription.partitions[index].state else { continue };
            if !code.is_none() {
                again = true;
                continue;
            }
            let from = self.subscription.partitions[index].position;
            if let Some(reason) = lookup.reason {
                io.emit(Kind::Reset { partition: tp, from, to: offset, reason });
            }
            self.set_position(io, index, offset, lookup.origin);
        }
        if again {
            self.positions_failed(io);
        }
    }

    /// ListOffsets is tried again after retry.backoff.ms.
    pub fn positions_failed(&mut self, io: &mut Io<'_, '_>) {
        self.positions.list_in_flight = false;
        self.positions.retry = io.timer_ms(self.config.retry_backoff_ms);
        self.request_metadata(io);
    }

    /// ListOffsets for the ends was answered.
    pub fn on_ends(&mut self, response: &ListOffsetsResponse) {
        self.positions.ends_in_flight = false;
        self.positions.ends_wanted |= self.subscription.ends(response);
        self.positions.ends_changed = true;
    }

    /// ListOffsets for the ends was lost.
    pub fn ends_failed(&mut self) {
        self.positions.ends_in_flight = false;
        self.positions.ends_wanted = true;
    }

    /// `until = "end"`: whether every partition has reached the end that it had when it was taken.
    pub fn reached_ends(&mut self, io: &mut Io<'_, '_>) -> bool {
        if !self.until_end || !std::mem::take(&mut self.positions.ends_changed) {
            return false;
        }
        self.subscription.reached_ends(io)
    }
}
