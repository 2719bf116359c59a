//! JOIN: JoinGroup.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;
use crate::trace::{Kind, PendingEnd, RemovalReason};

#[test]
fn join_01_invalid_group_id() {
    let mut rig = Rig::new();
    let member = MemberId(rig.names.intern("m"));
    for group in [None, Some(GroupId::EMPTY)] {
        let mut request = rig.join_request(&join("a").id(member));
        request.group = group;
        request.session_timeout_ms = 1;
        let ticket = rig.send("a", 9, Request::JoinGroup(Box::new(request)));
        let (_, answer) = rig.joined(ticket);
        assert_eq!((answer.error, answer.member), (ErrorCode::InvalidGroupId, member));
    }
}

#[test]
fn join_02_session_timeout_range() {
    let mut rig = Rig::new();
    let member = MemberId(rig.names.intern("m"));
    for (st, error) in [
        (5_999, ErrorCode::InvalidSessionTimeout),
        (6_000, ErrorCode::UnknownMemberId),
        (1_800_000, ErrorCode::UnknownMemberId),
        (1_800_001, ErrorCode::InvalidSessionTimeout),
    ] {
        let ticket = rig.join(join("a").id(member).st(st).rt(i32::MAX));
        assert_eq!((rig.error(ticket), rig.joined(ticket).1.member), (error, member));
    }
    let ticket = rig.join(join("a").rt(-5));
    assert_eq!(rig.error(ticket), ErrorCode::MemberIdRequired, "the rebalance timeout has no bounds");
}

#[test]
fn join_03_unknown_group_with_a_member_id() {
    let mut rig = Rig::new();
    let member = MemberId(rig.names.intern("m"));
    let ticket = rig.join(join("a").id(member));
    assert_eq!((rig.error(ticket), rig.joined(ticket).1.member), (ErrorCode::UnknownMemberId, member));
    assert!(!rig.exists());
}

#[test]
fn join_04_unknown_member_of_a_known_group() {
    let mut rig = Rig::new();
    let stranger = MemberId(rig.names.intern("m"));
    rig.join(join("p"));
    let ticket = rig.join(join("a").id(stranger));
    assert_eq!((rig.error(ticket), rig.state()), (ErrorCode::UnknownMemberId, Empty));
    rig.stable(&[join("a")]);
    let ticket = rig.join(join("b").id(stranger));
    assert_eq!((rig.error(ticket), rig.state()), (ErrorCode::UnknownMemberId, Stable));
}

#[test]
fn join_05_empty_group_is_always_accepted() {
    let mut rig = Rig::with(|config| config.group_max_size = 1);
    for client in ["a", "b", "c"] {
        let ticket = rig.join(join(client));
        assert_eq!(rig.error(ticket), ErrorCode::MemberIdRequired);
    }
}

#[test]
fn join_06_while_preparing_parked_joins_count() {
    let mut rig = Rig::with(|config| config.group_max_size = 2);
    let ids: Vec<MemberId> = ["a", "b", "c"]
        .map(|client| {
            let ticket = rig.join(join(client));
            rig.joined(ticket).1.member
        })
        .to_vec();
    rig.join(join("a").id(ids[0]));
    rig.join(join("b").id(ids[1]));
    let third = rig.join(join("c").id(ids[2]));
    assert_eq!(rig.error(third), ErrorCode::GroupMaxSizeReached);
    let parked = rig.join(join("b").id(ids[1]));
    assert!(rig.is_parked(parked), "one whose join is parked is accepted");

    // After the size was reduced, the last to rejoin is thrown out.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b"), join("c")]);
    rig.reload_with(|config| config.group_max_size = 2);
    rig.join(join("c").id(ids[2]).protocols(&[("range", "new")]));
    let second = rig.join(join("a").id(ids[0]));
    let last = rig.join(join("b").id(ids[1]));
    assert_eq!(rig.error(last), ErrorCode::GroupMaxSizeReached);
    assert!(rig.is_parked(second));
    assert_eq!(rig.members(), [ids[0], ids[2]]);
}

#[test]
fn join_07_while_stable_members_count() {
    let mut rig = Rig::with(|config| config.group_max_size = 2);
    let ids = rig.completing(&[join("a"), join("b")]);
    for state in [CompletingRebalance, Stable] {
        assert_eq!(rig.state(), state);
        let other = rig.join(join("c"));
        assert_eq!(rig.error(other), ErrorCode::GroupMaxSizeReached);
        let known = rig.join(join("b").id(ids[1]));
        assert_eq!(rig.error(known), ErrorCode::None);
        if state == CompletingRebalance {
            rig.sync_all(&ids);
        }
    }
    rig.leaves(ids[1]);
    rig.join(join("a").id(ids[0]));
    rig.sync_all(&ids[..1]);
    for client in ["d", "e", "f"] {
        let ticket = rig.join(join(client));
        assert_eq!(rig.error(ticket), ErrorCode::MemberIdRequired, "pending ids do not count");
    }
}

#[test]
fn join_08_a_refused_member_is_removed_without_a_rebalance() {
    let mut rig = Rig::with(|config| config.group_max_size = 2);
    let long = |client| join(client).st(100_000).rt(20_000);
    let a = rig.stable(&[long("a")])[0];
    // Stable: a pending id is refused and forgotten. It was given before the group was full.
    let pending = rig.join(long("p"));
    let p = rig.joined(pending).1.member;
    let s = rig.join(long("s").instance("i"));
    rig.join(long("a").id(a));
    rig.at(3_000 + 20_000);
    let ids = [a, rig.joined(s).1.member];
    rig.sync_all(&ids);
    let refused = rig.join(long("p").id(p));
    let (_, answer) = rig.joined(refused);
    assert_eq!((answer.error, answer.member), (ErrorCode::GroupMaxSizeReached, MemberId::EMPTY));
    let group = rig.group();
    assert!(rig.c.groups[&group].pending.is_empty());
    let reason = PendingEnd::Capacity;
    assert_eq!(rig.kinds("pending_ended").last(), Some(&Kind::PendingEnded { group, member: p, reason }));
    assert_eq!(rig.state(), Stable);
    // Preparing: removing the last two that had not joined does not complete the phase.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b"), join("c")]);
    rig.reload_with(|config| config.group_max_size = 1);
    let first = rig.join(join("a").id(ids[0]));
    for (client, id) in [("b", ids[1]), ("c", ids[2])] {
        let ticket = rig.join(join(client).id(id));
        assert_eq!((rig.error(ticket), rig.joined(ticket).1.member), (ErrorCode::GroupMaxSizeReached, MemberId::EMPTY));
    }
    assert_eq!(rig.members(), [ids[0]]);
    assert!(rig.is_parked(first));
    let reason = RemovalReason::Capacity;
    assert_eq!(rig.kinds("member_removed").last(), Some(&Kind::MemberRemoved { group, member: ids[2], reason }));
    rig.at(6_000 + u64::from(RT.unsigned_abs()));
    assert_eq!(rig.joined_at(first), (66_000, 2));
}

#[test]
fn join_09_a_full_group_refuses_a_restarted_static_member() {
    let mut rig = Rig::with(|config| config.group_max_size = 1);
    let ids = rig.completing(&[join("s").instance("i")]);
    for state in [CompletingRebalance, Stable] {
        assert_eq!(rig.state(), state);
        let back = rig.join(join("s").instance("i"));
        assert_eq!(rig.error(back), ErrorCode::GroupMaxSizeReached);
        assert_eq!(rig.members(), ids);
        if state == CompletingRebalance {
            rig.sync_all(&ids);
        }
    }
}

#[test]
fn join_10_member_id_required() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a")]);
    let group = rig.group();
    for version in [4, 9] {
        let ticket = rig.join(join("b").version(version));
        let (_, answer) = rig.joined(ticket);
        assert_eq!((answer.error, answer.generation), (ErrorCode::MemberIdRequired, Generation::NONE));
        let id = rig.names.text(answer.member).to_owned();
        let uuid = id.strip_prefix("b-").expect("client id first");
        assert_eq!(uuid.len(), 36);
        let dashes: Vec<usize> = uuid.match_indices('-').map(|(at, _)| at).collect();
        assert_eq!((dashes, &uuid[14..15]), (vec![8, 13, 18, 23], "4"));
        assert!("89ab".contains(&uuid[19..20]));
        assert!(rig.c.groups[&group].pending.contains_key(&answer.member));
        assert_eq!((rig.state(), rig.members().len()), (CompletingRebalance, 1));
    }
    rig.sync_all(&ids);
    rig.join(join("b"));
    assert_eq!((rig.state(), rig.generation()), (Stable, 1));
}

#[test]
fn join_11_a_pending_id_expires_after_its_session_timeout() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    let ticket = rig.join(join("p").st(7_000));
    let p = rig.joined(ticket).1.member;
    let again = rig.join(join("a").id(ids[0]));
    rig.at(3_000 + 6_999);
    assert!(rig.is_parked(again));
    rig.at(3_000 + 7_000);
    assert_eq!(rig.joined_at(again), (10_000, 2), "the completion test runs");
    let late = rig.join(join("p").id(p));
    assert_eq!(rig.error(late), ErrorCode::UnknownMemberId);
    let group = rig.group();
    let reason = PendingEnd::Expired;
    assert_eq!(rig.kinds("pending_ended").last(), Some(&Kind::PendingEnded { group, member: p, reason }));
}

#[test]
fn join_12_old_versions_are_added_directly() {
    for version in [0, 3] {
        let mut rig = Rig::new();
        let ticket = rig.join(join("old").version(version).st(8_000).rt(90_000));
        assert_eq!((rig.state(), rig.members().len()), (PreparingRebalance, 1));
        rig.at(D);
        let id = rig.joined(ticket).1.member;
        assert!(rig.names.text(id).starts_with("old-"));
        let group = rig.group();
        let rt = rig.c.groups[&group].members[&id].rebalance_timeout_ms;
        assert_eq!(rt, if version == 0 { 8_000 } else { 90_000 }, "version 0 has no rebalance timeout");
    }
}

#[test]
fn join_13_a_pending_id_becomes_a_member() {
    for state in [Empty, CompletingRebalance, Stable] {
        let mut rig = Rig::new();
        if state != Empty {
            let ids = rig.completing(&[join("a")]);
            if state == Stable {
                rig.sync_all(&ids);
            }
        }
        let first = rig.join(join("p"));
        assert_eq!(rig.state(), state);
        let p = rig.joined(first).1.member;
        let second = rig.join(join("p").id(p));
        assert!(rig.is_parked(second));
        assert_eq!((rig.state(), rig.members().last()), (PreparingRebalance, Some(&p)));
        let group = rig.group();
        assert!(rig.c.groups[&group].pending.is_empty());
    }
    // In PreparingRebalance it may be the one that was waited for.
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    let first = rig.join(join("p"));
    let p = rig.joined(first).1.member;
    rig.join(join("a").id(a));
    let second = rig.join(join("p").id(p));
    assert_eq!(rig.joined_at(second), (D, 2));
}

#[test]
fn join_14_a_pending_id_with_an_instance_id() {
    let mut rig = Rig::new();
    let first = rig.join(join("p"));
    let p = rig.joined(first).1.member;
    let second = rig.join(join("p").id(p).instance("i"));
    let (_, answer) = rig.joined(second);
    assert_eq!((answer.error, answer.member), (ErrorCode::UnknownServerError, MemberId::EMPTY));
    let group = rig.group();
    assert!(rig.c.groups[&group].pending.contains_key(&p));
}

#[test]
fn join_15_inconsistent_protocols() {
    let inconsistent = ErrorCode::InconsistentGroupProtocol;
    let mut rig = Rig::new();
    for empty in [join("a").protocol_type(""), join("a").protocols(&[])] {
        let ticket = rig.join(empty);
        assert_eq!(rig.error(ticket), inconsistent);
        assert!(rig.exists(), "the group is created all the same");
    }
    let both = [("range", "x"), ("sticky", "y")];
    rig.stable(&[join("a").protocols(&both), join("b").protocols(&[("sticky", "y")])]);
    for (joiner, error) in [
        (join("c").protocol_type("connect").protocols(&[("sticky", "y")]), inconsistent),
        (join("c").protocols(&[("range", "x")]), inconsistent),
        (join("c").protocols(&[]), inconsistent),
        (join("c").protocols(&[("sticky", "z")]), ErrorCode::MemberIdRequired),
    ] {
        let ticket = rig.join(joiner);
        assert_eq!(rig.error(ticket), error);
    }
}

#[test]
fn join_16_ones_own_old_protocols_count() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a").protocols(&[("A", "x")])])[0];
    let switch = rig.join(join("a").id(a).protocols(&[("B", "x")]));
    assert_eq!((rig.error(switch), rig.state()), (ErrorCode::InconsistentGroupProtocol, Stable));
    let both = rig.join(join("a").id(a).protocols(&[("A", "x"), ("B", "x")]));
    assert_eq!(rig.joined_at(both), (D, 2));
    rig.leaves(a);
    let (_, fresh) = rig.join_twice(join("a").protocols(&[("B", "x")]));
    rig.at(20_000);
    assert_eq!(rig.error(fresh), ErrorCode::None);
}

#[test]
fn join_17_a_refused_joiner_changes_nothing() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    let first = rig.join(join("p"));
    let p = rig.joined(first).1.member;
    for (client, id) in [("a", a), ("p", p)] {
        let refused = rig.join(join(client).id(id).protocols(&[("sticky", "x")]));
        let (_, answer) = rig.joined(refused);
        assert_eq!((answer.error, answer.member), (ErrorCode::InconsistentGroupProtocol, id));
        assert_eq!((answer.protocol_type, answer.protocol_name), (None, None));
        assert_eq!(answer.generation, Generation::NONE);
    }
    let group = rig.group();
    assert!(rig.c.groups[&group].pending.contains_key(&p));
    assert_eq!((rig.state(), rig.members()), (Stable, vec![a]));
    assert_eq!(&*rig.describe().members[0].metadata, b"orders");
}

#[test]
fn join_18_every_new_member_rebalances() {
    for newcomer in [join("b"), join("b").version(3), join("b").instance("i")] {
        for state in [CompletingRebalance, Stable] {
            let mut rig = Rig::new();
            let a = rig.completing(&[join("a")]);
            if state == Stable {
                rig.sync_all(&a);
            }
            if newcomer.version >= 4 && newcomer.instance.is_empty() {
                rig.join_twice(newcomer.clone());
            } else {
                rig.join(newcomer.clone());
            }
            assert_eq!(rig.state_changes().last(), Some(&(state, PreparingRebalance)));
            // A third one joins the rebalance in progress.
            rig.join_twice(join("c"));
            assert_eq!((rig.members().len(), rig.state_changes().last()), (3, Some(&(state, PreparingRebalance))));
        }
    }
}

#[test]
fn join_19_a_known_member_while_preparing() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let lost = rig.join(join("a").id(ids[0]));
    let kept = rig.join(join("a").id(ids[0]).protocols(&[("range", "new")]).st(20_000).rt(70_000));
    let group = rig.group();
    assert_eq!(rig.c.groups[&group].awaiting_join, 1);
    let member = &rig.c.groups[&group].members[&ids[0]];
    assert_eq!((member.session_timeout_ms, member.rebalance_timeout_ms), (20_000, 70_000));
    assert_eq!(&*member.protocols[0].metadata, b"new");
    assert_eq!(rig.state(), PreparingRebalance);
    rig.join(join("b").id(ids[1]));
    assert_eq!(rig.joined_at(kept), (6_000, 2));
    assert!(rig.is_parked(lost), "never answered");
}

#[test]
fn join_20_unchanged_while_completing() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("s").instance("i")]);
    let leader = rig.join(join("a").id(ids[0]));
    let follower = rig.join(join("s").id(ids[1]).instance("i").rt(1).st(30_000));
    let (_, first) = rig.joined(leader);
    let (_, second) = rig.joined(follower);
    for answer in [&first, &second] {
        assert_eq!((answer.error, answer.generation, answer.leader), (ErrorCode::None, Generation(1), ids[0]));
        assert!(answer.protocol_name.is_some() && answer.protocol_type.is_some() && !answer.skip_assignment);
    }
    assert_eq!((first.members.len(), second.members.len()), (2, 0));
    assert_eq!((first.member, second.member, rig.state()), (ids[0], ids[1], CompletingRebalance));
}

#[test]
fn join_21_changed_while_completing() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    let own = rig.sync(ids[1], 1, &[]);
    let parked = rig.join(join("b").id(ids[1]).protocols(&[("range", "new")]));
    assert!(rig.is_parked(parked));
    assert_eq!(rig.state(), PreparingRebalance);
    assert_eq!(rig.error(own), ErrorCode::RebalanceInProgress);
    rig.join(join("a").id(ids[0]));
    assert_eq!(rig.joined_at(parked), (6_000, 2));
}

#[test]
fn join_22_the_leader_in_stable() {
    for metadata in ["orders", "changed"] {
        let mut rig = Rig::new();
        let ids = rig.completing(&[join("a"), join("b")]);
        let unchanged = rig.join(join("a").id(ids[0]));
        assert_eq!((rig.error(unchanged), rig.state()), (ErrorCode::None, CompletingRebalance), "not in Completing");
        rig.sync_all(&ids);
        let ticket = rig.join(join("a").id(ids[0]).protocols(&[("range", metadata)]));
        assert!(rig.is_parked(ticket));
        assert_eq!(rig.state(), PreparingRebalance);
    }
}

#[test]
fn join_23_a_changed_follower_in_stable() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let ticket = rig.join(join("b").id(ids[1]).protocols(&[("range", "changed")]));
    assert!(rig.is_parked(ticket));
    assert_eq!(rig.state(), PreparingRebalance);
}

#[test]
fn join_24_an_unchanged_follower_in_stable() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let ticket = rig.join(join("b").id(ids[1]));
    let (ms, answer) = rig.joined(ticket);
    assert_eq!((ms, answer.error, answer.generation), (6_000, ErrorCode::None, Generation(1)));
    assert_eq!((answer.leader, answer.member, answer.members.len()), (ids[0], ids[1], 0));
    assert_eq!(rig.state(), Stable);
}

#[test]
fn join_25_what_unchanged_means() {
    let list = [("range", "x"), ("sticky", "y")];
    let changed = |protocols: &[(&'static str, &'static str)], st: i32| {
        let mut rig = Rig::new();
        let ids = rig.stable(&[join("a").protocols(&list), join("b").protocols(&list)]);
        rig.join(join("b").id(ids[1]).protocols(protocols).st(st).rt(st));
        let group = rig.group();
        (rig.state() == PreparingRebalance, rig.c.groups[&group].members[&ids[1]].session_timeout_ms)
    };
    assert_eq!(changed(&list, ST), (false, ST));
    assert_eq!(changed(&list, 40_000), (false, ST), "timeouts are neither compared nor stored");
    assert_eq!(changed(&[("sticky", "y"), ("range", "x")], 40_000), (true, 40_000));
    assert_eq!(changed(&[("range", "x"), ("sticky", "z")], ST), (true, ST));
    assert_eq!(changed(&[("range", "x")], ST), (true, ST));
}

#[test]
fn join_26_owned_partitions_make_a_subscription_differ() {
    let mut rig = Rig::new();
    let topic = TopicName(rig.names.intern("orders"));
    let owning = |rig: &mut Rig, partitions: u32, generation| {
        let owned = (0..partitions).map(|p| TopicPartition::new(topic, p)).collect();
        let generation = Generation(generation);
        let subscription = consumer_protocol::Subscription { topics: vec![topic], user_data: None, owned, generation };
        consumer_protocol::encode_subscription(&subscription, &rig.names)
    };
    let first = owning(&mut rig, 0, -1);
    let rejoin = |rig: &mut Rig, member: MemberId, metadata: &Bytes| {
        let mut request = rig.join_request(&join("b").id(member));
        request.protocols[0].metadata = metadata.clone();
        rig.send("b", 9, Request::JoinGroup(Box::new(request)))
    };
    rig.join_twice(join("a"));
    let ticket = rig.join(join("b"));
    let b = rig.joined(ticket).1.member;
    rejoin(&mut rig, b, &first);
    rig.at(2 * D);
    let ids = rig.members();
    rig.sync_all(&ids);
    // A repeated JoinGroup is answered at once; one that names what it owns by now starts a rebalance.
    let repeated = rejoin(&mut rig, b, &first);
    assert_eq!((rig.error(repeated), rig.state()), (ErrorCode::None, Stable));
    let second = owning(&mut rig, 2, 1);
    rejoin(&mut rig, b, &second);
    assert_eq!(rig.state(), PreparingRebalance);
}

#[test]
fn join_27_a_join_does_not_restart_the_session_timer() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    rig.at(15_000);
    let answered = rig.join(join("b").id(ids[1]));
    assert_eq!(rig.error(answered), ErrorCode::None);
    rig.at(16_000);
    assert_eq!(rig.state(), Empty, "both expired ST after the completion at 6000");

    // All timers restart at completion, also those of members added 4 minutes 59 seconds ago.
    let mut rig = Rig::with(|config| config.group_initial_rebalance_delay_ms = 299_000);
    let (_, ticket) = rig.join_twice(join("a").rt(300_000));
    rig.at(299_000 + 9_999);
    assert_eq!((rig.joined_at(ticket), rig.members().len()), ((299_000, 1), 1));
    rig.at(299_000 + 10_000);
    assert_eq!(rig.members().len(), 0);
}

#[test]
fn join_28_a_group_of_another_kind() {
    let mut rig = Rig::new();
    let group = rig.group();
    rig.ours_only();
    rig.meddle(|c, cx, _| c.create_share_group(cx, group));
    let member = MemberId(rig.names.intern("m"));
    for id in [MemberId::EMPTY, member] {
        let ticket = rig.join(join("a").id(id));
        let (_, answer) = rig.joined(ticket);
        assert_eq!((answer.error, answer.member), (ErrorCode::InconsistentGroupProtocol, MemberId::EMPTY));
    }
}

#[test]
fn join_29_the_first_record_cannot_be_written() {
    use ErrorCode::*;
    for (error, answered) in [
        (UnknownTopicOrPartition, CoordinatorNotAvailable),
        (NotEnoughReplicas, CoordinatorNotAvailable),
        (RequestTimedOut, CoordinatorNotAvailable),
        (NotLeaderOrFollower, NotCoordinator),
        (KafkaStorageError, NotCoordinator),
        (MessageTooLarge, UnknownServerError),
        (RecordListTooLarge, UnknownServerError),
        (InvalidFetchSize, UnknownServerError),
        (UnknownMemberId, UnknownMemberId),
    ] {
        let mut rig = Rig::new();
        rig.fail_appends(error, 1);
        let ticket = rig.join(join("s").instance("i"));
        let (_, answer) = rig.joined(ticket);
        assert_eq!((answer.error, answer.member), (answered, MemberId::EMPTY));
        assert!(!rig.exists());
        rig.at(400_000);
        assert!(!rig.exists(), "no timer is left that matters");
    }
    // A dynamic member has had its answer by then; the id it got is worth nothing.
    let mut rig = Rig::new();
    rig.fail_appends(NotLeaderOrFollower, 1);
    let first = rig.join(join("a"));
    let (_, answer) = rig.joined(first);
    assert_eq!((answer.error, rig.exists()), (MemberIdRequired, false));
    let second = rig.join(join("a").id(answer.member));
    assert_eq!(rig.error(second), UnknownMemberId);
}
