//! The comparison for machines.

use super::value::range;
use super::{Comparison, Tolerance, Value};
use crate::kafka::observed::{GroupObserved, Observed};
use crate::time::{Duration, Instant};
use serde_json::{Map, Value as Json, json};

/// A scenario, compared, with what the real runs were like.
pub fn document(comparison: &Comparison, real: &[Observed]) -> Json {
    let rows: Vec<Json> = comparison
        .rows
        .iter()
        .map(|row| {
            json!({
                "group": row.group,
                "figure": row.figure,
                "simulated": row.simulated.to_string(),
                "real": row.real.iter().map(|real| real.as_ref().map(value)).collect::<Vec<_>>(),
                "real_text": range(&row.real.iter().flatten().cloned().collect::<Vec<_>>(), false),
                "tolerance": match row.tolerance {
                    Tolerance::Exact => json!(0),
                    Tolerance::Count(count) => json!(count),
                    Tolerance::Time(time) => json!({ "ms": time.as_us() as f64 / 1_000.0 }),
                },
                "verdict": if row.agrees() { "agrees" } else { "differs" },
                "distance": row.distance,
            })
        })
        .collect();
    json!({
        "verdict": match (comparison.compared(), comparison.differing()) {
            (false, _) => "not comparable",
            (true, 0) => "agrees",
            (true, _) => "differs",
        },
        "simulated_runs": comparison.simulated,
        "real_runs": comparison.real,
        "late_ms": ms(comparison.late),
        "rows": rows,
        "not_comparable": comparison.not_comparable,
        "contradictions": comparison.contradictions,
        "real": real.iter().map(run).collect::<Vec<_>>(),
    })
}

fn value(value: &Value) -> Json {
    match value {
        Value::Count(count) => json!(count),
        Value::Time(us) => json!({ "ms": *us as f64 / 1_000.0 }),
        Value::Word(word) => json!(word),
        Value::Counts(list) => json!(list),
        Value::Times(list) => json!({ "ms": list.iter().map(|us| *us as f64 / 1_000.0).collect::<Vec<_>>() }),
    }
}

/// Who owned what and when, in one real run.
fn run(run: &Observed) -> Json {
    let groups: Map<String, Json> = run.groups.iter().map(|(name, seen)| (name.clone(), group(seen))).collect();
    json!({ "groups": groups })
}

fn group(seen: &GroupObserved) -> Json {
    let generations: Vec<Json> = seen
        .generations
        .iter()
        .map(|generation| {
            json!({
                "generation": generation.number,
                "at_ms": since_zero(generation.at),
                "stable_ms": generation.stable.map(since_zero),
                "members": generation.members,
                "protocol": generation.protocol,
                "owners": generation.owners.iter().map(|(member, partition)| json!([member, partition])).collect::<Vec<_>>(),
            })
        })
        .collect();
    let removals: Vec<Json> = seen
        .removals
        .iter()
        .map(|removal| {
            json!({
                "member": removal.member.0,
                "incarnation": removal.member.1,
                "at_ms": since_zero(removal.at),
                "reason": removal.reason.label(),
                "after": removal.fault.map(|(what, since)| json!({ "fault": what, "ms": ms(removal.at.since(since)) })),
            })
        })
        .collect();
    let held: Vec<Json> = seen
        .held
        .iter()
        .map(|held| {
            json!([held.member, held.incarnation, held.partition, since_zero(held.from), held.until.map(since_zero)])
        })
        .collect();
    json!({ "generations": generations, "removals": removals, "held": held })
}

fn since_zero(at: Instant) -> f64 {
    ms(at.since(Instant::ZERO))
}

fn ms(time: Duration) -> f64 {
    time.as_us() as f64 / 1_000.0
}
