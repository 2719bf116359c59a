//! Crash, stop, restart.

use crate::rig::*;
use groupsim::time::Instant;
use groupsim::trace::Kind;

// --------------------------------------------------------------------------------------------------------------- crash

#[test]
fn crash_finishes_what_is_done_and_interrupts_the_record_in_work() {
    let seen = ONE.run(&[r#"at = "4500ms", crash = "g-0""#]);
    assert_eq!(
        seen.show("g-0", &HANDLER),
        [
            "14ms process_start t-0 0 10 1000000",
            "4.500s process_done t-0 0 4",
            "4.500s interrupted t-0 4",
            "4.500s dropped t-0 5 10 ended",
            "4.500s crash",
        ]
    );
    assert_eq!(seen.events("g-0", &[]).last().unwrap().kind, Kind::Crash {});
    // The last heartbeat was sent at 3.006 s, and answered a millisecond later.
    assert_eq!(seen.broker_shows(&["member_removed"]), ["48.007s member_removed session"]);
}

#[test]
fn crash_lets_what_was_sent_arrive_and_its_answer_go_nowhere() {
    let seen = ONE.run(&[r#"at = "10014500us", crash = "g-0""#]);
    assert_eq!(seen.at("g-0", "commit_sent"), ["10.014s"]);
    assert_eq!(seen.broker_shows(&["commit_partition_applied"]), ["10.015s commit_partition_applied t-0 10"]);
    assert_eq!(seen.events("g-0", &[]).filter(|e| e.t > Instant::from_us(10_014_500)).count(), 0);
}

#[test]
fn crash_leaves_a_parked_join_parked_and_it_counts() {
    let two = Group { members: 2, partitions: 2, delay: 3_000, ..IDLE };
    let seen = two.run(&[r#"at = "4s", crash = "g-0""#]);
    let generation = seen.events("broker", &["generation"]).next().unwrap();
    assert_eq!((generation.t.to_string(), seen.field(generation, "members")), ("6.005s".into(), "2".into()));
    assert_eq!(seen.broker("g-0", "join_applied"), ["6.005s"]);
}

#[test]
fn crash_leaves_a_parked_sync_parked_and_it_counts() {
    let two = Group { members: 2, partitions: 2, delay: 3_000, ..IDLE };
    // The first to join leads: g-0. Frozen, it lets g-1's SyncGroup wait at the coordinator.
    let seen = two.run(&[
        r#"at = "1s", start = "g-1""#,
        r#"at = "4s", pause = "g-0", for = "20s""#,
        r#"at = "10s", crash = "g-1""#,
    ]);
    assert_eq!(seen.broker("g-1", "sync_received"), ["6.007s"]);
    assert_eq!(seen.broker("g-1", "sync_applied"), ["24.001s"]);
    let assigned: Vec<String> = seen.events("broker", &["assigned"]).map(|e| e.t.to_string()).collect();
    assert_eq!(assigned[..2], ["24.001s", "24.001s"], "both have a share");
}

// ---------------------------------------------------------------------------------------------------------------- stop

const CLOSING: [&str; 7] =
    ["stop", "process_done", "commit_partition_sent", "revoked", "leave_sent", "closed", "killed"];

#[test]
fn stop_waits_for_the_batch_then_commits_revokes_and_leaves() {
    let never = Group { commit: r#"{ when = "never", on-revoke = true }"#, ..ONE };
    let seen = never.run(&[r#"at = "1s", stop = "g-0""#]);
    assert_eq!(
        seen.show("g-0", &CLOSING),
        [
            "1s stop",
            "10.014s process_done t-0 0 10",
            "10.014s commit_partition_sent t-0 10 close",
            "10.016s revoked t 0 1",
            "10.016s leave_sent",
            "10.018s closed",
        ]
    );
    assert_eq!(seen.broker_shows(&["member_removed"]), ["10.017s member_removed leave"]);
}

#[test]
fn stop_kills_when_the_grace_is_over() {
    let slow = Group { per_record: "10s", ..ONE };
    let seen = slow.run(&[r#"at = "5s", stop = "g-0""#]);
    assert_eq!(seen.show("g-0", &CLOSING), ["5s stop", "35s process_done t-0 0 3", "35s killed"]);
    let killed = seen.events("g-0", &["killed"]).next().unwrap();
    let cause = seen.events.iter().find(|e| e.seq == killed.cause).unwrap();
    assert_eq!(cause.kind.name(), "fault_start");
    let seen = slow.run(&[r#"at = "5s", stop = "g-0", grace = "2s""#]);
    assert_eq!(seen.at("g-0", "killed"), ["7s"]);
    let seen = IDLE.run(&[r#"at = "5s", stop = "g-0", grace = "0s""#]);
    assert_eq!(seen.at("g-0", "killed"), ["5s"]);
}

#[test]
fn stop_of_a_static_member_leaves_nothing_behind_but_its_session() {
    let fixed = Group { group: "static = true", ..IDLE };
    let seen = fixed.run(&[r#"at = "10s", stop = "g-0""#]);
    assert_eq!(seen.show("g-0", &CLOSING), ["10s stop", "10s revoked t 0 1", "10s closed"]);
    assert_eq!(seen.at("g-0", "leave_sent"), [""; 0]);
    assert_eq!(seen.broker_shows(&["member_removed"]), ["54.005s member_removed session"]);
}

// ------------------------------------------------------------------------------------------------------------- restart

#[test]
fn restart_starts_after_down_for_or_when_the_old_process_is_gone() {
    let seen = IDLE.run(&[r#"at = "20s", restart = "g-0", down-for = "8s""#]);
    assert_eq!(seen.at("g-0", "start"), ["0s", "28s"]);
    assert_eq!(seen.at("driver", "fault_end"), ["28s"]);
    let seen = ONE.run(&[r#"at = "1s", restart = "g-0", down-for = "2s""#]);
    assert_eq!(seen.at("g-0", "closed"), ["10.018s"]);
    assert_eq!(seen.at("g-0", "start"), ["0s", "10.018s"]);
    let seen = IDLE.run(&[r#"at = "20s", restart = "g-0""#]);
    assert_eq!(seen.at("g-0", "start"), ["0s", seen.at("g-0", "closed")[0].as_str()]);
    // Killed in the middle of it, it comes back when it would have.
    let seen = ONE.run(&[r#"at = "1s", restart = "g-0", down-for = "8s""#, r#"at = "2s", crash = "g-0""#]);
    assert_eq!((seen.at("g-0", "crash"), seen.at("g-0", "start")), (vec!["2s".into()], vec!["0s".into(), "9s".into()]));
}

#[test]
fn restart_keeps_the_name_and_gives_a_new_incarnation_and_member_id() {
    let seen = IDLE.run(&[r#"at = "20s", restart = "g-0", down-for = "8s""#]);
    let lives: Vec<u32> = seen.events("g-0", &["start"]).map(|e| e.incarnation.0).collect();
    assert_eq!(lives, [1, 2]);
    let ids: Vec<String> = seen.events("broker", &["member_added"]).map(|e| seen.field(e, "member")).collect();
    assert!(ids.len() == 2 && ids[0] != ids[1], "{ids:?}");
    let fixed = Group { group: "static = true", ..IDLE };
    let seen = fixed.run(&[r#"at = "20s", restart = "g-0", down-for = "8s""#]);
    let added: Vec<String> = seen.events("broker", &["member_added"]).map(|e| seen.field(e, "instance")).collect();
    assert_eq!(added, ["g-0"], "no second member: the instance is replaced");
    assert_eq!(seen.at("broker", "member_removed"), [""; 0]);
}

#[test]
fn restart_one_every_gives_independent_instants() {
    let three = Group { members: 3, partitions: 3, ..ONE };
    let seen = three.run(&[r#"at = "20s", restart = "g-*", one-every = "3s", down-for = "1s""#]);
    let starts: Vec<(String, String)> =
        seen.events("driver", &["fault_start"]).map(|e| (e.t.to_string(), seen.field(e, "target"))).collect();
    let expected = [("20s", "g-0"), ("23s", "g-1"), ("26s", "g-2")];
    assert_eq!(starts, expected.map(|(t, name)| (t.to_owned(), name.to_owned())));
    assert_eq!(seen.at("g-2", "stop"), ["26s"]);
}

#[test]
fn a_start_that_was_called_off_does_not_come_back_early() {
    // The first restart would start g-1 at 50 s; scaling down calls that off, scaling up starts it again, and the second
    // restart wants it down until 75 s.
    let two = Group { members: 2, partitions: 2, ..IDLE };
    let seen = two.run(&[
        r#"at = "20s", restart = "g-1", down-for = "30s""#,
        r#"at = "30s", scale = "g", to = 1"#,
        r#"at = "40s", scale = "g", to = 2"#,
        r#"at = "45s", restart = "g-1", down-for = "30s""#,
    ]);
    assert_eq!(seen.at("g-1", "start"), ["0s", "40s", "1m15s"]);
}

#[test]
fn with_holds_for_the_new_process_and_later_ones() {
    let seen = IDLE.run(&[
        r#"at = "20s", restart = "g-0", with = { session.timeout.ms = 10_000 }"#,
        r#"at = "40s", restart = "g-0""#,
    ]);
    let sessions: Vec<String> =
        seen.events("broker", &["member_added"]).map(|e| seen.field(e, "session_timeout_ms")).collect();
    assert_eq!(sessions, ["45000", "10000", "10000"]);
}
