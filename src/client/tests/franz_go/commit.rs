//! What is committed when.

use super::{automatic, by_hand, rig};
use crate::config::CommitMode;
use crate::protocol::{Api, ErrorCode, Request};
use crate::time::Duration;

#[test]
fn franz_go_auto_commit_takes_the_polls_before_the_last() {
    let mut rig = rig(|_| {});
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 3)]); // until 3.1 s
    let fetch = rig.sent(Api::Fetch).0;
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::None);
    rig.at(3_000);
    rig.records(fetch, &[(0, 3, 9)]); // the next poll returns them, until 9.1 s
    rig.fires_at(3_100);
    rig.sent(Api::Fetch);
    rig.fires_at(3_500);
    rig.heartbeat_reply(ErrorCode::None);
    rig.fires_at(5_000); // the ticker of the manage loop, which began at 0
    rig.commit_sent(&[(0, 3)]);
}

#[test]
fn franz_go_greedy_auto_commit_takes_everything_polled() {
    let mut rig = rig(|config| config.client.greedy_auto_commit = true);
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 30)]);
    rig.forget_sent();
    rig.run_to(5_000);
    rig.forget_to(Api::OffsetCommit);
    rig.commit_sent(&[(0, 30)]);
}

#[test]
fn franz_go_auto_commit_marks_takes_what_is_handled() {
    let mut rig = rig(|config| config.client.auto_commit_marks = true);
    let fetch = rig.fz_stable(&[0, 1], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 3), (1, 0, 30)]);
    rig.forget_sent();
    rig.run_to(5_000);
    rig.forget_to(Api::OffsetCommit);
    rig.commit_sent(&[(0, 3), (1, 1)]); // by 4.1 s four were handled, and the fifth is in work
}

#[test]
fn franz_go_says_in_a_commit_who_has_made_it() {
    let mut rig = rig(|config| config.commit = by_hand(CommitMode::Sync));
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.forget_sent();
    rig.run_to(1_100);
    rig.forget_to(Api::OffsetCommit);
    let member = rig.member_id();
    let (_, request) = rig.sent(Api::OffsetCommit);
    let Request::OffsetCommit(request) = request else { unreachable!() };
    assert_eq!(request.partitions[0].metadata, member.0);
}

/// twmb/franz-go#137.
#[test]
fn franz_go_commit_waits_until_the_member_has_joined_and_goes_out_with_the_new_generation() {
    let mut rig = rig(|config| config.commit = by_hand(CommitMode::Sync));
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 1)]); // until 1.1 s
    rig.forget_sent();
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fires_at(1_100); // the batch is done and its commit asked for, but the JoinGroup is out
    rig.at(2_000);
    rig.fz_joined(2, "cooperative-sticky");
    rig.at(2_100);
    rig.sync(&[0]);
    let (_, request) = rig.sent(Api::OffsetCommit);
    let Request::OffsetCommit(request) = request else { unreachable!() };
    assert_eq!((request.generation.0, request.partitions[0].offset.0), (2, 1));
}

#[test]
fn franz_go_join_waits_for_a_commit_that_is_under_way() {
    let mut rig = rig(|config| config.commit = by_hand(CommitMode::Async));
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.forget_sent();
    rig.fires_at(500);
    let beat = rig.sent(Api::Heartbeat).0;
    rig.fires_at(1_100);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.forget_sent();
    rig.answer(beat, crate::protocol::Response::Heartbeat(ErrorCode::RebalanceInProgress));
    rig.nothing_sent();
    rig.at(1_300);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.sent(Api::JoinGroup);
}

#[test]
fn franz_go_auto_commit_that_falls_due_in_a_join_is_made_after_it() {
    let mut rig = rig(|config| {
        config.process.per_record = Duration::from_ms(1);
        config.commit = automatic(700);
    });
    let fetch = rig.fz_stable(&[0], 0);
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.at(600);
    rig.records(fetch, &[(0, 0, 4)]);
    rig.fires_at(604);
    let (join, _) = rig.sent(Api::JoinGroup);
    rig.forget_sent();
    rig.fires_at(700); // locked out
    rig.nothing_sent();
    rig.at(800);
    let mut response = rig.join_response(2, false);
    response.protocol_name = Some(crate::ids::ProtocolName(rig.names.intern("cooperative-sticky")));
    rig.answer(join, crate::protocol::Response::JoinGroup(Box::new(response)));
    rig.sync(&[0]);
    rig.commit_sent(&[(0, 4)]);
}

/// twmb/franz-go#1326, #1340.
#[test]
fn franz_go_fatal_answer_to_a_commit_makes_the_member_rejoin_with_what_it_owns() {
    let mut rig = rig(|config| config.commit = by_hand(CommitMode::Sync));
    let fetch = rig.fz_stable(&[0], 0);
    rig.fires_at(500);
    let beat = rig.sent(Api::Heartbeat).0;
    rig.at(600);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.forget_sent();
    rig.fires_at(1_600);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.events();
    rig.at(1_700);
    // The heartbeat of 500 ms has had no answer yet: the loop is in it.
    rig.commit_answer(commit, &[0], ErrorCode::UnknownMemberId);
    assert_eq!(rig.event_names(), ["commit_reply_seen", "commit_failed", "poll"]);
    rig.nothing_sent();
    rig.at(1_800);
    rig.answer(beat, crate::protocol::Response::Heartbeat(ErrorCode::None));
    assert_eq!(rig.fz_claims(), (vec![0], 1));
}

#[test]
fn franz_go_commits_are_made_one_at_a_time_and_in_order() {
    let mut rig = rig(|config| {
        config.process.per_record = Duration::from_ms(1);
        config.commit = by_hand(CommitMode::Async);
    });
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(10);
    rig.records(fetch, &[(0, 0, 1)]);
    let fetch = rig.sent(Api::Fetch).0;
    rig.at(11);
    rig.fires_at(11);
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.records(fetch, &[(0, 1, 2)]);
    rig.sent(Api::Fetch);
    rig.fires_at(12);
    rig.nothing_sent(); // the second waits for the first, which is not answered
    rig.at(40);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.commit_sent(&[(0, 2)]);
}
