//! The task of an assignor in small numbers: members by rank, topics by name, partitions counted through.

use super::AssignorMember;
use crate::ids::{MemberId, Names, TopicName, TopicPartition};
use crate::protocol::consumer_protocol::java_order;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::rc::Rc;

/// A member's place in the assignor's order of members.
pub(super) type Rank = u32;

/// A topic's place among the topics to assign, by name.
pub(super) type TopicIndex = u32;

/// A partition's place among all partitions to assign, by topic name, then number.
pub(super) type PartitionIndex = u32;

/// "No member".
pub(super) const NOBODY: Rank = Rank::MAX;

/// In which order an assignor takes members (ASSIGN-COMMON-02).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberOrder {
    /// Static members by instance id, then dynamic ones by member id.
    StaticFirst,
    /// By member id.
    ByMemberId,
}

/// `String.hashCode()` of Java.
pub(super) fn java_hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// What there is to assign, and who may get it.
pub(super) struct Problem {
    /// For each rank, the index in the list of members.
    by_rank: Vec<usize>,
    /// The topics that somebody subscribes to and that have partitions, by name.
    topics: Vec<TopicName>,
    /// For each topic the hash that Java has of its name.
    topic_hashes: Vec<u32>,
    /// For each topic its first partition, and at the end the number of partitions.
    first: Vec<PartitionIndex>,
    /// For each partition its topic.
    topic_of: Vec<TopicIndex>,
    /// For each rank, the topics it may get partitions of, ascending.
    subscribed: Vec<Rc<[TopicIndex]>>,
    /// The same as one row of bits per rank.
    bits: Vec<u64>,
    /// Whether all members that subscribe to anything subscribe to the same set, topics that do not exist included.
    equal_subscriptions: bool,
    /// For each rank, whether it subscribes to nothing at all.
    without_topics: Vec<bool>,
    indices: FxHashMap<TopicName, TopicIndex>,
}

impl Problem {
    pub(super) fn new(
        members: &[AssignorMember],
        existing: &[(TopicName, u32)],
        order: MemberOrder,
        names: &Names,
    ) -> Self {
        let by_rank = ranks(members, order, names);
        let (topics, first) = subscribed_topics(members, existing, names);
        let topic_hashes = topics.iter().map(|topic| java_hash(names.text(*topic))).collect();
        let indices: FxHashMap<TopicName, TopicIndex> = topics.iter().copied().zip(0..).collect();
        let mut topic_of = Vec::with_capacity(first.last().map_or(0, |&total| total as usize));
        for (topic, bounds) in first.windows(2).enumerate() {
            topic_of.resize(bounds[1] as usize, topic as TopicIndex);
        }

        let mut subscribed: Vec<Rc<[TopicIndex]>> = Vec::with_capacity(members.len());
        let mut equal_subscriptions = true;
        let mut without_topics = Vec::with_capacity(members.len());
        let mut last: Option<&[TopicName]> = None;
        let mut first_set: Option<Vec<TopicName>> = None;
        for &index in &by_rank {
            let wanted = &members[index].subscription.topics[..];
            without_topics.push(wanted.is_empty());
            if let (true, Some(same)) = (last == Some(wanted), subscribed.last()) {
                subscribed.push(Rc::clone(same));
                continue;
            }
            last = Some(wanted);
            let mut known: Vec<TopicIndex> = wanted.iter().filter_map(|topic| indices.get(topic).copied()).collect();
            known.sort_unstable();
            known.dedup();
            subscribed.push(known.into());
            if wanted.is_empty() {
                continue;
            }
            let mut set = wanted.to_vec();
            set.sort_unstable();
            set.dedup();
            match &first_set {
                None => first_set = Some(set),
                Some(first_set) => equal_subscriptions &= *first_set == set,
            }
        }

        let words = topics.len().div_ceil(64);
        let mut bits = vec![0u64; words * members.len()];
        for (row, topics) in bits.chunks_exact_mut(words.max(1)).zip(&subscribed) {
            for &topic in topics.iter() {
                row[topic as usize / 64] |= 1 << (topic % 64);
            }
        }
        Problem {
            by_rank,
            topics,
            topic_hashes,
            first,
            topic_of,
            subscribed,
            bits,
            equal_subscriptions,
            without_topics,
            indices,
        }
    }

    /// Whether all members subscribe to the same set (ASSIGN-STICKY-03), as Kafka sees it, which takes them in the order of
    /// `visits` and compares with nothing as long as it has met members without topics only.
    pub(super) fn equal_subscriptions(&self, visits: &[Rank]) -> bool {
        let without = |rank: &Rank| self.without_topics[*rank as usize];
        self.equal_subscriptions && !visits.iter().skip_while(|rank| without(rank)).any(without)
    }

    /// How many members there are.
    pub(super) fn members(&self) -> usize {
        self.by_rank.len()
    }

    /// The ranks, in order.
    pub(super) fn ranks(&self) -> std::ops::Range<Rank> {
        0..self.by_rank.len() as Rank
    }

    /// The index in the list of members of a rank.
    pub(super) fn index(&self, rank: Rank) -> usize {
        self.by_rank[rank as usize]
    }

    /// How many topics there are.
    pub(super) fn topics(&self) -> usize {
        self.topics.len()
    }

    /// How many partitions there are.
    pub(super) fn partitions(&self) -> usize {
        self.topic_of.len()
    }

    /// The partitions of a topic.
    pub(super) fn partitions_of(&self, topic: TopicIndex) -> std::ops::Range<PartitionIndex> {
        self.first[topic as usize]..self.first[topic as usize + 1]
    }

    /// The topic of a partition.
    pub(super) fn topic_of(&self, partition: PartitionIndex) -> TopicIndex {
        self.topic_of[partition as usize]
    }

    /// The number that a partition has within its topic.
    pub(super) fn number(&self, partition: PartitionIndex) -> u32 {
        partition - self.first[self.topic_of(partition) as usize]
    }

    /// `TopicPartition.hashCode()` of Java.
    pub(super) fn java_hash(&self, partition: PartitionIndex) -> u32 {
        let topic = self.topic_hashes[self.topic_of(partition) as usize];
        31u32.wrapping_add(self.number(partition)).wrapping_mul(31).wrapping_add(topic)
    }

    /// The topics that a member may get partitions of.
    pub(super) fn subscription(&self, rank: Rank) -> &[TopicIndex] {
        &self.subscribed[rank as usize]
    }

    /// Whether a member may get partitions of a topic.
    pub(super) fn may_have(&self, rank: Rank, topic: TopicIndex) -> bool {
        let words = self.topics.len().div_ceil(64);
        self.bits[rank as usize * words + topic as usize / 64] & (1 << (topic % 64)) != 0
    }

    /// For each topic its subscribers, in order.
    pub(super) fn subscribers(&self) -> Vec<Vec<Rank>> {
        let mut subscribers = vec![Vec::new(); self.topics.len()];
        for rank in self.ranks() {
            for &topic in self.subscription(rank) {
                subscribers[topic as usize].push(rank);
            }
        }
        subscribers
    }

    /// The partitions among `claimed` that are there to assign.
    pub(super) fn indices(&self, claimed: &[TopicPartition]) -> Vec<PartitionIndex> {
        let mut found = Vec::with_capacity(claimed.len());
        for run in claimed.chunk_by(|a, b| a.topic == b.topic) {
            let Some(&topic) = self.indices.get(&run[0].topic) else { continue };
            let partitions = self.partitions_of(topic);
            let known = run.iter().filter(|claim| claim.partition < partitions.end - partitions.start);
            found.extend(known.map(|claim| partitions.start + claim.partition));
        }
        found
    }

    /// Shares by rank, as the caller of an assignor wants them.
    pub(super) fn answer(
        &self,
        members: &[AssignorMember],
        shares: Vec<Vec<PartitionIndex>>,
    ) -> Vec<(MemberId, Vec<TopicPartition>)> {
        let mut answer: Vec<_> = members.iter().map(|member| (member.member, Vec::new())).collect();
        for (mut share, &index) in shares.into_iter().zip(&self.by_rank) {
            share.sort_unstable();
            answer[index].1 = share
                .into_iter()
                .map(|p| TopicPartition::new(self.topics[self.topic_of(p) as usize], self.number(p)))
                .collect();
        }
        answer
    }
}

fn ranks(members: &[AssignorMember], order: MemberOrder, names: &Names) -> Vec<usize> {
    let by_id = |a: &AssignorMember, b: &AssignorMember| java_order(names.text(a.member), names.text(b.member));
    let compare = |a: &AssignorMember, b: &AssignorMember| match order {
        MemberOrder::ByMemberId => by_id(a, b),
        MemberOrder::StaticFirst => match (a.instance.is_empty(), b.instance.is_empty()) {
            (true, true) => by_id(a, b),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => java_order(names.text(a.instance), names.text(b.instance)).then_with(|| by_id(a, b)),
        },
    };
    let mut by_rank: Vec<usize> = (0..members.len()).collect();
    by_rank.sort_by(|&a, &b| compare(&members[a], &members[b]));
    by_rank
}

/// The topics to assign, by name, and where the partitions of each begin.
fn subscribed_topics(
    members: &[AssignorMember],
    existing: &[(TopicName, u32)],
    names: &Names,
) -> (Vec<TopicName>, Vec<PartitionIndex>) {
    let counts: FxHashMap<TopicName, u32> = existing.iter().copied().collect();
    let mut topics: Vec<TopicName> = Vec::new();
    let mut last: &[TopicName] = &[];
    for member in members {
        let wanted = &member.subscription.topics[..];
        if wanted != last {
            topics.extend(wanted);
            last = wanted;
        }
    }
    topics.sort_unstable();
    topics.dedup();
    topics.retain(|topic| counts.get(topic).is_some_and(|&count| count > 0));
    topics.sort_by(|a, b| java_order(names.text(*a), names.text(*b)));
    let mut first = vec![0];
    let mut total = 0;
    for topic in &topics {
        total += counts[topic];
        first.push(total);
    }
    (topics, first)
}
