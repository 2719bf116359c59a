//! The rebalance callbacks, which run in the background.
//!
//! With `BlockRebalanceOnPoll` each waits until the application is in poll (`AllowRebalance`); heartbeats go on meanwhile.
//! Then fetching of what goes away is stopped, onRevoked (with `when-revoked = "drain"` once the application has handled what
//! it has in hand) commits and waits for the answer, and only then the partitions are given up. onLost commits nothing.

use super::FranzGo;
use super::group::Stage;
use crate::client::io::Io;
use crate::client::library::Place;
use crate::client::network::CommitPurpose;
use crate::client::subscription::runs;
use crate::config::CommitWhen;
use crate::ids::TopicPartition;
use crate::protocol::CommitPartition;
use crate::trace::{CommitOrigin, Kind};

/// Which callback runs, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// onRevoked of what the last rebalance took away; the member rejoins afterwards.
    Lost,
    /// onRevoked of everything: the group has gone to an eager protocol.
    Downgrade,
    /// onRevoked at the end of a session: of everything, or (cooperative) of nothing.
    SessionEnd,
    /// onLost of everything.
    Failed,
    /// onRevoked of everything: the client is being closed.
    Leaving,
}

/// A callback under way.
#[derive(Debug)]
pub(super) struct Job {
    what: What,
    /// What goes away, sorted.
    partitions: Vec<TopicPartition>,
    phase: Phase,
}

/// How far a callback is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// It waits for the application to allow it.
    Blocked,
    /// Fetching of what goes away is stopped; it waits until the application has handled what it has in hand.
    Draining,
    /// It asks the application what to commit.
    Asking,
    /// Its commit is under way.
    Committing,
}

impl FranzGo {
    /// A callback is to run.
    pub(super) fn start_job(&mut self, io: &mut Io<'_, '_>, what: What, partitions: Vec<TopicPartition>) {
        self.group.job = Some(Job { what, partitions, phase: Phase::Blocked });
        self.serve_job(io);
    }

    /// Whether the application keeps callbacks waiting: it has polled, and is not back.
    fn rebalance_blocked(&self) -> bool {
        self.config.block_rebalance_on_poll && self.place != Place::Poll && !self.group.closing
    }

    /// A callback goes on, if it can.
    pub(super) fn serve_job(&mut self, io: &mut Io<'_, '_>) {
        let drains = self.drains && self.place != Place::Poll && !self.group.closing;
        let blocked = self.rebalance_blocked();
        let Some(job) = &mut self.group.job else { return };
        if job.phase == Phase::Blocked {
            if blocked {
                return;
            }
            job.phase = Phase::Draining;
            self.stop_fetching(io);
        }
        let Some(job) = &mut self.group.job else { return };
        if job.phase == Phase::Draining && (!drains || job.what == What::Failed) {
            job.phase = if job.what == What::Failed { Phase::Committing } else { Phase::Asking };
        }
        if job.phase == Phase::Committing
            && !self.commits.callback_waits
            && let Some(job) = self.group.job.take()
        {
            self.group.news = true;
            self.job_done(io, job);
        }
    }

    /// onRevoked runs: what does the application commit in it?
    pub fn callback_asks(&self) -> Option<CommitOrigin> {
        let job = self.group.job.as_ref().filter(|job| job.phase == Phase::Asking)?;
        Some(if job.what == What::Leaving { CommitOrigin::Close } else { CommitOrigin::Revoke })
    }

    /// What goes away in the callback that runs.
    pub fn gives_up(&self, partition: TopicPartition) -> bool {
        self.group.job.as_ref().is_some_and(|job| job.partitions.binary_search(&partition).is_ok())
    }

    /// onRevoked commits this and waits for the answer. If the application has nothing to commit there, the library commits
    /// its head, as it does by default when it commits by itself.
    pub fn callback_commits(&mut self, io: &mut Io<'_, '_>, mut offsets: Vec<CommitPartition>) {
        let Some(origin) = self.callback_asks() else { return };
        if let Some(job) = &mut self.group.job {
            job.phase = Phase::Committing;
        }
        let automatic = matches!(self.policy.when, CommitWhen::Auto { .. });
        if offsets.is_empty() && (automatic && self.policy.on_revoke || self.policy.also_auto_ms.is_some()) {
            offsets = self.uncommitted_head();
        }
        self.commits.callback_waits = !offsets.is_empty();
        self.commit(io, offsets, CommitPurpose::Unassigned, origin);
    }

    /// What goes away is not fetched any more, and everything that is buffered is dropped, for there may be records of it.
    fn stop_fetching(&mut self, io: &mut Io<'_, '_>) {
        let Some(job) = &self.group.job else { return };
        let everything = job.what != What::SessionEnd || !self.group.cooperative;
        if job.partitions.is_empty() && !everything {
            return;
        }
        for &tp in &job.partitions {
            if let Some(index) = self.subscription.find(tp) {
                self.subscription.partitions[index].pending_revocation = true;
            }
        }
        self.drop_fetched(io);
    }

    /// The callback has returned.
    fn job_done(&mut self, io: &mut Io<'_, '_>, job: Job) {
        for (first, length) in runs(job.partitions.iter().copied()) {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(match job.what {
                What::Failed => Kind::Lost { topic, from, to },
                _ => Kind::Revoked { topic, from, to },
            });
        }
        if job.what != What::Lost && !job.partitions.is_empty() {
            self.commits.forget_marks();
        }
        if !job.partitions.is_empty() {
            let gone = &job.partitions;
            let kept = self.subscription.partitions.iter().map(|p| p.tp);
            let kept = kept.filter(|tp| gone.binary_search(tp).is_err()).collect();
            self.subscription.reassign(kept);
        }
        match job.what {
            What::Lost => {
                self.group.rejoin = true;
                self.assign(io);
            }
            What::Downgrade => self.assign(io),
            What::SessionEnd => {
                self.group.session.revoked = true;
                self.serve_session(io);
            }
            What::Failed => self.pause(io),
            What::Leaving => self.manage_ended(io),
        }
    }

    /// After a failure: a pause, used to learn metadata anew.
    fn pause(&mut self, io: &mut Io<'_, '_>) {
        self.cancel_offset_fetch();
        self.group.stage = Stage::Pausing;
        let ms = super::calls::backoff_ms(io, self.group.failures);
        self.group.pause = io.timer_ms(ms);
        self.want_fresh_metadata(io);
    }
}
