//! `[topic.NAME]`: partitions, preloaded records, producers.

use super::amount::{rate, size};
use super::codes::Code;
use super::plan::{Produce, Topic};
use super::report::{Report, Span, grouped, quote};
use super::shape::{self, MAX_KEYS, MAX_PARTITIONS, MAX_PRELOADED, MAX_PRODUCED};
use super::tree::{Entry, Node, Table, Value};
use crate::time::{Duration, Instant};

pub(super) const DEFAULT_SIZE: u32 = 1_024;

/// All topics, in the file's order.
pub(super) fn topics(report: &mut Report, table: &Table, run_for: Duration) -> Vec<Topic> {
    let mut topics = Vec::new();
    let (mut partitions, mut produced) = (0u64, 0u128);
    for entry in &table.entries {
        if !legal_name(&entry.key) {
            let message = format!("{} is no name for a topic", quote(&entry.key));
            let help = "letters, digits, `.`, `_` and `-`, at most 249, and neither `.` nor `..`".to_string();
            report.add(Code::BadName, entry.key_span, message, help);
        }
        let Some(topic) = topic(report, entry) else { continue };
        partitions += u64::from(topic.partitions);
        if partitions > MAX_PARTITIONS {
            let message =
                format!("{} partitions in all; the limit is {}", grouped(partitions), grouped(MAX_PARTITIONS));
            report.error(Code::OverLimit, entry.key_span, message);
        }
        produced += topic.produce.iter().map(|p| records_of(p, run_for)).sum::<u128>();
        if produced > u128::from(MAX_PRODUCED) {
            let span = key_or(entry, "produce");
            let limit = grouped(MAX_PRODUCED);
            let message = format!("{} records are produced within run-for; the limit is {limit}", grouped(produced));
            report.add(Code::OverLimit, span, message, "preloaded `records` cost nothing: up to 10^15".to_string());
        }
        topics.push(topic);
    }
    topics
}

/// What Kafka allows (Topic.isValid); groups are held to the same.
pub(super) fn legal_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !name.is_empty() && name.len() <= 249 && name != "." && name != ".." && name.bytes().all(legal)
}

fn key_or(entry: &Entry, key: &str) -> Span {
    match &entry.value.node {
        Node::Table(table) => table.get(key).map_or(entry.key_span, |v| v.span),
        _ => entry.key_span,
    }
}

/// How many records a stream writes before `run_for`.
fn records_of(p: &Produce, run_for: Duration) -> u128 {
    let end = p.until.min(Instant::ZERO + run_for);
    let window = u128::from(end.since(p.from).as_us());
    (u128::from(p.count) * window).div_ceil(u128::from(p.per.as_us().max(1)))
}

fn topic(report: &mut Report, entry: &Entry) -> Option<Topic> {
    let table = report.table(&entry.value, &format!("topic.{}", entry.key))?;
    report.known_keys_of("topic", &entry.key, table, &shape::names(shape::TOPIC));
    let partitions = table.get("partitions").and_then(|v| report.limited(v, "partitions", 1, MAX_PARTITIONS));
    let preload = table.get("records").and_then(|v| report.limited(v, "records", 0, MAX_PRELOADED));
    let preload_size = table.get("size").and_then(|v| size(report, v, "size")).unwrap_or(DEFAULT_SIZE);
    let produce = table.get("produce").map(|v| producers(report, v, preload_size)).unwrap_or_default();
    Some(Topic {
        name: entry.key.clone(),
        from_start: true,
        partitions: partitions.unwrap_or(1) as u32,
        preload: preload.unwrap_or(0),
        preload_size,
        produce,
    })
}

fn producers(report: &mut Report, value: &Value, size: u32) -> Vec<Produce> {
    match &value.node {
        Node::Table(table) => producer(report, table, value.span, size).into_iter().collect(),
        Node::Array(values) => {
            let mut all = Vec::new();
            for value in values {
                if let Some(table) = report.table(value, "produce") {
                    all.extend(producer(report, table, value.span, size));
                }
            }
            all
        }
        _ => rate(report, value, "produce").into_iter().filter_map(|rate| steady(rate, size)).collect(),
    }
}

fn steady((count, per): (u64, Duration), size: u32) -> Option<Produce> {
    let whole = Produce { count, per, size, keys: None, from: Instant::ZERO, until: Instant::MAX };
    (count > 0).then_some(whole)
}

fn producer(report: &mut Report, table: &Table, span: Span, default_size: u32) -> Option<Produce> {
    report.known_keys(table, "produce", &shape::names(shape::PRODUCE));
    let keys = table.get("keys").and_then(|v| report.limited(v, "keys", 1, MAX_KEYS));
    if let Some(value) = table.get("partitioner") {
        let chosen = report.word(value, "partitioner", &["murmur2", "round-robin"]);
        let fits = if keys.is_some() { 0 } else { 1 };
        if chosen.is_some_and(|c| c != fits) {
            let message = "records with `keys` go by murmur2, those without go round robin";
            report.error(Code::BadValue, value.span, message);
        }
    }
    let from = table.get("from").and_then(|v| report.instant(v, "from")).unwrap_or(Instant::ZERO);
    let until = table.get("until").and_then(|v| report.instant(v, "until")).unwrap_or(Instant::MAX);
    if until <= from {
        let span = table.get("until").map_or(span, |v| v.span);
        report.error(Code::BadValue, span, format!("`until` must be after `from`, {from}"));
        return None;
    }
    let size = table.get("size").and_then(|v| size(report, v, "size")).unwrap_or(default_size);
    let Some(value) = table.get("rate") else {
        report.add(Code::MissingKey, span, "`produce` needs a rate", "rate = \"200/s\"".to_string());
        return None;
    };
    let rate = rate(report, value, "rate")?;
    steady(rate, size).map(|p| Produce { keys, from, until, ..p })
}
