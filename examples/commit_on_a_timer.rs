//! A commit strategy of one's own that loses records: every 3 s it commits what poll() has handed out, done or not.
//!
//! It takes the place of auto-commit in `scenarios/questions/does-auto-commit-lose-messages.toml`, whose members are killed in
//! the middle of a batch; the loss is told.
//!
//!     cargo run --example commit_on_a_timer

use groupsim::client::strategy::{Commit, CommitStrategy, Offsets, Progress};
use groupsim::config::MemberConfig;
use groupsim::oracle::Judge;
use groupsim::sim::{self, RunOptions};
use groupsim::time::{Duration, Instant};
use std::path::Path;

/// Commits the position, from a timer that it looks at after each record.
struct OnATimer {
    last: Instant,
}

impl CommitStrategy for OnATimer {
    fn after_record(&mut self, progress: &Progress<'_>, _count: u64) -> Commit {
        if progress.now().since(self.last) < Duration::from_secs(3) {
            return Commit::Nothing;
        }
        self.last = progress.now();
        Commit::Async(Offsets::Position)
    }
}

fn main() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/questions/does-auto-commit-lose-messages.toml");
    let scenario = groupsim::scenario::load(&file, &[]).expect("the scenario is right").scenario;
    let mut judge = Judge::new(&scenario.expect, true, true);
    let strategies = |member: &MemberConfig| -> Option<Box<dyn CommitStrategy>> {
        (member.scope == "auto").then(|| -> Box<dyn CommitStrategy> { Box::new(OnATimer { last: Instant::ZERO }) })
    };
    let end = sim::run_with_strategies(&scenario, RunOptions::default(), &strategies, &mut [&mut judge]);
    let outcome = judge.finish(&end.names, end.virtual_time);
    let auto = &outcome.scopes["auto"].numbers;
    println!("lost {}, duplicates {}", auto["lost"], auto["duplicates"]);
    if let Some(lost) = outcome.findings.iter().find(|finding| finding.scope == "auto" && finding.what == "lost") {
        println!("{}", lost.sentence);
    }
}
