//! librdkafka's cooperative-sticky: it balances as the general algorithm does, also where all members subscribe to the same
//! topics, takes partitions in an order of its own (the largest members first, what nobody has backwards), and compares with
//! the members' claims as they stand, whatever their generation, to tell what changes hands.

use super::movements::Moves;
use crate::assignor::AssignorMember;
use crate::assignor::problem::{NOBODY, PartitionIndex, Problem, Rank, TopicIndex};
use crate::ids::Generation;
use std::collections::BTreeSet;

struct Builder<'a> {
    problem: &'a Problem,
    subscribers: Vec<Vec<Rank>>,
    holder: Vec<Rank>,
    /// For each partition who claims it in the generation before its holder's.
    earlier_holder: Vec<Rank>,
    count: Vec<u32>,
    /// Members that take part, by number of partitions, then member id.
    by_load: BTreeSet<(u32, Rank)>,
    moves: Moves,
    /// How many moves may still be made: librdkafka has no such limit, and no end that is sure.
    left: usize,
}

/// What each member is to have now, by rank.
pub(crate) fn assign(problem: &Problem, members: &[AssignorMember]) -> Vec<Vec<PartitionIndex>> {
    let claims: Vec<_> = problem
        .ranks()
        .map(|rank| {
            let subscription = &members[problem.index(rank)].subscription;
            (problem.indices(&subscription.owned), subscription.generation)
        })
        .collect();
    let (holder, earlier_holder) = holders(problem, &claims);
    let mut builder = Builder {
        problem,
        subscribers: problem.subscribers(),
        holder,
        earlier_holder,
        count: vec![0; problem.members()],
        by_load: BTreeSet::new(),
        moves: Moves::default(),
        left: 8 * problem.partitions() * problem.members(),
    };
    builder.balance();
    builder.shares(&claims)
}

/// For each partition its claimant in the newest generation, and in the one before; two in one generation have no claim.
fn holders(problem: &Problem, claims: &[(Vec<PartitionIndex>, Generation)]) -> (Vec<Rank>, Vec<Rank>) {
    let mut claimants: Vec<Vec<(Generation, Rank)>> = vec![Vec::new(); problem.partitions()];
    for (rank, (partitions, generation)) in problem.ranks().zip(claims) {
        for &partition in partitions {
            claimants[partition as usize].push((*generation, rank));
        }
    }
    let place = |claimants: &mut Vec<(Generation, Rank)>| {
        claimants.sort_unstable();
        let twice = claimants.windows(2).any(|pair| pair[0].0 == pair[1].0);
        let mut newest = claimants.iter().rev().map(|claimant| claimant.1).filter(|_| !twice);
        (newest.next().unwrap_or(NOBODY), newest.next().unwrap_or(NOBODY))
    };
    claimants.iter_mut().map(place).unzip()
}

impl Builder<'_> {
    /// How many partitions there are in a member's topics.
    fn most(&self, rank: Rank) -> u32 {
        self.problem.subscription(rank).iter().map(|&topic| self.problem.partitions_of(topic).len() as u32).sum()
    }

    fn shared(&self, partition: PartitionIndex) -> bool {
        self.subscribers[self.problem.topic_of(partition) as usize].len() >= 2
    }

    fn balance(&mut self) {
        let mut movable = self.partitions_in_order();
        let mut subscription_lost = false;
        for partition in 0..self.holder.len() {
            let rank = self.holder[partition];
            if rank == NOBODY {
                continue;
            }
            if self.problem.may_have(rank, self.problem.topic_of(partition as PartitionIndex)) {
                self.count[rank as usize] += 1;
            } else {
                self.holder[partition] = NOBODY;
                subscription_lost = true;
            }
        }
        self.by_load = self.problem.ranks().map(|rank| (self.count[rank as usize], rank)).collect();
        let first_assignment = self.count.iter().all(|&count| count == 0);
        let mut unassigned = movable.clone();
        unassigned.retain(|&partition| self.holder[partition as usize] == NOBODY);
        for &partition in &unassigned {
            if let Some(rank) = self.least_loaded(self.problem.topic_of(partition)) {
                self.take(partition, rank);
            }
        }
        movable.retain(|&partition| self.shared(partition));
        unassigned.retain(|&partition| self.shared(partition));
        self.set_fixed_members_aside();
        let before = (self.holder.clone(), self.count.clone());
        if !subscription_lost && !unassigned.is_empty() {
            self.reassign(&unassigned);
        }
        let changed = self.reassign(&movable);
        if changed && !first_assignment && self.imbalance(&self.count) >= self.imbalance(&before.1) {
            (self.holder, self.count) = before;
        }
    }

    /// Equal subscriptions: one partition after the other of whoever has most left, what somebody had before first; then,
    /// backwards, what nobody has. Else topics with few subscribers first.
    fn partitions_in_order(&self) -> Vec<PartitionIndex> {
        let all = 0..self.problem.partitions() as PartitionIndex;
        let topics = |rank| self.problem.subscription(rank);
        if self.problem.ranks().any(|rank| topics(rank) != topics(0)) {
            let mut all: Vec<_> = all.collect();
            all.sort_by_key(|&partition| self.subscribers[self.problem.topic_of(partition) as usize].len());
            return all;
        }
        let mut remaining = vec![Vec::new(); self.problem.members()];
        for partition in all.clone().rev().filter(|&partition| self.holder[partition as usize] != NOBODY) {
            remaining[self.holder[partition as usize] as usize].push(partition);
        }
        let mut by_load: BTreeSet<_> =
            self.problem.ranks().map(|rank| (remaining[rank as usize].len(), rank)).collect();
        let mut order = Vec::with_capacity(self.problem.partitions());
        while let Some((count, rank)) = by_load.pop_last().filter(|last| last.0 > 0) {
            let rest = &mut remaining[rank as usize];
            let had_before = rest.iter().rposition(|&partition| self.earlier_holder[partition as usize] != NOBODY);
            order.push(rest.remove(had_before.unwrap_or(rest.len() - 1)));
            by_load.insert((count - 1, rank));
        }
        let free = all.filter(|&partition| self.holder[partition as usize] == NOBODY);
        if order.is_empty() {
            order.extend(free)
        } else {
            order.extend(free.rev())
        }
        order
    }

    /// The subscriber with the fewest partitions, the first by member id among equals.
    fn least_loaded(&self, topic: TopicIndex) -> Option<Rank> {
        self.by_load.iter().map(|&(_, rank)| rank).find(|&rank| self.problem.may_have(rank, topic))
    }

    fn change_count(&mut self, rank: Rank, by: i32) {
        let count = &mut self.count[rank as usize];
        let takes_part = self.by_load.remove(&(*count, rank));
        *count = count.saturating_add_signed(by);
        if takes_part {
            self.by_load.insert((*count, rank));
        }
    }

    fn take(&mut self, partition: PartitionIndex, rank: Rank) {
        self.change_count(rank, 1);
        self.holder[partition as usize] = rank;
    }

    /// Members that have all they can get, none of it shared, cannot change.
    fn set_fixed_members_aside(&mut self) {
        for rank in self.problem.ranks() {
            let shared = |&topic: &TopicIndex| self.subscribers[topic as usize].len() >= 2;
            let (most, topics) = (self.most(rank), self.problem.subscription(rank));
            if self.count[rank as usize] >= most && !topics.iter().any(shared) {
                self.by_load.remove(&(self.count[rank as usize], rank));
            }
        }
    }

    /// No two members differ by two or more, or nobody can get anything from a member that has more.
    fn is_balanced(&self) -> bool {
        let (Some(least), Some(most)) = (self.by_load.first(), self.by_load.last()) else { return true };
        if least.0 + 1 >= most.0 {
            return true;
        }
        let could_have_more = |&(count, rank): &(u32, Rank)| {
            let topics = self.problem.subscription(rank).iter();
            let mut partitions = topics.flat_map(|&topic| self.problem.partitions_of(topic));
            count != self.most(rank)
                && partitions.any(|p| self.holder[p as usize] != rank && count < self.held_by_holder_of(p))
        };
        !self.by_load.iter().any(could_have_more)
    }

    fn held_by_holder_of(&self, partition: PartitionIndex) -> u32 {
        self.count.get(self.holder[partition as usize] as usize).copied().unwrap_or(0)
    }

    fn reassign(&mut self, partitions: &[PartitionIndex]) -> bool {
        let mut changed = false;
        loop {
            let mut moved = false;
            for &partition in partitions {
                if self.is_balanced() {
                    break;
                }
                moved |= self.reassign_one(partition);
            }
            changed |= moved;
            if !moved || self.left == 0 {
                return changed;
            }
        }
    }

    fn reassign_one(&mut self, partition: PartitionIndex) -> bool {
        let (load, topic) = (self.held_by_holder_of(partition), self.problem.topic_of(partition));
        let earlier = self.earlier_holder[partition as usize];
        let goes_back = earlier != NOBODY && load > self.count[earlier as usize] + 1;
        let other = |&&rank: &&Rank| rank != self.holder[partition as usize] && load > self.count[rank as usize] + 1;
        let to = if goes_back {
            Some(earlier)
        } else if self.subscribers[topic as usize].iter().any(|rank| other(&rank)) {
            self.least_loaded(topic)
        } else {
            None
        };
        let Some(to) = to.filter(|_| self.left > 0) else { return false };
        self.left -= 1;
        let partition = self.moves.actual(topic, partition, self.holder[partition as usize], to);
        let from = self.holder[partition as usize];
        self.moves.record(topic, partition, from, to);
        self.take(partition, to);
        self.change_count(from, -1);
        true
    }

    /// The sum of all differences between two members that take part.
    fn imbalance(&self, counts: &[u32]) -> u64 {
        let mut counts: Vec<u64> = self.by_load.iter().map(|&(_, rank)| u64::from(counts[rank as usize])).collect();
        counts.sort_unstable();
        let (mut score, mut sum) = (0, 0);
        for (place, count) in counts.into_iter().enumerate() {
            score += count * place as u64 - sum;
            sum += count;
        }
        score
    }

    /// What changes hands is withheld: of two that claim a partition, the one whose JoinGroup answer lists last counts.
    fn shares(&self, claims: &[(Vec<PartitionIndex>, Generation)]) -> Vec<Vec<PartitionIndex>> {
        let mut ranks: Vec<Rank> = self.problem.ranks().collect();
        ranks.sort_unstable_by_key(|&rank| self.problem.index(rank));
        let mut owner = vec![NOBODY; self.holder.len()];
        for rank in ranks {
            for &partition in &claims[rank as usize].0 {
                owner[partition as usize] = rank;
            }
        }
        let mut shares = vec![Vec::new(); self.problem.members()];
        for (partition, (&holder, &owner)) in self.holder.iter().zip(&owner).enumerate() {
            let given = if holder == NOBODY { owner } else { holder };
            if given != NOBODY && (owner == NOBODY || owner == given) {
                shares[given as usize].push(partition as PartitionIndex);
            }
        }
        shares
    }
}
