//! Readers: where they start, how they fetch, and the channel that they share.

use super::{never, rig};
use crate::client::HandlerFault;
use crate::config::AutoOffsetReset;
use crate::protocol::{Api, ErrorCode, Request};
use crate::trace::Kind;

#[test]
fn kafka_go_asks_for_both_ends_twice_and_fetches_for_nine_of_ten_seconds() {
    let mut rig = rig(never);
    rig.start();
    rig.kg_found();
    rig.join(1);
    rig.sync(&[0]);
    rig.committed(-1);
    assert_eq!(rig.version_of(Api::Metadata), 6);
    rig.reply_metadata();
    assert_eq!(rig.version_of(Api::ListOffsets), 1);
    rig.events();
    for offset in [7, 20, 7] {
        rig.kg_offset(offset);
    }
    assert!(!rig.event_names().contains(&"position"));
    rig.kg_offset(20);
    let names = rig.event_names();
    assert_eq!(names[1..], ["reset", "position", "fetch_sent"]);
    assert_eq!(rig.version_of(Api::Fetch), 10);
    let (fetch, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    assert_eq!((request.max_wait_ms, request.min_bytes, request.max_bytes), (9_000, 1, 1_000_000));
    assert_eq!(request.partitions[0].offset.0, 7);
    // An empty answer is followed by the next Fetch at once.
    rig.run_to(3_000);
    rig.heartbeat_reply(ErrorCode::None);
    rig.records(fetch, &[]);
    rig.sent(Api::Fetch);
}

#[test]
fn kafka_go_starts_at_the_end_with_last_offset() {
    let mut rig = rig(|config| {
        never(config);
        config.client.auto_offset_reset = AutoOffsetReset::Latest;
    });
    rig.kg_running(-1);
    rig.stop();
    let mut rig = self::rig(|config| {
        never(config);
        config.client.auto_offset_reset = AutoOffsetReset::Latest;
    });
    rig.start();
    rig.kg_found();
    rig.join(1);
    rig.sync(&[0]);
    rig.committed(-1);
    rig.kg_reads(7, 20);
    let (_, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    assert_eq!(request.partitions[0].offset.0, 20);
}

#[test]
fn kafka_go_committed_offset_below_the_log_goes_to_its_start_and_one_beyond_waits() {
    let mut rig = rig(never);
    rig.start();
    rig.kg_found();
    rig.join(1);
    rig.sync(&[0]);
    rig.committed(5);
    rig.kg_reads(30, 40);
    let (_, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    assert_eq!(request.partitions[0].offset.0, 30);

    let mut rig = self::rig(|config| {
        never(config);
        config.client.heartbeat_interval_ms = 60_000;
    });
    rig.start();
    rig.kg_found();
    rig.join(1);
    rig.sync(&[0]);
    rig.committed(50);
    // 100 ms, 400 ms, 900 ms, then a second each time.
    for at in [100, 500, 1_400, 2_400, 3_400] {
        rig.kg_reads(30, 40);
        rig.nothing_sent();
        rig.fires_at(at);
    }
    rig.kg_reads(30, 60);
    let (_, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    assert_eq!(request.partitions[0].offset.0, 50);
}

#[test]
fn kafka_go_fetches_nothing_while_the_channel_is_full() {
    let mut rig = rig(never);
    let fetch = rig.kg_running(0);
    rig.fault(HandlerFault::Stuck);
    rig.records(fetch, &[(0, 0, 101)]); // 1 in hand, 100 in the channel
    let (fetch, _) = rig.sent(Api::Fetch);
    rig.records(fetch, &[(0, 101, 103)]);
    rig.nothing_sent();
    rig.fault(HandlerFault::None);
    rig.run_to(1_000); // the first is done, the second in hand: one of the reader's two goes into the channel
    rig.nothing_sent();
    rig.run_to(2_000);
    rig.sent(Api::Fetch);
}

/// Readers that wait for room take turns.
#[test]
fn kafka_go_partitions_interleave_when_the_channel_is_full() {
    let mut rig = rig(|config| {
        never(config);
        config.client.kafka_go.queue_capacity = 1;
        config.client.heartbeat_interval_ms = 60_000;
    });
    rig.start();
    rig.kg_found();
    rig.join(1);
    rig.sync(&[0, 1]);
    rig.committed(0);
    let look_ups = [rig.sent(Api::Metadata).0, rig.sent(Api::Metadata).0];
    let mut fetches = Vec::new();
    for look_up in look_ups {
        let metadata = rig.metadata();
        rig.answer(look_up, metadata);
        for offset in [0, 9, 0, 9] {
            rig.kg_offset(offset);
        }
        fetches.push(rig.sent(Api::Fetch).0);
    }
    rig.records(fetches[0], &[(0, 0, 4)]);
    rig.records(fetches[1], &[(1, 0, 4)]);
    rig.run_to(8_500);
    let events = rig.events();
    let delivered: Vec<_> = events
        .into_iter()
        .filter_map(|kind| match kind {
            Kind::Delivered { partition, from, .. } => Some((partition.partition, from.0)),
            _ => None,
        })
        .collect();
    assert_eq!(delivered, [(0, 0), (0, 1), (0, 2), (1, 0), (0, 3), (1, 1), (1, 2), (1, 3)]);
}

#[test]
fn kafka_go_fetch_without_an_answer_starts_the_reader_anew_after_max_wait() {
    let mut rig = rig(|config| {
        never(config);
        config.client.heartbeat_interval_ms = 60_000;
    });
    rig.kg_running(3);
    rig.fires_at(10_000);
    assert_eq!(rig.event_names(), ["fetch_timeout", "disconnected"]);
    rig.fires_at(10_100);
    rig.kg_reads(0, 10);
    let (_, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    assert_eq!(request.partitions[0].offset.0, 3);
}
