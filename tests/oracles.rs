//! Every file of `scenarios/oracles/` trips the oracle or metric that it is named after, and keeps what it expects.

use groupsim::oracle::{Class, Judge, Outcome};
use groupsim::scenario;
use groupsim::sim::{RunOptions, run};
use std::collections::BTreeSet;
use std::path::Path;

/// File, and what it must show.
const SHOWS: &[(&str, &str)] = &[
    ("d1-producer-dropped", "producer_dropped"),
    ("d1-producer-duplicates", "producer_duplicates"),
    ("d1-producer-failed", "producer_failed"),
    ("d1-producer-lost", "producer_lost"),
    ("d1-producer-reordered", "producer_reordered"),
    ("interrupted", "interrupted"),
    ("l1-unconverged", "unconverged"),
    ("l4-undrained", "undrained"),
    ("l5-storm", "storms"),
    ("o1c-client-overlap", "client_overlap"),
    ("o2-zombie", "zombie_records"),
    ("o4-hazards-harmless", "hazards"),
    ("o4-lost-commit-before-work", "lost"),
    ("o4-undecided-hazards", "undecided_hazards"),
    ("o5-skipped-latest", "skipped"),
    ("o6-duplicates-commit-lost", "duplicates:commit-lost"),
    ("o6-duplicates-commit-rejected", "duplicates:commit-rejected"),
    ("o6-duplicates-crash", "duplicates:crash"),
    ("o6-duplicates-reset", "duplicates:reset"),
    ("o6-duplicates-revoked", "duplicates:revoked"),
    ("o6-duplicates-rewind", "duplicates:rewind"),
    ("o6-duplicates-zombie", "duplicates:zombie"),
    ("o7b-order-inversion", "order_inversions"),
    ("o8-commit-regression", "commit_regressions"),
    ("o8-commit-retried", "commit_regressions"),
    ("without-result", "duplicates:crash"),
];

/// Files beside those, which show the same with the cure: nothing is found.
const CURES: &[&str] = &["with-result"];

fn outcome(path: &Path) -> Outcome {
    let text = std::fs::read_to_string(path).expect("a readable file");
    let scenario = scenario::parse("oracle.toml", &text, &[]).expect("a valid file").scenario;
    // Losses are declared in these files: the default promises do not apply.
    let mut judge = Judge::new(&scenario.expect, true, true);
    let end = run(&scenario, RunOptions::default(), &mut [&mut judge]);
    judge.finish(&end.names, end.virtual_time)
}

fn value(outcome: &Outcome, metric: &str) -> i64 {
    if let Some(cause) = metric.strip_prefix("duplicates:") {
        return outcome.total.duplicates_by_cause.get(cause).copied().unwrap_or(0);
    }
    match outcome.total.samples.get(metric) {
        Some(samples) => samples.values.len() as i64,
        None => outcome.total.numbers[metric],
    }
}

#[test]
fn every_oracle_has_a_scenario_that_trips_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/oracles");
    for (file, metric) in SHOWS {
        let outcome = outcome(&folder.join(file).with_extension("toml"));
        assert!(value(&outcome, metric) > 0, "{file} shows no {metric}");
        let broken: Vec<_> = outcome.expectations.iter().filter(|judged| !judged.held).collect();
        assert!(broken.is_empty(), "{file}: {broken:#?}");
        assert!(outcome.findings.iter().all(|finding| finding.class != Class::Model), "{file}");
    }
    for file in CURES {
        let outcome = outcome(&folder.join(file).with_extension("toml"));
        let broken: Vec<_> = outcome.expectations.iter().filter(|judged| !judged.held).collect();
        assert!(broken.is_empty(), "{file}: {broken:#?}");
        assert!(outcome.findings.iter().all(|finding| finding.class == Class::Measure), "{file}");
    }
    let files = SHOWS.iter().map(|(file, _)| file).chain(CURES);
    let named: BTreeSet<String> = files.map(|file| format!("{file}.toml")).collect();
    let shipped = std::fs::read_dir(&folder).expect("the folder");
    let shipped: BTreeSet<String> =
        shipped.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(shipped, named);
}
