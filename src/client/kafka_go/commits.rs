//! CommitMessages, and the commit loop of each generation.
//!
//! Requests wait in a channel that outlives the generations: what is put into it between two of them is committed by the
//! second, under its generation id, whoever has the partitions by then. The loop knows no partitions, only messages: the
//! highest of each partition in one flush wins, and nothing keeps a later flush from taking the offset back.

use super::ticker::Ticker;
use super::{CONNECTION_LOST, KafkaGo};
use crate::client::MemberOutput;
use crate::client::io::{Io, Timer};
use crate::client::network::{CommitPurpose, Pending, PendingCommit};
use crate::config::KafkaGoConfig;
use crate::ids::InstanceId;
use crate::protocol::{CommitPartition, ErrorCode, OffsetCommitRequest, OffsetCommitResponse, Request};
use crate::trace::{CommitError, CommitOrigin, Kind};
use std::collections::VecDeque;

/// How often a commit is tried (`defaultCommitRetries`).
pub(super) const ATTEMPTS: u32 = 3;

/// What the application wants committed.
#[derive(Debug)]
struct CommitRequest {
    offsets: Vec<CommitPartition>,
    /// The application waits for the answer.
    awaited: bool,
}

/// What the commit loop is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    /// There is no loop: no generation runs.
    Over,
    /// It waits for requests.
    Idle,
    /// An OffsetCommit is in flight.
    Sending,
    /// It sleeps before the next attempt.
    Sleeping(Timer),
}

/// The channel of requests, and the loop.
#[derive(Debug)]
pub(crate) struct Commits {
    interval_ms: i64,
    channel: VecDeque<CommitRequest>,
    /// The application waits inside CommitMessages.
    pub blocked: bool,
    doing: Doing,
    /// The generation is over: one more commit, of everything that waits.
    finishing: bool,
    /// Attempts at the commit under way that have failed.
    failed: u32,
    /// What the last of them met.
    failure: ErrorCode,
    /// offsetStash: the highest offset of each partition.
    stash: Vec<CommitPartition>,
    /// What the application waits for in the commit under way.
    awaited: Option<Vec<CommitPartition>>,
    /// CommitInterval.
    pub(super) ticker: Ticker,
    spare: Vec<Vec<CommitPartition>>,
}

impl Commits {
    pub fn new(config: &KafkaGoConfig) -> Self {
        Commits {
            interval_ms: config.commit_interval_ms,
            channel: VecDeque::new(),
            blocked: false,
            doing: Doing::Over,
            finishing: false,
            failed: 0,
            failure: ErrorCode::None,
            stash: Vec::new(),
            awaited: None,
            ticker: Ticker::STOPPED,
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

    /// The loop has ended.
    pub(super) fn over(&self) -> bool {
        self.doing == Doing::Over
    }

    /// When the next attempt is due.
    pub(super) fn retry(&self) -> Timer {
        match self.doing {
            Doing::Sleeping(timer) => timer,
            _ => Timer::NEVER,
        }
    }

    /// Whether CommitMessages returns without the answer.
    fn asynchronous(&self) -> bool {
        self.interval_ms > 0
    }

    /// Takes the first request out of the channel into the stash.
    fn take(&mut self) -> bool {
        let Some(request) = self.channel.pop_front() else { return false };
        for &commit in &request.offsets {
            match self.stash.binary_search_by(|known| known.partition.cmp(&commit.partition)) {
                Ok(at) => self.stash[at].offset = self.stash[at].offset.max(commit.offset),
                Err(at) => self.stash.insert(at, commit),
            }
        }
        if request.awaited {
            self.awaited = Some(request.offsets);
        } else {
            self.recycle(request.offsets);
        }
        true
    }
}

impl KafkaGo {
    /// CommitMessages. `waits` tells whether the application calls it itself, or has somebody else do so. With CommitInterval
    /// it waits for nothing. (It would for room in the channel, which the loop empties at once; here there is room enough
    /// between two generations, too.)
    pub fn commit_messages(&mut self, io: &mut Io<'_, '_>, offsets: Vec<CommitPartition>, waits: bool) {
        let c = &mut self.commits;
        if offsets.is_empty() || self.closed || !self.grouped {
            return c.recycle(offsets); // io.ErrClosedPipe
        }
        let awaited = waits && !c.asynchronous();
        c.blocked |= awaited;
        c.channel.push_back(CommitRequest { offsets, awaited });
        self.serve_commits(io);
    }

    pub(super) fn start_commits(&mut self, io: &mut Io<'_, '_>) {
        let c = &mut self.commits;
        (c.doing, c.finishing) = (Doing::Idle, false);
        if c.asynchronous() {
            c.ticker = Ticker::start(io, c.interval_ms);
        }
        self.serve_commits(io);
    }

    /// The generation is over: the channel is drained, and its requests are committed together.
    pub(super) fn finish_commits(&mut self, io: &mut Io<'_, '_>) {
        self.commits.finishing = true;
        self.commits.ticker = Ticker::STOPPED;
        self.serve_commits(io);
    }

    /// CommitInterval has passed.
    pub(super) fn commit_tick(&mut self, io: &mut Io<'_, '_>) {
        let busy = self.commits.doing != Doing::Idle;
        if self.commits.ticker.tick(io, busy) {
            self.flush(io);
        }
    }

    /// The loop goes on.
    fn serve_commits(&mut self, io: &mut Io<'_, '_>) {
        let c = &mut self.commits;
        if c.doing != Doing::Idle {
            return;
        }
        if c.finishing || c.asynchronous() {
            while c.take() {}
        } else if !c.take() {
            return;
        }
        if c.finishing || !c.asynchronous() || c.ticker.take_kept() {
            self.flush(io);
        }
    }

    /// commitOffsetsWithRetry, of what is in the stash.
    fn flush(&mut self, io: &mut Io<'_, '_>) {
        self.commits.failed = 0;
        if self.commits.stash.is_empty() { self.flushed(io, None) } else { self.try_commit(io) }
    }

    fn try_commit(&mut self, io: &mut Io<'_, '_>) {
        if self.generation.broken {
            return self.commit_failed(io, CONNECTION_LOST);
        }
        self.commits.doing = Doing::Sending;
        let (id, origin) = (self.group.id, self.origin());
        let commit = PendingCommit { purpose: CommitPurpose::Sync, origin, sent_with: id, offsets: Vec::new() };
        let request = OffsetCommitRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: InstanceId::EMPTY,
            retention_ms: -1,
            partitions: self.commits.stash.clone(),
        };
        let cause = io.cx.cause;
        let (version, timeout_ms) = (self.profile.commit_version, self.timeout_ms());
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

    /// What makes it commit.
    fn origin(&self) -> CommitOrigin {
        match (self.commits.finishing, self.group.closing) {
            (true, true) => CommitOrigin::Close,
            (true, false) => CommitOrigin::Revoke,
            _ if self.commits.asynchronous() => CommitOrigin::Async,
            _ => CommitOrigin::Sync,
        }
    }

    /// OffsetCommit was answered; one partition's error fails all.
    pub(super) fn on_commit(&mut self, io: &mut Io<'_, '_>, response: &OffsetCommitResponse) {
        match response.partitions.iter().map(|p| p.1).find(|code| !code.is_none()) {
            None => self.flushed(io, None),
            Some(code) => self.commit_failed(io, code),
        }
    }

    /// An attempt has failed: two more follow, after 100 and 400 ms. A Reader that is being closed does not wait.
    pub(super) fn commit_failed(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.commits.failed += 1;
        self.commits.failure = code;
        let failed = self.commits.failed;
        if failed >= ATTEMPTS || self.closed {
            return self.flushed(io, Some(code));
        }
        self.commits.doing = Doing::Sleeping(io.timer_ms(i64::from(failed * failed) * 100));
    }

    /// The Reader is being closed: a commit that sleeps before its next attempt is given up.
    pub(super) fn give_commit_up(&mut self, io: &mut Io<'_, '_>) {
        if matches!(self.commits.doing, Doing::Sleeping(_)) {
            self.flushed(io, Some(self.commits.failure));
        }
    }

    /// Time for the next attempt.
    pub(super) fn retry_commit(&mut self, io: &mut Io<'_, '_>) {
        self.try_commit(io);
    }

    /// A commit is over. What a failed flush had to commit stays in the stash with CommitInterval, until the generation ends.
    fn flushed(&mut self, io: &mut Io<'_, '_>, failed: Option<ErrorCode>) {
        if let Some(code) = failed {
            let origin = self.origin();
            io.emit(Kind::CommitFailed { error: exception(code), code, origin });
        } else {
            self.subscription.stored(&self.commits.stash);
        }
        let c = &mut self.commits;
        if failed.is_none() || c.finishing || !c.asynchronous() {
            c.stash.clear();
        }
        if let Some(offsets) = c.awaited.take() {
            c.blocked = false;
            self.subscription.answers.sync_over(offsets, failed.map(|code| (exception(code), code)));
        }
        let c = &mut self.commits;
        if c.finishing {
            c.doing = Doing::Over;
            self.next_if_ended(io);
        } else {
            c.doing = Doing::Idle;
            self.serve_commits(io);
        }
    }
}

fn exception(code: ErrorCode) -> CommitError {
    match code {
        ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => CommitError::CommitFailed,
        ErrorCode::RebalanceInProgress => CommitError::RebalanceInProgress,
        CONNECTION_LOST => CommitError::Timeout,
        _ => CommitError::Refused,
    }
}
