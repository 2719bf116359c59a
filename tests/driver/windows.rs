//! Pause, cut, loss, slow and stuck handlers.

use crate::rig::*;
use groupsim::oracle::Judge;
use groupsim::scenario::parse;
use groupsim::sim::{RunOptions, run};
use groupsim::time::Instant;
use groupsim::trace::{Event, Kind};
use std::collections::BTreeSet;

// --------------------------------------------------------------------------------------------------------------- pause

#[test]
fn pause_fires_no_timer_and_the_record_in_work_needs_its_remaining_time() {
    let slow = Group { per_record: "4s", batch: 1, ..ONE };
    let seen = slow.run(&[r#"at = "2s", pause = "g-0", for = "10s""#]);
    let around: Vec<String> = seen
        .events("g-0", &[])
        .filter(|e| (2_000..12_000).contains(&ms(e.t)))
        .map(|e| e.kind.name().to_owned())
        .collect();
    assert_eq!(around, ["pause"]);
    assert_eq!(seen.at("g-0", "resume"), ["12s"]);
    assert_eq!(seen.at("g-0", "process_done")[0], "14.014s");
    // The heartbeat of 3.006 s was overdue.
    assert_eq!(seen.at("g-0", "heartbeat_sent")[..2], ["12s", "15s"]);
}

#[test]
fn pause_applies_what_was_sent_and_reads_the_answer_on_resume() {
    let seen = ONE.run(&[r#"at = "10014500us", pause = "g-0", for = "7s""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied")[0], "10.015s");
    assert_eq!(seen.at("g-0", "commit_reply_seen")[0], "17.014500s");
}

#[test]
fn resume_takes_answers_in_order_on_a_connection_and_deadlines_in_drawn_order() {
    // The commit of 10.014 s and the heartbeat of 12.006 s go over the coordinator's connection; both answers wait.
    let asynchronous = Group { commit: r#"{ when = "after-batch", mode = "async" }"#, batch: 3, ..ONE };
    let mut orders = BTreeSet::new();
    for seed in 0..40 {
        let seen = asynchronous.seeded(seed, &[r#"at = "3014500us", pause = "g-0", for = "20s""#]);
        let at: Vec<(String, String)> = seen
            .events("g-0", &["commit_reply_seen", "heartbeat_sent", "heartbeat_reply_seen"])
            .filter(|e| ms(e.t) == 23_014)
            .map(|e| (e.t.to_string(), e.kind.name().to_owned()))
            .collect();
        assert!(at.iter().all(|(t, _)| t == "23.014500s"), "{at:?}");
        orders.insert(at.into_iter().map(|(_, kind)| kind).collect::<Vec<_>>());
    }
    let commit_first = vec!["commit_reply_seen".to_owned(), "heartbeat_sent".to_owned()];
    let heartbeat_first = vec!["heartbeat_sent".to_owned(), "commit_reply_seen".to_owned()];
    assert_eq!(orders, BTreeSet::from([commit_first, heartbeat_first]));
}

#[test]
fn pause_longer_than_the_session_costs_the_membership() {
    let seen = IDLE.run(&[r#"at = "10s", pause = "g-0", for = "60s""#]);
    assert_eq!(seen.broker_shows(&["member_removed"]), ["54.007s member_removed session"]);
    assert_eq!(seen.at("g-0", "resume"), ["1m10s"]);
    assert_eq!(seen.events("broker", &["member_added"]).count(), 2);
}

#[test]
fn pause_longer_than_max_poll_interval_is_noticed_on_resume() {
    let strict = Group { config: "max.poll.interval.ms = 20_000", ..ONE };
    let seen = strict.run(&[r#"at = "2s", pause = "g-0", for = "30s""#]);
    assert_eq!(seen.at("g-0", "poll_timeout")[0], "32s");
}

#[test]
fn overlapping_pauses_freeze_until_the_last_is_over() {
    let seen = IDLE.run(&[
        r#"at = "10s", pause = "g-0", for = "10s""#,
        r#"at = "15s", pause = "g-0", for = "15s""#,
        r#"at = "30s", pause = "g-0", for = "5s""#,
    ]);
    assert_eq!((seen.at("g-0", "pause"), seen.at("g-0", "resume")), (vec!["10s".into()], vec!["35s".into()]));
}

#[test]
fn pause_without_for_lasts_to_the_end() {
    let seen = ONE.run(&[r#"at = "10s", pause = "g-0""#, r#"at = "12s", pause = "g-0", for = "1s""#]);
    assert_eq!(seen.events("g-0", &[]).last().unwrap().t.to_string(), "10s");
}

#[test]
fn a_paused_process_can_be_killed_and_a_stop_waits_for_it_to_go_on() {
    let seen = ONE.run(&[r#"at = "2500ms", pause = "g-0""#, r#"at = "9s", crash = "g-0""#]);
    assert_eq!(
        seen.show("g-0", &HANDLER)[1..],
        ["2.500s process_done t-0 0 2", "9s interrupted t-0 2", "9s dropped t-0 3 10 ended", "9s crash"]
    );
    let seen = IDLE.run(&[r#"at = "10s", pause = "g-0", for = "20s""#, r#"at = "15s", stop = "g-0""#]);
    assert_eq!((seen.at("g-0", "stop"), seen.at("g-0", "killed")), (vec!["30s".into()], vec![]));
    let seen = IDLE.run(&[r#"at = "10s", pause = "g-0""#, r#"at = "15s", restart = "g-0", down-for = "2s""#]);
    assert_eq!(
        (seen.at("g-0", "killed"), seen.at("g-0", "start")[1..].to_vec()),
        (vec!["45s".into()], vec!["45s".into()])
    );
    // The new process is not frozen by the old one's pause.
    assert_eq!(seen.events("broker", &["member_added"]).count(), 2);
}

// ----------------------------------------------------------------------------------------------------------------- cut

#[test]
fn cut_stalls_both_directions_and_what_is_on_its_way() {
    let seen = ONE.run(&[r#"at = "10014500us", cut = "g-0", for = "5s""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied")[0], "15.014500s");
    assert_eq!(seen.at("g-0", "commit_reply_seen")[0], "15.015500s");
    let seen = ONE.run(&[r#"at = "10015500us", cut = "g-0", for = "5s""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied")[0], "10.015s");
    assert_eq!(seen.at("g-0", "commit_reply_seen")[0], "15.015500s");
}

#[test]
fn bytes_of_a_healed_cut_arrive_in_order() {
    let asynchronous = Group { commit: r#"{ when = "after-record", mode = "async" }"#, ..ONE };
    for seed in 0..20 {
        let seen = asynchronous.seeded(seed, &[r#"at = "2500ms", cut = "g-0", for = "20s""#]);
        let offsets: Vec<i64> = seen
            .events("broker", &["commit_partition_applied"])
            .filter(|e| ms(e.t) == 22_500)
            .map(|e| seen.field(e, "offset").parse().unwrap())
            .collect();
        // One request at a time, so all that waited are applied at the instant of healing.
        assert_eq!(offsets, (3..=22).collect::<Vec<i64>>(), "seed {seed}");
    }
}

#[test]
fn cut_longer_than_the_request_timeout_drops_the_connection() {
    let mut applied = BTreeSet::new();
    for seed in 0..20 {
        let seen = ONE.seeded(seed, &[r#"at = "10014500us", cut = "g-0", for = "40s""#]);
        assert_eq!(seen.at("g-0", "commit_timeout")[0], "40.014s");
        assert!(seen.show("g-0", &["disconnected"]).contains(&"40.014s disconnected coordinator".to_owned()));
        let late = seen.broker("g-0", "commit_partition_applied").into_iter().find(|t| t == "50.014500s");
        applied.insert(late.is_some());
        let again = seen.events("g-0", &["commit_sent"]).nth(1).unwrap();
        assert_eq!(again.t.to_string(), "50.015500s", "it asks for the coordinator, then sends the commit again");
    }
    assert_eq!(applied, BTreeSet::from([false, true]), "whether the request was applied is drawn");
}

#[test]
fn cut_during_a_parked_join_delivers_the_answer_when_healed() {
    let seen = Group { delay: 3_000, ..IDLE }.run(&[r#"at = "1s", cut = "g-0", for = "9s""#]);
    assert_eq!(seen.broker("g-0", "join_applied"), ["3.005s"]);
    assert_eq!(seen.at("g-0", "join_reply_seen")[1], "10s");
}

#[test]
fn overlapping_cuts_hold_until_the_last_is_healed_and_one_to_the_end_for_ever() {
    let seen = ONE.run(&[r#"at = "10014500us", cut = "g-0", for = "5s""#, r#"at = "12s", cut = "g-0", for = "10s""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied")[0], "22s");
    let seen = ONE.run(&[r#"at = "10014500us", cut = "g-0""#]);
    assert_eq!(seen.broker("g-0", "commit_partition_applied"), [""; 0]);
    assert!(seen.events("g-0", &["heartbeat_reply_seen"]).all(|e| ms(e.t) < 10_015));
}

#[test]
fn a_member_that_starts_while_cut_off_is_heard_when_healed() {
    let seen = IDLE.run(&[
        r#"at = "10s", cut = "g-0", for = "30s""#,
        r#"at = "20s", crash = "g-0""#,
        r#"at = "25s", start = "g-0""#,
    ]);
    let second = seen.events("g-0", &["find_coordinator_reply_seen"]).nth(1).unwrap();
    assert_eq!((second.t.to_string(), second.incarnation.0), ("40.001s".into(), 2));
}

#[test]
fn what_a_killed_process_had_sent_arrives_when_the_cut_is_healed() {
    for seed in 0..10 {
        let seen =
            ONE.seeded(seed, &[r#"at = "10014500us", cut = "g-0", for = "20s""#, r#"at = "11s", crash = "g-0""#]);
        assert_eq!(seen.broker("g-0", "commit_partition_applied"), ["30.014500s"]);
    }
}

// ---------------------------------------------------------------------------------------------------------------- loss

#[test]
fn a_lost_message_is_late_and_nothing_vanishes_or_overtakes() {
    let lossy = Group { latency: r#"{ base = "1ms", loss = "30%" }"#, run_for: "1h", ..IDLE };
    let seen = lossy.run(&[]);
    let sent: Vec<&Event> = seen.events("g-0", &["heartbeat_sent"]).collect();
    let applied: Vec<&Event> = seen.events("broker", &["heartbeat_applied", "heartbeat_rejected"]).collect();
    assert!(sent.len() > 1_000 && sent.len() - applied.len() <= 1);
    let mut delays = BTreeSet::new();
    let mut last = Instant::ZERO;
    for (sent, applied) in sent.iter().zip(&applied) {
        assert_eq!(seen.field(sent, "request"), seen.field(applied, "request"));
        if last <= sent.t {
            delays.insert(applied.t.since(sent.t).as_ms());
        }
        last = applied.t;
    }
    let allowed: BTreeSet<u64> = [1].into_iter().chain((0..10).map(|k| (200 << k) + 1)).collect();
    assert!(delays.is_subset(&allowed), "{delays:?}");
    assert!(delays.is_superset(&BTreeSet::from([1, 201, 401, 801])), "{delays:?}");
}

// ------------------------------------------------------------------------------------------------------ slow and stuck

/// When each record of `t-0` was done.
fn done(seen: &Seen) -> Vec<String> {
    let mut times = Vec::new();
    let mut work: Option<(Instant, i64, i64)> = None;
    for event in seen.events("g-0", &["process_start", "process_done"]) {
        match event.kind {
            Kind::ProcessStart { from, per_record, .. } => work = Some((event.t, from.0, per_record.as_us() as i64)),
            Kind::ProcessDone { from, to, .. } => {
                let (start, first, each) = work.unwrap();
                for record in from.0..to.0 {
                    let end = start.as_us() as i64 + (record - first + 1).saturating_mul(each);
                    times.push(Instant::from_us(end as u64).min(event.t).to_string());
                }
            }
            _ => {}
        }
    }
    times
}

#[test]
fn slow_holds_for_records_started_in_the_window() {
    let seen = ONE.run(&[r#"at = "2500ms", slow = "g-0", per-record = "5s", for = "10s""#]);
    assert_eq!(done(&seen)[..7], ["1.014s", "2.014s", "3.014s", "8.014s", "13.014s", "14.014s", "15.014s"]);
}

#[test]
fn slow_holds_for_a_member_that_restarts_in_the_window() {
    let seen = ONE.run(&[
        r#"at = "2500ms", slow = "g-0", per-record = "5s", for = "60s""#,
        r#"at = "4s", crash = "g-0""#,
        r#"at = "50s", start = "g-0""#,
    ]);
    let second = seen.events("g-0", &["process_start"]).find(|e| e.incarnation.0 == 2).unwrap();
    assert_eq!(seen.field(second, "per_record"), "5000000");
}

#[test]
fn stuck_holds_the_record_started_last_while_heartbeats_go_on() {
    let seen = ONE.run(&[r#"at = "2500ms", stuck = "g-0", for = "10s""#]);
    let expected = [
        "14ms process_start t-0 0 10 1000000".to_owned(),
        "2.500s process_done t-0 0 2".to_owned(),
        format!("2.500s process_start t-0 2 3 {}", u64::MAX as i64),
        "12.500s process_done t-0 2 3".to_owned(),
        "12.500s process_start t-0 3 10 1000000".to_owned(),
        "19.500s process_done t-0 3 10".to_owned(),
    ];
    assert_eq!(seen.show("g-0", &HANDLER)[..6], expected);
    assert_eq!(seen.at("g-0", "heartbeat_sent")[..4], ["3.006s", "6.006s", "9.006s", "12.006s"]);
    // Lifted before the record's own time has passed: it ends when it would have.
    let seen = ONE.run(&[r#"at = "2500ms", stuck = "g-0", for = "100ms""#]);
    assert_eq!(seen.at("g-0", "process_done")[..2], ["2.500s", "3.014s"]);
    // To the end: the two that were done before are all.
    let seen = ONE.run(&[r#"at = "2500ms", stuck = "g-0""#, r#"at = "90s", crash = "g-0""#]);
    assert_eq!(seen.show("g-0", &HANDLER)[3..4], ["1m30s interrupted t-0 2"]);
}

#[test]
fn what_a_stuck_handler_has_not_done_is_not_counted() {
    let text =
        ONE.text(&[r#"at = "2500ms", stuck = "g-0""#, r#"at = "90s", crash = "g-0""#, r#"at = "91s", start = "g-0""#]);
    let scenario = parse("driver.toml", &text.replace("2m", "4m"), &[]).unwrap().scenario;
    let mut judge = Judge::new(&scenario.expect, false, false);
    let end = run(&scenario, RunOptions::default(), &mut [&mut judge]);
    let outcome = judge.finish(&end.names, end.virtual_time);
    assert_eq!(outcome.total.numbers["duplicates"], 2, "records 0 and 1; record 2 was interrupted");
    assert_eq!(outcome.total.numbers["interrupted"], 1);
}

#[test]
fn stuck_is_not_lifted_by_another_window() {
    let seen = ONE.run(&[
        r#"at = "2500ms", stuck = "g-0", for = "20s""#,
        r#"at = "5s", slow = "g-0", per-record = "3s", for = "60s""#,
        r#"at = "6s", stuck = "g-0", for = "5s""#,
    ]);
    assert_eq!(
        seen.show("g-0", &HANDLER)[3..5],
        ["22.500s process_done t-0 2 3", "22.500s process_start t-0 3 10 3000000"]
    );
}

#[test]
fn nothing_is_handled_while_frozen_whatever_happens_to_the_handler() {
    let seen = ONE.run(&[
        r#"at = "2500ms", stuck = "g-0", for = "10s""#,
        r#"at = "8s", pause = "g-0", for = "20s""#,
        r#"at = "9s", slow = "g-0", per-record = "2s", for = "1s""#,
    ]);
    assert_eq!(seen.show("g-0", &HANDLER)[3..5], ["28s process_done t-0 2 3", "28s process_start t-0 3 10 1000000",]);
    // 514 ms of record 2 are left.
    let seen = ONE.run(&[
        r#"at = "2500ms", pause = "g-0", for = "20s""#,
        r#"at = "9s", slow = "g-0", per-record = "2s", for = "60s""#,
    ]);
    assert_eq!(
        seen.show("g-0", &HANDLER)[1..4],
        ["2.500s process_done t-0 0 2", "23.014s process_done t-0 2 3", "23.014s process_start t-0 3 10 2000000",]
    );
}

#[test]
fn a_stuck_handler_dies_with_its_process() {
    let seen =
        ONE.run(&[r#"at = "2500ms", stuck = "g-0""#, r#"at = "4s", crash = "g-0""#, r#"at = "50s", start = "g-0""#]);
    assert!(seen.events("g-0", &["process_done"]).any(|e| e.incarnation.0 == 2));
}
