//! CLIENT-09 to CLIENT-25: joining, syncing, callbacks.

use super::rig::{Rig, after_batch};
use crate::config::{AssignorKind, CommitPolicy};
use crate::ids::{Generation, MemberId};
use crate::protocol::consumer_protocol::decode_subscription;
use crate::protocol::{Api, ErrorCode, JoinGroupRequest, Request, Response, TopicMetadata};
use crate::trace::Kind;

fn join_request(rig: &mut Rig) -> Box<JoinGroupRequest> {
    match rig.sent(Api::JoinGroup) {
        (_, Request::JoinGroup(request)) => request,
        _ => unreachable!(),
    }
}

/// Idle in poll with partition 0, told to rejoin at 3,000 ms; the fetch is still out.
fn rejoining(commit: CommitPolicy) -> Rig {
    let mut rig = Rig::with(|c| c.commit = commit);
    rig.stable(&[0], 5);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig
}

#[test]
fn client_10_member_id_required_joins_again_at_once_with_the_id() {
    let mut rig = Rig::new();
    rig.started();
    assert_eq!(rig.names.text(MemberId::EMPTY), "");
    rig.join_error(ErrorCode::MemberIdRequired);
    let request = join_request(&mut rig);
    assert_eq!(request.member, rig.member_id());
    assert_eq!(rig.names.text(request.reason), "need to re-join with the given member-id: c-1");
    let group = crate::ids::GroupId(rig.names.intern("g"));
    let member = rig.member_id();
    assert!(rig.events().contains(&Kind::MemberIdLearned { group, member }));
}

#[test]
fn client_10_unknown_member_id_and_rebalance_in_progress_join_again_at_once() {
    let mut rig = Rig::new();
    rig.started();
    rig.join_error(ErrorCode::MemberIdRequired);
    rig.join_error(ErrorCode::RebalanceInProgress);
    let (id, Request::JoinGroup(request)) = rig.sent(Api::JoinGroup) else { unreachable!() };
    assert_eq!(request.member, rig.member_id());
    let member = rig.member_id();
    let unknown = crate::protocol::JoinGroupResponse::error(ErrorCode::UnknownMemberId, member);
    rig.answer(id, Response::JoinGroup(Box::new(unknown)));
    assert_eq!(join_request(&mut rig).member, MemberId::EMPTY);
}

#[test]
fn client_10_loading_is_retried_after_a_fixed_backoff() {
    let mut rig = Rig::new();
    rig.started();
    for at in [100, 200, 300] {
        rig.join_error(ErrorCode::CoordinatorLoadInProgress);
        rig.nothing_sent();
        rig.fires_at(at);
    }
    join_request(&mut rig);
}

#[test]
fn client_10_not_coordinator_looks_it_up_and_joins_again() {
    let mut rig = Rig::new();
    rig.started();
    rig.at(10);
    rig.join_error(ErrorCode::NotCoordinator);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None)); // too early: reconnect backoff of 50 ms
    rig.run_to(110);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    rig.nothing_sent();
    rig.fires_at(210); // retry.backoff.ms, counted from the pass that sees the failure
    join_request(&mut rig);
}

#[test]
fn client_10_fatal_join_errors_reach_the_application() {
    for code in [
        ErrorCode::FencedInstanceId,
        ErrorCode::InconsistentGroupProtocol,
        ErrorCode::InvalidSessionTimeout,
        ErrorCode::InvalidGroupId,
        ErrorCode::GroupMaxSizeReached,
        ErrorCode::GroupAuthorizationFailed,
    ] {
        let mut rig = Rig::new();
        rig.started();
        rig.join_error(code);
        assert!(rig.events().contains(&Kind::Failed { code }));
        assert!(rig.exited, "{code}");
    }
}

#[test]
fn client_12_sync_errors_that_join_again_at_once() {
    for (code, generation, keeps) in [
        (ErrorCode::RebalanceInProgress, 1, true),
        (ErrorCode::IllegalGeneration, -1, true),
        (ErrorCode::UnknownMemberId, -1, false),
    ] {
        let mut rig = Rig::new();
        rig.started();
        rig.join(1);
        rig.events();
        rig.sync_error(code);
        let request = join_request(&mut rig);
        assert_eq!(request.member, if keeps { rig.member_id() } else { MemberId::EMPTY });
        let subscription = decode_subscription(&request.protocols[0].metadata, &mut rig.names).unwrap();
        assert_eq!(subscription.generation, Generation(generation), "{code}");
        assert_eq!(rig.event_names().contains(&"generation_reset"), code != ErrorCode::RebalanceInProgress);
    }
}

#[test]
fn client_12_other_sync_errors_are_fatal() {
    for code in [ErrorCode::FencedInstanceId, ErrorCode::CoordinatorLoadInProgress] {
        let mut rig = Rig::new();
        rig.started();
        rig.join(1);
        rig.sync_error(code);
        assert!(rig.events().contains(&Kind::Failed { code }));
    }
}

#[test]
fn client_13_a_sync_reply_after_a_reset_by_the_heartbeat_is_discarded() {
    let mut rig = Rig::new();
    rig.started();
    rig.join(1);
    let (sync, _) = rig.sent(Api::SyncGroup);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    let response = crate::protocol::SyncGroupResponse::error(ErrorCode::None);
    rig.events();
    rig.answer(sync, Response::SyncGroup(Box::new(response)));
    assert_eq!(rig.event_names(), ["sync_reply_seen", "join_sent"]);
    assert_eq!(join_request(&mut rig).member, MemberId::EMPTY);
}

#[test]
fn client_14_heartbeats_go_on_between_polls_of_one_rebalance() {
    let mut rig = Rig::new();
    rig.started();
    rig.join(1);
    rig.sent(Api::SyncGroup);
    for due in [3_000, 6_000] {
        rig.fires_at(due);
        rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
        rig.nothing_sent(); // ignored outside STABLE
    }
}

#[test]
fn client_15_the_leader_rejoins_when_the_partition_count_changes() {
    for leads in [true, false] {
        let mut rig = Rig::with(|c| c.client.metadata_max_age_ms = 2_000);
        rig.started();
        let response = rig.join_response(1, leads);
        rig.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
        rig.sync(&[]);
        rig.fires_at(2_000);
        rig.reply_metadata();
        rig.nothing_sent();
        rig.partitions = 4;
        rig.fires_at(3_000);
        rig.heartbeat_reply(ErrorCode::None);
        rig.fires_at(4_000);
        rig.reply_metadata();
        if leads {
            let request = join_request(&mut rig);
            assert_eq!(rig.names.text(request.reason), "cached metadata has changed");
        } else {
            rig.nothing_sent();
        }
    }
}

#[test]
fn client_15_the_leader_asks_for_metadata_of_other_members_topics_before_it_assigns() {
    let mut rig = Rig::new();
    rig.started();
    let mut response = rig.join_response(1, true);
    let other = crate::ids::TopicName(rig.names.intern("refunds"));
    let subscription = crate::protocol::consumer_protocol::Subscription {
        topics: vec![other],
        user_data: None,
        owned: Vec::new(),
        generation: Generation::NONE,
    };
    let mut second = response.members[0].clone();
    second.member = MemberId(rig.names.intern("other"));
    second.metadata = crate::protocol::consumer_protocol::encode_subscription(&subscription, &rig.names);
    response.members.push(second);
    rig.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
    let (id, Request::Metadata(topics)) = rig.sent(Api::Metadata) else { unreachable!() };
    assert_eq!(topics.len(), 2);
    rig.nothing_sent();
    let described = |topic| TopicMetadata { topic, error: ErrorCode::None, partitions: 2 };
    rig.answer(id, Response::Metadata(topics.into_iter().map(described).collect()));
    let (_, Request::SyncGroup(sync)) = rig.sent(Api::SyncGroup) else { unreachable!() };
    assert_eq!(sync.assignments.len(), 2);
}

#[test]
fn client_16_the_default_pair_runs_eager_and_client_17_keeps_the_configured_order() {
    let mut rig = Rig::with(|c| c.client.assignors = vec![AssignorKind::Range, AssignorKind::CooperativeSticky]);
    rig.stable(&[0, 1], 5);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    let request = join_request(&mut rig);
    let names: Vec<_> = request.protocols.iter().map(|p| rig.names.text(p.name)).collect();
    assert_eq!(names, ["range", "cooperative-sticky"]);
    let subscription = decode_subscription(&request.protocols[0].metadata, &mut rig.names).unwrap();
    assert_eq!(subscription.owned, [], "everything is revoked before the join");
}

#[test]
fn client_17_protocols_are_sent_in_configured_order() {
    let mut rig = Rig::with(|c| c.client.assignors = vec![AssignorKind::Sticky, AssignorKind::Range]);
    rig.started();
    let request = join_request(&mut rig);
    let names: Vec<_> = request.protocols.iter().map(|p| rig.names.text(p.name)).collect();
    assert_eq!(names, ["sticky", "range"]);
}

#[test]
fn client_18_auto_commit_then_callback_then_join_group() {
    let mut rig = rejoining(CommitPolicy::default());
    let id = rig.commit_sent(&[(0, 5)]);
    rig.nothing_sent();
    rig.events();
    rig.at(3_004);
    rig.commit_answer(id, &[0], ErrorCode::None);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "revoked", "join_sent"]);
}

#[test]
fn client_18_a_retriable_failure_is_retried_and_any_other_ignored() {
    let mut rig = rejoining(CommitPolicy::default());
    let id = rig.commit_sent(&[(0, 5)]);
    rig.commit_answer(id, &[0], ErrorCode::CoordinatorLoadInProgress);
    rig.nothing_sent();
    rig.fires_at(3_100);
    let id = rig.commit_sent(&[(0, 5)]);
    rig.events();
    rig.commit_answer(id, &[0], ErrorCode::OffsetMetadataTooLarge);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "commit_failed", "revoked", "join_sent"]);
}

#[test]
fn client_18_the_commit_is_waited_for_no_longer_than_the_rebalance_timeout() {
    let mut rig = Rig::with(|c| {
        c.commit = CommitPolicy::default();
        c.client.max_poll_interval_ms = 4_000;
    });
    rig.stable(&[0], 5);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.commit_sent(&[(0, 5)]);
    rig.run_to(6_999);
    rig.forget_sent();
    rig.fires_at(7_000);
    join_request(&mut rig);
}

#[test]
fn client_19_eager_revokes_everything_before_the_join() {
    let mut rig = rejoining(after_batch());
    let partition = rig.orders(0);
    let events = rig.events();
    assert!(events.contains(&Kind::Revoked { topic: partition.topic, from: 0, to: 1 }));
    join_request(&mut rig);
}

#[test]
fn client_20_nothing_is_delivered_between_the_commit_and_the_revocation() {
    let mut rig = Rig::with(|c| c.commit = CommitPolicy::default());
    let fetch = rig.stable(&[0], 5);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    let id = rig.commit_sent(&[(0, 5)]);
    rig.events();
    rig.records(fetch, &[(0, 5, 9)]);
    assert_eq!(rig.event_names(), ["fetch_reply_seen", "fetched"]);
    rig.commit_answer(id, &[0], ErrorCode::None);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "revoked", "join_sent"]);
}

#[test]
fn client_22_without_a_generation_everything_is_lost_not_revoked() {
    let mut rig = Rig::new();
    rig.stable(&[0, 2], 5);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    let names = rig.event_names();
    assert_eq!(names[names.len() - 4..], ["generation_reset", "lost", "lost", "join_sent"]);
    assert!(!names.contains(&"revoked"));
}

#[test]
fn client_22_the_first_join_has_no_callback() {
    let mut rig = Rig::new();
    rig.started();
    let names = rig.event_names();
    assert!(!names.contains(&"lost") && !names.contains(&"revoked"));
}

#[test]
fn client_23_the_assignment_is_owned_in_runs_after_the_sync() {
    let mut rig = Rig::new();
    rig.started();
    rig.join(7);
    rig.events();
    rig.sync(&[0, 1, 4]);
    let topic = rig.orders(0).topic;
    let generation = Generation(7);
    let owned: Vec<_> = rig.events().into_iter().filter(|k| k.name() == "owned").collect();
    assert_eq!(owned, [(0, 2), (4, 5)].map(|(from, to)| Kind::Owned { topic, from, to, generation }));
}

#[test]
fn client_25_an_assignment_outside_the_subscription_is_not_taken() {
    let mut rig = Rig::new();
    rig.started();
    rig.join(1);
    rig.names.intern("foreign");
    let topic = crate::ids::TopicName(rig.names.intern("foreign"));
    let assignment = crate::protocol::consumer_protocol::Assignment {
        partitions: vec![crate::ids::TopicPartition::new(topic, 0)],
        user_data: None,
    };
    let bytes = crate::protocol::consumer_protocol::encode_assignment(&assignment, &rig.names);
    let mut response = crate::protocol::SyncGroupResponse::error(ErrorCode::None);
    response.assignment = bytes;
    rig.events();
    rig.reply(Api::SyncGroup, Response::SyncGroup(Box::new(response)));
    assert_eq!(rig.event_names(), ["sync_reply_seen", "join_sent"]);
    let request = join_request(&mut rig);
    assert_eq!(rig.names.text(request.reason), "received assignment does not match the current subscription");
}

#[test]
fn client_39_a_returning_static_leader_hands_in_no_assignment_but_keeps_watching() {
    let mut rig = Rig::with(|c| c.client.metadata_max_age_ms = 2_000).fixed();
    rig.started();
    let mut response = rig.join_response(1, true);
    response.skip_assignment = true;
    rig.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
    rig.sync(&[]);
    rig.partitions = 9;
    rig.fires_at(2_000);
    rig.reply_metadata();
    join_request(&mut rig);
}
