//! The round robin assignor (ASSIGN-RR-*).

use super::problem::{PartitionIndex, Problem, TopicIndex};

/// Deals partitions one by one around the circle of members, past those that do not subscribe to the topic.
pub(super) fn assign(problem: &Problem) -> Vec<Vec<PartitionIndex>> {
    let mut shares = vec![Vec::new(); problem.members()];
    let mut circle = problem.ranks().cycle();
    for topic in 0..problem.topics() as TopicIndex {
        for partition in problem.partitions_of(topic) {
            // Somebody subscribes to every topic there is to assign, so the search ends.
            if let Some(rank) = circle.find(|&rank| problem.may_have(rank, topic)) {
                shares[rank as usize].push(partition);
            }
        }
    }
    shares
}
