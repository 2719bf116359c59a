//! Close.

use super::rig;
use crate::protocol::{Api, ErrorCode, Request, Response};

#[test]
fn franz_go_close_commits_what_was_polled_and_leaves() {
    let mut rig = rig(|_| {});
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 2)]); // until 2.1 s
    rig.forget_sent();
    rig.stop();
    rig.run_to(500);
    rig.heartbeat_reply(ErrorCode::None);
    rig.fires_at(2_100); // the last PollFetches returns nothing, and has made the batch committable
    let commit = rig.commit_sent(&[(0, 2)]);
    rig.nothing_sent();
    rig.events();
    rig.run_to(2_200);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    let (leave, request) = rig.sent(Api::LeaveGroup);
    let Request::LeaveGroup(request) = request else { unreachable!() };
    assert_eq!(rig.names.text(request.members[0].reason), "client leaving group per normal operation");
    assert_eq!(rig.event_names(), ["commit_reply_seen", "revoked", "leave_sent"]);
    let response = crate::protocol::LeaveGroupResponse { error: ErrorCode::None, members: Vec::new() };
    rig.answer(leave, Response::LeaveGroup(Box::new(response)));
    assert!(rig.exited);
}

#[test]
fn franz_go_static_member_does_not_leave() {
    let mut rig = rig(|_| {}).fixed();
    rig.start();
    rig.reply_metadata();
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    rig.fz_assigned(1, &[0]);
    rig.committed(0);
    rig.forget_sent();
    rig.stop();
    rig.nothing_sent();
    assert!(rig.exited);
}

#[test]
fn franz_go_close_waits_for_a_join_that_is_under_way() {
    let mut rig = rig(|_| {});
    rig.fz_stable(&[0], 0);
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.stop();
    assert!(!rig.exited);
    rig.run_to(20_000);
    rig.fz_joined(2, "cooperative-sticky");
    rig.events();
    rig.sync(&[0]);
    assert!(rig.event_names().contains(&"revoked"));
    rig.sent(Api::LeaveGroup);
}
