//! What the general algorithm has moved so far, so that no pair of members swaps partitions of one topic (ASSIGN-STICKY-09).

use super::hash_order::TableOrder;
use crate::assignor::problem::{PartitionIndex, Problem, Rank, TopicIndex};
use std::collections::BTreeMap;

/// Moves from the first holder to the present one.
#[derive(Default)]
pub(super) struct Movements {
    of_partition: BTreeMap<PartitionIndex, (Rank, Rank)>,
    by_pair: BTreeMap<(TopicIndex, Rank, Rank), TableOrder>,
}

impl Movements {
    /// The partition to move instead of `partition` from `from` to `to`: one that has gone the other way, if there is one;
    /// of several, the one that comes first in Java's hash set of them.
    pub(super) fn better(&self, topic: TopicIndex, partition: PartitionIndex, from: Rank, to: Rank) -> PartitionIndex {
        let first = self.of_partition.get(&partition).map_or(from, |&(first, _)| first);
        let reverse = self.by_pair.get(&(topic, to, first)).and_then(TableOrder::first);
        reverse.unwrap_or(partition)
    }

    /// Takes down that `partition` went from `from` to `to`.
    pub(super) fn record(&mut self, problem: &Problem, partition: PartitionIndex, from: Rank, to: Rank) {
        let topic = problem.topic_of(partition);
        let first = match self.of_partition.remove(&partition) {
            None => from,
            Some((first, last)) => {
                if let Some(moved) = self.by_pair.get_mut(&(topic, first, last)) {
                    moved.remove(partition);
                    if moved.first().is_none() {
                        self.by_pair.remove(&(topic, first, last));
                    }
                }
                first
            }
        };
        if first != to {
            self.of_partition.insert(partition, (first, to));
            self.by_pair.entry((topic, first, to)).or_default().insert(partition, problem.java_hash(partition));
        }
    }
}

/// The same as librdkafka keeps it: what has gone the other way is looked up by the present holder, not the first, and comes
/// in the order in which it went.
#[derive(Default)]
pub(super) struct Moves {
    of_partition: BTreeMap<PartitionIndex, (Rank, Rank)>,
    by_pair: BTreeMap<(TopicIndex, Rank, Rank), Vec<PartitionIndex>>,
}

impl Moves {
    /// The partition to move instead of `partition` from `from` to `to`.
    pub(super) fn actual(&self, topic: TopicIndex, partition: PartitionIndex, from: Rank, to: Rank) -> PartitionIndex {
        self.by_pair.get(&(topic, to, from)).and_then(|moved| moved.first()).copied().unwrap_or(partition)
    }

    /// Takes down that `partition` went from `from` to `to`.
    pub(super) fn record(&mut self, topic: TopicIndex, partition: PartitionIndex, from: Rank, to: Rank) {
        let first = match self.of_partition.remove(&partition) {
            None => from,
            Some((first, last)) => {
                if let Some(moved) = self.by_pair.get_mut(&(topic, first, last)) {
                    moved.retain(|&other| other != partition);
                    if moved.is_empty() {
                        self.by_pair.remove(&(topic, first, last));
                    }
                }
                first
            }
        };
        if first != to {
            self.of_partition.insert(partition, (first, to));
            self.by_pair.entry((topic, first, to)).or_default().push(partition);
        }
    }
}
