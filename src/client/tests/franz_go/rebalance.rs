//! Rebalances in the background, and what keeps them waiting.

use super::{by_hand, rig};
use crate::config::{AssignorKind, CommitMode, CommitWhen, WhenRevoked};
use crate::protocol::{Api, ErrorCode};

#[test]
fn assign_coop_04_franz_go_revokes_what_it_lost_and_joins_again_without_the_application() {
    let mut rig = rig(|_| {});
    let fetch = rig.fz_stable(&[0, 1], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 60), (1, 0, 60)]); // two minutes of work
    let fetch = rig.sent(Api::Fetch).0;
    rig.run_to(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    // onRevoked(nothing): nothing is committable while the batch is in hand. Fetching goes on.
    rig.records(fetch, &[]);
    rig.at(600);
    rig.fz_joined(2, "cooperative-sticky");
    rig.sent(Api::Fetch);
    rig.sync(&[0]);
    let names = rig.event_names();
    let tail: Vec<_> = names.iter().skip_while(|name| **name != "joined").collect();
    assert_eq!(tail, [&"joined", &"fetch_lost", &"disconnected", &"revoked", &"join_sent"]);
    assert_eq!(rig.fz_claims(), (vec![0], 2));
}

#[test]
fn franz_go_revoke_commits_the_head_first_and_commits_are_over_before_the_join() {
    let mut rig = rig(|config| config.process.per_record = crate::time::Duration::from_ms(1));
    let fetch = rig.fz_stable(&[0, 1], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 9), (1, 0, 5)]);
    rig.fires_at(109);
    rig.fires_at(114); // handled: the next poll has begun, and the batch is committable
    rig.forget_sent();
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    let commit = rig.commit_sent(&[(0, 9), (1, 5)]);
    rig.nothing_sent();
    rig.at(530);
    rig.commit_answer(commit, &[0, 1], ErrorCode::None);
    assert_eq!(rig.fz_claims(), (vec![0, 1], 1));
}

#[test]
fn franz_go_offsets_are_fetched_for_what_was_added_only() {
    let mut rig = rig(|_| {});
    rig.fz_stable(&[0], 3);
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.at(600);
    rig.fz_assigned(2, &[0, 2]);
    let (_, request) = rig.sent(Api::OffsetFetch);
    let crate::protocol::Request::OffsetFetch(request) = request else { unreachable!() };
    let asked: Vec<u32> = request.partitions.unwrap().iter().map(|p| p.partition).collect();
    assert_eq!(asked, [2]);
}

#[test]
fn franz_go_offset_fetch_that_a_rebalance_cut_short_is_made_in_the_next_session() {
    let mut rig = rig(|_| {});
    rig.fz_started();
    rig.fz_assigned(1, &[0, 1]);
    rig.sent(Api::OffsetFetch); // not answered
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fz_assigned(2, &[0, 1]); // nothing added, nothing lost
    let (_, request) = rig.sent(Api::OffsetFetch);
    let crate::protocol::Request::OffsetFetch(request) = request else { unreachable!() };
    assert_eq!(request.partitions.unwrap().len(), 2);
}

#[test]
fn franz_go_eager_member_gives_up_everything_before_it_joins() {
    let mut rig = rig(|config| config.client.assignors = vec![AssignorKind::Range]);
    rig.fz_started();
    rig.fz_joined(1, "range");
    rig.sync(&[0, 1]);
    rig.committed(0);
    rig.sent(Api::Fetch);
    rig.fires_at(3_000);
    rig.events();
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    assert_eq!(rig.event_names(), ["heartbeat_reply_seen", "fetch_lost", "disconnected", "revoked", "join_sent"]);
    rig.sent(Api::JoinGroup);
    rig.run_to(70_000);
    rig.nothing_sent();
}

#[test]
fn franz_go_block_rebalance_on_poll_waits_for_the_application_while_heartbeats_go_on() {
    let mut rig = rig(|config| config.client.block_rebalance_on_poll = true);
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 10)]); // until 10.1 s
    rig.forget_sent();
    rig.run_to(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.run_to(3_500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.run_to(6_500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.run_to(9_500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.nothing_sent();
    rig.run_to(10_100); // back in poll: the batch has become committable, and the callback commits it
    let commit = rig.commit_sent(&[(0, 10)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    assert_eq!(rig.fz_claims(), (vec![0], 1));
}

#[test]
fn franz_go_blocked_member_that_was_dropped_meanwhile_and_has_nothing_to_commit_loses_everything() {
    let mut rig = rig(|config| {
        config.client.block_rebalance_on_poll = true;
        config.commit = super::super::rig::policy(
            CommitWhen::Never,
            crate::config::CommitOffset::DoneContiguous,
            CommitMode::Sync,
            false,
        );
    });
    let fetch = rig.fz_stable(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 70)]);
    rig.forget_sent();
    rig.run_to(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.run_to(3_500);
    rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    rig.events();
    for at in (6_500..70_000).step_by(3_000) {
        rig.run_to(at);
        rig.forget_to(Api::Heartbeat);
        rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    }
    assert!(!rig.event_names().contains(&"lost"));
    rig.run_to(70_100);
    let names = rig.event_names();
    assert!(names.contains(&"lost") && !names.contains(&"revoked"), "{names:?}");
}

#[test]
fn franz_go_draining_callback_waits_for_the_batch_and_stops_fetching_at_once() {
    let mut rig = rig(|config| {
        config.client.assignors = vec![AssignorKind::Range];
        config.process.when_revoked = Some(WhenRevoked::Drain);
        config.commit = super::super::rig::after_batch();
    });
    rig.fz_started();
    rig.fz_joined(1, "range");
    rig.sync(&[0]);
    rig.committed(0);
    let fetch = rig.sent(Api::Fetch).0;
    rig.at(1_000);
    rig.records(fetch, &[(0, 0, 5)]); // until 6 s
    rig.sent(Api::Fetch);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.nothing_sent();
    rig.run_to(6_000);
    let commit = rig.commit_sent(&[(0, 5)]); // the batch's own
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.sent(Api::JoinGroup);
}

#[test]
fn franz_go_group_that_goes_from_cooperative_to_eager_revokes_everything_once() {
    let mut rig = rig(|config| {
        config.client.assignors = vec![AssignorKind::CooperativeSticky, AssignorKind::Range];
    });
    rig.fz_stable(&[0, 1], 4);
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fz_joined(2, "range");
    rig.events();
    rig.sync(&[1, 2]);
    let names = rig.event_names();
    let expected = ["sync_reply_seen", "joined", "fetch_lost", "disconnected", "revoked", "owned", "offset_fetch_sent"];
    assert_eq!(names, expected);
    let (_, request) = rig.sent(Api::OffsetFetch);
    let crate::protocol::Request::OffsetFetch(request) = request else { unreachable!() };
    assert_eq!(request.partitions.unwrap().len(), 2); // both anew: nothing is carried over
}

#[test]
fn franz_go_commit_of_a_lost_partition_by_hand_goes_out_all_the_same() {
    let mut rig = rig(|config| config.commit = by_hand(CommitMode::Sync));
    let fetch = rig.fz_stable(&[0, 1], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 2), (1, 0, 2)]); // until 4.1 s
    rig.forget_sent();
    rig.run_to(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fz_assigned(2, &[1]);
    rig.fz_assigned(3, &[1]);
    rig.forget_sent();
    rig.run_to(2_100); // its two records of partition 0 are done
    rig.forget_sent();
    rig.run_to(4_100);
    rig.forget_to(Api::OffsetCommit);
    rig.commit_sent(&[(1, 2), (0, 2)]); // with generation 3, and nobody asks whose partition 0 is
}
