//! Joining, by the main thread.

use super::rig;
use crate::ids::Generation;
use crate::protocol::consumer_protocol::decode_subscription;
use crate::protocol::{Api, ErrorCode, Request, Response};

#[test]
fn librdkafka_finds_the_coordinator_then_its_topics_then_joins() {
    let mut rig = rig(|_| {});
    rig.start();
    assert_eq!(rig.version_of(Api::FindCoordinator), 2);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    assert_eq!(rig.version_of(Api::Metadata), 13);
    rig.reply_metadata();
    assert_eq!(rig.version_of(Api::JoinGroup), 5);
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!((join.session_timeout_ms, join.rebalance_timeout_ms), (45_000, 300_000));
    let names: Vec<_> = join.protocols.iter().map(|p| rig.names.text(p.name)).collect();
    assert_eq!(names, ["range", "roundrobin"]);
    let subscription = decode_subscription(&join.protocols[0].metadata, &mut rig.names).unwrap();
    assert_eq!(subscription.user_data.as_deref(), Some(&[][..]));
    assert_eq!((subscription.owned.len(), subscription.generation), (0, Generation::NONE));
    rig.nothing_sent();
}

#[test]
fn librdkafka_joins_again_at_once_with_the_id_that_it_was_given() {
    let mut rig = rig(|_| {});
    rig.rd_started();
    rig.join_error(ErrorCode::MemberIdRequired);
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, rig.member_id());
}

#[test]
fn librdkafka_joins_again_two_seconds_after_a_refused_attempt_when_its_thread_wakes() {
    let mut rig = rig(|_| {});
    rig.at(300);
    rig.rd_started();
    rig.join_error(ErrorCode::GroupMaxSizeReached);
    rig.nothing_sent();
    // Attempt at 300, a second between attempts, another after a refusal; the thread wakes every second of its life.
    rig.fires_at(2_300);
    let (id, _) = rig.sent(Api::JoinGroup);
    rig.at(2_400);
    let refused = rig.join_response(-1, false);
    let refused = crate::protocol::JoinGroupResponse { error: ErrorCode::GroupMaxSizeReached, ..refused };
    rig.answer(id, Response::JoinGroup(Box::new(refused)));
    rig.fires_at(4_300);
    rig.sent(Api::JoinGroup);
}

#[test]
fn librdkafka_joins_at_once_after_a_failed_sync_if_its_last_attempt_is_a_second_old() {
    let mut rig = rig(|_| {});
    rig.rd_started();
    rig.at(400);
    rig.join(1);
    rig.sync_error(ErrorCode::RebalanceInProgress);
    rig.nothing_sent();
    rig.fires_at(1_000);
    rig.at(2_500);
    rig.join(2);
    rig.sync_error(ErrorCode::IllegalGeneration);
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, rig.member_id());
}

#[test]
fn librdkafka_leads_with_metadata_asked_of_the_coordinator() {
    let mut rig = rig(|_| {});
    rig.rd_started();
    let response = rig.join_response(1, true);
    rig.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
    rig.reply_metadata();
    assert_eq!(rig.version_of(Api::SyncGroup), 3);
    let (_, request) = rig.sent(Api::SyncGroup);
    let Request::SyncGroup(sync) = request else { unreachable!() };
    assert_eq!(sync.assignments.len(), 1);
    rig.nothing_sent();
}

#[test]
fn librdkafka_asks_for_the_coordinator_again_when_its_thread_wakes_half_a_second_later() {
    let mut rig = rig(|_| {});
    rig.start();
    rig.at(60);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::CoordinatorNotAvailable));
    rig.nothing_sent();
    rig.fires_at(1_000);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    rig.sent(Api::Metadata);
}

#[test]
fn librdkafka_drops_a_request_for_the_broker_after_socket_timeout_and_reconnects() {
    let mut rig = rig(|_| {});
    rig.start();
    rig.forget_sent();
    rig.fires_at(60_000);
    assert_eq!(rig.disconnected.len(), 1);
    rig.fires_at(60_100); // reconnect.backoff.ms
    rig.sent(Api::FindCoordinator);
}
