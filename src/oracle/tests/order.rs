use super::NONE;
use crate::ids::{ActorId, Offset};
use crate::oracle::forge::Forge;
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
