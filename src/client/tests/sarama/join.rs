//! `Consume` up to the session.

use super::rig;
use crate::ids::MemberId;
use crate::protocol::{Api, ErrorCode, Request, Response};

#[test]
fn sarama_asks_for_metadata_twice_then_joins_in_two_steps() {
    let mut rig = rig(|_| {});
    rig.start();
    rig.reply_metadata(); // NewConsumerGroup
    assert_eq!(rig.version_of(Api::Metadata), 11);
    rig.reply_metadata(); // Consume
    assert_eq!(rig.version_of(Api::FindCoordinator), 3);
    rig.found();
    assert_eq!(rig.version_of(Api::JoinGroup), 7);
    let (id, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, MemberId::EMPTY);
    assert_eq!((join.session_timeout_ms, join.rebalance_timeout_ms, join.protocols.len()), (10_000, 60_000, 1));
    let member = rig.member_id();
    let response = crate::protocol::JoinGroupResponse::error(ErrorCode::MemberIdRequired, member);
    rig.answer(id, Response::JoinGroup(Box::new(response)));
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, member);
}

#[test]
fn sarama_leader_asks_for_metadata_of_all_topics_before_it_assigns() {
    let mut rig = rig(|_| {});
    rig.sa_started();
    let response = rig.join_response(1, true);
    rig.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
    rig.reply_metadata();
    let (_, request) = rig.sent(Api::SyncGroup);
    let Request::SyncGroup(sync) = request else { unreachable!() };
    assert_eq!(sync.assignments.len(), 1);
}

/// What waits before JoinGroup is sent again, and with which member id.
#[test]
fn sarama_joins_again_at_once_without_its_id_if_that_is_unknown_and_after_two_seconds_if_the_group_rebalances() {
    for code in [ErrorCode::UnknownMemberId, ErrorCode::IllegalGeneration] {
        let mut rig = rig(|_| {});
        rig.sa_started();
        rig.join(1);
        rig.sync_error(code);
        let (_, request) = rig.sent(Api::JoinGroup);
        let Request::JoinGroup(join) = request else { unreachable!() };
        assert_eq!(join.member, MemberId::EMPTY);
    }
    for code in [ErrorCode::RebalanceInProgress, ErrorCode::CoordinatorLoadInProgress] {
        let mut rig = rig(|_| {});
        rig.sa_started();
        rig.join(1);
        rig.sync_error(code);
        rig.nothing_sent();
        rig.fires_at(2_000);
        rig.found(); // RefreshCoordinator comes first
        let (_, request) = rig.sent(Api::JoinGroup);
        let Request::JoinGroup(join) = request else { unreachable!() };
        assert_eq!(join.member, rig.member_id());
    }
}

#[test]
fn sarama_gives_joining_up_after_four_retries_and_the_application_consumes_again_at_once() {
    let mut rig = rig(|_| {});
    rig.sa_started();
    for retry in 1..=4 {
        rig.join_error(ErrorCode::CoordinatorLoadInProgress);
        rig.fires_at(retry * 2_000);
        rig.found();
    }
    rig.join_error(ErrorCode::CoordinatorLoadInProgress);
    rig.reply_metadata(); // Consume, anew
    rig.sent(Api::JoinGroup);
}

#[test]
fn sarama_ends_with_an_error_that_will_not_pass() {
    for code in [ErrorCode::FencedInstanceId, ErrorCode::InconsistentGroupProtocol, ErrorCode::InvalidSessionTimeout] {
        let mut rig = rig(|_| {});
        rig.sa_started();
        rig.events();
        rig.join_error(code);
        assert_eq!(rig.event_names()[1..], ["failed"]);
        assert!(rig.exited);
        rig.nothing_sent();
    }
}

/// Net.ReadTimeout is shorter than the rebalance timeout: a JoinGroup that waits for a slow member runs into it (#1192).
#[test]
fn sarama_does_not_wait_longer_than_30_s_for_a_join_group_and_joins_anew() {
    let mut rig = rig(|_| {});
    rig.sa_started();
    rig.forget_sent();
    rig.events();
    rig.fires_at(30_000);
    assert_eq!(rig.event_names(), ["join_timeout", "disconnected", "metadata_sent"]);
    rig.reply_metadata();
    rig.fires_at(30_001); // a connection that was dropped is opened again in the next millisecond
    rig.sent(Api::JoinGroup);
}

#[test]
fn sarama_asks_for_a_topic_that_does_not_exist_four_times_250_ms_apart() {
    let mut rig = rig(|_| {});
    rig.start();
    rig.reply_metadata();
    let unknown = |rig: &mut super::Rig| {
        let (id, _) = rig.sent(Api::Metadata);
        let Response::Metadata(mut topics) = rig.metadata() else { unreachable!() };
        topics[0].error = ErrorCode::UnknownTopicOrPartition;
        rig.answer(id, Response::Metadata(topics));
    };
    for at in [250, 500, 750] {
        unknown(&mut rig);
        rig.nothing_sent();
        rig.fires_at(at);
    }
    unknown(&mut rig);
    unknown(&mut rig); // Consume has returned an error and is called again at once
}
