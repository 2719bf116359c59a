//! The handler: ranges in time, faults, crash and pause.

use super::rig::Rig;
use crate::client::HandlerFault;
use crate::config::CommitWhen;
use crate::ids::Offset;
use crate::time::{Duration, Instant};
use crate::trace::{DropReason, Kind};

/// Records 0..6 of partition 0 and 0..2 of partition 1 in hand since 0 ms, 10 ms each; nothing is committed.
fn busy() -> Rig {
    let mut rig = Rig::with(|c| {
        c.commit.when = CommitWhen::Never;
        c.client.heartbeat_interval_ms = 40_000;
    });
    let fetch = rig.stable(&[0, 1], 0);
    rig.records(fetch, &[(0, 0, 6), (1, 0, 2)]);
    rig.forget_sent();
    rig
}

fn work(rig: &mut Rig) -> Vec<Kind> {
    let names = ["process_start", "process_done", "interrupted", "dropped"];
    rig.events().into_iter().filter(|kind| names.contains(&kind.name())).collect()
}

fn start(rig: &mut Rig, p: u32, from: i64, to: i64, ms: u64) -> Kind {
    let per_record = if ms == u64::MAX { Duration::MAX } else { Duration::from_ms(ms) };
    Kind::ProcessStart { partition: rig.orders(p), from: Offset(from), to: Offset(to), per_record }
}

fn done(rig: &mut Rig, p: u32, from: i64, to: i64) -> Kind {
    Kind::ProcessDone { partition: rig.orders(p), from: Offset(from), to: Offset(to) }
}

#[test]
fn a_batch_takes_one_start_and_one_done_per_run() {
    let mut rig = busy();
    rig.fires_at(60);
    rig.fires_at(80);
    let expected =
        [start(&mut rig, 0, 0, 6, 10), done(&mut rig, 0, 0, 6), start(&mut rig, 1, 0, 2, 10), done(&mut rig, 1, 0, 2)];
    assert_eq!(work(&mut rig), expected);
}

#[test]
fn a_crash_finishes_what_has_ended_interrupts_one_and_drops_the_rest() {
    let mut rig = busy();
    rig.run_to(35);
    work(&mut rig);
    rig.crash();
    let ended = DropReason::Ended;
    let dropped = |rig: &mut Rig, p, from, to| Kind::Dropped {
        partition: rig.orders(p),
        from: Offset(from),
        to: Offset(to),
        reason: ended,
    };
    let expected = [
        done(&mut rig, 0, 0, 3),
        Kind::Interrupted { partition: rig.orders(0), offset: Offset(3) },
        dropped(&mut rig, 0, 4, 6),
        dropped(&mut rig, 1, 0, 2),
    ];
    let events = rig.events();
    assert_eq!(events[..4], expected);
    assert_eq!(events.last(), Some(&Kind::Crash {}));
    assert!(events.iter().any(|kind| kind.name() == "fetch_lost"));
    assert_eq!(rig.deadline(), None);
}

#[test]
fn a_slow_window_holds_for_records_started_in_it() {
    let mut rig = busy();
    rig.run_to(25);
    rig.fault(HandlerFault::Slow(Duration::from_ms(100)));
    rig.fires_at(30); // the third record was started before
    rig.run_to(150);
    rig.fault(HandlerFault::None);
    rig.fires_at(230); // the fifth was started in the window
    rig.fires_at(240);
    let expected = [
        start(&mut rig, 0, 0, 6, 10),
        done(&mut rig, 0, 0, 3),
        start(&mut rig, 0, 3, 6, 100),
        done(&mut rig, 0, 3, 5),
        start(&mut rig, 0, 5, 6, 10),
        done(&mut rig, 0, 5, 6),
        start(&mut rig, 1, 0, 2, 10),
    ];
    assert_eq!(work(&mut rig), expected);
}

#[test]
fn a_slow_window_that_begins_between_two_records_holds_for_the_second() {
    let mut rig = busy();
    rig.run_to(20);
    rig.fault(HandlerFault::Slow(Duration::from_ms(100)));
    let expected = [start(&mut rig, 0, 0, 6, 10), done(&mut rig, 0, 0, 2), start(&mut rig, 0, 2, 6, 100)];
    assert_eq!(work(&mut rig), expected);
}

#[test]
fn a_stuck_record_ends_when_it_is_lifted_or_at_its_own_time() {
    let mut rig = busy();
    rig.run_to(25);
    rig.fault(HandlerFault::Stuck);
    rig.run_to(500);
    rig.fault(HandlerFault::None);
    rig.run_to(530);
    let expected = [
        start(&mut rig, 0, 0, 6, 10),
        done(&mut rig, 0, 0, 2),
        start(&mut rig, 0, 2, 3, u64::MAX),
        done(&mut rig, 0, 2, 3),
        start(&mut rig, 0, 3, 6, 10),
        done(&mut rig, 0, 3, 6),
        start(&mut rig, 1, 0, 2, 10),
    ];
    assert_eq!(work(&mut rig), expected);

    let mut rig = busy();
    rig.run_to(25);
    rig.fault(HandlerFault::Stuck);
    rig.run_to(27);
    rig.fault(HandlerFault::None);
    rig.fires_at(30);
}

#[test]
fn a_record_started_while_stuck_says_so_and_a_crash_interrupts_it() {
    let mut rig = busy();
    rig.run_to(20);
    rig.fault(HandlerFault::Stuck);
    let expected = [start(&mut rig, 0, 0, 6, 10), done(&mut rig, 0, 0, 2), start(&mut rig, 0, 2, 3, u64::MAX)];
    assert_eq!(work(&mut rig), expected);
    rig.run_to(900);
    rig.crash();
    assert_eq!(work(&mut rig)[0], Kind::Interrupted { partition: rig.orders(0), offset: Offset(2) });
}

#[test]
fn a_pause_accounts_for_what_is_done_and_the_rest_needs_its_time() {
    let mut rig = busy();
    rig.run_to(34);
    rig.pause();
    assert_eq!(rig.deadline(), None);
    let expected = [start(&mut rig, 0, 0, 6, 10), done(&mut rig, 0, 0, 3)];
    assert_eq!(work(&mut rig), expected);
    rig.now = Instant::from_ms(1_000);
    rig.resume();
    rig.fires_at(1_006);
    rig.fires_at(1_026);
    let expected =
        [done(&mut rig, 0, 3, 4), start(&mut rig, 0, 4, 6, 10), done(&mut rig, 0, 4, 6), start(&mut rig, 1, 0, 2, 10)];
    assert_eq!(work(&mut rig), expected);
}

#[test]
fn a_crash_while_frozen_counts_nothing_of_the_time_frozen() {
    let mut rig = busy();
    rig.run_to(34);
    rig.pause();
    work(&mut rig);
    rig.now = Instant::from_ms(9_000);
    rig.crash();
    assert_eq!(work(&mut rig)[0], Kind::Interrupted { partition: rig.orders(0), offset: Offset(3) });
}

#[test]
fn records_that_take_no_time_are_done_at_once() {
    let mut rig = Rig::with(|c| {
        c.commit.when = CommitWhen::Never;
        c.process.per_record = Duration::ZERO;
    });
    let fetch = rig.stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 10_000)]);
    let expected = [start(&mut rig, 0, 0, 500, 0), done(&mut rig, 0, 0, 500)];
    // The whole fetch is worked off at one instant, 500 records a poll; here only the first two events count.
    assert_eq!(work(&mut rig)[..2], expected);
}
