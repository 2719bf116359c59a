//! Generations: how one comes about, and how it ends.

use super::{never, rig};
use crate::client::HandlerFault;
use crate::ids::{MemberId, ProtocolName};
use crate::protocol::consumer_protocol::decode_assignment;
use crate::protocol::{Api, ErrorCode, LeaveGroupResponse, Request, Response, TopicMetadata};
use crate::trace::Kind;

fn left() -> Response {
    Response::LeaveGroup(Box::new(LeaveGroupResponse { error: ErrorCode::None, members: Vec::new() }))
}

#[test]
fn kafka_go_joins_in_one_step_and_beats_an_interval_later() {
    let mut rig = rig(never);
    rig.start();
    assert_eq!(rig.version_of(Api::FindCoordinator), 0);
    rig.kg_found();
    assert_eq!(rig.version_of(Api::JoinGroup), 2);
    rig.at(1_500);
    rig.join(1);
    assert_eq!(rig.version_of(Api::SyncGroup), 0);
    rig.sync(&[0, 1]);
    assert_eq!(rig.version_of(Api::OffsetFetch), 1);
    rig.at(1_600);
    rig.committed(5);
    // A look-up for each reader; the heartbeat comes 3 s after the generation's start, not before.
    rig.sent(Api::Metadata);
    rig.sent(Api::Metadata);
    rig.nothing_sent();
    rig.fires_at(4_600);
    assert_eq!(rig.version_of(Api::Heartbeat), 0);
    rig.heartbeat_reply(ErrorCode::None);
    rig.fires_at(7_600);
    rig.sent(Api::Heartbeat);
}

#[test]
fn kafka_go_sends_its_own_timeouts_and_waits_for_the_join_five_seconds_longer() {
    let mut rig = rig(never);
    rig.start();
    rig.kg_found();
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!((join.session_timeout_ms, join.rebalance_timeout_ms), (30_000, 30_000));
    let names: Vec<_> = join.protocols.iter().map(|p| rig.names.text(p.name).to_string()).collect();
    assert_eq!(names, ["range", "roundrobin"]);
    rig.fires_at(35_000);
    // The id, if it had one, is forgotten with the error: no LeaveGroup. JoinGroupBackoff follows.
    rig.nothing_sent();
    rig.fires_at(40_000);
    rig.sent(Api::FindCoordinator);
}

#[test]
fn kafka_go_leader_always_asks_for_metadata_and_divides_in_its_own_way() {
    let mut rig = rig(never);
    rig.start();
    rig.kg_found();
    let mut response = rig.join_response(1, true);
    let metadata = rig.subscription();
    let other = MemberId(rig.names.intern("d-2"));
    let instance = crate::ids::InstanceId::EMPTY;
    response.members.push(crate::protocol::JoinGroupMember { member: other, instance, metadata });
    response.protocol_name = Some(ProtocolName(rig.names.intern("range")));
    rig.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
    assert_eq!(rig.version_of(Api::Metadata), 6);
    rig.reply_metadata();
    let (_, request) = rig.sent(Api::SyncGroup);
    let Request::SyncGroup(sync) = request else { unreachable!() };
    let given: Vec<Vec<u32>> = sync
        .assignments
        .iter()
        .map(|(_, bytes)| {
            let assignment = decode_assignment(bytes, &mut rig.names).unwrap();
            assignment.partitions.iter().map(|p| p.partition).collect()
        })
        .collect();
    // Of three partitions Java's range gives the first member two.
    assert_eq!(given, [vec![0], vec![1, 2]]);
}

/// The heart of it: nothing waits for the application, but everything waits for the Fetch in flight.
#[test]
fn kafka_go_generation_ends_at_once_and_the_next_waits_for_the_fetch() {
    let mut rig = rig(never);
    let fetch = rig.kg_running(0);
    rig.fault(HandlerFault::Stuck);
    rig.kg_rebalance_at(3_000);
    assert_eq!(rig.event_names(), ["heartbeat_sent", "heartbeat_reply_seen", "revoked"]);
    rig.nothing_sent();
    // No heartbeat any more. The broker has held the Fetch for 9 of the 10 s of MaxWait.
    rig.at(9_000);
    rig.records(fetch, &[]);
    rig.kg_found();
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, rig.member_id());
}

#[test]
fn kafka_go_reader_that_waits_for_room_does_not_hold_the_rebalance_up() {
    let mut rig = rig(never);
    let fetch = rig.kg_running(0);
    rig.fault(HandlerFault::Stuck);
    rig.records(fetch, &[(0, 0, 300)]);
    rig.nothing_sent(); // 1 in hand, 100 in the channel, 199 with the reader
    rig.kg_rebalance_at(3_000);
    rig.kg_found();
    rig.sent(Api::JoinGroup);
}

#[test]
fn kafka_go_hands_out_what_is_queued_until_the_next_generation_starts() {
    let mut rig = rig(never);
    let fetch = rig.kg_running(0);
    rig.records(fetch, &[(0, 0, 300)]);
    rig.run_to(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.kg_found();
    rig.events();
    // Handled after `revoked`, one each second: 4 and 5 are started (3 was at 3 s).
    rig.run_to(5_500);
    let delivered = |kinds: Vec<Kind>| -> Vec<i64> {
        let from = |kind| if let Kind::Delivered { from, .. } = kind { Some(from.0) } else { None };
        kinds.into_iter().filter_map(from).collect()
    };
    assert_eq!(delivered(rig.events()), [4, 5]);
    // Once the new generation has started, what is left of the old one is dropped; nothing is read from 2 on yet.
    rig.join(2);
    rig.sync(&[0]);
    rig.committed(2);
    rig.run_to(7_000);
    assert!(delivered(rig.events()).is_empty());
    rig.kg_reads(0, 1_000);
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.records(fetch, &[(0, 2, 10)]);
    assert_eq!(delivered(rig.events()), [2]);
}

#[test]
fn kafka_go_forgotten_member_learns_it_from_join_and_comes_back_five_seconds_later() {
    let mut rig = rig(never);
    let fetch = rig.kg_running(0);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    rig.records(fetch, &[]);
    rig.kg_found();
    rig.events();
    rig.join_error(ErrorCode::UnknownMemberId);
    assert_eq!(rig.event_names(), ["join_reply_seen", "generation_reset"]);
    rig.nothing_sent();
    rig.fires_at(8_000);
    rig.kg_found();
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, MemberId::EMPTY);
}

#[test]
fn kafka_go_sync_error_is_tried_again_at_once_only_if_a_rebalance_is_in_progress() {
    let mut rig = rig(never);
    rig.start();
    rig.kg_found();
    rig.join(1);
    rig.sync_error(ErrorCode::RebalanceInProgress);
    rig.kg_found();
    let (id, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, rig.member_id());
    let response = rig.join_response(2, false);
    rig.answer(id, Response::JoinGroup(Box::new(response)));
    rig.at(100);
    rig.sync_error(ErrorCode::IllegalGeneration);
    // It leaves, over a connection of its own, and pauses.
    rig.kg_found();
    assert_eq!(rig.version_of(Api::LeaveGroup), 0);
    rig.at(200);
    rig.reply(Api::LeaveGroup, left());
    rig.nothing_sent();
    rig.fires_at(5_200);
    rig.sent(Api::FindCoordinator);
}

#[test]
fn kafka_go_heartbeat_without_an_answer_ends_the_generation_after_five_seconds() {
    let mut rig = rig(never);
    rig.kg_running(0);
    rig.fires_at(3_000);
    rig.sent(Api::Heartbeat);
    rig.fires_at(6_000); // a tick while one is in flight
    rig.nothing_sent();
    rig.events();
    rig.fires_at(8_000);
    assert_eq!(rig.event_names(), ["heartbeat_timeout", "disconnected", "revoked"]);
}

#[test]
fn kafka_go_sees_new_partitions_only_if_it_watches() {
    let mut rig = rig(|config| {
        never(config);
        config.client.kafka_go.watch_partition_changes = true;
        config.client.heartbeat_interval_ms = 60_000;
    });
    rig.start();
    rig.kg_found();
    rig.join(1);
    rig.sync(&[0]);
    rig.committed(0);
    let (lookup, _) = rig.sent(Api::Metadata); // the reader's
    rig.reply_metadata(); // what the watcher starts from: 3 partitions
    let metadata = rig.metadata();
    rig.answer(lookup, metadata);
    for offset in [0, 10, 0, 10] {
        rig.kg_offset(offset);
    }
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.events();
    rig.fires_at(5_000);
    rig.reply_metadata();
    rig.records(fetch, &[]);
    rig.sent(Api::Fetch);
    rig.partitions = 4;
    rig.fires_at(10_000);
    rig.events();
    rig.reply_metadata();
    assert_eq!(rig.event_names(), ["metadata_reply_seen", "revoked"]);
}

/// issue 585 of the library: a watcher that does not find its topic ends the generation, without a pause.
#[test]
fn kafka_go_watcher_of_a_topic_that_does_not_exist_ends_every_generation_at_once() {
    let mut rig = rig(|config| {
        never(config);
        config.client.kafka_go.watch_partition_changes = true;
    });
    rig.start();
    rig.kg_found();
    rig.join(1);
    rig.sync(&[]);
    rig.committed(0);
    let topic = rig.orders(0).topic;
    let missing = TopicMetadata { topic, error: ErrorCode::UnknownTopicOrPartition, partitions: 0 };
    rig.reply(Api::Metadata, Response::Metadata(vec![missing]));
    rig.kg_found();
    rig.sent(Api::JoinGroup);
}
