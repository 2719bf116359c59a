//! `cargo bench --bench table`: the table of docs/performance.md, every figure as a ratio to the bare event loop of the
//! same run.

mod support;

use groupsim::scenario::Scenario;
use std::time::Instant;
use support::runs::{heartbeats, load, run_bare, run_judged};

/// The fastest of several runs: what the machine can do, with the least of what else it was doing.
fn best<T>(times: u32, mut run: impl FnMut() -> T) -> (f64, T) {
    let mut best: Option<(f64, T)> = None;
    for _ in 0..times {
        let start = Instant::now();
        let result = run();
        let seconds = start.elapsed().as_secs_f64();
        if best.as_ref().is_none_or(|(least, _)| seconds < *least) {
            best = Some((seconds, result));
        }
    }
    best.expect("at least one run")
}

fn row(what: &str, seconds: f64, events: u64, note: &str) {
    let ns = seconds * 1e9 / events as f64;
    println!(
        "| {what} | {:.1} ms | {events} | {:.2} M/s | {ns:.0} ns | {note} |",
        seconds * 1e3,
        events as f64 / seconds / 1e6
    );
}

fn run_row(what: &str, scenario: &Scenario, times: u32) {
    let (seconds, end) = best(times, || run_bare(scenario).0);
    row(what, seconds, end.events, "no oracles");
    let (seconds, end) = best(times, || run_judged(scenario));
    row(what, seconds, end.events, "oracles on, trace not kept");
}

fn main() {
    let (bare_seconds, bare) = best(5, || support::bare_loop(10, 24));
    let bare_rate = bare.messages as f64 / bare_seconds;
    println!("| what | time | events | rate | per event | note |");
    println!("|---|---|---|---|---|---|");
    row("bare event loop, 10 members, 24 h", bare_seconds, bare.messages, "messages, not events");

    let scenario = heartbeats();
    let (seconds, (end, messages)) = best(5, || run_bare(&scenario));
    let rate = messages as f64 / seconds;
    row("heartbeats only, 10 members, 24 h", seconds, messages, &format!("messages; {:.1}x bare", bare_rate / rate));
    row("the same, as trace events", seconds, end.events, "no oracles");

    run_row("canonical scenario", &load("scenarios/rolling-deploy.toml"), 5);
    run_row("rebalance storm, 1 h", &load("benches/scenarios/storm.toml"), 2);
    run_row("backlog of 10^9 records", &load("benches/scenarios/backlog.toml"), 1);
    run_row("large group, 1 h", &load("benches/scenarios/large-group.toml"), 1);

    growth();
}

/// Cost per event with ten times and a hundred times the members.
fn growth() {
    println!();
    println!("| members | heartbeats, per event | bare loop, per message |");
    println!("|---|---|---|");
    for (members, hours) in [(10, 24), (100, 4), (1_000, 1)] {
        let mut scenario = heartbeats();
        scenario.run_for = groupsim::time::Duration::from_secs(hours * 3_600);
        let group = &mut scenario.groups[0];
        let first = group.member_configs[0].clone();
        group.members = members;
        group.member_configs = (0..members)
            .map(|number| groupsim::config::MemberConfig { name: format!("idle-{number}"), ..first.clone() })
            .collect();
        group.starts_at_zero = vec![true; members as usize];
        let (seconds, (end, _)) = best(2, || run_bare(&scenario));
        let (bare_seconds, bare) = best(2, || support::bare_loop(members, hours));
        println!(
            "| {members} | {:.0} ns | {:.0} ns |",
            seconds * 1e9 / end.events as f64,
            bare_seconds * 1e9 / bare.messages as f64
        );
    }
}
