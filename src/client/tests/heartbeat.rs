//! CLIENT-01 to CLIENT-08: states, heartbeats and the client's own timers.

use super::rig::Rig;
use crate::config::{CommitPolicy, CommitWhen};
use crate::ids::{Generation, MemberId};
use crate::protocol::{Api, ErrorCode, Request};
use crate::time::Duration;
use crate::trace::{Channel, Kind};

/// Stable in generation 1, nothing owned, at 0 ms.
fn idle() -> Rig {
    let mut rig = Rig::new();
    rig.stable(&[], 0);
    rig
}

#[test]
fn client_01_a_member_is_unjoined_preparing_completing_then_stable() {
    let mut rig = Rig::new();
    rig.started();
    assert_eq!(rig.version_of(Api::JoinGroup), 9);
    rig.events();
    rig.join(1);
    assert_eq!(rig.event_names(), ["join_reply_seen", "member_id", "sync_sent"]);
    rig.sync(&[1, 2]);
    assert_eq!(rig.event_names(), ["sync_reply_seen", "joined", "owned", "offset_fetch_sent"]);
}

#[test]
fn client_02_no_heartbeat_while_a_join_group_is_parked() {
    let mut rig = Rig::new();
    rig.started();
    rig.run_to(40_000);
    assert_eq!(rig.sent(Api::JoinGroup).1.api(), Api::JoinGroup);
    rig.nothing_sent();
}

#[test]
fn client_02_heartbeats_begin_with_the_join_reply_before_the_sync_reply() {
    let mut rig = Rig::new();
    rig.started();
    rig.at(500);
    rig.join(1);
    rig.sent(Api::SyncGroup);
    rig.fires_at(3_500);
    let (_, Request::Heartbeat(request)) = rig.sent(Api::Heartbeat) else { unreachable!() };
    assert_eq!(request.generation, Generation(1));
}

#[test]
fn client_03_the_next_heartbeat_counts_from_the_last_one_sent() {
    let mut rig = idle();
    rig.fires_at(3_000);
    rig.at(3_700);
    rig.heartbeat_reply(ErrorCode::None);
    rig.fires_at(6_000);
    rig.heartbeat_reply(ErrorCode::None);
    rig.fires_at(9_000);
}

#[test]
fn client_03_a_failed_heartbeat_is_followed_by_an_exponential_backoff() {
    let mut rig = idle();
    let mut due = 3_000;
    for backoff in [100, 200, 400, 800, 1_000, 1_000] {
        rig.fires_at(due);
        rig.heartbeat_reply(ErrorCode::UnknownServerError);
        due += backoff;
    }
    rig.fires_at(due);
    rig.heartbeat_reply(ErrorCode::None);
    rig.fires_at(due + 3_000);
}

#[test]
fn client_04_without_an_answer_for_the_session_timeout_the_coordinator_is_looked_up_again() {
    let mut rig = Rig::with(|c| c.client.session_timeout_ms = 10_000);
    rig.stable(&[], 0);
    for due in [3_000, 6_000, 9_000] {
        rig.fires_at(due);
    }
    rig.forget_sent();
    rig.events();
    rig.fires_at(10_000);
    assert_eq!(rig.disconnected, [Channel::Coordinator]);
    let events = rig.event_names();
    assert_eq!(events[..3], ["heartbeat_lost", "heartbeat_lost", "heartbeat_lost"]);
    assert!(!events.contains(&"generation_reset"), "it keeps generation and assignment");
    rig.sent(Api::FindCoordinator);
}

#[test]
fn client_04_a_rebalance_in_progress_answer_feeds_the_session_timer() {
    let mut rig = Rig::with(|c| c.client.session_timeout_ms = 10_000);
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 10)]);
    rig.run_to(0);
    rig.fault(crate::client::HandlerFault::Stuck);
    rig.forget_sent();
    for due in [3_000, 6_000, 9_000, 12_000] {
        rig.fires_at(due);
        rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    }
    assert_eq!(rig.disconnected, []);
}

/// One record in work that never ends.
fn stuck(mut rig: Rig) -> Rig {
    let fetch = rig.stable(&[0], 0);
    rig.fault(crate::client::HandlerFault::Stuck);
    rig.records(fetch, &[(0, 0, 10)]);
    rig.forget_sent();
    rig.events();
    rig
}

fn beat_until(rig: &mut Rig, until: u64) {
    while rig.deadline().is_some_and(|due| due.as_ms() < until) {
        let due = rig.deadline().map_or(0, |due| due.as_ms());
        rig.run_to(due);
        if due.is_multiple_of(3_000) {
            rig.heartbeat_reply(ErrorCode::None);
        } else {
            rig.forget_sent();
        }
    }
}

#[test]
fn client_05_after_max_poll_interval_the_member_leaves_and_its_generation_is_gone() {
    let mut rig = Rig::with(|c| {
        c.client.max_poll_interval_ms = 20_500;
        c.client.request_timeout_ms = 60_000;
    });
    rig = stuck(rig);
    beat_until(&mut rig, 20_500);
    rig.events();
    rig.fires_at(20_500);
    assert_eq!(rig.event_names(), ["poll_timeout", "leave_sent", "generation_reset"]);
    let (_, Request::LeaveGroup(request)) = rig.sent(Api::LeaveGroup) else { unreachable!() };
    assert_eq!(request.members[0].member, rig.member_id());
    assert_eq!(rig.names.text(request.members[0].reason), "consumer poll timeout has expired.");
    rig.run_to(60_000);
    rig.nothing_sent();
}

/// ClassicKafkaConsumer.poll: the coordinator part, which resets the timer, comes before the wait for records; what the
/// wait brings is returned without another pass.
#[test]
fn client_05_the_poll_timer_runs_from_the_last_pass_not_from_the_return_of_records() {
    let mut rig = Rig::with(|c| {
        c.client.max_poll_interval_ms = 2_000;
        c.process.per_record = Duration::from_ms(1_500);
    });
    let fetch = rig.stable(&[0], 0); // the last pass is at 0
    rig.at(900);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.fires_at(2_000);
    assert!(rig.event_names().contains(&"poll_timeout"));
}

/// Records that wait in the buffer are returned by the first pass, which resets the timer.
#[test]
fn client_05_a_poll_that_returns_at_once_resets_the_poll_timer() {
    let mut rig = Rig::with(|c| {
        c.client.max_poll_interval_ms = 2_000;
        c.client.max_poll_records = 1;
        c.process.per_record = Duration::from_ms(1_500);
        c.commit = CommitPolicy { when: CommitWhen::Never, on_revoke: false, ..CommitPolicy::default() };
    });
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 3)]);
    rig.fires_at(1_500); // the first record is done; the next poll returns the second at once
    rig.fires_at(3_000);
    assert!(!rig.event_names().contains(&"poll_timeout"));
}

#[test]
fn client_05_not_enforced_while_the_coordinator_is_unknown() {
    let mut rig = stuck(Rig::with(|c| c.client.max_poll_interval_ms = 5_000));
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::NotCoordinator);
    rig.events();
    rig.run_to(20_000);
    assert!(!rig.event_names().contains(&"poll_timeout"));
}

#[test]
fn client_06_a_static_member_sends_no_leave_when_its_poll_timer_expires() {
    let mut rig = stuck(Rig::with(|c| c.client.max_poll_interval_ms = 2_000).fixed());
    rig.fires_at(2_000);
    assert_eq!(rig.event_names(), ["poll_timeout", "generation_reset"]);
    rig.run_to(60_000);
    rig.nothing_sent();
}

#[test]
fn client_07_the_poll_after_a_poll_timeout_loses_everything_and_joins_with_an_empty_id() {
    let mut rig = stuck(Rig::with(|c| c.client.max_poll_interval_ms = 2_000));
    rig.run_to(2_500);
    rig.forget_sent();
    rig.events();
    rig.fault(crate::client::HandlerFault::None);
    rig.run_to(2_590); // the rest of the batch; its commit fails locally
    let events = rig.events();
    let expected = Kind::CommitFailed {
        error: crate::trace::CommitError::CommitFailed,
        code: ErrorCode::None,
        origin: crate::trace::CommitOrigin::Sync,
    };
    assert!(events.contains(&expected));
    let names: Vec<_> = events.iter().map(Kind::name).collect();
    assert_eq!(names[names.len() - 4..], ["commit_failed", "poll", "lost", "join_sent"]);
    let (_, Request::JoinGroup(request)) = rig.sent(Api::JoinGroup) else { unreachable!() };
    assert_eq!(request.member, MemberId::EMPTY);
}

#[test]
fn client_08_rebalance_in_progress_is_acted_on_at_the_next_poll() {
    let mut rig = stuck(Rig::new());
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.nothing_sent();
    rig.fires_at(6_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fault(crate::client::HandlerFault::None);
    rig.run_to(6_090);
    let commit = rig.commit_sent(&[(0, 10)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    let (_, Request::JoinGroup(request)) = rig.sent(Api::JoinGroup) else { unreachable!() };
    assert_eq!(rig.names.text(request.reason), "group is already rebalancing");
}

#[test]
fn client_08_illegal_generation_keeps_the_member_id_and_unknown_member_drops_it() {
    for (code, kept) in [(ErrorCode::IllegalGeneration, true), (ErrorCode::UnknownMemberId, false)] {
        let mut rig = idle();
        rig.fires_at(3_000);
        rig.heartbeat_reply(code);
        let member = if kept { rig.member_id() } else { MemberId::EMPTY };
        let (_, Request::JoinGroup(request)) = rig.sent(Api::JoinGroup) else { unreachable!() };
        assert_eq!(request.member, member);
        let group = crate::ids::GroupId(rig.names.intern("g"));
        assert!(rig.events().contains(&Kind::GenerationReset { group, member, code }));
    }
}

#[test]
fn client_08_an_error_for_an_older_generation_is_ignored() {
    let mut rig = idle();
    rig.fires_at(3_000);
    let (old, _) = rig.sent(Api::Heartbeat);
    rig.fires_at(6_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.join(2);
    rig.sync(&[]);
    rig.events();
    rig.answer(old, crate::protocol::Response::Heartbeat(ErrorCode::IllegalGeneration));
    assert_eq!(rig.event_names(), ["heartbeat_reply_seen"]);
}

#[test]
fn client_08_a_fenced_instance_id_is_fatal() {
    let mut rig = Rig::new().fixed();
    rig.stable(&[], 0);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::FencedInstanceId);
    assert!(rig.events().contains(&Kind::Failed { code: ErrorCode::FencedInstanceId }));
    assert!(rig.exited);
    assert_eq!(rig.deadline(), None);
}

#[test]
fn an_idle_member_wakes_up_for_heartbeats_and_metadata_only() {
    let mut rig = idle();
    let mut woken = 0;
    while rig.deadline().is_some_and(|due| due.as_ms() < 300_000) {
        let due = rig.deadline().map_or(0, |due| due.as_ms());
        rig.fires_at(due);
        rig.heartbeat_reply(ErrorCode::None);
        woken += 1;
    }
    assert_eq!(woken, 99);
    rig.run_to(300_000);
    let mut last: Vec<Api> = vec![rig.sent(Api::Metadata).1.api(), rig.sent(Api::Heartbeat).1.api()];
    last.sort();
    assert_eq!(last, [Api::Metadata, Api::Heartbeat]);
}
