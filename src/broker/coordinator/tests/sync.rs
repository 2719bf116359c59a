//! SYNC: SyncGroup.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;
use crate::trace::{Kind, RemovalReason};

#[test]
fn sync_01_request_layer() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a")]);
    for group in [None, Some(GroupId::EMPTY)] {
        let request = SyncGroupRequest { group, ..rig.sync_request(ids[0], 1) };
        let ticket = rig.send("a", 4, Request::SyncGroup(Box::new(request)));
        assert_eq!(rig.error(ticket), ErrorCode::InvalidGroupId);
    }
}

#[test]
fn sync_01_from_version_5_on_protocol_type_and_name_must_be_there() {
    let mut rig = Rig::new();
    // The work of Kafka's request layer.
    rig.ours_only();
    let ids = rig.completing(&[join("a")]);
    let (consumer, range) = (rig.names.intern("consumer"), ProtocolName(rig.names.intern("range")));
    for (protocol_type, protocol_name) in [(None, None), (Some(consumer), None), (None, Some(range))] {
        let request = SyncGroupRequest { protocol_type, protocol_name, ..rig.sync_request(ids[0], 1) };
        let ticket = rig.send("a", 5, Request::SyncGroup(Box::new(request)));
        assert_eq!(rig.error(ticket), ErrorCode::InconsistentGroupProtocol);
    }
    let request =
        SyncGroupRequest { protocol_type: Some(consumer), protocol_name: Some(range), ..rig.sync_request(ids[0], 1) };
    let ticket = rig.send("a", 5, Request::SyncGroup(Box::new(request)));
    assert_eq!(rig.error(ticket), ErrorCode::None);
}

#[test]
fn sync_02_unknown_or_empty_group() {
    let mut rig = Rig::new();
    let stranger = MemberId(rig.names.intern("m"));
    let ticket = rig.sync(stranger, 0, &[]);
    assert_eq!((rig.error(ticket), rig.exists()), (ErrorCode::UnknownMemberId, false));
    let a = rig.stable(&[join("a")])[0];
    rig.leaves(a);
    let ticket = rig.sync(a, 2, &[]);
    assert_eq!(rig.error(ticket), ErrorCode::UnknownMemberId);
}

#[test]
fn sync_03_order_of_checks() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("s").instance("i")]);
    let stranger = MemberId(rig.names.intern("m"));
    let wrong = Some(rig.names.intern("wrong"));
    let (known, unknown) = (InstanceId(rig.names.intern("i")), InstanceId(rig.names.intern("j")));
    rig.join_twice(join("x"));
    assert_eq!(rig.state(), PreparingRebalance);
    // Each request is wrong in everything that is checked later, too.
    for (member, instance, generation, protocol_type, error) in [
        (stranger, unknown, 9, wrong, ErrorCode::UnknownMemberId),
        (stranger, known, 9, wrong, ErrorCode::FencedInstanceId),
        (ids[0], unknown, 9, wrong, ErrorCode::UnknownMemberId),
        (ids[0], known, 9, wrong, ErrorCode::FencedInstanceId),
        (stranger, InstanceId::EMPTY, 9, wrong, ErrorCode::UnknownMemberId),
        (ids[1], known, 9, wrong, ErrorCode::IllegalGeneration),
        (ids[1], known, 0, wrong, ErrorCode::IllegalGeneration),
        (ids[1], known, 1, wrong, ErrorCode::InconsistentGroupProtocol),
        (ids[1], known, 1, None, ErrorCode::RebalanceInProgress),
    ] {
        let request = SyncGroupRequest { instance, protocol_type, ..rig.sync_request(member, generation) };
        let ticket = rig.send("a", 4, Request::SyncGroup(Box::new(request)));
        assert_eq!(rig.error(ticket), error);
    }
    let protocol_name = wrong.map(ProtocolName);
    let request = SyncGroupRequest { protocol_name, ..rig.sync_request(ids[0], 1) };
    let ticket = rig.send("a", 4, Request::SyncGroup(Box::new(request)));
    assert_eq!(rig.error(ticket), ErrorCode::InconsistentGroupProtocol);
}

#[test]
fn sync_04_no_protocol_is_never_inconsistent() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    let (consumer, range) = (rig.names.intern("consumer"), ProtocolName(rig.names.intern("range")));
    for (protocol_type, protocol_name) in
        [(None, None), (Some(consumer), None), (None, Some(range)), (Some(consumer), Some(range))]
    {
        let request = SyncGroupRequest { protocol_type, protocol_name, ..rig.sync_request(ids[0], 1) };
        let ticket = rig.send("a", 4, Request::SyncGroup(Box::new(request)));
        assert_eq!(rig.error(ticket), ErrorCode::None);
    }
}

#[test]
fn sync_05_while_preparing() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    rig.join_twice(join("b"));
    let ticket = rig.sync(ids[0], 1, &[]);
    assert_eq!((rig.state(), rig.error(ticket)), (PreparingRebalance, ErrorCode::RebalanceInProgress));
}

#[test]
fn sync_06_a_follower_is_parked() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    rig.at(10_000);
    let parked = rig.sync(ids[1], 1, &[(ids[0], "nonsense"), (ids[1], "nonsense")]);
    assert!(rig.is_parked(parked));
    let group = rig.group();
    let pending: Vec<bool> = ids.iter().map(|id| rig.c.groups[&group].pending_sync.contains(id)).collect();
    assert_eq!((pending, rig.state()), (vec![true, false], CompletingRebalance));
    rig.at(12_000);
    rig.sync(ids[0], 1, &[(ids[1], "real")]);
    assert_eq!(rig.assignment(parked), "real");

    // Its session timer still runs from the completion at 6000: it fires at 16000 in vain (SESS-04).
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a").st(30_000), join("b")]);
    rig.at(10_000);
    rig.sync(ids[1], 1, &[]);
    let deadline = rig.c.next_deadline().map(|at| at.as_ms());
    assert_eq!(deadline, Some(16_000));
}

#[test]
fn sync_07_the_leader_hands_in_the_assignment() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b"), join("c")]);
    rig.at(9_000);
    let follower = rig.sync(ids[1], 1, &[]);
    rig.at(10_000);
    let leader = rig.sync(ids[0], 1, &[(ids[0], "for-a"), (ids[1], "for-b")]);
    assert_eq!(rig.state(), Stable);
    let (consumer, range) = (rig.names.intern("consumer"), ProtocolName(rig.names.intern("range")));
    for (ticket, text) in [(follower, "for-b"), (leader, "for-a")] {
        let (ms, answer) = rig.synced(ticket);
        assert_eq!((ms, answer.error, &*answer.assignment), (10_000, ErrorCode::None, text.as_bytes()));
        assert_eq!((answer.protocol_type, answer.protocol_name), (Some(consumer), Some(range)));
    }
    let group = rig.group();
    let record = rig.c.log.durable().groups[&group].clone();
    let written: Vec<&[u8]> = record.members.iter().map(|m| &*m.assignment).collect();
    assert_eq!(written, [&b"for-a"[..], b"for-b", b""]);
    let late = rig.sync(ids[2], 1, &[]);
    assert_eq!(rig.assignment(late), "", "left out by the leader");
    // Sessions of those whose parked sync was answered restarted at 10000; c's runs from 6000.
    rig.at(15_999);
    assert_eq!(rig.members().len(), 3);
    rig.at(16_000);
    assert_eq!(rig.members(), ids[..2]);
    rig.at(19_999);
    assert_eq!(rig.members(), ids[..2]);
    rig.at(20_000);
    assert_eq!(rig.state(), Empty);
}

#[test]
fn sync_08_the_assignment_cannot_be_written() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    rig.at(9_000);
    let follower = rig.sync(ids[1], 1, &[]);
    rig.fail_appends(ErrorCode::NotEnoughReplicas, 1);
    let leader = rig.sync(ids[0], 1, &[(ids[0], "x"), (ids[1], "y")]);
    for ticket in [follower, leader] {
        let (ms, answer) = rig.synced(ticket);
        assert_eq!((ms, answer.error, answer.assignment.len()), (9_000, ErrorCode::CoordinatorNotAvailable, 0));
    }
    assert_eq!((rig.state(), rig.generation()), (PreparingRebalance, 1));
    assert!(rig.describe().members.iter().all(|member| member.assignment.is_empty()));
    // The group as written is still the empty one.
    assert_eq!(rig.group_records(), [(0, 0)]);
    let again = rig.join(join("a").id(ids[0]));
    rig.join(join("b").id(ids[1]));
    assert_eq!(rig.joined_at(again), (9_000, 2));
    rig.sync_all(&ids);
}

#[test]
fn sync_08_a_stale_outcome_is_ignored() {
    let mut rig = Rig::new();
    rig.ours_only();
    let ids = rig.completing(&[join("a"), join("b")]);
    let parked = rig.sync(ids[1], 1, &[]);
    let group = rig.group();
    let metadata = rig.c.groups[&group].metadata(|member| member.assignment.clone());
    for (generation, result) in [(0, Ok(())), (0, Err(ErrorCode::NotEnoughReplicas)), (2, Ok(()))] {
        rig.meddle(|c, cx, out| {
            c.with_group(cx, out, group, |g, op| {
                g.assignment_appended(op, Generation(generation), ids[0], &metadata, result)
            });
        });
        assert_eq!(rig.state(), CompletingRebalance);
        assert!(rig.is_parked(parked));
    }
}

#[test]
fn sync_09_the_sync_timer() {
    let longs = [join("a").rt(20_000).st(60_000), join("b").rt(25_000).st(60_000)];
    // Length: the longest rebalance timeout, from the completion at 6000.
    let mut rig = Rig::new();
    let ids = rig.completing(&longs);
    rig.sync(ids[0], 1, &[]);
    rig.at(30_999);
    assert_eq!(rig.state(), Stable);
    rig.at(31_000);
    assert_eq!(rig.state(), PreparingRebalance);
    // Cancelled when the last one has synced.
    let mut rig = Rig::new();
    let ids = rig.completing(&longs);
    rig.sync(ids[0], 1, &[]);
    rig.sync(ids[1], 1, &[]);
    rig.beat(&ids, 10_000, 70_000, ErrorCode::None);
    assert_eq!((rig.state(), rig.generation()), (Stable, 1));
}

#[test]
fn sync_10_members_that_did_not_sync_are_removed() {
    let long = |client| join(client).rt(20_000).st(60_000);
    let joins = [long("a"), long("b"), long("s").instance("i")];
    // Only the leader synced; the group is Stable.
    let mut rig = Rig::new();
    let ids = rig.completing(&joins[..2]);
    rig.sync(ids[0], 1, &[]);
    rig.at(25_999);
    assert_eq!(rig.state(), Stable);
    rig.at(26_000);
    assert_eq!((rig.state(), rig.members()), (PreparingRebalance, vec![ids[0]]));
    let (group, reason) = (rig.group(), RemovalReason::SyncTimeout);
    assert_eq!(rig.kinds("member_removed"), [Kind::MemberRemoved { group, member: ids[1], reason }]);

    // Only a follower synced: leader and static member go, and the parked sync is sent back.
    let mut rig = Rig::new();
    let ids = rig.completing(&joins);
    rig.at(20_000);
    let parked = rig.sync(ids[1], 1, &[]);
    rig.at(25_999);
    assert_eq!(rig.members().len(), 3);
    rig.at(26_000);
    assert_eq!((rig.members(), rig.leader()), (vec![ids[1]], Some(ids[1])));
    assert_eq!((rig.synced(parked).0, rig.error(parked)), (26_000, ErrorCode::RebalanceInProgress));

    // Nobody synced: the group empties.
    let mut rig = Rig::new();
    rig.completing(&joins[..2]);
    rig.at(26_000);
    assert_eq!((rig.state(), rig.generation()), (Empty, 2));
}

#[test]
fn sync_11_an_absent_static_member_in_a_new_generation() {
    let long = |client| join(client).rt(20_000).st(300_000);
    // Evicted by the sync timer ...
    let mut rig = Rig::new();
    let ids = rig.stable(&[long("d"), long("s").instance("i")]);
    let again = rig.join(long("d").id(ids[0]));
    rig.at(26_000);
    assert_eq!(rig.joined_at(again), (26_000, 2));
    rig.sync(ids[0], 2, &[]);
    assert_eq!((rig.state(), rig.members().len()), (Stable, 2));
    rig.at(45_999);
    assert_eq!(rig.state(), Stable);
    rig.at(46_000);
    assert_eq!((rig.state(), rig.members()), (PreparingRebalance, vec![ids[0]]));
    // ... or by its session timer, restarted at completion, if that is shorter.
    let mut rig = Rig::new();
    let s = rig.completing(&[long("d"), long("s").instance("i").st(15_000)]);
    rig.sync_all(&s);
    rig.at(10_000);
    assert_eq!(rig.heartbeat(s[1], 1), ErrorCode::None);
    rig.join(long("d").id(s[0]));
    assert_eq!(rig.state(), PreparingRebalance);
    rig.at(12_000);
    assert_eq!(rig.heartbeat(s[1], 1), ErrorCode::RebalanceInProgress);
    rig.at(24_000);
    assert_eq!(rig.heartbeat(s[1], 1), ErrorCode::RebalanceInProgress);
    rig.at(30_000);
    rig.sync(s[0], 2, &[]);
    rig.at(44_999);
    assert_eq!((rig.state(), rig.members().len()), (Stable, 2));
    rig.at(45_000);
    assert_eq!((rig.state(), rig.members().len()), (PreparingRebalance, 1));
}

#[test]
fn sync_12_in_stable_the_stored_assignment() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    rig.sync(ids[0], 1, &[(ids[0], "for-a")]);
    let group = rig.group();
    assert!(rig.c.groups[&group].pending_sync.contains(&ids[1]));
    let empty = rig.sync(ids[1], 1, &[]);
    assert_eq!(rig.assignment(empty), "");
    assert!(rig.c.groups[&group].pending_sync.is_empty());
    let again = rig.sync(ids[0], 1, &[(ids[0], "ignored")]);
    assert_eq!((rig.assignment(again).as_str(), rig.generation()), ("for-a", 1));
    let (_, answer) = rig.synced(again);
    assert!(answer.protocol_type.is_some() && answer.protocol_name.is_some());
}

#[test]
fn sync_13_in_stable_the_session_timer_runs_on() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    rig.at(8_000);
    rig.sync(ids[0], 1, &[]);
    rig.at(3_000 + 9_999);
    assert_eq!(rig.members().len(), 1);
    rig.at(3_000 + 10_000);
    assert_eq!(rig.members().len(), 0);
}

#[test]
fn sync_14_heartbeats_are_no_syncs() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a").rt(30_000), join("b").rt(30_000)]);
    rig.beat(&ids, 3_000, 35_999, ErrorCode::None);
    assert_eq!((rig.state(), rig.members().len()), (CompletingRebalance, 2));
    rig.at(36_000);
    assert_eq!((rig.state(), rig.members().len()), (Empty, 0));
}

#[test]
fn sync_15_a_second_sync_replaces_the_first() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    let lost = rig.sync(ids[1], 1, &[]);
    let kept = rig.sync(ids[1], 1, &[]);
    rig.sync(ids[0], 1, &[(ids[1], "for-b")]);
    assert_eq!(rig.assignment(kept), "for-b");
    assert!(rig.is_parked(lost), "never answered");
}
