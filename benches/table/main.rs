//! `cargo bench --bench table`: the table of docs/performance.md. Every row is measured in a process of its own, next to
//! a bare event loop in the same process, by which its floor is scaled. With words after `--`: only rows named so.

mod meter;
#[path = "../support/mod.rs"]
mod support;

use groupsim::config::MemberConfig;
use groupsim::scenario::Scenario;
use groupsim::time::Duration;
use meter::{Cost, best, children_seconds, measure, peak_mib};
use std::process::Command;
use support::runs::{heartbeats, load, run_bare, run_judged, run_seed};

/// Floors are for a machine whose bare loop does this many messages a second.
const BARE_RATE: f64 = 30e6;

/// What a floor is about.
#[derive(Clone, Copy)]
enum Floor {
    /// Seconds at the most, on the machine of [`BARE_RATE`].
    Seconds(f64),
    /// Messages or events a second at the least, on that machine.
    Rate(f64),
    /// Nothing but memory.
    None,
}

/// A row: name, how it is measured, floors of time and of memory.
struct Row {
    name: &'static str,
    run: fn() -> (Cost, u64),
    floor: Floor,
    mib: Option<f64>,
}

const CANONICAL: &str = "scenarios/rolling-deploy.toml";
const STORM: &str = "benches/scenarios/storm.toml";
const BACKLOG: &str = "benches/scenarios/backlog.toml";
const LARGE: &str = "benches/scenarios/large-group.toml";
const DAY: &str = "benches/scenarios/day.toml";

const ROWS: [Row; 12] = [
    Row { name: "heartbeats, messages", run: heartbeat_messages, floor: Floor::Rate(5e6), mib: None },
    Row { name: "heartbeats, events, judged", run: || judged(&heartbeats(), 3), floor: Floor::None, mib: Some(64.0) },
    Row { name: "canonical", run: || bare(&load(CANONICAL), 5), floor: Floor::None, mib: None },
    Row { name: "canonical, judged", run: || judged(&load(CANONICAL), 5), floor: Floor::Seconds(0.25), mib: None },
    Row { name: "canonical, sweep of 20 seeds", run: sweep, floor: Floor::Rate(3e6), mib: Some(64.0) },
    Row { name: "storm", run: || bare(&load(STORM), 2), floor: Floor::Seconds(1.5), mib: None },
    Row { name: "storm, judged", run: || judged(&load(STORM), 2), floor: Floor::None, mib: None },
    Row { name: "backlog", run: || bare(&load(BACKLOG), 2), floor: Floor::Seconds(5.0), mib: Some(100.0) },
    Row { name: "backlog, judged", run: || judged(&load(BACKLOG), 1), floor: Floor::None, mib: Some(100.0) },
    Row { name: "large group", run: || bare(&load(LARGE), 1), floor: Floor::Seconds(30.0), mib: Some(1024.0) },
    Row { name: "large group, judged", run: || judged(&load(LARGE), 1), floor: Floor::None, mib: Some(1024.0) },
    Row { name: "a day, judged", run: || judged(&load(DAY), 1), floor: Floor::Rate(3e6), mib: Some(64.0) },
];

fn bare(scenario: &Scenario, times: u32) -> (Cost, u64) {
    let (cost, end) = best(times, || run_bare(scenario).0);
    (cost, end.events)
}

fn judged(scenario: &Scenario, times: u32) -> (Cost, u64) {
    let (cost, end) = best(times, || run_judged(scenario));
    (cost, end.events)
}

fn heartbeat_messages() -> (Cost, u64) {
    let scenario = heartbeats();
    let (cost, (_, messages)) = best(5, || run_bare(&scenario));
    (cost, messages)
}

fn sweep() -> (Cost, u64) {
    let scenario = load(CANONICAL);
    measure(|| (0..20).map(|seed| run_seed(&scenario, seed).events).sum())
}

/// Messages a second of the bare loop.
fn bare_rate() -> f64 {
    let (cost, bare) = best(5, || support::bare_loop(10, 24));
    bare.messages as f64 / cost.seconds
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some(name) = words.first().and_then(|word| word.strip_prefix("row=")) {
        return child(name);
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    println!(
        "| what | events | on the processor | by the clock | rate | per event | bare loop | floor here | memory | |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for row in ROWS.iter().filter(|row| wanted(row.name)) {
        print_row(row);
    }
    if wanted("whole process") {
        whole_process();
    }
    if wanted("two threads") {
        two_threads();
    }
    if wanted("growth") {
        growth();
    }
}

/// Measures one row and prints its figures for the parent.
fn child(name: &str) {
    let row = ROWS.iter().find(|row| row.name == name).expect("a row of the table");
    let before = bare_rate();
    let (cost, events) = (row.run)();
    let bare = before.max(bare_rate());
    println!("{} {} {events} {bare} {}", cost.seconds, cost.wall, peak_mib().unwrap_or(0.0));
}

fn print_row(row: &Row) {
    let this = std::env::current_exe().expect("a bench has a path");
    let output = Command::new(this).arg(format!("row={}", row.name)).output().expect("a bench can start itself");
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    let [seconds, wall, events, bare, mib] = figures[..] else {
        println!("| {} | failed: {} |", row.name, String::from_utf8_lossy(&output.stderr));
        return;
    };
    let rate = events / seconds;
    let (floor, mut held) = match row.floor {
        Floor::Seconds(most) => {
            let most = most * BARE_RATE / bare;
            (format!("{:.0} ms", most * 1e3), seconds <= most)
        }
        Floor::Rate(least) => {
            let least = least * bare / BARE_RATE;
            (format!("{:.2} M/s", least / 1e6), rate >= least)
        }
        Floor::None => (String::new(), true),
    };
    let memory = match row.mib {
        Some(most) => {
            held &= mib <= most;
            format!("{mib:.0} of {most:.0} MiB")
        }
        None => format!("{mib:.0} MiB"),
    };
    println!(
        "| {} | {events} | {:.1} ms | {:.1} ms | {:.2} M/s | {:.0} ns | {:.1} M/s, {:.1}x | {floor} | {memory} | {} |",
        row.name,
        seconds * 1e3,
        wall * 1e3,
        rate / 1e6,
        1e9 / rate,
        bare / 1e6,
        bare / rate,
        verdict(held)
    );
}

fn verdict(held: bool) -> &'static str {
    if held { "pass" } else { "FAIL" }
}

/// The canonical scenario as its user runs it.
fn whole_process() {
    const TIMES: u32 = 20;
    let file = format!("{}/{CANONICAL}", env!("CARGO_MANIFEST_DIR"));
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groupsim"));
        let output = command.args(["run", &file, "--quiet"]).output().expect("the binary is built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let bare = bare_rate();
    let before = children_seconds();
    let mut least = f64::MAX;
    for _ in 0..TIMES {
        least = least.min(measure(run).0.wall);
    }
    let on_processor =
        children_seconds().zip(before).map_or(least, |(after, before)| (after - before) / f64::from(TIMES));
    let floor = 0.25 * BARE_RATE / bare;
    println!();
    println!("| canonical as a whole process | on the processor, mean | by the clock, least | floor here | |");
    println!("|---|---|---|---|---|");
    println!(
        "| {TIMES} runs | {:.0} ms | {:.0} ms | {:.0} ms | {} |",
        on_processor * 1e3,
        least * 1e3,
        floor * 1e3,
        verdict(on_processor <= floor)
    );
}

/// Two sweeps at a time against two bare loops at a time.
fn two_threads() {
    let scenario = load(CANONICAL);
    let one = |work: &(dyn Fn() + Sync)| measure(work).0;
    let two = |work: &(dyn Fn() + Sync)| {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| measure(work).0);
            let (this, other) = (measure(work).0, other.join().expect("a run does not panic"));
            Cost { seconds: this.seconds.max(other.seconds), wall: this.wall.max(other.wall) }
        })
    };
    let sweep = || (0..10).for_each(|seed| drop(run_seed(&scenario, seed)));
    let loops = || (0..20).for_each(|_| assert_ne!(support::bare_loop(10, 24).checksum, 0));
    let (sweep_one, loop_one) = (one(&sweep), one(&loops));
    let (sweep_two, loop_two) = (two(&sweep), two(&loops));
    let gain = |one: f64, two: f64| 2.0 * one / two;
    let (sweeps, loops) = (gain(sweep_one.seconds, sweep_two.seconds), gain(loop_one.seconds, loop_two.seconds));
    println!();
    println!("| two threads do as much as | sweeps | bare loops | sweeps / loops | floor | |");
    println!("|---|---|---|---|---|---|");
    println!(
        "| one, by time on the processor | {sweeps:.2} | {loops:.2} | {:.2} | 0.90 | {} |",
        sweeps / loops,
        verdict(sweeps / loops >= 0.9)
    );
    let (sweeps, loops) = (gain(sweep_one.wall, sweep_two.wall), gain(loop_one.wall, loop_two.wall));
    println!("| one, by the clock | {sweeps:.2} | {loops:.2} | {:.2} | | |", sweeps / loops);
}

/// Cost per event with ten times and a hundred times the members.
fn growth() {
    println!();
    println!("| members | heartbeats, per event | growth | bare loop, per message | growth |");
    println!("|---|---|---|---|---|");
    let mut first = None;
    for (members, hours) in [(10, 24), (100, 4), (1_000, 1)] {
        let mut scenario = heartbeats();
        scenario.run_for = Duration::from_secs(hours * 3_600);
        let group = &mut scenario.groups[0];
        let config = group.member_configs[0].clone();
        group.members = members;
        group.member_configs =
            (0..members).map(|number| MemberConfig { name: format!("idle-{number}"), ..config.clone() }).collect();
        group.starts_at_zero = vec![true; members as usize];
        let (cost, end) = best(3, || run_bare(&scenario).0);
        let (loop_cost, bare) = best(3, || support::bare_loop(members, hours));
        let ns = cost.seconds * 1e9 / end.events as f64;
        let loop_ns = loop_cost.seconds * 1e9 / bare.messages as f64;
        let (ns_10, loop_10) = *first.get_or_insert((ns, loop_ns));
        println!("| {members} | {ns:.0} ns | {:.1}x | {loop_ns:.0} ns | {:.1}x |", ns / ns_10, loop_ns / loop_10);
        if members == 1_000 {
            println!("\nGrowth: at most 3.0x: {}", verdict(ns / ns_10 <= 3.0));
        }
    }
}
