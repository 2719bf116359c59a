//! CLIENT-27 to CLIENT-30, and the application's commit settings.

use super::rig::{Rig, after_batch, policy};
use crate::client::HandlerFault;
use crate::config::{CommitMode, CommitOffset, CommitPolicy, CommitWhen};
use crate::protocol::{Api, ErrorCode};
use crate::time::Duration;
use crate::trace::{CommitError, CommitOrigin, Kind};

fn failed(rig: &mut Rig) -> Vec<(CommitError, ErrorCode)> {
    let failed = |kind| match kind {
        Kind::CommitFailed { error, code, .. } => Some((error, code)),
        _ => None,
    };
    rig.events().into_iter().filter_map(failed).collect()
}

#[test]
fn client_27_auto_commit_stores_what_earlier_polls_returned_when_its_timer_is_due() {
    let mut rig = Rig::with(|c| {
        c.commit = CommitPolicy::default();
        c.client.heartbeat_interval_ms = 40_000;
    });
    let fetch = rig.stable(&[0], 0);
    rig.at(4_990);
    rig.records(fetch, &[(0, 0, 2)]);
    let fetch = rig.sent(Api::Fetch).0;
    rig.run_to(5_010); // both handled at 5,010: the poll that follows commits them
    let id = rig.commit_sent(&[(0, 2)]);
    rig.commit_answer(id, &[0], ErrorCode::None);
    rig.at(5_020);
    rig.records(fetch, &[(0, 2, 3)]);
    rig.run_to(5_030);
    rig.sent(Api::Fetch);
    rig.nothing_sent(); // the timer started over at 5,010
}

#[test]
fn client_27_a_waiting_poll_commits_every_interval_and_retries_after_a_backoff() {
    let mut rig = Rig::with(|c| {
        c.commit = CommitPolicy::default();
        c.client.heartbeat_interval_ms = 40_000;
    });
    rig.stable(&[0], 7);
    rig.fires_at(5_000);
    let id = rig.commit_sent(&[(0, 7)]);
    rig.commit_answer(id, &[0], ErrorCode::CoordinatorLoadInProgress);
    assert_eq!(failed(&mut rig), [(CommitError::Retriable, ErrorCode::CoordinatorLoadInProgress)]);
    rig.fires_at(5_100);
    let id = rig.commit_sent(&[(0, 7)]);
    rig.commit_answer(id, &[0], ErrorCode::None);
    rig.fires_at(10_100);
    rig.commit_sent(&[(0, 7)]);
}

/// A batch of one record in work until 10 ms, with this policy.
fn one_record(commit: CommitPolicy) -> Rig {
    let mut rig = Rig::with(|c| c.commit = commit);
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.sent(Api::Fetch);
    rig.events();
    rig
}

#[test]
fn client_28_outside_stable_a_commit_fails_without_a_request() {
    let mut rig = Rig::with(|c| c.process.per_record = Duration::from_ms(4_000));
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.sent(Api::Fetch);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::IllegalGeneration);
    rig.events();
    rig.fires_at(4_000);
    assert_eq!(failed(&mut rig), [(CommitError::CommitFailed, ErrorCode::None)]);
    rig.sent(Api::JoinGroup);
}

#[test]
fn client_29_commit_errors_and_what_they_reset() {
    for (code, error, reset, rejoins) in [
        (ErrorCode::RebalanceInProgress, CommitError::RebalanceInProgress, false, true),
        (ErrorCode::IllegalGeneration, CommitError::CommitFailed, true, true),
        (ErrorCode::UnknownMemberId, CommitError::CommitFailed, true, true),
        (ErrorCode::OffsetMetadataTooLarge, CommitError::Refused, false, false),
        (ErrorCode::FencedInstanceId, CommitError::Fenced, false, false),
    ] {
        let mut rig = one_record(after_batch());
        rig.fires_at(10);
        let id = rig.commit_sent(&[(0, 1)]);
        rig.events();
        rig.commit_answer(id, &[0], code);
        let events = rig.events();
        assert!(events.contains(&Kind::CommitFailed { error, code, origin: CommitOrigin::Sync }), "{code}");
        let names: Vec<_> = events.iter().map(Kind::name).collect();
        assert_eq!(names.contains(&"generation_reset"), reset, "{code}");
        if rejoins && !reset {
            // the revoke callback tries again what is done
            rig.commit_sent(&[(0, 1)]);
        } else {
            assert_eq!(names.contains(&"join_sent"), rejoins, "{code}");
        }
    }
}

#[test]
fn client_29_a_late_answer_to_an_old_async_commit_resets_the_new_generation() {
    let commit = policy(CommitWhen::AfterBatch, CommitOffset::DoneContiguous, CommitMode::Async, false);
    let mut rig = one_record(commit);
    rig.fires_at(10);
    let late = rig.commit_sent(&[(0, 1)]);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.join(2);
    rig.sync(&[0]);
    rig.committed(0);
    rig.events();
    rig.commit_answer(late, &[0], ErrorCode::IllegalGeneration);
    let names = rig.event_names();
    assert_eq!(names, ["commit_reply_seen", "generation_reset", "commit_failed", "lost", "join_sent"]);
}

#[test]
fn client_29_with_a_join_group_in_flight_it_is_rebalance_in_progress() {
    let commit = policy(CommitWhen::AfterBatch, CommitOffset::DoneContiguous, CommitMode::Async, false);
    let mut rig = one_record(commit);
    rig.fires_at(10);
    let late = rig.commit_sent(&[(0, 1)]);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.join(2);
    rig.sync_error(ErrorCode::RebalanceInProgress);
    rig.events();
    rig.commit_answer(late, &[0], ErrorCode::UnknownMemberId);
    assert_eq!(failed(&mut rig), [(CommitError::RebalanceInProgress, ErrorCode::UnknownMemberId)]);
}

#[test]
fn client_30_commit_sync_retries_with_exponential_backoff_until_its_deadline() {
    let mut rig = one_record(after_batch());
    rig.config.client.default_api_timeout_ms = 0;
    rig.fires_at(10);
    let mut at = 10;
    for backoff in [100, 200, 400, 800, 1_000] {
        let id = rig.commit_sent(&[(0, 1)]);
        rig.commit_answer(id, &[0], ErrorCode::CoordinatorLoadInProgress);
        at += backoff;
        rig.fires_at(at);
    }
    let id = rig.commit_sent(&[(0, 1)]);
    rig.events();
    rig.commit_answer(id, &[0], ErrorCode::None);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "poll"]);
}

#[test]
fn client_30_commit_sync_gives_up_at_its_deadline() {
    let mut rig = Rig::with(|c| c.client.default_api_timeout_ms = 250);
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.sent(Api::Fetch);
    rig.fires_at(10);
    rig.commit_sent(&[(0, 1)]);
    rig.events();
    rig.fires_at(260);
    assert_eq!(rig.event_names(), ["commit_failed", "poll"]);
}

#[test]
fn client_30_commit_async_does_not_retry() {
    let commit = policy(CommitWhen::AfterBatch, CommitOffset::DoneContiguous, CommitMode::Async, false);
    let mut rig = one_record(commit);
    rig.fires_at(10);
    let id = rig.commit_sent(&[(0, 1)]);
    rig.commit_answer(id, &[0], ErrorCode::CoordinatorLoadInProgress);
    assert_eq!(failed(&mut rig), [(CommitError::Retriable, ErrorCode::CoordinatorLoadInProgress)]);
    rig.nothing_sent();
}

#[test]
fn before_batch_and_before_record_commit_what_is_about_to_be_handled() {
    let commit = policy(CommitWhen::BeforeBatch, CommitOffset::AboutToHandle, CommitMode::Sync, false);
    let mut rig = Rig::with(|c| c.commit = commit);
    let fetch = rig.stable(&[0, 1], 0);
    rig.records(fetch, &[(0, 0, 3), (1, 0, 2)]);
    rig.sent(Api::Fetch);
    let id = rig.commit_sent(&[(0, 3), (1, 2)]);
    rig.at(4);
    rig.commit_answer(id, &[0, 1], ErrorCode::None);
    rig.fires_at(34);
    rig.fires_at(54);
    rig.nothing_sent();

    let commit = policy(CommitWhen::BeforeRecord, CommitOffset::AboutToHandle, CommitMode::Sync, false);
    let mut rig = Rig::with(|c| c.commit = commit);
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 3)]);
    rig.sent(Api::Fetch);
    for next in 1..=3 {
        let id = rig.commit_sent(&[(0, next)]);
        rig.commit_answer(id, &[0], ErrorCode::None);
        rig.fires_at(10 * next as u64);
    }
}

#[test]
fn after_record_every_n_and_interval_commit_between_records() {
    for (when, marks) in [
        (CommitWhen::AfterRecord, vec![(10, 1), (20, 2), (30, 3), (40, 4), (50, 5)]),
        (CommitWhen::EveryN(2), vec![(20, 2), (40, 4)]),
        (CommitWhen::Interval(Duration::from_ms(25)), vec![(30, 3)]),
    ] {
        let commit = policy(when, CommitOffset::DoneContiguous, CommitMode::Async, false);
        let mut rig = Rig::with(|c| c.commit = commit);
        let fetch = rig.stable(&[0], 0);
        rig.records(fetch, &[(0, 0, 5)]);
        rig.sent(Api::Fetch);
        for (at, offset) in marks {
            rig.run_to(at - 1);
            rig.nothing_sent();
            rig.run_to(at);
            let id = rig.commit_sent(&[(0, offset)]);
            rig.commit_answer(id, &[0], ErrorCode::None);
        }
        rig.run_to(50);
        rig.nothing_sent();
    }
}

#[test]
fn position_commits_every_owned_partition_and_done_only_those_with_progress() {
    for (offset, expected) in [
        (CommitOffset::Position, vec![(0, 2), (1, 0)]),
        (CommitOffset::DoneContiguous, vec![(0, 2)]),
        (CommitOffset::DoneMax, vec![(0, 2)]),
    ] {
        let commit = policy(CommitWhen::AfterBatch, offset, CommitMode::Sync, false);
        let mut rig = Rig::with(|c| c.commit = commit);
        let fetch = rig.stable(&[0, 1], 0);
        rig.records(fetch, &[(0, 0, 2)]);
        rig.sent(Api::Fetch);
        rig.run_to(20);
        rig.commit_sent(&expected);
    }
}

#[test]
fn on_revoke_commits_what_is_done_and_blocks_the_join() {
    let commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, true);
    let mut rig = one_record(commit);
    rig.fires_at(10);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    let id = rig.commit_sent(&[(0, 1)]);
    rig.nothing_sent();
    rig.events();
    rig.commit_answer(id, &[0], ErrorCode::None);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "revoked", "join_sent"]);
}

#[test]
fn a_failed_commit_is_made_up_for_by_the_next_one() {
    let mut rig = one_record(after_batch());
    rig.fires_at(10);
    let id = rig.commit_sent(&[(0, 1)]);
    rig.commit_answer(id, &[0], ErrorCode::OffsetMetadataTooLarge);
    rig.fault(HandlerFault::None);
    rig.nothing_sent();
}
