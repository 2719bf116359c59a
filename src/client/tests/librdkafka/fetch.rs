//! Positions, fetching ahead, and one record for each poll.

use super::super::rig::policy;
use super::rig;
use crate::config::{AutoOffsetReset, CommitMode, CommitOffset, CommitWhen, MemberConfig};
use crate::ids::Offset;
use crate::protocol::{Api, ErrorCode, ListOffsetsResponse, Request, Response};

fn never(config: &mut MemberConfig) {
    config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, false);
}

#[test]
fn librdkafka_asks_for_resets_100_ms_later_one_partition_each() {
    let mut rig = rig(|config| config.client.auto_offset_reset = AutoOffsetReset::Latest);
    rig.rd_started();
    rig.join(1);
    rig.sync(&[0, 1]);
    rig.heartbeat_reply(ErrorCode::None);
    rig.committed(-1);
    rig.nothing_sent();
    rig.fires_at(100);
    for partition in [0, 1] {
        let (id, request) = rig.sent(Api::ListOffsets);
        let Request::ListOffsets(request) = request else { unreachable!() };
        assert_eq!(request.partitions.len(), 1);
        assert_eq!(request.partitions[0].0.partition, partition);
        let partitions = vec![(rig.orders(partition), Offset(40), ErrorCode::None)];
        rig.answer(id, Response::ListOffsets(Box::new(ListOffsetsResponse { partitions })));
    }
    let (_, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    // The first fetch does not wait for the second partition.
    assert_eq!(request.partitions.len(), 1);
    assert_eq!((request.max_wait_ms, request.min_bytes, request.max_bytes), (500, 1, 52_428_800));
}

#[test]
fn librdkafka_returns_one_record_for_each_poll_and_fetches_ahead_meanwhile() {
    let mut rig = rig(never);
    let fetch = rig.rd_steady(&[0, 1], 5);
    rig.at(100);
    rig.records(fetch, &[(0, 5, 8), (1, 5, 6)]);
    assert_eq!(rig.event_names()[3..], ["delivered", "process_start", "fetch_sent"]);
    let (ahead, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    let asked: Vec<_> = request.partitions.iter().map(|p| (p.partition.partition, p.offset.0)).collect();
    assert_eq!(asked, [(0, 8), (1, 6)]);
    rig.at(600);
    rig.records(ahead, &[]);
    rig.events();
    rig.fires_at(1_100);
    assert_eq!(rig.event_names(), ["process_done", "poll", "delivered", "process_start"]);
}

#[test]
fn librdkafka_stops_fetching_at_queued_min_messages_and_looks_again_a_second_later() {
    let mut rig = rig(|config| {
        never(config);
        config.client.queued_min_messages = 3;
    });
    let fetch = rig.rd_steady(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]); // one is in work from 0, four wait
    rig.nothing_sent();
    rig.fires_at(1_000); // the look of 1 s comes before the record's end: four wait still
    rig.run_to(1_999);
    rig.nothing_sent();
    rig.run_to(2_000);
    rig.sent(Api::Fetch);
}

#[test]
fn librdkafka_answer_for_an_assignment_that_is_gone_is_not_handed_out() {
    let mut rig = rig(never);
    let old = rig.rd_steady(&[0], 0);
    rig.fires_at(3_000);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.join(2);
    rig.sync(&[0]);
    rig.committed(0);
    rig.nothing_sent(); // one fetch at a time: the old one is still in flight
    rig.events();
    rig.at(3_400);
    rig.records(old, &[(0, 0, 9)]);
    assert_eq!(rig.event_names(), ["fetch_reply_seen", "fetched", "fetch_sent"]);
    rig.sent(Api::Fetch);
}
