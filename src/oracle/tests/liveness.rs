use super::NONE;
use crate::ids::*;
use crate::oracle::forge::Forge;
use crate::trace::{Kind, RemovalReason};

/// B of these forged groups: 10 s of session and rebalance timeout twice, and 4 s besides.
fn quick(forge: &mut Forge) {
    for member in 0..4 {
        for (key, value) in [("session.timeout.ms", 10_000), ("max.poll.interval.ms", 10_000)] {
            forge.number(Forge::actor(member), key, value);
        }
    }
    forge.at(500).by(2, Kind::Closed {}).by(3, Kind::Closed {});
}

#[test]
fn l1_a_settled_group_has_converged() {
    let mut forge = Forge::running();
    quick(&mut forge);
    forge.joined(0).joined(1);
    let outcome = forge.end(60_000);
    assert_eq!((outcome.number("unconverged"), outcome.wrong()), (0, NONE));
}

#[test]
fn l1_a_partition_that_nobody_holds_is_no_convergence() {
    let mut forge = Forge::running();
    quick(&mut forge);
    forge.joined(0).joined(1).at(2_000).revoked(0, 1..2);
    assert_eq!(forge.end(60_000).number("unconverged"), 1);
}

#[test]
fn l1_is_not_judged_before_its_time() {
    let mut forge = Forge::running();
    quick(&mut forge);
    forge.joined(0).joined(1).at(2_000).revoked(0, 1..2);
    assert_eq!(forge.end(24_400).number("unconverged"), 0);
}

#[test]
fn l4_records_left_long_after_the_last_append_are_undrained() {
    let mut forge = Forge::running();
    quick(&mut forge);
    forge.at(1_500).handles(0, 0, 0, 100).commits(0, 0, 90).handles(0, 1, 0, 100).commits(0, 1, 100);
    let outcome = forge.end(60_000);
    assert_eq!(outcome.number("undrained"), 110, "ten uncommitted, and the third partition");
}

#[test]
fn l4_everything_done_and_committed_is_drained() {
    let mut forge = Forge::running();
    quick(&mut forge);
    for partition in 0..3 {
        forge.at(1_500).handles(0, partition, 0, 100).commits(0, partition, 100);
    }
    assert_eq!(forge.end(60_000).number("undrained"), 0);
}

fn generations(times: &[u64]) -> i64 {
    let mut forge = Forge::running();
    for &ms in times {
        forge.at(ms).generation(&[(0, 0..3), (1, 0..0)]);
    }
    forge.end(500_000).number("storms")
}

#[test]
fn l5_more_than_three_generations_a_minute_from_nothing_are_a_storm() {
    assert_eq!(generations(&[100_000, 110_000, 120_000, 130_000, 140_000]), 1);
    assert_eq!(generations(&[100_000, 101_000, 102_000, 103_000, 300_000, 301_000, 302_000, 303_000]), 2);
}

#[test]
fn l5_rebalances_after_a_disturbance_or_far_apart_are_no_storm() {
    assert_eq!(generations(&[100_000, 120_000, 140_000, 160_000, 180_000]), 0);
    assert_eq!(generations(&[10_000, 20_000, 30_000, 40_000]), 0, "the members started less than a minute before");
    let mut forge = Forge::running();
    forge.at(99_000).removed(1, RemovalReason::Leave).driver(Kind::FaultEnd {
        target: ActorId::BROKER,
        verb: crate::trace::Verb::Scale,
        index: 0,
    });
    for ms in [100_000, 101_000, 102_000, 103_000] {
        forge.at(ms).generation(&[(0, 0..3)]);
    }
    assert_eq!(forge.end(200_000).number("storms"), 0);
}
