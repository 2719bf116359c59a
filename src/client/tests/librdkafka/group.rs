//! Heartbeats, the session at the client, max.poll.interval.ms, metadata, closing.

use super::super::rig::{after_batch, policy};
use super::rig;
use crate::client::HandlerFault;
use crate::config::{CommitMode, CommitOffset, CommitWhen};
use crate::ids::MemberId;
use crate::protocol::{Api, ErrorCode, LeavingMember, Request, Response};

#[test]
fn librdkafka_beats_when_the_assignment_is_there_then_every_interval_and_not_while_joining() {
    let mut rig = rig(|_| {});
    rig.rd_started();
    rig.at(3_500); // WaitJoin: no heartbeat is due
    rig.join(1);
    rig.at(8_000); // WaitSync: nor here
    rig.sync(&[0]);
    assert_eq!(rig.version_of(Api::Heartbeat), 3);
    rig.heartbeat_reply(ErrorCode::None);
    rig.forget_sent();
    rig.fires_at(11_000);
    rig.sent(Api::Heartbeat);
    rig.at(13_500);
    rig.fires_at(14_000); // one is in flight: none is sent
    rig.nothing_sent();
}

#[test]
fn librdkafka_loses_its_assignment_when_no_heartbeat_was_answered_for_the_session_timeout() {
    let mut rig = rig(|_| {});
    let fetch = rig.rd_steady(&[0, 1], 0);
    rig.run_to(2_999);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::None);
    rig.records(fetch, &[]);
    rig.forget_sent();
    rig.run_to(47_999);
    rig.forget_sent();
    rig.events();
    rig.fires_at(48_000);
    // 45 s after the last good answer. The heartbeat of 6 s has timed out with its connection at this very instant or before.
    let names = rig.event_names();
    assert!(names.contains(&"lost"), "{names:?}");
    assert!(!names.contains(&"revoked"), "{names:?}");
}

#[test]
fn librdkafka_leaves_at_the_first_check_after_max_poll_interval() {
    let mut rig = rig(|config| {
        config.client.max_poll_interval_ms = 10_000;
        config.client.session_timeout_ms = 10_000;
        config.commit = policy(CommitWhen::Auto { interval_ms: 5_000 }, CommitOffset::Stored, CommitMode::Async, true);
    });
    let fetch = rig.rd_steady(&[0], 0);
    rig.fault(HandlerFault::Stuck);
    rig.run_to(700);
    rig.records(fetch, &[(0, 0, 5)]); // the last poll returns at 700
    while rig.now.as_ms() < 10_500 {
        rig.run_to(rig.now.as_ms() + 500);
        rig.answer_commits_and_heartbeats();
    }
    rig.events();
    rig.forget_sent();
    // Exceeded at 10,701: the checks are at 500, 1000 ... after the assignment at 0.
    rig.fires_at(11_000);
    assert_eq!(rig.version_of(Api::LeaveGroup), 1);
    let (id, request) = rig.sent(Api::LeaveGroup);
    let Request::LeaveGroup(leave) = request else { unreachable!() };
    // Not on the wire in version 1, but the trace is to say why.
    assert_eq!(rig.names.text(leave.members[0].reason), LeavingMember::POLL_TIMEOUT);
    rig.answer(id, left());
    assert_eq!(rig.event_names()[..2], ["poll_timeout", "leave_sent"]);
    // No heartbeats from here on; the revocation waits for the application.
    rig.run_to(19_000);
    rig.forget_sent();
    rig.events();
    rig.fault(HandlerFault::None);
    let names = rig.event_names();
    assert!(names.contains(&"lost"), "{names:?}");
    // The stored offset is committed even so, and refused: the member id is gone.
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.nothing_sent();
    rig.commit_answer(commit, &[0], ErrorCode::UnknownMemberId);
    let (_, request) = rig.sent(Api::JoinGroup);
    let Request::JoinGroup(join) = request else { unreachable!() };
    assert_eq!(join.member, MemberId::EMPTY);
}

#[test]
fn librdkafka_static_member_falls_silent_instead_of_leaving() {
    let mut rig = rig(|config| {
        config.client.max_poll_interval_ms = 10_000;
        config.client.session_timeout_ms = 10_000;
    })
    .fixed();
    let fetch = rig.rd_steady(&[0], 0);
    rig.fault(HandlerFault::Stuck);
    rig.records(fetch, &[(0, 0, 5)]);
    rig.forget_sent();
    for at in [3_000, 6_000, 9_000] {
        rig.run_to(at);
        rig.answer_commits_and_heartbeats();
    }
    rig.run_to(10_499);
    rig.events();
    rig.fires_at(10_500);
    assert_eq!(rig.event_names(), ["poll_timeout", "generation_reset"]);
    rig.nothing_sent();
    rig.run_to(60_000);
    rig.nothing_sent();
}

#[test]
fn librdkafka_rejoins_when_partitions_were_added_also_if_it_does_not_lead() {
    let mut rig = rig(|_| {});
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[]);
    rig.forget_sent();
    while rig.now.as_ms() < 297_000 {
        rig.run_to(rig.now.as_ms() + 500);
        rig.answer_all();
    }
    rig.run_to(300_000);
    rig.answer_all();
    rig.run_to(300_000);
    rig.partitions = 4;
    rig.answer_metadata();
    assert!(rig.event_names().contains(&"revoked"));
    rig.forget_to(Api::JoinGroup);
    rig.sent(Api::JoinGroup);
}

#[test]
fn librdkafka_close_commits_in_the_revoke_callback_then_leaves() {
    let mut rig =
        rig(|config| config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, true));
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]);
    rig.run_to(1_500);
    rig.forget_sent();
    rig.stop();
    rig.nothing_sent(); // the record in hand
    rig.fires_at(2_000);
    let commit = rig.commit_sent(&[(0, 2)]);
    rig.nothing_sent();
    rig.commit_answer(commit, &[0], ErrorCode::None);
    assert!(!rig.exited);
    rig.reply(Api::LeaveGroup, left());
    assert!(rig.exited);
}

#[test]
fn librdkafka_close_of_a_static_member_does_not_leave() {
    let mut rig = rig(|config| config.commit = after_batch()).fixed();
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[]);
    rig.forget_sent();
    rig.stop();
    assert!(rig.exited);
    rig.nothing_sent();
}

#[test]
fn librdkafka_close_gives_up_on_the_answer_to_leave_after_five_seconds() {
    let mut rig = rig(|_| {});
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[]);
    rig.forget_sent();
    rig.stop();
    rig.sent(Api::LeaveGroup);
    rig.run_to(4_999);
    assert!(!rig.exited);
    rig.run_to(5_000);
    assert!(rig.exited);
}

/// Seen: LeaveGroup goes out before the callback that was queued, whose commit comes too late.
#[test]
fn librdkafka_close_with_a_revocation_pending_leaves_first() {
    let mut rig =
        rig(|config| config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, true));
    let fetch = rig.rd_steady(&[0], 0);
    rig.run_to(2_500);
    rig.records(fetch, &[(0, 0, 5)]);
    rig.forget_sent();
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.stop();
    rig.fires_at(3_500);
    rig.reply(Api::LeaveGroup, left());
    rig.nothing_sent();
    assert!(rig.exited);
}

fn left() -> Response {
    Response::LeaveGroup(Box::new(crate::protocol::LeaveGroupResponse { error: ErrorCode::None, members: Vec::new() }))
}
