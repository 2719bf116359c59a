//! LEAVE: LeaveGroup.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;
use crate::trace::{Kind, PendingEnd, RemovalReason};

#[test]
fn leave_01_unknown_group_and_no_group() {
    let mut rig = Rig::new();
    let (m, n) = (MemberId(rig.names.intern("m")), MemberId(rig.names.intern("n")));
    let ticket = rig.leave(&[(m, ""), (n, "i")]);
    let instance = InstanceId(rig.names.intern("i"));
    let unknown = ErrorCode::UnknownMemberId;
    let members = vec![(m, InstanceId::EMPTY, unknown), (n, instance, unknown)];
    assert_eq!(rig.left(ticket), LeaveGroupResponse { error: ErrorCode::None, members });
    for group in [None, Some(GroupId::EMPTY)] {
        let ticket = rig.send("a", 5, Request::LeaveGroup(Box::new(LeaveGroupRequest { group, members: vec![] })));
        assert_eq!(rig.left(ticket).error, ErrorCode::InvalidGroupId);
    }
}

#[test]
fn leave_02_entries_have_their_own_errors() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("s").instance("i")]);
    let stranger = MemberId(rig.names.intern("m"));
    let ticket = rig.leave(&[(stranger, ""), (ids[0], "i"), (ids[0], ""), (ids[0], ""), (ids[1], "i")]);
    let left = rig.left(ticket);
    let errors: Vec<ErrorCode> = left.members.iter().map(|m| m.2).collect();
    use ErrorCode::*;
    assert_eq!((left.error, errors), (None, vec![UnknownMemberId, FencedInstanceId, None, UnknownMemberId, None]));
    assert_eq!(left.members.iter().map(|m| m.0).collect::<Vec<_>>(), [stranger, ids[0], ids[0], ids[0], ids[1]]);
}

#[test]
fn leave_03_by_instance_id_alone() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("s").instance("i")]);
    for (instance, error) in [("j", ErrorCode::UnknownMemberId), ("", ErrorCode::UnknownMemberId)] {
        let ticket = rig.leave(&[(MemberId::EMPTY, instance)]);
        assert_eq!((rig.left(ticket).members[0].2, rig.state()), (error, Stable));
    }
    let ticket = rig.leave(&[(MemberId::EMPTY, "i")]);
    assert_eq!(rig.left(ticket).members[0].2, ErrorCode::None);
    assert_eq!(rig.members(), ids[..1]);
    let (group, reason) = (rig.group(), RemovalReason::Admin);
    assert_eq!(rig.kinds("member_removed"), [Kind::MemberRemoved { group, member: ids[1], reason }]);
}

#[test]
fn leave_04_by_member_and_instance_id() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("s").instance("i")]);
    for (member, instance, error) in [
        (ids[1], "j", ErrorCode::UnknownMemberId),
        (ids[0], "i", ErrorCode::FencedInstanceId),
        (ids[1], "i", ErrorCode::None),
    ] {
        let ticket = rig.leave(&[(member, instance)]);
        assert_eq!(rig.left(ticket).members[0].2, error);
    }
    assert_eq!(rig.members(), ids[..1]);
}

#[test]
fn leave_05_a_static_member_by_member_id_alone() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("s").instance("i")]);
    assert_eq!(rig.leaves(ids[1]), ErrorCode::None);
    assert_eq!(rig.members(), ids[..1]);
    let back = rig.join(join("s").instance("i").id(ids[1]));
    assert_eq!(rig.error(back), ErrorCode::UnknownMemberId);
}

#[test]
fn leave_06_a_pending_id() {
    let mut rig = Rig::new();
    let first = rig.join(join("p"));
    let p = rig.joined(first).1.member;
    assert_eq!(rig.leaves(p), ErrorCode::None);
    let back = rig.join(join("p").id(p));
    assert_eq!((rig.error(back), rig.state()), (ErrorCode::UnknownMemberId, Empty));
    let (group, reason) = (rig.group(), PendingEnd::Left);
    assert_eq!(rig.kinds("pending_ended"), [Kind::PendingEnded { group, member: p, reason }]);
    // In the initial rebalance there is no early end, its expiry does not happen any more.
    let (_, ticket) = rig.join_twice(join("a"));
    rig.at(20_000);
    assert_eq!(rig.joined_at(ticket).0, D);
}

#[test]
fn leave_07_parked_requests_of_the_one_that_leaves() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b"), join("c")]);
    let parked = rig.join(join("a").id(ids[0]));
    rig.leaves(ids[0]);
    let (ms, answer) = rig.joined(parked);
    assert_eq!((ms, answer.error, answer.member), (6_000, ErrorCode::UnknownMemberId, MemberId::EMPTY));

    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    let parked = rig.sync(ids[1], 1, &[]);
    rig.leaves(ids[1]);
    rig.at(100_000);
    assert!(rig.is_parked(parked), "a parked sync is not answered");
    let removed = rig.kinds("member_removed").len();
    assert_eq!(removed, 2, "each was removed once: the session timer is gone");
}

#[test]
fn leave_08_one_rebalance_for_the_batch() {
    for state in [CompletingRebalance, Stable] {
        let mut rig = Rig::new();
        let ids = rig.completing(&[join("a"), join("b"), join("c")]);
        if state == Stable {
            rig.sync_all(&ids);
        }
        let before = rig.state_changes().len();
        rig.leave(&[(ids[0], ""), (ids[1], "")]);
        assert_eq!(rig.state_changes()[before..], [(state, PreparingRebalance)]);
        assert_eq!(rig.members(), ids[2..]);
    }
    // Nothing happened if nobody could leave.
    let mut rig = Rig::new();
    rig.stable(&[join("a")]);
    let stranger = MemberId(rig.names.intern("m"));
    rig.leaves(stranger);
    assert_eq!(rig.state(), Stable);
    // While preparing, the completion test runs.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let parked = rig.join(join("a").id(ids[0]));
    rig.at(8_000);
    rig.leaves(ids[1]);
    assert_eq!(rig.joined_at(parked), (8_000, 2));
    // In Empty nothing follows.
    let mut rig = Rig::new();
    let first = rig.join(join("p"));
    let p = rig.joined(first).1.member;
    rig.leaves(p);
    assert_eq!((rig.state_changes().len(), rig.generation()), (0, 0));
}

#[test]
fn leave_09_a_pending_id_that_leaves_starts_a_rebalance() {
    for state in [CompletingRebalance, Stable] {
        let mut rig = Rig::new();
        let ids = rig.completing(&[join("a")]);
        if state == Stable {
            rig.sync_all(&ids);
        }
        let first = rig.join(join("p"));
        let p = rig.joined(first).1.member;
        assert_eq!(rig.state(), state);
        rig.leaves(p);
        assert_eq!(rig.state_changes().last(), Some(&(state, PreparingRebalance)));
    }
}

#[test]
fn leave_10_the_last_member_leaves() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    assert_eq!(rig.leaves(a), ErrorCode::None);
    assert_eq!((rig.state(), rig.generation()), (Empty, 2));
    assert_eq!(rig.group_records().last(), Some(&(2, 0)));
    // If that cannot be written, the leaver learns it, and the group is Empty all the same.
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.fail_appends(ErrorCode::NotEnoughReplicas, 1);
    let ticket = rig.leave(&[(a, "")]);
    assert_eq!((rig.left(ticket).error, rig.left(ticket).members.len()), (ErrorCode::CoordinatorNotAvailable, 0));
    assert_eq!((rig.state(), rig.group_records().last()), (Empty, Some(&(1, 1))));
}

#[test]
fn leave_reasons_in_the_trace() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let group = rig.group();
    for (k, (text, reason)) in [
        ("consumer poll timeout has expired.", RemovalReason::MaxPoll),
        ("the consumer is being closed", RemovalReason::Leave),
    ]
    .into_iter()
    .enumerate()
    {
        let entry = LeavingMember { member: ids[k], instance: InstanceId::EMPTY, reason: rig.names.intern(text) };
        let request = LeaveGroupRequest { group: Some(group), members: vec![entry] };
        rig.send("a", 5, Request::LeaveGroup(Box::new(request)));
        assert_eq!(rig.kinds("member_removed")[k], Kind::MemberRemoved { group, member: ids[k], reason });
    }
}
