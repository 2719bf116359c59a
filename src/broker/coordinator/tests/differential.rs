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
        assert_eq!((groups[0].error, groups[0].state), (error, GroupState::Dead));
    }
}

/// A group of which only the empty record exists, in its first join phase.
fn first_join_after(reload_at: u64, set: impl FnOnce(&mut crate::config::BrokerConfig)) -> Rig {
    let mut rig = Rig::with(set);
    rig.join(join("a"));
    rig.at(reload_at);
    rig.reload();
    rig
}

#[test]
fn off_20_a_loaded_group_without_a_protocol_type_does_not_know_its_topics() {
    let mut rig = first_join_after(0, |_| {});
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
    let group = rig.group();
    rig.at(3_310);
    assert_eq!(rig.c.group_state(group), Some(GroupState::Empty));
    rig.at(3_311);
    assert_eq!(rig.c.group_state(group), None);
}
