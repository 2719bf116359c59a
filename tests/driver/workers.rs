//! Several workers in whole scenarios: shutting down within the grace, reading to the end, rebalances, sarama's claims.

use crate::rig::*;
use groupsim::config::WhenRevoked;
use groupsim::oracle::{Class, Judge, Outcome};
use groupsim::scenario::{Scenario, parse};
use groupsim::sim::{RunOptions, run};

const WORK: [&str; 6] = ["process_done", "interrupted", "dropped", "commit_partition_sent", "killed", "closed"];

/// One member with two workers without an order, a second a record, ten records.
fn pool(revoked: &str) -> Group {
    let process = match revoked {
        "drain" => r#"process = { per-record = "1s", workers = 2, order = "none", when-revoked = "drain" }"#,
        "ignore" => r#"process = { per-record = "1s", workers = 2, order = "none", when-revoked = "ignore" }"#,
        _ => r#"process = { per-record = "1s", workers = 2, order = "none" }"#,
    };
    Group { records: 10, commit: r#"{ when = "never", on-revoke = true }"#, group: process, ..ONE }
}

impl Group {
    /// With `process` from `group` instead of one worker's.
    fn of_workers(&self, events: &[&str]) -> Seen {
        let text = self.text(events);
        let own = format!("process = {{ per-record = \"{}\" }}\n", self.per_record);
        Seen::of(&text.replacen(&own, "", 1))
    }
}

#[test]
fn a_stop_finishes_records_in_work_or_all_of_them() {
    let seen = pool("").of_workers(&[r#"at = "2500ms", stop = "g-0""#]);
    assert_eq!(
        seen.show("g-0", &WORK)[4..],
        [
            "2.500s dropped t-0 6 10 revoked",
            "3.014s process_done t-0 4 5",
            "3.014s process_done t-0 5 6",
            "3.014s commit_partition_sent t-0 6 close",
            "3.018s closed"
        ]
    );
    let seen = pool("drain").of_workers(&[r#"at = "2500ms", stop = "g-0""#]);
    let end: Vec<_> = seen.show("g-0", &WORK).into_iter().rev().take(3).collect();
    assert_eq!(end, ["5.018s closed", "5.014s commit_partition_sent t-0 10 close", "5.014s process_done t-0 9 10"]);
}

#[test]
fn a_stop_that_drains_beyond_its_grace_is_a_kill() {
    let seen = pool("drain").of_workers(&[r#"at = "2500ms", stop = "g-0", grace = "1s""#]);
    assert_eq!(
        seen.show("g-0", &WORK)[6..],
        ["3.500s interrupted t-0 7", "3.500s interrupted t-0 6", "3.500s dropped t-0 8 10 ended", "3.500s killed"]
    );
}

#[test]
fn reading_to_the_end_handles_all_that_was_delivered() {
    let group = pool("");
    let text = format!("until = \"end\"\n{}", group.group);
    let group = Group { group: Box::leak(text.into_boxed_str()), ..group };
    let seen = group.of_workers(&[]);
    let end: Vec<_> = seen.show("g-0", &WORK).into_iter().rev().take(3).collect();
    assert_eq!(end, ["5.018s closed", "5.014s commit_partition_sent t-0 10 close", "5.014s process_done t-0 9 10"]);
}

#[test]
fn a_stuck_worker_holds_a_stop_up_until_the_grace_is_over() {
    let seen =
        pool("").of_workers(&[r#"at = "1500ms", stuck = "g-0""#, r#"at = "2500ms", stop = "g-0", grace = "10s""#]);
    assert_eq!(
        seen.show("g-0", &WORK)[2..],
        [
            "2.014s process_done t-0 2 3",
            "2.500s dropped t-0 5 10 revoked",
            "3.014s process_done t-0 4 5",
            "12.500s interrupted t-0 3",
            "12.500s killed"
        ]
    );
}

fn rolling(client: &str, workers: &str, commit: &str) -> String {
    format!(
        "name = \"rolling\"\nrun-for = \"58s\"\nseed = 3\n[topic.orders]\npartitions = 6\nproduce = \"200/s\"\n\
         [group.g]\nmembers = 3\nclient = \"{client}\"\nprocess = {{ per-record = \"20ms\", jitter = \"50%\"{workers} }}\n\
         commit = {commit}\n[group.g.config]\nauto.offset.reset = \"earliest\"\nsession.timeout.ms = 6_000\n\
         heartbeat.interval.ms = 2_000\n[timeline]\nevents = [\n\
         {{ at = \"20s\", restart = \"g-*\", one-every = \"6s\", down-for = \"2s\" }},\n\
         {{ at = \"45s\", crash = \"g-0\" }},\n{{ at = \"50s\", start = \"g-0\" }},\n]\n"
    )
}

fn judged(text: &str) -> (Scenario, Outcome) {
    let scenario = parse("rolling.toml", text, &[]).unwrap_or_else(|errors| panic!("{errors:?}\n{text}")).scenario;
    let mut judge = Judge::new(&scenario.expect, false, false);
    let end = run(&scenario, RunOptions::default(), &mut [&mut judge]);
    let outcome = judge.finish(&end.names, end.virtual_time);
    let broken: Vec<_> = outcome.findings.iter().filter(|f| f.class == Class::Model).collect();
    assert!(broken.is_empty(), "{broken:#?}\n{text}");
    (scenario, outcome)
}

#[test]
fn workers_give_the_same_trace_every_time() {
    for workers in ["order = \"none\"", "when-revoked = \"ignore\", jitter-per = \"record\""] {
        let workers = format!(", workers = 4, {workers}");
        let text = rolling("java", &workers, r#"{ when = "interval", interval = "1s", on-revoke = true }"#);
        assert_eq!(Seen::seeded(&text, 3).end.hash, Seen::seeded(&text, 3).end.hash);
        assert_ne!(Seen::seeded(&text, 3).end.hash, Seen::seeded(&text, 4).end.hash);
    }
}

/// A gap-free mark never loses a record, whatever workers do at a revoke; and workers that are waited for never go on with
/// what is somebody else's, where all partitions are given up before they are given out anew.
#[test]
fn a_rolling_deploy_with_workers_loses_nothing_with_the_gap_free_mark() {
    for client in ["java", "librdkafka", "sarama"] {
        for order in ["partition", "none"] {
            for revoked in ["finish-record", "drain", "ignore"] {
                let workers = format!(", workers = 4, order = \"{order}\", when-revoked = \"{revoked}\"");
                let text = rolling(client, &workers, r#"{ when = "every-n", n = 10, on-revoke = true }"#);
                let text = text.replace(
                    "heartbeat.interval.ms",
                    "partition.assignment.strategy = \"range\"\nheartbeat.interval.ms",
                );
                let (scenario, outcome) = judged(&text);
                let numbers = &outcome.total.numbers;
                assert_eq!((numbers["lost"], numbers["hazards"]), (0, 0), "{client} {workers}");
                assert!(outcome.total.processed > 8_000, "{client} {workers}");
                let by = &outcome.total.duplicates_by_cause;
                let waited_for = scenario.groups[0].template.process.when_revoked != Some(WhenRevoked::Ignore);
                if waited_for {
                    assert_eq!(
                        (numbers["zombie_records"], by.get("revoked").copied().unwrap_or(0)),
                        (0, 0),
                        "{client} {workers}"
                    );
                }
                assert_eq!(numbers["order_inversions"] > 100, order == "none", "{client} {workers}");
            }
        }
    }
}

/// Two workers hold copies of one record, from before a rebalance and from after it, and the first one gets stuck: each copy
/// is accounted for where it is.
#[test]
fn two_copies_of_a_record_of_which_one_is_stuck_have_a_cause_each() {
    let text = r#"
name="f"
run-for="240s"
seed=504
[topic.t]
partitions=2
records=1000
produce="300/s"
[group.g]
members=3
client="franz-go"
process={per-record="50ms",jitter="50%",workers=8,order="none"}

static=true
[group.g.config]
auto.offset.reset="earliest"
MaxPollRecords=1000
partition.assignment.strategy="roundrobin"
[producer.w]
topic="t"
client="kafka-go"
send="20/s"
[producer.w.config]
RequiredAcks="all"
[timeline]
events=[
{at="96440ms",delete-records="t",before="end"},
{at="44273ms",start="g-2"},
{at="101698ms",restart="any 1 of g",grace="1s"},
{at="47644ms",stuck="any 1 of g",for="70s"},
{at="158205ms",reset-offsets="g",to="latest"},
{at="87s",failover="g"},
{at="215867ms",restart="all of g",as="new",surge=true,grace="1s",every="7s",times=4},
{at="221s",restart="g-2",as="new",surge=true,grace="1s"},
]
"#;
    let (_, outcome) = judged(text);
    assert!(outcome.total.duplicates_by_cause["revoked"] > 0);
}
