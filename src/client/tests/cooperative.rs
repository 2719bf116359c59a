//! The COOPERATIVE rebalance protocol (KIP-429) in the Java client.

use super::rig::{Rig, after_batch};
use crate::config::{AssignorKind, CommitPolicy, MemberConfig};
use crate::ids::{Generation, TopicPartition};
use crate::protocol::consumer_protocol::decode_subscription;
use crate::protocol::{Api, ErrorCode, JoinGroupRequest, Request, Response};
use crate::time::Instant;
use crate::trace::Kind;

fn cooperative(config: &mut MemberConfig) {
    config.client.assignors = vec![AssignorKind::CooperativeSticky];
}

/// Idle in poll with these partitions, committed at 5, told to rejoin at 3,000 ms; the first fetch is out.
fn told_to_rejoin(commit: CommitPolicy, partitions: &[u32]) -> (Rig, crate::ids::CorrelationId) {
    let mut rig = Rig::with(|c| {
        cooperative(c);
        c.commit = commit;
    });
    let fetch = rig.stable(partitions, 5);
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

/// The next request is a JoinGroup that claims these partitions in this generation.
fn claims(rig: &mut Rig) -> (Vec<u32>, i32) {
    let request = join_request(rig);
    assert_eq!(request.protocols.len(), 1);
    let subscription = decode_subscription(&request.protocols[0].metadata, &mut rig.names).unwrap();
    (subscription.owned.iter().map(|p| p.partition).collect(), subscription.generation.0)
}

/// Joins and syncs, without a look at the request.
fn rejoin(rig: &mut Rig, generation: i32, partitions: &[u32]) {
    rig.join(generation);
    rig.sync(partitions);
}

fn revoked(rig: &mut Rig, from: u32, to: u32) -> Kind {
    Kind::Revoked { topic: rig.orders(0).topic, from, to }
}

fn owned(rig: &mut Rig, from: u32, to: u32, generation: i32) -> Kind {
    Kind::Owned { topic: rig.orders(0).topic, from, to, generation: Generation(generation) }
}

fn delivered(events: &[Kind]) -> Vec<(TopicPartition, i64, i64)> {
    let delivered = |kind: &Kind| match *kind {
        Kind::Delivered { partition, from, to } => Some((partition, from.0, to.0)),
        _ => None,
    };
    events.iter().filter_map(delivered).collect()
}

#[test]
fn client_16_a_list_of_cooperative_assignors_runs_cooperative() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0, 2]);
    assert_eq!(claims(&mut rig), (vec![0, 2], 1));
}

#[test]
fn client_16_one_eager_assignor_makes_the_list_eager() {
    let mut rig = Rig::with(|c| c.client.assignors = vec![AssignorKind::CooperativeSticky, AssignorKind::Range]);
    rig.stable(&[0, 2], 5);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    let subscription = join_request(&mut rig).protocols[0].metadata.clone();
    assert_eq!(decode_subscription(&subscription, &mut rig.names).unwrap().owned, []);
}

#[test]
fn client_21_nothing_is_revoked_before_the_join() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0, 1]);
    let names = rig.event_names();
    assert_eq!(names, ["heartbeat_sent", "heartbeat_reply_seen", "join_sent"]);
    assert_eq!(claims(&mut rig), (vec![0, 1], 1));
}

#[test]
fn client_14_records_of_owned_partitions_are_returned_while_joining() {
    let (mut rig, fetch) = told_to_rejoin(after_batch(), &[0]);
    join_request(&mut rig);
    rig.events();
    rig.at(3_010);
    rig.records(fetch, &[(0, 5, 6)]);
    let partition = rig.orders(0);
    assert_eq!(delivered(&rig.events()), [(partition, 5, 6)]);
    rig.sent(Api::Fetch); // read on
    rig.fires_at(3_020); // handled; the commit fails without a request (CLIENT-28)
    let names = rig.event_names();
    assert_eq!(names, ["process_done", "commit_failed", "poll"]);
    rig.nothing_sent();
}

#[test]
fn client_14_an_eager_member_gets_nothing_while_it_joins() {
    let mut rig = Rig::new();
    let fetch = rig.stable(&[0], 5);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    join_request(&mut rig);
    rig.events();
    rig.at(3_010);
    rig.records(fetch, &[(0, 5, 6)]);
    assert_eq!(delivered(&rig.events()), []);
}

#[test]
fn client_02_a_busy_handler_delays_the_answer_of_join_group_and_all_heartbeats() {
    let (mut rig, fetch) = told_to_rejoin(after_batch(), &[0]);
    let (join, _) = rig.sent(Api::JoinGroup);
    rig.at(3_010);
    rig.records(fetch, &[(0, 5, 25)]); // 20 records, 10 ms each
    rig.sent(Api::Fetch);
    rig.at(3_050);
    let response = rig.join_response(2, false);
    rig.answer(join, Response::JoinGroup(Box::new(response)));
    rig.nothing_sent();
    rig.fires_at(3_210); // poll reads it
    rig.sync(&[0]);
    assert_eq!(rig.deadline(), Some(Instant::from_ms(6_210)), "the next heartbeat, from when the answer was read");
}

#[test]
fn client_02_commit_async_reads_the_answer_of_join_group() {
    use crate::config::{CommitMode, CommitOffset, CommitWhen};
    let each = super::rig::policy(CommitWhen::AfterRecord, CommitOffset::DoneContiguous, CommitMode::Async, false);
    let (mut rig, fetch) = told_to_rejoin(each, &[0]);
    let (join, _) = rig.sent(Api::JoinGroup);
    rig.at(3_010);
    rig.records(fetch, &[(0, 5, 25)]);
    rig.sent(Api::Fetch);
    rig.at(3_012);
    let response = rig.join_response(2, false);
    rig.answer(join, Response::JoinGroup(Box::new(response)));
    rig.nothing_sent();
    rig.fires_at(3_020); // the first of 20 records is handled
    rig.sync(&[0]); // SyncGroup went out, and its answer is read by the heartbeat thread
    rig.events();
    rig.fires_at(3_030);
    rig.commit_sent(&[(0, 7)]); // in the new generation, before poll has told the application of it
    assert!(!rig.event_names().contains(&"joined"));
}

#[test]
fn client_24_what_is_not_assigned_any_more_is_revoked_and_the_member_joins_again() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0, 1, 2]);
    rig.events();
    rejoin(&mut rig, 2, &[0, 2]);
    let events = rig.events();
    assert!(events.contains(&revoked(&mut rig, 1, 2)));
    assert!(!events.iter().any(|kind| matches!(kind, Kind::Owned { .. })));
    let request = join_request(&mut rig);
    assert_eq!(rig.names.text(request.reason), "need to revoke partitions and re-join");
    let subscription = decode_subscription(&request.protocols[0].metadata, &mut rig.names).unwrap();
    assert_eq!(subscription.owned.iter().map(|p| p.partition).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(subscription.generation, Generation(2));
}

#[test]
fn client_15_without_a_revocation_there_is_no_second_join() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0]);
    rejoin(&mut rig, 2, &[0, 1]);
    let events = rig.events();
    assert!(events.contains(&owned(&mut rig, 1, 2, 2)));
    assert!(!events.iter().any(|kind| matches!(kind, Kind::Revoked { .. })));
    rig.committed(5); // OffsetFetch, and no JoinGroup before it
}

#[test]
fn client_24_revoked_then_assigned_then_the_join() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0, 1]);
    rig.events();
    rejoin(&mut rig, 2, &[1, 2]);
    let events = rig.events();
    let (gone, new) = (revoked(&mut rig, 0, 1), owned(&mut rig, 2, 3, 2));
    let place = |wanted: &Kind| events.iter().position(|kind| kind == wanted).unwrap();
    assert!(place(&gone) < place(&new));
    assert_eq!(claims(&mut rig), (vec![1, 2], 2));
    rig.nothing_sent(); // positions of what is new are looked up after the second rebalance
}

#[test]
fn client_24_the_revoke_callback_commits_in_the_new_generation() {
    let mut rig = Rig::with(|c| {
        cooperative(c);
        // commits on revoke alone
        c.commit = CommitPolicy { when: crate::config::CommitWhen::Never, on_revoke: true, ..after_batch() };
    });
    let fetch = rig.stable(&[0, 1], 5);
    rig.records(fetch, &[(0, 5, 6)]);
    rig.sent(Api::Fetch);
    rig.run_to(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rejoin(&mut rig, 2, &[1]);
    let (id, Request::OffsetCommit(commit)) = rig.sent(Api::OffsetCommit) else { unreachable!() };
    assert_eq!(commit.generation, Generation(2));
    assert_eq!(commit.partitions.iter().map(|p| (p.partition.partition, p.offset.0)).collect::<Vec<_>>(), [(0, 6)]);
    rig.nothing_sent();
    rig.commit_answer(id, &[0], ErrorCode::None);
    assert_eq!(claims(&mut rig), (vec![1], 2));
}

#[test]
fn client_34_a_kept_partition_keeps_its_position_and_only_new_ones_are_looked_up() {
    let (mut rig, fetch) = told_to_rejoin(after_batch(), &[0]);
    rejoin(&mut rig, 2, &[0, 1]);
    let (id, Request::OffsetFetch(request)) = rig.sent(Api::OffsetFetch) else { unreachable!() };
    let new = rig.orders(1);
    assert_eq!(request.partitions, Some(vec![new]));
    rig.events();
    rig.records(fetch, &[(0, 5, 7)]); // asked for in generation 1
    let fetched = crate::protocol::FetchedOffset {
        partition: new,
        offset: crate::ids::Offset(9),
        metadata: crate::ids::Symbol::EMPTY,
        error: ErrorCode::None,
    };
    let response = crate::protocol::OffsetFetchResponse { error: ErrorCode::None, partitions: vec![fetched] };
    rig.answer(id, Response::OffsetFetch(Box::new(response)));
    let kept = rig.orders(0);
    let events = rig.events();
    assert_eq!(delivered(&events), [(kept, 5, 7)]);
    assert!(!events.iter().any(|kind| matches!(kind, Kind::Position { partition, .. } if *partition == kept)));
}

#[test]
fn client_34_a_partition_that_comes_back_starts_from_the_committed_offset() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0, 1]);
    rejoin(&mut rig, 2, &[1]);
    rejoin(&mut rig, 3, &[0, 1]);
    rig.events();
    let (_, Request::OffsetFetch(request)) = rig.sent(Api::OffsetFetch) else { unreachable!() };
    assert_eq!(request.partitions, Some(vec![rig.orders(0)]));
}

#[test]
fn client_18_cooperative_auto_commit_marks_nothing_and_reading_goes_on_past_it() {
    let (mut rig, fetch) = told_to_rejoin(CommitPolicy::default(), &[0]);
    let commit = rig.commit_sent(&[(0, 5)]);
    rig.at(3_001);
    rig.records(fetch, &[(0, 5, 6)]);
    let partition = rig.orders(0);
    assert_eq!(delivered(&rig.events()), [(partition, 5, 6)]);
    rig.sent(Api::Fetch);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.nothing_sent(); // the join waits for the next poll
    rig.fires_at(3_011);
    assert_eq!(claims(&mut rig), (vec![0], 1));
}

#[test]
fn client_22_without_a_generation_a_cooperative_member_loses_everything() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0, 1]);
    rig.events();
    rig.join_error(ErrorCode::UnknownMemberId);
    let topic = rig.orders(0).topic;
    assert!(rig.events().contains(&Kind::Lost { topic, from: 0, to: 2 }));
    assert_eq!(claims(&mut rig), (vec![], -1));
}

#[test]
fn client_12_a_refused_sync_keeps_what_is_owned_and_the_generation_joined() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0, 1]);
    rig.join(2);
    rig.sync_error(ErrorCode::RebalanceInProgress);
    assert_eq!(claims(&mut rig), (vec![0, 1], 2));
}

#[test]
fn client_25_a_foreign_topic_leaves_what_is_owned_as_it_is() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0]);
    rig.join(2);
    rig.events();
    let foreign = TopicPartition::new(crate::ids::TopicName(rig.names.intern("payments")), 0);
    let assignment = crate::protocol::consumer_protocol::Assignment { partitions: vec![foreign], user_data: None };
    let assignment = crate::protocol::consumer_protocol::encode_assignment(&assignment, &rig.names);
    let response =
        crate::protocol::SyncGroupResponse { assignment, ..crate::protocol::SyncGroupResponse::error(ErrorCode::None) };
    rig.reply(Api::SyncGroup, Response::SyncGroup(Box::new(response)));
    assert!(!rig.events().iter().any(|kind| matches!(kind, Kind::Revoked { .. } | Kind::Owned { .. })));
    assert_eq!(claims(&mut rig), (vec![0], 2));
}

#[test]
fn client_31_closing_during_a_cooperative_rebalance_loses_what_is_owned() {
    let (mut rig, _) = told_to_rejoin(after_batch(), &[0]);
    let (join, _) = rig.sent(Api::JoinGroup);
    rig.events();
    rig.stop();
    let topic = rig.orders(0).topic;
    assert!(rig.events().contains(&Kind::Lost { topic, from: 0, to: 1 }));
    rig.sent(Api::LeaveGroup);
    let response = rig.join_response(2, false);
    rig.answer(join, Response::JoinGroup(Box::new(response)));
    rig.nothing_sent();
}
