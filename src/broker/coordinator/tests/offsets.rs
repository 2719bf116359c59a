//! OFF: committed offsets.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;

const NONE: MemberId = MemberId::EMPTY;

#[test]
fn off_01_unknown_group() {
    for (version, generation, error, exists) in [
        (8, -1, ErrorCode::None, true),
        (9, -1, ErrorCode::None, true),
        (8, 0, ErrorCode::IllegalGeneration, false),
        (9, 0, ErrorCode::GroupIdNotFound, false),
        (9, 7, ErrorCode::GroupIdNotFound, false),
    ] {
        let mut rig = Rig::new();
        let request = rig.commit_request(NONE, generation, 5);
        assert_eq!((rig.send_commit(version, request), rig.exists()), (vec![error], exists));
        assert_eq!(rig.committed(), if exists { 5 } else { -1 });
    }
}

#[test]
fn off_02_empty_group_without_a_generation() {
    let mut rig = Rig::new();
    assert_eq!(rig.commit(NONE, -1, 5), ErrorCode::None);
    let stranger = MemberId(rig.names.intern("m"));
    assert_eq!(rig.commit(stranger, -1, 6), ErrorCode::None);
    let instance = InstanceId(rig.names.intern("i"));
    let request = OffsetCommitRequest { instance, ..rig.commit_request(stranger, -9, 7) };
    assert_eq!(rig.send_commit(8, request), [ErrorCode::None]);
    assert_eq!((rig.committed(), rig.state()), (7, Empty));
}

#[test]
fn off_03_a_simple_commit_cannot_touch_a_live_group() {
    let mut rig = Rig::new();
    let (a, _) = rig.join_twice(join("a"));
    for state in [PreparingRebalance, CompletingRebalance, Stable] {
        assert_eq!(rig.state(), state);
        assert_eq!((rig.commit(NONE, -1, 5), rig.committed()), (ErrorCode::UnknownMemberId, -1));
        match state {
            PreparingRebalance => drop(rig.at(D)),
            _ => rig.sync_all(&[a]),
        }
    }
}

#[test]
fn off_04_member_and_generation_checks() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("s").instance("i")]);
    let stranger = MemberId(rig.names.intern("m"));
    let (known, unknown, none) =
        (InstanceId(rig.names.intern("i")), InstanceId(rig.names.intern("j")), InstanceId::EMPTY);
    for (member, instance, generation, error) in [
        (ids[0], unknown, 9, ErrorCode::UnknownMemberId),
        (stranger, known, 9, ErrorCode::FencedInstanceId),
        (NONE, known, -1, ErrorCode::FencedInstanceId),
        (stranger, none, 9, ErrorCode::UnknownMemberId),
        (NONE, none, 1, ErrorCode::UnknownMemberId),
        (ids[0], none, 0, ErrorCode::IllegalGeneration),
        (ids[0], none, -1, ErrorCode::IllegalGeneration),
        (ids[1], known, 2, ErrorCode::IllegalGeneration),
        (ids[1], known, 1, ErrorCode::None),
        (ids[0], none, 1, ErrorCode::None),
    ] {
        let request = OffsetCommitRequest { instance, ..rig.commit_request(member, generation, 5) };
        assert_eq!(rig.send_commit(9, request), [error]);
    }
    rig.leave(&[(ids[0], ""), (ids[1], "")]);
    assert_eq!((rig.state(), rig.commit(ids[0], 1, 9)), (Empty, ErrorCode::UnknownMemberId));
    assert_eq!(rig.committed(), 5);
}

#[test]
fn off_05_while_completing() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a")]);
    rig.at(9_000);
    assert_eq!((rig.commit(ids[0], 1, 5), rig.committed()), (ErrorCode::RebalanceInProgress, -1));
    rig.at(13_000);
    assert_eq!(rig.members().len(), 0, "the session timer ran on from 3000");
}

#[test]
fn off_06_in_stable_and_while_preparing() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    rig.at(12_000);
    assert_eq!(rig.commit(ids[1], 1, 5), ErrorCode::None);
    rig.join(join("a").id(ids[0]));
    rig.at(21_000);
    assert_eq!((rig.state(), rig.commit(ids[1], 1, 6)), (PreparingRebalance, ErrorCode::None), "old generation");
    assert_eq!(rig.committed(), 6);
    rig.at(30_999);
    assert_eq!(rig.members().len(), 2);
    rig.at(31_000);
    assert_eq!(rig.members().len(), 1);
}

#[test]
fn off_07_group_ids() {
    let mut rig = Rig::new();
    let request = OffsetCommitRequest { group: None, ..rig.commit_request(NONE, -1, 5) };
    assert_eq!(rig.send_commit(8, request), [ErrorCode::InvalidGroupId]);
    let request = OffsetCommitRequest { group: Some(GroupId::EMPTY), ..rig.commit_request(NONE, -1, 5) };
    assert_eq!(rig.send_commit(8, request), [ErrorCode::None]);
    let partition = rig.partition("orders", 0);
    assert_eq!(rig.c.committed(GroupId::EMPTY, partition), Some(Offset(5)));
    assert_eq!(fetch(&mut rig, Some(GroupId::EMPTY), None).partitions[0].offset, Offset(5));
    assert_eq!(fetch(&mut rig, None, None).error, ErrorCode::InvalidGroupId);
}

#[test]
fn off_07_a_dead_group_takes_no_commit() {
    let mut rig = Rig::new();
    rig.ours_only();
    assert_eq!(rig.commit(NONE, -1, 5), ErrorCode::None);
    rig.meddle(|c, cx, out| c.unload(cx, out));
    assert_eq!(rig.commit(NONE, -1, 6), ErrorCode::CoordinatorNotAvailable);
}

/// A commit of these (topic, partition, offset, metadata).
fn commit_of(rig: &mut Rig, member: MemberId, generation: i32, of: &[(&str, u32, i64, &str)]) -> Vec<ErrorCode> {
    let mut request = rig.commit_request(member, generation, 0);
    request.partitions = of
        .iter()
        .map(|(topic, partition, offset, metadata)| CommitPartition {
            partition: rig.partition(topic, *partition),
            offset: Offset(*offset),
            metadata: rig.names.intern(metadata),
        })
        .collect();
    rig.send_commit(8, request)
}

fn fetch(rig: &mut Rig, group: Option<GroupId>, partitions: Option<Vec<TopicPartition>>) -> OffsetFetchResponse {
    let request = OffsetFetchRequest { group, partitions, require_stable: true };
    let ticket = rig.send("f", 8, Request::OffsetFetch(Box::new(request)));
    match rig.answer(ticket) {
        Some((_, Response::OffsetFetch(response))) => *response,
        other => panic!("no OffsetFetch answer: {other:?}"),
    }
}

#[test]
fn off_08_a_group_error_goes_to_every_partition() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    let errors = commit_of(&mut rig, ids[0], 0, &[("orders", 0, 1, ""), ("refunds", 3, 2, "")]);
    use ErrorCode::*;
    assert_eq!(errors, [IllegalGeneration, IllegalGeneration]);
    assert_eq!(rig.c.log.durable().offsets.len(), 0);
    // The same for an append that fails.
    rig.fail_appends(NotEnoughReplicas, 1);
    let errors = commit_of(&mut rig, ids[0], 1, &[("orders", 0, 1, ""), ("refunds", 3, 2, "")]);
    assert_eq!(errors, [CoordinatorNotAvailable, CoordinatorNotAvailable]);
    assert_eq!(rig.c.log.durable().offsets.len(), 0);
    assert_eq!(rig.kinds("commit_partition_applied").len(), 0);
    assert_eq!(rig.commit(ids[0], 1, 5), None);
    // A simple group that such a commit would have made is undone.
    let mut rig = Rig::new();
    rig.fail_appends(NotEnoughReplicas, 1);
    assert_eq!((rig.commit(NONE, -1, 5), rig.exists()), (CoordinatorNotAvailable, false));
}

#[test]
fn off_09_metadata_may_be_too_large() {
    let mut rig = Rig::with(|config| config.offset_metadata_max_bytes = 4);
    let ids = rig.stable(&[join("a")]);
    let of: &[_] = &[
        ("orders", 0, 10, "four"),
        ("orders", 1, 11, "fives"),
        ("orders", 2, 14, "\u{fc}\u{fc}\u{fc}\u{fc}"),
        ("orders", 3, 15, "\u{1F600}\u{1F600}\u{1F600}"),
    ];
    let errors = commit_of(&mut rig, ids[0], 1, of);
    use ErrorCode::*;
    assert_eq!(errors, [None, OffsetMetadataTooLarge, None, OffsetMetadataTooLarge]);
    assert_eq!(rig.committed(), 10);
}

#[test]
fn off_09_errors_of_single_partitions() {
    let mut rig = Rig::with(|config| config.offset_metadata_max_bytes = 4);
    // Unknown partitions are sorted out above the coordinator.
    rig.ours_only();
    let ids = rig.stable(&[join("a")]);
    use ErrorCode::*;
    let errors = commit_of(
        &mut rig,
        ids[0],
        1,
        &[
            ("orders", 0, 10, "four"),
            ("orders", 1, 11, "fives"),
            ("unknown-topic", 0, 12, ""),
            ("orders", 100, 13, ""),
            ("orders", 2, 14, "\u{fc}\u{fc}\u{fc}\u{fc}"),
            ("orders", 3, 15, "\u{1F600}\u{1F600}\u{1F600}"),
            ("unknown-topic", 0, 16, "too long as well"),
        ],
    );
    assert_eq!(
        errors,
        [
            None,
            OffsetMetadataTooLarge,
            UnknownTopicOrPartition,
            UnknownTopicOrPartition,
            None,
            OffsetMetadataTooLarge,
            UnknownTopicOrPartition
        ],
        "length is counted in UTF-16 units"
    );
    let group = rig.group();
    let stored: Vec<(u32, i64)> = fetch(&mut rig, Some(group), Option::None)
        .partitions
        .iter()
        .map(|p| (p.partition.partition, p.offset.0))
        .collect();
    assert_eq!(stored, [(0, 10), (2, 14)]);
    // A commit of nothing that exists does not even look at the group.
    assert_eq!(commit_of(&mut rig, ids[0], 99, &[("unknown-topic", 0, 1, "")]), [UnknownTopicOrPartition]);
}

#[test]
fn off_10_no_ownership_and_no_order() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    for (member, offset) in [(ids[0], 100), (ids[1], 40), (ids[0], 41), (ids[1], -7)] {
        assert_eq!((rig.commit(member, 1, offset), rig.committed()), (ErrorCode::None, offset));
    }
}

#[test]
fn off_11_explicit_retention() {
    let mut rig = Rig::new();
    rig.at(1_000);
    let request = OffsetCommitRequest { retention_ms: 500, ..rig.commit_request(NONE, -1, 5) };
    rig.send_commit(2, request);
    let (group, partition) = (rig.group(), rig.partition("orders", 0));
    let stored = rig.c.log.durable().offsets[&group][&partition];
    assert_eq!((stored.commit_ms, stored.expire_ms), (1_000, Some(1_500)));
    rig.at(2_000);
    rig.commit(NONE, -1, 6);
    let stored = rig.c.log.durable().offsets[&group][&partition];
    assert_eq!((stored.commit_ms, stored.expire_ms), (2_000, None));
}

#[test]
fn off_12_the_only_fence_is_id_generation_and_instance() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    // b commits what a was assigned, and goes on through the whole join phase.
    rig.join(join("a").id(ids[0]));
    for second in 7..13 {
        rig.at(second * 1_000);
        assert_eq!((rig.state(), rig.commit(ids[1], 1, 5)), (PreparingRebalance, ErrorCode::None));
    }
    rig.join(join("b").id(ids[1]));
    assert_eq!(rig.commit(ids[1], 1, 6), ErrorCode::IllegalGeneration);
    rig.sync_all(&ids);
    assert_eq!(rig.commit(ids[1], 1, 6), ErrorCode::IllegalGeneration);
    assert_eq!((rig.commit(ids[1], 2, 7), rig.committed()), (ErrorCode::None, 7));
}

#[test]
fn off_16_fetch() {
    let mut rig = Rig::new();
    let (group, orders) = (rig.group(), rig.partition("orders", 0));
    let refunds = rig.partition("refunds", 1);
    let nothing =
        |partition| FetchedOffset { partition, offset: Offset::NONE, metadata: Symbol::EMPTY, error: ErrorCode::None };
    let unknown = fetch(&mut rig, Some(group), Some(vec![refunds, orders]));
    assert_eq!((unknown.error, unknown.partitions), (ErrorCode::None, vec![nothing(refunds), nothing(orders)]));
    assert_eq!(fetch(&mut rig, Some(group), None).partitions, []);
    let note = rig.names.intern("note");
    let mut request = rig.commit_request(NONE, -1, 5);
    request.partitions[0].metadata = note;
    rig.send_commit(8, request);
    let stored = FetchedOffset { offset: Offset(5), metadata: note, ..nothing(orders) };
    assert_eq!(fetch(&mut rig, Some(group), Some(vec![refunds, orders])).partitions, [nothing(refunds), stored]);
    assert_eq!(fetch(&mut rig, Some(group), None).partitions, [stored]);
    rig.completing(&[join("a")]);
    assert_eq!(fetch(&mut rig, Some(group), None).partitions, [stored], "in any state");
}

fn delete(rig: &mut Rig, partitions: Vec<TopicPartition>) -> OffsetDeleteResponse {
    let request = OffsetDeleteRequest { group: Some(rig.group()), partitions };
    let ticket = rig.send("admin", 0, Request::OffsetDelete(Box::new(request)));
    match rig.answer(ticket) {
        Some((_, Response::OffsetDelete(response))) => *response,
        other => panic!("no OffsetDelete answer: {other:?}"),
    }
}

/// A member whose metadata is a real subscription to `orders`.
fn subscriber(rig: &mut Rig) -> JoinGroupRequest {
    let topics = vec![TopicName(rig.names.intern("orders"))];
    let generation = Generation::NONE;
    let subscription = consumer_protocol::Subscription { topics, user_data: None, owned: vec![], generation };
    let mut request = rig.join_request(&join("a"));
    request.protocols[0].metadata = consumer_protocol::encode_subscription(&subscription, &rig.names);
    request
}

/// A Stable group of one real subscriber to `orders`, and its member.
fn subscribed(rig: &mut Rig) -> MemberId {
    let request = subscriber(rig);
    rig.send("a", 3, Request::JoinGroup(Box::new(request)));
    rig.at(D);
    let a = rig.members()[0];
    rig.sync_all(&[a]);
    a
}

#[test]
fn off_19_offset_delete() {
    let mut rig = Rig::new();
    let (orders, refunds) = (rig.partition("orders", 0), rig.partition("refunds", 0));
    use ErrorCode::*;
    assert_eq!(delete(&mut rig, vec![orders]).error, GroupIdNotFound);
    let a = subscribed(&mut rig);
    commit_of(&mut rig, a, 1, &[("orders", 0, 5, ""), ("refunds", 0, 6, "")]);
    let deleted = delete(&mut rig, vec![orders, refunds, refunds]);
    let errors: Vec<ErrorCode> = deleted.partitions.iter().map(|p| p.1).collect();
    assert_eq!((deleted.error, errors), (None, vec![GroupSubscribedToTopic, None, None]));
    let group = rig.group();
    assert_eq!((rig.committed(), rig.c.committed(group, refunds)), (5, Option::None));
    rig.leaves(a);
    assert_eq!(delete(&mut rig, vec![orders, refunds]).partitions, [(orders, None), (refunds, None)]);
    assert_eq!(rig.committed(), -1);

    let mut rig = Rig::new();
    rig.stable(&[join("w").protocol_type("connect")]);
    assert_eq!(delete(&mut rig, vec![orders]).error, NonEmptyGroup);
}

#[test]
fn off_19_unknown_partitions_are_named() {
    let mut rig = Rig::new();
    // They are sorted out above the coordinator.
    rig.ours_only();
    let (refunds, unknown) = (rig.partition("refunds", 0), rig.partition("unknown-topic", 0));
    subscribed(&mut rig);
    let deleted = delete(&mut rig, vec![refunds, unknown]);
    let errors = [(refunds, ErrorCode::None), (unknown, ErrorCode::UnknownTopicOrPartition)];
    assert_eq!((deleted.error, &deleted.partitions[..]), (ErrorCode::None, &errors[..]));
}

#[test]
fn off_20_unreadable_subscriptions_count_as_everything() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a").protocols(&[("range", "?")])]);
    let refunds = rig.partition("refunds", 0);
    commit_of(&mut rig, ids[0], 1, &[("refunds", 0, 6, "")]);
    let deleted = delete(&mut rig, vec![refunds]);
    assert_eq!(deleted.partitions, [(refunds, ErrorCode::GroupSubscribedToTopic)]);
    rig.leaves(ids[0]);
    assert_eq!(delete(&mut rig, vec![refunds]).partitions, [(refunds, ErrorCode::None)], "no members: nothing");
}

const MINUTE: u64 = 60_000;

#[test]
fn off_21_reference_times() {
    let rig = || {
        Rig::with(|config| {
            config.offsets_retention_minutes = 30;
            config.group_max_session_timeout_ms = i32::MAX;
        })
    };
    // Simple group: the commit time. Ticks every 10 minutes.
    let mut simple = rig();
    simple.at(5 * MINUTE);
    simple.commit(NONE, -1, 5);
    simple.at(40 * MINUTE - 1);
    assert_eq!(simple.committed(), 5);
    simple.at(40 * MINUTE);
    assert_eq!((simple.committed(), simple.exists()), (-1, false));

    // Empty with a protocol type: since it emptied, however old the commit.
    let mut emptied = rig();
    let a = subscribed(&mut emptied);
    emptied.commit(a, 1, 5);
    emptied.beat(&[a], 9_000, 20 * MINUTE, ErrorCode::None);
    emptied.leaves(a);
    emptied.at(50 * MINUTE - 1);
    assert_eq!(emptied.committed(), 5);
    emptied.at(50 * MINUTE);
    assert_eq!(emptied.committed(), -1);

    // Stable: by commit time, and only for topics that nobody subscribes to; nothing while rebalancing.
    let mut live = rig();
    let a = subscribed(&mut live);
    commit_of(&mut live, a, 1, &[("orders", 0, 5, ""), ("refunds", 0, 6, "")]);
    let (group, refunds) = (live.group(), live.partition("refunds", 0));
    live.beat(&[a], 9_000, 40 * MINUTE - 1, ErrorCode::None);
    assert_eq!(live.c.committed(group, refunds), Some(Offset(6)));
    live.at(40 * MINUTE);
    assert_eq!((live.c.committed(group, refunds), live.committed()), (None, 5));

    let mut busy = rig();
    let ids = busy.stable(&[join("a").st(i32::MAX).rt(i32::MAX), join("b").st(i32::MAX)]);
    busy.commit(ids[0], 1, 5);
    busy.join(join("a").id(ids[0]).rt(i32::MAX).st(i32::MAX));
    busy.at(100 * MINUTE);
    assert_eq!((busy.state(), busy.committed()), (PreparingRebalance, 5));
}

#[test]
fn off_22_expiry_is_inclusive_and_explicit_expiry_rules() {
    let mut rig = Rig::with(|config| config.offsets_retention_minutes = 10);
    rig.commit(NONE, -1, 5);
    rig.at(10 * MINUTE);
    assert_eq!(rig.committed(), -1, "exactly the retention");
    let mut rig = Rig::new();
    let request = OffsetCommitRequest { retention_ms: 1, ..rig.commit_request(NONE, -1, 5) };
    rig.send_commit(2, request);
    rig.at(10 * MINUTE);
    assert_eq!(rig.committed(), -1);
}

#[test]
fn off_23_an_empty_group_without_offsets_is_deleted() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.leaves(a);
    rig.at(10 * MINUTE - 1);
    assert!(rig.exists());
    rig.at(10 * MINUTE);
    assert_eq!((rig.exists(), rig.kinds("group_removed").len()), (false, 1));
    rig.reload();
    assert!(!rig.exists());
}
