//! Reader.Close.

use super::rig;
use crate::config::{CommitMode, CommitOffset, CommitWhen};
use crate::protocol::{Api, ErrorCode, LeaveGroupResponse, Response};

fn left() -> Response {
    Response::LeaveGroup(Box::new(LeaveGroupResponse { error: ErrorCode::None, members: Vec::new() }))
}

/// issue 428 of the library: Close hangs for MaxWait.
#[test]
fn kafka_go_close_waits_for_the_fetch_then_leaves_over_a_new_connection() {
    let mut rig = rig(|_| {});
    let fetch = rig.kg_running(0);
    rig.run_to(2_000);
    rig.stop();
    rig.nothing_sent();
    rig.run_to(9_000);
    rig.nothing_sent(); // no heartbeat since
    rig.records(fetch, &[]);
    rig.kg_found();
    rig.at(9_010);
    assert!(!rig.exited);
    rig.reply(Api::LeaveGroup, left());
    assert!(rig.exited);
}

#[test]
fn kafka_go_close_makes_the_last_commit_first() {
    let mut rig = rig(|config| {
        config.client.kafka_go.commit_interval_ms = 60_000;
        config.commit = super::policy(CommitWhen::AfterRecord, CommitOffset::DoneContiguous, CommitMode::Async, false);
    });
    let fetch = rig.kg_running(0);
    rig.records(fetch, &[(0, 0, 300)]);
    rig.run_to(1_500);
    rig.stop();
    rig.nothing_sent(); // the record in hand
    rig.fires_at(2_000);
    let commit = rig.commit_sent(&[(0, 2)]);
    rig.nothing_sent();
    rig.commit_answer(commit, &[0], ErrorCode::None);
    rig.kg_found();
    rig.reply(Api::LeaveGroup, left());
    assert!(rig.exited);
}

/// issue 1248 of the library: nothing cuts a JoinGroup short.
#[test]
fn kafka_go_close_while_joining_joins_first() {
    let mut rig = rig(|_| {});
    rig.start();
    rig.kg_found();
    rig.stop();
    rig.nothing_to_leave();
    rig.at(2_000);
    rig.join(1);
    rig.sync(&[0]);
    rig.events();
    rig.committed(0);
    assert!(!rig.event_names().contains(&"owned"));
    rig.kg_found();
    rig.reply(Api::LeaveGroup, left());
    assert!(rig.exited);
}

#[test]
fn kafka_go_close_during_the_backoff_ends_at_once() {
    let mut rig = rig(|_| {});
    rig.start();
    rig.kg_found();
    rig.join_error(ErrorCode::InvalidSessionTimeout);
    rig.at(1_000);
    rig.stop();
    rig.nothing_sent();
    assert!(rig.exited);
}

impl super::Rig {
    /// JoinGroup is in flight, and nothing else was sent.
    fn nothing_to_leave(&mut self) {
        assert!(!self.exited);
        assert_eq!(self.version_of(Api::JoinGroup), 2);
    }
}
