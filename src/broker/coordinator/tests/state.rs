//! STATE: group record, states, generation.

use super::rig::*;
use crate::broker::coordinator::group::may_follow;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;
use crate::trace::Kind;

#[test]
fn state_01_five_states_and_a_generation() {
    let names: Vec<&str> = GroupState::ALL.iter().map(|state| state.name()).collect();
    assert_eq!(names, ["Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"]);
    let mut rig = Rig::new();
    let (a, _) = rig.join_twice(join("a"));
    assert_eq!((rig.state(), rig.generation()), (PreparingRebalance, 0));
    rig.at(D);
    assert_eq!((rig.state(), rig.generation()), (CompletingRebalance, 1));
    rig.sync_all(&[a]);
    assert_eq!((rig.state(), rig.generation()), (Stable, 1));
    rig.leaves(a);
    assert_eq!((rig.state(), rig.generation()), (Empty, 2));
}

#[test]
fn state_02_what_creates_a_group() {
    let mut rig = Rig::new();
    rig.join(join("a"));
    assert_eq!((rig.state(), rig.generation(), rig.leader()), (Empty, 0, None));
    assert_eq!(rig.describe().protocol_type, Symbol::EMPTY);

    let mut rig = Rig::new();
    assert_eq!(rig.commit(MemberId::EMPTY, -1, 5), ErrorCode::None);
    assert_eq!((rig.state(), rig.generation(), rig.leader()), (Empty, 0, None));
    assert_eq!(rig.describe().protocol_type, Symbol::EMPTY);
    assert_eq!(rig.group_records(), []);

    rig.reload();
    assert_eq!((rig.state(), rig.generation(), rig.leader()), (Empty, 0, None));
    assert_eq!(rig.committed(), 5);
}

/// Groups that ListGroups shows.
fn listed(rig: &mut Rig) -> usize {
    let ticket = rig.send("admin", 5, Request::ListGroups);
    match rig.answer(ticket) {
        Some((_, Response::ListGroups(ErrorCode::None, groups))) => groups.len(),
        other => panic!("no ListGroups answer: {other:?}"),
    }
}

/// A commit that makes a group, but stores nothing.
fn commit_too_large(rig: &mut Rig) {
    let mut request = rig.commit_request(MemberId::EMPTY, -1, 5);
    request.partitions[0].metadata = rig.names.intern("too large");
    assert_eq!(rig.send_commit(8, request), [ErrorCode::OffsetMetadataTooLarge]);
}

#[test]
fn state_02_a_commit_of_nothing_makes_a_group_that_is_not_seen_yet() {
    let mut rig = Rig::with(|config| config.offset_metadata_max_bytes = 4);
    commit_too_large(&mut rig);
    assert_eq!((rig.describe().state, listed(&mut rig)), (Some(Dead), 0));
    // Writes do see it.
    assert_eq!(rig.delete_group(), ErrorCode::None);
    assert_eq!((rig.delete_group(), listed(&mut rig)), (ErrorCode::GroupIdNotFound, 0));
    // It shows as soon as anything at all is written.
    commit_too_large(&mut rig);
    let other = GroupId(rig.names.intern("other"));
    let request = OffsetCommitRequest { group: Some(other), ..rig.commit_request(MemberId::EMPTY, -1, 5) };
    assert_eq!(rig.send_commit(8, request), [ErrorCode::None]);
    assert_eq!((rig.describe().state, listed(&mut rig)), (Some(Empty), 2));
}

#[test]
fn state_02_a_failing_append_takes_back_a_group_that_was_not_written() {
    let mut rig = Rig::with(|config| config.offset_metadata_max_bytes = 4);
    commit_too_large(&mut rig);
    // A join finds it, and writes nothing.
    let first = rig.join(join("a"));
    assert_eq!((rig.describe().state, listed(&mut rig)), (Some(Dead), 0));
    let id = rig.joined(first).1.member;
    rig.fail_appends(ErrorCode::NotEnoughReplicas, 1);
    let other = GroupId(rig.names.intern("other"));
    let request = OffsetCommitRequest { group: Some(other), ..rig.commit_request(MemberId::EMPTY, -1, 5) };
    assert_eq!(rig.send_commit(8, request), [ErrorCode::CoordinatorNotAvailable]);
    let second = rig.join(join("a").id(id));
    assert_eq!((rig.error(second), listed(&mut rig)), (ErrorCode::UnknownMemberId, 0));
}

#[test]
fn state_03_allowed_predecessors() {
    let allowed = |to| GroupState::ALL.into_iter().filter(|from| may_follow(*from, to)).collect::<Vec<_>>();
    assert_eq!(allowed(Empty), [PreparingRebalance]);
    assert_eq!(allowed(PreparingRebalance), [Empty, CompletingRebalance, Stable]);
    assert_eq!(allowed(CompletingRebalance), [PreparingRebalance]);
    assert_eq!(allowed(Stable), [CompletingRebalance]);
    assert_eq!(allowed(Dead), GroupState::ALL);
}

#[test]
fn state_04_a_second_rebalance_only_completes_the_first() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let first = rig.join(join("a").id(ids[0]));
    assert_eq!(rig.state(), PreparingRebalance);
    // Changed metadata would start a rebalance in Stable; here it completes the one in progress.
    rig.join(join("b").id(ids[1]).protocols(&[("range", "other")]));
    assert_eq!(rig.joined_at(first), (6_000, 2));
    let prepared = rig.state_changes().iter().filter(|change| change.1 == PreparingRebalance).count();
    assert_eq!(prepared, 2);
}

#[test]
fn state_05_the_join_phase_ends_in_completing_or_empty() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a")]);
    assert_eq!(rig.state_changes(), [(Empty, PreparingRebalance), (PreparingRebalance, CompletingRebalance)]);
    rig.leaves(ids[0]);
    assert_eq!(rig.state_changes()[2..], [(CompletingRebalance, PreparingRebalance), (PreparingRebalance, Empty)]);
}

#[test]
fn state_06_stable_when_the_leaders_assignment_is_written() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    rig.sync(ids[1], 1, &[]);
    assert_eq!(rig.state(), CompletingRebalance);
    rig.sync(ids[0], 1, &[]);
    assert_eq!(rig.state(), Stable);
    assert_eq!(rig.group_records().last(), Some(&(1, 2)));
}

#[test]
fn state_07_the_generation_rises_at_the_end_of_a_join_phase_only() {
    let mut rig = Rig::new();
    let before = rig.stable(&[join("a").instance("i")])[0];
    assert_eq!(rig.generation(), 1);
    rig.join(join("a").instance("i"));
    let a = rig.members()[0];
    assert_eq!((rig.generation(), rig.state(), a == before), (1, Stable, false), "static replacement");
    let (b, _) = rig.join_twice(join("b"));
    assert_eq!((rig.generation(), rig.state()), (1, PreparingRebalance), "prepared");
    rig.join(join("a").instance("i").id(a));
    assert_eq!((rig.generation(), rig.state()), (2, CompletingRebalance), "joined");
    rig.sync_all(&[a, b]);
    assert_eq!(rig.generation(), 2, "synced");
    rig.leave(&[(a, ""), (b, "")]);
    assert_eq!((rig.generation(), rig.state()), (3, Empty));
}

#[test]
fn state_08_becoming_empty() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.at(5_000);
    rig.leaves(a);
    let consumer = rig.names.intern("consumer");
    let group = rig.group();
    let metadata = rig.c.log.durable().groups[&group].clone();
    assert_eq!(metadata.generation, Generation(2));
    assert_eq!((metadata.protocol_type, metadata.protocol_name), (Some(consumer), None));
    assert_eq!((metadata.leader, metadata.state_ms, metadata.members.len()), (None, Some(5_000), 0));
    assert_eq!((rig.describe().protocol_type, rig.leader()), (consumer, None));
    assert_eq!(rig.group_records().last(), Some(&(2, 0)));
}

#[test]
fn state_09_an_empty_group_may_change_its_protocol_type() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.leaves(a);
    let (_, ticket) = rig.join_twice(join("w").protocol_type("connect").protocols(&[("compat", "x")]));
    rig.at(60_000);
    let connect = rig.names.intern("connect");
    assert_eq!(rig.joined(ticket).1.protocol_type, Some(connect));
    assert_eq!(rig.describe().protocol_type, connect);
}

#[test]
fn state_10_the_four_moments_of_writing() {
    let mut rig = Rig::new();
    let (a, _) = rig.join_twice(join("a"));
    assert_eq!(rig.group_records(), [(0, 0)], "created by a join");
    let (_, b) = rig.join_twice(join("b").instance(""));
    rig.join(join("s").instance("i"));
    rig.at(2 * D);
    let b = rig.joined(b).1.member;
    assert_eq!(rig.group_records().len(), 1, "a generation is not written before it is synced");
    let s = rig.members()[2];
    rig.sync_all(&[a, b, s]);
    assert_eq!(rig.group_records()[1..], [(1, 3)], "the leader's sync");
    rig.join(join("s").instance("i"));
    assert_eq!(rig.group_records()[2..], [(1, 3)], "static replacement");
    let s = rig.members()[2];
    rig.leave(&[(a, ""), (b, ""), (s, "")]);
    assert_eq!(rig.group_records()[3..], [(2, 0)], "becoming Empty");
    assert_eq!(rig.delete_group(), ErrorCode::None);
    let group = rig.group();
    assert!(!rig.c.log.durable().groups.contains_key(&group), "a tombstone");

    // What a reload brings back: the group that a join made, ...
    let mut rig = Rig::new();
    rig.join(join("a"));
    rig.reload();
    assert_eq!((rig.state(), rig.generation()), (Empty, 0));
    // ... a generation once it is synced, the new id of a static member, ...
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("s").instance("i")]);
    let again = rig.join(join("s").instance("i"));
    let s = rig.joined(again).1.member;
    rig.reload();
    assert_eq!((rig.state(), rig.members()), (Stable, vec![ids[0], s]));
    // ... and that it became Empty.
    rig.leave(&[(ids[0], ""), (s, "")]);
    rig.reload();
    assert_eq!((rig.state(), rig.generation()), (Empty, 2));
    // A generation that nobody synced is forgotten.
    let mut rig = Rig::new();
    rig.completing(&[join("a")]);
    rig.reload();
    assert_eq!((rig.generation(), rig.state(), rig.members().len()), (0, Empty, 0));
}

#[test]
fn state_11_nobody_left_but_a_pending_id() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.join(join("p"));
    rig.leaves(a);
    assert_eq!((rig.state(), rig.generation()), (PreparingRebalance, 1), "not at once");
    let now = rig.now_ms();
    rig.at(now);
    assert_eq!((rig.state(), rig.generation(), rig.now_ms()), (Empty, 2, D), "but on the next tick, 0 ms later");

    // Members that vanish while the group is already preparing leave the running timer alone.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    rig.join(join("p").st(30_000));
    rig.join(join("a").id(ids[0]));
    rig.leave(&[(ids[0], ""), (ids[1], "")]);
    rig.at(6_000 + 29_999);
    assert_eq!(rig.state(), PreparingRebalance);
    rig.at(6_000 + 30_000);
    assert_eq!((rig.state(), rig.generation()), (Empty, 2), "the last pending id expired");
}

#[test]
fn state_12_describe() {
    let mut rig = Rig::new();
    let unknown = rig.describe();
    assert_eq!((unknown.state, unknown.error, unknown.members.len()), (Some(Dead), ErrorCode::None, 0));
    let ids = rig.stable(&[join("a")]);
    let stable = rig.describe();
    let range = ProtocolName(rig.names.intern("range"));
    assert_eq!((stable.state, stable.protocol_name), (Some(Stable), range));
    let member = &stable.members[0];
    assert_eq!((member.member, rig.names.text(member.client_id)), (ids[0], "a"));
    assert_eq!(rig.names.text(member.host), "/10.0.0.1");
    assert_eq!((&*member.metadata, &*member.assignment), (&b"orders"[..], &b"part-0"[..]));
    rig.join_twice(join("b"));
    let preparing = rig.describe();
    assert_eq!((preparing.state, preparing.protocol_name), (Some(PreparingRebalance), ProtocolName::EMPTY));
    assert_eq!((preparing.members.len(), preparing.members[0].metadata.len()), (2, 0));
    assert_eq!(&*preparing.members[0].assignment, b"part-0");
}

#[test]
fn state_13_delete() {
    let mut rig = Rig::new();
    assert_eq!(rig.delete_group(), ErrorCode::GroupIdNotFound);
    let (a, _) = rig.join_twice(join("a"));
    assert_eq!(rig.delete_group(), ErrorCode::NonEmptyGroup, "preparing");
    rig.at(D);
    assert_eq!(rig.delete_group(), ErrorCode::NonEmptyGroup, "completing");
    rig.sync_all(&[a]);
    assert_eq!(rig.delete_group(), ErrorCode::NonEmptyGroup, "stable");
    assert_eq!(rig.commit(a, 1, 7), ErrorCode::None);
    rig.leaves(a);
    assert_eq!(rig.delete_group(), ErrorCode::None);
    assert_eq!((rig.exists(), rig.committed()), (false, -1));
    let (group, partition) = (rig.group(), rig.partition("orders", 0));
    assert_eq!(rig.kinds("offset_removed"), [Kind::OffsetRemoved { group, partition }]);
    assert_eq!(rig.kinds("group_removed"), [Kind::GroupRemoved { group }]);
    rig.reload();
    assert!(!rig.exists());
    rig.join(join("a"));
    assert_eq!(rig.generation(), 0);
}

#[test]
fn state_14_a_dead_group_object() {
    let mut rig = Rig::new();
    rig.ours_only();
    let a = rig.stable(&[join("a")])[0];
    assert_eq!(rig.commit(a, 1, 7), ErrorCode::None);
    rig.meddle(|c, cx, out| c.unload(cx, out));
    assert_eq!(rig.state(), Dead);
    let unavailable = ErrorCode::CoordinatorNotAvailable;
    let new = rig.join(join("b"));
    let known = rig.join(join("a").id(a));
    assert_eq!((rig.error(new), rig.error(known)), (unavailable, unavailable));
    assert_eq!((rig.joined(new).1.member, rig.joined(known).1.member), (MemberId::EMPTY, a));
    let sync = rig.sync(a, 1, &[]);
    let leave = rig.leave(&[(a, "")]);
    assert_eq!((rig.error(sync), rig.left(leave).error), (unavailable, unavailable));
    assert_eq!(rig.heartbeat(a, 1), unavailable);
    assert_eq!(rig.commit(a, 1, 8), unavailable);
    assert_eq!(rig.delete_group(), ErrorCode::GroupIdNotFound);
    let request = OffsetFetchRequest { group: Some(rig.group()), partitions: None, require_stable: false };
    let fetch = rig.send("a", 8, Request::OffsetFetch(Box::new(request)));
    let Some((_, Response::OffsetFetch(fetched))) = rig.answer(fetch) else { panic!("answered") };
    assert_eq!((fetched.error, fetched.partitions.len()), (ErrorCode::None, 0));
}
