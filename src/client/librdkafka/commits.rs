//! OffsetCommit: of stored offsets by the auto-commit timer and when partitions are taken away, and the application's own.
//!
//! A commit is sent in whatever state the member is, with the generation that it has. Without a coordinator it waits for
//! one, for session.timeout.ms at most.

use super::Librdkafka;
use super::group::JoinState;
use crate::client::MemberOutput;
use crate::client::io::{Io, Timer};
use crate::client::network::{CommitPurpose, Pending, PendingCommit};
use crate::protocol::{CommitPartition, ErrorCode, OffsetCommitRequest, OffsetCommitResponse, Request};
use crate::trace::{CommitError, CommitOrigin, Kind};

/// A commit that waits for a coordinator.
#[derive(Debug)]
struct Deferred {
    commit: PendingCommit,
    /// Given up then.
    until: Timer,
}

/// The commits of one consumer.
#[derive(Debug)]
pub(crate) struct Commits {
    deferred: Vec<Deferred>,
    /// Commits that are not over (`wait_commit_cnt`).
    pub(super) outstanding: u32,
    /// The application waits for one.
    pub blocked: bool,
    /// `auto.commit.interval.ms` if auto-commit is on.
    pub(super) auto_interval_ms: Option<i64>,
    /// When auto-commit is due: a timer that runs from the start of the process, whatever the group does.
    pub(super) next_auto: Timer,
    spare: Vec<Vec<CommitPartition>>,
}

impl Commits {
    pub fn new(io: &Io<'_, '_>, auto_interval_ms: Option<i64>) -> Self {
        let next_auto = auto_interval_ms.map_or(Timer::NEVER, |ms| io.timer_ms(ms));
        Commits { deferred: Vec::new(), outstanding: 0, blocked: false, auto_interval_ms, next_auto, spare: Vec::new() }
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

    /// When the first commit that waits for a coordinator is given up.
    pub(super) fn given_up_at(&self) -> Timer {
        let mut first = Timer::NEVER;
        for deferred in &self.deferred {
            if deferred.until.at < first.at {
                first = deferred.until;
            }
        }
        first
    }
}

impl Librdkafka {
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
        self.commits.outstanding += 1;
        self.commits.blocked |= purpose == CommitPurpose::Sync;
        let commit = PendingCommit { purpose, origin, sent_with: self.group.id, offsets };
        if self.coordinator_up(io) {
            self.send_commit(io, commit);
        } else {
            self.defer_commit(io, commit);
        }
    }

    fn defer_commit(&mut self, io: &mut Io<'_, '_>, commit: PendingCommit) {
        let until = io.timer_ms(self.config.session_timeout_ms.into());
        self.commits.deferred.push(Deferred { commit, until });
    }

    fn send_commit(&mut self, io: &mut Io<'_, '_>, mut commit: PendingCommit) {
        let id = self.group.id;
        let origin = commit.origin;
        commit.sent_with = id;
        let request = OffsetCommitRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: self.instance,
            retention_ms: -1,
            partitions: commit.offsets.clone(),
        };
        let cause = io.cx.cause;
        let (version, timeout_ms) = (self.profile.commit_version, self.socket_timeout_ms());
        let request = Request::OffsetCommit(Box::new(request));
        let request = self.send_to_coordinator(io, version, timeout_ms, request, Pending::Commit(commit));
        if let Some(MemberOutput::Send { request: Request::OffsetCommit(sent), .. }) = io.out.last() {
            for p in &sent.partitions {
                let kind = Kind::CommitSent { request, partition: p.partition, offset: p.offset, origin };
                io.cx.emit(io.actor, io.incarnation, kind);
            }
        }
        io.cx.cause = cause;
    }

    /// The coordinator is there: commits that waited for it go out.
    pub(super) fn resend_commits(&mut self, io: &mut Io<'_, '_>) {
        if !self.commits.deferred.is_empty() {
            for deferred in std::mem::take(&mut self.commits.deferred) {
                self.send_commit(io, deferred.commit);
            }
        }
    }

    /// Commits that have waited for a coordinator for too long.
    pub(super) fn give_commits_up(&mut self, io: &mut Io<'_, '_>) {
        for deferred in std::mem::take(&mut self.commits.deferred) {
            if deferred.until.at > io.now() {
                self.commits.deferred.push(deferred);
            } else {
                self.commit_over(io, deferred.commit, Some((CommitError::Timeout, ErrorCode::None)));
            }
        }
    }

    /// OffsetCommit was lost, stored or not: it is sent again when the coordinator is back.
    pub(super) fn commit_lost(&mut self, io: &mut Io<'_, '_>, commit: PendingCommit) {
        self.defer_commit(io, commit);
    }

    /// OffsetCommit was answered.
    pub(super) fn on_commit(&mut self, io: &mut Io<'_, '_>, commit: PendingCommit, response: &OffsetCommitResponse) {
        let code = response.partitions.iter().map(|p| p.1).find(|code| !code.is_none()).unwrap_or_default();
        let failed = match code {
            ErrorCode::None => None,
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                self.coordinator_dead(io);
                return self.defer_commit(io, commit);
            }
            ErrorCode::UnknownMemberId => {
                self.forget_member(io, code);
                self.revoke_and_rejoin_unless_rebalancing(io, true);
                Some((CommitError::CommitFailed, code))
            }
            ErrorCode::IllegalGeneration => {
                // While rebalancing, a new generation is about to come.
                if !self.group.rebalancing() {
                    self.forget_generation(io, code);
                    self.revoke_and_rejoin_unless_rebalancing(io, true);
                }
                Some((CommitError::CommitFailed, code))
            }
            ErrorCode::FencedInstanceId => {
                self.fatal = Some(code);
                Some((CommitError::Fenced, code))
            }
            ErrorCode::RebalanceInProgress => Some((CommitError::RebalanceInProgress, code)),
            _ => Some((CommitError::Refused, code)),
        };
        self.commit_over(io, commit, failed);
        self.notice_expiry(io);
    }

    /// The answer of a commit goes through the main thread, which looks at its timers before the application gets any further:
    /// one that was frozen for longer than session.timeout.ms with a commit in flight is told that its partitions are lost
    /// before it gets another record.
    fn notice_expiry(&mut self, io: &mut Io<'_, '_>) {
        if !self.beats.in_flight && self.session_watched() && self.beats.session.at <= io.now() {
            self.session_expired(io);
        }
    }

    fn commit_over(&mut self, io: &mut Io<'_, '_>, commit: PendingCommit, failed: Option<(CommitError, ErrorCode)>) {
        self.commits.outstanding -= 1;
        if commit.purpose == CommitPurpose::Sync {
            self.commits.blocked = false;
        }
        match failed {
            None => self.subscription.stored(&commit.offsets),
            Some((error, code)) => {
                io.emit(Kind::CommitFailed { error, code, origin: commit.origin });
            }
        }
        if let Some(offsets) = self.subscription.answers.over(commit, failed) {
            self.commits.recycle(offsets);
        }
    }

    /// The auto-commit timer: what is stored and not committed, unless the member is rebalancing.
    pub(super) fn auto_commit(&mut self, io: &mut Io<'_, '_>) {
        let Some(interval_ms) = self.commits.auto_interval_ms else { return };
        self.commits.next_auto = io.timer_ms(interval_ms);
        if self.group.state == JoinState::Steady && !self.group.terminating {
            let mut offsets = self.commits.spare();
            self.subscription.unstored(&mut offsets);
            self.commit(io, offsets, CommitPurpose::Periodic, CommitOrigin::Auto);
        }
    }
}
