//! Events that are for a topic or a group: what the broker does, and what the clients make of it.

use crate::rig::*;
use groupsim::oracle::{Class, Judge, Outcome};
use groupsim::scenario::parse;
use groupsim::sim::{RunOptions, run};

#[track_caller]
fn judged(text: &str) -> Outcome {
    let scenario = parse("driver.toml", text, &[]).unwrap_or_else(|errors| panic!("{errors:?}\n{text}")).scenario;
    let mut judge = Judge::new(&scenario.expect, false, false);
    let end = run(&scenario, RunOptions::default(), &mut [&mut judge]);
    judge.finish(&end.names, end.virtual_time)
}

// ----------------------------------------------------------------------------------------------------- delete-records

/// Ten records a fetch, so that little is in the client's buffer.
const SMALL_FETCHES: Group = Group { config: "max.partition.fetch.bytes = 10_240", run_for: "1m", ..ONE };

/// On paper: records 0 to 9 from 14 ms on, committed at 10 016 ms; 10 to 19 are in the buffer by then, and the fetch for 20
/// goes out. It finds the log beginning at 40. The next poll, after the commit of 20 018 ms, learns of that and asks for the
/// log's start (2 ms), then fetches (2 ms).
#[test]
fn a_consumer_behind_retention_goes_on_at_the_first_record_left() {
    let events = [r#"at = "5s", delete-records = "t", before = 40"#];
    let seen = SMALL_FETCHES.run(&events);
    assert_eq!(seen.broker_shows(&["log_start"]), ["5s log_start t-0 40"]);
    assert_eq!(
        seen.show("g-0", &["process_start", "reset", "position"])[..7],
        [
            "12ms reset t-0 -1 0 no offset, earliest",
            "12ms position t-0 0 reset",
            "14ms process_start t-0 0 10 1000000",
            "10.016s process_start t-0 10 20 1000000",
            "20.020s reset t-0 20 40 out of range, earliest",
            "20.020s position t-0 40 reset",
            "20.022s process_start t-0 40 50 1000000",
        ]
    );
    let outcome = judged(&SMALL_FETCHES.text(&events));
    let total = &outcome.total.numbers;
    assert_eq!((total["skipped"], total["lost"], total["duplicates"]), (20, 0, 0));
    let finding = outcome.findings.iter().find(|f| f.what == "skipped").unwrap();
    assert_eq!(
        finding.sentence,
        "20 records of t-0 were passed over when g-0 was given position 40 (out of range, earliest)"
    );
}

#[test]
fn with_latest_everything_up_to_the_end_is_passed_over() {
    let latest = Group { group: "from = \"beginning\"", ..SMALL_FETCHES };
    let text = latest.text(&[r#"at = "5s", delete-records = "t", before = 40"#]);
    let outcome = judged(&text.replace("\"earliest\"", "\"latest\""));
    assert_eq!((outcome.total.numbers["skipped"], outcome.total.processed), (980, 20));
}

/// `from = "beginning"` needs no OffsetFetch: everything is 2 ms earlier, and there is no ListOffsets after the poll.
#[test]
fn without_a_reset_policy_the_application_ends_with_an_exception() {
    let text = Group { group: "from = \"beginning\"", ..SMALL_FETCHES }
        .text(&[r#"at = "5s", delete-records = "t", before = 40"#])
        .replace("\"earliest\"", "\"none\"");
    let seen = Seen::of(&text);
    assert_eq!(seen.show("g-0", &["failed"]), ["20.016s failed OFFSET_OUT_OF_RANGE"]);
}

#[test]
fn retention_that_finds_nothing_to_delete_is_listed() {
    let seen = SMALL_FETCHES.run(&[
        r#"at = "5s", delete-records = "t", before = 40, partition = 0"#,
        r#"at = "6s", delete-records = "t", before = 40"#,
        r#"at = "7s", delete-records = "t", before = "end""#,
        r#"at = "8s", delete-records = "t", before = 2_000"#,
    ]);
    assert_eq!(seen.broker_shows(&["log_start"]), ["5s log_start t-0 40", "7s log_start t-0 1000"]);
    assert_eq!(
        seen.show("driver", &["fault_start", "event_ignored"]),
        [
            "5s fault_start broker delete-records 0",
            "6s event_ignored broker delete-records 1",
            "7s fault_start broker delete-records 2",
            "8s event_ignored broker delete-records 3",
        ]
    );
}

#[test]
fn every_partition_without_partition_and_one_with_it() {
    let two = Group { partitions: 2, ..SMALL_FETCHES };
    let seen = two.run(&[
        r#"at = "5s", delete-records = "t", before = 40, partition = 1"#,
        r#"at = "6s", delete-records = "t", before = 50"#,
    ]);
    assert_eq!(
        seen.broker_shows(&["log_start"]),
        ["5s log_start t-1 40", "6s log_start t-0 50", "6s log_start t-1 50"]
    );
}

// ----------------------------------------------------------------------------------------------------- expire-offsets

/// Batches of ten from 14 ms on, 10 002 ms apart. The third, in hand at 25 s, is finished at 30 018 ms and committed; the
/// group is empty 3 ms later. Its offsets gone, the group goes too (OFF-23), and the process that comes back reads the log
/// from its start: records 0 to 29 once more.
#[test]
fn off_23_an_empty_group_loses_its_offsets_and_itself() {
    let events = [r#"at = "25s", stop = "g-0""#, r#"at = "40s", expire-offsets = "g""#, r#"at = "50s", start = "g-0""#];
    let seen = ONE.run(&events);
    assert_eq!(
        seen.broker_shows(&["commit_partition_applied", "offset_removed", "group_removed"])[..5],
        [
            "10.015s commit_partition_applied t-0 10",
            "20.017s commit_partition_applied t-0 20",
            "30.019s commit_partition_applied t-0 30",
            "40s offset_removed t-0",
            "40s group_removed",
        ]
    );
    assert_eq!(seen.show("g-0", &["reset"])[1..], ["50.012s reset t-0 -1 0 no offset, earliest"]);
    let total = judged(&ONE.text(&events)).total;
    assert_eq!((total.numbers["duplicates"], total.duplicates_by_cause["reset"]), (30, 30));
    assert_eq!((total.numbers["skipped"], total.numbers["lost"]), (0, 0));
}

/// With `latest` the same costs what came while nobody was there, and what had not been read before.
#[test]
fn expired_offsets_with_latest_pass_over_the_backlog() {
    let text = ONE.text(&[
        r#"at = "25s", stop = "g-0""#,
        r#"at = "40s", expire-offsets = "g""#,
        r#"at = "45s", produce = "t", records = 100"#,
        r#"at = "50s", start = "g-0", with = { auto.offset.reset = "latest" }"#,
    ]);
    let total = judged(&text).total;
    assert_eq!((total.numbers["duplicates"], total.numbers["skipped"], total.processed), (0, 1_070, 30));
}

/// OFF-21: a Stable group's offsets of subscribed topics do not expire.
#[test]
fn off_21_the_offsets_of_a_live_group_stay() {
    let seen = ONE.run(&[r#"at = "15s", expire-offsets = "g""#]);
    assert_eq!(seen.show("driver", &["fault_start", "event_ignored"]), ["15s event_ignored broker expire-offsets 0"]);
    assert_eq!(seen.broker_shows(&["offset_removed"]), [""; 0]);
}

// ------------------------------------------------------------------------------------------------------ reset-offsets

/// 30 records are done and committed when the group is empty at 30.021 s. An administrator puts it back to the start: the
/// committed position moved backwards, and what is redelivered is due to that.
#[test]
fn off_02_a_group_reset_to_earliest_handles_everything_again() {
    let events = [
        r#"at = "25s", stop = "g-0""#,
        r#"at = "40s", reset-offsets = "g", to = "earliest""#,
        r#"at = "50s", start = "g-0""#,
    ];
    let seen = ONE.run(&events);
    assert_eq!(
        seen.broker_shows(&["commit_partition_applied"])[2..4],
        ["30.019s commit_partition_applied t-0 30", "40s commit_partition_applied t-0 0"]
    );
    assert_eq!(seen.show("g-0", &["position"])[1..], ["50.010s position t-0 0 committed"]);
    let outcome = judged(&ONE.text(&events));
    let total = &outcome.total;
    assert_eq!((total.numbers["duplicates"], total.duplicates_by_cause["rewind"]), (30, 30));
    assert_eq!((total.numbers["commit_regressions"], total.numbers["skipped"]), (1, 0));
    let regression = outcome.findings.iter().find(|f| f.what == "regression").unwrap();
    assert_eq!((regression.class, regression.cause), (Class::Measure, Some("admin reset")));
}

#[test]
fn what_a_reset_passes_over_is_skipped_and_not_lost() {
    for (to, skipped, hazards) in [("\"latest\"", 970, 0), ("2_000", 970, 0), ("500", 470, 0), ("30", 0, 0)] {
        let reset = format!(r#"at = "40s", reset-offsets = "g", to = {to}"#);
        let outcome = judged(&ONE.text(&[r#"at = "25s", stop = "g-0""#, &reset, r#"at = "50s", start = "g-0""#]));
        let total = &outcome.total.numbers;
        assert_eq!((total["skipped"], total["hazards"], total["lost"]), (skipped, hazards, 0), "{to}");
    }
}

/// Set forward by mistake and back before anybody read: nothing is passed over.
#[test]
fn a_reset_that_is_taken_back_in_time_skips_nothing() {
    let outcome = judged(&ONE.text(&[
        r#"at = "25s", stop = "g-0""#,
        r#"at = "40s", reset-offsets = "g", to = "latest""#,
        r#"at = "45s", reset-offsets = "g", to = 30"#,
        r#"at = "50s", start = "g-0""#,
    ]));
    assert_eq!((outcome.total.numbers["skipped"], outcome.total.numbers["duplicates"]), (0, 0));
    assert_eq!(outcome.total.numbers["commit_regressions"], 1);
}

/// The tool refuses; a group that has never been is no obstacle (OFF-01): its members start where it was put.
#[test]
fn off_01_a_live_group_is_not_reset_and_an_unknown_one_is() {
    let seen = ONE.run(&[r#"at = "15s", reset-offsets = "g", to = "latest""#]);
    assert_eq!(seen.show("driver", &["fault_start", "event_ignored"]), ["15s event_ignored broker reset-offsets 0"]);
    let seen = ONE.run(&[r#"at = "1s", reset-offsets = "g", to = 700"#, r#"at = "2s", start = "g-0""#]);
    assert_eq!(seen.show("g-0", &["position", "reset"]), ["2.010s position t-0 700 committed"]);
    let before = judged(&ONE.text(&[r#"at = "1s", reset-offsets = "g", to = 700"#, r#"at = "2s", start = "g-0""#]));
    assert_eq!((before.total.numbers["skipped"], before.total.numbers["lost"]), (0, 0));
}

// ----------------------------------------------------------------------------------------------------------- failover

/// Backoffs without a draw where the test says when.
const PATIENT: &str = "retry.backoff.ms = 100\nretry.backoff.max.ms = 100\nreconnect.backoff.ms = 50\n\
                       reconnect.backoff.max.ms = 50";

/// The old coordinator says at the next heartbeat that it is none. The look-up comes back (2 ms) before the connection may
/// be tried again (40 to 50 ms), so the heartbeat thread looks up again after twice retry.backoff.ms. The new coordinator
/// answers heartbeats blindly while it reads its log (HB-07), but not commits (LOAD-03). Nobody has to join again.
#[test]
fn load_03_a_stable_group_survives_a_failover() {
    let group = Group { config: PATIENT, run_for: "1m", ..ONE };
    let events = [r#"at = "15500ms", failover = "g", down-for = "5s""#];
    let seen = group.run(&events);
    assert_eq!(
        seen.broker_shows(&["group_state", "member_loaded", "assigned", "offset_loaded"])[4..],
        [
            "15.500s group_state Stable Dead unloaded",
            "20.500s group_state Dead Stable loaded",
            "20.500s member_loaded  45000 300000",
            "20.500s assigned t 0 1",
            "20.500s offset_loaded t-0 10",
        ]
    );
    assert_eq!(seen.broker_shows(&["heartbeat_rejected"]), ["18.007s heartbeat_rejected NOT_COORDINATOR"]);
    assert_eq!(seen.at("g-0", "find_coordinator_sent")[1..], ["18.008s", "18.210s"]);
    assert_eq!(seen.broker("g-0", "heartbeat_applied")[5..7], ["18.213s", "21.213s"]);
    let rejected = seen.broker_shows(&["commit_rejected"]);
    assert_eq!(rejected[0], "20.017s commit_rejected COORDINATOR_LOAD_IN_PROGRESS");
    assert!(rejected.len() >= 4 && rejected.iter().all(|line| line.ends_with("COORDINATOR_LOAD_IN_PROGRESS")));
    let applied = ms(seen.events("broker", &["commit_applied"]).nth(1).unwrap().t);
    assert!((20_500..20_605).contains(&applied), "tried every 80 to 100 ms: {applied}");
    assert_eq!(seen.at("g-0", "join_sent").len(), 2, "the two of the start");
    let total = judged(&group.text(&events)).total;
    assert_eq!((total.numbers["duplicates"], total.numbers["lost"], total.numbers["rebalances"]), (0, 0, 0));
    assert_eq!(total.samples["time_to_stable"].values, [5_000_000]);
}

/// The last heartbeat of a process that is killed at 16 s was answered at 15 007 ms. Its session would have ended 45 s
/// after that; the new coordinator counts from when it had read the log.
#[test]
fn load_07_sessions_start_over_when_the_log_has_been_read() {
    let events = [r#"at = "16s", crash = "g-0""#, r#"at = "17s", failover = "g", down-for = "3s""#];
    let seen = ONE.run(&events);
    assert_eq!(seen.broker_shows(&["member_removed"]), ["1m5s member_removed session"]);
    let seen = ONE.run(&events[..1]);
    assert_eq!(seen.broker_shows(&["member_removed"]), ["1m0.007s member_removed session"]);
}

/// g-1 has been given an id and waits for g-0, who is in the middle of a batch. None of that is in the log: the join is
/// answered NOT_COORDINATOR, the id is unknown to the new coordinator, and the generation to come is 2 again (LOAD-09,
/// LOAD-10, LOAD-11).
#[test]
fn load_11_a_parked_join_is_answered_and_starts_over() {
    let group = Group { partitions: 2, config: PATIENT, ..ONE };
    let events = [r#"at = "15s", start = "g-1""#, r#"at = "15500ms", failover = "g", down-for = "200ms""#];
    let seen = group.run(&events);
    let joins: Vec<String> = seen
        .events("broker", &["join_rejected"])
        .filter(|e| seen.field(e, "client") == "g-1")
        .map(|e| format!("{} {}", e.t, seen.field(e, "code")))
        .collect();
    assert_eq!(joins[..2], ["15.003s MEMBER_ID_REQUIRED", "15.500s NOT_COORDINATOR"], "{joins:?}");
    let codes: Vec<&str> = joins[2..].iter().map(|line| line.split(' ').next_back().unwrap()).collect();
    assert_eq!(codes, ["COORDINATOR_LOAD_IN_PROGRESS", "UNKNOWN_MEMBER_ID", "MEMBER_ID_REQUIRED"], "{joins:?}");
    let states = seen.broker_shows(&["group_state"]);
    assert_eq!(
        states[3..6],
        [
            "15.005s group_state Stable PreparingRebalance member joined",
            "15.500s group_state PreparingRebalance Dead unloaded",
            "15.700s group_state Dead Stable loaded",
        ]
    );
    let generations: Vec<String> =
        seen.events("broker", &["generation"]).map(|e| seen.field(e, "generation")).collect();
    assert_eq!(generations, ["1", "2"]);
    let outcome = judged(&group.text(&events));
    assert!(outcome.findings.iter().all(|f| f.class != Class::Model), "{:#?}", outcome.findings);
    assert_eq!((outcome.total.numbers["lost"], outcome.total.numbers["duplicates"]), (0, 0));
}

#[test]
fn a_failover_is_for_one_group_and_for_one_at_a_time() {
    let text = "name = \"two\"\nrun-for = \"40s\"\n[topic.t]\npartitions = 2\n[group.a]\n[group.b]\n[timeline]\nevents = [\n\
        { at = \"10s\", failover = \"a\", down-for = \"20s\" },\n{ at = \"20s\", failover = \"a\" },\n\
        { at = \"21s\", reset-offsets = \"a\", to = \"latest\" },\n{ at = \"22s\", expire-offsets = \"a\" },\n]\n";
    let seen = Seen::of(text);
    assert_eq!(
        seen.show("driver", &["fault_start", "fault_end", "event_ignored"]),
        [
            "10s fault_start broker failover 0",
            "20s event_ignored broker failover 1",
            "21s event_ignored broker reset-offsets 2",
            "22s event_ignored broker expire-offsets 3",
            "30s fault_end broker failover 0",
        ]
    );
    let rejected: std::collections::BTreeSet<String> =
        seen.events("broker", &["heartbeat_rejected", "commit_rejected"]).map(|e| seen.field(e, "client")).collect();
    assert_eq!(rejected.into_iter().collect::<Vec<_>>(), ["a-0"]);
}

// ------------------------------------------------------------------------------------------------------- create-topic

const LATE: &str = "name = \"late\"\nrun-for = \"1m\"\n[broker.config]\ngroup.initial.rebalance.delay.ms = 0\n[topic.t]\n\
    [group.g]\ntopics = [\"t\", \"late\"]\nmembers = 2\n[group.g.config]\nauto.offset.reset = \"earliest\"\n\
    retry.backoff.max.ms = 100\n[timeline]\nevents = [\n\
    { at = \"5s\", produce = \"late\", records = 10 },\n{ at = \"6s\", add-partitions = \"late\", to = 8 },\n\
    { at = \"10s\", create-topic = \"late\", partitions = 4 },\n{ at = \"11s\", create-topic = \"late\", partitions = 7 },\n\
    { at = \"12s\", produce = \"late\", records = 100 },\n]\n";

/// While a topic is missing, Java asks for metadata again and again: here every 80 to 100 ms, and at most behind a fetch of
/// 500 ms. Its leader has seen the new topic at 10.6 s at the latest, and everybody rejoins by the next heartbeat of 3 s.
#[test]
fn a_topic_that_is_created_later_is_noticed_and_read() {
    let seen = Seen::of(LATE);
    assert_eq!(
        seen.show("driver", &["meta_topic", "fault_start", "event_ignored"]),
        [
            "0s meta_topic t 1",
            "5s event_ignored broker produce 0",
            "6s event_ignored broker add-partitions 1",
            "10s fault_start broker create-topic 2",
            "10s meta_topic late 4",
            "11s event_ignored broker create-topic 3",
            "12s fault_start broker produce 4",
        ]
    );
    let unknown = seen.events("g-0", &["metadata_reply_seen"]).filter(|e| ms(e.t) < 10_000).count();
    assert!((18..=122).contains(&unknown), "{unknown}");
    let prepared = seen.events("broker", &["group_state"]).nth(3).unwrap();
    assert!((10_000..10_610).contains(&ms(prepared.t)), "{}", prepared.t);
    let owned: Vec<String> = ["g-0", "g-1"].iter().flat_map(|who| seen.show(who, &["owned"])).collect();
    assert_eq!(owned.iter().filter(|line| line.contains(" late ")).count(), 2, "{owned:?}");
    let total = judged(LATE).total;
    assert_eq!((total.processed, total.numbers["rebalances"], total.numbers["lag"]), (100, 1, 0));
}

/// A group whose only topic is not there yet is Stable with nothing to do, and goes on asking less and less often.
#[test]
fn a_group_waits_for_its_only_topic() {
    let text = "name = \"only\"\nrun-for = \"1m\"\n[group.g]\n[timeline]\nevents = [\n{ at = \"40s\", create-topic = \"x\" },\n\
        { at = \"45s\", produce = \"x\", records = 7 },\n]\n[group.g.config]\nauto.offset.reset = \"earliest\"\n";
    let seen = Seen::of(text);
    let asked: Vec<u64> = seen.events("g-0", &["metadata_sent"]).map(|e| ms(e.t)).filter(|&t| t < 40_000).collect();
    let gaps: Vec<u64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (gap, least, most) in [(gaps[0], 80, 130), (gaps[1], 160, 250), (gaps[2], 320, 490), (gaps[9], 800, 1_010)] {
        assert!((least..=most).contains(&gap), "{gaps:?}");
    }
    assert_eq!(judged(text).total.processed, 7);
}

#[test]
fn load_12_a_commit_without_an_answer_may_or_may_not_be_stored() {
    let stored = |events: &[&str]| {
        let seen = ONE.run(events);
        assert_eq!(seen.at("g-0", "commit_sent").first().map(String::as_str), Some("10.014s"));
        seen.broker_shows(&["commit_partition_applied"]).into_iter().next()
    };
    // On its way when the process dies: stored, and nobody is told.
    let crash = stored(&[r#"at = "10014500us", crash = "g-0""#, r#"at = "12s", start = "g-0""#]);
    assert_eq!(crash.as_deref(), Some("10.015s commit_partition_applied t-0 10"));
    // On its way when the coordinator moves: NOT_COORDINATOR, not stored; the client asks again, and that one is.
    let moved = stored(&[r#"at = "10014500us", failover = "g""#]);
    let moved = moved.expect("commitSync repeats it");
    assert!(moved.ends_with("commit_partition_applied t-0 10") && !moved.starts_with("10.015s"), "{moved}");
    // On its way when the network is cut for longer than request.timeout.ms: the client gives the connection up, and what it
    // had sent arrives or not.
    let mut seen = [0, 0];
    for seed in 0..20 {
        let run = ONE.seeded(seed, &[r#"at = "10014500us", cut = "g-0", for = "40s""#]);
        let applied = run.broker_shows(&["commit_partition_applied"]);
        let late = applied.iter().any(|line| line.starts_with("50.014500s") || line.starts_with("50.014s"));
        seen[usize::from(late)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}
