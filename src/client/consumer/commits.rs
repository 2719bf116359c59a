//! OffsetCommit: commitSync, commitAsync, periodic auto-commit (CLIENT-27 to CLIENT-30).

use super::Consumer;
use super::membership::{GenerationId, MemberState};
use crate::client::MemberOutput;
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, CommitPurpose, Pending, PendingCommit};
use crate::ids::CorrelationId;
use crate::protocol::{CommitPartition, ErrorCode, OffsetCommitRequest, OffsetCommitResponse, Request};
use crate::trace::{Channel, CommitError, CommitOrigin, Kind};

/// What became of a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Stored,
    Retriable(ErrorCode),
    Failed(CommitError, ErrorCode),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum SyncPhase {
    Send,
    InFlight(CorrelationId),
    Backoff(Timer),
    Over,
}

/// A blocked commitSync.
#[derive(Debug)]
struct SyncCommit {
    offsets: Vec<CommitPartition>,
    origin: CommitOrigin,
    deadline: Timer,
    attempts: u32,
    last_error: ErrorCode,
    failed: Option<(CommitError, ErrorCode)>,
    phase: SyncPhase,
}

impl SyncCommit {
    fn over(&mut self, failed: Option<(CommitError, ErrorCode)>) {
        self.phase = SyncPhase::Over;
        self.failed = failed;
    }
}

/// The commits of one consumer.
#[derive(Debug)]
pub(crate) struct Commits {
    sync: Option<SyncCommit>,
    /// Asynchronous commits that wait for the coordinator to be found.
    waiting: Vec<(Vec<CommitPartition>, CommitPurpose, CommitOrigin)>,
    /// `auto.commit.interval.ms` if auto-commit is on.
    pub auto_interval_ms: Option<i64>,
    /// When auto-commit is due.
    pub next_auto: Timer,
    /// The last auto-commit failed: the next one follows after retry.backoff.ms.
    auto_retry: bool,
    /// An async commit met FENCED_INSTANCE_ID: the next poll throws.
    pub async_fenced: bool,
    spare: Vec<Vec<CommitPartition>>,
}

impl Commits {
    pub fn new(auto_interval_ms: Option<i64>) -> Self {
        Commits {
            sync: None,
            waiting: Vec::new(),
            auto_interval_ms,
            next_auto: Timer::NEVER,
            auto_retry: false,
            async_fenced: false,
            spare: Vec::new(),
        }
    }

    /// The auto-commit timer starts over.
    pub fn restart_auto(&mut self, io: &Io<'_, '_>) {
        if let Some(interval_ms) = self.auto_interval_ms {
            self.next_auto = io.timer_ms(interval_ms);
        }
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

    /// Whether the application is blocked in commitSync.
    pub fn is_blocked(&self) -> bool {
        self.sync.is_some()
    }

    /// Whether an async commit still waits for the coordinator.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// When commitSync goes on without an answer.
    pub fn timer(&self) -> Timer {
        match &self.sync {
            None => Timer::NEVER,
            Some(sync) => match sync.phase {
                SyncPhase::Backoff(backoff) if backoff.at < sync.deadline.at => backoff,
                _ => sync.deadline,
            },
        }
    }
}

impl Consumer {
    /// commitSync begins; [`Consumer::step_commit_sync`] carries it on.
    pub fn begin_commit_sync(
        &mut self,
        io: &mut Io<'_, '_>,
        offsets: Vec<CommitPartition>,
        origin: CommitOrigin,
        timeout_ms: i64,
    ) {
        let phase = if offsets.is_empty() { SyncPhase::Over } else { SyncPhase::Send };
        let deadline = io.timer_ms(timeout_ms);
        let last_error = ErrorCode::None;
        self.commits.sync =
            Some(SyncCommit { offsets, origin, deadline, attempts: 0, last_error, failed: None, phase });
    }

    /// Carries commitSync on; true when it has returned.
    pub fn step_commit_sync(&mut self, io: &mut Io<'_, '_>) -> bool {
        loop {
            let Some(sync) = &mut self.commits.sync else { return true };
            if sync.phase == SyncPhase::Over {
                if let Some(sync) = self.commits.sync.take() {
                    if sync.offsets.is_empty() {
                        self.commits.recycle(sync.offsets);
                    } else {
                        self.subscription.answers.sync_over(sync.offsets, sync.failed);
                    }
                }
                return true;
            }
            if sync.deadline.at <= io.now() {
                let (origin, code) = (sync.origin, sync.last_error);
                sync.over(Some((CommitError::Timeout, code)));
                io.emit(Kind::CommitFailed { error: CommitError::Timeout, code, origin });
                continue;
            }
            match sync.phase {
                SyncPhase::InFlight(_) => return false,
                SyncPhase::Backoff(backoff) if backoff.at > io.now() => return false,
                SyncPhase::Backoff(_) => sync.phase = SyncPhase::Send,
                SyncPhase::Send | SyncPhase::Over => {
                    if !self.ensure_coordinator(io) {
                        return false;
                    }
                    self.send_commit_sync(io);
                }
            }
        }
    }

    fn send_commit_sync(&mut self, io: &mut Io<'_, '_>) {
        let Some(sync) = &mut self.commits.sync else { return };
        let (partitions, origin) = (sync.offsets.clone(), sync.origin);
        if let Err(error) = self.membership.may_commit() {
            sync.over(Some((error, ErrorCode::None)));
            io.emit(Kind::CommitFailed { error, code: ErrorCode::None, origin });
            return;
        }
        let correlation = self.send_commit(io, partitions, Vec::new(), CommitPurpose::Sync, origin);
        if let Some(sync) = &mut self.commits.sync {
            sync.phase = SyncPhase::InFlight(correlation);
        }
    }

    /// commitAsync: never retried; waits for the coordinator to be found if it must.
    pub fn commit_async(
        &mut self,
        io: &mut Io<'_, '_>,
        offsets: Vec<CommitPartition>,
        purpose: CommitPurpose,
        origin: CommitOrigin,
    ) {
        if offsets.is_empty() {
            self.commits.recycle(offsets);
            if purpose == CommitPurpose::JoinPrepare {
                self.join_prepare_committed(io, false);
            }
        } else if self.ensure_coordinator(io) {
            self.send_commit_async(io, offsets, purpose, origin);
        } else {
            self.commits.waiting.push((offsets, purpose, origin));
        }
    }

    fn send_commit_async(
        &mut self,
        io: &mut Io<'_, '_>,
        offsets: Vec<CommitPartition>,
        purpose: CommitPurpose,
        origin: CommitOrigin,
    ) {
        if let Err(error) = self.membership.may_commit() {
            let commit = PendingCommit { purpose, origin, sent_with: self.membership.id, offsets };
            return self.async_over(io, commit, Outcome::Failed(error, ErrorCode::None));
        }
        self.send_commit(io, offsets.clone(), offsets, purpose, origin);
    }

    /// The coordinator was found: commits that waited for it go out.
    pub fn send_waiting_commits(&mut self, io: &mut Io<'_, '_>) {
        for (offsets, purpose, origin) in std::mem::take(&mut self.commits.waiting) {
            self.send_commit_async(io, offsets, purpose, origin);
        }
    }

    /// The coordinator was not found: commits that waited for it have failed.
    pub fn fail_waiting_commits(&mut self, io: &mut Io<'_, '_>) {
        for (offsets, purpose, origin) in std::mem::take(&mut self.commits.waiting) {
            let commit = PendingCommit { purpose, origin, sent_with: self.membership.id, offsets };
            self.async_over(io, commit, Outcome::Retriable(ErrorCode::CoordinatorNotAvailable));
        }
    }

    /// sendOffsetCommitRequest.
    fn send_commit(
        &mut self,
        io: &mut Io<'_, '_>,
        partitions: Vec<CommitPartition>,
        offsets: Vec<CommitPartition>,
        purpose: CommitPurpose,
        origin: CommitOrigin,
    ) -> CorrelationId {
        let sent_with = self.membership.id;
        let request = OffsetCommitRequest {
            group: Some(self.membership.group),
            generation: sent_with.generation,
            member: sent_with.member,
            instance: self.instance,
            retention_ms: -1,
            partitions,
        };
        let call = Call {
            channel: Channel::Coordinator,
            version: self.profile.commit_version,
            timeout_ms: self.request_timeout_ms(),
        };
        let pending = Pending::Commit(PendingCommit { purpose, origin, sent_with, offsets });
        let sender = self.sender();
        let (request_id, seq) = self.network.send(io, call, sender, Request::OffsetCommit(Box::new(request)), pending);
        let cause = std::mem::replace(&mut io.cx.cause, seq);
        if let Some(MemberOutput::Send { request: Request::OffsetCommit(sent), .. }) = io.out.last() {
            for p in &sent.partitions {
                let kind = Kind::CommitSent { request: request_id, partition: p.partition, offset: p.offset, origin };
                io.cx.emit(io.actor, io.incarnation, kind);
            }
        }
        io.cx.cause = cause;
        request_id
    }

    /// OffsetCommit was answered (CLIENT-29).
    pub fn on_commit(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, sent: PendingCommit, r: &OffsetCommitResponse) {
        let code = r.partitions.iter().map(|p| p.1).find(|code| !code.is_none()).unwrap_or_default();
        let outcome = self.judge_commit(io, sent.sent_with, code);
        self.commit_over(io, Some(id), sent, outcome);
    }

    /// OffsetCommit was lost: it may have been stored or not.
    pub fn commit_lost(&mut self, io: &mut Io<'_, '_>, sent: PendingCommit) {
        self.commit_over(io, None, sent, Outcome::Retriable(ErrorCode::None));
    }

    fn judge_commit(&mut self, io: &mut Io<'_, '_>, sent_with: GenerationId, code: ErrorCode) -> Outcome {
        let unchanged = self.membership.id == sent_with;
        let joining = self.membership.state == MemberState::PreparingRebalance;
        match code {
            ErrorCode::None => Outcome::Stored,
            ErrorCode::CoordinatorLoadInProgress | ErrorCode::UnknownTopicOrPartition => Outcome::Retriable(code),
            ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator | ErrorCode::RequestTimedOut => {
                self.coordinator_unknown(io, false);
                Outcome::Retriable(code)
            }
            ErrorCode::FencedInstanceId if unchanged => Outcome::Failed(CommitError::Fenced, code),
            ErrorCode::FencedInstanceId if joining => Outcome::Failed(CommitError::RebalanceInProgress, code),
            ErrorCode::FencedInstanceId => Outcome::Failed(CommitError::CommitFailed, code),
            ErrorCode::RebalanceInProgress => {
                let reason = "offset commit failed since group is already rebalancing";
                self.membership.request_rejoin(io, reason);
                Outcome::Failed(CommitError::RebalanceInProgress, code)
            }
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => {
                if !unchanged && joining {
                    return Outcome::Failed(CommitError::RebalanceInProgress, code);
                }
                let reason = format!("encountered {code} from OFFSET_COMMIT response");
                self.membership.reset(io, &reason, code != ErrorCode::IllegalGeneration, code);
                Outcome::Failed(CommitError::CommitFailed, code)
            }
            _ => Outcome::Failed(CommitError::Refused, code),
        }
    }

    fn commit_over(&mut self, io: &mut Io<'_, '_>, id: Option<CorrelationId>, sent: PendingCommit, outcome: Outcome) {
        if sent.purpose == CommitPurpose::Sync {
            return self.sync_over(io, id, outcome);
        }
        if outcome == Outcome::Stored {
            self.subscription.stored(&sent.offsets);
        }
        self.async_over(io, sent, outcome);
    }

    fn sync_over(&mut self, io: &mut Io<'_, '_>, id: Option<CorrelationId>, outcome: Outcome) {
        let (initial, max) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
        let Some(sync) = &mut self.commits.sync else { return };
        let SyncPhase::InFlight(waited_for) = sync.phase else { return };
        if id.is_some_and(|id| id != waited_for) {
            return; // the answer to a commitSync that has timed out
        }
        match outcome {
            Outcome::Stored => {
                sync.over(None);
                self.subscription.stored(&sync.offsets);
            }
            Outcome::Retriable(code) => {
                sync.last_error = code;
                let ms = io.backoff_ms(initial, max, sync.attempts);
                sync.attempts += 1;
                sync.phase = SyncPhase::Backoff(io.timer_ms(ms));
            }
            Outcome::Failed(error, code) => {
                sync.over(Some((error, code)));
                io.emit(Kind::CommitFailed { error, code, origin: sync.origin });
            }
        }
    }

    fn async_over(&mut self, io: &mut Io<'_, '_>, commit: PendingCommit, outcome: Outcome) {
        let (purpose, origin) = (commit.purpose, commit.origin);
        if purpose == CommitPurpose::JoinPrepare {
            self.join_prepare_committed(io, matches!(outcome, Outcome::Retriable(_)));
        }
        let failed = match outcome {
            Outcome::Stored => None,
            Outcome::Retriable(code) => Some((CommitError::Retriable, code)),
            Outcome::Failed(error, code) => Some((error, code)),
        };
        if let Some(offsets) = self.subscription.answers.over(commit, failed) {
            self.commits.recycle(offsets);
        }
        let Some((error, code)) = failed else { return };
        if purpose == CommitPurpose::JoinPrepare && error == CommitError::Retriable {
            return;
        }
        if purpose == CommitPurpose::Periodic && error == CommitError::Retriable {
            self.commits.auto_retry = true;
        }
        if error == CommitError::Fenced {
            self.commits.async_fenced = true;
        }
        io.emit(Kind::CommitFailed { error, code, origin });
    }

    /// Periodic auto-commit (CLIENT-27): in a pass of poll whose coordinator part has succeeded.
    pub fn maybe_auto_commit(&mut self, io: &mut Io<'_, '_>) {
        let Some(interval_ms) = self.commits.auto_interval_ms else { return };
        if std::mem::take(&mut self.commits.auto_retry) {
            self.commits.next_auto = io.timer_ms(self.config.retry_backoff_ms);
        }
        if self.commits.next_auto.at > io.now() {
            return;
        }
        self.commits.next_auto = io.timer_ms(interval_ms);
        let mut offsets = self.commits.spare();
        self.subscription.positions(&mut offsets);
        self.commit_async(io, offsets, CommitPurpose::Periodic, CommitOrigin::Auto);
    }
}
