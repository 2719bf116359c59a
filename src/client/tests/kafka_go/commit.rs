//! CommitMessages and the commit loop.

use super::rig;
use crate::config::{CommitMode, CommitOffset, CommitWhen, MemberConfig};
use crate::protocol::{Api, ErrorCode, Request};

fn flushes(config: &mut MemberConfig) {
    config.client.kafka_go.commit_interval_ms = 2_500;
    config.commit = super::policy(CommitWhen::AfterRecord, CommitOffset::DoneContiguous, CommitMode::Async, false);
}

#[test]
fn kafka_go_commit_waits_for_its_answer() {
    let mut rig = rig(|_| {});
    let fetch = rig.kg_running(0);
    rig.records(fetch, &[(0, 0, 300)]);
    rig.fires_at(1_000);
    assert_eq!(rig.version_of(Api::OffsetCommit), 2);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.at(1_700);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.fires_at(2_700);
    rig.commit_sent(&[(0, 2)]);
}

#[test]
fn kafka_go_commit_is_tried_three_times_then_the_application_goes_on() {
    let mut rig = rig(|config| config.client.heartbeat_interval_ms = 60_000);
    let fetch = rig.kg_running(0);
    rig.records(fetch, &[(0, 0, 300)]);
    rig.fires_at(1_000);
    for next in [1_100, 1_500] {
        let commit = rig.commit_sent(&[(0, 1)]);
        rig.commit_answer(commit, &[0], ErrorCode::IllegalGeneration);
        rig.fires_at(next);
    }
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.events();
    rig.commit_answer(commit, &[0], ErrorCode::IllegalGeneration);
    let names = rig.event_names();
    assert_eq!(names, ["commit_reply_seen", "commit_failed", "poll", "delivered", "process_start"]);
}

/// CommitMessages between two generations waits for the second, and is sent under its id: whose partition it is, nobody asks.
#[test]
fn kafka_go_commit_outlives_its_generation() {
    let mut rig = rig(|_| {});
    let fetch = rig.kg_running(0);
    rig.at(500);
    rig.records(fetch, &[(0, 0, 300)]);
    for at in [1_500, 2_500] {
        rig.fires_at(at);
        let (id, _) = rig.sent(Api::OffsetCommit);
        rig.commit_answer(id, &[0], ErrorCode::None);
    }
    rig.kg_rebalance_at(3_000);
    rig.kg_found();
    rig.fires_at(3_500); // the third is done: its commit waits, and the application with it
    rig.at(4_000);
    rig.join(2);
    rig.sync(&[1]);
    rig.committed(0);
    rig.sent(Api::Metadata);
    let (_, request) = rig.sent(Api::OffsetCommit);
    let Request::OffsetCommit(commit) = request else { unreachable!() };
    let sent = &commit.partitions[0];
    assert_eq!((commit.generation.0, sent.partition.partition, sent.offset.0), (2, 0, 3));
}

#[test]
fn kafka_go_commit_interval_flushes_at_its_ticks_and_when_the_generation_ends() {
    let mut rig = rig(flushes);
    let fetch = rig.kg_running(0);
    rig.records(fetch, &[(0, 0, 300)]);
    rig.run_to(2_499);
    rig.nothing_sent(); // two are done, and only the stash knows
    rig.run_to(2_500);
    let commit = rig.commit_sent(&[(0, 2)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.run_to(3_000);
    // The third is in the stash when the generation ends: one last commit, before anything else.
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    let commit = rig.commit_sent(&[(0, 3)]);
    rig.nothing_sent();
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.sent(Api::FindCoordinator);
}

/// The fourth and fifth record are handled after the end of the generation: their commits wait in the channel for the next.
#[test]
fn kafka_go_commit_interval_keeps_what_comes_between_two_generations() {
    let mut rig = rig(flushes);
    let fetch = rig.kg_running(0);
    rig.records(fetch, &[(0, 0, 300)]);
    rig.run_to(2_500);
    let commit = rig.commit_sent(&[(0, 2)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.run_to(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    let commit = rig.commit_sent(&[(0, 3)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.kg_found();
    rig.run_to(5_000);
    rig.join(2);
    rig.sync(&[1]);
    rig.committed(0);
    rig.sent(Api::Metadata);
    rig.nothing_sent();
    rig.run_to(7_500);
    // The sixth was in hand when the generation started; what was queued behind it is dropped.
    let commit = rig.commit_sent(&[(0, 6)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
}
