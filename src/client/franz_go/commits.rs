//! OffsetCommit: one at a time, in the order in which they were asked for, and none between JoinGroup and SyncGroup.
//!
//! An answer that the member is not known, or its generation not current, makes the member rejoin at once; what it owns it
//! keeps until the new assignment takes it away.

use super::calls::{Want, is_passing};
use super::{FranzGo, Head};
use crate::client::MemberOutput;
use crate::client::consumer::membership::GenerationId;
use crate::client::io::{Io, Timer};
use crate::client::network::{CommitPurpose, Pending, PendingCommit};
use crate::ids::{Offset, Symbol, TopicPartition};
use crate::protocol::{CommitPartition, ErrorCode, OffsetCommitRequest, OffsetCommitResponse, Request};
use crate::trace::{CommitError, CommitOrigin, Kind};
use std::collections::VecDeque;

/// While the coordinator does not answer, every tick of auto-commit adds a commit that waits for the one before; here at most
/// so many wait.
const MOST_QUEUED: usize = 50;

/// The commits of one client.
#[derive(Debug)]
pub(crate) struct Commits {
    /// Commits under way; the first may be in flight.
    queue: VecDeque<PendingCommit>,
    /// Commits that wait until the member has joined.
    kept_out: VecDeque<PendingCommit>,
    /// `noCommitDuringJoinAndSync`.
    pub(super) locked: bool,
    /// Auto-commit fell due while commits were locked out.
    auto_waits: bool,
    /// The application waits for one.
    pub blocked: bool,
    /// The rebalance callback waits for one.
    pub(super) callback_waits: bool,
    /// The interval of auto-commit if it is on.
    auto_interval_ms: Option<i64>,
    /// When auto-commit is due: a ticker that runs from the start of the manage loop.
    pub(super) next_auto: Timer,
    /// Records handled of partitions that are not owned any more, which the application commits all the same.
    elsewhere: Vec<CommitPartition>,
    spare: Vec<Vec<CommitPartition>>,
}

impl Commits {
    pub fn new(auto_interval_ms: Option<i64>) -> Self {
        Commits {
            queue: VecDeque::new(),
            kept_out: VecDeque::new(),
            locked: false,
            auto_waits: false,
            blocked: false,
            callback_waits: false,
            auto_interval_ms,
            next_auto: Timer::NEVER,
            elsewhere: Vec::new(),
            spare: Vec::new(),
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

    /// The library commits by itself.
    pub(super) fn is_automatic(&self) -> bool {
        self.auto_interval_ms.is_some()
    }

    /// Marks are forgotten, with everything else that was not committed.
    pub(super) fn forget_marks(&mut self) {
        if self.is_automatic() {
            self.elsewhere.clear();
        }
    }

    /// No commit is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// The manage loop begins.
    pub(super) fn start_ticker(&mut self, io: &Io<'_, '_>) {
        if let Some(ms) = self.auto_interval_ms.filter(|&ms| ms > 0) {
            self.next_auto = io.timer_ms(ms);
        }
    }

    /// The application has handled records of a partition that it does not own.
    pub(super) fn handled_elsewhere(&mut self, partition: TopicPartition, to: Offset) {
        let handled = CommitPartition { partition, offset: to, metadata: Symbol::EMPTY };
        match self.elsewhere.iter_mut().find(|p| p.partition == partition) {
            Some(known) => known.offset = known.offset.max(to),
            None => self.elsewhere.push(handled),
        }
    }

    /// These are owned again.
    pub(super) fn forget_elsewhere(&mut self, owned: &[TopicPartition]) {
        self.elsewhere.retain(|p| owned.binary_search(&p.partition).is_err());
    }

    /// The application waits for a commit, or something that it or the callback has asked for is under way: auto-commit
    /// stands back (`blockAuto`).
    fn blocks_auto(&self) -> bool {
        self.queue.iter().any(|commit| commit.purpose != CommitPurpose::Periodic)
    }
}

impl FranzGo {
    /// PollFetches begins: what the last one returned becomes committable (`undirtyUncommitted`).
    pub(super) fn undirty(&mut self) {
        if self.head != Head::BeforeLastPoll {
            return;
        }
        for tp in self.fetcher.last_batch.drain(..) {
            if let Some(index) = self.subscription.find(tp) {
                let p = &mut self.subscription.partitions[index];
                p.stored = p.stored.max(p.position);
            }
        }
    }

    /// The application commits what it has handled: that of partitions that it lost meanwhile, too.
    pub fn commit_records(&mut self, io: &mut Io<'_, '_>, mut offsets: Vec<CommitPartition>, purpose: CommitPurpose) {
        let origin = if purpose == CommitPurpose::Sync { CommitOrigin::Sync } else { CommitOrigin::Async };
        offsets.append(&mut self.commits.elsewhere);
        self.commit(io, offsets, purpose, origin);
    }

    /// Commits offsets; of none at all nothing comes.
    pub fn commit(
        &mut self,
        io: &mut Io<'_, '_>,
        offsets: Vec<CommitPartition>,
        purpose: CommitPurpose,
        origin: CommitOrigin,
    ) {
        if offsets.is_empty() {
            return self.commits.recycle(offsets);
        }
        self.commits.blocked |= purpose == CommitPurpose::Sync;
        let commit = PendingCommit { purpose, origin, sent_with: GenerationId::NONE, offsets };
        if self.commits.locked {
            self.commits.kept_out.push_back(commit);
        } else {
            self.queue_commit(io, commit);
        }
    }

    fn queue_commit(&mut self, io: &Io<'_, '_>, mut commit: PendingCommit) {
        commit.sent_with = self.group.id;
        self.commits.queue.push_back(commit);
        self.next_commit(io);
    }

    fn next_commit(&mut self, io: &Io<'_, '_>) {
        if !self.commits.queue.is_empty() && !self.calls.get(Want::Commit).wanted {
            self.calls.begin(io, Want::Commit);
        }
    }

    pub(super) fn send_commit(&mut self, io: &mut Io<'_, '_>) {
        let Some(commit) = self.commits.queue.front() else { return self.calls.over(Want::Commit) };
        let (id, origin) = (commit.sent_with, commit.origin);
        let mut partitions = commit.offsets.clone();
        for p in &mut partitions {
            p.metadata = id.member.0; // the library says who committed
        }
        let sent = PendingCommit { purpose: commit.purpose, origin, sent_with: id, offsets: Vec::new() };
        let request = OffsetCommitRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
            retention_ms: -1,
            partitions,
        };
        let (version, timeout_ms) = (self.profile.commit_version, self.request_timeout_ms());
        let request = Request::OffsetCommit(Box::new(request));
        let request = self.send_to_coordinator(io, version, timeout_ms, request, Pending::Commit(sent));
        if let Some(MemberOutput::Send { request: Request::OffsetCommit(sent), .. }) = io.out.last() {
            for p in &sent.partitions {
                let kind = Kind::CommitSent { request, partition: p.partition, offset: p.offset, origin };
                io.cx.emit(io.actor, io.incarnation, kind);
            }
        }
    }

    /// OffsetCommit was answered.
    pub(super) fn on_commit(&mut self, io: &mut Io<'_, '_>, response: &OffsetCommitResponse) {
        if let Some(&(_, first)) = response.partitions.first()
            && is_passing(first)
        {
            return self.call_failed(io, Want::Commit, first);
        }
        self.calls.over(Want::Commit);
        let code = response.partitions.iter().map(|p| p.1).find(|code| !code.is_none()).unwrap_or_default();
        let error = match code {
            ErrorCode::None => return self.commit_stored(io),
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => {
                self.group.rejoin = true;
                CommitError::CommitFailed
            }
            ErrorCode::FencedInstanceId => CommitError::Fenced,
            ErrorCode::RebalanceInProgress => CommitError::RebalanceInProgress,
            _ => CommitError::Refused,
        };
        self.commit_failed(io, error, code);
    }

    /// The commit in flight was stored (`updateCommitted`).
    fn commit_stored(&mut self, io: &Io<'_, '_>) {
        let Some(commit) = self.commits.queue.pop_front() else { return };
        if commit.sent_with.generation == self.group.id.generation {
            self.subscription.stored(&commit.offsets);
            for stored in &commit.offsets {
                if let Some(index) = self.subscription.find(stored.partition) {
                    let p = &mut self.subscription.partitions[index];
                    p.stored = p.stored.max(stored.offset);
                }
            }
        }
        self.commit_over(io, commit, None);
    }

    /// The commit in flight failed for good.
    pub(super) fn commit_failed(&mut self, io: &mut Io<'_, '_>, error: CommitError, code: ErrorCode) {
        let Some(commit) = self.commits.queue.pop_front() else { return };
        io.emit(Kind::CommitFailed { error, code, origin: commit.origin });
        self.commit_over(io, commit, Some((error, code)));
    }

    fn commit_over(&mut self, io: &Io<'_, '_>, commit: PendingCommit, failed: Option<(CommitError, ErrorCode)>) {
        match commit.purpose {
            CommitPurpose::Sync => self.commits.blocked = false,
            CommitPurpose::Unassigned => self.commits.callback_waits = false,
            _ => {}
        }
        if let Some(offsets) = self.subscription.answers.over(commit, failed) {
            self.commits.recycle(offsets);
        }
        self.group.news = true;
        self.next_commit(io);
    }

    /// The member has joined, or has failed to: commits that waited go out, with the generation that it has now.
    pub(super) fn unlock_commits(&mut self, io: &mut Io<'_, '_>) {
        self.commits.locked = false;
        for commit in std::mem::take(&mut self.commits.kept_out) {
            self.queue_commit(io, commit);
        }
        if std::mem::take(&mut self.commits.auto_waits) {
            self.commit_head(io);
        }
    }

    /// Auto-commit takes what the application marks as it goes.
    pub fn commits_marks(&self) -> bool {
        self.head == Head::Marked
    }

    /// The ticker of auto-commit.
    pub(super) fn auto_commit(&mut self, io: &mut Io<'_, '_>) {
        let Some(ms) = self.commits.auto_interval_ms else { return };
        let next = &mut self.commits.next_auto.at;
        let interval_us = u64::try_from(ms).unwrap_or(1).max(1) * 1_000;
        let ticks = io.now().since(*next).as_us() / interval_us + 1; // ticks that nobody took are dropped
        *next += crate::time::Duration::from_us(ticks.saturating_mul(interval_us));
        self.commit_head(io);
    }

    fn commit_head(&mut self, io: &mut Io<'_, '_>) {
        if self.commits.queue.len() >= MOST_QUEUED {
            return;
        }
        if self.commits.locked {
            self.commits.auto_waits = true;
        } else if !self.commits.blocks_auto() && !self.group.closing {
            let offsets = self.uncommitted_head();
            self.commit(io, offsets, CommitPurpose::Periodic, CommitOrigin::Auto);
        }
    }

    /// What is committable and not committed; of marks, those of partitions that others own, too.
    pub(super) fn uncommitted_head(&mut self) -> Vec<CommitPartition> {
        let mut offsets = self.commits.spare();
        self.subscription.unstored(&mut offsets);
        if self.head == Head::Marked {
            offsets.append(&mut self.commits.elsewhere);
        }
        offsets
    }
}
