//! The end of a session: why, and in which order things come to their end.

use super::{manual, rig};
use crate::config::{CommitWhen, WhenRevoked};
use crate::ids::MemberId;
use crate::protocol::{Api, ErrorCode, Request};

/// The handler finishes its record; heartbeats go on; then the last flush; only then heartbeats stop.
#[test]
fn sarama_waits_for_its_handlers_and_beats_meanwhile() {
    let mut rig = rig(|config| config.process.per_record = crate::time::Duration::from_ms(8_000));
    let fetch = rig.sa_running(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]);
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.run_to(2_999);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.records(fetch, &[(0, 5, 9)]); // comes too late
    rig.run_to(5_999);
    rig.nothing_sent();
    rig.fires_at(6_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.run_to(8_099);
    rig.nothing_sent();
    rig.events();
    rig.fires_at(8_100);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.at(8_105);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    let names = rig.event_names();
    assert_eq!(names[..3], ["process_done", "commit_sent", "commit_partition_sent"]);
    assert_eq!(names[3..], ["commit_reply_seen", "revoked", "metadata_sent"]);
    rig.reply_metadata();
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, rig.member_id());
    // From the release to the answer of JoinGroup there are no heartbeats.
    rig.run_to(20_000);
    rig.nothing_sent();
}

/// Before 1.31 (#1608).
#[test]
fn sarama_of_old_stops_its_heartbeats_when_it_sees_a_rebalance() {
    let mut rig = rig(|config| {
        config.process.per_record = crate::time::Duration::from_ms(8_000);
        config.client.sarama.heartbeat_during_release = false;
    });
    let fetch = rig.sa_running(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]);
    rig.sent(Api::Fetch);
    rig.run_to(2_999);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.run_to(8_099);
    rig.nothing_sent();
}

/// A handler that only ranges over Messages() (#2118): what is in its channel is handled first, however long that takes.
#[test]
fn sarama_handler_that_drains_its_channel_holds_the_release_up() {
    let mut rig = rig(|config| {
        config.process.when_revoked = Some(WhenRevoked::Drain);
        config.client.sarama.channel_buffer_size = 4;
    });
    let fetch = rig.sa_running(&[0], 0);
    rig.records(fetch, &[(0, 0, 100)]); // one in hand, four in the channel, the rest with the feeder
    rig.nothing_sent();
    rig.run_to(2_999);
    rig.answer_commits_and_heartbeats();
    rig.fires_at(3_000); // two are done, the third is in hand, four wait
    rig.answer_as_rebalancing();
    rig.events();
    rig.run_to(7_099);
    rig.answer_commits_and_heartbeats();
    assert!(!rig.event_names().contains(&"revoked"));
    rig.run_to(7_100);
    rig.answer_commits_and_heartbeats();
    assert!(rig.event_names().contains(&"revoked"));
}

/// AutoCommit disabled: nothing is committed at the release but what Cleanup commits.
#[test]
fn sarama_commits_nothing_by_itself_without_auto_commit() {
    for on_revoke in [false, true] {
        let mut rig = rig(|config| manual(config, CommitWhen::Never, on_revoke));
        let fetch = rig.sa_running(&[0], 0);
        rig.records(fetch, &[(0, 0, 5)]);
        let (fetch, _) = rig.sent(Api::Fetch);
        rig.records(fetch, &[]);
        let (fetch, _) = rig.sent(Api::Fetch);
        rig.run_to(2_999);
        rig.fires_at(3_000);
        rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
        rig.fires_at(3_100);
        rig.nothing_sent(); // Cleanup is not called before all claims are closed: a fetch is in flight
        rig.at(3_400);
        rig.records(fetch, &[]);
        if on_revoke {
            let commit = rig.commit_sent(&[(0, 3)]);
            rig.commit_answer(commit, &[0], ErrorCode::None);
        }
        rig.reply_metadata();
        rig.sent(Api::JoinGroup);
    }
}

/// The last flush is tried four times, then what is marked is given up.
#[test]
fn sarama_tries_its_last_flush_four_times() {
    let mut rig = rig(|config| config.commit.when = CommitWhen::Auto { interval_ms: 60_000 });
    let fetch = rig.sa_running(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]);
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.records(fetch, &[]);
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.run_to(2_999);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.records(fetch, &[]);
    rig.fires_at(3_100);
    for attempt in 1..=4 {
        let commit = rig.commit_sent(&[(0, 3)]);
        rig.commit_answer(commit, &[0], ErrorCode::UnknownMemberId);
        if attempt < 4 {
            rig.found(); // the coordinator is looked up anew each time
        }
    }
    rig.reply_metadata();
    rig.sent(Api::JoinGroup);
}

#[test]
fn sarama_stops_beating_and_loses_its_partitions_if_it_is_unknown_or_fenced() {
    for code in [ErrorCode::UnknownMemberId, ErrorCode::IllegalGeneration] {
        let mut rig = rig(|config| manual(config, CommitWhen::Never, true));
        let fetch = rig.sa_running(&[0], 0);
        rig.records(fetch, &[(0, 0, 9)]);
        let (fetch, _) = rig.sent(Api::Fetch);
        rig.records(fetch, &[]);
        let (fetch, _) = rig.sent(Api::Fetch);
        rig.run_to(2_999);
        rig.fires_at(3_000);
        rig.heartbeat_reply(code);
        rig.records(fetch, &[]);
        rig.events();
        rig.fires_at(3_100);
        // Cleanup is called all the same, and its commit refused: sarama does not say why a session ended.
        let commit = rig.commit_sent(&[(0, 3)]);
        rig.commit_answer(commit, &[0], code);
        let names = rig.event_names();
        assert_eq!(names[names.len() - 3..], ["commit_failed", "lost", "metadata_sent"]);
        rig.reply_metadata();
        let (_, request) = rig.sent(Api::JoinGroup);
        let Request::JoinGroup(join) = request else { unreachable!() };
        assert_ne!(join.member, MemberId::EMPTY); // it learns that its id is gone when it joins
    }
}

/// The log was cut below the position: the claim's channel is closed, its handler returns, and the session ends with it.
#[test]
fn sarama_claim_that_is_out_of_range_ends_the_session_when_its_channel_is_empty() {
    let mut rig = rig(|_| {});
    let fetch = rig.sa_running(&[0, 1], 0);
    rig.records(fetch, &[(0, 0, 2)]);
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.fetch_error(fetch, 0, ErrorCode::OffsetOutOfRange);
    let (fetch, _) = rig.sent(Api::Fetch); // the other partition is read on
    rig.run_to(2_099);
    rig.answer_commits_and_heartbeats();
    rig.events();
    rig.fires_at(2_100);
    rig.records(fetch, &[]);
    rig.answer_commits_and_heartbeats();
    assert!(rig.event_names().contains(&"revoked"));
}
