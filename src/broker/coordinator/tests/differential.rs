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
