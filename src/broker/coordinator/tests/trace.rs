//! What the coordinator writes into the trace: chains of causes, assigned partitions, order of timers.

use super::rig::*;
use crate::ids::*;
use crate::protocol::*;
use crate::trace::{Event, Kind, StateReason};

fn of<'a>(rig: &'a Rig, name: &str) -> Vec<&'a Event> {
    rig.events().iter().filter(|event| event.kind.name() == name).collect()
}

fn by_seq(rig: &Rig, seq: Seq) -> &Event {
    rig.events().iter().find(|event| event.seq == seq).expect("an event of the coordinator")
}

#[test]
fn a_parked_join_is_answered_because_the_generation_began() {
    let mut rig = Rig::new();
    rig.completing(&[join("a")]);
    let received = of(&rig, "join_received")[1];
    let pending_ended = of(&rig, "pending_ended")[0];
    let added = of(&rig, "member_added")[0];
    let preparing = of(&rig, "group_state")[0];
    let generation = of(&rig, "generation")[0];
    let completing = of(&rig, "group_state")[1];
    let applied = of(&rig, "join_applied")[0];
    assert_eq!(received.cause, Seq(1_000_002), "the header's cause");
    assert_eq!([pending_ended.cause, added.cause, preparing.cause], [received.seq; 3]);
    assert_eq!(generation.cause, preparing.seq, "the timer was armed by the event that prepared the rebalance");
    assert_eq!([completing.cause, applied.cause], [generation.seq; 2]);
    assert!(matches!(applied.kind, Kind::RequestApplied { generation: Generation(1), .. }));
}

#[test]
fn a_session_expires_because_of_the_last_sign_of_life() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    assert_eq!(rig.heartbeat(ids[1], 1), ErrorCode::None);
    assert_eq!(rig.commit(ids[0], 1, 5), ErrorCode::None);
    rig.at(20_000);
    let removed = of(&rig, "member_removed");
    let kinds: Vec<&str> = removed.iter().map(|event| by_seq(&rig, event.cause).kind.name()).collect();
    assert_eq!(kinds, ["heartbeat_applied", "commit_applied"], "in the order of arming");
    let applied = of(&rig, "commit_partition_applied")[0];
    assert!(matches!(applied.kind, Kind::CommitApplied { offset: Offset(5), .. }));
    assert!(applied.seq < of(&rig, "commit_applied")[0].seq);
}

#[test]
fn assigned_partitions_are_shown_in_runs() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a"), join("b")]);
    let partitions = [("refunds", 0), ("orders", 4), ("orders", 2), ("orders", 0), ("orders", 1)]
        .map(|(topic, partition)| rig.partition(topic, partition));
    let assignment = consumer_protocol::Assignment { partitions: partitions.to_vec(), user_data: None };
    let given = consumer_protocol::encode_assignment(&assignment, &rig.names);
    let mut request = rig.sync_request(ids[0], 1);
    request.assignments = vec![(ids[0], given), (ids[1], bytes("?"))];
    rig.send("a", 4, Request::SyncGroup(Box::new(request)));
    let orders = TopicName(rig.names.intern("orders"));
    let generation = of(&rig, "generation")[0].seq;
    let mut runs = Vec::new();
    for event in of(&rig, "assigned") {
        assert_eq!(event.cause, generation);
        let Kind::Assigned { member, topic, from, to, .. } = event.kind else { unreachable!() };
        runs.push((member == ids[0], topic == orders, from, to));
    }
    runs.sort_unstable();
    assert_eq!(runs, [(true, false, 0, 1), (true, true, 0, 3), (true, true, 4, 5)]);
}

#[test]
fn every_change_of_state_has_its_reason() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    rig.join(join("b").id(ids[1]).protocols(&[("range", "new")]));
    rig.join(join("a").id(ids[0]));
    rig.sync_all(&ids);
    rig.join(join("a").id(ids[0]));
    rig.leaves(ids[1]);
    rig.at(30_000);
    let reasons: Vec<StateReason> = of(&rig, "group_state")
        .iter()
        .filter_map(|event| match event.kind {
            Kind::GroupStateChanged { reason, .. } => Some(reason),
            _ => None,
        })
        .collect();
    use StateReason::*;
    assert_eq!(
        reasons,
        [
            MemberJoined,
            JoinComplete,
            AssignmentWritten,
            MetadataChanged,
            JoinComplete,
            AssignmentWritten,
            LeaderRejoined,
            JoinComplete,
            SessionExpired,
            NobodyJoined
        ]
    );
}

#[test]
fn heartbeats_do_not_fill_the_timer_queue() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    for k in 0..5_000 {
        rig.at(6_000 + k * 100);
        for &id in &ids {
            assert_eq!(rig.heartbeat(id, 1), ErrorCode::None);
        }
    }
    // Two sessions, the clean-up, and at most one stale entry for each timer that was armed for earlier or cancelled.
    assert!(rig.c.timers.queued() <= 7, "{}", rig.c.timers.queued());
}

#[test]
fn member_ids_depend_on_the_actor_alone() {
    let ids = |clients: &[&'static str]| {
        let mut rig = Rig::new();
        for client in ["a", "b"] {
            rig.names.intern(client);
        }
        let mut given = Vec::new();
        for client in clients {
            let ticket = rig.join(join(client));
            let id = rig.joined(ticket).1.member;
            given.push(rig.names.text(id).to_owned());
        }
        given
    };
    let (alone, among) = (ids(&["b", "b"]), ids(&["a", "b", "a", "b"]));
    assert_eq!([&alone[0], &alone[1]], [&among[1], &among[3]]);
    assert_ne!(alone[0], alone[1]);
}
