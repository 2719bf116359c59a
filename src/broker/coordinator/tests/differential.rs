//! What the comparison with Kafka's own coordinator brought up (docs/fidelity.md).

use super::rig::*;
use crate::protocol::*;

#[test]
fn state_12_an_unknown_group_is_an_error_since_version_6() {
    let mut rig = Rig::new();
    for (version, error) in [(5, ErrorCode::None), (6, ErrorCode::GroupIdNotFound)] {
        let group = rig.group();
        let ticket = rig.send("admin", version, Request::DescribeGroups(vec![group]));
        let Some((_, Response::DescribeGroups(groups))) = rig.answer(ticket) else { panic!("no answer") };
        assert_eq!((groups[0].error, groups[0].state), (error, Some(GroupState::Dead)));
    }
}

#[test]
fn off_20_a_loaded_group_without_a_protocol_type_does_not_know_its_topics() {
    // Of this group only the empty record exists.
    let mut rig = Rig::new();
    rig.join(join("a"));
    rig.reload();
    rig.join(join("b").instance("i"));
    let (group, orders) = (rig.group(), rig.partition("orders", 0));
    let request = OffsetDeleteRequest { group: Some(group), partitions: vec![orders] };
    let ticket = rig.send("admin", 0, Request::OffsetDelete(Box::new(request)));
    let Some((_, Response::OffsetDelete(answer))) = rig.answer(ticket) else { panic!("no answer") };
    assert_eq!(answer.partitions, [(orders, ErrorCode::GroupSubscribedToTopic)]);
}

#[test]
fn off_21_clean_up_ticks_count_from_the_load() {
    let mut rig = Rig::with(|config| config.offsets_retention_check_interval_ms = 1_000);
    rig.at(2_311);
    rig.reload();
    rig.join(join("a"));
    rig.at(3_310);
    assert_eq!(rig.state(), GroupState::Empty);
    rig.at(3_311);
    assert!(!rig.exists());
}

#[test]
fn join_29_the_join_timer_outlives_a_group_that_was_undone() {
    let mut rig = Rig::new();
    rig.fail_appends(ErrorCode::NotEnoughReplicas, 1);
    let undone = rig.join(join("a").instance("i"));
    assert_eq!(rig.error(undone), ErrorCode::CoordinatorNotAvailable);
    rig.at(1);
    rig.join(join("b"));
    rig.at(D);
    assert_eq!((rig.state(), rig.generation()), (GroupState::Empty, 1));
    let joined = rig.join(join("c").version(3));
    rig.at(2 * D);
    assert_eq!(rig.joined_at(joined), (2 * D, 2));
}
