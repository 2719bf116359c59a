//! The range assignor (ASSIGN-RANGE-*).

use super::problem::{PartitionIndex, Problem, TopicIndex};

/// Cuts each topic into consecutive ranges, one per subscriber, the first ones larger by one.
pub(super) fn assign(problem: &Problem) -> Vec<Vec<PartitionIndex>> {
    let mut shares = vec![Vec::new(); problem.members()];
    for (topic, subscribers) in problem.subscribers().into_iter().enumerate() {
        let partitions = problem.partitions_of(topic as TopicIndex);
        let count = (partitions.end - partitions.start) as usize;
        // A topic is here only because somebody subscribes to it.
        let (least, larger) = (count / subscribers.len(), count % subscribers.len());
        let mut next = partitions.start;
        for (place, &rank) in subscribers.iter().enumerate() {
            let end = next + (least + usize::from(place < larger)) as PartitionIndex;
            shares[rank as usize].extend(next..end);
            next = end;
        }
    }
    shares
}
