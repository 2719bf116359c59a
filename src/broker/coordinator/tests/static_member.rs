//! STATIC: static membership (KIP-345, KIP-814).

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;
use crate::trace::Kind;

fn fixed(client: &'static str, instance: &'static str) -> Join {
    join(client).instance(instance)
}

#[test]
fn static_01_member_ids() {
    let mut rig = Rig::new();
    let ticket = rig.join(fixed("client", "pod-0"));
    assert!(rig.is_parked(ticket), "no MEMBER_ID_REQUIRED");
    rig.at(D);
    let id = rig.joined(ticket).1.member;
    let text = rig.names.text(id);
    assert!(text.starts_with("pod-0-") && text.len() == "pod-0-".len() + 36, "{text}");
}

#[test]
fn static_02_unknown_and_fenced_everywhere() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), fixed("s", "i")]);
    for (instance, error) in [("j", ErrorCode::UnknownMemberId), ("i", ErrorCode::FencedInstanceId)] {
        let id = InstanceId(rig.names.intern(instance));
        let a = rig.join(fixed("a", instance).id(ids[0]));
        assert_eq!((rig.error(a), rig.joined(a).1.member), (error, ids[0]));
        let request = SyncGroupRequest { instance: id, ..rig.sync_request(ids[0], 1) };
        let sync = rig.send("a", 4, Request::SyncGroup(Box::new(request)));
        assert_eq!(rig.error(sync), error);
        let request = HeartbeatRequest { instance: id, ..rig.heartbeat_request(ids[0], 1) };
        let beat = rig.send("a", 4, Request::Heartbeat(request));
        assert_eq!(rig.error(beat), error);
        let request = OffsetCommitRequest { instance: id, ..rig.commit_request(ids[0], 1, 5) };
        assert_eq!(rig.send_commit(8, request), [error]);
        let leave = rig.leave(&[(ids[0], instance)]);
        assert_eq!(rig.left(leave).members[0].2, error);
    }
    assert_eq!((rig.state(), rig.members()), (Stable, ids));
}

#[test]
fn static_03_the_instance_goes_on_under_a_fresh_id() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[fixed("s", "i"), join("b").st(100_000)]);
    rig.at(8_000);
    let back = rig.join(fixed("other", "i").st(30_000).rt(90_000).protocols(&[("range", "new")]));
    let (_, answer) = rig.joined(back);
    let new = answer.member;
    assert_ne!(new, ids[0]);
    assert_eq!((answer.leader, rig.leader(), rig.members()), (new, Some(new), vec![new, ids[1]]));
    let described = rig.describe().members.remove(0);
    assert_eq!(rig.names.text(described.instance), "i");
    assert_eq!((&*described.assignment, &*described.metadata), (&b"part-0"[..], &b"new"[..]));
    assert_eq!(rig.names.text(described.client_id), "s", "the client id stays the old one");
    let group = rig.group();
    let member = &rig.c.groups[&group].members[&new];
    assert_eq!((member.session_timeout_ms, member.rebalance_timeout_ms), (30_000, 90_000));
    // The first session runs with the old ST; the old id's timer does nothing.
    rig.at(17_999);
    assert_eq!(rig.members().len(), 2);
    rig.at(18_000);
    assert_eq!(rig.members(), ids[1..]);
    // The new ST counts from the next restart.
    let mut rig = Rig::new();
    rig.stable(&[fixed("s", "i")]);
    rig.join(fixed("s", "i").st(30_000));
    let new = rig.members()[0];
    rig.at(4_000);
    assert_eq!(rig.heartbeat(new, 1), ErrorCode::None);
    rig.at(33_999);
    assert_eq!(rig.members().len(), 1);
    rig.at(34_000);
    assert_eq!(rig.members().len(), 0);
}

#[test]
fn static_04_requests_parked_under_the_old_id_are_fenced() {
    let mut rig = Rig::new();
    let old = rig.join(fixed("s", "i"));
    rig.at(1_000);
    rig.join(fixed("s", "i"));
    let (ms, answer) = rig.joined(old);
    assert_eq!((ms, answer.error, answer.leader), (1_000, ErrorCode::FencedInstanceId, MemberId::EMPTY));
    assert!(rig.names.text(answer.member).starts_with("i-"), "its own, old id");
    assert_ne!(answer.member, rig.members()[0]);

    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), fixed("s", "i")]);
    let old = rig.sync(ids[1], 1, &[]);
    rig.join(fixed("s", "i"));
    let (ms, answer) = rig.synced(old);
    assert_eq!((ms, answer.error, answer.assignment.len()), (6_000, ErrorCode::FencedInstanceId, 0));
}

#[test]
fn static_05_replacement_in_stable_without_a_rebalance() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), fixed("s", "i")]);
    let records = rig.group_records().len();
    rig.at(8_000);
    let back = rig.join(fixed("s", "i"));
    assert_eq!(rig.joined_at(back), (8_000, 1));
    assert_eq!((rig.state(), rig.generation(), rig.group_records().len()), (Stable, 1, records + 1));
    let new = rig.joined(back).1.member;
    let sync = rig.sync(new, 1, &[]);
    assert_eq!(rig.assignment(sync), "part-1", "the old assignment");
    assert_eq!(rig.heartbeat(ids[1], 1), ErrorCode::UnknownMemberId);
    rig.reload();
    assert_eq!(rig.members(), [ids[0], new], "the new id is durable");
}

#[test]
fn static_06_another_subscription_does_not_rebalance() {
    let mut rig = Rig::new();
    rig.stable(&[join("a"), fixed("s", "i")]);
    let back = rig.join(fixed("s", "i").protocols(&[("range", "quite different")]));
    assert_eq!((rig.error(back), rig.state(), rig.generation()), (ErrorCode::None, Stable, 1));
}

#[test]
fn static_07_another_selected_protocol_rebalances() {
    let mut rig = Rig::new();
    let both = [("range", "x"), ("sticky", "x")];
    rig.stable(&[fixed("s", "i").protocols(&both)]);
    let range = rig.describe().protocol_name;
    assert_eq!(rig.names.text(range), "range");
    let back = rig.join(fixed("s", "i").protocols(&[("sticky", "x"), ("range", "x")]));
    assert_eq!((rig.joined_at(back), rig.state()), ((D, 2), CompletingRebalance));
    let sticky = rig.joined(back).1.protocol_name.expect("chosen");
    assert_eq!(rig.names.text(sticky), "sticky");
}

#[test]
fn static_08_a_replaced_leader_must_skip_the_assignment() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[fixed("s", "i"), fixed("t", "j")]);
    let leader = rig.join(fixed("s", "i").version(9));
    let (_, answer) = rig.joined(leader);
    assert_eq!((answer.leader, answer.skip_assignment), (answer.member, true));
    let list: Vec<MemberId> = answer.members.iter().map(|m| m.member).collect();
    assert_eq!(list, [answer.member, ids[1]]);
    let sync = rig.sync(answer.member, 1, &[]);
    assert_eq!(rig.assignment(sync), "part-0");
    let follower = rig.join(fixed("t", "j").version(9));
    let (_, second) = rig.joined(follower);
    assert_eq!((second.leader, second.skip_assignment, second.members.len()), (answer.member, false, 0));
}

#[test]
fn static_09_before_version_9_it_believes_to_follow() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[fixed("s", "i"), fixed("t", "j")]);
    let leader = rig.join(fixed("s", "i").version(8));
    let (_, answer) = rig.joined(leader);
    assert_eq!((answer.leader, answer.skip_assignment, answer.members.len()), (ids[0], false, 0));
    assert_eq!(rig.leader(), Some(answer.member), "it leads all the same");
}

#[test]
fn static_10_the_replacement_cannot_be_written() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[fixed("s", "i"), join("b").st(100_000)]);
    rig.fail_appends(ErrorCode::NotLeaderOrFollower, 1);
    rig.at(8_000);
    let back = rig.join(fixed("s", "i").st(30_000).protocols(&[("range", "new")]));
    let (ms, answer) = rig.joined(back);
    assert_eq!((ms, answer.error, answer.member), (8_000, ErrorCode::NotCoordinator, MemberId::EMPTY));
    assert_eq!((answer.leader, answer.generation), (ids[0], Generation(1)));
    assert_eq!((rig.members(), rig.leader(), rig.state()), (ids.clone(), Some(ids[0]), Stable));
    assert_eq!(&*rig.describe().members[0].metadata, b"orders");
    let group = rig.group();
    assert_eq!(
        (rig.c.groups[&group].awaiting_join, rig.c.groups[&group].tally.count(ProtocolName(rig.names.intern("range")))),
        (0, 2)
    );
    // The old id is whole again, its session restarted with its old ST.
    rig.at(17_999);
    assert_eq!(rig.members(), ids);
    let sync = rig.sync(ids[0], 1, &[]);
    assert_eq!(rig.assignment(sync), "part-0");
    rig.at(18_000);
    assert_eq!(rig.members(), ids[1..]);
}

#[test]
fn static_11_replacement_while_completing() {
    let mut rig = Rig::new();
    rig.completing(&[join("a"), fixed("s", "i")]);
    let back = rig.join(fixed("s", "i"));
    assert!(rig.is_parked(back));
    assert_eq!(rig.state_changes().last(), Some(&(CompletingRebalance, PreparingRebalance)));
}

#[test]
fn static_12_replacement_while_preparing() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), fixed("s", "i")]);
    rig.join(fixed("s", "i").id(ids[1]).protocols(&[("range", "new")]));
    let parked = rig.join(join("a").id(ids[0]));
    // Everyone had joined, so the phase is over; once more, with s out of it.
    assert_eq!(rig.joined_at(parked).1, 2);
    let ids = rig.members();
    rig.sync_all(&ids);
    let again = rig.join(join("a").id(ids[0]));
    assert!(rig.is_parked(again));
    rig.at(9_000);
    let back = rig.join(fixed("s", "i"));
    assert_eq!((rig.joined_at(back), rig.joined_at(again)), ((9_000, 3), (9_000, 3)), "the completion test ran");
}

#[test]
fn static_13_with_its_known_id_it_is_like_any_other() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[fixed("s", "i"), fixed("t", "j")]);
    let follower = rig.join(fixed("t", "j").id(ids[1]));
    assert_eq!((rig.error(follower), rig.state()), (ErrorCode::None, Stable));
    rig.join(fixed("t", "j").id(ids[1]).protocols(&[("range", "new")]));
    assert_eq!(rig.state(), PreparingRebalance, "a changed follower");
    rig.join(fixed("s", "i").id(ids[0]));
    rig.sync_all(&ids);
    rig.join(fixed("s", "i").id(ids[0]));
    assert_eq!((rig.state(), rig.generation()), (PreparingRebalance, 2), "the leader");
}

#[test]
fn static_14_a_new_instance_rebalances() {
    for state in [CompletingRebalance, Stable] {
        let mut rig = Rig::new();
        let ids = rig.completing(&[fixed("s", "i")]);
        if state == Stable {
            rig.sync_all(&ids);
        }
        rig.join(fixed("t", "j"));
        assert_eq!(rig.state_changes().last(), Some(&(state, PreparingRebalance)));
    }
}

#[test]
fn static_15_the_join_timer_does_not_remove_it() {
    let long = |join: Join| join.rt(20_000).st(300_000);
    let mut rig = Rig::new();
    let ids = rig.stable(&[long(join("d")), long(fixed("s", "i"))]);
    let again = rig.join(long(join("d")).id(ids[0]));
    rig.at(26_000);
    assert_eq!((rig.joined_at(again), rig.members()), ((26_000, 2), ids.clone()));
    // The sync timer does (SYNC-11), and so do a session timeout, an admin's leave and capacity.
    rig.leave(&[(MemberId::EMPTY, "i")]);
    assert_eq!(rig.members(), ids[..1]);
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("d"), fixed("s", "i")]);
    rig.join(join("d").id(ids[0]));
    rig.at(16_000);
    assert_eq!(rig.members(), ids[..1], "session timeout");
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("d"), fixed("s", "i")]);
    rig.reload_with(|config| config.group_max_size = 1);
    rig.join(join("d").id(ids[0]));
    rig.join(fixed("s", "i").id(ids[1]));
    assert_eq!(rig.members(), ids[..1], "capacity");
}

#[test]
fn static_16_a_silent_bounce_within_st_costs_nothing() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a").st(30_000), fixed("s", "i")]);
    // No LeaveGroup; back just in time.
    rig.at(15_999);
    let back = rig.join(fixed("s", "i"));
    assert_eq!(rig.joined_at(back), (15_999, 1));
    rig.at(16_500);
    assert_eq!((rig.state(), rig.generation(), rig.members()[0]), (Stable, 1, ids[0]));
    let prepared = rig.state_changes().iter().filter(|change| change.1 == PreparingRebalance).count();
    assert_eq!(prepared, 1);
}

#[test]
fn static_17_the_old_id_stays_in_the_pending_sync_set() {
    let long = |join: Join| join.rt(20_000).st(300_000);
    let mut rig = Rig::new();
    let ids = rig.completing(&[long(join("a")), long(fixed("s", "i"))]);
    rig.sync(ids[0], 1, &[]);
    assert_eq!(rig.state(), Stable);
    rig.at(7_000);
    let back = rig.join(long(fixed("s", "i")));
    let new = rig.joined(back).1.member;
    let sync = rig.sync(new, 1, &[]);
    assert_eq!((rig.error(sync), rig.state()), (ErrorCode::None, Stable));
    rig.at(25_999);
    assert_eq!(rig.state(), Stable);
    rig.at(26_000);
    assert_eq!((rig.state(), rig.members()), (PreparingRebalance, vec![ids[0], new]), "nobody is removed");
}

#[test]
fn static_replacement_in_the_trace() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[fixed("s", "i")]);
    let back = rig.join(fixed("s", "i"));
    let new = rig.joined(back).1.member;
    let replaced = rig.kinds("member_replaced");
    assert!(matches!(replaced[..], [Kind::MemberReplaced { old, new: to, .. }] if old == ids[0] && to == new));
    assert_eq!(rig.kinds("member_removed").len(), 0);
}
