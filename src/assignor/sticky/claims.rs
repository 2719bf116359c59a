//! Who owned what before: claims, and what is left of them where they contradict each other (ASSIGN-STICKY-02).

use crate::assignor::problem::{NOBODY, PartitionIndex, Problem, Rank};
use crate::ids::Generation;

/// What one member says that it owned.
pub(super) struct Claim {
    /// The partitions, of those that still exist.
    pub(super) partitions: Vec<PartitionIndex>,
    /// The generation that it owned them in, if it says so.
    pub(super) generation: Option<Generation>,
    /// The generation in its subscription. For cooperative-sticky the same thing; for sticky, whose claims are in the user
    /// data, Kafka compares this one when somebody else's claim to a partition comes second.
    pub(super) stated: Generation,
}

/// Claims without contradiction.
pub(super) struct Claims {
    /// Partitions by rank; each partition at most once.
    pub(super) owned: Vec<Vec<PartitionIndex>>,
    /// Partitions that two members claim in one generation.
    pub(super) contested: Vec<bool>,
    /// The newest generation that any member speaks of.
    pub(super) newest: Generation,
}

impl Claims {
    /// The higher generation keeps a claim; at equal generations nobody does. Members are taken in the order of `visits`.
    pub(super) fn settle(problem: &Problem, claims: &[Claim], visits: &[Rank]) -> Claims {
        let mut last_claimant = vec![NOBODY; problem.partitions()];
        let mut owner = vec![NOBODY; problem.partitions()];
        let mut contested = vec![false; problem.partitions()];
        let mut newest = Generation::NONE;
        for &rank in visits {
            let claim = &claims[rank as usize];
            let generation = claim.generation.unwrap_or(Generation::NONE);
            newest = newest.max(generation);
            for &partition in &claim.partitions {
                let partition = partition as usize;
                let other = last_claimant[partition];
                let theirs =
                    if other == NOBODY { None } else { Some(claims[other as usize].stated.max(Generation::NONE)) };
                if theirs.is_some_and(|theirs| generation < theirs) {
                    continue;
                }
                contested[partition] |= theirs == Some(generation);
                owner[partition] = if theirs == Some(generation) { NOBODY } else { rank };
                last_claimant[partition] = rank;
            }
        }
        Claims { owned: owned(problem, claims, &owner), contested, newest }
    }
}

fn owned(problem: &Problem, claims: &[Claim], owner: &[Rank]) -> Vec<Vec<PartitionIndex>> {
    let mut taken = vec![false; problem.partitions()];
    let mut lists = Vec::with_capacity(claims.len());
    for (rank, claim) in problem.ranks().zip(claims) {
        let mut list = claim.partitions.clone();
        list.retain(|&p| owner[p as usize] == rank && !std::mem::replace(&mut taken[p as usize], true));
        lists.push(list);
    }
    lists
}
