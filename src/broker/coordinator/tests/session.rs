//! SESS: the session timer.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;
use crate::trace::{Kind, RemovalReason};

/// Whether `member` is removed exactly at `ms`.
#[track_caller]
fn expires_at(rig: &mut Rig, member: MemberId, ms: u64) {
    rig.at(ms - 1);
    assert!(rig.members().contains(&member), "gone before {ms}");
    rig.at(ms);
    assert!(!rig.members().contains(&member), "still there at {ms}");
}

#[test]
fn sess_01_one_timer_of_exactly_st() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a").st(7_777)]);
    expires_at(&mut rig, ids[0], 3_000 + 7_777);
    // Kafka's clock counts whole milliseconds.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    rig.at_us(5_000_999);
    assert_eq!(rig.heartbeat(ids[0], 1), ErrorCode::None);
    expires_at(&mut rig, ids[0], 15_000);
}

#[test]
fn sess_02_what_restarts_it() {
    // Heartbeats: HB-04, 05, 06. A commit in Stable and in PreparingRebalance:
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    rig.at(10_000);
    assert_eq!(rig.commit(ids[1], 1, 5), ErrorCode::None);
    rig.join(join("a").id(ids[0]));
    rig.at(19_000);
    assert_eq!((rig.state(), rig.commit(ids[1], 1, 6)), (PreparingRebalance, ErrorCode::None));
    expires_at(&mut rig, ids[1], 29_000);
    // The end of the join phase (at 29000, as b is gone):
    assert_eq!((rig.state(), rig.now_ms()), (CompletingRebalance, 29_000));
    expires_at(&mut rig, ids[0], 39_000);

    // An answered parked sync, good or bad: SYNC-07 and REB-01. Replacement and load: STATIC-03, LOAD-07.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("s").instance("i")]);
    rig.at(8_000);
    rig.join(join("s").instance("i"));
    let new = rig.members()[0];
    assert_ne!(new, ids[0]);
    expires_at(&mut rig, new, 18_000);
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    rig.at(8_000);
    rig.reload();
    expires_at(&mut rig, ids[0], 18_000);
}

#[test]
fn sess_03_a_commit_of_unknown_partitions_does_not() {
    let mut rig = Rig::new();
    // It never reaches the coordinator.
    rig.ours_only();
    let ids = rig.stable(&[join("a"), join("b")]);
    rig.at(12_000);
    let request = rig.commit_request(ids[1], 1, 5);
    let unknown = rig.partition("unknown-topic", 0);
    let partitions = vec![CommitPartition { partition: unknown, ..request.partitions[0] }];
    let errors = rig.send_commit(8, OffsetCommitRequest { partitions, ..request });
    assert_eq!(errors, [ErrorCode::UnknownTopicOrPartition]);
    expires_at(&mut rig, ids[1], 16_000);
}

#[test]
fn sess_03_what_does_not() {
    let acts: [fn(&mut Rig, MemberId); 6] = [
        |rig, b| {
            let repeated = rig.join(join("b").id(b));
            assert_eq!(rig.error(repeated), ErrorCode::None);
        },
        |rig, b| {
            let sync = rig.sync(b, 1, &[]);
            assert_eq!(rig.error(sync), ErrorCode::None, "in Stable");
        },
        |rig, b| assert_eq!(rig.commit(b, 0, 5), ErrorCode::IllegalGeneration),
        |rig, b| assert_eq!(rig.heartbeat(b, 0), ErrorCode::IllegalGeneration),
        |rig, b| {
            let refused = rig.join(join("b").id(b).protocols(&[("other", "x")]));
            assert_eq!(rig.error(refused), ErrorCode::InconsistentGroupProtocol);
        },
        |rig, _| {
            let request = OffsetFetchRequest { group: Some(rig.group()), partitions: None, require_stable: true };
            rig.send("b", 8, Request::OffsetFetch(Box::new(request)));
        },
    ];
    for act in acts {
        let mut rig = Rig::new();
        let ids = rig.stable(&[join("a"), join("b")]);
        rig.at(12_000);
        act(&mut rig, ids[1]);
        expires_at(&mut rig, ids[1], 16_000);
    }
    // A commit in CompletingRebalance.
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a")]);
    rig.at(10_000);
    assert_eq!(rig.commit(ids[0], 1, 5), ErrorCode::RebalanceInProgress);
    expires_at(&mut rig, ids[0], 13_000);
}

#[test]
fn sess_04_a_parked_request_protects() {
    // A parked join: its timer fires at 16000 and is not armed again.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let parked = rig.join(join("a").id(ids[0]));
    rig.beat(&ids[1..], 5_000, 65_999, ErrorCode::RebalanceInProgress);
    assert_eq!(rig.members(), ids);
    let group = rig.group();
    assert!(!rig.c.groups[&group].members[&ids[0]].session.is_armed());
    rig.at(66_000);
    assert_eq!(rig.joined_at(parked), (66_000, 2));
    expires_at(&mut rig, ids[0], 76_000);

    // A parked sync.
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    let parked = rig.sync(ids[1], 1, &[]);
    rig.beat(&ids[..1], 5_000, 50_000, ErrorCode::None);
    assert!(rig.is_parked(parked));
    rig.sync(ids[0], 1, &[]);
    assert_eq!(rig.synced(parked).0, 50_000);
    expires_at(&mut rig, ids[1], 60_000);
}

#[test]
fn sess_05_a_new_member_waits_five_minutes_at_most() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a").rt(400_000)]);
    rig.at(4_000);
    let (new, parked) = rig.join_twice(join("n").st(6_000));
    rig.beat(&ids, 5_000, 303_999, ErrorCode::RebalanceInProgress);
    assert_eq!((rig.is_parked(parked), rig.members().len()), (true, 2), "its ST has no say");
    rig.at(304_000);
    let (ms, answer) = rig.joined(parked);
    assert_eq!((ms, answer.error, answer.member), (304_000, ErrorCode::UnknownMemberId, MemberId::EMPTY));
    assert!(!rig.members().contains(&new));
}

#[test]
fn sess_06_st_replaces_the_five_minutes() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a").st(400_000).rt(900_000)]);
    expires_at(&mut rig, ids[0], 403_000);
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a").st(6_000)]);
    expires_at(&mut rig, ids[0], 9_000);
}

#[test]
fn sess_07_an_expired_member_is_removed() {
    for state in [CompletingRebalance, Stable] {
        let mut rig = Rig::new();
        let ids = rig.completing(&[join("a").st(60_000), join("b")]);
        if state == Stable {
            rig.sync_all(&ids);
        }
        expires_at(&mut rig, ids[1], 16_000);
        assert_eq!(rig.state_changes().last(), Some(&(state, PreparingRebalance)));
        let (group, reason) = (rig.group(), RemovalReason::Session);
        assert_eq!(rig.kinds("member_removed"), [Kind::MemberRemoved { group, member: ids[1], reason }]);
    }
    // While preparing, the phase completes if the rest has joined.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let parked = rig.join(join("a").id(ids[0]));
    rig.at(20_000);
    assert_eq!(rig.joined_at(parked), (16_000, 2));
}

#[test]
fn sess_08_before_the_join_timer() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b"), join("c")]);
    let parked = rig.join(join("a").id(ids[0]));
    rig.at(10_000);
    rig.beat(&ids[2..], 5_000, 15_999, ErrorCode::RebalanceInProgress);
    assert_eq!(rig.members().len(), 3);
    rig.at(16_000);
    assert_eq!(rig.members(), [ids[0], ids[2]], "b in the middle of the join phase");
    rig.beat(&ids[2..], 5_000, 65_999, ErrorCode::RebalanceInProgress);
    assert_eq!((rig.members().len(), rig.is_parked(parked)), (2, true));
    rig.at(66_000);
    assert_eq!(rig.members(), [ids[0]], "c when the join timer fired");
}

#[test]
fn sess_09_the_last_member_expires() {
    let mut rig = Rig::new();
    rig.stable(&[join("a")]);
    rig.at(12_999);
    assert_eq!(rig.state(), Stable);
    rig.at(13_000);
    assert_eq!((rig.state(), rig.generation()), (Empty, 2));
    assert_eq!(rig.state_changes()[3..], [(Stable, PreparingRebalance), (PreparingRebalance, Empty)]);
}

#[test]
fn sess_10_timeouts_are_taken_from_stored_joins_only() {
    // Stored: in Stable by the leader.
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.join(join("a").id(a).st(20_000).rt(30_000));
    assert_eq!(rig.kinds("member_updated").len(), 1);
    expires_at(&mut rig, a, 23_000);
    // Not stored: answered at once.
    let mut rig = Rig::new();
    let a = rig.completing(&[join("a")])[0];
    rig.join(join("a").id(a).st(20_000));
    assert_eq!(rig.kinds("member_updated").len(), 0);
    assert_eq!(rig.heartbeat(a, 1), ErrorCode::None);
    expires_at(&mut rig, a, 13_000);
}
