//! Committed offsets and where claims start.

use super::rig;
use crate::config::AutoOffsetReset;
use crate::ids::Offset;
use crate::protocol::{Api, ErrorCode, Request};
use crate::trace::{Kind, PositionOrigin, ResetReason};

#[test]
fn sarama_asks_for_committed_offsets_one_after_the_other_and_for_both_ends_of_each_partition() {
    let mut rig = rig(|_| {});
    rig.sa_joined(&[0, 2]);
    rig.found(); // its offset manager looks the coordinator up by itself
    rig.heartbeat_reply(ErrorCode::None);
    assert_eq!(rig.version_of(Api::OffsetFetch), 7);
    for partition in [0, 2] {
        let (id, request) = rig.sent(Api::OffsetFetch);
        let Request::OffsetFetch(request) = request else { unreachable!() };
        let asked: Vec<_> = request.partitions.iter().flatten().map(|tp| tp.partition).collect();
        assert_eq!((asked, request.require_stable), (vec![partition], false));
        rig.nothing_sent();
        rig.answer_committed(id, partition, 5);
    }
    assert_eq!(rig.event_names().iter().filter(|&&name| name == "owned").count(), 2);
    assert_eq!(rig.version_of(Api::ListOffsets), 6);
    rig.ends(2, 0, 9);
    rig.nothing_sent();
    rig.fires_at(100); // new subscriptions are collected for 100 ms
    assert_eq!(rig.version_of(Api::Fetch), 12);
    let (_, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    let asked: Vec<_> = request.partitions.iter().map(|p| (p.partition.partition, p.offset.0)).collect();
    assert_eq!(asked, [(0, 5), (2, 5)]);
    assert_eq!((request.max_wait_ms, request.min_bytes, request.max_bytes), (500, 1, 52_428_800));
}

#[test]
fn sarama_starts_at_its_initial_offset_where_nothing_is_committed_or_it_is_out_of_range() {
    for (committed, initial, position, reason) in [
        (5, AutoOffsetReset::Latest, 5, None),
        (-1, AutoOffsetReset::Earliest, 3, Some(ResetReason::NoOffsetEarliest)),
        (-1, AutoOffsetReset::Latest, 9, Some(ResetReason::NoOffsetLatest)),
        (2, AutoOffsetReset::Earliest, 3, Some(ResetReason::OutOfRangeEarliest)),
        (10, AutoOffsetReset::Latest, 9, Some(ResetReason::OutOfRangeLatest)),
    ] {
        let mut rig = rig(|config| config.client.auto_offset_reset = initial);
        rig.sa_joined(&[0]);
        rig.found();
        rig.heartbeat_reply(ErrorCode::None);
        rig.committed(committed);
        rig.ends(1, 3, 9);
        if reason.is_some_and(|r| matches!(r, ResetReason::OutOfRangeEarliest | ResetReason::OutOfRangeLatest)) {
            rig.ends(1, 3, 9); // ConsumePartition once more
        }
        let partition = rig.orders(0);
        let origin = if reason.is_some() { PositionOrigin::Reset } else { PositionOrigin::Committed };
        let events = rig.events();
        assert!(events.contains(&Kind::Position { partition, offset: Offset(position), origin }), "{events:?}");
        let reset = events.iter().find_map(|e| if let Kind::Reset { reason, .. } = e { Some(*reason) } else { None });
        assert_eq!(reset, reason);
    }
}

#[test]
fn sarama_without_reset_invalid_offsets_ends_the_session_for_a_claim_that_is_out_of_range() {
    let mut rig = rig(|config| config.client.sarama.reset_invalid_offsets = false);
    rig.sa_joined(&[0]);
    rig.found();
    rig.heartbeat_reply(ErrorCode::None);
    rig.committed(12);
    rig.events();
    rig.ends(1, 3, 9);
    let names = rig.event_names();
    assert_eq!(names[names.len() - 2..], ["revoked", "metadata_sent"]);
}

/// The session is cancelled while committed offsets are asked for: they are all asked for, Setup is called, and the claims
/// return at once.
#[test]
fn sarama_finishes_its_setup_when_a_rebalance_comes_meanwhile() {
    let mut rig = rig(|_| {});
    rig.sa_joined(&[0, 1]);
    rig.found();
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.committed(0);
    rig.committed(0);
    let names = rig.event_names();
    assert_eq!(names[names.len() - 3..], ["owned", "revoked", "metadata_sent"]);
    rig.sent(Api::Metadata);
    rig.nothing_sent();
}
