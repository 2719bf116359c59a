//! Where reading starts: OffsetFetch for what was added, then ListOffsets for what has no committed offset.

use super::FranzGo;
use super::calls::{Want, is_passing};
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::client::subscription::{FetchState, Lookup};
use crate::config::{AutoOffsetReset, StartAt};
use crate::ids::{CorrelationId, Generation, Offset, TopicPartition};
use crate::protocol::{
    ErrorCode, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTarget, OffsetFetchRequest, OffsetFetchResponse,
    Request,
};
use crate::trace::{Kind, PositionOrigin, ResetReason};

/// How long after a failed ListOffsets it is sent again, in ms.
pub(super) const RELOAD_MS: i64 = 1_000;

/// Look-ups under way.
#[derive(Debug)]
pub(super) struct Offsets {
    /// The OffsetFetch whose answer is waited for.
    fetch: Option<CorrelationId>,
    /// The ListOffsets whose answer is waited for.
    query: Option<CorrelationId>,
    /// ListOffsets is not sent before this.
    pub query_at: Timer,
    ends_in_flight: bool,
    /// Some partition of a reader with `until = "end"` lacks its end.
    ends_wanted: bool,
    /// Positions or ends have changed since the ends were last looked at.
    pub ends_changed: bool,
}

impl Offsets {
    pub fn new() -> Self {
        Offsets {
            fetch: None,
            query: None,
            query_at: Timer::NEVER,
            ends_in_flight: false,
            ends_wanted: false,
            ends_changed: false,
        }
    }

    /// ListOffsets for the ends was lost.
    pub fn ends_lost(&mut self) {
        self.ends_in_flight = false;
        self.ends_wanted = true;
    }
}

impl FranzGo {
    /// A reader without group management.
    pub(super) fn read_directly(&mut self, io: &mut Io<'_, '_>, partitions: Vec<TopicPartition>) {
        self.subscription.assign(partitions);
        let given: Vec<_> = self.subscription.runs().collect();
        for (first, length) in given {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Owned { topic, from, to, generation: Generation::NONE });
        }
        self.start_reading(io);
    }

    /// Where `from` says; a member without it asks for its committed offsets.
    pub(super) fn start_reading(&mut self, io: &mut Io<'_, '_>) {
        self.offsets.ends_wanted = self.until_end;
        let lookup = match self.from {
            StartAt::Committed if self.grouped => {
                if self.subscription.partitions.iter().any(|p| p.state == FetchState::Initializing) {
                    self.calls.begin(io, Want::Offsets);
                }
                return;
            }
            StartAt::Committed => self.reset_lookup(None),
            StartAt::Beginning => {
                Some(Lookup { target: ListOffsetsTarget::Earliest, origin: PositionOrigin::Beginning, reason: None })
            }
            StartAt::End => {
                Some(Lookup { target: ListOffsetsTarget::Latest, origin: PositionOrigin::End, reason: None })
            }
            StartAt::Offset(_) => None,
        };
        for index in 0..self.subscription.partitions.len() {
            if self.subscription.partitions[index].state != FetchState::Initializing {
                continue;
            }
            match (lookup, self.from) {
                (Some(lookup), _) => self.subscription.await_reset(index, lookup),
                (None, StartAt::Offset(offset)) => {
                    self.set_position(io, index, Offset(offset), PositionOrigin::Seek);
                }
                (None, _) => self.fatal = Some(ErrorCode::None), // auto.offset.reset = none
            }
        }
    }

    pub(super) fn send_offset_fetch(&mut self, io: &mut Io<'_, '_>) {
        let initializing = self.subscription.partitions.iter().filter(|p| p.state == FetchState::Initializing);
        let partitions: Vec<_> = initializing.map(|p| p.tp).collect();
        if partitions.is_empty() {
            return self.calls.over(Want::Offsets);
        }
        let request =
            OffsetFetchRequest { group: Some(self.group.name), partitions: Some(partitions), require_stable: true };
        let (version, timeout_ms) = (self.profile.offset_fetch_version, self.request_timeout_ms());
        let request = Request::OffsetFetch(Box::new(request));
        self.offsets.fetch = Some(self.send_to_coordinator(io, version, timeout_ms, request, Pending::OffsetFetch));
    }

    /// The session is over: an OffsetFetch is not waited for; the next session makes one for what is still without.
    pub(super) fn cancel_offset_fetch(&mut self) {
        self.offsets.fetch = None;
        self.calls.over(Want::Offsets);
    }

    /// OffsetFetch was answered.
    pub(super) fn on_offset_fetch(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: &OffsetFetchResponse) {
        if self.offsets.fetch != Some(id) {
            return;
        }
        self.offsets.fetch = None;
        let partition_error = response.partitions.iter().map(|p| p.error).find(|e| !e.is_none());
        let code = if response.error.is_none() { partition_error.unwrap_or_default() } else { response.error };
        if is_passing(code) {
            return self.call_failed(io, Want::Offsets, code);
        }
        self.calls.over(Want::Offsets);
        if !code.is_none() {
            return self.loop_error(io, code);
        }
        let reset = self.reset_lookup(None);
        for p in &response.partitions {
            let Some(index) = self.subscription.find(p.partition) else { continue };
            if self.subscription.partitions[index].state != FetchState::Initializing {
                continue;
            }
            match reset {
                _ if p.offset.0 >= 0 => self.set_position(io, index, p.offset, PositionOrigin::Committed),
                Some(lookup) => self.subscription.await_reset(index, lookup),
                None => self.fatal = Some(ErrorCode::None), // auto.offset.reset = none
            }
        }
    }

    /// OffsetFetch was lost with its connection.
    pub(super) fn offset_fetch_lost(&mut self, io: &mut Io<'_, '_>) {
        if self.offsets.fetch.take().is_some() {
            self.call_failed(io, Want::Offsets, ErrorCode::None);
        }
    }

    /// Where to go on without a committed offset, or (`out_of_range`: whether something had been read, and whether the
    /// position is before the log's start) outside the log; `None` for an error.
    pub(super) fn reset_lookup(&self, out_of_range: Option<(bool, bool)>) -> Option<Lookup> {
        let earliest = match (self.config.auto_offset_reset, out_of_range) {
            (AutoOffsetReset::None, _) => return None,
            (_, Some((true, below))) => below,
            (reset, _) => reset == AutoOffsetReset::Earliest,
        };
        let (target, reason) = match (earliest, out_of_range.is_some()) {
            (true, false) => (ListOffsetsTarget::Earliest, ResetReason::NoOffsetEarliest),
            (true, true) => (ListOffsetsTarget::Earliest, ResetReason::OutOfRangeEarliest),
            (false, false) => (ListOffsetsTarget::Latest, ResetReason::NoOffsetLatest),
            (false, true) => (ListOffsetsTarget::Latest, ResetReason::OutOfRangeLatest),
        };
        Some(Lookup { target, origin: PositionOrigin::Reset, reason: Some(reason) })
    }

    /// Sends what look-ups need: one ListOffsets for all partitions, when metadata is no older than 5 s.
    pub(super) fn serve_offsets(&mut self, io: &mut Io<'_, '_>) {
        if self.offsets.ends_wanted {
            self.send_ends(io);
        }
        let o = &self.offsets;
        if self.subscription.without_position == 0 || o.query.is_some() || o.query_at.is_armed() {
            return;
        }
        let mut partitions = Vec::new();
        for p in self.subscription.partitions.iter().filter(|p| !p.pending_revocation) {
            if let FetchState::AwaitReset(lookup) = p.state {
                partitions.push((p.tp, lookup.target));
            }
        }
        if partitions.is_empty() || !self.metadata_is_fresh(io) {
            return;
        }
        if !self.network.ready(self.side_channel(), io.now()) {
            return;
        }
        let request = Request::ListOffsets(Box::new(ListOffsetsRequest { partitions }));
        let version = self.profile.list_offsets_version;
        self.offsets.query = Some(self.send_aside(io, version, request, Pending::Positions));
    }

    /// ListOffsets was answered.
    pub(super) fn on_positions(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: &ListOffsetsResponse) {
        if self.offsets.query != Some(id) {
            return;
        }
        self.offsets.query = None;
        for &(tp, offset, code) in &response.partitions {
            let Some(index) = self.subscription.find(tp) else { continue };
            let FetchState::AwaitReset(lookup) = self.subscription.partitions[index].state else { continue };
            if !code.is_none() {
                self.offsets.query_at = io.timer_ms(RELOAD_MS);
                continue;
            }
            let from = self.subscription.partitions[index].position;
            if let Some(reason) = lookup.reason {
                io.emit(Kind::Reset { partition: tp, from, to: offset, reason });
            }
            self.set_position(io, index, offset, lookup.origin);
        }
    }

    /// ListOffsets was lost, with its connection.
    pub(super) fn positions_lost(&mut self, io: &Io<'_, '_>) {
        if self.offsets.query.take().is_some() {
            self.offsets.query_at = io.timer_ms(RELOAD_MS);
        }
    }

    fn set_position(&mut self, io: &mut Io<'_, '_>, index: usize, offset: Offset, origin: PositionOrigin) {
        let partition = self.subscription.partitions[index].tp;
        self.subscription.seek(index, offset);
        self.offsets.ends_changed = true;
        io.emit(Kind::Position { partition, offset, origin });
    }

    fn send_ends(&mut self, io: &mut Io<'_, '_>) {
        let ready = self.metadata.fetched && self.network.ready(self.side_channel(), io.now());
        if self.offsets.ends_in_flight || !ready {
            return;
        }
        let missing = self.subscription.partitions.iter().filter(|p| p.end.is_none());
        let partitions: Vec<_> = missing.map(|p| (p.tp, ListOffsetsTarget::Latest)).collect();
        self.offsets.ends_wanted = false;
        if !partitions.is_empty() {
            self.offsets.ends_in_flight = true;
            let request = Request::ListOffsets(Box::new(ListOffsetsRequest { partitions }));
            self.send_aside(io, self.profile.list_offsets_version, request, Pending::Ends);
        }
    }

    /// ListOffsets for the ends was answered.
    pub(super) fn on_ends(&mut self, response: &ListOffsetsResponse) {
        self.offsets.ends_in_flight = false;
        self.offsets.ends_wanted |= self.subscription.ends(response);
        self.offsets.ends_changed = true;
    }

    /// `until = "end"`: whether every partition has reached the end that it had when it was taken.
    pub fn reached_ends(&mut self, io: &mut Io<'_, '_>) -> bool {
        self.until_end && std::mem::take(&mut self.offsets.ends_changed) && self.subscription.reached_ends(io)
    }
}
