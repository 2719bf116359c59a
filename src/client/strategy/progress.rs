//! How far an application has come, as a strategy sees it.

use crate::client::subscription::{FetchState, Partition, Run, Subscription};
use crate::ids::{Offset, TopicPartition};
use crate::time::Instant;
use std::ops::Range;

/// How far it has come in one partition. Offsets are those of the next record, as Kafka commits them;
/// [`Offset::NONE`] where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartitionProgress {
    /// Which.
    pub partition: TopicPartition,
    /// Where reading began when the partition was taken (or after the last seek or reset).
    pub first: Offset,
    /// The next record that poll will return.
    pub position: Offset,
    /// Every record below is done: handled by this process, or before `first`.
    pub done: Offset,
    /// One past the highest record done. More than `done` if workers finish records out of order.
    pub done_max: Offset,
    /// librdkafka: the stored offset, which its auto-commit commits.
    pub stored: Offset,
    /// What this process knows to be committed: its last commit that was stored, or `first`.
    pub committed: Offset,
}

impl PartitionProgress {
    /// A partition that has just been taken, to be read from `first`.
    pub fn new(partition: TopicPartition, first: Offset) -> Self {
        let stored = Offset::NONE;
        PartitionProgress { partition, first, position: first, done: first, done_max: first, stored, committed: first }
    }

    fn of(p: &Partition) -> Self {
        PartitionProgress {
            partition: p.tp,
            first: p.first,
            position: if p.state == FetchState::Fetching { p.position } else { Offset::NONE },
            done: p.done,
            done_max: p.done_max,
            stored: p.stored,
            committed: p.committed,
        }
    }
}

#[derive(Clone, Copy)]
enum Owned<'a> {
    Library(&'a Subscription),
    Given(&'a [PartitionProgress]),
}

/// A view of what a process owns and how far it has come. Making one costs nothing: it looks when it is asked.
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    now: Instant,
    owned: Owned<'a>,
    ahead: &'a [Run],
}

impl<'a> Progress<'a> {
    /// A view of given partitions, for trying a strategy without a simulation.
    pub fn given(now: Instant, partitions: &'a [PartitionProgress]) -> Self {
        Progress { now, owned: Owned::Given(partitions), ahead: &[] }
    }

    /// What a library owns; `ahead` is about to be handled.
    #[inline]
    pub(crate) fn of(now: Instant, subscription: &'a Subscription, ahead: &'a [Run]) -> Self {
        Progress { now, owned: Owned::Library(subscription), ahead }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How many partitions are owned.
    pub fn len(&self) -> usize {
        match self.owned {
            Owned::Library(subscription) => subscription.partitions.len(),
            Owned::Given(partitions) => partitions.len(),
        }
    }

    /// Whether no partition is owned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every owned partition, in order of topic and number.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionProgress> + 'a {
        let owned = self.owned;
        (0..self.len()).map(move |index| match owned {
            Owned::Library(subscription) => PartitionProgress::of(&subscription.partitions[index]),
            Owned::Given(partitions) => partitions[index],
        })
    }

    /// One owned partition.
    pub fn partition(&self, partition: TopicPartition) -> Option<PartitionProgress> {
        match self.owned {
            Owned::Library(subscription) => {
                let index = subscription.find(partition)?;
                Some(PartitionProgress::of(&subscription.partitions[index]))
            }
            Owned::Given(partitions) => partitions.iter().find(|p| p.partition == partition).copied(),
        }
    }

    /// The records that are about to be handled: in `before_batch` what poll has returned, in `before_record` the next one.
    pub fn about_to_handle(&self) -> impl Iterator<Item = (TopicPartition, Range<Offset>)> + 'a {
        self.ahead.iter().map(|run| (run.tp, run.from..run.to))
    }
}
