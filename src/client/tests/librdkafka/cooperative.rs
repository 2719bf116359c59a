//! Cooperative rebalancing: incremental assign and unassign, the second join, loss, closing.

use super::super::rig::{Rig, policy};
use super::rig;
use crate::config::{AssignorKind, CommitMode, CommitOffset, CommitPolicy, CommitWhen};
use crate::ids::CorrelationId;
use crate::protocol::consumer_protocol::{Subscription, decode_subscription};
use crate::protocol::{Api, ErrorCode, JoinGroupRequest, Request};
use crate::time::Duration;

fn cooperative(commit: CommitPolicy) -> Rig {
    rig(|config| {
        config.client.assignors = vec![AssignorKind::CooperativeSticky];
        config.commit = commit;
    })
}

fn never(on_revoke: bool) -> CommitPolicy {
    policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, on_revoke)
}

fn stored() -> CommitPolicy {
    policy(CommitWhen::Auto { interval_ms: 60_000 }, CommitOffset::Stored, CommitMode::Async, true)
}

/// Steady in generation 1 with these partitions; told of a rebalance at 3,000 ms; the JoinGroup is out.
fn rejoining(commit: CommitPolicy, partitions: &[u32]) -> (Rig, CorrelationId) {
    let mut rig = cooperative(commit);
    let fetch = rig.rd_steady(partitions, 0);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    (rig, fetch)
}

fn join_request(rig: &mut Rig) -> Box<JoinGroupRequest> {
    match rig.sent(Api::JoinGroup) {
        (_, Request::JoinGroup(request)) => request,
        _ => unreachable!(),
    }
}

fn claims(rig: &mut Rig) -> Subscription {
    let request = join_request(rig);
    decode_subscription(&request.protocols[0].metadata, &mut rig.names).unwrap()
}

fn numbers(subscription: &Subscription) -> Vec<u32> {
    subscription.owned.iter().map(|p| p.partition).collect()
}

#[test]
fn librdkafka_cooperative_member_joins_at_once_with_what_it_owns() {
    let (mut rig, _) = rejoining(never(false), &[0, 2]);
    let subscription = claims(&mut rig);
    assert_eq!((numbers(&subscription), subscription.generation.0), (vec![0, 2], 1));
    assert!(subscription.user_data.is_some_and(|bytes| !bytes.is_empty()), "the assignor's own state");
}

#[test]
fn librdkafka_cooperative_member_has_empty_user_data_before_its_first_assignment() {
    let mut rig = cooperative(never(false));
    rig.rd_started();
    let subscription = claims(&mut rig);
    assert_eq!((numbers(&subscription), subscription.generation.0), (vec![], -1));
    assert_eq!(subscription.user_data.map(|bytes| bytes.len()), Some(0));
}

#[test]
fn librdkafka_cooperative_member_reads_on_while_it_joins() {
    let (mut rig, fetch) = rejoining(never(false), &[0]);
    join_request(&mut rig);
    rig.events();
    rig.at(3_100);
    rig.records(fetch, &[(0, 0, 2)]);
    assert!(rig.event_names().contains(&"delivered"));
    rig.sent(Api::Fetch);
    rig.fires_at(4_100);
    assert!(rig.event_names().contains(&"delivered"));
}

#[test]
fn librdkafka_cooperative_assignment_pauses_until_the_application_polls_and_reads_again_from_there() {
    let (mut rig, fetch) = rejoining(never(false), &[0]);
    rig.at(3_100);
    rig.records(fetch, &[(0, 0, 9)]); // in work: 0, until 4,100 ms; fetched ahead: 1 to 8
    rig.join(2);
    let ahead = rig.sent(Api::Fetch).0;
    rig.sync(&[0, 1]);
    rig.at(3_200);
    rig.records(ahead, &[(0, 9, 20)]);
    rig.nothing_sent(); // paused
    rig.events();
    rig.fires_at(4_100);
    assert_eq!(rig.event_names()[..3], ["process_done", "poll", "owned"]);
    let (_, Request::OffsetFetch(request)) = rig.sent(Api::OffsetFetch) else { unreachable!() };
    assert_eq!(request.partitions, Some(vec![rig.orders(1)]));
    let (_, Request::Fetch(request)) = rig.sent(Api::Fetch) else { unreachable!() };
    assert_eq!(request.partitions.iter().map(|p| p.offset.0).collect::<Vec<_>>(), [1]);
    rig.nothing_sent(); // nothing was taken away: no second join
}

#[test]
fn librdkafka_cooperative_revocation_is_followed_by_assign_and_by_a_second_join() {
    let (mut rig, _) = rejoining(never(false), &[0, 1]);
    rig.join(2);
    rig.events();
    rig.sync(&[0, 2]);
    assert_eq!(rig.event_names(), ["sync_reply_seen", "joined", "revoked", "owned", "offset_fetch_sent"]);
    let fetched = rig.orders(2);
    let (id, Request::OffsetFetch(request)) = rig.sent(Api::OffsetFetch) else { unreachable!() };
    assert_eq!(request.partitions, Some(vec![fetched]));
    rig.nothing_sent(); // the join waits for the offsets
    let (offset, metadata) = (crate::ids::Offset(7), crate::ids::Symbol::EMPTY);
    let found = crate::protocol::FetchedOffset { partition: fetched, offset, metadata, error: ErrorCode::None };
    let response = crate::protocol::OffsetFetchResponse { error: ErrorCode::None, partitions: vec![found] };
    rig.answer(id, crate::protocol::Response::OffsetFetch(Box::new(response)));
    let subscription = claims(&mut rig); // once the offsets are there
    assert_eq!((numbers(&subscription), subscription.generation.0), (vec![0, 2], 2));
}

#[test]
fn librdkafka_cooperative_revocation_of_everything_assigns_nothing_and_joins_again() {
    let (mut rig, _) = rejoining(never(false), &[1]);
    rig.join(2);
    rig.sync(&[]);
    let subscription = claims(&mut rig);
    assert_eq!((numbers(&subscription), subscription.generation.0), (vec![], 2));
}

#[test]
fn librdkafka_cooperative_unassign_commits_what_is_stored_of_what_is_taken_away() {
    let (mut rig, fetch) = rejoining(stored(), &[0, 1]);
    rig.at(3_100);
    rig.records(fetch, &[(0, 0, 1), (1, 0, 1)]);
    rig.run_to(5_200); // both handled
    rig.join(2);
    rig.sent(Api::Fetch);
    rig.sync(&[1]);
    let (commit, Request::OffsetCommit(request)) = rig.sent(Api::OffsetCommit) else { unreachable!() };
    assert_eq!(request.generation.0, 2);
    assert_eq!(request.partitions.iter().map(|p| (p.partition.partition, p.offset.0)).collect::<Vec<_>>(), [(0, 1)]);
    rig.forget_sent(); // the fetch of what stays
    rig.commit_answer(commit, &[0], ErrorCode::None);
    assert_eq!(numbers(&claims(&mut rig)), [1]);
}

#[test]
fn librdkafka_cooperative_callback_commits_what_is_done_of_what_is_taken_away() {
    let (mut rig, fetch) = rejoining(never(true), &[0, 1]);
    rig.at(3_100);
    rig.records(fetch, &[(0, 0, 1), (1, 0, 1)]);
    rig.run_to(5_200);
    rig.join(2);
    rig.sent(Api::Fetch);
    rig.sync(&[1]);
    rig.commit_sent(&[(0, 1)]);
}

#[test]
fn librdkafka_cooperative_unknown_member_loses_everything_and_joins_again() {
    let mut rig = cooperative(never(false));
    rig.rd_steady(&[0, 1], 0);
    rig.fires_at(3_000);
    rig.events();
    rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    assert_eq!(rig.event_names(), ["heartbeat_reply_seen", "generation_reset", "lost", "join_sent"]);
    let subscription = claims(&mut rig);
    // The assignor remembers the generation of its last assignment even so.
    assert_eq!((numbers(&subscription), subscription.generation.0), (vec![], 1));
}

#[test]
fn librdkafka_cooperative_unknown_member_id_of_join_group_keeps_what_is_owned_until_an_id_is_given() {
    let (mut rig, _) = rejoining(never(false), &[0]);
    rig.events();
    rig.join_error(ErrorCode::UnknownMemberId);
    assert!(!rig.event_names().contains(&"lost"));
    rig.run_to(6_000);
    rig.forget_to(Api::JoinGroup);
    assert_eq!(numbers(&claims(&mut rig)), [0]);
    rig.events();
}

#[test]
fn librdkafka_cooperative_close_gives_everything_up_and_leaves() {
    let mut rig = cooperative(never(true));
    let fetch = rig.rd_steady(&[0], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 1)]);
    rig.run_to(1_200);
    rig.forget_sent();
    rig.events();
    rig.stop();
    let commit = rig.commit_sent(&[(0, 1)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.sent(Api::LeaveGroup);
    assert!(rig.event_names().contains(&"revoked"));
}

#[test]
fn librdkafka_cooperative_close_without_partitions_leaves_nobody_told() {
    let mut rig = cooperative(never(false));
    rig.rd_started();
    rig.join(1);
    rig.sync(&[]);
    rig.sent(Api::Heartbeat);
    rig.at(2_000);
    rig.stop();
    rig.nothing_sent(); // no LeaveGroup: the session has to expire
    assert!(rig.exited);
}

#[test]
fn librdkafka_cooperative_busy_handler_delays_the_callback_and_nothing_else() {
    let (mut rig, fetch) = rejoining(never(false), &[0, 1]);
    join_request(&mut rig);
    rig.at(3_050);
    rig.fault(crate::client::HandlerFault::Slow(Duration::from_ms(9_000)));
    rig.records(fetch, &[(0, 0, 3)]); // in work until 12,050 ms
    rig.forget_sent();
    rig.run_to(5_900);
    rig.nothing_sent(); // no heartbeats while the JoinGroup is in flight
}
