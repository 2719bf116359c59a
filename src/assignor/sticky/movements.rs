//! What the general algorithm has moved so far, so that no pair of members swaps partitions of one topic (ASSIGN-STICKY-09).

use crate::assignor::problem::{PartitionIndex, Rank, TopicIndex};
use std::collections::{BTreeMap, BTreeSet};

/// Moves from the first holder to the present one.
#[derive(Default)]
pub(super) struct Movements {
    of_partition: BTreeMap<PartitionIndex, (Rank, Rank)>,
    by_pair: BTreeMap<(TopicIndex, Rank, Rank), BTreeSet<PartitionIndex>>,
}

impl Movements {
    /// The partition to move instead of `partition` from `from` to `to`: one that has gone the other way, if there is one.
    pub(super) fn better(&self, topic: TopicIndex, partition: PartitionIndex, from: Rank, to: Rank) -> PartitionIndex {
        let first = self.of_partition.get(&partition).map_or(from, |&(first, _)| first);
        let reverse = self.by_pair.get(&(topic, to, first)).and_then(|moved| moved.first());
        reverse.copied().unwrap_or(partition)
    }

    /// Takes down that `partition` went from `from` to `to`.
    pub(super) fn record(&mut self, topic: TopicIndex, partition: PartitionIndex, from: Rank, to: Rank) {
        let first = match self.of_partition.remove(&partition) {
            None => from,
            Some((first, last)) => {
                if let Some(moved) = self.by_pair.get_mut(&(topic, first, last)) {
                    moved.remove(&partition);
                }
                first
            }
        };
        if first != to {
            self.of_partition.insert(partition, (first, to));
            self.by_pair.entry((topic, first, to)).or_default().insert(partition);
        }
    }
}
