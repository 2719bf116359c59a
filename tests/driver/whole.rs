//! Time goes on, and the same seed gives the same run.

use crate::rig::*;
use groupsim::ids::Seq;
use groupsim::time::Instant;
use groupsim::trace::{Event, Kind};
use std::collections::BTreeSet;

// ------------------------------------------------------------------------------------------------- time always goes on

#[test]
fn loops_that_take_no_time_take_the_smallest_step() {
    // Hardly any latency, and fetches that are answered at once: a round trip takes 2 us.
    let hasty = Group { latency: r#""1us""#, config: "fetch.max.wait.ms = 0", run_for: "100ms", ..IDLE };
    let seen = hasty.run(&[]);
    let fetches = seen.events("g-0", &["fetch_sent"]).count();
    assert!((49_000..50_100).contains(&fetches), "{fetches}");
    // Every pause of the client is 0: each takes a millisecond.
    for config in [
        "heartbeat.interval.ms = 1\nretry.backoff.ms = 0\nretry.backoff.max.ms = 0\nreconnect.backoff.ms = 0\nreconnect.backoff.max.ms = 0\nrequest.timeout.ms = 0\ndefault.api.timeout.ms = 0",
        "metadata.max.age.ms = 0\nretry.backoff.ms = 0\nfetch.min.bytes = 0",
        "max.poll.interval.ms = 1\nsession.timeout.ms = 2\nheartbeat.interval.ms = 1",
    ] {
        for latency in [r#""1us""#, r#""1ms""#, r#"{ base = "1us", jitter = "100%", loss = "90%" }"#] {
            let seen =
                Group { latency, config, run_for: "200ms", ..ONE }.run(&[r#"at = "50ms", cut = "g-0", for = "50ms""#]);
            assert_eq!(seen.end.virtual_time, Instant::from_ms(200), "{config} {latency}: {}", seen.end.events);
        }
    }
    let auto = Group { commit: r#"{ when = "auto", interval = "0s" }"#, latency: r#""1us""#, run_for: "100ms", ..ONE };
    let seen = Group { per_record: "0s", ..auto }.run(&[]);
    let commits = seen.events("g-0", &["commit_sent"]).count();
    assert!((90..=101).contains(&commits), "one a millisecond: {commits}");
}

#[test]
fn a_huge_backlog_at_no_time_a_record_does_not_stop_the_clock() {
    let backlog =
        Group { records: 1_000_000_000, per_record: "0s", latency: r#""1us""#, batch: 500, run_for: "2ms", ..ONE };
    let seen = backlog.run(&[]);
    assert_eq!(seen.end.virtual_time, Instant::from_ms(2));
}

// --------------------------------------------------------------------------------------------------------- determinism

const BUSY: Group = Group {
    members: 3,
    partitions: 6,
    records: 300,
    per_record: "10ms",
    latency: r#"{ base = "1ms", jitter = "50%", loss = "1%" }"#,
    ..ONE
};
const TROUBLE: [&str; 3] = [
    r#"at = "20s..30s", crash = "any 1 of g""#,
    r#"at = "40s", cut = "g-1", for = "35s""#,
    r#"at = "50s", restart = "g-*", one-every = "10s", down-for = "1s""#,
];

#[test]
fn the_same_seed_gives_the_same_run_and_another_another() {
    let hash = |seed| BUSY.seeded(seed, &TROUBLE).end.hash;
    assert_eq!(hash(1), hash(1));
    let all: BTreeSet<u64> = (0..8).map(|seed| hash(seed).0).collect();
    assert_eq!(all.len(), 8);
}

#[test]
fn ties_are_drawn_per_instant_and_by_name() {
    let two = Group { members: 2, partitions: 2, ..IDLE };
    let first = |group: &Group, seed| {
        let seen = group.seeded(seed, &[]);
        let order: Vec<&Event> = seen.events.iter().filter(|e| e.kind == Kind::Start {}).take(2).collect();
        assert_eq!(order[1].t, Instant::ZERO);
        seen.name(order[0].actor.0).to_owned()
    };
    let drawn: Vec<String> = (0..20).map(|seed| first(&two, seed)).collect();
    assert!(drawn.contains(&"g-0".to_owned()) && drawn.contains(&"g-1".to_owned()), "{drawn:?}");
    // Who comes first changes from instant to instant.
    let seen = Group { records: 0, run_for: "10m", ..two }.run(&[]);
    let fetches: Vec<&str> =
        seen.events.iter().filter(|e| e.kind.name() == "fetch_sent").map(|e| seen.name(e.actor.0)).collect();
    assert!(fetches.windows(2).any(|pair| pair[0] == pair[1]), "never the same order for ten minutes");
}

/// What a reader did, without sequence numbers.
fn life(seen: &Seen, name: &str) -> Vec<String> {
    seen.show(name, &[])
}

#[test]
fn others_in_the_scenario_do_not_shift_the_draws_of_a_reader() {
    let reader =
        "[group.r]\nassign = [\"t:0\"]\nfrom = \"beginning\"\nprocess = { per-record = \"3ms\", jitter = \"50%\" }\n";
    let head = "name = \"luck\"\nrun-for = \"60s\"\n[network]\nlatency = { base = \"1ms\", jitter = \"50%\", loss = \"2%\" }\n\
        [topic.t]\nproduce = \"50/s\"\n";
    let others = "[group.q]\ntopics = [\"a\"]\nmembers = 3\n";
    let topics = "[topic.a]\npartitions = 4\nproduce = \"20/s\"\n";
    let alone = Seen::of(&format!("{head}{reader}"));
    let beside = Seen::of(&format!("{head}{topics}{others}{reader}"));
    let lives = (life(&alone, "r-0"), life(&beside, "r-0"));
    assert!(lives.0.len() > 1_000);
    for (one, two) in lives.0.iter().zip(&lives.1) {
        assert_eq!(one, two);
    }
    assert_eq!(lives.0.len(), lives.1.len());
}

#[test]
fn events_are_numbered_and_never_go_back_in_time() {
    let seen = BUSY.run(&TROUBLE);
    for (index, pair) in seen.events.windows(2).enumerate() {
        assert!(pair[0].t <= pair[1].t);
        assert_eq!(pair[1].seq, Seq(index as u64 + 2));
        assert!(pair[1].cause < pair[1].seq);
    }
}
