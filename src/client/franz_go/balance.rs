//! franz-go's own sticky balancer (`pkg/kgo/internal/sticky`), for members that all subscribe to the same topics.
//!
//! It moves as little as Kafka's and balances as well, but partitions may go to other members: unclaimed ones go to whoever
//! has the fewest (a heap, which breaks ties in its own order), and who has too many gives his highest numbers. A stale claim
//! (of a lower generation) is honoured where that balances. Topics, which Go numbers at random, come by name here.

use crate::assignor::{AssignorMember, decode_sticky_user_data};
use crate::ids::{MemberId, Names, TopicName, TopicPartition};
use std::collections::BTreeMap;

/// A member that nobody is.
const NOBODY: usize = usize::MAX;

/// Members, partitions and claims.
struct Balance<'a> {
    members: Vec<&'a AssignorMember>,
    /// All partitions: topics by name, then numbers.
    partitions: Vec<TopicPartition>,
    /// What members say that they own, and since which generation.
    claims: Vec<(Vec<usize>, i32)>,
    /// Partitions by member.
    plan: Vec<Vec<usize>>,
    /// Members by partition.
    owners: Vec<usize>,
}

/// Balances as the sticky balancer does, or (`cooperative`) as the cooperative one, which withholds what somebody else still
/// has; `None` if members subscribe to different topics.
pub(super) fn sticky(
    cooperative: bool,
    members: &[AssignorMember],
    counts: &[(TopicName, u32)],
    names: &mut Names,
) -> Option<Vec<(MemberId, Vec<TopicPartition>)>> {
    let wants = |member: &AssignorMember, topic| member.subscription.topics.contains(&topic);
    if !members.iter().all(|member| counts.iter().all(|&(topic, _)| wants(member, topic))) {
        return None;
    }
    let mut balance = Balance::new(cooperative, members, counts, names);
    balance.take_claims();
    balance.sort_shares();
    balance.give_out();
    balance.level();
    if cooperative {
        balance.withhold();
    }
    let Balance { members, partitions, mut plan, .. } = balance;
    let share = |(member, share): (&&AssignorMember, &mut Vec<usize>)| {
        share.sort_unstable();
        (member.member, share.iter().map(|&p| partitions[p]).collect())
    };
    Some(members.iter().zip(&mut plan).map(share).collect())
}

impl<'a> Balance<'a> {
    fn new(cooperative: bool, all: &'a [AssignorMember], counts: &[(TopicName, u32)], names: &mut Names) -> Self {
        let mut members: Vec<&AssignorMember> = all.iter().collect();
        // Static members first, by instance id; then the others by member id.
        let place = |m: &&AssignorMember| {
            let dynamic = m.instance.is_empty();
            let text = if dynamic { names.text(m.member) } else { names.text(m.instance) };
            (dynamic, text.to_owned())
        };
        members.sort_by_cached_key(place);
        let mut topics: Vec<(TopicName, u32)> = counts.to_vec();
        topics.sort_by(|a, b| names.text(a.0).cmp(names.text(b.0)));
        let mut partitions = Vec::new();
        let mut first = BTreeMap::new();
        for &(topic, count) in &topics {
            first.insert(topic, (partitions.len(), count));
            partitions.extend((0..count).map(|number| TopicPartition::new(topic, number)));
        }
        let place = |tp: &TopicPartition| {
            let &(base, count) = first.get(&tp.topic)?;
            (tp.partition < count).then_some(base + tp.partition as usize)
        };
        let mut claims = Vec::with_capacity(members.len());
        for member in &members {
            let subscription = &member.subscription;
            let generation = subscription.generation.0;
            if cooperative && generation >= 0 {
                claims.push((subscription.owned.iter().filter_map(place).collect(), generation));
                continue;
            }
            let data = subscription.user_data.as_deref().and_then(|bytes| decode_sticky_user_data(bytes, names));
            let (owned, generation) = data.unwrap_or_default();
            claims.push((owned.iter().filter_map(place).collect(), generation.map_or(0, |g| g.0.max(0))));
        }
        let (plan, owners) = (vec![Vec::new(); members.len()], vec![NOBODY; partitions.len()]);
        Balance { members, partitions, claims, plan, owners }
    }

    /// The claim of the highest generation holds; of the others the next is kept in mind.
    fn take_claims(&mut self) {
        let mut best: Vec<[(i32, usize); 2]> = vec![[(-1, NOBODY); 2]; self.partitions.len()];
        for (member, (owned, generation)) in self.claims.iter().enumerate() {
            for &p in owned {
                let [new, old] = &mut best[p];
                if *generation > new.0 {
                    *old = std::mem::replace(new, (*generation, member));
                } else if *generation > old.0 {
                    *old = (*generation, member);
                }
            }
        }
        for (p, [new, _]) in best.iter().enumerate().filter(|(_, b)| b[0].1 != NOBODY) {
            self.owners[p] = new.1;
            self.plan[new.1].push(p);
        }
        for (p, [new, stale]) in best.iter().enumerate().filter(|(_, b)| b[1].1 != NOBODY) {
            if self.plan[stale.1].len() + 1 < self.plan[new.1].len() {
                self.plan[new.1].retain(|&other| other != p);
                self.plan[stale.1].push(p);
                self.owners[p] = stale.1;
            }
        }
    }

    /// By number, then topic: who gives from the end gives evenly of all topics.
    fn sort_shares(&mut self) {
        let partitions = &self.partitions;
        for share in &mut self.plan {
            share.sort_unstable_by_key(|&p| (partitions[p].partition, p));
        }
    }

    /// What nobody claims goes to whoever has the fewest.
    fn give_out(&mut self) {
        let mut heap: Vec<usize> = (0..self.members.len()).collect();
        for node in (0..heap.len() / 2).rev() {
            self.sift_down(&mut heap, node);
        }
        for p in 0..self.partitions.len() {
            if self.owners[p] == NOBODY
                && let Some(&member) = heap.first()
            {
                self.plan[member].push(p);
                self.owners[p] = member;
                self.sift_down(&mut heap, 0);
            }
        }
    }

    fn sift_down(&self, heap: &mut [usize], mut node: usize) {
        let size = |member: usize| self.plan[member].len();
        loop {
            let (left, right) = (2 * node + 1, 2 * node + 2);
            let Some(&l) = heap.get(left) else { return };
            let child = if heap.get(right).is_some_and(|&r| size(r) < size(l)) { right } else { left };
            if size(heap[node]) <= size(heap[child]) {
                return;
            }
            heap.swap(node, child);
            node = child;
        }
    }

    /// Those with the most give to those with the fewest, until nobody has two more than another.
    fn level(&mut self) {
        let mut levels: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (member, share) in self.plan.iter().enumerate() {
            levels.entry(share.len()).or_default().push(member);
        }
        loop {
            let (Some((&low, _)), Some((&high, _))) = (levels.first_key_value(), levels.last_key_value()) else {
                return;
            };
            if high <= low + 1 {
                return;
            }
            let mut takers = levels.remove(&low).unwrap_or_default();
            let mut givers = levels.remove(&high).unwrap_or_default();
            let pairs = takers.len().min(givers.len());
            for (&taker, &giver) in takers.iter().zip(&givers) {
                if let Some(p) = self.plan[giver].pop() {
                    self.plan[taker].push(p);
                    self.owners[p] = taker;
                }
            }
            levels.entry(low + 1).or_default().extend(takers.drain(..pairs));
            levels.entry(high - 1).or_default().extend(givers.drain(..pairs));
            for (level, rest) in [(low, takers), (high, givers)] {
                if !rest.is_empty() {
                    levels.insert(level, rest);
                }
            }
        }
    }

    /// What is given to a member that does not claim it, or no longer rightly, while another still claims it, is given to
    /// nobody (`AdjustCooperative`).
    fn withhold(&mut self) {
        let mut claimants: Vec<Vec<(usize, i32)>> = vec![Vec::new(); self.partitions.len()];
        for (member, (owned, _)) in self.claims.iter().enumerate() {
            let generation = self.members[member].subscription.generation.0;
            for &p in owned {
                claimants[p].push((member, generation));
            }
        }
        let owners = &self.owners;
        for (member, share) in self.plan.iter_mut().enumerate() {
            share.retain(|&p| {
                let highest = claimants[p].iter().map(|c| c.1).max();
                let has_it = claimants[p].iter().any(|c| c.0 == member && Some(c.1) == highest);
                let others = claimants[p].iter().any(|c| c.0 != owners[p]);
                has_it || !others
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Generation, InstanceId};
    use crate::protocol::consumer_protocol::Subscription;

    /// Members `a`, `b` ... with what they own of topic `t`, in generation 1; a new one in none.
    fn balance(partitions: u32, owned: &[&[u32]], generations: &[i32]) -> Vec<Vec<u32>> {
        let mut names = Names::new();
        let topic = TopicName(names.intern("t"));
        let mut members = Vec::new();
        for (i, owned) in owned.iter().enumerate() {
            let name = char::from(b'a' + i as u8).to_string();
            let subscription = Subscription {
                topics: vec![topic],
                user_data: None,
                owned: owned.iter().map(|&p| TopicPartition::new(topic, p)).collect(),
                generation: Generation(generations[i]),
            };
            members.push(AssignorMember {
                member: MemberId(names.intern(&name)),
                instance: InstanceId::EMPTY,
                subscription,
            });
        }
        let plan = sticky(true, &members, &[(topic, partitions)], &mut names).unwrap();
        plan.into_iter().map(|(_, share)| share.into_iter().map(|tp| tp.partition).collect()).collect()
    }

    #[test]
    fn assign_coop_01_franz_go_gives_the_highest_numbers_and_withholds_them_first() {
        let first = balance(6, &[&[0, 2, 4], &[1, 3, 5], &[]], &[1, 1, -1]);
        assert_eq!(first, [vec![0, 2], vec![1, 3], vec![]]);
        let second = balance(6, &[&[0, 2], &[1, 3], &[]], &[2, 2, 2]);
        assert_eq!(second, [vec![0, 2], vec![1, 3], vec![4, 5]]);
    }

    #[test]
    fn assign_coop_03_franz_go_gives_out_what_nobody_claims_in_the_same_round() {
        assert_eq!(balance(5, &[&[0, 1], &[4]], &[3, 3]), [vec![0, 1], vec![2, 3, 4]]);
    }

    /// The heap's order, not the members': Kafka's balancer would go round (0 3, 1 4, 2 5).
    #[test]
    fn franz_go_first_assignment_follows_a_heap() {
        assert_eq!(balance(6, &[&[], &[], &[]], &[-1, -1, -1]), [vec![0, 4], vec![1, 5], vec![2, 3]]);
        assert_eq!(balance(4, &[&[], &[]], &[-1, -1]), [vec![0, 3], vec![1, 2]]);
    }

    #[test]
    fn franz_go_higher_generation_holds_and_a_stale_claim_is_honoured_where_it_balances() {
        // a missed a rebalance and still claims 0 and 1; b has everything since.
        let plan = balance(4, &[&[0, 1], &[0, 1, 2, 3]], &[1, 2]);
        // 0 and 1 go back to a (it balances), but b still has them: withheld.
        assert_eq!(plan, [vec![], vec![2, 3]]);
    }

    #[test]
    fn franz_go_members_that_want_different_topics_are_not_for_it() {
        let mut names = Names::new();
        let (t, u) = (TopicName(names.intern("t")), TopicName(names.intern("u")));
        let member = |name: &str, topics: Vec<TopicName>, names: &mut Names| AssignorMember {
            member: MemberId(names.intern(name)),
            instance: InstanceId::EMPTY,
            subscription: Subscription { topics, user_data: None, owned: Vec::new(), generation: Generation::NONE },
        };
        let members = [member("a", vec![t], &mut names), member("b", vec![t, u], &mut names)];
        assert!(sticky(true, &members, &[(t, 1), (u, 1)], &mut names).is_none());
    }
}
