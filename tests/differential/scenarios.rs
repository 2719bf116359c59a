//! Whole scenarios with Kafka's coordinator beside ours: our clients, our clock, and the same answers from both.

use crate::deployment::scenario_text;
use crate::kafka::Kafka;
use crate::shadow::{refusal, shadow};
use groupsim::scenario;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Random scenarios that differ before the test gives up.
const MAX_WRONG: u64 = 3;

#[test]
fn shipped_scenarios_get_the_same_answers_from_kafka() {
    if !crate::is_live() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = scenario::find_files(&[root.join("scenarios")]).unwrap_or_else(|error| panic!("{error}"));
    let mut kafka = Kafka::start();
    let mut wrong = 0;
    for path in &files {
        let loaded = scenario::load(path, &[]).unwrap_or_else(|errors| panic!("{errors:?}"));
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        if let Some(why) = refusal(&loaded.scenario) {
            writeln!(std::io::stderr(), "{name:<60} {why}").expect("stderr takes a line");
            continue;
        }
        let shadowed;
        (kafka, shadowed) = shadow(kafka, &loaded.scenario);
        writeln!(std::io::stderr(), "{name:<60} {shadowed}").expect("stderr takes a line");
        wrong += u32::from(shadowed.difference.is_some());
    }
    assert_eq!(wrong, 0, "of {} scenarios", files.len());
}

#[test]
fn random_scenarios_get_the_same_answers_from_kafka() {
    if !crate::is_live() {
        return;
    }
    let (amount, seed) = (crate::number("GROUPSIM_DIFF_SCENARIOS", 20), crate::number("GROUPSIM_DIFF_SEED", 1));
    let first = crate::number("GROUPSIM_DIFF_FIRST", 0);
    let mut kafka = Kafka::start();
    let (started, mut wrong, mut same_trace) = (Instant::now(), 0, 0);
    let (mut requests, mut generations, mut successions) = (0, 0, 0);
    for number in first..first + amount {
        let text = scenario_text(seed, number);
        let loaded = scenario::parse("random.toml", &text, &[]).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        let shadowed;
        (kafka, shadowed) = shadow(kafka, &loaded.scenario);
        requests += shadowed.requests;
        generations += shadowed.generations;
        successions += shadowed.successions;
        same_trace += u64::from(shadowed.same_trace);
        if shadowed.difference.is_some() {
            wrong += 1;
            eprintln!("--- scenario {number} of seed {seed}\n{text}\n{shadowed}");
            if wrong == MAX_WRONG {
                break;
            }
        }
    }
    eprintln!("seed {seed}, scenarios {first}..{}, {:.0?}: {requests} requests", first + amount, started.elapsed());
    eprintln!("  {generations} generations, {successions} successions, {same_trace} traces the same as without Kafka");
    assert_eq!(wrong, 0, "scenarios differ");
}
