//! `cargo bench --bench groups`: how long whole runs take, by divan.

mod support;

use divan::Bencher;
use support::runs::{heartbeats, load, run_bare, run_judged};

fn main() {
    divan::main();
}

/// The baseline of the day of heartbeats.
#[divan::bench]
fn bare_event_loop() -> u64 {
    support::bare_loop(10, 24).checksum
}

/// A day of heartbeats.
#[divan::bench]
fn heartbeat_day(bencher: Bencher<'_, '_>) {
    let scenario = heartbeats();
    bencher.bench(|| run_bare(&scenario));
}

/// A group that consumes: the rolling deploy of the README, oracles on.
#[divan::bench]
fn consuming_group(bencher: Bencher<'_, '_>) {
    let scenario = load("scenarios/rolling-deploy.toml");
    bencher.bench(|| run_judged(&scenario));
}

/// A rebalance every few seconds for an hour.
#[divan::bench(sample_count = 5)]
fn rebalance_storm(bencher: Bencher<'_, '_>) {
    let scenario = load("benches/scenarios/storm.toml");
    bencher.bench(|| run_bare(&scenario));
}
