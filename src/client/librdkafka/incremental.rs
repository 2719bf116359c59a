//! Cooperative rebalancing (cooperative-sticky): the application's callback calls `incremental_assign` and
//! `incremental_unassign`, and a member that something was taken from joins again once what it got instead has its offsets.
//!
//! What is owned is read on while the member joins; but while a callback waits for the application everything is paused, what
//! was fetched ahead is dropped and fetched again.

use super::Librdkafka;
use super::callback;
use super::group::{JoinState, Operation};
use crate::assignor::sticky_user_data;
use crate::client::consumer::cooperative::emit_given_up;
use crate::client::io::{Io, Timer};
use crate::client::network::CommitPurpose;
use crate::client::subscription::{FetchState, runs};
use crate::ids::{Generation, Names, TopicName, TopicPartition};
use crate::protocol::Bytes;
use crate::protocol::consumer_protocol::Subscription;
use crate::trace::{CommitOrigin, Kind};

/// What a cooperative group needs to remember of its member.
#[derive(Debug, Default)]
pub(super) struct Incremental {
    /// The protocol of the group is cooperative: known once JoinGroup was answered.
    pub in_use: bool,
    /// What the group has given this member (`rkcg_group_assignment`): changes when a callback is queued, not when it runs.
    owned: Vec<TopicPartition>,
    /// What the last SyncGroup gave it, and the generation: the state of the assignor, which a loss does not reset.
    last: Option<(Vec<TopicPartition>, Generation)>,
    /// What follows when something has been taken away (`rkcg_rebalance_incr_assignment`).
    pub then: Option<Vec<TopicPartition>>,
    /// The member joins again once its assignment is in place (`rkcg_rebalance_rejoin`).
    pub rejoin: bool,
    /// What the callback that the application is in takes away.
    pub removing: Option<Vec<TopicPartition>>,
    /// Nothing is fetched, and nothing that was fetched is handed out, before the application has been called back.
    pub paused: bool,
}

impl Incremental {
    /// What JoinGroup says of this member.
    pub fn subscription(&self, topics: Vec<TopicName>, names: &Names) -> Subscription {
        let generation = self.last.as_ref().map_or(Generation::NONE, |last| last.1);
        let user_data =
            self.last.as_ref().map(|(partitions, generation)| sticky_user_data(partitions, *generation, names));
        let user_data = user_data.unwrap_or_else(|| Bytes::from(Vec::new()));
        Subscription { topics, user_data: Some(user_data), owned: self.owned.clone(), generation }
    }
}

impl Librdkafka {
    /// A heartbeat says that the group is rebalancing.
    pub(super) fn group_is_rebalancing(&mut self, io: &mut Io<'_, '_>) {
        if !self.group.incremental.in_use {
            self.revoke_and_rejoin_unless_rebalancing(io, false);
        } else if !self.group.rebalancing() {
            self.rejoin(io);
        }
    }

    /// Everything is taken away: the assignment is lost, or the consumer is being closed.
    pub(super) fn revoke_all_incrementally(&mut self, io: &mut Io<'_, '_>, lost: bool) {
        let all = std::mem::take(&mut self.group.incremental.owned);
        let terminating = self.group.terminating;
        if !all.is_empty() {
            self.group.lost |= lost;
            self.queue(io, Operation::Remove(all), !terminating);
        } else if !terminating {
            self.rejoin(io);
        }
    }

    /// SyncGroup has brought an assignment: the application is called back for what changes.
    pub(super) fn assigned_incrementally(&mut self, io: &mut Io<'_, '_>, mut assigned: Vec<TopicPartition>) {
        let i = &mut self.group.incremental;
        i.last = Some((assigned.clone(), self.group.id.generation));
        assigned.sort_unstable();
        let owned = std::mem::take(&mut i.owned);
        let added: Vec<_> = assigned.iter().copied().filter(|tp| owned.binary_search(tp).is_err()).collect();
        let revoked: Vec<_> = owned.iter().copied().filter(|tp| assigned.binary_search(tp).is_err()).collect();
        if revoked.is_empty() {
            i.owned = assigned;
            self.queue(io, Operation::Add(added), false);
        } else {
            i.owned = owned.into_iter().filter(|tp| assigned.binary_search(tp).is_ok()).collect();
            i.then = Some(added);
            self.queue(io, Operation::Remove(revoked), false);
        }
    }

    /// A callback is queued for the application's poll, and everything pauses until then.
    fn queue(&mut self, io: &mut Io<'_, '_>, operation: Operation, rejoin: bool) {
        self.group.incremental.rejoin = rejoin;
        let adds = matches!(operation, Operation::Add(_));
        self.group.state = if adds { JoinState::WaitAssignCall } else { JoinState::WaitUnassignCall };
        if self.fatal.is_some() {
            return self.unassign(io);
        }
        self.group.incremental.paused = true;
        self.drop_fetched();
        self.group.operations.push_back(operation);
    }

    /// Reading goes on where the application is.
    fn resume(&mut self) {
        self.group.incremental.paused = false;
        for p in self.subscription.partitions.iter_mut().filter(|p| p.state == FetchState::Fetching) {
            p.fetch_at = p.position;
        }
    }

    /// `incremental_assign()`.
    pub(super) fn incremental_assign(&mut self, io: &mut Io<'_, '_>, partitions: Vec<TopicPartition>) {
        let new = self.subscription.missing(&partitions);
        let mut all: Vec<_> = self.subscription.partitions.iter().map(|p| p.tp).collect();
        all.extend(&new);
        self.subscription.reassign(all);
        let generation = self.group.id.generation;
        for (first, length) in runs(new.iter().copied()) {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Owned { topic, from, to, generation });
        }
        if self.group.state == JoinState::WaitAssignCall {
            self.resume();
            self.group.state = JoinState::Steady;
            self.beats.poll_check = Timer { at: io.now(), by: io.cx.cause };
        }
        self.group.lost = false;
        self.start_reading(io, &new);
    }

    /// `incremental_unassign()`. With enable.auto.commit what is stored of the partitions is committed now.
    pub(super) fn incremental_unassign(&mut self, io: &mut Io<'_, '_>, partitions: Vec<TopicPartition>) {
        let given_up = callback(self.group.lost);
        if self.group.state == JoinState::WaitUnassignCall {
            self.resume();
            self.group.state = JoinState::WaitIncrUnassignToComplete;
        }
        self.group.lost = false;
        let gone: Vec<_> = partitions.into_iter().filter(|&tp| self.subscription.find(tp).is_some()).collect();
        if self.commits.auto_interval_ms.is_some() {
            let mut offsets = self.commits.spare();
            self.subscription.all_stored(&mut offsets);
            offsets.retain(|stored| gone.binary_search(&stored.partition).is_ok());
            self.commit(io, offsets, CommitPurpose::Unassigned, CommitOrigin::Revoke);
        }
        emit_given_up(io, runs(gone.iter().copied()), given_up);
        self.subscription.reassign(self.subscription.outside(&gone));
    }

    /// In a callback: whether this partition is among those that are given up.
    pub fn gives_up(&self, partition: TopicPartition) -> bool {
        let removing = self.group.incremental.removing.as_ref();
        self.group.terminating || removing.is_none_or(|removing| removing.binary_search(&partition).is_ok())
    }

    /// Changes of the assignment are through, with their commits and offsets: what was waiting for that follows.
    pub(super) fn serve_incremental(&mut self, io: &mut Io<'_, '_>) {
        let i = &mut self.group.incremental;
        let waits = i.then.is_some() || i.rejoin || self.group.state == JoinState::WaitIncrUnassignToComplete;
        if !waits || self.subscription.partitions.iter().any(|p| p.state == FetchState::Initializing) {
            return;
        }
        if self.group.state == JoinState::Steady {
            if std::mem::take(&mut i.rejoin) {
                self.group.join_at = Timer::NEVER;
                self.rejoin(io);
            }
        } else if self.group.terminating {
            self.unassign(io);
        } else if let Some(added) = i.then.take() {
            i.owned.extend(&added);
            i.owned.sort_unstable();
            self.queue(io, Operation::Add(added), true);
        } else if std::mem::take(&mut i.rejoin) {
            self.group.join_at = Timer::NEVER;
            self.rejoin(io);
        } else {
            self.group.state = JoinState::Steady;
        }
    }
}
