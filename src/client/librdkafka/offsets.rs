//! Where reading starts: OffsetFetch once the application has assigned, then ListOffsets for partitions without a
//! committed offset, 100 ms later and one request each.

use super::Librdkafka;
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::client::subscription::{FetchState, Lookup};
use crate::config::AutoOffsetReset;
use crate::ids::{CorrelationId, Offset, TopicPartition};
use crate::protocol::{
    ErrorCode, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTarget, OffsetFetchRequest, OffsetFetchResponse,
    Request,
};
use crate::trace::{Kind, PositionOrigin, ResetReason};

/// How long a reset waits before ListOffsets is sent, in ms.
pub(super) const RESET_MS: i64 = 100;
/// How long after a failed ListOffsets it is sent again, in ms.
pub(super) const RETRY_MS: i64 = 500;

/// Look-ups under way.
#[derive(Debug)]
pub(super) struct Offsets {
    /// The OffsetFetch whose answer is waited for.
    fetch: Option<CorrelationId>,
    /// OffsetFetch may be sent again.
    pub fetch_retry: Timer,
    /// ListOffsets whose answers are waited for.
    queries: Vec<(CorrelationId, TopicPartition)>,
    /// ListOffsets are due for partitions that need a reset.
    pub query_at: Timer,
    ends_in_flight: bool,
    /// Some partition of a reader with `until = "end"` lacks its end.
    pub ends_wanted: bool,
    /// Positions or ends have changed since the ends were last looked at.
    pub ends_changed: bool,
}

impl Offsets {
    pub fn new() -> Self {
        Offsets {
            fetch: None,
            fetch_retry: Timer::NEVER,
            queries: Vec::new(),
            query_at: Timer::NEVER,
            ends_in_flight: false,
            ends_wanted: false,
            ends_changed: false,
        }
    }

    /// The assignment has changed: answers that are on their way are about another one.
    pub fn forget(&mut self) {
        self.fetch = None;
        self.fetch_retry = Timer::NEVER;
        self.queries.clear();
        self.query_at = Timer::NEVER;
    }

    /// ListOffsets for the ends was lost.
    pub fn ends_lost(&mut self) {
        self.ends_in_flight = false;
        self.ends_wanted = true;
    }
}

impl Librdkafka {
    /// Sends what look-ups need.
    pub(super) fn serve_offsets(&mut self, io: &mut Io<'_, '_>) {
        if self.offsets.ends_wanted {
            self.send_ends(io);
        }
        if self.subscription.without_position == 0 {
            return;
        }
        if self.grouped {
            self.send_offset_fetch(io);
        }
        if !self.offsets.query_at.is_armed() {
            let unasked = self.subscription.partitions.iter().any(|p| {
                matches!(p.state, FetchState::AwaitReset(_)) && !self.offsets.queries.iter().any(|q| q.1 == p.tp)
            });
            if unasked {
                self.offsets.query_at = io.timer_ms(RESET_MS);
            }
        }
    }

    /// Not while a commit is on its way, which the answer should know of.
    fn send_offset_fetch(&mut self, io: &mut Io<'_, '_>) {
        let o = &self.offsets;
        if o.fetch.is_some() || o.fetch_retry.is_armed() || self.commits.outstanding > 0 || !self.coordinator_up(io) {
            return;
        }
        let initializing = self.subscription.partitions.iter().filter(|p| p.state == FetchState::Initializing);
        let partitions: Vec<_> = initializing.map(|p| p.tp).collect();
        if partitions.is_empty() {
            return;
        }
        let request =
            OffsetFetchRequest { group: Some(self.group.name), partitions: Some(partitions), require_stable: true };
        let (version, timeout_ms) = (self.profile.offset_fetch_version, self.socket_timeout_ms());
        let request = Request::OffsetFetch(Box::new(request));
        let id = self.send_to_coordinator(io, version, timeout_ms, request, Pending::OffsetFetch);
        self.offsets.fetch = Some(id);
    }

    /// OffsetFetch was answered.
    pub(super) fn on_offset_fetch(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: &OffsetFetchResponse) {
        if self.offsets.fetch != Some(id) {
            return;
        }
        let partition_error = response.partitions.iter().map(|p| p.error).find(|e| !e.is_none());
        let code = if response.error.is_none() { partition_error.unwrap_or_default() } else { response.error };
        if matches!(code, ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable) {
            self.coordinator_dead(io);
        }
        if !code.is_none() {
            return self.offset_fetch_failed(io);
        }
        self.offsets.fetch = None;
        let reset = self.reset_lookup(false);
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

    /// OffsetFetch is tried again after retry.backoff.ms.
    pub(super) fn offset_fetch_failed(&mut self, io: &mut Io<'_, '_>) {
        if self.offsets.fetch.take().is_some() {
            self.offsets.fetch_retry = io.timer_ms(self.config.retry_backoff_ms);
        }
    }

    /// What auto.offset.reset asks for; `None` for an error.
    pub(super) fn reset_lookup(&self, out_of_range: bool) -> Option<Lookup> {
        let (target, reason) = match (self.config.auto_offset_reset, out_of_range) {
            (AutoOffsetReset::Earliest, false) => (ListOffsetsTarget::Earliest, ResetReason::NoOffsetEarliest),
            (AutoOffsetReset::Earliest, true) => (ListOffsetsTarget::Earliest, ResetReason::OutOfRangeEarliest),
            (AutoOffsetReset::Latest, false) => (ListOffsetsTarget::Latest, ResetReason::NoOffsetLatest),
            (AutoOffsetReset::Latest, true) => (ListOffsetsTarget::Latest, ResetReason::OutOfRangeLatest),
            (AutoOffsetReset::None, _) => return None,
        };
        Some(Lookup { target, origin: PositionOrigin::Reset, reason: Some(reason) })
    }

    /// The timer of resets has fired: a ListOffsets for each partition that needs one.
    pub(super) fn send_queries(&mut self, io: &mut Io<'_, '_>) {
        self.offsets.query_at = Timer::NEVER;
        if !self.node_ready(io) {
            self.offsets.query_at = io.timer_ms(RETRY_MS);
            return;
        }
        for index in 0..self.subscription.partitions.len() {
            let p = &self.subscription.partitions[index];
            let FetchState::AwaitReset(lookup) = p.state else { continue };
            let tp = p.tp;
            if !self.offsets.queries.iter().any(|q| q.1 == tp) {
                let request = ListOffsetsRequest { partitions: vec![(tp, lookup.target)] };
                let request = Request::ListOffsets(Box::new(request));
                let id = self.send_to_node(io, self.profile.list_offsets_version, request, Pending::Positions);
                self.offsets.queries.push((id, tp));
            }
        }
    }

    /// ListOffsets was answered.
    pub(super) fn on_position(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: &ListOffsetsResponse) {
        let Some(place) = self.offsets.queries.iter().position(|q| q.0 == id) else { return };
        self.offsets.queries.swap_remove(place);
        for &(tp, offset, code) in &response.partitions {
            let Some(index) = self.subscription.find(tp) else { continue };
            let FetchState::AwaitReset(lookup) = self.subscription.partitions[index].state else { continue };
            if !code.is_none() {
                self.offsets.query_at = io.timer_ms(RETRY_MS);
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
    pub(super) fn positions_lost(&mut self, io: &mut Io<'_, '_>) {
        if !std::mem::take(&mut self.offsets.queries).is_empty() {
            self.offsets.query_at = io.timer_ms(RETRY_MS);
        }
    }

    /// Sets where reading goes on.
    pub(super) fn set_position(&mut self, io: &mut Io<'_, '_>, index: usize, offset: Offset, origin: PositionOrigin) {
        let partition = self.subscription.partitions[index].tp;
        self.subscription.seek(index, offset);
        self.offsets.ends_changed = true;
        io.emit(Kind::Position { partition, offset, origin });
    }

    fn send_ends(&mut self, io: &mut Io<'_, '_>) {
        if self.offsets.ends_in_flight || !self.node_ready(io) {
            return;
        }
        let missing = self.subscription.partitions.iter().filter(|p| p.end.is_none());
        let partitions: Vec<_> = missing.map(|p| (p.tp, ListOffsetsTarget::Latest)).collect();
        self.offsets.ends_wanted = false;
        if !partitions.is_empty() {
            self.offsets.ends_in_flight = true;
            let request = Request::ListOffsets(Box::new(ListOffsetsRequest { partitions }));
            self.send_to_node(io, self.profile.list_offsets_version, request, Pending::Ends);
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
