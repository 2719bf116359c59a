//! From the start to the first assignment.

use super::rig;
use crate::config::{AssignorKind, AutoOffsetReset};
use crate::protocol::{Api, ErrorCode, Request, Response};

#[test]
fn franz_go_joins_in_two_steps_and_states_its_own_timeouts() {
    let mut rig = rig(|_| {});
    rig.start();
    rig.sent(Api::Metadata);
    rig.nothing_sent(); // it looks for the coordinator when it knows a topic
    let metadata = rig.metadata();
    rig.answer(crate::ids::CorrelationId(1), metadata);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    assert_eq!(rig.version_of(Api::JoinGroup), 9);
    rig.join_error(ErrorCode::MemberIdRequired);
    let member = rig.member_id();
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(request) = request else { unreachable!() };
    assert_eq!((request.session_timeout_ms, request.rebalance_timeout_ms), (45_000, 60_000));
    assert_eq!(request.member, member);
    let names: Vec<&str> = request.protocols.iter().map(|p| rig.names.text(p.name)).collect();
    assert_eq!(names, ["cooperative-sticky"]);
}

#[test]
fn franz_go_reads_from_the_log_start_where_nothing_is_committed() {
    let mut rig = rig(|_| {});
    rig.fz_started();
    rig.fz_assigned(1, &[0, 1]);
    rig.committed(-1);
    // Metadata is fresh (less than 5 s old), so one ListOffsets for both follows at once.
    let (_, request) = rig.sent(Api::ListOffsets);
    let Request::ListOffsets(request) = request else { unreachable!() };
    assert_eq!(request.partitions.len(), 2);
    rig.nothing_sent();
}

#[test]
fn franz_go_asks_for_metadata_that_is_five_seconds_old_before_it_lists_offsets() {
    let mut rig = rig(|config| config.client.auto_offset_reset = AutoOffsetReset::Latest);
    rig.fz_started();
    rig.at(5_000);
    rig.fz_assigned(1, &[0]);
    rig.committed(-1);
    rig.reply_metadata();
    rig.sent(Api::ListOffsets);
}

#[test]
fn franz_go_topic_that_does_not_exist_is_looked_for_every_five_seconds() {
    let mut rig = rig(|_| {});
    rig.start();
    let missing = || {
        Response::Metadata(vec![crate::protocol::TopicMetadata {
            topic: crate::ids::TopicName::default(),
            error: ErrorCode::UnknownTopicOrPartition,
            partitions: 0,
        }])
    };
    rig.reply(Api::Metadata, missing());
    rig.nothing_sent();
    rig.fires_at(5_000);
    rig.reply(Api::Metadata, missing());
    rig.fires_at(10_000);
    rig.reply_metadata();
    rig.sent(Api::FindCoordinator);
}

#[test]
fn franz_go_coordinator_that_is_not_ready_is_asked_again_with_growing_pauses() {
    let mut rig = rig(|_| {});
    rig.start();
    rig.reply_metadata();
    for at in [250, 750, 1_750, 3_750] {
        rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::CoordinatorNotAvailable));
        rig.nothing_sent();
        rig.fires_at(at);
    }
    rig.sent(Api::FindCoordinator);
}

#[test]
fn franz_go_failed_sync_is_a_failed_session_but_rebalance_in_progress_is_not() {
    let mut rig = rig(|_| {});
    rig.fz_started();
    rig.fz_joined(1, "cooperative-sticky");
    rig.sync_error(ErrorCode::RebalanceInProgress);
    rig.fz_joined(2, "cooperative-sticky"); // at once
    rig.events();
    rig.sync_error(ErrorCode::IllegalGeneration);
    assert_eq!(rig.event_names(), ["sync_reply_seen", "generation_reset"]);
    rig.nothing_sent();
    rig.fires_at(250);
    rig.sent(Api::JoinGroup);
}

#[test]
fn franz_go_eager_sticky_member_has_nothing_to_stick_to() {
    let mut rig = rig(|config| config.client.assignors = vec![AssignorKind::Sticky]);
    rig.fz_started();
    rig.fz_joined(1, "sticky");
    rig.sync(&[0, 2]);
    rig.committed(0);
    rig.forget_sent();
    rig.run_to(3_000); // no early heartbeat
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(request) = request else { unreachable!() };
    let metadata = &request.protocols[0].metadata;
    let subscription = crate::protocol::consumer_protocol::decode_subscription(metadata, &mut rig.names).unwrap();
    let data = crate::assignor::decode_sticky_user_data(&subscription.user_data.unwrap(), &mut rig.names).unwrap();
    assert_eq!((data.0.len(), data.1.map(|g| g.0)), (0, Some(1)));
}
