//! A commit strategy of one's own that loses nothing: as lazy as `commit_on_a_timer`, but it commits what is done, does so once
//! more when partitions are taken away, and repeats a commit that failed only if nothing newer has been committed since.
//!
//!     cargo run --example commit_what_is_done

use groupsim::client::strategy::{Answer, Commit, CommitStrategy, Offsets, Progress};
use groupsim::config::MemberConfig;
use groupsim::oracle::Judge;
use groupsim::sim::{self, RunOptions};
use groupsim::time::{Duration, Instant};
use std::path::Path;

/// Commits what is done: every 3 s, and whenever 1000 records are done that are not committed.
struct WhatIsDone {
    last: Instant,
    done: u64,
}

impl CommitStrategy for WhatIsDone {
    fn after_record(&mut self, progress: &Progress<'_>, count: u64) -> Commit {
        self.done += count;
        if self.done < 1_000 && progress.now().since(self.last) < Duration::from_secs(3) {
            return Commit::Nothing;
        }
        (self.last, self.done) = (progress.now(), 0);
        Commit::Async(Offsets::Done)
    }

    fn on_revoke(&mut self, _progress: &Progress<'_>) -> Commit {
        Commit::Sync(Offsets::Done)
    }

    fn on_close(&mut self, _progress: &Progress<'_>) -> Commit {
        Commit::Sync(Offsets::Done)
    }

    fn on_answer(&mut self, progress: &Progress<'_>, answer: &Answer<'_>) -> Commit {
        let overtaken =
            answer.offsets().any(|(tp, offset)| progress.partition(tp).is_none_or(|p| p.committed >= offset));
        if answer.error.is_none() || answer.attempt >= 3 || overtaken { Commit::Nothing } else { answer.again() }
    }
}

fn main() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/questions/does-auto-commit-lose-messages.toml");
    let scenario = groupsim::scenario::load(&file, &[]).expect("the scenario is right").scenario;
    let mut judge = Judge::new(&scenario.expect, true, true);
    let strategies = |member: &MemberConfig| -> Option<Box<dyn CommitStrategy>> {
        (member.scope == "auto")
            .then(|| -> Box<dyn CommitStrategy> { Box::new(WhatIsDone { last: Instant::ZERO, done: 0 }) })
    };
    let end = sim::run_with_strategies(&scenario, RunOptions::default(), &strategies, &mut [&mut judge]);
    let outcome = judge.finish(&end.names, end.virtual_time);
    let auto = &outcome.scopes["auto"].numbers;
    println!("lost {}, duplicates {}", auto["lost"], auto["duplicates"]);
    for finding in outcome.findings.iter().filter(|finding| finding.scope == "auto") {
        println!("{}", finding.sentence);
    }
}
