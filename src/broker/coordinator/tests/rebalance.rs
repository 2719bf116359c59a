//! REB: prepare rebalance and the join timer.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;

#[test]
fn reb_01_from_completing_parked_syncs_are_sent_back() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b"), join("c")]);
    rig.at(9_000);
    let parked = rig.sync(ids[1], 1, &[]);
    rig.at(10_000);
    rig.join_twice(join("d"));
    let (ms, answer) = rig.synced(parked);
    assert_eq!((ms, answer.error, answer.assignment.len()), (10_000, ErrorCode::RebalanceInProgress, 0));
    assert_eq!((answer.protocol_type, answer.protocol_name), (None, None));
    assert!(rig.describe().members.iter().all(|member| member.assignment.is_empty()));
    // a and c expire ST after the completion at 6000, b after its answered sync at 10000.
    rig.at(15_999);
    assert_eq!(rig.members().len(), 4);
    rig.at(16_000);
    assert_eq!(rig.members()[0], ids[1]);
    rig.at(19_999);
    assert_eq!(rig.members().len(), 2);
    rig.at(20_000);
    assert!(!rig.members().contains(&ids[1]));
}

#[test]
fn reb_01_the_sync_timer_is_cancelled() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a").rt(20_000).st(30_000), join("b").rt(20_000).st(30_000)]);
    rig.at(10_000);
    rig.join(join("a").id(ids[0]).protocols(&[("range", "new")]).rt(20_000).st(30_000));
    assert_eq!(rig.state(), PreparingRebalance);
    rig.join(join("b").id(ids[1]).rt(20_000).st(30_000));
    assert_eq!(rig.generation(), 2);
    // The first generation's sync timer would fire at 26000, the second one's fires at 30000.
    rig.at(29_999);
    assert_eq!(rig.members().len(), 2);
    rig.at(30_000);
    assert_eq!(rig.state(), Empty);
}

#[test]
fn reb_02_from_stable_assignments_stay_and_the_sync_timer_goes() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    rig.sync(ids[0], 1, &[(ids[0], "part-0"), (ids[1], "part-1")]);
    assert_eq!(rig.state(), Stable);
    rig.join(join("a").id(ids[0]));
    let described = rig.describe();
    assert_eq!(
        (&*described.members[0].assignment, &*described.members[1].assignment),
        (&b"part-0"[..], &b"part-1"[..])
    );
    let group = rig.group();
    assert!(rig.c.groups[&group].pending_sync.is_empty(), "b owed a sync");
    assert!(!rig.c.groups[&group].sync_timer.is_armed());
}

#[test]
fn reb_03_a_group_that_emptied_pays_the_delay_again() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.leaves(a);
    rig.at(50_000);
    let (_, ticket) = rig.join_twice(join("a"));
    rig.at(50_000 + D - 1);
    assert!(rig.is_parked(ticket));
    rig.at(60_000);
    assert_eq!(rig.joined_at(ticket), (50_000 + D, 3));
}

#[test]
fn reb_04_at_once_or_the_longest_rebalance_timeout() {
    // A sole leader that rejoins is everybody.
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.at(4_000);
    let again = rig.join(join("a").id(a));
    assert_eq!(rig.joined_at(again), (4_000, 2));

    // Otherwise one timer of the longest RT, that of the newcomer included; heartbeats keep the rest.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a").rt(20_000), join("b").rt(25_000)]);
    let (_, c) = rig.join_twice(join("c").rt(40_000));
    rig.beat(&ids, 5_000, 6_000 + 39_999, ErrorCode::RebalanceInProgress);
    assert!(rig.is_parked(c));
    rig.at(50_000);
    assert_eq!(rig.joined_at(c), (6_000 + 40_000, 2));
}

#[test]
fn reb_05_the_join_timer_is_fixed() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b").rt(30_000), join("c").rt(20_000)]);
    let a = rig.join(join("a").id(ids[0]).rt(20_000));
    // RT 30000 of b rules; a later one of 90000 does not extend it, b's leaving does not shorten it.
    rig.join_twice(join("d").rt(90_000));
    assert_eq!(rig.leaves(ids[1]), ErrorCode::None);
    rig.beat(&[ids[2]], 5_000, 6_000 + 29_999, ErrorCode::RebalanceInProgress);
    assert!(rig.is_parked(a));
    rig.at(60_000);
    assert_eq!(rig.joined_at(a), (36_000, 2));
}

#[test]
fn reb_06_a_pending_id_holds_up_completion() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    let pending = rig.join(join("p"));
    let again = rig.join(join("a").id(a));
    assert!(rig.is_parked(again), "one pending id is out");
    rig.at(5_000);
    let p = rig.joined(pending).1.member;
    let joined = rig.join(join("p").id(p));
    assert_eq!((rig.joined_at(again), rig.joined_at(joined)), ((5_000, 2), (5_000, 2)));
}

#[test]
fn reb_07_completion_is_tested_after_join_leave_and_expiries() {
    // Three members; a rejoins, then b and c go in each of the ways.
    let start = || {
        let mut rig = Rig::new();
        let ids = rig.stable(&[join("a"), join("b"), join("c")]);
        let ticket = rig.join(join("a").id(ids[0]));
        rig.join(join("b").id(ids[1]));
        (rig, ids, ticket)
    };
    let (mut rig, ids, ticket) = start();
    rig.at(7_000);
    rig.join(join("c").id(ids[2]));
    assert_eq!(rig.joined_at(ticket), (7_000, 2), "a join");

    let (mut rig, ids, ticket) = start();
    rig.at(7_000);
    rig.leaves(ids[2]);
    assert_eq!(rig.joined_at(ticket), (7_000, 2), "a leave");

    let (mut rig, _, ticket) = start();
    rig.at(30_000);
    assert_eq!(rig.joined_at(ticket), (16_000, 2), "a session expiry");

    let (mut rig, ids, ticket) = start();
    rig.join(join("p").st(12_000));
    rig.join(join("c").id(ids[2]));
    rig.at(30_000);
    assert_eq!(rig.joined_at(ticket), (18_000, 2), "the expiry of a pending id");
}

#[test]
fn reb_08_absent_dynamic_members_go_and_static_ones_stay() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a").st(100_000), join("b").st(100_000), join("s").instance("i").st(200_000)]);
    rig.join(join("p").st(100_000));
    let again = rig.join(join("a").id(ids[0]).st(100_000));
    rig.at(6_000 + u64::from(RT.unsigned_abs()));
    assert_eq!(rig.joined_at(again), (66_000, 2));
    assert_eq!(rig.members(), [ids[0], ids[2]]);
    assert_eq!(rig.heartbeat(ids[1], 2), ErrorCode::UnknownMemberId);
    let list = rig.joined(again).1.members;
    assert_eq!(list.iter().map(|m| m.member).collect::<Vec<_>>(), [ids[0], ids[2]]);
    let group = rig.group();
    assert_eq!(rig.c.groups[&group].pending.len(), 1, "pending ids are untouched");
}

#[test]
fn reb_09_only_absent_static_members_extend_the_phase() {
    let mut rig = Rig::new();
    let long = |client| join(client).rt(20_000).st(300_000);
    let ids = rig.stable(&[long("s").instance("i"), long("t").instance("j"), long("d")]);
    let d = rig.join(long("d").id(ids[2]).protocols(&[("range", "new")]));
    assert_eq!(rig.state(), PreparingRebalance);
    rig.leaves(ids[2]);
    assert_eq!(rig.error(d), ErrorCode::UnknownMemberId);
    for k in 1..=3 {
        rig.at(6_000 + k * 20_000);
        assert_eq!((rig.state(), rig.generation()), (PreparingRebalance, 1));
    }
    let back = rig.join(long("s").instance("i").id(ids[0]));
    rig.at(85_999);
    assert!(rig.is_parked(back));
    rig.at(90_000);
    assert_eq!(rig.joined_at(back), (86_000, 2), "the fourth timer of 20000 ms");
}

#[test]
fn reb_10_a_completed_join_phase() {
    let mut rig = Rig::new();
    let (a, first) = rig.join_twice(join("a").protocols(&[("range", "ra"), ("sticky", "sa")]));
    let second = rig.join(join("s").instance("i").protocols(&[("range", "rs")]));
    rig.at(2 * D);
    let (ms, leader) = rig.joined(first);
    let (_, follower) = rig.joined(second);
    let s = follower.member;
    let (consumer, range) = (rig.names.intern("consumer"), ProtocolName(rig.names.intern("range")));
    for answer in [&leader, &follower] {
        assert_eq!((answer.error, answer.generation, answer.leader), (ErrorCode::None, Generation(1), a));
        assert_eq!((answer.protocol_type, answer.protocol_name), (Some(consumer), Some(range)));
        assert!(!answer.skip_assignment);
    }
    assert_eq!((ms, leader.member, follower.members.len()), (6_000, a, 0));
    let instance = InstanceId(rig.names.intern("i"));
    let line = |member, instance, text| JoinGroupMember { member, instance, metadata: bytes(text) };
    assert_eq!(leader.members, [line(a, InstanceId::EMPTY, "ra"), line(s, instance, "rs")]);
    let group = rig.group();
    let group = &rig.c.groups[&group];
    assert!(group.members.values().all(|member| !member.is_new && group.pending_sync.contains(&member.id)));
    assert!(group.sync_timer.is_armed());
    // Sessions were restarted at 6000.
    rig.at(15_999);
    assert_eq!(rig.members().len(), 2);
    rig.at(16_000);
    assert_eq!(rig.state(), Empty);
}

#[test]
fn reb_11_an_initial_rebalance_does_not_end_early() {
    let mut rig = Rig::new();
    let (a, first) = rig.join_twice(join("a"));
    let (_, second) = rig.join_twice(join("b"));
    assert!(rig.is_parked(first), "everyone has joined, but it is the initial rebalance");
    rig.at(1_000);
    assert_eq!(rig.leaves(a), ErrorCode::None);
    assert!(rig.is_parked(second));
    rig.at(10_000);
    assert_eq!(rig.joined_at(second), (6_000, 1));
}

#[test]
fn reb_12_an_expiry_ends_even_an_initial_rebalance() {
    let mut rig = Rig::with(|config| config.group_min_session_timeout_ms = 1);
    rig.join(join("p").st(1_500));
    let (_, ticket) = rig.join_twice(join("a"));
    rig.at(1_499);
    assert!(rig.is_parked(ticket));
    rig.at(10_000);
    assert_eq!(rig.joined_at(ticket), (1_500, 1), "ahead of the delay timer at 3000");
}
