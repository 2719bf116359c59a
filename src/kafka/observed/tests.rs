//! A run that is known to the millisecond, summed up.

use super::*;
use crate::scenario::parse;
use crate::sim::{self, RunOptions};

const TEXT: &str = r#"
run-for = "40s"

[topic.orders]
partitions = 3
produce    = "2/s"

[group.app]
members = 2
process = { per-record = "5ms" }
commit  = { when = "after-record", mode = "sync" }

[group.app.config]
auto.offset.reset     = "earliest"
session.timeout.ms    = 6_000
heartbeat.interval.ms = 2_000
max.poll.interval.ms  = 15_000

[timeline]
events = [
  { at = "20s", crash = "app-1" },
]
"#;

fn observed() -> Observed {
    observed_of(parse("test.toml", TEXT, &[]).unwrap().scenario)
}

fn observed_of(scenario: Scenario) -> Observed {
    let mut watch = Watch::new(&scenario);
    let end = sim::run(&scenario, RunOptions::default(), &mut [&mut watch]);
    watch.finish(&end.names, end.virtual_time)
}

#[test]
fn a_crash_is_summed_up() {
    let run = observed();
    let app = &run.groups["app"];
    assert_eq!(app.generations.len(), 2);
    assert_eq!(app.generations[0].sizes, [2, 1]);
    assert_eq!(app.generations[1].sizes, [3]);
    assert_eq!(app.generations[1].owners.len(), 3);
    let [removal] = &app.removals[..] else { panic!("{:?}", app.removals) };
    assert_eq!(removal.member, ("app-1".to_owned(), 1));
    assert_eq!(removal.reason, RemovalReason::Session);
    assert_eq!(removal.fault, Some(("crash", Instant::from_ms(20_000))));
    // Kafka's timer starts over with the request and fires after session.timeout.ms of whole milliseconds.
    let since = removal.at.since(removal.last_sign.unwrap());
    assert!((5_999..=6_000).contains(&since.as_ms()), "{since}");
    assert_eq!(app.given_twice, 0);
    // 80 records in 65 batches. A record takes 5 ms, and 2 ms for its commit, there and back.
    assert_eq!((app.rounds, app.busy), (65, Duration::from_ms(65 * 7)));
    // Every partition was held, let go at the crash or the rebalance, and is held at the end.
    assert_eq!(app.held.len(), 6);
    let at_the_end: Vec<_> = app.held.iter().filter(|held| held.until.is_none()).collect();
    assert_eq!(at_the_end.len(), 3);
    assert!(at_the_end.iter().all(|held| held.member == "app-0"));
    let crashed = app.held.iter().filter(|held| held.until == Some(Instant::from_ms(20_000)));
    assert!(crashed.clone().count() > 0 && crashed.clone().all(|held| held.member == "app-1"));
    let ends: Vec<i64> = app.partitions.values().map(|end| end.log_end).collect();
    assert_eq!(ends.iter().sum::<i64>(), 80);
    assert!(app.partitions.values().all(|end| end.committed.is_some()));
    // A heartbeat there and back.
    assert_eq!(run.late, Duration::from_ms(2));
    assert_eq!(run.contradictions, Vec::<String>::new());
}

#[test]
fn a_trace_that_was_kept_gives_the_same() {
    let scenario = parse("test.toml", TEXT, &[]).unwrap().scenario;
    struct Keep(Vec<crate::trace::Event>);
    impl Observer for Keep {
        fn observe(&mut self, event: &crate::trace::Event, _: &Names) {
            self.0.push(*event);
        }
    }
    let mut kept = Keep(Vec::new());
    let end = sim::run(&scenario, RunOptions::default(), &mut [&mut kept]);
    let trace = Trace { events: kept.0, names: end.names };
    assert_eq!(Observed::of_trace(&scenario, &trace), observed());
}

#[test]
fn a_member_that_leaves_because_it_did_not_poll_is_told_so_whatever_its_library() {
    let text = TEXT.replace("crash = \"app-1\"", "stuck = \"app-1\"");
    for client in [crate::config::ClientKind::Java, crate::config::ClientKind::Librdkafka] {
        let run = observed_of(crate::scenario::parse_as("test.toml", &text, &[], client).unwrap().scenario);
        let [removal] = &run.groups["app"].removals[..] else { panic!("{run:?}") };
        assert_eq!((removal.reason, removal.fault.unwrap().0), (RemovalReason::MaxPoll, "stuck"), "{client:?}");
    }
}

#[test]
fn what_the_cluster_does_not_know_of_is_told() {
    let run = observed();
    let all: Vec<(String, String, u32, i64)> = run.groups["app"]
        .partitions
        .iter()
        .map(|(place, end)| {
            let (topic, number) = place.rsplit_once('-').unwrap();
            ("app".to_owned(), topic.to_owned(), number.parse().unwrap(), end.committed.unwrap())
        })
        .collect();
    assert_eq!(run.unlike(&all), [""; 0]);
    let mut more = all.clone();
    more[0].3 += 1;
    assert_eq!(run.unlike(&more), [""; 0]);
    let mut less = all.clone();
    less[1].3 -= 20;
    assert_eq!(run.unlike(&less), ["orders-1: 27 was seen to be committed by app, the cluster says 7"]);
    assert_eq!(run.unlike(&all[1..]), ["orders-0: 27 was seen to be committed by app, the cluster says nothing"]);
}
