//! cooperative-sticky as librdkafka's leader has it.

use crate::assignor::{AssignorMember, assign, assign_as_librdkafka};
use crate::config::AssignorKind;
use crate::ids::{Generation, InstanceId, MemberId, Names, TopicName, TopicPartition};
use crate::protocol::consumer_protocol::Subscription;
use proptest::prelude::*;

type Assign = fn(AssignorKind, &[AssignorMember], &[(TopicName, u32)], &mut Names) -> Vec<Share>;
type Share = (MemberId, Vec<TopicPartition>);
/// A member: its id, what it owns, in which generation.
type Claim<'a> = (&'a str, &'a [u32], i32);

/// What members that all subscribe to `t` get, in the order of `claims`: (id, owned, generation).
fn shares(partitions: u32, claims: &[Claim<'_>], assign: Assign) -> Vec<Vec<u32>> {
    let mut names = Names::new();
    let topic = TopicName(names.intern("t"));
    let mut members = Vec::new();
    for &(id, owned, generation) in claims {
        let owned = owned.iter().map(|&partition| TopicPartition::new(topic, partition)).collect();
        let generation = Generation(generation);
        members.push(AssignorMember {
            member: MemberId(names.intern(id)),
            instance: InstanceId::EMPTY,
            subscription: Subscription { topics: vec![topic], user_data: None, owned, generation },
        });
    }
    let given = assign(AssignorKind::CooperativeSticky, &members, &[(topic, partitions)], &mut names);
    given.into_iter().map(|(_, share)| share.into_iter().map(|tp| tp.partition).collect()).collect()
}

fn of_librdkafka(partitions: u32, claims: &[Claim<'_>]) -> Vec<Vec<u32>> {
    shares(partitions, claims, assign_as_librdkafka)
}

fn of_kafka(partitions: u32, claims: &[Claim<'_>]) -> Vec<Vec<u32>> {
    shares(partitions, claims, assign)
}

#[test]
fn a_first_assignment_deals_one_each() {
    let claims: &[Claim<'_>] = &[("a", &[], -1), ("b", &[], -1)];
    assert_eq!(of_librdkafka(5, claims), [vec![0, 2, 4], vec![1, 3]]);
    assert_eq!(of_kafka(5, claims), [vec![0, 2, 4], vec![1, 3]]);
}

/// Seen of librdkafka 2.12.1 too: the member that had all three keeps the last.
#[test]
fn members_give_their_first_partitions_up_where_kafkas_give_their_last() {
    let claims: &[Claim<'_>] = &[("a", &[0, 1, 2], 1), ("b", &[], -1), ("c", &[], -1)];
    assert_eq!(of_librdkafka(3, claims), [vec![2], vec![], vec![]]);
    assert_eq!(of_kafka(3, claims), [vec![0], vec![], vec![]]);
    let second: &[Claim<'_>] = &[("a", &[2], 2), ("b", &[], 2), ("c", &[], 2)];
    assert_eq!(of_librdkafka(3, second), [vec![2], vec![1], vec![0]]);
    let two: &[Claim<'_>] = &[("a", &[0, 2, 4], 1), ("b", &[1, 3, 5], 1), ("c", &[], -1)];
    assert_eq!(of_librdkafka(6, two), [vec![2, 4], vec![3, 5], vec![]]);
    assert_eq!(of_kafka(6, two), [vec![0, 2], vec![1, 3], vec![]]);
}

#[test]
fn what_a_member_leaves_behind_is_dealt_backwards() {
    let claims: &[Claim<'_>] = &[("a", &[0, 1], 1), ("c", &[4, 5], 1)];
    assert_eq!(of_librdkafka(6, claims), [vec![0, 1, 3], vec![2, 4, 5]]);
    assert_eq!(of_kafka(6, claims), [vec![0, 1, 2], vec![3, 4, 5]]);
}

#[test]
fn of_two_claims_the_newer_counts_but_the_last_in_the_list_decides_what_changes_hands() {
    let claims: &[Claim<'_>] = &[("a", &[0], 2), ("b", &[0, 1], 1)];
    assert_eq!(of_librdkafka(2, claims), [vec![], vec![1]], "withheld from `a`, which owns it");
    assert_eq!(of_kafka(2, claims), [vec![0], vec![1]]);
}

proptest! {
    /// As many partitions each as Kafka's leader gives once all is settled, and not more of them moved.
    #[test]
    fn it_settles_in_two_rounds_and_moves_as_much_as_kafkas(partitions in 0u32..40, before in 1usize..9, after in 1usize..9) {
        let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let mut owned = vec![Vec::new(); 8];
        for partition in 0..partitions {
            owned[partition as usize % before].push(partition);
        }
        let rounds = |assign: fn(u32, &[Claim<'_>]) -> Vec<Vec<u32>>| {
            let claims = |owned: &[Vec<u32>]| {
                let claims: Vec<(&str, Vec<u32>, i32)> = ids[..after].iter().zip(owned).map(|(&id, owned)| (id, owned.clone(), 1)).collect();
                let claims: Vec<Claim<'_>> = claims.iter().map(|(id, owned, generation)| (*id, &owned[..], *generation)).collect();
                assign(partitions, &claims)
            };
            let first = claims(&owned);
            let kept: usize = first.iter().zip(&owned).map(|(now, before)| now.iter().filter(|p| before.contains(p)).count()).sum();
            (kept, claims(&first))
        };
        let ((kept, settled), (kept_by_kafka, kafkas)) = (rounds(of_librdkafka), rounds(of_kafka));
        let sizes = |shares: &[Vec<u32>]| {
            let mut sizes: Vec<usize> = shares.iter().map(Vec::len).collect();
            sizes.sort_unstable();
            sizes
        };
        prop_assert_eq!(sizes(&settled), sizes(&kafkas));
        prop_assert_eq!(kept, kept_by_kafka);
    }
}
