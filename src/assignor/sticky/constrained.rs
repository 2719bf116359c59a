//! The constrained algorithm: every member subscribes to the same topics (ASSIGN-STICKY-04 to 06).

use super::Target;
use super::claims::Claims;
use crate::assignor::problem::{NOBODY, PartitionIndex, Problem, Rank};
use std::collections::VecDeque;

struct Builder<'a> {
    problem: &'a Problem,
    /// Partitions of every member that gets no more than it must.
    least: usize,
    /// Partitions of those that get one more.
    most: usize,
    /// How many members may have more than `least`.
    larger_shares: usize,
    /// How many have.
    larger_shares_taken: usize,
    shares: Vec<Vec<PartitionIndex>>,
    assigned: Vec<bool>,
    /// Who had to give up a partition because of its quota.
    revoked_from: Vec<Rank>,
    /// Members that lack partitions.
    below_least: Vec<Rank>,
    /// Members that may get one more once nobody lacks any.
    at_least: VecDeque<Rank>,
}

/// Everybody keeps what it owned up to its quota; what is left is dealt to those that lack.
pub(super) fn assign(problem: &Problem, mut claims: Claims, visits: &[Rank]) -> Target {
    let (members, partitions) = (problem.members(), problem.partitions());
    let mut builder = Builder {
        problem,
        least: partitions / members,
        most: partitions.div_ceil(members),
        larger_shares: partitions % members,
        larger_shares_taken: 0,
        shares: vec![Vec::new(); members],
        assigned: vec![false; partitions],
        revoked_from: vec![NOBODY; partitions],
        below_least: Vec::new(),
        at_least: VecDeque::new(),
    };
    for &rank in visits {
        let owned = std::mem::take(&mut claims.owned[rank as usize]);
        builder.keep(rank, owned, &claims.contested);
    }
    builder.below_least.sort_unstable();
    builder.at_least.make_contiguous().sort_unstable();
    let in_transfer = builder.fill(&claims.contested);
    Target { shares: builder.shares, in_transfer: Some(in_transfer) }
}

impl Builder<'_> {
    /// ASSIGN-STICKY-05 for one member.
    fn keep(&mut self, rank: Rank, mut owned: Vec<PartitionIndex>, contested: &[bool]) {
        owned.retain(|&partition| !contested[partition as usize]);
        owned.sort_unstable_by_key(|&p| (self.problem.number(p), self.problem.topic_of(p)));
        let larger_share_left = self.larger_shares_taken < self.larger_shares;
        if owned.len() < self.least {
            self.below_least.push(rank);
        } else if owned.len() >= self.most && larger_share_left {
            self.larger_shares_taken += 1;
            if self.larger_shares_taken == self.larger_shares {
                self.at_least.clear();
            }
            self.give_up(rank, owned.split_off(self.most));
        } else {
            if larger_share_left {
                self.at_least.push_back(rank);
            }
            self.give_up(rank, owned.split_off(self.least));
        }
        for &partition in &owned {
            self.assigned[partition as usize] = true;
        }
        self.shares[rank as usize] = owned;
    }

    fn give_up(&mut self, rank: Rank, partitions: Vec<PartitionIndex>) {
        for partition in partitions {
            self.revoked_from[partition as usize] = rank;
        }
    }

    /// ASSIGN-STICKY-06. Gives the partitions that change hands.
    fn fill(&mut self, contested: &[bool]) -> Vec<PartitionIndex> {
        let mut in_transfer = Vec::new();
        let mut round: VecDeque<Rank> = std::mem::take(&mut self.below_least).into();
        let mut next_round = VecDeque::new();
        for partition in 0..self.problem.partitions() as PartitionIndex {
            if self.assigned[partition as usize] {
                continue;
            }
            if round.is_empty() {
                std::mem::swap(&mut round, &mut next_round);
            }
            let lacking = round.pop_front();
            // The quotas add up to the number of partitions: somebody is left.
            let Some(rank) = lacking.or_else(|| self.at_least.pop_front()) else { break };
            self.shares[rank as usize].push(partition);
            let revoked_from = self.revoked_from[partition as usize];
            if contested[partition as usize] || (revoked_from != NOBODY && revoked_from != rank) {
                in_transfer.push(partition);
            }
            if lacking.is_some() {
                if self.shares[rank as usize].len() == self.least {
                    self.at_least.push_back(rank);
                } else {
                    next_round.push_back(rank);
                }
            }
        }
        in_transfer
    }
}
