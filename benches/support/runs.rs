//! The scenarios that figures are measured on.

use groupsim::config::Membership;
use groupsim::ids::Names;
use groupsim::oracle::Judge;
use groupsim::scenario::Scenario;
use groupsim::sim::{RunEnd, RunOptions, run};
use groupsim::trace::{Event, Observer};

/// Loads a scenario file that lies beside the benches, or among the shipped ones.
pub fn load(path: &str) -> Scenario {
    let full = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    groupsim::scenario::load(full.as_ref(), &[]).unwrap_or_else(|errors| panic!("{path}: {errors:?}")).scenario
}

/// 10 members that own nothing: they subscribe to a topic that does not exist.
pub fn heartbeats() -> Scenario {
    let mut scenario = load("benches/scenarios/heartbeats.toml");
    for config in &mut scenario.groups[0].member_configs {
        if let Membership::Subscribe { topics, .. } = &mut config.membership {
            *topics = vec!["absent".to_owned()];
        }
    }
    scenario
}

/// Counts what crosses the network: every request sent and every answer seen.
#[derive(Default)]
pub struct Messages(pub u64);

impl Observer for Messages {
    fn observe(&mut self, event: &Event, _: &Names) {
        use groupsim::trace::Kind;
        if matches!(event.kind, Kind::RequestSent { .. } | Kind::RequestReplySeen { .. }) {
            self.0 += 1;
        }
    }
}

/// Runs without oracles.
pub fn run_bare(scenario: &Scenario) -> (RunEnd, u64) {
    let mut messages = Messages::default();
    let end = run(scenario, RunOptions::default(), &mut [&mut messages]);
    (end, messages.0)
}

/// Runs with every oracle, the trace not kept, as a sweep does.
pub fn run_judged(scenario: &Scenario) -> RunEnd {
    run_seed(scenario, scenario.seed)
}

/// The same on another seed.
pub fn run_seed(scenario: &Scenario, seed: u64) -> RunEnd {
    let mut judge = Judge::new(&scenario.expect, scenario.promises.lost_mentioned, scenario.promises.skipped_mentioned);
    let end = run(scenario, RunOptions { seed: Some(seed), ..RunOptions::default() }, &mut [&mut judge]);
    std::hint::black_box(judge.finish(&end.names, end.virtual_time));
    end
}
