use super::NONE;
use crate::ids::Offset;
use crate::oracle::Class;
use crate::oracle::forge::Forge;
use crate::time::Instant;
use crate::trace::{DropReason, Kind, PositionOrigin, RemovalReason, ResetReason};

#[test]
fn o4_a_commit_above_an_unfinished_record_is_a_hazard() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 10, 100).at(2_350).commits(0, 0, 10).commits(0, 0, 10);
    forge.at(3_000).done(0, 0, 0, 10);
    let outcome = forge.end(4_000);
    // Three records were finished after 350 ms; the other seven ended harmless.
    assert_eq!((outcome.number("hazards"), outcome.number("lost"), outcome.number("undecided_hazards")), (7, 0, 0));
    assert_eq!(outcome.found("hazard")[0].class, Class::Measure);
    assert!(outcome.held());
}

#[test]
fn o4_a_commit_of_finished_records_is_silent() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 10, 100).at(3_001).commits(0, 0, 10);
    let outcome = forge.end(4_000);
    assert_eq!((outcome.number("hazards"), outcome.number("lost")), (0, 0));
}

#[test]
fn o4_a_loss_is_dated_at_the_crash() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 10, 100).at(2_050).commits(0, 0, 10).at(2_350).done(0, 0, 0, 3).crash(0);
    forge.at(9_000).removed(0, RemovalReason::Session).pass_on([10, 0, 0]).handles(1, 0, 10, 20);
    let outcome = forge.end(10_000);
    assert_eq!((outcome.number("lost"), outcome.wrong()), (7, NONE));
    let found = outcome.found("lost")[0];
    assert_eq!(
        (found.class, found.at, found.records),
        (Class::Strategy, Instant::from_ms(2_350), Some((Offset(3), Offset(10))))
    );
    assert_eq!(
        found.sentence,
        "7 records of orders-0 were never finished: billing-0 committed beyond them at 2.050s and billing-0 crashed at 2.350s"
    );
    let default = outcome.expectations.iter().find(|judged| judged.text == "lost == 0").unwrap();
    assert!(!default.held);
    assert_eq!((default.measured.as_str(), default.first_broken), ("7", Some(Instant::from_ms(2_350))));
}

#[test]
fn o4_what_is_still_in_hand_at_the_end_is_undecided() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 10, 100).at(2_050).commits(0, 0, 10);
    let outcome = forge.end(2_450);
    assert_eq!((outcome.number("lost"), outcome.number("undecided_hazards")), (0, 6));
}

#[test]
fn o4_records_dropped_at_a_revoke_are_lost_if_they_were_committed() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 10, 100).commits(0, 0, 10).at(2_200).done(0, 0, 0, 2);
    let (partition, reason) = (forge.tp(0), DropReason::Revoked);
    forge.by(0, Kind::Dropped { partition, from: Offset(2), to: Offset(10), reason }).revoked(0, 0..3);
    let outcome = forge.end(5_000);
    assert_eq!((outcome.number("lost"), outcome.found("lost")[0].at), (8, Instant::from_ms(2_200)));
}

#[test]
fn o4_a_frozen_process_has_nothing_in_hand() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 10, 100).commits(0, 0, 10).at(2_250).done(0, 0, 0, 2).by(0, Kind::Pause {});
    let outcome = forge.end(5_000);
    assert_eq!((outcome.number("lost"), outcome.number("undecided_hazards")), (8, 0));
    assert_eq!(outcome.found("lost")[0].at, Instant::from_ms(2_250));
}

fn reset(forge: &mut Forge, member: usize, to: i64, reason: ResetReason) {
    let (partition, from) = (forge.tp(0), Offset::NONE);
    forge.by(member, Kind::Reset { partition, from, to: Offset(to), reason });
    forge.position(member, 0, to, PositionOrigin::Reset);
}

#[test]
fn o5_latest_resolved_again_skips_what_came_in_between() {
    let mut forge = Forge::new();
    forge.append(0, 50).at(1_000).added(0).added(1).generation(&[(0, 0..1)]).owned(0, 0..1);
    reset(&mut forge, 0, 50, ResetReason::NoOffsetLatest);
    forge.append(0, 4).handles(0, 0, 50, 52).at(2_000).revoked(0, 0..1).generation(&[(1, 0..1)]).owned(1, 0..1);
    forge.append(0, 6);
    reset(&mut forge, 1, 60, ResetReason::NoOffsetLatest);
    forge.append(0, 1).handles(1, 0, 60, 61).commits(1, 0, 61);
    let outcome = forge.end(9_000);
    assert_eq!((outcome.number("skipped"), outcome.number("lost"), outcome.number("hazards")), (8, 0, 0));
    assert_eq!(outcome.total.before_start, 50);
    let found = outcome.found("skipped")[0];
    assert_eq!((found.cause, found.records), (Some("no offset, latest"), Some((Offset(52), Offset(60)))));
    assert!(!outcome.held());
}

#[test]
fn o5_a_reset_to_the_earliest_skips_nothing() {
    let mut forge = Forge::new();
    forge.append(0, 50).at(1_000).added(0).generation(&[(0, 0..1)]).owned(0, 0..1);
    reset(&mut forge, 0, 0, ResetReason::NoOffsetEarliest);
    forge.handles(0, 0, 0, 50);
    let outcome = forge.end(9_000);
    assert_eq!((outcome.number("skipped"), outcome.total.before_start), (0, 0));
    assert!(outcome.held());
}

#[test]
fn o5_records_gone_with_the_start_of_the_log_are_skipped() {
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 5).commits(0, 0, 5).revoked(0, 0..3);
    let partition = forge.tp(0);
    forge.broker(Kind::LogStart { partition, offset: Offset(20) }).pass_on([5, 0, 0]);
    reset(&mut forge, 1, 20, ResetReason::OutOfRangeEarliest);
    let outcome = forge.end(3_000);
    assert_eq!((outcome.number("skipped"), outcome.wrong()), (15, NONE));
}

#[test]
fn o5_what_is_in_hand_when_the_run_ends_is_not_passed_over() {
    for (paused, skipped) in [(false, 10), (true, 17)] {
        let mut forge = Forge::running();
        forge.at(2_000).works(0, 0, 0, 10, 100).at(2_350);
        let partition = forge.tp(0);
        forge.broker(Kind::LogStart { partition, offset: Offset(20) });
        reset(&mut forge, 0, 20, ResetReason::OutOfRangeEarliest);
        if paused {
            forge.by(0, Kind::Pause {});
        }
        let outcome = forge.end(2_360);
        assert_eq!((outcome.number("skipped"), outcome.wrong()), (skipped, NONE), "{paused}");
    }
}
