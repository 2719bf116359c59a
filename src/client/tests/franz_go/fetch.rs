//! One fetch at a time, and nothing beyond what is buffered.

use super::rig;
use crate::protocol::{Api, ErrorCode, Request};
use crate::trace::Kind;

#[test]
fn franz_go_poll_returns_everything_and_the_next_fetch_follows_then() {
    let mut rig = rig(|_| {});
    let fetch = rig.fz_stable(&[0, 1], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 3), (1, 0, 2)]); // until 5.1 s
    let delivered = |kinds: &[Kind]| kinds.iter().filter(|kind| matches!(kind, Kind::Delivered { .. })).count();
    assert_eq!(delivered(&rig.events()), 2);
    let (fetch, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    assert_eq!((request.max_wait_ms, request.min_bytes), (5_000, 1));
    assert_eq!(request.partitions.iter().map(|p| p.offset.0).collect::<Vec<_>>(), [3, 2]);
    rig.at(200);
    rig.records(fetch, &[(0, 3, 500)]); // buffered: nothing else is fetched until it is polled
    rig.nothing_sent();
    rig.events();
    rig.run_to(5_100);
    rig.forget_to(Api::Fetch);
    assert_eq!(delivered(&rig.events()), 1);
    rig.sent(Api::Fetch);
}

#[test]
fn franz_go_max_poll_records_leaves_the_rest_in_the_buffer() {
    let mut rig = rig(|config| config.client.max_poll_records = 2);
    let fetch = rig.fz_stable(&[0, 1], 0);
    rig.at(100);
    rig.records(fetch, &[(0, 0, 3), (1, 0, 2)]);
    rig.nothing_sent(); // three are still buffered
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::None);
    rig.run_to(2_100);
    rig.nothing_sent();
    rig.run_to(4_100); // 2 + 2 + 1
    rig.forget_to(Api::Fetch);
    rig.sent(Api::Fetch);
}

#[test]
fn franz_go_added_partition_waits_for_the_fetch_that_is_on_its_way() {
    let mut rig = rig(|_| {});
    let fetch = rig.fz_stable(&[0], 0);
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::RebalanceInProgress);
    rig.fz_assigned(2, &[0, 1]);
    rig.committed(0);
    rig.nothing_sent(); // partition 1 could be read, but a broker gets one fetch at a time
    rig.run_to(4_900);
    rig.forget_sent();
    rig.records(fetch, &[]);
    let (_, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    assert_eq!(request.partitions.len(), 2);
}
