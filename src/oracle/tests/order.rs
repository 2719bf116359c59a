use super::NONE;
use crate::ids::{ActorId, Offset};
use crate::oracle::forge::Forge;
use crate::time::Duration;
use crate::trace::{Kind, PositionOrigin};

#[test]
fn o7a_a_gap_or_a_repeat_in_delivery_is_a_bug_of_groupsim() {
    for (from, to) in [(6, 9), (3, 9)] {
        let mut forge = Forge::running();
        forge.at(2_000).delivered(0, 0, 0, 5).delivered(0, 0, from, to);
        assert_eq!(forge.end(3_000).wrong(), vec!["O7a"], "{from}..{to} after 0..5");
    }
    let mut forge = Forge::running();
    forge.at(2_000).delivered(1, 0, 0, 5);
    assert_eq!(forge.end(3_000).wrong(), vec!["O7a"], "not its own");
}

#[test]
fn o7a_delivery_in_order_is_silent() {
    let mut forge = Forge::running();
    forge.at(2_000).delivered(0, 0, 0, 5).delivered(0, 0, 5, 9).revoked(0, 0..3).delivered(0, 0, 9, 12);
    assert_eq!(forge.end(3_000).wrong(), NONE);
}

#[test]
fn o7b_a_record_finished_after_a_later_one_is_an_inversion() {
    let mut forge = Forge::running();
    forge.at(2_000).delivered(0, 0, 0, 10).done(0, 0, 4, 10).done(0, 0, 0, 3).done(0, 0, 3, 4);
    let outcome = forge.end(3_000);
    assert_eq!((outcome.number("order_inversions"), outcome.number("duplicates")), (4, 0));
    let found = outcome.found("inversion");
    assert_eq!((found.len(), found[0].cause), (1, Some("parallel worker")));
    let mut forge = Forge::running();
    forge.at(2_000).delivered(0, 0, 0, 10).done(0, 0, 0, 3).done(0, 0, 3, 10);
    assert_eq!(forge.end(3_000).number("order_inversions"), 0);
}

#[test]
fn o10_a_log_with_a_gap_is_a_bug_of_groupsim() {
    let mut forge = Forge::running();
    let (partition, producer) = (forge.tp(0), ActorId::DRIVER);
    forge.broker(Kind::Append { partition, from: Offset(101), to: Offset(102), producer });
    assert_eq!(forge.end(3_000).wrong(), vec!["O10"]);
    let mut forge = Forge::running();
    let partition = forge.tp(0);
    forge.broker(Kind::LogStart { partition, offset: Offset(101) });
    assert_eq!(forge.end(3_000).wrong(), vec!["O10"]);
    let mut forge = Forge::running();
    let partition = forge.tp(0);
    forge.by(0, Kind::Fetched { partition, from: Offset(0), to: Offset(101) });
    assert_eq!(forge.end(3_000).wrong(), vec!["O10"]);
}

#[test]
fn o10_a_dense_log_is_silent() {
    let mut forge = Forge::running();
    let partition = forge.tp(0);
    forge.append(0, 5).append(0, 5).broker(Kind::LogStart { partition, offset: Offset(110) });
    forge.by(0, Kind::Fetched { partition, from: Offset(0), to: Offset(110) });
    assert_eq!(forge.end(3_000).wrong(), NONE);
}

/// Retention takes records 12 to 19 while 5 to 9 are in the queue of the library: they come first, then the new position.
#[test]
fn o7a_a_queue_is_emptied_before_a_reset_is_felt() {
    for (java, wrong) in [("librdkafka", vec![]), ("java", vec!["O7a", "O7a"])] {
        let mut forge = Forge::running();
        forge.word(Forge::actor(0), "client", java);
        forge.at(2_000).handles(0, 0, 0, 5).position(0, 0, 20, PositionOrigin::Reset);
        forge.at(3_000).handles(0, 0, 5, 10).handles(0, 0, 20, 30).handles(0, 0, 30, 40);
        let outcome = forge.end(4_000);
        assert_eq!((outcome.wrong(), outcome.number("skipped")), (wrong, 10), "{java}");
    }
}

/// The queue has records from before the first of three resets, and from between the second and the third.
#[test]
fn o7a_a_queue_may_hold_records_from_between_resets() {
    let mut forge = Forge::running();
    forge.word(Forge::actor(0), "client", "librdkafka");
    forge.at(2_000).handles(0, 0, 0, 5).position(0, 0, 20, PositionOrigin::Reset);
    forge.position(0, 0, 40, PositionOrigin::Reset).position(0, 0, 60, PositionOrigin::Reset);
    forge.at(3_000).handles(0, 0, 5, 10).handles(0, 0, 40, 45).handles(0, 0, 60, 70);
    assert_eq!(forge.end(4_000).wrong(), NONE);

    // Back to before a reset that it has passed.
    let mut forge = Forge::running();
    forge.word(Forge::actor(0), "client", "librdkafka");
    forge.at(2_000).handles(0, 0, 0, 5).position(0, 0, 20, PositionOrigin::Reset);
    forge.position(0, 0, 40, PositionOrigin::Reset).at(3_000).handles(0, 0, 40, 45).handles(0, 0, 20, 25);
    assert_eq!(forge.end(4_000).wrong(), ["O7a"]);
}

/// Three workers in one partition: each has its own record in work, and time finishes them all.
#[test]
fn o7b_several_runs_at_once_in_one_partition_are_kept_apart() {
    let mut forge = Forge::running();
    forge.at(2_000).delivered(0, 0, 0, 30);
    for (from, to, ms) in [(0, 10, 100), (10, 20, 40), (20, 30, 70)] {
        let (partition, per_record) = (forge.tp(0), Duration::from_ms(ms));
        forge.by(0, Kind::ProcessStart { partition, from: Offset(from), to: Offset(to), per_record });
    }
    // At 2 351 ms: 0, 1, 2 and 10 to 17 and 20 to 24.
    forge.at(2_351).commits(0, 0, 12).crash(0);
    let outcome = forge.end(4_000);
    assert_eq!(outcome.wrong(), NONE);
    assert_eq!((outcome.number("hazards"), outcome.number("lost"), outcome.total.processed), (7, 7, 16));
    let lost = outcome.found("lost")[0];
    assert_eq!(lost.records, Some((Offset(3), Offset(10))));
    assert_eq!(
        lost.sentence,
        "7 records of orders-0 were never finished: billing-0 committed beyond them at 2.351s and billing-0 crashed at 2.351s"
    );
}

#[test]
fn o7b_gaps_below_the_highest_mark_are_lost_one_by_one() {
    let mut forge = Forge::running();
    forge.at(2_000).delivered(0, 0, 0, 10).done(0, 0, 1, 2).done(0, 0, 3, 4).done(0, 0, 6, 7).commits(0, 0, 7);
    forge.at(2_100).done(0, 0, 4, 5).crash(0);
    let outcome = forge.end(4_000);
    assert_eq!((outcome.number("hazards"), outcome.number("lost"), outcome.number("order_inversions")), (4, 3, 1));
    let lost: Vec<_> = outcome.found("lost").iter().map(|f| f.records.unwrap()).collect();
    assert_eq!(lost, [(Offset(0), Offset(1)), (Offset(2), Offset(3)), (Offset(5), Offset(6))]);
}

#[test]
fn o6_a_reset_with_records_in_hand_leaves_them_their_cause() {
    // Done by the first owner, and in the hand of the second when the start of the log passes it.
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 10).revoked(0, 0..3).pass_on([0, 0, 0]);
    forge.at(3_000).works(1, 0, 0, 4, 100).at(3_250).position(1, 0, 20, PositionOrigin::Reset);
    forge.at(3_400).done(1, 0, 0, 4);
    let outcome = forge.end(4_000);
    assert_eq!((outcome.wrong(), outcome.number("duplicates")), (NONE, 4));
    assert_eq!(outcome.found("duplicate").iter().filter_map(|f| f.cause).collect::<Vec<_>>(), ["revoked"]);
}

#[test]
fn o6_a_reset_behind_a_queue_leaves_what_is_in_the_queue_its_cause() {
    for (client, wrong) in [("librdkafka", NONE), ("java", vec!["O6"])] {
        let mut forge = Forge::running();
        forge.word(Forge::actor(1), "client", client);
        forge.at(2_000).handles(0, 0, 0, 10).revoked(0, 0..3).pass_on([0, 0, 0]);
        forge.at(3_000).handles(1, 0, 0, 2).position(1, 0, 20, PositionOrigin::Reset);
        forge.at(3_100).handles(1, 0, 2, 4);
        let outcome = forge.end(4_000);
        assert_eq!(outcome.number("duplicates"), 4, "{client}");
        assert_eq!(outcome.wrong().into_iter().filter(|&oracle| oracle == "O6").collect::<Vec<_>>(), wrong, "{client}");
    }
}

/// Workers take no notice of a revoke, the partition comes back, and the record is in the hands of two of them: whichever
/// finishes second, it was in hand at the revoke.
#[test]
fn o6_a_record_in_hand_twice_is_a_duplicate_of_the_revoke() {
    for order in ["partition", "none"] {
        let mut forge = Forge::running();
        forge.at(2_000).works(0, 0, 0, 4, 1_000).at(2_500).revoked(0, 0..3).generation(&[(0, 0..3)]);
        forge.takes(0, 0, 0).delivered(0, 0, 0, 4);
        let (partition, per_record) = (forge.tp(0), Duration::from_ms(100));
        let again = Kind::ProcessStart { partition, from: Offset(0), to: Offset(4), per_record };
        if order == "partition" {
            forge.at(6_000).done(0, 0, 0, 4).by(0, again).at(6_400).done(0, 0, 0, 4);
        } else {
            forge.at(2_600).by(0, again).at(3_000).done(0, 0, 0, 4).at(6_000).done(0, 0, 0, 4);
        }
        let outcome = forge.end(7_000);
        assert_eq!(outcome.wrong(), NONE, "{order}");
        let by = &outcome.total.duplicates_by_cause;
        assert_eq!((outcome.number("duplicates"), by["revoked"], outcome.total.processed), (4, 4, 8), "{order}");
    }
}

/// The first of two copies gets stuck in work, and the second one is done before it.
#[test]
fn o6_of_two_copies_the_one_that_is_due_is_done() {
    let mut forge = Forge::running();
    forge.at(2_000).delivered(0, 0, 0, 1).at(2_500).revoked(0, 0..3).generation(&[(0, 0..3)]);
    forge.takes(0, 0, 0).delivered(0, 0, 0, 1);
    let partition = forge.tp(0);
    let start = |per_record| Kind::ProcessStart { partition, from: Offset(0), to: Offset(1), per_record };
    forge.at(2_600).by(0, start(Duration::from_ms(60))).at(2_620).by(0, start(Duration::MAX));
    forge.at(3_000).by(0, start(Duration::from_ms(100)));
    forge.at(3_100).done(0, 0, 0, 1).at(9_000).done(0, 0, 0, 1);
    let outcome = forge.end(9_500);
    assert_eq!((outcome.wrong(), outcome.number("duplicates")), (NONE, 1));
    assert_eq!(outcome.total.duplicates_by_cause["revoked"], 1);
}

/// One worker finishes a record every 300 ms while another sits on one for two seconds: the partition does not stand still.
#[test]
fn a_slow_worker_beside_a_quick_one_is_no_stall() {
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 1, 0, 100).handles(0, 2, 0, 100).delivered(0, 0, 0, 100);
    let start = |forge: &mut Forge, record: i64, ms| {
        let (partition, per_record) = (forge.tp(0), Duration::from_ms(ms));
        forge.by(0, Kind::ProcessStart { partition, from: Offset(record), to: Offset(record + 1), per_record });
    };
    for turn in 0..7 {
        let now = 2_000 + 2_100 * turn as u64;
        start(forge.at(now), 70 + turn, 2_050);
        for quick in 0..7 {
            start(forge.at(now + 300 * quick as u64), 7 * turn + quick, 300);
            let record = 7 * turn + quick;
            if quick == 6 {
                forge.at(now + 2_050).done(0, 0, 70 + turn, 71 + turn);
            }
            forge.at(now + 300 * quick as u64 + 300).done(0, 0, record, record + 1);
        }
    }
    let outcome = forge.end(16_700);
    assert_eq!(outcome.wrong(), NONE);
    let longest = outcome.total.samples["partition_stall"].values.iter().max();
    assert_eq!(longest, Some(&1_000_000), "from the first position to the first poll");
}
