//! Every row is seen to agree with a run of another seed, and to differ when that run is doctored.

use super::*;
use crate::kafka::observed::Observed;
use crate::scenario::{Loaded, parse};
use crate::sim::{self, RunOptions};
use crate::time::Instant;
use crate::trace::{Event, Observer, RemovalReason, Trace};
use std::sync::atomic::AtomicBool;

/// Two members of librdkafka, one is killed, comes back, and one leaves.
const TEXT: &str = r#"
run-for = "45s"

[topic.orders]
partitions = 4
produce    = "20/s"

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
  { at = "15s", crash = "app-0" },
  { at = "25s", start = "app-0" },
  { at = "35s", stop = "app-1" },
]
"#;

fn scenario() -> Scenario {
    let Loaded { scenario, .. } = parse("test.toml", TEXT, &[]).unwrap();
    scenario
}

#[derive(Default)]
struct Keep(Vec<Event>);

impl Observer for Keep {
    fn observe(&mut self, event: &Event, _: &crate::ids::Names) {
        self.0.push(*event);
    }
}

/// A run that plays the real one.
fn real(scenario: &Scenario, seed: u64) -> Trace {
    let mut kept = Keep::default();
    let end = sim::run(scenario, RunOptions { seed: Some(seed), ..RunOptions::default() }, &mut [&mut kept]);
    Trace { events: kept.0, names: end.names }
}

fn simulated(scenario: &Scenario) -> Vec<Observed> {
    simulate(scenario, 0, 30, &AtomicBool::new(false)).unwrap()
}

#[test]
fn another_seed_agrees_in_every_row() {
    let scenario = scenario();
    let simulated = simulated(&scenario);
    let real = [Observed::of_trace(&scenario, &real(&scenario, 4711))];
    let comparison = compare(&scenario, &simulated, &real, Vec::new());
    assert_eq!(comparison.differing(), 0, "{}", table(&comparison));
    assert!(comparison.rows.len() >= 30, "{}", table(&comparison));
    // A heartbeat there and back.
    assert_eq!(comparison.late, Duration::from_ms(2));
}

/// Changes a run that agrees, and says which row must now differ.
type Doctored = (&'static str, fn(&mut Observed));

fn app(run: &mut Observed) -> &mut crate::kafka::observed::GroupObserved {
    run.groups.get_mut("app").unwrap()
}

const SECOND: Duration = Duration::from_secs(1);

/// One for each figure.
const DOCTORED: &[Doctored] = &[
    ("generations", |run| {
        app(run).generations.pop();
    }),
    ("members of each generation", |run| app(run).generations[1].members += 1),
    ("assignor", |run| app(run).generations.iter_mut().for_each(|g| g.protocol = "sticky".to_owned())),
    ("from the first start to the first JoinGroup", |run| app(run).first_join = Some(Instant::from_ms(1_100))),
    ("from the first JoinGroup to the first Stable", |run| {
        let stable = &mut app(run).generations[0].stable;
        *stable = stable.map(|at| at + SECOND);
    }),
    ("Stable at", |run| {
        let stable = &mut app(run).generations[2].stable;
        *stable = stable.map(|at| at + SECOND * 4);
    }),
    ("from leaving Stable to the next", |run| sample(run, "time_to_stable")),
    ("state at the end", |run| app(run).metrics.state = Some("Empty")),
    ("members at the end", |run| number(run, "members")),
    ("members removed: session", |run| app(run).removals[0].reason = RemovalReason::Leave),
    ("members removed: leave", |run| {
        app(run).removals.pop();
    }),
    ("members removed: max_poll", |run| app(run).removals[1].reason = RemovalReason::MaxPoll),
    ("from crash to removal (session)", |run| app(run).removals[0].at += SECOND * 3),
    ("from stop to removal (leave)", |run| app(run).removals[1].at += SECOND),
    ("from the last sign of life to removal (session)", |run| {
        let sign = &mut app(run).removals[0].last_sign;
        *sign = sign.map(|at| at + Duration::from_ms(300));
    }),
    ("partitions of the members, when Stable", |run| app(run).generations[0].sizes = vec![3, 1]),
    ("partitions given to two members at once", |run| app(run).given_twice = 1),
    ("partitions that moved", |run| {
        *app(run).metrics.numbers.get_mut("moved_partitions").unwrap() += 9;
    }),
    ("partitions that clients hold at the end", |run| {
        app(run).held.pop();
    }),
    ("time that clients held partitions, in sum", |run| app(run).held[0].until = None),
    ("partitions without owner: times", |run| {
        app(run).metrics.samples.get_mut("partition_downtime").unwrap().values.push(1);
    }),
    ("partitions without owner: longest", |run| sample(run, "partition_downtime")),
    ("partitions without owner: in sum", |run| sample(run, "partition_downtime")),
    ("two clients hold one partition: longest", |run| sample(run, "client_overlap")),
    ("commits accepted", |run| app(run).commits_accepted += 20),
    ("commits rejected: ILLEGAL_GENERATION", |run| {
        app(run).commits_rejected.insert("ILLEGAL_GENERATION", 1);
    }),
    ("committed at the end", |run| {
        app(run).partitions.get_mut("orders-2").unwrap().committed = Some(7);
    }),
    ("log ends", |run| app(run).partitions.get_mut("orders-2").unwrap().log_end += 9),
    ("records handled", |run| app(run).metrics.processed -= 50),
    ("lost", |run| number(run, "lost")),
    ("skipped", |run| number(run, "skipped")),
    ("duplicates", |run| number(run, "duplicates")),
    ("duplicates: zombie", |run| {
        app(run).metrics.duplicates_by_cause.insert("zombie", 9);
    }),
    ("records handled by a zombie", |run| number(run, "zombie_records")),
    ("order inversions", |run| number(run, "order_inversions")),
    ("commits that went backwards", |run| number(run, "commit_regressions")),
    ("ends of partitions reached", |run| app(run).ends_reached = 1),
];

fn number(run: &mut Observed, metric: &'static str) {
    *app(run).metrics.numbers.entry(metric).or_default() += 9;
}

fn sample(run: &mut Observed, metric: &'static str) {
    let values = &mut app(run).metrics.samples.entry(metric).or_default().values;
    match values.first_mut() {
        Some(first) => *first += 20_000_000,
        None => values.push(20_000_000),
    }
}

#[test]
fn a_doctored_run_differs_in_the_row_that_it_is_about() {
    let scenario = scenario();
    let simulated = simulated(&scenario);
    let honest = Observed::of_trace(&scenario, &real(&scenario, 4711));
    for (figure, doctor) in DOCTORED {
        let mut run = honest.clone();
        doctor(&mut run);
        let comparison = compare(&scenario, &simulated, &[run], Vec::new());
        let row = comparison.rows.iter().find(|row| row.figure == *figure);
        assert!(row.is_some_and(|row| !row.agrees()), "{figure}\n{}", table(&comparison));
        // One bad run among good ones is enough.
        let mut bad = honest.clone();
        doctor(&mut bad);
        let comparison = compare(&scenario, &simulated, &[honest.clone(), bad], Vec::new());
        assert!(comparison.differing() > 0, "{figure}");
    }
    let figures = compare(&scenario, &simulated, &[honest], Vec::new());
    for row in &figures.rows {
        assert!(DOCTORED.iter().any(|(figure, _)| *figure == row.figure), "nobody has seen {} differ", row.figure);
    }
}

#[test]
fn rows_that_only_one_side_has_are_rows() {
    let scenario = scenario();
    let simulated = simulated(&scenario);
    let honest = Observed::of_trace(&scenario, &real(&scenario, 4711));
    let mut without = honest.clone();
    without.groups.clear();
    assert!(compare(&scenario, &simulated, &[without], Vec::new()).differing() > 20);
    let none = compare(&scenario, &simulated, &[], vec!["`assign` cannot be done".to_owned()]);
    assert!(!none.compared() && none.differing() == 0);
    assert!(summary_line(&none).contains("`assign` cannot be done"));
    let none = compare(&scenario, &simulated, &[], Vec::new());
    assert!(summary_line(&none).contains("nothing of this scenario"));
}

#[test]
fn a_late_machine_widens_times_by_what_it_was_late() {
    let scenario = scenario();
    let simulated = simulated(&scenario);
    let mut late = Observed::of_trace(&scenario, &real(&scenario, 4711));
    let stop = Duration::from_ms(700);
    app(&mut late).removals[1].at += stop;
    assert!(compare(&scenario, &simulated, &[late.clone()], Vec::new()).differing() > 0);
    late.late = Duration::from_ms(200);
    let comparison = compare(&scenario, &simulated, &[late], Vec::new());
    assert_eq!(comparison.differing(), 0, "{}", table(&comparison));
}

#[test]
fn the_simulated_side_is_the_same_whatever_the_number_of_threads() {
    let scenario = scenario();
    let run = || simulate(&scenario, 5, 8, &AtomicBool::new(false)).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(run), run());
    assert_eq!(simulate(&scenario, 5, 8, &AtomicBool::new(true)), None);
}

#[test]
fn tables_and_json_say_the_same() {
    let scenario = scenario();
    let simulated = simulated(&scenario);
    let mut run = Observed::of_trace(&scenario, &real(&scenario, 4711));
    app(&mut run).given_twice = 2;
    let comparison = compare(&scenario, &simulated, std::slice::from_ref(&run), vec!["lag".to_owned()]);
    let text = table(&comparison);
    assert_eq!(text.matches("DIFFERS").count(), 1, "{text}");
    assert!(summary_line(&comparison).contains("1 differs, 1 not comparable; 30 simulated runs, 1 real run"));
    let json = document(&comparison, &[run]);
    assert_eq!(json["verdict"], "differs");
    let rows = json["rows"].as_array().unwrap();
    let differing: Vec<_> = rows.iter().filter(|row| row["verdict"] == "differs").collect();
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0]["real"][0], 2);
    assert_eq!(differing[0]["distance"], "+2");
    assert_eq!(json["real"][0]["groups"]["app"]["removals"][0]["reason"], "session");
}
