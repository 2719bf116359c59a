use super::NONE;
use crate::ids::*;
use crate::oracle::Class;
use crate::oracle::forge::Forge;
use crate::protocol::GroupState;
use crate::trace::{CommitOrigin, Kind, PositionOrigin, RemovalReason, StateReason};

fn commit(forge: &mut Forge, member: MemberId, generation: i32) {
    let (group, partition) = (forge.group, forge.tp(0));
    forge.broker(Kind::CommitApplied {
        group,
        member,
        generation: Generation(generation),
        client: Forge::actor(0),
        request: CorrelationId(9),
        partition,
        offset: Offset(0),
    });
}

#[test]
fn o3a_a_commit_that_should_have_been_fenced_is_a_bug_of_groupsim() {
    let mut forge = Forge::running();
    let member = forge.member(0);
    commit(&mut forge, member, 0);
    assert_eq!(forge.end(2_000).wrong(), vec!["O3a"], "an old generation");

    let mut forge = Forge::running();
    let member = forge.member(2);
    commit(&mut forge, member, 1);
    assert_eq!(forge.end(2_000).wrong(), vec!["O3a"], "no member");

    let mut forge = Forge::running();
    let member = forge.member(0);
    forge.at(1_500).begin_generation(2);
    commit(&mut forge, member, 2);
    assert_eq!(forge.end(2_000).wrong(), vec!["O3a"], "in CompletingRebalance (OFF-05)");

    let mut forge = Forge::running();
    commit(&mut forge, MemberId::EMPTY, -1);
    assert_eq!(forge.end(2_000).wrong(), vec!["O3a"], "a simple commit into a live group (OFF-03)");
}

#[test]
fn o3a_commits_that_kafka_accepts_are_silent() {
    let mut forge = Forge::running();
    let member = forge.member(0);
    commit(&mut forge, member, 1);
    forge.at(1_500).state(GroupState::PreparingRebalance, StateReason::MemberJoined);
    commit(&mut forge, member, 1);
    assert_eq!(forge.end(2_000).wrong(), NONE);
    let mut forge = Forge::new();
    commit(&mut forge, MemberId::EMPTY, -1);
    assert_eq!(forge.end(2_000).wrong(), NONE);
}

#[test]
fn o3c_a_commit_for_somebody_elses_partition_is_measured() {
    let mut forge = Forge::running();
    forge.at(2_000).commits(1, 0, 0);
    let outcome = forge.end(3_000);
    assert_eq!(outcome.wrong(), NONE);
    let found = outcome.found("foreign-commit");
    assert_eq!((found.len(), found[0].class), (1, Class::Measure));
    let mut forge = Forge::running();
    forge.at(2_000).commits(0, 0, 0);
    assert_eq!(forge.end(3_000).found("foreign-commit").len(), 0);
}

#[test]
fn o8_a_commit_that_moves_back_is_counted_with_its_tag() {
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 9).commits(0, 0, 9).commits(0, 0, 4);
    let outcome = forge.end(3_000);
    assert_eq!(outcome.number("commit_regressions"), 1);
    let found = outcome.found("regression")[0];
    assert_eq!((found.class, found.cause), (Class::Strategy, Some("stale async or out of order")));
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 9).commits(0, 0, 4).commits(0, 0, 9).commits(0, 0, 9);
    assert_eq!(forge.end(3_000).number("commit_regressions"), 0);
}

#[test]
fn o8b_a_commit_beyond_the_log_is_a_bug_of_groupsim() {
    let mut forge = Forge::running();
    forge.at(2_000).commits(0, 0, 101);
    assert_eq!(forge.end(3_000).wrong(), vec!["O8b"]);
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 100).commits(0, 0, 100);
    assert_eq!(forge.end(3_000).wrong(), NONE);
}

#[test]
fn o9_an_auto_commit_of_the_polls_own_records_is_a_bug_of_groupsim() {
    for (client, wrong) in [("java", vec!["O9"]), ("librdkafka", NONE)] {
        let mut forge = Forge::running();
        forge.word(Forge::actor(0), "client", client);
        forge.at(2_000).handles(0, 0, 0, 9).commit_sent(0, 0, 9, CommitOrigin::Auto);
        assert_eq!(forge.end(3_000).wrong(), wrong, "{client}");
    }
}

#[test]
fn o9_an_auto_commit_of_earlier_polls_is_silent() {
    let mut forge = Forge::running();
    forge.word(Forge::actor(0), "client", "java");
    forge.at(2_000).handles(0, 0, 0, 9).by(0, Kind::Poll {});
    forge.commit_sent(0, 0, 9, CommitOrigin::Auto);
    forge.handles(0, 0, 9, 12);
    assert_eq!(forge.end(3_000).wrong(), NONE);
}

#[test]
fn o9_nobody_auto_commits_what_was_never_delivered() {
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 9).commit_sent(0, 0, 10, CommitOrigin::Auto);
    assert_eq!(forge.end(3_000).wrong(), vec!["O9"]);
}

#[test]
fn o9_a_mark_of_what_was_in_hand_before_the_partition_came_back_is_auto_committed() {
    for (client, to, wrong) in [("franz-go", 9, NONE), ("franz-go", 11, vec!["O9"]), ("java", 9, vec!["O9"])] {
        let mut forge = Forge::running();
        forge.word(Forge::actor(0), "client", client);
        forge.at(2_000).works(0, 0, 0, 10, 100).at(2_150).revoked(0, 0..1).at(2_200).takes(0, 0, 1);
        forge.at(2_950).commit_sent(0, 0, to, CommitOrigin::Auto);
        assert_eq!(forge.end(3_000).wrong(), wrong, "{client} {to}");
    }
}

#[test]
fn o3c_a_removed_members_interval_is_over() {
    let mut forge = Forge::running();
    forge.at(2_000).removed(1, RemovalReason::Leave).generation(&[(0, 0..2)]).commits(0, 2, 0);
    assert_eq!(forge.end(3_000).found("foreign-commit").len(), 1);
}

fn failover(forge: &mut Forge) -> &mut Forge {
    forge.state(GroupState::Dead, StateReason::Unloaded).at(5_000).state(GroupState::Stable, StateReason::Loaded)
}

fn loaded(forge: &mut Forge, offset: i64) -> &mut Forge {
    let (group, partition) = (forge.group, forge.tp(0));
    forge.broker(Kind::OffsetLoaded { group, partition, offset: Offset(offset) })
}

#[test]
fn o3d_what_was_stored_is_what_the_new_coordinator_reads() {
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 9).commits(0, 0, 9).at(3_000);
    loaded(failover(&mut forge), 9).at(6_000).takes(1, 0, 9);
    assert_eq!(forge.end(7_000).wrong(), NONE);
}

#[test]
fn o3d_a_commit_that_is_older_or_gone_after_a_failover_is_not_durable() {
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 9).commits(0, 0, 4).commits(0, 0, 9).at(3_000);
    loaded(failover(&mut forge), 4);
    let outcome = forge.end(7_000);
    assert_eq!(outcome.wrong(), ["O3d"]);
    let sentence = &outcome.found("commit-not-durable")[0].sentence;
    assert_eq!(sentence, "the new coordinator reads 4 for orders-0 where 9 was committed");
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 9).commits(0, 0, 9).at(3_000);
    failover(&mut forge).at(6_000).position(0, 0, 0, PositionOrigin::Reset);
    let outcome = forge.end(7_000);
    assert_eq!(outcome.wrong(), ["O3d"]);
    let sentence = &outcome.found("commit-not-durable")[0].sentence;
    assert_eq!(sentence, "9 was committed for orders-0, and the new coordinator has nothing for it");
}
