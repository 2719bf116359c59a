//! CLIENT-34 to CLIENT-38: positions, resets, handing out records.

use super::rig::Rig;
use crate::config::{AutoOffsetReset, Membership, StartAt};
use crate::ids::{CorrelationId, Offset, Symbol};
use crate::protocol::{
    Api, ErrorCode, FetchResponse, FetchedOffset, FetchedPartition, ListOffsetsResponse, ListOffsetsTarget,
    OffsetFetchResponse, Request, Response,
};
use crate::trace::{Kind, PositionOrigin, ResetReason};

fn list_offsets(rig: &mut Rig, target: ListOffsetsTarget, offset: i64) {
    let (id, Request::ListOffsets(request)) = rig.sent(Api::ListOffsets) else { unreachable!() };
    assert!(request.partitions.iter().all(|p| p.1 == target));
    let partitions = request.partitions.iter().map(|p| (p.0, Offset(offset), ErrorCode::None)).collect();
    rig.answer(id, Response::ListOffsets(Box::new(ListOffsetsResponse { partitions })));
}

fn fetch_offsets(rig: &mut Rig) -> (CorrelationId, Vec<(u32, i64)>) {
    let (id, Request::Fetch(request)) = rig.sent(Api::Fetch) else { unreachable!() };
    (id, request.partitions.iter().map(|p| (p.partition.partition, p.offset.0)).collect())
}

#[test]
fn client_34_a_partition_that_comes_back_starts_from_its_committed_offset() {
    let mut rig = Rig::new();
    let fetch = rig.stable(&[0], 5);
    rig.records(fetch, &[(0, 5, 8)]);
    rig.run_to(30);
    rig.sent(Api::Fetch);
    let commit = rig.commit_sent(&[(0, 8)]);
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.join(2);
    rig.sync(&[0]);
    rig.events();
    rig.committed(6);
    let partition = rig.orders(0);
    let position = Kind::Position { partition, offset: Offset(6), origin: PositionOrigin::Committed };
    assert!(rig.events().contains(&position));
}

#[test]
fn client_35_without_a_committed_offset_the_reset_policy_decides() {
    for (policy, target, reason) in [
        (AutoOffsetReset::Earliest, ListOffsetsTarget::Earliest, ResetReason::NoOffsetEarliest),
        (AutoOffsetReset::Latest, ListOffsetsTarget::Latest, ResetReason::NoOffsetLatest),
    ] {
        let mut rig = Rig::with(|c| c.client.auto_offset_reset = policy);
        rig.started();
        rig.join(1);
        rig.sync(&[0]);
        rig.committed(-1);
        rig.events();
        list_offsets(&mut rig, target, 40);
        let partition = rig.orders(0);
        let (from, to) = (Offset(-1), Offset(40));
        let expected = [
            Kind::Reset { partition, from, to, reason },
            Kind::Position { partition, offset: to, origin: PositionOrigin::Reset },
        ];
        assert_eq!(rig.events()[1..3], expected);
        assert_eq!(fetch_offsets(&mut rig).1, [(0, 40)]);
    }
}

#[test]
fn client_35_with_reset_none_a_missing_offset_is_an_exception() {
    let mut rig = Rig::with(|c| c.client.auto_offset_reset = AutoOffsetReset::None);
    rig.started();
    rig.join(1);
    rig.sync(&[0]);
    rig.committed(-1);
    assert!(rig.event_names().contains(&"failed"));
}

#[test]
fn client_35_a_position_out_of_range_follows_the_policy() {
    let mut rig = Rig::new();
    let fetch = rig.stable(&[0], 5);
    let partition = rig.orders(0);
    let fetched = FetchedPartition {
        partition,
        error: ErrorCode::OffsetOutOfRange,
        from: Offset(-1),
        to: Offset(-1),
        log_start: Offset(9),
        high_watermark: Offset(20),
    };
    rig.answer(fetch, Response::Fetch(Box::new(FetchResponse { partitions: vec![fetched] })));
    rig.events();
    list_offsets(&mut rig, ListOffsetsTarget::Earliest, 9);
    let reason = ResetReason::OutOfRangeEarliest;
    assert_eq!(rig.events()[1], Kind::Reset { partition, from: Offset(5), to: Offset(9), reason });
    assert_eq!(fetch_offsets(&mut rig).1, [(0, 9)]);
}

#[test]
fn client_36_committed_offsets_are_asked_for_stable_and_unstable_ones_again() {
    let mut rig = Rig::new();
    rig.started();
    rig.join(1);
    rig.sync(&[0]);
    let (id, Request::OffsetFetch(request)) = rig.sent(Api::OffsetFetch) else { unreachable!() };
    assert!(request.require_stable);
    let partition = rig.orders(0);
    let error = ErrorCode::UnstableOffsetCommit;
    let unstable = FetchedOffset { partition, offset: Offset(-1), metadata: Symbol::EMPTY, error };
    let response = OffsetFetchResponse { error: ErrorCode::None, partitions: vec![unstable] };
    rig.answer(id, Response::OffsetFetch(Box::new(response)));
    rig.nothing_sent();
    rig.fires_at(100);
    rig.committed(3);
    assert_eq!(fetch_offsets(&mut rig).1, [(0, 3)]);
}

#[test]
fn client_37_poll_returns_at_most_max_poll_records_over_buffered_fetches_in_order() {
    let mut rig = Rig::with(|c| {
        c.client.max_poll_records = 4;
        c.process.per_record = crate::time::Duration::ZERO;
        c.commit.when = crate::config::CommitWhen::Never;
    });
    let fetch = rig.stable(&[0, 1], 0);
    rig.records(fetch, &[(0, 0, 3), (1, 0, 3)]);
    let delivered: Vec<_> = rig
        .events()
        .into_iter()
        .filter_map(|kind| match kind {
            Kind::Delivered { partition, from, to } => Some((partition.partition, from.0, to.0)),
            _ => None,
        })
        .collect();
    assert_eq!(delivered, [(0, 0, 3), (1, 0, 1), (1, 1, 3)]);
    // The next fetch leaves before poll returns, without the partition that is still buffered.
    assert_eq!(fetch_offsets(&mut rig).1, [(0, 3)]);
}

#[test]
fn client_38_records_of_an_older_position_are_dropped() {
    let mut rig = Rig::new();
    let fetch = rig.stable(&[0], 5);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.join(2);
    rig.sync(&[0]);
    rig.committed(9);
    rig.nothing_sent(); // one fetch at a time, though it is an old one
    rig.events();
    rig.records(fetch, &[(0, 5, 8)]);
    assert_eq!(rig.event_names(), ["fetch_reply_seen", "fetched", "fetch_sent"]);
    assert_eq!(fetch_offsets(&mut rig).1, [(0, 9)]);
}

#[test]
fn a_reader_goes_from_the_beginning_to_the_end_and_closes() {
    let mut rig = Rig::with(|c| {
        c.membership = Membership::Assign(vec![("orders".into(), 0)]);
        c.from = StartAt::Beginning;
        c.until_end = true;
        c.commit.when = crate::config::CommitWhen::Never;
    });
    rig.start();
    rig.reply_metadata();
    list_offsets(&mut rig, ListOffsetsTarget::Latest, 12);
    list_offsets(&mut rig, ListOffsetsTarget::Earliest, 10);
    let (fetch, offsets) = fetch_offsets(&mut rig);
    assert_eq!(offsets, [(0, 10)]);
    rig.records(fetch, &[(0, 10, 12)]);
    rig.events();
    rig.fires_at(20);
    let names = rig.event_names();
    assert_eq!(names, ["process_done", "poll", "reached_end", "stop", "fetch_lost", "closed"]);
    assert!(rig.exited);
}

#[test]
fn from_overrides_the_committed_offset_of_a_subscribed_member() {
    let mut rig = Rig::with(|c| c.from = StartAt::Offset(77));
    rig.started();
    rig.join(1);
    rig.sync(&[0]);
    assert_eq!(fetch_offsets(&mut rig).1, [(0, 77)]);
}
