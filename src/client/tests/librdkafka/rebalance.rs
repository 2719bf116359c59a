//! Revocation and assignment through the application's poll.

use super::super::rig::policy;
use super::rig;
use crate::config::{CommitMode, CommitOffset, CommitWhen};
use crate::protocol::{Api, ErrorCode};

#[test]
fn librdkafka_revoke_waits_for_the_next_poll_while_heartbeats_go_on() {
    let mut rig = rig(|config| {
        config.process.per_record = crate::time::Duration::from_ms(10_000);
        config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, false);
    });
    let fetch = rig.rd_steady(&[0, 1], 0);
    rig.at(1_000);
    rig.records(fetch, &[(0, 0, 5)]); // in work from 1 s to 11 s
    rig.forget_sent();
    for at in [3_000, 6_000, 9_000] {
        rig.fires_at(at);
        rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
        rig.nothing_sent();
    }
    rig.events();
    rig.fires_at(11_000);
    assert_eq!(
        rig.event_names(),
        ["process_done", "poll", "revoked", "join_sent"] // JoinGroup, without another poll; four records are dropped
    );
    rig.sent(Api::JoinGroup);
    rig.nothing_sent();
}

#[test]
fn librdkafka_idle_member_rejoins_as_soon_as_it_hears_of_the_rebalance() {
    let mut rig = rig(|_| {});
    rig.rd_steady(&[0], 0);
    rig.fires_at(500 + 2_500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.sent(Api::JoinGroup);
    // No heartbeats while the JoinGroup is in flight, however long.
    rig.run_to(40_000);
    rig.nothing_sent();
}

#[test]
fn librdkafka_unassign_commits_what_is_stored_and_joins_when_that_is_answered() {
    let mut rig = rig(|config| {
        config.commit = policy(CommitWhen::Auto { interval_ms: 60_000 }, CommitOffset::Stored, CommitMode::Async, true);
    });
    let fetch = rig.rd_steady(&[0, 1], 7);
    rig.at(2_500);
    rig.records(fetch, &[(0, 7, 9)]);
    rig.forget_sent();
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fires_at(3_500);
    let commit = rig.commit_sent(&[(0, 8)]);
    rig.nothing_sent();
    rig.at(3_600);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.sent(Api::JoinGroup);
}

#[test]
fn librdkafka_revoke_callback_commits_what_is_done() {
    let mut rig = rig(|config| {
        config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, true);
    });
    let fetch = rig.rd_steady(&[0], 0);
    rig.at(2_500);
    rig.records(fetch, &[(0, 0, 9)]);
    rig.forget_sent();
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fires_at(3_500);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.events();
    rig.at(3_700);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "revoked", "join_sent"]);
    rig.sent(Api::JoinGroup);
}

#[test]
fn librdkafka_unknown_member_is_lost_and_joins_anew_without_its_id() {
    let mut rig = rig(|_| {});
    rig.rd_steady(&[0], 0);
    rig.fires_at(3_000);
    rig.events();
    rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    assert_eq!(rig.event_names(), ["heartbeat_reply_seen", "generation_reset", "lost", "join_sent"]);
    let (_, request) = rig.sent(Api::JoinGroup);
    let crate::protocol::Request::JoinGroup(join) = request else { unreachable!() };
    assert!(join.member.is_empty());
}

#[test]
fn librdkafka_does_not_commit_in_the_callback_of_a_loss() {
    let mut rig = rig(|config| {
        config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, true);
    });
    let fetch = rig.rd_steady(&[0], 0);
    rig.at(2_500);
    rig.records(fetch, &[(0, 0, 9)]);
    rig.forget_sent();
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::IllegalGeneration);
    rig.fires_at(3_500);
    rig.sent(Api::JoinGroup);
    rig.nothing_sent();
}

#[test]
fn librdkafka_fetches_nothing_while_a_revocation_is_pending_and_drops_what_comes() {
    let mut rig = rig(|config| {
        config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, false);
    });
    let fetch = rig.rd_steady(&[0], 0);
    rig.at(2_500);
    rig.records(fetch, &[(0, 0, 9)]);
    let ahead = rig.sent(Api::Fetch).0;
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.at(3_100);
    rig.records(ahead, &[(0, 9, 20)]);
    rig.nothing_sent();
    rig.fires_at(3_500);
    rig.join(2);
    rig.sync(&[0]); // the heartbeat of 3 s was less than an interval ago
    rig.committed(1);
    let (_, request) = rig.sent(Api::Fetch);
    let crate::protocol::Request::Fetch(request) = request else { unreachable!() };
    assert_eq!(request.partitions[0].offset.0, 1);
}

/// As the source has it: `rd_kafka_cgrp_revoke_all_rejoin` finds no assignment any more, and rejoins. Other members may get what
/// this application has in hand.
#[test]
fn librdkafka_rejoins_when_topics_change_and_waits_no_more_for_the_application_that_is_to_revoke() {
    let mut rig = rig(|config| {
        config.client.metadata_max_age_ms = 5_000;
        config.process.per_record = crate::time::Duration::from_ms(10_000);
        config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, false);
    });
    let fetch = rig.rd_steady(&[0, 1], 0);
    rig.at(1_000);
    rig.records(fetch, &[(0, 0, 5)]); // in work from 1 s to 11 s
    rig.forget_sent();
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.nothing_sent();
    rig.fires_at(5_000);
    rig.events();
    rig.partitions = 4;
    rig.answer_metadata();
    assert_eq!(rig.event_names(), ["metadata_reply_seen", "rejoin_unrevoked", "join_sent"]);
    rig.join(2);
    rig.sync(&[0]);
    rig.events();
    rig.forget_sent();
    rig.run_to(10_999);
    rig.forget_sent();
    rig.events();
    rig.fires_at(11_000);
    assert_eq!(rig.event_names(), ["process_done", "poll", "revoked", "owned", "offset_fetch_sent"]);
}
