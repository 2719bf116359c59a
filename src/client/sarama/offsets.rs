//! The offset manager of a session: committed offsets at its start, the ticker of AutoCommit, `Commit`, the final flush.
//!
//! Every flush commits what is marked and not committed, of all claims, in one request. It does not hold the broker's lock
//! while it waits. Errors go to a channel: nobody who called `Commit` learns of them.

use super::Sarama;
use super::group::Phase;
use crate::client::MemberOutput;
use crate::client::io::{Io, Timer};
use crate::client::network::{CommitPurpose, Pending, PendingCommit};
use crate::ids::{CorrelationId, Offset};
use crate::protocol::{
    CommitPartition, ErrorCode, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
    Request,
};
use crate::trace::{CommitError, CommitOrigin, Kind};

/// A flush that waits for the coordinator, or for its lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Flush {
    purpose: CommitPurpose,
    origin: CommitOrigin,
    /// The handler that waits for it.
    worker: Option<usize>,
}

/// The offset manager.
#[derive(Debug)]
pub(crate) struct Offsets {
    /// `AutoCommit.Interval` if AutoCommit is enabled.
    pub(super) auto_ms: Option<i64>,
    /// The next tick.
    pub(super) ticker: Timer,
    /// A tick has come while the flush of the last one was under way.
    ticked: bool,
    /// Claims with marks that are not committed, perhaps.
    pub(super) dirty: Vec<u32>,
    /// The coordinator is known to this session's manager, which looks it up by itself.
    broker: bool,
    flushes: Vec<Flush>,
    /// Flushes of the application that are not over and that it waits for.
    pub(super) blocked: u32,
    /// Handlers that wait for a commit in flight.
    waiting: Vec<(CorrelationId, usize)>,
    /// Handlers whose commit has returned.
    returned: Vec<usize>,
    /// The ticker's flush is under way.
    ticking: bool,
    /// Attempts of the final flush that were made.
    attempts: i64,
    flushing: bool,
    /// The claim whose committed offset is asked for.
    fetching: usize,
    fetch_left: i64,
    fetch_in_flight: bool,
    /// OffsetFetch may be sent again then.
    pub(super) fetch_retry: Timer,
    spare: Vec<Vec<CommitPartition>>,
}

impl Offsets {
    pub fn new(auto_ms: Option<i64>) -> Self {
        Offsets {
            auto_ms: auto_ms.map(|ms| ms.max(1)),
            ticker: Timer::NEVER,
            ticked: false,
            dirty: Vec::new(),
            broker: false,
            flushes: Vec::new(),
            blocked: 0,
            waiting: Vec::new(),
            returned: Vec::new(),
            ticking: false,
            attempts: 0,
            flushing: false,
            fetching: 0,
            fetch_left: 0,
            fetch_in_flight: false,
            fetch_retry: Timer::NEVER,
            spare: Vec::new(),
        }
    }

    /// A manager of its own for each session.
    pub fn start_session(&mut self, io: &Io<'_, '_>) {
        self.ticker = self.auto_ms.map_or(Timer::NEVER, |ms| io.timer_ms(ms));
        self.dirty.clear();
        (self.broker, self.ticked, self.flushing, self.attempts) = (false, false, false, 0);
        (self.fetching, self.fetch_left, self.fetch_in_flight) = (0, -1, false);
        self.fetch_retry = Timer::NEVER;
    }

    /// The manager is being closed: its main loop ends when the flush that is under way is over.
    pub fn stop_ticker(&mut self) {
        self.ticker = Timer::NEVER;
        self.ticked = false;
    }

    /// A handler whose commit has returned.
    pub fn worker_committed(&mut self) -> Option<usize> {
        self.returned.pop()
    }

    /// An empty list with room.
    pub fn spare(&mut self) -> Vec<CommitPartition> {
        self.spare.pop().unwrap_or_default()
    }

    fn recycle(&mut self, mut offsets: Vec<CommitPartition>) {
        if self.spare.len() < 4 {
            offsets.clear();
            self.spare.push(offsets);
        }
    }
}

/// Committed offsets.
impl Sarama {
    /// Asks for the committed offset of the next claim; after the last one, `Setup`.
    pub(super) fn serve_offset_fetch(&mut self, io: &mut Io<'_, '_>) -> bool {
        let o = &mut self.offsets;
        let Some(p) = self.subscription.partitions.get(o.fetching) else {
            self.set_up(io);
            return true;
        };
        if o.fetch_in_flight || o.fetch_retry.is_armed() {
            return false;
        }
        if o.fetch_left < 0 {
            o.fetch_left = self.config.sarama.metadata_retry_max;
        }
        if !o.broker {
            return self.find_coordinator();
        }
        let partitions = Some(vec![p.tp]);
        if !self.coordinator_free(io) {
            return false;
        }
        let request = OffsetFetchRequest { group: Some(self.group.name), partitions, require_stable: false };
        self.offsets.fetch_in_flight = true;
        let cause = io.cx.cause;
        let version = self.profile.offset_fetch_version;
        self.send_to_coordinator(io, version, Request::OffsetFetch(Box::new(request)), Pending::OffsetFetch);
        io.cx.cause = cause;
        true
    }

    /// OffsetFetch was answered.
    pub(super) fn on_offset_fetch(&mut self, io: &mut Io<'_, '_>, response: &OffsetFetchResponse) {
        self.offsets.fetch_in_flight = false;
        let fetched = response.partitions.first();
        let code = match fetched {
            Some(p) if response.error.is_none() => p.error,
            _ => response.error,
        };
        match (code, fetched) {
            (ErrorCode::None, Some(p)) => {
                let claim = &mut self.claims[self.offsets.fetching];
                claim.marked = Offset(p.offset.0.max(-1));
                self.offsets.fetching += 1;
                self.offsets.fetch_left = -1;
            }
            (ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable, _) if self.offsets.fetch_left > 0 => {
                self.coordinator.moved |= code == ErrorCode::NotCoordinator;
                self.offsets.fetch_left -= 1;
                self.offsets.broker = false;
            }
            (ErrorCode::CoordinatorLoadInProgress, _) if self.offsets.fetch_left > 0 => {
                self.offsets.fetch_left -= 1;
                self.offsets.fetch_retry = io.timer_ms(self.config.sarama.metadata_retry_backoff_ms);
            }
            _ => self.session_failed(),
        }
    }

    /// OffsetFetch was lost.
    pub(super) fn offset_fetch_lost(&mut self, _io: &mut Io<'_, '_>) {
        self.offsets.fetch_in_flight = false;
        if self.group.phase != Phase::Offsets {
            return;
        }
        if self.offsets.fetch_left <= 0 {
            return self.session_failed();
        }
        self.offsets.fetch_left -= 1;
        self.offsets.broker = false;
    }

    /// FindCoordinator has ended while committed offsets were waited for.
    pub(super) fn offset_coordinator_known(&mut self, _io: &mut Io<'_, '_>, ok: bool) {
        if ok {
            self.offsets.broker = true;
        } else if self.offsets.fetch_left <= 0 {
            self.session_failed();
        } else {
            self.offsets.fetch_left -= 1;
        }
    }
}

/// Commits.
impl Sarama {
    /// The application calls `MarkOffset` for these offsets, then `Commit`. What it commits in `Cleanup` waits until all
    /// claims are closed, as `Cleanup` does.
    pub fn commit(&mut self, offsets: Vec<CommitPartition>, purpose: CommitPurpose, origin: CommitOrigin) {
        self.mark_all(&offsets);
        self.offsets.recycle(offsets);
        if self.group.phase == Phase::Running {
            self.offsets.blocked += u32::from(purpose == CommitPurpose::Sync);
            self.offsets.flushes.push(Flush { purpose, origin, worker: None });
        }
    }

    /// A handler calls `MarkOffset` for these offsets, then `Commit`; true if that has returned already.
    pub fn begin_worker_commit(&mut self, io: &mut Io<'_, '_>, worker: usize, offsets: Vec<CommitPartition>) -> bool {
        self.mark_all(&offsets);
        self.offsets.recycle(offsets);
        if self.group.phase != Phase::Running {
            return true;
        }
        let (purpose, origin) = (CommitPurpose::Async, CommitOrigin::Sync);
        self.offsets.flushes.push(Flush { purpose, origin, worker: Some(worker) });
        self.serve(io);
        let place = self.offsets.returned.iter().position(|&returned| returned == worker);
        place.map(|place| self.offsets.returned.remove(place)).is_some()
    }

    /// Handlers whose commits are not in flight any more.
    pub(super) fn release_workers(&mut self) {
        let (network, returned) = (&self.network, &mut self.offsets.returned);
        self.offsets.waiting.retain(|&(request, worker)| {
            let waits = network.in_flight(request);
            if !waits {
                returned.push(worker);
            }
            waits
        });
    }

    /// Whether no commit is under way that the application waits for.
    pub fn commit_returned(&mut self, io: &mut Io<'_, '_>) -> bool {
        self.serve(io);
        self.offsets.blocked == 0
    }

    /// A tick of AutoCommit.
    pub(super) fn auto_commit(&mut self, io: &mut Io<'_, '_>) {
        let Some(interval_ms) = self.offsets.auto_ms else { return };
        self.offsets.ticker = io.timer_ms(interval_ms);
        if self.offsets.ticking {
            self.offsets.ticked = true;
        } else {
            self.begin_tick();
        }
    }

    fn begin_tick(&mut self) {
        self.offsets.ticking = true;
        self.offsets.flushes.push(Flush { purpose: CommitPurpose::Periodic, origin: CommitOrigin::Auto, worker: None });
    }

    /// Flushes that need wait no longer.
    pub(super) fn serve_flushes(&mut self, io: &mut Io<'_, '_>) -> bool {
        let mut index = 0;
        while index < self.offsets.flushes.len() {
            let flush = self.offsets.flushes[index];
            let cleanup = matches!(flush.origin, CommitOrigin::Revoke | CommitOrigin::Close);
            if cleanup && flush.purpose == CommitPurpose::Sync && !self.claims_closed(io) {
                index += 1;
                continue;
            }
            if !self.offsets.broker {
                return self.find_coordinator();
            }
            if !self.coordinator_free(io) {
                return false;
            }
            self.offsets.flushes.remove(index);
            self.flush(io, flush);
            return true;
        }
        false
    }

    fn flush(&mut self, io: &mut Io<'_, '_>, flush: Flush) {
        let mut offsets = self.offsets.spare();
        self.dirty_offsets(&mut offsets);
        let Flush { purpose, origin, worker } = flush;
        if offsets.is_empty() {
            self.offsets.recycle(offsets);
            self.offsets.returned.extend(worker);
            return self.flush_over(purpose);
        }
        let id = self.group.id;
        let request = OffsetCommitRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
            retention_ms: -1,
            partitions: offsets.clone(),
        };
        let pending = PendingCommit { purpose, origin, sent_with: id, offsets };
        let cause = io.cx.cause;
        let version = self.profile.commit_version;
        let request = Request::OffsetCommit(Box::new(request));
        let request = self.send_to_coordinator(io, version, request, Pending::Commit(pending));
        if let Some(MemberOutput::Send { request: Request::OffsetCommit(sent), .. }) = io.out.last() {
            for p in &sent.partitions {
                let kind = Kind::CommitSent { request, partition: p.partition, offset: p.offset, origin };
                io.cx.emit(io.actor, io.incarnation, kind);
            }
        }
        self.offsets.waiting.extend(worker.map(|worker| (request, worker)));
        io.cx.cause = cause;
    }

    /// OffsetCommit was answered.
    pub(super) fn on_commit(&mut self, io: &mut Io<'_, '_>, commit: PendingCommit, response: &OffsetCommitResponse) {
        let code = response.partitions.iter().map(|p| p.1).find(|code| !code.is_none()).unwrap_or_default();
        match code {
            ErrorCode::None if commit.sent_with == self.group.id => self.updated_committed(&commit.offsets),
            ErrorCode::None => {} // of a session that is over
            ErrorCode::CoordinatorLoadInProgress | ErrorCode::OffsetMetadataTooLarge => {}
            ErrorCode::FencedInstanceId => {
                self.group.lost = true;
                self.cancel_session();
            }
            _ => {
                self.coordinator.moved |= code == ErrorCode::NotCoordinator;
                self.offsets.broker = false; // it is looked up again
            }
        }
        if !code.is_none() {
            let error = match code {
                ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => CommitError::CommitFailed,
                ErrorCode::FencedInstanceId => CommitError::Fenced,
                ErrorCode::RebalanceInProgress => CommitError::RebalanceInProgress,
                _ => CommitError::Refused,
            };
            io.emit(Kind::CommitFailed { error, code, origin: commit.origin });
        }
        self.commit_over(commit);
    }

    /// OffsetCommit was lost, stored or not.
    pub(super) fn commit_lost(&mut self, io: &mut Io<'_, '_>, commit: PendingCommit) {
        io.emit(Kind::CommitFailed { error: CommitError::Timeout, code: ErrorCode::None, origin: commit.origin });
        self.offsets.broker = false;
        self.commit_over(commit);
    }

    fn commit_over(&mut self, commit: PendingCommit) {
        self.flush_over(commit.purpose);
        self.offsets.recycle(commit.offsets);
        self.release_workers();
    }

    fn flush_over(&mut self, purpose: CommitPurpose) {
        match purpose {
            CommitPurpose::Sync => self.offsets.blocked = self.offsets.blocked.saturating_sub(1),
            CommitPurpose::Periodic => {
                self.offsets.ticking = false;
                if std::mem::take(&mut self.offsets.ticked) {
                    self.begin_tick();
                }
            }
            CommitPurpose::Unassigned => self.offsets.flushing = false,
            CommitPurpose::Async | CommitPurpose::Retry(_) | CommitPurpose::JoinPrepare => {}
        }
    }

    /// The session is over: a `Commit` that comes too late finds nothing to commit.
    pub(super) fn end_flushes(&mut self) {
        self.offsets.dirty.clear();
        for flush in std::mem::take(&mut self.offsets.flushes) {
            self.offsets.returned.extend(flush.worker);
            self.flush_over(flush.purpose);
        }
    }

    /// FindCoordinator has ended: flushes go on, or are over without having been sent.
    pub(super) fn flushes_coordinator_known(&mut self, io: &mut Io<'_, '_>, ok: bool) {
        if ok {
            self.offsets.broker = true;
            return;
        }
        for flush in std::mem::take(&mut self.offsets.flushes) {
            let (error, code) = (CommitError::Timeout, ErrorCode::None);
            io.emit(Kind::CommitFailed { error, code, origin: flush.origin });
            self.offsets.returned.extend(flush.worker);
            self.flush_over(flush.purpose);
        }
    }

    /// The manager is closed: with AutoCommit the last flush, tried again up to `Offsets.Retry.Max` times.
    pub(super) fn flushed(&mut self, _io: &mut Io<'_, '_>) -> bool {
        if self.offsets.ticking || self.offsets.flushing {
            return false;
        }
        let dirty = self.claims.iter().any(|claim| claim.dirty);
        let again = self.offsets.attempts <= self.config.sarama.offsets_retry_max;
        if self.offsets.auto_ms.is_none() || !dirty || !again {
            return true;
        }
        self.offsets.attempts += 1;
        self.offsets.flushing = true;
        let origin = if self.closing { CommitOrigin::Close } else { CommitOrigin::Revoke };
        self.offsets.flushes.push(Flush { purpose: CommitPurpose::Unassigned, origin, worker: None });
        false
    }
}
