//! Heartbeats, and how a session ends.

use super::rig;
use crate::config::AssignorKind;
use crate::protocol::{Api, ErrorCode};
use crate::trace::{Channel, Kind};

#[test]
fn franz_go_cooperative_member_beats_after_500_ms_and_then_every_3_s_after_the_answer() {
    let mut rig = rig(|_| {});
    rig.fz_stable(&[0], 0);
    rig.fires_at(500);
    rig.at(502);
    rig.heartbeat_reply(ErrorCode::None);
    rig.fires_at(3_502);
    rig.at(3_510);
    rig.heartbeat_reply(ErrorCode::None);
    rig.run_to(6_509); // auto-commit ticks at 5 s, with nothing to commit
    rig.nothing_sent();
    rig.fires_at(6_510);
    rig.sent(Api::Heartbeat);
}

#[test]
fn franz_go_eager_member_beats_first_after_3_s() {
    let mut rig = rig(|config| config.client.assignors = vec![AssignorKind::Range]);
    rig.fz_started();
    rig.fz_joined(1, "range");
    rig.sync(&[0]);
    rig.committed(0);
    rig.sent(Api::Fetch);
    rig.fires_at(3_000);
    rig.sent(Api::Heartbeat);
}

#[test]
fn franz_go_heartbeat_goes_on_while_a_handler_is_stuck_for_ever() {
    let mut rig = rig(|_| {});
    let fetch = rig.fz_stable(&[0], 0);
    rig.records(fetch, &[(0, 0, 5)]);
    rig.fault(crate::client::HandlerFault::Stuck);
    rig.forget_sent();
    rig.events();
    let mut beats = 0;
    while rig.now < crate::time::Instant::from_ms(3_600_000) {
        let next = rig.deadline().unwrap().as_ms();
        rig.run_to(next);
        beats += rig.event_names().iter().filter(|name| **name == "heartbeat_sent").count();
        rig.answer_all();
        rig.answer_metadata();
    }
    assert_eq!(beats, 1_200); // at 500 ms, then every 3 s for an hour; and it is still a member
}

#[test]
fn franz_go_member_that_is_not_known_loses_everything_and_joins_after_a_pause() {
    let mut rig = rig(|_| {});
    let fetch = rig.fz_stable(&[0, 1], 0);
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::UnknownMemberId);
    let names = rig.event_names();
    // The fetch in flight is given up with its connection; nothing is committed.
    assert_eq!(
        names,
        ["heartbeat_sent", "heartbeat_reply_seen", "generation_reset", "fetch_lost", "disconnected", "lost"]
    );
    assert_eq!(rig.disconnected, [Channel::Node]);
    rig.records(fetch, &[(0, 0, 5)]); // too late
    rig.nothing_sent();
    rig.run_to(750); // 250 ms after the failure
    assert_eq!(rig.fz_claims(), (vec![], 1)); // with the member id that it had: the answer tells it that it has none
}

#[test]
fn franz_go_join_answered_with_unknown_member_id_is_made_again_without_one() {
    let mut rig = rig(|_| {});
    rig.fz_stable(&[0], 0);
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::IllegalGeneration);
    rig.run_to(750);
    rig.events();
    rig.join_error(ErrorCode::UnknownMemberId);
    assert_eq!(rig.event_names(), ["join_reply_seen", "generation_reset", "join_sent"]);
    let (_, request) = rig.sent(Api::JoinGroup);
    let crate::protocol::Request::JoinGroup(request) = request else { unreachable!() };
    assert!(request.member.is_empty());
}

/// twmb/franz-go#931: nobody replaces anybody in turn. The member id is kept, so the fenced one is refused for ever.
#[test]
fn franz_go_fenced_static_member_goes_on_trying_with_the_id_that_is_fenced() {
    let mut rig = rig(|_| {}).fixed();
    rig.start();
    rig.reply_metadata();
    rig.reply(Api::FindCoordinator, crate::protocol::Response::FindCoordinator(ErrorCode::None));
    rig.fz_assigned(1, &[0]); // a static member gets its id with its first answer
    rig.committed(0);
    rig.forget_sent();
    rig.events();
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::FencedInstanceId);
    assert!(rig.event_names().contains(&"lost"));
    let member = rig.member_id();
    let mut at = 500;
    for pause in [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000] {
        at += pause;
        rig.run_to(at - 1);
        rig.answer_metadata();
        rig.nothing_sent();
        rig.run_to(at);
        let (id, request) = rig.sent(Api::JoinGroup);
        let crate::protocol::Request::JoinGroup(request) = request else { unreachable!() };
        assert_eq!(request.member, member, "at {at}");
        let refused = crate::protocol::JoinGroupResponse::error(ErrorCode::FencedInstanceId, member);
        rig.answer(id, crate::protocol::Response::JoinGroup(Box::new(refused)));
    }
    assert!(!rig.exited);
}

#[test]
fn franz_go_heartbeat_that_gets_no_answer_is_tried_again_until_the_session_is_over() {
    let mut rig = rig(|_| {});
    rig.fz_stable(&[0], 0);
    rig.fires_at(500);
    rig.events();
    // 10 s each, and pauses of 250 ms, 500 ms, 1 s, 2 s. Whether there is time for another try, in session.timeout.ms, is asked
    // before it begins: the member takes itself for one 9 s longer than the broker does.
    let mut beats = vec![500];
    while rig.now < crate::time::Instant::from_ms(60_000) {
        let next = rig.deadline().unwrap().as_ms();
        rig.run_to(next);
        rig.answer_metadata();
        let events = rig.events();
        if events.iter().any(|kind| matches!(kind, Kind::RequestSent { api: Api::Heartbeat, .. })) {
            beats.push(next);
        }
        if events.iter().any(|kind| matches!(kind, Kind::Lost { .. })) {
            assert_eq!(next, 54_250);
            assert_eq!(beats, [500, 10_750, 21_250, 32_250, 44_250]);
            return;
        }
    }
    panic!("never lost");
}

#[test]
fn franz_go_coordinator_that_moved_is_looked_up_and_the_session_goes_on() {
    let mut rig = rig(|_| {});
    rig.fz_stable(&[0], 0);
    rig.fires_at(500);
    rig.heartbeat_reply(ErrorCode::NotCoordinator);
    rig.nothing_sent();
    rig.fires_at(750);
    rig.reply(Api::FindCoordinator, crate::protocol::Response::FindCoordinator(ErrorCode::None));
    rig.heartbeat_reply(ErrorCode::None);
    rig.fires_at(3_750);
    rig.sent(Api::Heartbeat);
}
