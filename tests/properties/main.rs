//! Properties that hold for every scenario, tried on random small ones.
//!
//! A scenario is generated as the text of its file, so that what fails can be pasted into one and run.

mod plan;

use groupsim::config::expect::Expectations;
use groupsim::oracle::{Class, Judge, Outcome};
use groupsim::scenario::{self, Scenario};
use groupsim::sim::{RunEnd, RunOptions, run};
use plan::{AFTER, ALL, plans};
use proptest::prelude::*;

/// A few cases by default; `PROPTEST_CASES=3000` for a night.
fn config() -> ProptestConfig {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 64 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn judged(scenario: &Scenario, seed: u64) -> (RunEnd, Outcome) {
    let mut judge = Judge::new(&Expectations::default(), false, false);
    let options = RunOptions { seed: Some(seed), event_budget: Some(3_000_000), ..RunOptions::default() };
    let end = run(scenario, options, &mut [&mut judge]);
    let outcome = judge.finish(&end.names, end.virtual_time);
    (end, outcome)
}

fn assert_model_silent(outcome: &Outcome, text: &str) -> Result<(), TestCaseError> {
    let broken: Vec<_> = outcome.findings.iter().filter(|f| f.class == Class::Model).take(3).collect();
    prop_assert!(broken.is_empty(), "{broken:#?}\n{text}");
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn model_oracles_stay_silent_and_runs_repeat(plan in plans(ALL), seed in 0u64..1_000) {
        let scenario = plan.scenario();
        let (first, outcome) = judged(&scenario, seed);
        assert_model_silent(&outcome, &plan.text())?;
        let by_cause: i64 = outcome.total.duplicates_by_cause.values().sum();
        prop_assert_eq!(by_cause, outcome.total.numbers["duplicates"]);
        let (second, _) = judged(&scenario, seed);
        prop_assert_eq!(first.hash, second.hash);
    }

    #[test]
    fn committing_after_the_work_never_loses_a_record(plan in plans(AFTER), seed in 0u64..1_000) {
        let (_, outcome) = judged(&plan.scenario(), seed);
        prop_assert_eq!(outcome.total.numbers["lost"], 0, "{}", plan.text());
        prop_assert_eq!(outcome.total.numbers["hazards"], 0, "{}", plan.text());
    }
}

/// Committing before the work is at-most-once: a crash in the middle of a batch loses what was committed and not done.
#[test]
fn committing_before_the_work_loses_a_record() {
    let text = r#"
        name = "commit before the work"
        run-for = "40s"
        [topic.t]
        produce = "50/s"
        [group.g]
        process = { per-record = "10ms" }
        commit = { when = "before-batch" }
        [group.g.config]
        auto.offset.reset = "earliest"
        session.timeout.ms = 6000
        [timeline]
        events = [
          { at = "15s..20s", crash = "g-0" },
          { at = "21s", start = "g-0" },
        ]
    "#;
    let scenario = scenario::parse("before.toml", text, &[]).expect("a valid file").scenario;
    let lost: i64 = (0..20).map(|seed| judged(&scenario, seed).1.total.numbers["lost"]).sum();
    assert!(lost > 0, "twenty crashes at random instants interrupt at least one record in work");
}
