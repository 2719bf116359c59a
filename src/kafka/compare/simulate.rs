//! The simulated side: many seeds, and many phases of the clocks that a real run has by accident.

use super::bounds::periodic_ms;
use crate::kafka::observed::{Observed, Watch};
use crate::scenario::{Action, Scenario, Selector, TimelineEvent};
use crate::sim::{self, RunOptions, StopReason};
use crate::time::{Duration, Instant};
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Runs a scenario on `count` seeds from `first` on; `None` if it was interrupted.
pub fn simulate(scenario: &Scenario, first: u64, count: u64, interrupt: &AtomicBool) -> Option<Vec<Observed>> {
    let phases = phases(scenario);
    (0..count)
        .into_par_iter()
        .map(|index| {
            let phase = phase(phases, index, count);
            let mut shifted = shifted(scenario, phase);
            drift(&mut shifted, index);
            let mut watch = Watch::new(&shifted);
            let seed = Some(first.wrapping_add(index));
            let options = RunOptions { seed, until: None, event_budget: None, interrupt: Some(interrupt) };
            let end = sim::run(&shifted, options, &mut [&mut watch]);
            (end.stop == StopReason::Horizon).then(|| watch.finish(&end.names, end.virtual_time))
        })
        .collect()
}

/// How far the first starts may be shifted: by the longest period of a clock that starts with a member (heartbeats,
/// periodic commits), and by no more than half the time to the first thing that the timeline does to a member.
pub(super) fn phases(scenario: &Scenario) -> Duration {
    let configs = scenario.groups.iter().flat_map(|group| &group.member_configs);
    let periods = configs.map(|config| {
        let heartbeat = i64::from(config.client.heartbeat_interval_ms);
        heartbeat.max(periodic_ms(config).unwrap_or(0)).max(0) as u64
    });
    let longest = Duration::from_ms(periods.max().unwrap_or(0));
    let to_a_member =
        |event: &&TimelineEvent| !matches!(event.action, Action::AddPartitions { .. } | Action::Produce { .. });
    let first = scenario.timeline.iter().filter(to_a_member).map(|event| event.at.0).min();
    match first {
        Some(first) => longest.min(Duration::from_us(first.as_us() / 2)),
        None => longest.min(Duration::from_us(scenario.run_for.as_us() / 4)),
    }
}

/// The most that the main thread of a real process starts after the line of the timeline that asks for it: 9 to 100 ms were
/// seen.
const START: Duration = Duration::from_ms(100);

/// How much later members start in a run: three runs of four go through the phases evenly. A clock that starts with a process
/// and does not drift (that of auto-commit) really has a phase among the first of them, and what comes of it may depend on
/// milliseconds: a process that is killed at 10.05 s has committed at 10.00 s or at 10.06 s. So the fourth goes through those.
fn phase(phases: Duration, run: u64, runs: u64) -> Duration {
    let through = if run % 4 == 3 { START.min(phases) } else { phases };
    Duration::from_us(through.as_us() / runs.max(1) * run)
}

/// The scenario with the members of t = 0 starting later, so that their clocks have another phase.
fn shifted(scenario: &Scenario, by: Duration) -> Scenario {
    let mut shifted = scenario.clone();
    if by.is_zero() {
        return shifted;
    }
    let at = Instant::ZERO + by;
    for group in &mut shifted.groups {
        for (config, starts) in group.member_configs.iter().zip(&mut group.starts_at_zero) {
            if std::mem::take(starts) {
                let action = Action::Start { who: Selector::Name(config.name.clone()), with: Vec::new() };
                shifted.timeline.push(TimelineEvent { at: (at, None), repeat: None, action, line: 0 });
            }
        }
    }
    shifted
}

/// The most that a heartbeat is late, in percent of its interval.
const LATEST_PERCENT: u64 = 5;

/// Heartbeats of librdkafka are sent when its main loop next wakes up, which makes those of different members drift apart; a
/// simulated main loop is never late. So each member gets an interval of its own that is a little longer than the file's,
/// another one in each run; in the first run (0) nothing is longer.
fn drift(scenario: &mut Scenario, run: u64) {
    const STEPS: u64 = 11;
    let configs = scenario.groups.iter_mut().flat_map(|group| &mut group.member_configs);
    for (member, config) in (1..).zip(configs) {
        let step = run.wrapping_mul(member * 7 + run % 3) % STEPS;
        let interval = u64::try_from(config.client.heartbeat_interval_ms).unwrap_or(0);
        let longer = interval * LATEST_PERCENT * step / (100 * (STEPS - 1));
        let longer = i32::try_from(longer).unwrap_or(0);
        config.client.heartbeat_interval_ms = config.client.heartbeat_interval_ms.saturating_add(longer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_gone_through_evenly_and_the_first_hundred_milliseconds_more_closely() {
        let of = |run| phase(Duration::from_ms(5_000), run, 20).as_ms();
        assert_eq!([0, 1, 2, 10, 18].map(of), [0, 250, 500, 2_500, 4_500]);
        assert_eq!([3, 7, 11, 19].map(of), [15, 35, 55, 95]);
        assert_eq!(phase(Duration::from_ms(40), 10, 20).as_ms(), 20);
        assert_eq!(phase(Duration::from_ms(40), 11, 20).as_ms(), 22);
        assert_eq!(phase(Duration::ZERO, 3, 0), Duration::ZERO);
    }

    #[test]
    fn heartbeats_drift_apart_by_no_more_than_five_percent() {
        let text =
            "run-for = \"20s\"\n[topic.t]\n[group.g]\nmembers = 3\n[group.g.config]\nheartbeat.interval.ms = 2_000\n";
        let plain = crate::scenario::parse("test.toml", text, &[]).unwrap().scenario;
        let intervals = |run| {
            let mut drifted = plain.clone();
            drift(&mut drifted, run);
            drifted.groups[0].member_configs.iter().map(|c| c.client.heartbeat_interval_ms).collect::<Vec<_>>()
        };
        assert_eq!(intervals(0), [2_000; 3]);
        let apart = (1..20).filter(|&run| intervals(run)[0] != intervals(run)[1]).count();
        assert!(apart > 12, "{apart}");
        assert!((0..40).flat_map(intervals).all(|interval| (2_000..=2_100).contains(&interval)));
    }
}
