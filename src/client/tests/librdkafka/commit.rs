//! Commits: stored offsets by a timer, the application's own, and what becomes of refused ones.

use super::super::rig::policy;
use super::rig;
use crate::config::{CommitMode, CommitOffset, CommitWhen, MemberConfig};
use crate::protocol::{Api, ErrorCode, Response};

fn auto(config: &mut MemberConfig) {
    config.commit = policy(CommitWhen::Auto { interval_ms: 5_000 }, CommitOffset::Stored, CommitMode::Async, true);
    config.process.per_record = crate::time::Duration::from_ms(2_000);
}

fn after_record(config: &mut MemberConfig) {
    config.commit = policy(CommitWhen::AfterRecord, CommitOffset::DoneContiguous, CommitMode::Sync, false);
}

#[test]
fn librdkafka_auto_commits_the_record_in_work_every_interval_of_its_life() {
    let mut rig = rig(auto);
    rig.at(1_200);
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[(0, 0, 10)]);
    rig.forget_sent();
    rig.run_to(6_199);
    rig.answer_commits_and_heartbeats();
    rig.fires_at(6_200); // the process is 5 s old; records started at 1.2, 3.2, 5.2 s: the third is in work
    let commit = rig.commit_sent(&[(0, 3)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
}

#[test]
fn librdkafka_without_auto_store_commits_what_the_application_has_handled() {
    let mut rig = rig(|config| {
        auto(config);
        config.client.enable_auto_offset_store = false;
    });
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[(0, 0, 10)]);
    rig.forget_sent();
    rig.run_to(4_999);
    rig.answer_commits_and_heartbeats();
    rig.fires_at(5_000);
    rig.commit_sent(&[(0, 2)]);
}

#[test]
fn librdkafka_auto_commit_sends_nothing_if_nothing_new_is_stored() {
    let mut rig = rig(auto);
    let fetch = rig.rd_steady(&[0], 4);
    rig.records(fetch, &[]);
    rig.forget_sent();
    rig.run_to(4_999);
    rig.answer_commits_and_heartbeats();
    rig.fires_at(5_000);
    rig.nothing_sent();
}

#[test]
fn librdkafka_application_goes_on_after_a_commit_refused_for_a_rebalance() {
    let mut rig = rig(after_record);
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[(0, 0, 9)]);
    rig.sent(Api::Fetch);
    rig.fires_at(1_000);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.events();
    rig.commit_answer(commit, &[0], ErrorCode::RebalanceInProgress);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "commit_failed", "poll", "delivered", "process_start"]);
}

/// Frozen for longer than session.timeout.ms with a commit in flight: the library's main thread hands the answer over, and has
/// seen by then that the session is over.
#[test]
fn librdkafka_frozen_in_a_commit_is_told_that_it_lost_its_partitions_before_it_gets_another_record() {
    for (frozen_ms, then) in
        [(50_000, &["generation_reset", "poll", "lost", "join_sent"][..]), (9_000, &["poll", "delivered"])]
    {
        let mut rig = rig(after_record);
        let fetch = rig.rd_steady(&[0], 0);
        rig.records(fetch, &[(0, 0, 9)]);
        rig.forget_sent();
        rig.fires_at(1_000);
        let commit = rig.commit_sent(&[(0, 1)]);
        rig.pause();
        rig.at(1_000 + frozen_ms);
        rig.resume();
        rig.events();
        rig.commit_answer(commit, &[0], ErrorCode::None);
        let names = rig.event_names();
        assert_eq!(names[0], "commit_reply_seen");
        assert_eq!(names[1..=then.len()], *then, "{names:?}");
    }
}

#[test]
fn librdkafka_commit_of_an_old_generation_loses_the_assignment() {
    for code in [ErrorCode::IllegalGeneration, ErrorCode::UnknownMemberId] {
        let mut rig = rig(after_record);
        let fetch = rig.rd_steady(&[0], 0);
        rig.records(fetch, &[(0, 0, 9)]);
        rig.sent(Api::Fetch);
        rig.fires_at(1_000);
        let commit = rig.commit_sent(&[(0, 1)]);
        rig.events();
        rig.commit_answer(commit, &[0], code);
        assert_eq!(
            rig.event_names(),
            ["commit_reply_seen", "generation_reset", "commit_failed", "poll", "lost", "join_sent"]
        );
        rig.sent(Api::JoinGroup);
    }
}

/// While the revocation waits, commits are sent with the generation that ends; the broker takes them.
#[test]
fn librdkafka_commits_while_a_revocation_is_pending() {
    let mut rig = rig(after_record);
    let fetch = rig.rd_steady(&[0], 0);
    rig.at(2_500);
    rig.records(fetch, &[(0, 0, 9)]);
    rig.sent(Api::Fetch);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fires_at(3_500);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.nothing_sent();
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.sent(Api::JoinGroup);
}

#[test]
fn librdkafka_commit_waits_for_a_coordinator() {
    let mut rig = rig(after_record);
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[(0, 0, 9)]);
    rig.sent(Api::Fetch);
    rig.fires_at(1_000);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.commit_answer(commit, &[0], ErrorCode::NotCoordinator);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    rig.fires_at(1_100); // reconnect.backoff.ms
    rig.commit_sent(&[(0, 1)]);
}
