//! The fetch loop, feeders and MaxProcessingTime.

use super::rig;
use crate::protocol::{Api, ErrorCode, Request};
use crate::time::Duration;

fn asked(rig: &mut super::Rig) -> Vec<(u32, i64)> {
    let (_, request) = rig.sent(Api::Fetch);
    let Request::Fetch(request) = request else { unreachable!() };
    request.partitions.iter().map(|p| (p.partition.partition, p.offset.0)).collect()
}

#[test]
fn sarama_fetches_again_when_the_last_response_is_in_the_channels() {
    let mut rig = rig(|_| {});
    let fetch = rig.sa_running(&[0, 1], 0);
    rig.records(fetch, &[(0, 0, 257)]); // one in hand, 256 in the channel
    assert_eq!(asked(&mut rig), [(0, 257), (1, 0)]);
}

/// A message that nobody takes: the fetch loop waits for its feeder until the second tick, then goes on without the partition.
#[test]
fn sarama_takes_a_partition_out_of_the_fetch_loop_after_one_to_two_ticks() {
    let mut rig = rig(|config| config.process.per_record = Duration::from_ms(60_000));
    rig.sa_joined(&[0, 1]);
    rig.run_to(30);
    let fetch = rig.sa_claims(2, 0); // their tickers run from 30 ms, the fetch is sent at 130 ms
    rig.run_to(150);
    rig.records(fetch, &[(0, 0, 300), (1, 0, 1)]);
    rig.nothing_sent();
    rig.fires_at(230);
    rig.nothing_sent();
    rig.fires_at(330);
    assert_eq!(asked(&mut rig), [(1, 1)]);
}

/// ... and takes it in again, 100 ms after its feeder has got rid of what it had.
#[test]
fn sarama_takes_the_partition_in_again_when_its_feeder_is_empty() {
    let mut rig = rig(|config| config.client.sarama.channel_buffer_size = 2);
    let fetch = rig.sa_running(&[0], 0); // its ticker runs from 0 ms
    rig.records(fetch, &[(0, 0, 4)]); // at 100: one in hand, two in the channel, one left over
    rig.fires_at(200);
    rig.fires_at(300);
    rig.nothing_sent(); // there is no other partition
    rig.run_to(1_099);
    rig.nothing_sent();
    rig.fires_at(1_100); // the first record is done: the last one gets into the channel
    rig.run_to(1_199);
    rig.nothing_sent();
    rig.fires_at(1_200);
    assert_eq!(asked(&mut rig), [(0, 4)]);
}

#[test]
fn sarama_handler_that_takes_a_message_now_and_then_keeps_its_partition_in_the_loop() {
    let mut rig = rig(|config| {
        config.process.per_record = Duration::from_ms(90);
        config.client.sarama.channel_buffer_size = 1;
    });
    let fetch = rig.sa_running(&[0], 0);
    rig.records(fetch, &[(0, 0, 10)]);
    rig.run_to(819);
    rig.nothing_sent();
    rig.run_to(820); // eight are done, one is in hand, and the last one gets into the channel
    assert_eq!(asked(&mut rig), [(0, 10)]);
}

#[test]
fn sarama_looks_for_its_leader_again_two_seconds_after_an_error() {
    let mut rig = rig(|_| {});
    let fetch = rig.sa_running(&[0], 0);
    rig.fetch_error(fetch, 0, ErrorCode::NotLeaderOrFollower);
    rig.nothing_sent();
    rig.run_to(2_099);
    rig.nothing_sent();
    rig.fires_at(2_100);
    rig.reply_metadata();
    rig.fires_at(2_200);
    assert_eq!(asked(&mut rig), [(0, 0)]);
}

#[test]
fn sarama_reader_without_a_group_fetches_from_where_it_is_told() {
    let mut rig = rig(|config| {
        config.membership = crate::config::Membership::Assign(vec![("orders".into(), 1)]);
        config.from = crate::config::StartAt::Beginning;
    });
    rig.start();
    rig.reply_metadata();
    rig.ends(1, 4, 9);
    rig.fires_at(100);
    assert_eq!(asked(&mut rig), [(1, 4)]);
}

/// An application whose handlers share one lock: one message at a time, going round the claims.
#[test]
fn sarama_claims_with_one_worker_take_turns() {
    let mut rig = rig(|config| config.process.workers = crate::config::Workers::PollThread);
    let fetch = rig.sa_running(&[0, 1], 0);
    rig.records(fetch, &[(0, 0, 3), (1, 0, 2)]);
    rig.run_to(4_100);
    let mut order = Vec::new();
    for event in rig.events() {
        if let crate::trace::Kind::ProcessStart { partition, from, .. } = event {
            order.push((partition.partition, from.0));
        }
    }
    assert_eq!(order, [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2)]);
}
