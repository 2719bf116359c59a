//! HB: Heartbeat.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;
use crate::protocol::*;

#[test]
fn hb_01_unknown_group_and_no_group() {
    let mut rig = Rig::new();
    let stranger = MemberId(rig.names.intern("m"));
    assert_eq!((rig.heartbeat(stranger, 0), rig.exists()), (ErrorCode::UnknownMemberId, false));
    for group in [None, Some(GroupId::EMPTY)] {
        let request = HeartbeatRequest { group, ..rig.heartbeat_request(stranger, 0) };
        let ticket = rig.send("a", 4, Request::Heartbeat(request));
        assert_eq!(rig.error(ticket), ErrorCode::InvalidGroupId);
    }
}

#[test]
fn hb_02_order_of_checks_and_no_timer_touched() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("s").instance("i"), join("a")]);
    let pending = rig.join(join("p").st(60_000));
    let p = rig.joined(pending).1.member;
    let stranger = MemberId(rig.names.intern("m"));
    let (known, unknown, none) =
        (InstanceId(rig.names.intern("i")), InstanceId(rig.names.intern("j")), InstanceId::EMPTY);
    rig.at(10_000);
    for (member, instance, generation, error) in [
        (ids[0], unknown, 9, ErrorCode::UnknownMemberId),
        (ids[1], known, 9, ErrorCode::FencedInstanceId),
        (stranger, known, 9, ErrorCode::FencedInstanceId),
        (stranger, none, 9, ErrorCode::UnknownMemberId),
        (p, none, 0, ErrorCode::UnknownMemberId),
        (ids[0], known, 0, ErrorCode::IllegalGeneration),
        (ids[1], none, 2, ErrorCode::IllegalGeneration),
    ] {
        let request = HeartbeatRequest { instance, ..rig.heartbeat_request(member, generation) };
        let ticket = rig.send("a", 4, Request::Heartbeat(request));
        assert_eq!(rig.error(ticket), error);
    }
    rig.at(15_999);
    assert_eq!(rig.members().len(), 2);
    rig.at(16_000);
    assert_eq!(rig.members().len(), 0, "sessions still count from 6000");
}

#[test]
fn hb_03_empty_group() {
    let mut rig = Rig::new();
    let a = rig.stable(&[join("a")])[0];
    rig.leaves(a);
    assert_eq!((rig.state(), rig.heartbeat(a, 2)), (Empty, ErrorCode::UnknownMemberId));
}

#[test]
fn hb_04_while_preparing() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    rig.join(join("a").id(ids[0]));
    rig.at(15_000);
    assert_eq!((rig.state(), rig.heartbeat(ids[1], 1)), (PreparingRebalance, ErrorCode::RebalanceInProgress));
    rig.at(24_999);
    assert_eq!(rig.members().len(), 2);
    rig.at(25_000);
    assert_eq!(rig.members(), [ids[0]]);
}

#[test]
fn hb_05_while_completing() {
    let mut rig = Rig::new();
    let ids = rig.completing(&[join("a")]);
    rig.at(10_000);
    assert_eq!((rig.state(), rig.heartbeat(ids[0], 1)), (CompletingRebalance, ErrorCode::None));
    rig.at(19_999);
    assert_eq!(rig.members().len(), 1);
    rig.at(20_000);
    assert_eq!(rig.members().len(), 0);
}

#[test]
fn hb_06_in_stable() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    rig.beat(&ids, 9_999, 100_000, ErrorCode::None);
    let last = 3_000 + 9 * 9_999;
    rig.at(last + 9_999);
    assert_eq!((rig.state(), rig.members().len()), (Stable, 1));
    rig.at(last + 10_000);
    assert_eq!(rig.members().len(), 0);
}

#[test]
fn hb_07_while_loading() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a")]);
    let stranger = MemberId(rig.names.intern("m"));
    rig.begin_reload();
    assert_eq!(rig.heartbeat(ids[0], 1), ErrorCode::None);
    assert_eq!(rig.heartbeat(stranger, 77), ErrorCode::None, "blindly");
    rig.finish_reload();
    assert_eq!(rig.heartbeat(stranger, 77), ErrorCode::UnknownMemberId);
}
