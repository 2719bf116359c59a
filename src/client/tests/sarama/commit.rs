//! Marks, the ticker of AutoCommit, and commits of the application.

use super::{manual, rig};
use crate::config::{CommitWhen, Workers};
use crate::protocol::{Api, ErrorCode};

#[test]
fn sarama_auto_commits_every_mark_in_one_request_every_second_of_the_session() {
    let mut rig = rig(|config| config.process.per_record = crate::time::Duration::from_ms(400));
    rig.at(50);
    rig.sa_joined(&[0, 1]);
    let fetch = rig.sa_claims(2, 0);
    rig.records(fetch, &[(0, 0, 9), (1, 0, 9)]);
    rig.sent(Api::Fetch);
    rig.run_to(1_049);
    rig.nothing_sent();
    rig.fires_at(1_050); // two records of each since 150 ms
    assert_eq!(rig.version_of(Api::OffsetCommit), 8);
    let commit = rig.commit_sent(&[(0, 2), (1, 2)]);
    rig.at(1_060);
    rig.commit_answer(commit, &[0, 1], ErrorCode::None);
    rig.run_to(2_049);
    rig.nothing_sent();
    rig.fires_at(2_050);
    rig.commit_sent(&[(0, 4), (1, 4)]);
}

#[test]
fn sarama_goes_on_after_a_refused_commit_and_tries_again_with_the_next_tick() {
    let mut rig = rig(|_| {});
    let fetch = rig.sa_running(&[0], 0);
    rig.records(fetch, &[(0, 0, 9)]);
    rig.sent(Api::Fetch);
    rig.run_to(1_999);
    rig.fires_at(2_000);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.events();
    rig.commit_answer(commit, &[0], ErrorCode::IllegalGeneration);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "commit_failed"]);
    rig.run_to(3_000); // a heartbeat, and a tick: the coordinator is looked up again first
    rig.heartbeat_reply(ErrorCode::None);
    rig.found();
    rig.commit_sent(&[(0, 2)]);
}

#[test]
fn sarama_commits_nothing_that_it_has_committed_already() {
    let mut rig = rig(|_| {});
    let fetch = rig.sa_running(&[0], 0);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.sent(Api::Fetch);
    rig.run_to(1_999);
    rig.fires_at(2_000);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.run_to(2_999);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::None);
    rig.nothing_sent();
}

/// `session.Commit()` blocks the handler that calls it, no other one, and does not tell it of an error.
#[test]
fn sarama_handler_waits_for_its_own_commit() {
    let mut rig = rig(|config| manual(config, CommitWhen::AfterRecord, false));
    let fetch = rig.sa_running(&[0, 1], 0);
    rig.records(fetch, &[(0, 0, 9)]);
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.run_to(300);
    rig.records(fetch, &[(1, 0, 9)]);
    rig.sent(Api::Fetch);
    rig.events();
    rig.fires_at(1_100);
    let first = rig.commit_sent(&[(0, 1)]);
    assert_eq!(rig.event_names(), ["process_done", "commit_sent", "commit_partition_sent"]);
    rig.fires_at(1_300); // the other handler: what is marked and not known to be committed goes with it
    rig.commit_sent(&[(0, 1), (1, 1)]);
    rig.events();
    rig.at(1_400);
    rig.commit_answer(first, &[0], ErrorCode::UnknownMemberId);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "commit_failed", "process_start"]);
}

/// `MarkOffset` only moves forward, and does not know of gaps.
#[test]
fn sarama_marks_the_highest_record_whatever_is_below() {
    let mut rig = rig(|config| {
        config.process.workers = Workers::Pool(2);
        config.process.order = crate::config::WorkerOrder::None;
        config.process.per_record = crate::time::Duration::from_ms(600);
    });
    let fetch = rig.sa_running(&[0], 0);
    rig.fault(crate::client::HandlerFault::Stuck);
    rig.records(fetch, &[(0, 0, 3)]);
    rig.run_to(1_999);
    rig.answer_commits_and_heartbeats();
    rig.forget_sent();
    rig.fires_at(2_000);
    let (_, request) = rig.sent(Api::OffsetCommit);
    let crate::protocol::Request::OffsetCommit(commit) = request else { unreachable!() };
    // One of the first two is stuck for ever; the other worker has done the third.
    assert_eq!(commit.partitions[0].offset.0, 3);
}
