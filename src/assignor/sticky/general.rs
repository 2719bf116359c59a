//! The general algorithm: members subscribe to different topics (ASSIGN-STICKY-07 to 09).
//!
//! As in Kafka, a partition may go back to an earlier holder that no longer subscribes to its topic. Two things differ: an
//! earlier holder that can get nothing is passed over, where Kafka throws an exception, and the search ends at all events.

use super::claims::{Claim, Claims};
use super::movements::Movements;
use crate::assignor::problem::{NOBODY, PartitionIndex, Problem, Rank, TopicIndex};
use crate::ids::Generation;
use std::collections::BTreeSet;

struct Builder<'a> {
    problem: &'a Problem,
    subscribers: Vec<Vec<Rank>>,
    /// For each partition who has it.
    holder: Vec<Rank>,
    /// For each partition who had it in an older generation.
    earlier_holder: Vec<Rank>,
    /// For each member how many it has.
    count: Vec<u32>,
    /// Members that take part, by number of partitions, then rank.
    by_load: BTreeSet<(u32, Rank)>,
    movements: Movements,
    /// How many moves may still be made that lessen no difference. Kafka has no such limit, and hence no end that is sure.
    free_moves: usize,
    /// Somebody has been given a partition of a topic that it does not subscribe to.
    strays: bool,
}

/// Keeps every claim that still holds, gives the rest to the least loaded, then balances.
pub(super) fn assign(
    problem: &Problem,
    claims: Claims,
    all_claims: &[Claim],
    visits: &[Rank],
) -> Vec<Vec<PartitionIndex>> {
    let mut builder = Builder {
        problem,
        subscribers: problem.subscribers(),
        holder: vec![NOBODY; problem.partitions()],
        earlier_holder: earlier_holders(problem, all_claims, visits, claims.newest),
        count: vec![0; problem.members()],
        by_load: BTreeSet::new(),
        movements: Movements::default(),
        free_moves: 8 * problem.partitions() * problem.members(),
        strays: false,
    };
    let subscription_lost = builder.keep(&claims);
    builder.by_load = problem.ranks().map(|rank| (builder.count[rank as usize], rank)).collect();
    builder.balance(subscription_lost);

    let mut shares = vec![Vec::new(); problem.members()];
    for (partition, &rank) in builder.holder.iter().enumerate() {
        if rank != NOBODY {
            shares[rank as usize].push(partition as PartitionIndex);
        }
    }
    shares
}

/// For each partition its holder in the newest generation before the current one.
fn earlier_holders(problem: &Problem, claims: &[Claim], visits: &[Rank], newest: Generation) -> Vec<Rank> {
    let mut holders = vec![(Generation::NONE, NOBODY); problem.partitions()];
    for &rank in visits {
        let claim = &claims[rank as usize];
        let generation = claim.generation.unwrap_or(Generation::NONE);
        if generation >= newest {
            continue;
        }
        for &partition in &claim.partitions {
            let holder = &mut holders[partition as usize];
            if holder.1 == NOBODY || generation > holder.0 {
                *holder = (generation, rank);
            }
        }
    }
    holders.into_iter().map(|(_, rank)| rank).collect()
}

impl Builder<'_> {
    /// Gives everybody what it owned and still subscribes to; tells whether somebody lost a subscription.
    fn keep(&mut self, claims: &Claims) -> bool {
        let mut subscription_lost = false;
        for (rank, owned) in self.problem.ranks().zip(&claims.owned) {
            for &partition in owned {
                if self.problem.may_have(rank, self.problem.topic_of(partition)) {
                    self.holder[partition as usize] = rank;
                    self.count[rank as usize] += 1;
                } else {
                    subscription_lost = true;
                }
            }
        }
        subscription_lost
    }

    /// Topics with few subscribers first, then by name, which is their index.
    fn partitions_in_order(&self) -> Vec<PartitionIndex> {
        let mut topics: Vec<TopicIndex> = (0..self.problem.topics() as TopicIndex).collect();
        topics.sort_by_key(|&topic| self.subscribers[topic as usize].len());
        topics.into_iter().flat_map(|topic| self.problem.partitions_of(topic)).collect()
    }

    fn balance(&mut self, subscription_lost: bool) {
        let mut movable = self.partitions_in_order();
        let mut unassigned = movable.clone();
        unassigned.retain(|&partition| self.holder[partition as usize] == NOBODY);
        let first_assignment = self.count.iter().all(|&count| count == 0);
        for &partition in &unassigned {
            if let Some(rank) = self.least_loaded(self.problem.topic_of(partition)) {
                self.take(partition, rank);
            }
        }

        let shared = |&partition: &PartitionIndex| self.shared(self.problem.topic_of(partition));
        movable.retain(shared);
        unassigned.retain(shared);
        self.set_fixed_members_aside();
        let before = (self.holder.clone(), self.count.clone());
        if !subscription_lost {
            self.reassign(&unassigned);
        }
        let changed = self.reassign(&movable);
        if changed && !first_assignment && self.imbalance(&self.count) >= self.imbalance(&before.1) {
            (self.holder, self.count) = before;
        }
    }

    /// Whether a topic has a second subscriber that a partition could go to.
    fn shared(&self, topic: TopicIndex) -> bool {
        self.subscribers[topic as usize].len() >= 2
    }

    /// The subscriber with the fewest partitions, the first by member id among equals.
    fn least_loaded(&self, topic: TopicIndex) -> Option<Rank> {
        let subscribers = &self.subscribers[topic as usize];
        if subscribers.len() * 8 < self.by_load.len() {
            return subscribers.iter().copied().min_by_key(|&rank| (self.count[rank as usize], rank));
        }
        self.by_load.iter().map(|&(_, rank)| rank).find(|&rank| self.problem.may_have(rank, topic))
    }

    fn take(&mut self, partition: PartitionIndex, rank: Rank) {
        let count = &mut self.count[rank as usize];
        self.by_load.remove(&(*count, rank));
        *count += 1;
        self.by_load.insert((*count, rank));
        self.holder[partition as usize] = rank;
    }

    /// Members that have all they can get, none of it shared, cannot change.
    fn set_fixed_members_aside(&mut self) {
        for rank in self.problem.ranks() {
            let topics = self.problem.subscription(rank);
            let all = self.most(rank);
            if self.count[rank as usize] == all && !topics.iter().any(|&topic| self.shared(topic)) {
                self.by_load.remove(&(all, rank));
            }
        }
    }

    /// How many partitions there are in a member's topics.
    fn most(&self, rank: Rank) -> u32 {
        self.problem.subscription(rank).iter().map(|&topic| self.problem.partitions_of(topic).len() as u32).sum()
    }

    /// Moves partitions, one after the other, as long as a move lessens a difference of two or more (ASSIGN-STICKY-08).
    fn reassign(&mut self, partitions: &[PartitionIndex]) -> bool {
        let mut changed = false;
        loop {
            let mut moved = false;
            for &partition in partitions {
                moved |= self.reassign_one(partition);
            }
            changed |= moved;
            if !moved {
                return changed;
            }
        }
    }

    fn reassign_one(&mut self, partition: PartitionIndex) -> bool {
        if self.strays && self.is_balanced() {
            return false;
        }
        let holder = self.holder[partition as usize];
        let topic = self.problem.topic_of(partition);
        let load = self.count[holder as usize];
        let earlier = self.earlier_holder[partition as usize];
        let goes_back = earlier != NOBODY
            && self.count[earlier as usize] + 1 < load
            && self.takes_part(earlier)
            && (self.problem.may_have(earlier, topic) || !self.is_balanced());
        let to = if goes_back {
            self.strays |= !self.problem.may_have(earlier, topic);
            earlier
        } else {
            match self.least_loaded(topic) {
                Some(rank) if self.count[rank as usize] + 1 < load => rank,
                _ => return false,
            }
        };
        let better = self.movements.better(topic, partition, holder, to);
        let lessens = self.count[self.holder[better as usize] as usize] > self.count[to as usize] + 1;
        if !lessens {
            self.free_moves = self.free_moves.saturating_sub(1);
        }
        self.move_to(if lessens || self.free_moves > 0 { better } else { partition }, to);
        true
    }

    fn takes_part(&self, rank: Rank) -> bool {
        self.by_load.contains(&(self.count[rank as usize], rank))
    }

    /// Kafka's test of balance: no subscriber has two fewer than the holder of a partition that it could get, except one
    /// that has as many as there are in its topics, of whatever topics they are.
    fn is_balanced(&self) -> bool {
        let could_have_more = |&(count, rank): &(u32, Rank)| {
            let topics = self.problem.subscription(rank).iter();
            let mut partitions = topics.flat_map(|&topic| self.problem.partitions_of(topic));
            count != self.most(rank)
                && partitions.any(|partition| count + 1 < self.count[self.holder[partition as usize] as usize])
        };
        !self.by_load.iter().any(could_have_more)
    }

    fn move_to(&mut self, partition: PartitionIndex, to: Rank) {
        let from = self.holder[partition as usize];
        self.movements.record(self.problem, partition, from, to);
        let count = &mut self.count[from as usize];
        self.by_load.remove(&(*count, from));
        *count -= 1;
        self.by_load.insert((*count, from));
        self.take(partition, to);
    }

    /// Kafka's balance score: the sum of all differences between two members that take part.
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
}
