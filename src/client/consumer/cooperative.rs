//! The COOPERATIVE rebalance protocol (KIP-429): what a member owns stays with it while it joins; what the new assignment
//! takes from it is revoked afterwards, and a second rebalance gives it to others (CLIENT-14, CLIENT-21, CLIENT-24).

use super::membership::MemberState;
use super::{Callback, Consumer, PollOutcome};
use crate::client::io::Io;
use crate::ids::TopicPartition;
use crate::trace::Kind;

/// What the application's callback is called for.
#[derive(Debug)]
pub(super) enum Giving {
    /// Everything that is owned: before a rejoin.
    All(Callback),
    /// What the new assignment does not have any more.
    Some {
        /// The partitions to revoke, sorted.
        partitions: Vec<TopicPartition>,
        /// The new assignment, which follows.
        then: Vec<TopicPartition>,
    },
}

/// The trace says that partitions are given up.
pub(crate) fn emit_given_up(
    io: &mut Io<'_, '_>,
    runs: impl Iterator<Item = (TopicPartition, u32)>,
    callback: Callback,
) {
    for (first, length) in runs {
        let (topic, from, to) = (first.topic, first.partition, first.partition + length);
        io.emit(match callback {
            Callback::Revoked => Kind::Revoked { topic, from, to },
            Callback::Lost => Kind::Lost { topic, from, to },
        });
    }
}

impl Consumer {
    /// The last part of onJoinComplete under COOPERATIVE (CLIENT-24): a callback for what is no longer assigned comes first.
    pub(super) fn joined_cooperatively(
        &mut self,
        io: &mut Io<'_, '_>,
        assigned: Vec<TopicPartition>,
    ) -> Option<PollOutcome> {
        let revoked = self.subscription.outside(&assigned);
        if revoked.is_empty() {
            self.take_over(io, assigned);
            return None;
        }
        self.callback = Some(Giving::Some { partitions: revoked, then: assigned });
        Some(PollOutcome::Callback(Callback::Revoked))
    }

    /// In a callback: whether this partition is among those that are given up.
    pub fn gives_up(&self, partition: TopicPartition) -> bool {
        match &self.callback {
            Some(Giving::Some { partitions, .. }) => partitions.binary_search(&partition).is_ok(),
            Some(Giving::All(_)) | None => true,
        }
    }

    /// Takes a new assignment over: what was owned before goes on as if nothing had happened (CLIENT-34).
    pub(super) fn take_over(&mut self, io: &mut Io<'_, '_>, assigned: Vec<TopicPartition>) {
        self.commits.restart_auto(io);
        let added = self.subscription.missing(&assigned);
        self.subscription.reassign(assigned);
        self.drop_unowned();
        self.started_with(io, &added, self.membership.id.generation);
    }

    /// While a JoinGroup is in flight the heartbeat thread is off: until the application calls the library again nobody reads
    /// what comes from the network, JoinGroup's answer included (CLIENT-02).
    #[inline]
    pub(super) fn nobody_reads(&self) -> bool {
        self.in_handler && self.membership.state == MemberState::PreparingRebalance
    }

    /// The application calls the library: what has come meanwhile is read.
    #[inline]
    pub(crate) fn read_unread(&mut self, io: &mut Io<'_, '_>) {
        if !self.unread.is_empty() {
            self.in_handler = false;
            for (id, response) in std::mem::take(&mut self.unread) {
                self.on_response(io, id, response);
            }
        }
    }
}
