//! The figures that are compared, each with the tolerance that reality needs (docs/cross-check.md says why).

use super::bounds::Bounds;
use super::value::{Tolerance, Value};
use crate::kafka::observed::{GroupObserved, Removal};
use crate::time::{Duration, Instant};
use std::collections::BTreeMap;

/// One figure of one group in one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// What it is, as the table says it.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// How far the real one may be outside the simulated range.
    pub tolerance: Tolerance,
}

/// The figures under construction.
struct List<'a> {
    all: Vec<Figure>,
    bounds: &'a Bounds,
}

impl List<'_> {
    fn add(&mut self, name: impl Into<String>, value: Value, tolerance: Tolerance) {
        self.all.push(Figure { name: name.into(), value, tolerance });
    }

    fn count(&mut self, name: impl Into<String>, count: i64, tolerance: Tolerance) {
        self.add(name, Value::Count(count), tolerance);
    }

    fn time(&mut self, name: impl Into<String>, us: i64) {
        let tolerance = Tolerance::Time(self.bounds.time);
        self.add(name, Value::Time(us), tolerance);
    }
}

/// All figures of a group, in the order of the table.
pub fn figures(seen: &GroupObserved, bounds: &Bounds, end: Instant) -> Vec<Figure> {
    let mut list = List { all: Vec::new(), bounds };
    if !seen.standalone {
        generations(&mut list, seen);
        removals(&mut list, seen);
        owners(&mut list, seen, end);
    }
    commits(&mut list, seen);
    records(&mut list, seen);
    list.all
}

fn generations(list: &mut List<'_>, seen: &GroupObserved) {
    let all = &seen.generations;
    list.count("generations", all.len() as i64, Tolerance::Exact);
    let members = all.iter().map(|generation| i64::from(generation.members)).collect();
    list.add("members of each generation", Value::Counts(members), Tolerance::Exact);
    let mut protocols: Vec<&str> =
        all.iter().map(|generation| generation.protocol.as_str()).filter(|protocol| !protocol.is_empty()).collect();
    protocols.dedup();
    list.add("assignor", Value::Word(or_none(protocols.join(", "))), Tolerance::Exact);
    if let (Some(join), Some(start)) = (seen.first_join, seen.first_start) {
        let tolerance = Tolerance::Time(list.bounds.start);
        list.add("from the first start to the first JoinGroup", Value::Time(us(join.since(start))), tolerance);
    }
    if let (Some(stable), Some(join)) = (all.iter().find_map(|generation| generation.stable), seen.first_join) {
        list.time("from the first JoinGroup to the first Stable", us(stable.since(join)));
    }
    let stable: Vec<i64> = all.iter().filter_map(|generation| generation.stable).map(|at| at.as_us() as i64).collect();
    let heard = Tolerance::Time(list.bounds.time + list.bounds.phase);
    // The start of a process is in it, as in the time to the first JoinGroup.
    list.add("Stable at", Value::Times(stable), Tolerance::Time(list.bounds.start + list.bounds.phase));
    list.add("from leaving Stable to the next", Value::Times(samples(seen, "time_to_stable")), heard);
    list.add("state at the end", Value::Word(or_none(seen.metrics.state.unwrap_or("").to_owned())), Tolerance::Exact);
    list.count("members at the end", number(seen, "members"), Tolerance::Exact);
}

fn removals(list: &mut List<'_>, seen: &GroupObserved) {
    let mut reasons: BTreeMap<&'static str, i64> = BTreeMap::new();
    let mut after: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for Removal { at, reason, fault, .. } in &seen.removals {
        *reasons.entry(reason.label()).or_default() += 1;
        if let Some((what, since)) = fault {
            after.entry((what, reason.label())).or_default().push(us(at.since(*since)));
        }
    }
    for (reason, count) in reasons {
        list.count(format!("members removed: {reason}"), count, Tolerance::Exact);
    }
    for ((what, reason), times) in after {
        list.add(format!("from {what} to removal ({reason})"), Value::Times(times), Tolerance::Time(list.bounds.time));
    }
    let by_session = seen.removals.iter().filter(|removal| removal.reason == crate::trace::RemovalReason::Session);
    let since_sign: Vec<i64> =
        by_session.filter_map(|removal| Some(us(removal.at.since(removal.last_sign?)))).collect();
    if !since_sign.is_empty() {
        let tolerance = Tolerance::Time(list.bounds.sight);
        list.add("from the last sign of life to removal (session)", Value::Times(since_sign), tolerance);
    }
}

fn owners(list: &mut List<'_>, seen: &GroupObserved, end: Instant) {
    let stable = seen.generations.iter().filter(|generation| generation.stable.is_some());
    let sizes: Vec<String> =
        stable.map(|generation| generation.sizes.iter().map(u32::to_string).collect::<Vec<_>>().join("+")).collect();
    list.add("partitions of the members, when Stable", Value::Word(or_none(sizes.join(", "))), Tolerance::Exact);
    list.count("partitions given to two members at once", seen.given_twice, Tolerance::Exact);
    let rebalances = Tolerance::Count(seen.generations.len().saturating_sub(1).max(1) as i64);
    list.count("partitions that moved", number(seen, "moved_partitions"), rebalances);
    let mut at_the_end: BTreeMap<&str, i64> = BTreeMap::new();
    for held in seen.held.iter().filter(|held| held.until.is_none()) {
        *at_the_end.entry(&held.member).or_default() += 1;
    }
    let mut sizes: Vec<i64> = at_the_end.into_values().collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    list.add("partitions that clients hold at the end", Value::Counts(sizes), Tolerance::Exact);
    let held: Duration = seen
        .held
        .iter()
        .map(|held| held.until.unwrap_or(end).since(held.from))
        .fold(Duration::ZERO, |sum, time| sum + time);
    let partitions = seen.partitions.len().max(1) as u64;
    let heard = list.bounds.time + list.bounds.phase;
    let of_all = Tolerance::Time(heard * partitions);
    list.add("time that clients held partitions, in sum", Value::Time(us(held)), of_all);
    let downtime = samples(seen, "partition_downtime");
    list.count("partitions without owner: times", downtime.len() as i64, Tolerance::Exact);
    let longest_down = Value::Time(downtime.iter().copied().max().unwrap_or(0));
    list.add("partitions without owner: longest", longest_down, Tolerance::Time(heard));
    list.add("partitions without owner: in sum", Value::Time(downtime.iter().sum()), of_all);
    list.add(
        "two clients hold one partition: longest",
        Value::Time(longest(seen, "client_overlap")),
        Tolerance::Time(heard),
    );
}

fn commits(list: &mut List<'_>, seen: &GroupObserved) {
    if !seen.standalone {
        list.count("commits accepted", seen.commits_accepted, Tolerance::Count(list.bounds.commits));
        let late =
            if list.bounds.late_commits == 0 { Tolerance::Exact } else { Tolerance::Count(list.bounds.late_commits) };
        for (code, count) in &seen.commits_rejected {
            list.count(format!("commits rejected: {code}"), *count, late);
        }
        let committed = seen.partitions.values().map(|end| end.committed.unwrap_or(-1)).collect();
        list.add("committed at the end", Value::Counts(committed), Tolerance::Count(list.bounds.records_per_partition));
    }
    let ends = seen.partitions.values().map(|end| end.log_end).collect();
    list.add("log ends", Value::Counts(ends), Tolerance::Count(list.bounds.produced_per_partition));
}

fn records(list: &mut List<'_>, seen: &GroupObserved) {
    list.count("records handled", seen.metrics.processed, Tolerance::Count(list.bounds.records));
    list.count("lost", number(seen, "lost"), Tolerance::Exact);
    list.count("skipped", number(seen, "skipped"), Tolerance::Exact);
    let open = if list.bounds.open_work == 0 { Tolerance::Exact } else { Tolerance::Count(list.bounds.open_work) };
    list.count("duplicates", number(seen, "duplicates"), open);
    for (cause, count) in seen.metrics.duplicates_by_cause.iter().filter(|(_, count)| **count > 0) {
        list.count(format!("duplicates: {cause}"), *count, open);
    }
    for (metric, name) in [
        ("zombie_records", "records handled by a zombie"),
        ("order_inversions", "order inversions"),
        ("commit_regressions", "commits that went backwards"),
    ] {
        list.count(name, number(seen, metric), open);
    }
    if seen.ends_reached > 0 {
        list.count("ends of partitions reached", seen.ends_reached, Tolerance::Exact);
    }
}

fn number(seen: &GroupObserved, metric: &str) -> i64 {
    seen.metrics.numbers.get(metric).copied().unwrap_or(0)
}

fn samples(seen: &GroupObserved, metric: &str) -> Vec<i64> {
    seen.metrics.samples.get(metric).map(|samples| samples.values.clone()).unwrap_or_default()
}

fn longest(seen: &GroupObserved, metric: &str) -> i64 {
    samples(seen, metric).into_iter().max().unwrap_or(0)
}

fn or_none(word: String) -> String {
    if word.is_empty() { "none".to_owned() } else { word }
}

fn us(time: Duration) -> i64 {
    i64::try_from(time.as_us()).unwrap_or(i64::MAX)
}
