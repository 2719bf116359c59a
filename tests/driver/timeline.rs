//! The end of a run, clocks, selectors, instants, who starts, records.

use crate::rig::*;
use groupsim::time::Instant;
use groupsim::trace::Kind;
use std::collections::{BTreeMap, BTreeSet};

// -------------------------------------------------------------------------------------------------- the end, the clock

#[test]
fn at_the_end_nobody_is_closed_and_nothing_is_flushed() {
    let short = Group { run_for: "9s", ..ONE };
    let seen = short.run(&[]);
    assert_eq!(seen.show("g-0", &HANDLER), ["14ms process_start t-0 0 10 1000000"]);
    let last = seen.events.last().unwrap();
    assert_eq!(
        (last.kind, last.t, seen.end.virtual_time),
        (Kind::RunEnd {}, Instant::from_ms(9_000), Instant::from_ms(9_000))
    );
    assert_eq!(seen.events.iter().filter(|e| e.t == last.t).count(), 1);
}

#[test]
fn what_is_due_at_the_end_does_not_happen() {
    let text = "name = \"end\"\nrun-for = \"10s\"\n[topic.t]\nproduce = \"1/s\"\n[group.g]\nmembers = 0\n";
    let seen = Seen::of(text);
    assert_eq!(seen.at("producer-t", "append").len() + seen.at("broker", "append").len(), 10);
    let seen = Group { run_for: "10s", ..IDLE }.run(&[r#"at = "10s", crash = "g-0""#]);
    assert_eq!(seen.at("g-0", "crash"), [""; 0]);
}

#[test]
fn broker_and_client_see_milliseconds() {
    // Requests arrive 1.3 ms after they were sent; a session armed at x.y ms ends at floor(x.y) + 45 s.
    let odd = Group { latency: r#""1300us""#, ..IDLE };
    let seen = odd.run(&[r#"at = "10s", crash = "g-0""#]);
    let last = seen.events("broker", &["heartbeat_applied"]).last().unwrap();
    assert_ne!(last.t.as_us() % 1_000, 0);
    let removed = seen.events("broker", &["member_removed"]).next().unwrap();
    assert_eq!(removed.t, last.t.deadline_ms(45_000));
    // So does the client: heartbeats go out at whole milliseconds.
    assert!(seen.events("g-0", &["heartbeat_sent"]).all(|e| e.t.as_us() % 1_000 == 0));
}

// ------------------------------------------------------------------------------------------------------------ timeline

#[test]
fn any_of_draws_among_those_alive_at_that_instant() {
    let four = Group { members: 4, partitions: 4, ..IDLE };
    let mut victims = BTreeSet::new();
    for seed in 0..30 {
        let seen = four.seeded(seed, &[r#"at = "20s", crash = "g-2""#, r#"at = "30s", crash = "any 2 of g""#]);
        let crashed: Vec<String> = seen
            .events("driver", &["fault_start"])
            .filter(|e| ms(e.t) == 30_000)
            .map(|e| seen.field(e, "target"))
            .collect();
        assert_eq!(crashed.len(), 2);
        assert!(crashed[0] < crashed[1] && !crashed.contains(&"g-2".to_owned()), "{crashed:?}");
        victims.insert(crashed);
    }
    assert_eq!(victims.len(), 3, "each pair of three comes up: {victims:?}");
}

#[test]
fn selectors_go_by_group_then_number() {
    let text = "name = \"order\"\nrun-for = \"30s\"\n[topic.t]\npartitions = 12\n[group.b]\nmembers = 11\n[group.a]\nmembers = 2\n\
        [timeline]\nevents = [{ at = \"20s\", crash = \"*\" }, { at = \"25s\", start = \"all of b\" }]\n";
    let seen = Seen::of(text);
    let targets: Vec<String> = seen.events("driver", &["fault_start"]).map(|e| seen.field(e, "target")).collect();
    let b: Vec<String> = (0..11).map(|n| format!("b-{n}")).collect();
    let a = ["a-0".to_owned(), "a-1".to_owned()];
    assert_eq!(targets, [&b[..], &a[..], &b[..]].concat());
}

#[test]
fn at_ranges_every_times_and_until() {
    let mut instants = BTreeSet::new();
    for seed in 0..20 {
        let seen = IDLE.seeded(seed, &[r#"at = "20s..40s", crash = "g-0""#]);
        let at = seen.events("g-0", &["crash"]).next().unwrap().t;
        assert!((20_000..=40_000).contains(&ms(at)));
        instants.insert(at);
    }
    assert!(instants.len() > 15);
    let pulses =
        |rest: &str| IDLE.run(&[&format!(r#"at = "10s", pause = "g-0", for = "1s", {rest}"#)]).at("g-0", "pause");
    assert_eq!(pulses(r#"every = "10s", times = 3"#), ["10s", "20s", "30s"]);
    assert_eq!(pulses(r#"every = "10s", until = "40s""#), ["10s", "20s", "30s"]);
    assert_eq!(pulses(r#"every = "10s", until = "41s""#), ["10s", "20s", "30s", "40s"]);
}

#[test]
fn events_that_find_nobody_in_a_state_to_obey_are_listed() {
    let seen = IDLE.run(&[
        r#"at = "10s", crash = "g-0""#,
        r#"at = "11s", stop = "g-0""#,
        r#"at = "12s", pause = "any 1 of g", for = "1s""#,
        r#"at = "13s", start = "g-0", every = "1s", times = 3"#,
        r#"at = "20s", scale = "g", to = 1"#,
    ]);
    assert_eq!(
        seen.show("driver", &["event_ignored"]),
        [
            "11s event_ignored g-0 stop 1",
            "12s event_ignored driver pause 2",
            "14s event_ignored g-0 start 3",
            "15s event_ignored g-0 start 3",
            "20s event_ignored driver scale 4",
        ]
    );
    // `start` did something once.
    assert_eq!(seen.end.idle_lines, [1, 2, 4]);
}

#[test]
fn a_line_that_never_does_anything_fails_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("idle.toml");
    let run = |text: String, args: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_groupsim"));
        let output = command.arg("run").arg(&file).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let text = IDLE.text(&[r#"at = "10s", crash = "g-0""#, r#"at = "11s", pause = "g-0", every = "5s", times = 4"#]);
    let line = 1 + text.lines().position(|line| line.contains("pause")).unwrap();
    let (code, out) = run(text.clone(), &[]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains(&format!("line {line}: `pause` does something")), "{out}");
    let (code, out) = run(text.replace("crash", "slow").replace("\"g-0\" },", "\"g-0\", per-record = \"1s\" },"), &[]);
    assert_ne!(code, Some(1), "{out}");
    assert_eq!(run(text, &["--until", "20s"]).0, Some(3), "a run that is cut short does not tell");
}

#[test]
fn a_member_starts_at_zero_unless_the_first_event_that_names_it_is_start() {
    let three = Group { members: 3, partitions: 3, ..IDLE };
    let seen = three.run(&[
        r#"at = "30s", start = "g-1""#,
        r#"at = "20s", crash = "g-0""#,
        r#"at = "40s", start = "g-0""#,
        r#"at = "50s", start = "g-7""#,
        r#"at = "60s", crash = "g-*""#,
    ]);
    let starts = |name| seen.at(name, "start");
    assert_eq!(starts("g-0"), ["0s", "40s"]);
    assert_eq!(starts("g-1"), ["30s"]);
    assert_eq!(starts("g-2"), ["0s"]);
    assert_eq!(starts("g-7"), ["50s"]);
    assert_eq!(seen.events.iter().filter(|e| e.kind == Kind::Crash {}).count(), 5);
}

#[test]
fn scale_stops_the_highest_and_starts_the_lowest() {
    let three = Group { members: 3, partitions: 3, ..IDLE };
    let seen = three.run(&[
        r#"at = "20s", scale = "g", to = 1"#,
        r#"at = "30s", crash = "g-0""#,
        r#"at = "40s", scale = "g", to = 4"#,
    ]);
    assert_eq!(
        (seen.at("g-2", "stop"), seen.at("g-1", "stop"), seen.at("g-0", "stop")),
        (vec!["20s".into()], vec!["20s".into()], vec![])
    );
    for (name, starts) in [("g-0", 2), ("g-1", 2), ("g-2", 2), ("g-3", 1)] {
        assert_eq!(seen.at(name, "start").len(), starts, "{name}");
        assert_eq!(seen.at(name, "start")[starts - 1], "40s", "{name}");
    }
}

// ------------------------------------------------------------------------------------------------------------- records

/// Records in the log by partition, and the instants of the appends.
fn appended(seen: &Seen) -> (BTreeMap<String, i64>, Vec<String>) {
    let mut ends = BTreeMap::new();
    let mut times = Vec::new();
    for event in &seen.events {
        if let Kind::Append { from, to, .. } = event.kind {
            let end: &mut i64 = ends.entry(seen.field(event, "partition")).or_default();
            assert_eq!(*end, from.0);
            *end = to.0;
            times.push(event.t.to_string());
        }
    }
    (ends, times)
}

#[test]
fn record_i_of_a_rate_is_in_the_log_at_from_plus_i_over_rate() {
    let text = "name = \"p\"\nrun-for = \"10s\"\n[topic.t]\npartitions = 2\n\
        produce = [{ rate = \"3/s\", from = \"1s\", until = \"3s\" }, { rate = \"1/4s\", from = \"500ms\" }]\n[group.g]\nmembers = 0\n";
    let (ends, times) = appended(&Seen::of(text));
    assert_eq!(times, ["500ms", "1s", "1.333333s", "1.666666s", "2s", "2.333333s", "2.666666s", "4.500s", "8.500s"]);
    assert_eq!(ends.values().sum::<i64>(), 9);
}

#[test]
fn preload_produce_and_new_partitions() {
    let seen = Group { partitions: 2, records: 5, ..IDLE }.run(&[
        r#"at = "10s", produce = "t", records = 4"#,
        r#"at = "20s", produce = "t", records = 7, partition = 1"#,
        r#"at = "30s", add-partitions = "t", to = 3"#,
        r#"at = "40s", produce = "t", records = 4"#,
    ]);
    let (ends, _) = appended(&seen);
    let expected = [("t-0", 3 + 2 + 2), ("t-1", 2 + 2 + 7 + 1), ("t-2", 1)];
    assert_eq!(ends, expected.map(|(name, end)| (name.to_owned(), end)).into());
}

#[test]
fn a_fast_stream_is_whole_and_in_time() {
    let text = "name = \"p\"\nrun-for = \"10s\"\n[topic.t]\npartitions = 3\n\
        produce = { rate = \"1000000/s\", keys = 100, until = \"2s\" }\n[group.g]\nmembers = 0\n";
    let seen = Seen::of(text);
    let (ends, _) = appended(&seen);
    assert_eq!(ends.values().sum::<i64>(), 2_000_000);
    assert!(seen.events.len() < 7_000);
}
