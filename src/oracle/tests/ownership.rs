use super::NONE;
use crate::oracle::Class;
use crate::oracle::forge::Forge;
use crate::protocol::GroupState;
use crate::trace::{Kind, RemovalReason, StateReason};

#[test]
fn o1a_two_owners_in_one_generation_are_a_bug_of_groupsim() {
    let mut forge = Forge::running();
    forge.at(2_000).begin_generation(2).assign(&[(0, 0..2), (1, 1..3)]);
    forge.state(GroupState::Stable, StateReason::AssignmentWritten);
    let outcome = forge.end(3_000);
    assert_eq!(outcome.wrong(), vec!["O1a"]);
    let found = outcome.found("two-owners")[0];
    assert_eq!(found.sentence, "generation 2 gives orders-1 to both billing-0 and billing-1");
    assert_eq!(outcome.number("owners_per_partition"), 2);
}

#[test]
fn o1a_one_owner_per_partition_is_silent() {
    let mut forge = Forge::running();
    forge.at(2_000).revoked(0, 0..3).generation(&[(0, 0..1), (1, 1..3)]);
    let outcome = forge.end(3_000);
    assert_eq!((outcome.wrong(), outcome.number("owners_per_partition")), (NONE, 1));
}

#[test]
fn o1a_a_replaced_static_member_hands_over_in_the_same_generation() {
    let mut forge = Forge::running();
    forge.at(2_000).crash(0).at(3_000);
    let old = forge.member(0);
    forge.start(0);
    let (group, new) = (forge.group, forge.member(0));
    let instance = crate::ids::InstanceId(forge.sym("billing-0"));
    let (client, client_incarnation) = (Forge::actor(0), crate::ids::Incarnation(2));
    forge.broker(Kind::MemberReplaced { group, instance, old, new, client, client_incarnation });
    forge.takes(0, 1, 0).handles(0, 1, 0, 5);
    let outcome = forge.end(4_000);
    assert_eq!((outcome.wrong(), outcome.number("zombie_records")), (NONE, 0));
}

#[test]
fn o1a_a_replacement_that_was_not_written_is_forgotten_by_the_next_coordinator() {
    let mut forge = Forge::running();
    forge.at(2_000).state(GroupState::PreparingRebalance, StateReason::MemberJoined).crash(0).at(3_000);
    let old = forge.member(0);
    forge.start(0);
    let (group, new) = (forge.group, forge.member(0));
    let instance = crate::ids::InstanceId(forge.sym("billing-0"));
    let (client, client_incarnation) = (Forge::actor(0), crate::ids::Incarnation(2));
    forge.broker(Kind::MemberReplaced { group, instance, old, new, client, client_incarnation });
    forge.at(4_000).state(GroupState::Dead, StateReason::Unloaded).state(GroupState::Stable, StateReason::Loaded);
    let (session_timeout_ms, rebalance_timeout_ms, client_incarnation) = (45_000, 60_000, crate::ids::Incarnation(1));
    forge.broker(Kind::MemberLoaded {
        group,
        member: old,
        instance,
        client,
        client_incarnation,
        session_timeout_ms,
        rebalance_timeout_ms,
    });
    let (topic, generation) = (forge.topic, crate::ids::Generation(1));
    forge.broker(Kind::Assigned { group, generation, member: old, topic, from: 0, to: 3 });
    assert_eq!(forge.end(5_000).wrong(), NONE);
}

#[test]
fn o1b_an_assignment_for_nobody_is_a_bug_of_groupsim() {
    let mut forge = Forge::running();
    forge.at(2_000).generation(&[(3, 0..1)]);
    assert_eq!(forge.end(3_000).wrong(), vec!["O1b"]);
}

#[test]
fn o1c_an_overlap_with_a_removed_member_is_measured() {
    let mut forge = Forge::running();
    forge.at(2_000).removed(0, RemovalReason::Session).generation(&[(1, 0..3)]).takes(1, 0, 0);
    forge.handles(1, 0, 0, 4).at(5_000).revoked(0, 0..3);
    let outcome = forge.end(9_000);
    assert_eq!(outcome.wrong(), NONE);
    assert_eq!(outcome.total.samples["client_overlap"].values, vec![3_000_000]);
    let found = outcome.found("overlap");
    assert_eq!((found.len(), found[0].class), (1, Class::Measure));
    assert_eq!(
        found[0].sentence,
        "billing-0 and billing-1 both took orders-0 for theirs for 3s; 4 records were finished meanwhile"
    );
}

#[test]
fn o1c_an_overlap_with_a_member_that_joined_is_a_bug_of_groupsim() {
    let mut forge = Forge::running();
    forge.at(2_000).generation(&[(1, 0..3), (0, 0..0)]).joined(0).joined(1).takes(1, 0, 0);
    assert_eq!(forge.end(3_000).wrong(), vec!["O1c"]);
}

#[test]
fn o1c_an_overlap_with_a_member_that_rejoined_behind_its_application_is_measured() {
    let mut forge = Forge::running();
    forge.at(2_000).by(0, Kind::RejoinUnrevoked {});
    forge.generation(&[(1, 0..3), (0, 0..0)]).joined(0).joined(1).takes(1, 0, 0).at(3_000).revoked(0, 0..3);
    let outcome = forge.end(4_000);
    assert_eq!((outcome.wrong(), outcome.found("overlap").len()), (NONE, 1));
}

#[test]
fn o1c_a_hand_over_without_overlap_is_silent() {
    let mut forge = Forge::running();
    forge.at(2_000).revoked(0, 0..3).generation(&[(1, 0..3), (0, 0..0)]).joined(0).joined(1).takes(1, 0, 0);
    let outcome = forge.end(3_000);
    assert_eq!((outcome.wrong(), outcome.found("overlap").len()), (NONE, 0));
}

#[test]
fn o2_records_finished_after_the_removal_are_a_zombies() {
    let mut forge = Forge::running();
    forge.at(2_000).works(0, 0, 0, 10, 100).at(2_550).removed(0, RemovalReason::Session).at(3_000).done(0, 0, 0, 10);
    let outcome = forge.end(4_000);
    assert_eq!(outcome.number("zombie_records"), 5);
    let found = outcome.found("zombie")[0];
    assert_eq!((found.class, found.cause, found.records.unwrap().0.0), (Class::Measure, Some("idle"), 5));
    assert_eq!(
        found.sentence,
        "billing-0 went on with orders-0 450ms after the coordinator had taken it away, when nobody else had it yet"
    );
}

#[test]
fn o2_work_inside_the_interval_is_silent() {
    let mut forge = Forge::running();
    forge.at(2_000).handles(0, 0, 0, 10).generation(&[(0, 0..3), (1, 0..0)]).handles(0, 0, 10, 20);
    assert_eq!(forge.end(4_000).number("zombie_records"), 0);
}
