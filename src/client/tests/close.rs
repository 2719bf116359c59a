//! CLIENT-31 and CLIENT-33: closing.

use super::rig::{Rig, after_batch};
use crate::config::CommitPolicy;
use crate::ids::InstanceId;
use crate::protocol::{Api, ErrorCode, LeaveGroupResponse, Request, Response};
use crate::trace::Kind;

fn leave(rig: &mut Rig) {
    let (id, Request::LeaveGroup(request)) = rig.sent(Api::LeaveGroup) else { unreachable!() };
    assert_eq!(rig.names.text(request.members[0].reason), "the consumer is being closed");
    let members = vec![(request.members[0].member, InstanceId::EMPTY, ErrorCode::None)];
    rig.answer(id, Response::LeaveGroup(Box::new(LeaveGroupResponse { error: ErrorCode::None, members })));
}

#[test]
fn client_31_auto_commit_callback_leave_in_this_order() {
    let mut rig = Rig::with(|c| c.commit = CommitPolicy::default());
    rig.stable(&[0], 5);
    rig.at(100);
    rig.stop();
    let id = rig.commit_sent(&[(0, 5)]);
    assert_eq!(rig.event_names(), ["stop", "commit_sent", "commit_partition_sent"]);
    rig.nothing_sent();
    rig.commit_answer(id, &[0], ErrorCode::None);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "revoked", "leave_sent"]);
    assert!(!rig.exited);
    leave(&mut rig);
    assert_eq!(rig.event_names(), ["leave_reply_seen", "fetch_lost", "closed"]);
    assert!(rig.exited);
}

#[test]
fn client_31_the_batch_in_hand_is_finished_and_committed_first() {
    let mut rig = Rig::new();
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]);
    rig.sent(Api::Fetch);
    rig.at(12);
    rig.stop();
    rig.nothing_sent();
    rig.fires_at(50);
    let id = rig.commit_sent(&[(0, 5)]);
    rig.events();
    rig.commit_answer(id, &[0], ErrorCode::None);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "revoked", "leave_sent"]);
}

#[test]
fn client_31_on_revoke_commits_what_a_failed_commit_left_behind() {
    let mut rig = Rig::new();
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]);
    rig.sent(Api::Fetch);
    rig.stop();
    rig.fires_at(50);
    let id = rig.commit_sent(&[(0, 5)]);
    rig.commit_answer(id, &[0], ErrorCode::OffsetMetadataTooLarge);
    let id = rig.commit_sent(&[(0, 5)]);
    let closing = |kind: &Kind| matches!(kind, Kind::CommitSent { origin: crate::trace::CommitOrigin::Close, .. });
    assert!(rig.events().iter().any(closing));
    rig.commit_answer(id, &[0], ErrorCode::None);
    leave(&mut rig);
}

#[test]
fn client_31_without_a_generation_the_lost_callback_runs() {
    let mut rig = Rig::with(|c| c.process.per_record = crate::time::Duration::from_ms(4_000));
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.sent(Api::Fetch);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    rig.stop();
    rig.events();
    rig.fires_at(4_000);
    let names = rig.event_names();
    assert_eq!(names[names.len() - 4..], ["commit_failed", "lost", "fetch_lost", "closed"]);
    rig.nothing_sent();
}

#[test]
fn client_31_a_static_member_does_not_leave() {
    let mut rig = Rig::new().fixed();
    rig.stable(&[], 0);
    rig.stop();
    assert_eq!(rig.event_names(), ["stop", "closed"]);
    rig.nothing_sent();
}

#[test]
fn static_16_a_static_member_sends_no_leave_group_on_close() {
    let mut rig = Rig::with(|c| c.commit = after_batch()).fixed();
    rig.stable(&[0], 5);
    rig.stop();
    assert_eq!(rig.event_names(), ["stop", "revoked", "fetch_lost", "closed"]);
    rig.nothing_sent();
}

#[test]
fn client_31_leave_group_is_waited_for_no_longer_than_the_close_timeout() {
    let mut rig = Rig::new();
    rig.stable(&[], 0);
    rig.at(500);
    rig.stop();
    rig.sent(Api::LeaveGroup);
    rig.events();
    rig.fires_at(30_500);
    assert!(rig.event_names().contains(&"closed"));
}

#[test]
fn client_31_after_a_long_wait_in_poll_the_poll_timer_does_not_fire_in_close() {
    let mut rig = Rig::with(|c| {
        c.commit =
            CommitPolicy { when: crate::config::CommitWhen::Auto { interval_ms: 100_000 }, ..CommitPolicy::default() };
        c.client.max_poll_interval_ms = 5_000;
        c.client.request_timeout_ms = 60_000;
    });
    rig.stable(&[0], 5);
    for due in [3_000, 6_000, 9_000] {
        rig.fires_at(due);
        rig.heartbeat_reply(ErrorCode::None);
    }
    rig.at(9_500);
    rig.stop();
    rig.commit_sent(&[(0, 5)]);
    rig.fires_at(12_000);
    rig.heartbeat_reply(ErrorCode::None);
    rig.events();
    rig.fires_at(14_000); // max.poll.interval.ms after the last pass of poll, the one of the heartbeat at 9 s
    assert_eq!(rig.event_names()[0], "poll_timeout");
}

#[test]
fn client_33_a_pending_id_with_a_join_in_flight_leaves() {
    let mut rig = Rig::new();
    rig.started();
    rig.join_error(ErrorCode::MemberIdRequired);
    rig.sent(Api::JoinGroup);
    rig.stop();
    let (_, Request::LeaveGroup(request)) = rig.sent(Api::LeaveGroup) else { unreachable!() };
    assert_eq!(request.members[0].member, rig.member_id());
}

#[test]
fn client_33_without_a_member_id_or_coordinator_nothing_is_sent() {
    let mut rig = Rig::new();
    rig.start();
    rig.forget_sent();
    rig.stop();
    rig.nothing_sent();
    assert!(rig.exited);

    let mut rig = Rig::new();
    rig.started();
    rig.sent(Api::JoinGroup);
    rig.stop();
    rig.nothing_sent(); // the member id is still empty; the JoinGroup is waited for
    assert!(!rig.exited);
}
