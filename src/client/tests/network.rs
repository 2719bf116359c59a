//! CLIENT-09, CLIENT-11, CLIENT-40: time-outs, lost connections, looking the coordinator up.

use super::rig::Rig;
use crate::ids::MemberId;
use crate::protocol::{Api, ErrorCode, Request, Response};
use crate::trace::Channel;

#[test]
fn client_09_join_group_waits_for_the_rebalance_timeout_and_five_seconds() {
    let mut rig = Rig::new();
    rig.started();
    rig.sent(Api::JoinGroup);
    rig.fires_at(300_000); // metadata.max.age.ms
    rig.forget_sent();
    rig.events();
    rig.fires_at(305_000);
    assert!(rig.event_names().contains(&"join_timeout"));
    assert_eq!(rig.disconnected, [Channel::Coordinator]);
}

#[test]
fn client_09_sync_group_waits_for_request_timeout_ms() {
    let mut rig = Rig::with(|c| c.client.heartbeat_interval_ms = 40_000);
    rig.started();
    rig.join(1);
    rig.sent(Api::SyncGroup);
    rig.events();
    rig.fires_at(30_000);
    assert_eq!(rig.event_names(), ["sync_timeout", "disconnected", "find_coordinator_sent"]);
}

#[test]
fn client_11_a_lost_connection_keeps_the_member_id() {
    let mut rig = Rig::with(|c| c.client.heartbeat_interval_ms = 40_000);
    rig.started();
    rig.join_error(ErrorCode::MemberIdRequired);
    rig.join(1);
    rig.sent(Api::SyncGroup);
    rig.fires_at(30_000);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    rig.run_to(30_200);
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    rig.run_to(30_300);
    let (_, Request::JoinGroup(request)) = rig.sent(Api::JoinGroup) else { unreachable!() };
    assert_ne!(request.member, MemberId::EMPTY);
    assert_eq!(request.member, rig.member_id());
}

#[test]
fn client_40_find_coordinator_backs_off_exponentially() {
    let mut rig = Rig::new();
    rig.start();
    rig.reply_metadata();
    let mut at = 0;
    for backoff in [100, 200, 400, 800, 1_000, 1_000] {
        rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::CoordinatorNotAvailable));
        rig.nothing_sent();
        at += backoff;
        rig.fires_at(at);
    }
    rig.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    rig.sent(Api::JoinGroup);
}

#[test]
fn a_request_time_out_loses_what_else_is_on_that_connection() {
    let mut rig = Rig::with(|c| c.client.heartbeat_interval_ms = 20_000);
    rig.stable(&[], 0);
    rig.fires_at(20_000);
    rig.fires_at(40_000);
    rig.events();
    rig.fires_at(45_000); // the client's session timer comes first
    assert_eq!(rig.event_names()[..2], ["heartbeat_lost", "heartbeat_lost"]);

    let mut rig = Rig::with(|c| {
        c.client.heartbeat_interval_ms = 20_000;
        c.client.request_timeout_ms = 24_000;
    });
    rig.stable(&[], 0);
    rig.fires_at(20_000);
    rig.fires_at(40_000);
    rig.events();
    rig.fires_at(44_000);
    let names = rig.event_names();
    assert_eq!(names, ["heartbeat_timeout", "heartbeat_lost", "disconnected", "find_coordinator_sent"]);
}

#[test]
fn a_fetch_that_times_out_is_sent_again_after_the_reconnect_backoff() {
    let mut rig = Rig::with(|c| c.client.heartbeat_interval_ms = 40_000);
    rig.stable(&[0], 5);
    rig.events();
    rig.fires_at(30_000);
    assert_eq!(rig.event_names(), ["fetch_timeout", "disconnected"]);
    assert_eq!(rig.disconnected, [Channel::Node]);
    rig.fires_at(30_050);
    rig.sent(Api::Fetch);
}
