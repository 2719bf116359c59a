use super::NONE;
use crate::ids::*;
use crate::oracle::forge::Forge;
use crate::protocol::{ErrorCode, GroupState};
use crate::time::Duration;
use crate::trace::*;

#[test]
fn rebalances_count_from_the_first_stable_and_not_the_one_that_empties_the_group() {
    let mut forge = Forge::running();
    assert_eq!(forge.judge.book.figures[0].counter(crate::config::expect::MetricName::Rebalances), 0);
    forge.at(2_000).generation(&[(0, 0..3), (1, 0..0)]).at(3_000).generation(&[(0, 0..3)]);
    forge.at(4_000).state(GroupState::PreparingRebalance, StateReason::MemberLeft);
    let (group, generation) = (forge.group, Generation(4));
    let (leader, protocol) = (MemberId::EMPTY, ProtocolName::EMPTY);
    forge.broker(Kind::GenerationStarted { group, generation, leader, protocol, members: 0 });
    forge.state(GroupState::Empty, StateReason::NobodyJoined);
    let outcome = forge.end(5_000);
    assert_eq!((outcome.number("rebalances"), outcome.number("first_stable")), (2, 1_000_000));
    assert_eq!(outcome.total.state, Some("Empty"));
    assert_eq!(outcome.scopes["billing"], outcome.total);
}

#[test]
fn time_to_stable_counts_from_leaving_stable() {
    let mut forge = Forge::running();
    forge.at(2_000).state(GroupState::PreparingRebalance, StateReason::MemberJoined).at(3_500);
    forge.generation(&[(0, 0..3)]);
    assert_eq!(forge.end(5_000).total.samples["time_to_stable"].values, vec![1_500_000]);
}

#[test]
fn partition_downtime_counts_unowned_crashed_and_frozen_holders() {
    let mut forge = Forge::running();
    forge.at(2_000).revoked(0, 0..1).at(2_500).takes(0, 0, 0);
    forge.at(3_000).by(0, Kind::Pause {}).at(4_000).by(0, Kind::Resume {});
    forge.at(5_000).crash(0).at(9_000).removed(0, RemovalReason::Session).generation(&[(1, 0..3)]);
    forge.owned(1, 0..2);
    let outcome = forge.end(10_000);
    let mut values = outcome.total.samples["partition_downtime"].values.clone();
    values.sort_unstable();
    let (half, one, four, five) = (500_000, 1_000_000, 4_000_000, 5_000_000);
    assert_eq!(values, vec![half, one, one, one, four, four, five], "the last is open at the end");
    assert_eq!(outcome.wrong(), NONE);
}

#[test]
fn partition_stall_needs_a_second_without_progress() {
    let mut forge = Forge::running();
    // Finished every 100 ms: no stall. Then nothing for 2 s until a record that is in hand for 0.4 s.
    forge.at(1_500).works(0, 0, 0, 50, 100).at(6_500).done(0, 0, 0, 50).at(8_500).works(0, 0, 50, 100, 400);
    forge.at(28_500).done(0, 0, 50, 100);
    let outcome = forge.end(28_500);
    let mut values = outcome.total.samples["partition_stall"].values.clone();
    values.sort_unstable();
    assert_eq!(values, vec![2_000_000, 27_500_000, 27_500_000], "the other two partitions stand still all the time");
}

#[test]
fn partition_stall_sees_slow_records() {
    let mut forge = Forge::running();
    forge.at(1_000).works(0, 0, 0, 3, 5_000).at(16_000).done(0, 0, 0, 3).handles(0, 0, 3, 100);
    forge.handles(0, 1, 0, 100).handles(0, 2, 0, 100);
    let outcome = forge.end(20_000);
    let values = &outcome.total.samples["partition_stall"].values;
    assert_eq!(values.iter().filter(|&&us| us == 4_000_000).count(), 3, "{values:?}");
}

/// Retention takes what nobody had finished: what is gone waits for nobody, neither before nor after a reset says so.
#[test]
fn partition_stall_ends_when_retention_takes_what_is_left() {
    let mut forge = Forge::running();
    forge.handles(0, 1, 0, 100).handles(0, 2, 0, 100).at(2_000).handles(0, 0, 0, 20).at(5_000);
    let partition = forge.tp(0);
    forge.broker(Kind::LogStart { partition, offset: Offset(100) });
    forge.at(6_000).position(0, 0, 100, PositionOrigin::Reset).at(20_000).append(0, 5);
    forge.broker(Kind::LogStart { partition, offset: Offset(103) });
    let outcome = forge.end(24_000);
    let mut values = outcome.total.samples["partition_stall"].values.clone();
    values.sort_unstable();
    // Nothing in hand from 1 s to 2 s and from 2 s to 5 s; the last two records from 20 s to the end.
    assert_eq!(values, vec![1_000_000, 3_000_000, 4_000_000]);
    assert_eq!(outcome.number("skipped"), 80);
}

#[test]
fn lag_counts_from_start_until_something_is_committed() {
    let mut forge = Forge::running();
    assert_eq!(forge.judge.view.scopes[0].lag, 300);
    forge.at(2_000).handles(0, 0, 0, 40).commits(0, 0, 25).append(0, 10);
    let outcome = forge.end(3_000);
    assert_eq!((outcome.number("lag"), outcome.number("position_lag"), outcome.number("members")), (285, 270, 2));
    assert_eq!(outcome.total.processed, 40);
}

#[test]
fn moves_are_by_name_and_needless_beyond_the_least() {
    let mut forge = Forge::running();
    // From 3 + 0 to 0 + 3: one was enough.
    forge.at(2_000).revoked(0, 0..3).generation(&[(0, 0..0), (1, 0..3)]);
    let outcome = forge.end(3_000);
    assert_eq!((outcome.number("moved_partitions"), outcome.number("needless_moves")), (3, 2));
    let mut forge = Forge::running();
    forge.at(2_000).removed(0, RemovalReason::Leave).generation(&[(1, 0..3)]);
    let outcome = forge.end(3_000);
    assert_eq!((outcome.number("moved_partitions"), outcome.number("needless_moves")), (3, 0), "its owner is gone");
}

#[test]
fn interrupted_work_is_no_duplicate() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 10, 100).at(2_250).done(0, 0, 0, 2);
    let partition = forge.tp(0);
    forge.by(0, Kind::Interrupted { partition, offset: Offset(2) }).crash(0);
    forge.at(9_000).removed(0, RemovalReason::Session).pass_on([2, 0, 0]).handles(1, 0, 2, 10);
    let outcome = forge.end(10_000);
    assert_eq!((outcome.number("interrupted"), outcome.number("duplicates"), outcome.wrong()), (1, 0, NONE));
}

#[test]
fn commit_failures_are_counted_by_code() {
    let mut forge = Forge::running();
    for code in [ErrorCode::UnknownMemberId, ErrorCode::UnknownMemberId, ErrorCode::RebalanceInProgress] {
        let request = forge.at(2_000).commit_sent(0, 0, 0, CommitOrigin::Sync);
        forge.commit_rejected(0, request, code);
    }
    let outcome = forge.end(3_000);
    assert_eq!(outcome.number("commit_failures"), 3);
    assert_eq!(outcome.total.commit_failures_by_code["UNKNOWN_MEMBER_ID"], 2);
}

#[test]
fn a_handler_that_hangs_finishes_nothing() {
    let mut forge = Forge::running();
    forge.at(2_000).delivered(0, 0, 0, 10);
    let (partition, per_record) = (forge.tp(0), Duration::MAX);
    forge.by(0, Kind::ProcessStart { partition, from: Offset(0), to: Offset(10), per_record });
    let outcome = forge.end(50_000);
    assert_eq!((outcome.total.processed, outcome.wrong()), (0, NONE));
}
