//! Heartbeats, static members, closing, partitions that are added.

use super::{manual, rig};
use crate::config::CommitWhen;
use crate::protocol::{Api, ErrorCode, LeaveGroupResponse, Response};

fn left() -> Response {
    Response::LeaveGroup(Box::new(LeaveGroupResponse { error: ErrorCode::None, members: Vec::new() }))
}

#[test]
fn sarama_beats_at_once_then_at_every_tick() {
    let mut rig = rig(|_| {});
    rig.at(500);
    rig.sa_joined(&[]);
    rig.heartbeat_reply(ErrorCode::None);
    rig.run_to(3_499);
    rig.forget_sent();
    rig.fires_at(3_500);
    assert_eq!(rig.version_of(Api::Heartbeat), 4);
    let (slow, _) = rig.sent(Api::Heartbeat);
    rig.run_to(7_000); // the tick of 6.5 s is missed: it is taken when the answer has come
    rig.forget_sent();
    rig.answer(slow, Response::Heartbeat(ErrorCode::None));
    rig.heartbeat_reply(ErrorCode::None);
    rig.run_to(9_499);
    rig.forget_sent();
    rig.fires_at(9_500);
    rig.sent(Api::Heartbeat);
}

#[test]
fn sarama_repeats_a_lost_heartbeat_three_times_then_ends_the_session() {
    let mut rig = rig(|config| manual(config, CommitWhen::Never, false));
    rig.sa_joined(&[]);
    rig.forget_sent(); // the first heartbeat is never answered
    let timeouts = [30_000, 60_001, 90_002];
    for at in timeouts {
        rig.run_to(at);
        rig.forget_sent();
        rig.fires_at(at + 1); // the connection is opened again
        rig.sent(Api::Heartbeat);
    }
    rig.events();
    rig.run_to(120_003);
    let names = rig.event_names();
    assert_eq!(names[..2], ["heartbeat_timeout", "disconnected"]);
    rig.sent(Api::Metadata); // Consume has returned
}

#[test]
fn sarama_close_releases_the_session_then_leaves() {
    let mut rig = rig(|_| {});
    let fetch = rig.sa_running(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]);
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.run_to(600);
    rig.forget_sent();
    rig.stop();
    rig.fires_at(1_000); // a tick of AutoCommit: nothing is marked
    rig.fires_at(1_100); // the record in hand
    rig.nothing_sent(); // a fetch is in flight
    rig.records(fetch, &[]);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    assert_eq!(rig.version_of(Api::LeaveGroup), 4);
    rig.reply(Api::LeaveGroup, left());
    assert!(rig.exited);
    rig.nothing_sent();
}

#[test]
fn sarama_close_of_a_static_member_does_not_leave() {
    let mut rig = rig(|_| {}).fixed();
    let fetch = rig.sa_running(&[0], 0);
    rig.stop();
    rig.records(fetch, &[]);
    assert!(rig.exited);
    rig.nothing_sent();
}

#[test]
fn sarama_stop_while_joining_waits_for_the_answer_and_releases_the_session_at_once() {
    let mut rig = rig(|_| {});
    rig.sa_started();
    rig.run_to(400);
    rig.stop();
    rig.nothing_sent_but(1);
    rig.join(1);
    rig.sync(&[0]);
    rig.found();
    rig.heartbeat_reply(ErrorCode::None);
    rig.committed(0);
    rig.reply(Api::LeaveGroup, left()); // no claim was started
    assert!(rig.exited);
}

#[test]
fn sarama_stop_while_it_waits_to_join_again_leaves_at_once() {
    let mut rig = rig(|_| {});
    rig.sa_started();
    rig.join(1);
    rig.sync_error(ErrorCode::RebalanceInProgress);
    rig.run_to(400);
    rig.stop();
    rig.reply(Api::LeaveGroup, left());
    assert!(rig.exited);
}

/// Only the leader looks, every ten minutes, at what the updater has learnt.
#[test]
fn sarama_leader_ends_its_session_when_partitions_were_added_and_a_follower_does_not() {
    for leads in [true, false] {
        let mut rig = rig(|config| manual(config, CommitWhen::Never, false));
        rig.at(5);
        rig.sa_started();
        rig.at(7);
        let response = rig.join_response(1, leads);
        rig.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
        if leads {
            rig.reply_metadata();
        }
        rig.sync(&[]);
        rig.heartbeat_reply(ErrorCode::None);
        rig.partitions = 4;
        while rig.now.as_ms() < 600_004 {
            rig.run_to((rig.now.as_ms() + 500).min(600_004));
            rig.answer_all();
        }
        rig.fires_at(600_005); // the updater
        rig.answer_metadata();
        rig.events();
        rig.run_to(600_007); // the leader's look, and a heartbeat, which the release waits for
        rig.answer_commits_and_heartbeats();
        let rejoins = rig.event_names().contains(&"metadata_sent");
        assert_eq!(rejoins, leads);
    }
}
