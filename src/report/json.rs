//! The JSON document of `run --json` (docs/json.md).

use super::{Fate, Quantiles, RunReport};
use crate::config::expect::{MetricKind, MetricName};
use crate::oracle::{Class, Finding, Metrics};
use crate::time::Instant;
use serde_json::{Map, Number, Value, json};

/// Version of the document.
pub const SCHEMA: u32 = 1;

/// The document over several runs.
pub fn document(reports: &[RunReport]) -> Value {
    json!({ "schema": SCHEMA, "scenarios": reports.iter().map(scenario).collect::<Vec<_>>() })
}

/// One run.
pub fn scenario(report: &RunReport) -> Value {
    let outcome = &report.outcome;
    let groups: Map<String, Value> =
        outcome.scopes.iter().map(|(name, scope)| (name.clone(), metrics(scope))).collect();
    let expectations: Vec<Value> = report
        .expectations
        .iter()
        .map(|e| {
            json!({
                "list": e.judged.list,
                "text": e.judged.text,
                "held": match e.fate { Fate::Held => Value::Bool(true), Fate::Broken => Value::Bool(false), Fate::Undecided => Value::Null },
                "measured": e.judged.measured,
                "first_broken_ms": if e.fate == Fate::Broken { optional_instant(e.judged.first_broken) } else { Value::Null },
                "event": if e.fate == Fate::Broken { e.judged.seq.map(|seq| seq.0) } else { None },
                "note": e.judged.note,
            })
        })
        .collect();
    let ignored: Vec<Value> =
        outcome.ignored_events.iter().map(|(index, target)| json!({ "index": index, "target": target })).collect();
    let mut document = json!({
        "file": report.file,
        "name": report.name,
        "seed": report.seed,
        "verdict": report.verdict().word(),
        "trace_hash": report.hash.to_string(),
        "events": report.events,
        "virtual_ms": ms(to_i64(report.virtual_time.as_us())),
        "metrics": metrics(&outcome.total),
        "groups": groups,
        "expectations": expectations,
        "findings": outcome.findings.iter().map(finding).collect::<Vec<_>>(),
        "findings_left_out": outcome.findings_left_out,
        "ignored_events": ignored,
    });
    if !outcome.producers.is_empty() {
        let producers: Map<String, Value> =
            outcome.producers.iter().map(|(name, scope)| (name.clone(), metrics(scope))).collect();
        document["producers"] = Value::Object(producers);
    }
    if let Some(breakage) = &report.breakage {
        document["breakage"] = json!(breakage);
    }
    document
}

/// The metrics of the contract by their names, in its order; durations in milliseconds.
fn metrics(metrics: &Metrics) -> Value {
    let mut all = Map::new();
    for &(metric, name, kind) in MetricName::ALL {
        let value = match (metric, kind) {
            (MetricName::State, _) => json!(metrics.state),
            (MetricName::FirstStable, _) => metrics.numbers.get(name).map_or(Value::Null, |&us| ms(us)),
            (_, MetricKind::Distribution) => distribution(metrics.samples.get(name).and_then(Quantiles::of)),
            (_, MetricKind::Counter) => json!(metrics.numbers.get(name).copied().unwrap_or(0)),
            (_, MetricKind::Gauge) => json!(metrics.numbers.get(name)),
        };
        all.insert(name.to_owned(), value);
        match metric {
            MetricName::Duplicates => {
                all.insert("duplicates_by_cause".to_owned(), json!(metrics.duplicates_by_cause));
            }
            MetricName::CommitFailures => {
                all.insert("commit_failures_by_code".to_owned(), json!(metrics.commit_failures_by_code));
            }
            _ => {}
        }
    }
    all.insert("before_start".to_owned(), json!(metrics.before_start));
    all.insert("processed".to_owned(), json!(metrics.processed));
    Value::Object(all)
}

fn distribution(quantiles: Option<Quantiles>) -> Value {
    match quantiles {
        None => json!({ "count": 0, "min": null, "p50": null, "p90": null, "p99": null, "max": null }),
        Some(q) => json!({
            "count": q.count, "min": ms(q.min), "p50": ms(q.p50), "p90": ms(q.p90), "p99": ms(q.p99), "max": ms(q.max),
        }),
    }
}

fn finding(finding: &Finding) -> Value {
    json!({
        "oracle": finding.oracle,
        "class": match finding.class { Class::Model => "MODEL", Class::Strategy => "STRATEGY", Class::Measure => "MEASURE" },
        "what": finding.what,
        "cause": finding.cause,
        "group": finding.scope,
        "partition": finding.partition,
        "from": finding.records.map(|r| r.0.0),
        "to": finding.records.map(|r| r.1.0),
        "at_ms": ms(to_i64(finding.at.as_us())),
        "event": finding.seq.0,
        "sentence": finding.sentence,
    })
}

fn optional_instant(at: Option<Instant>) -> Value {
    at.map_or(Value::Null, |at| ms(to_i64(at.as_us())))
}

fn to_i64(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Microseconds as a number of milliseconds: whole if it is whole, else with at most three digits after the point.
fn ms(us: i64) -> Value {
    if us % 1_000 == 0 {
        return json!(us / 1_000);
    }
    Number::from_f64(us as f64 / 1_000.0).map_or(Value::Null, Value::Number)
}
