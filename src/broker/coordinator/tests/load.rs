//! LOAD: giving up the log and taking it over.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;

#[test]
fn load_03_requests_while_loading() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.begin_reload();
    let loading = ErrorCode::CoordinatorLoadInProgress;
    let join = rig.join(join("b"));
    let leave = rig.leave(&[(a, "")]);
    assert_eq!((rig.error(join), rig.left(leave).error), (loading, loading));
    assert_eq!(rig.commit(a, 1, 5), loading);
    let request = OffsetFetchRequest { group: Some(rig.group()), partitions: None, require_stable: false };
    let fetch = rig.send("a", 8, Request::OffsetFetch(Box::new(request)));
    assert_eq!((rig.error(fetch), rig.heartbeat(a, 1)), (loading, ErrorCode::None));
    assert_eq!((rig.describe().error, rig.describe().state, rig.delete_group()), (loading, None, loading));
    let list = rig.send("admin", 5, Request::ListGroups);
    assert_eq!(rig.answer(list), Some((3_000, Response::ListGroups(loading, Vec::new()))));
    rig.finish_reload();
    assert_eq!(rig.commit(a, 1, 5), ErrorCode::None);
}

#[test]
fn load_04_sync_while_loading() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.begin_reload();
    let sync = rig.sync(a, 1, &[]);
    assert_eq!(rig.error(sync), ErrorCode::CoordinatorLoadInProgress);
}

#[test]
fn load_05_what_comes_back() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a").st(20_000).rt(30_000), join("s").instance("i")]);
    let before = rig.describe();
    rig.reload();
    assert_eq!(rig.describe(), before);
    assert_eq!((rig.state(), rig.generation(), rig.leader()), (Stable, 1, Some(ids[0])));
    let group = rig.group();
    let a = &rig.c.groups[&group].members[&ids[0]];
    assert_eq!((a.session_timeout_ms, a.rebalance_timeout_ms), (20_000, 30_000));
    let unknown = rig.join(join("s").instance("i").id(ids[0]));
    assert_eq!(rig.error(unknown), ErrorCode::FencedInstanceId, "static members are known");
    rig.leave(&[(ids[0], ""), (ids[1], "")]);
    rig.reload();
    assert_eq!((rig.state(), rig.generation()), (Empty, 2));
    // An old record without a rebalance timeout.
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a").rt(-1), join("b")])[0];
    rig.reload();
    let group = rig.group();
    assert_eq!(rig.c.groups[&group].members[&a].rebalance_timeout_ms, ST);
}

#[test]
fn load_06_only_the_selected_protocol_is_known() {
    let mut rig = Rig::new();
    let both = [("range", "x"), ("sticky", "y")];
    let ids = rig.stable(&[join("a").protocols(&both), join("b").protocols(&both)]);
    let same = rig.join(join("b").id(ids[1]).protocols(&both));
    assert_eq!((rig.error(same), rig.state()), (ErrorCode::None, Stable));
    rig.reload();
    rig.join(join("b").id(ids[1]).protocols(&both));
    assert_eq!(rig.state(), PreparingRebalance, "counts as changed");
}

#[test]
fn load_07_sessions_start_from_zero() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    rig.at(12_999);
    rig.reload();
    rig.at(22_998);
    assert_eq!(rig.members(), ids);
    rig.at(22_999);
    assert_eq!(rig.members(), []);
}

#[test]
fn load_08_too_many_members_rebalance_at_once() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b"), join("c")]);
    rig.reload_with(|config| config.group_max_size = 3);
    assert_eq!(rig.state(), Stable);
    rig.reload_with(|config| config.group_max_size = 2);
    assert_eq!(rig.state(), PreparingRebalance);
    assert_eq!(rig.commit(ids[0], 1, 5), ErrorCode::None, "a chance to commit");
    for (k, client) in ["a", "b", "c"].into_iter().enumerate() {
        let ticket = rig.join(join(client).id(ids[k]));
        if k == 2 {
            assert_eq!(rig.error(ticket), ErrorCode::GroupMaxSizeReached);
        }
    }
}

#[test]
fn load_09_what_is_lost() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    rig.commit(ids[0], 1, 5);
    let pending = rig.join(join("p"));
    let p = rig.joined(pending).1.member;
    let (c, _) = rig.join_twice(join("c"));
    rig.reload();
    assert_eq!((rig.state(), rig.generation(), rig.members()), (Stable, 1, ids.clone()));
    assert_eq!(rig.committed(), 5);
    for (client, id) in [("p", p), ("c", c)] {
        let ticket = rig.join(join(client).id(id));
        assert_eq!(rig.error(ticket), ErrorCode::UnknownMemberId);
    }
    let group = rig.group();
    let loaded = &rig.c.groups[&group];
    assert!(loaded.pending.is_empty() && loaded.pending_sync.is_empty() && !loaded.sync_timer.is_armed());
}

#[test]
fn load_10_a_generation_number_comes_twice() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    let (c, ticket) = rig.join_twice(join("c"));
    rig.join(join("a").id(ids[0]));
    rig.join(join("b").id(ids[1]));
    assert_eq!(rig.joined_at(ticket), (6_000, 2));
    rig.reload();
    assert_eq!(rig.heartbeat(ids[0], 2), ErrorCode::IllegalGeneration);
    assert_eq!(rig.heartbeat(c, 2), ErrorCode::UnknownMemberId);
    let a = rig.join(join("a").id(ids[0]));
    rig.join(join("b").id(ids[1]));
    assert_eq!(rig.joined_at(a), (6_000, 2));
    assert_eq!(rig.members(), ids);
}

#[test]
fn load_11_parked_requests_are_answered() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    let sync = rig.sync(ids[1], 1, &[]);
    rig.reload();
    assert_eq!(rig.error(sync), ErrorCode::NotCoordinator);
    let mut rig = Rig::new();
    let (id, parked) = rig.join_twice(join("a"));
    rig.begin_reload();
    let (_, answer) = rig.joined(parked);
    assert_eq!((answer.error, answer.member), (ErrorCode::NotCoordinator, id));
    assert_eq!(rig.c.next_deadline(), None, "all timers are cancelled");
}

#[test]
fn the_log_stays_small_and_replays_to_the_same_state() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    for k in 0..10_000 {
        assert_eq!(rig.commit(ids[0], 1, k), ErrorCode::None);
    }
    assert!(rig.c.log.records().len() < 1_100);
    let before = rig.c.log.durable().clone();
    rig.reload();
    assert_eq!(rig.c.log.durable(), &before);
    assert_eq!(rig.committed(), 9_999);
}

/// The connection of the rig's clients is older than the move: they still ask the old broker, which knows nothing any more.
#[test]
fn load_02_whoever_asks_the_old_coordinator_is_sent_away() {
    let mut rig = Rig::new();
    rig.ours_only();
    let a = rig.stable(&[join("a")])[0];
    let group = rig.group();
    rig.meddle(|c, cx, out| c.begin_failover(cx, group, ConnectionId(u32::MAX), out));
    let gone = ErrorCode::NotCoordinator;
    let (join, sync) = (rig.join(join("b")), rig.sync(a, 1, &[]));
    assert_eq!((rig.error(join), rig.error(sync)), (gone, gone));
    assert_eq!((rig.heartbeat(a, 1), rig.commit(a, 1, 5)), (gone, gone));
    let leave = rig.leave(&[(a, "")]);
    assert_eq!(rig.left(leave).error, gone);
    let request = OffsetFetchRequest { group: Some(group), partitions: None, require_stable: false };
    let fetch = rig.send("a", 8, Request::OffsetFetch(Box::new(request)));
    assert_eq!(rig.error(fetch), gone);
    rig.meddle(|c, cx, out| c.finish_failover(cx, group, out));
    assert_eq!((rig.heartbeat(a, 1), rig.state()), (gone, Stable));
}

/// A move does with one group what a reload does with all: what is durable stays, sessions and clean-up start over.
/// Kafka is asked in the differential runs of whole scenarios.
#[test]
fn load_09_a_failover_of_one_group() {
    let mut rig = Rig::with(|config| {
        config.offsets_retention_minutes = 1;
        config.offsets_retention_check_interval_ms = 7_000;
    });
    rig.ours_only();
    let a = rig.stable(&[join("a")])[0];
    assert_eq!(rig.commit(a, 1, 5), ErrorCode::None);
    let (group, partition) = (rig.group(), rig.partition("orders", 0));
    rig.at(10_000).meddle(|c, cx, out| c.begin_failover(cx, group, ConnectionId(0), out));
    assert_eq!((rig.c.is_loading(group), rig.c.group_state(group)), (true, None));
    assert_eq!((rig.heartbeat(a, 1), rig.commit(a, 1, 6)), (ErrorCode::None, ErrorCode::CoordinatorLoadInProgress));
    rig.at(12_500).meddle(|c, cx, out| c.finish_failover(cx, group, out));
    assert_eq!((rig.state(), rig.generation(), rig.c.committed(group, partition)), (Stable, 1, Some(Offset(5))));
    // LOAD-07: nothing is heard of the member; it is removed a session timeout after the load, and not before.
    rig.at(22_499);
    assert_eq!(rig.state(), Stable);
    rig.at(22_500);
    assert_eq!(rig.state(), Empty);
    // OFF-21: ticks at 12.5 s + k x 7 s; the group is Empty for a minute at 82.5 s, which is one of them.
    rig.at(82_499);
    assert_eq!(rig.c.committed(group, partition), Some(Offset(5)));
    rig.at(82_500);
    assert_eq!((rig.c.committed(group, partition), rig.c.group_state(group)), (None, None));
}
