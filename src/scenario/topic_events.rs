//! Events of the timeline that are for a topic: `create-topic`, `add-partitions`, `produce`, `delete-records`.

use super::amount::size;
use super::codes::Code;
use super::group::unknown_topic;
use super::plan::{Action, Topic};
use super::report::{Report, Span, clip, grouped, quote};
use super::shape::{MAX_PARTITIONS, MAX_PRELOADED};
use super::timeline::{Stage, report_to};
use super::topic::{DEFAULT_SIZE, legal_name};
use super::tree::{Entry, Node, Table};

/// The topics that `create-topic` events make: read before groups and events, which may name them. Their mistakes are
/// reported here.
pub(super) fn created(report: &mut Report, events: &[(&Table, Span)], topics: &mut Vec<Topic>) {
    for (table, _) in events {
        let Some(entry) = table.entry("create-topic") else { continue };
        let value = table.get("partitions");
        let partitions = value.and_then(|v| report.limited(v, "partitions", 1, MAX_PARTITIONS)).unwrap_or(1) as u32;
        let Some(name) = report.text(&entry.value, "create-topic").map(str::trim) else { continue };
        if !legal_name(name) {
            let message = format!("{} is no name for a topic", quote(name));
            let help = "letters, digits, `.`, `_` and `-`, at most 249, and neither `.` nor `..`".to_string();
            report.add(Code::BadName, entry.value.span, message, help);
        }
        match topics.iter_mut().find(|topic| topic.name == name) {
            Some(topic) if topic.from_start => {
                let message = format!("{} is there from the start: it has a table of its own", quote(name));
                report.error(Code::BadValue, entry.value.span, message);
            }
            Some(_) => {}
            None => topics.push(Topic {
                name: name.to_string(),
                partitions,
                from_start: false,
                preload: 0,
                preload_size: DEFAULT_SIZE,
                produce: Vec::new(),
            }),
        }
        let all: u64 = topics.iter().map(|topic| u64::from(topic.partitions)).sum();
        if all > MAX_PARTITIONS {
            let message = format!("{} partitions in all; the limit is {}", grouped(all), grouped(MAX_PARTITIONS));
            report.error(Code::OverLimit, entry.key_span, message);
        }
    }
}

/// `create-topic = TOPIC, partitions = N`: what [`created`] has checked.
pub(super) fn create_topic(table: &Table, text: &str) -> Action {
    let partitions = match table.get("partitions").map(|value| &value.node) {
        Some(Node::Integer(Some(n))) => u32::try_from(*n).unwrap_or(1),
        _ => 1,
    };
    Action::CreateTopic { topic: text.to_string(), partitions }
}

/// The topic that an event is for.
fn topic<'a>(report: &mut Report, verb: &Entry, text: &str, stage: &Stage<'a>) -> Option<&'a Topic> {
    let found = stage.topics.iter().find(|t| t.name == text);
    if found.is_none() {
        unknown_topic(report, verb.value.span, text, stage.topics);
    }
    found
}

/// `partition`, which may be one that an `add-partitions` event makes.
fn partition(report: &mut Report, table: &Table, topic: &Topic, stage: &Stage<'_>) -> Option<u32> {
    let value = table.get("partition")?;
    let number = report.limited(value, "partition", 0, MAX_PARTITIONS)?;
    let count = *stage.grown.get(&topic.name).unwrap_or(&topic.partitions);
    if number >= u64::from(count) {
        let message = format!("`{}` has no partition {number}: there are {count}", clip(&topic.name));
        report.error(Code::UnknownTopic, value.span, message);
    }
    Some(number as u32)
}

/// `add-partitions = TOPIC, to = N`.
pub(super) fn add_partitions(
    report: &mut Report,
    table: &Table,
    verb: &Entry,
    text: &str,
    stage: &mut Stage<'_>,
) -> Option<Action> {
    let topic = topic(report, verb, text, stage)?;
    let to = report_to(report, table, verb, 1, MAX_PARTITIONS, "to = 24")?;
    if to <= topic.partitions {
        let span = table.get("to").map_or(verb.key_span, |v| v.span);
        let message = format!("`to` is {to}, but `{}` has {} partitions from the start", clip(text), topic.partitions);
        report.add(Code::BadValue, span, message, "partitions can only be added".to_string());
    }
    let grown = stage.grown.entry(text.to_string()).or_insert(topic.partitions);
    *grown = (*grown).max(to);
    let all: u64 = stage.topics.iter().map(|t| u64::from(*stage.grown.get(&t.name).unwrap_or(&t.partitions))).sum();
    if all > MAX_PARTITIONS {
        let message = format!("{} partitions in all; the limit is {}", grouped(all), grouped(MAX_PARTITIONS));
        report.error(Code::OverLimit, verb.key_span, message);
    }
    Some(Action::AddPartitions { topic: text.to_string(), to })
}

/// `produce = TOPIC, records = N`.
pub(super) fn produce(
    report: &mut Report,
    table: &Table,
    verb: &Entry,
    text: &str,
    stage: &Stage<'_>,
) -> Option<Action> {
    let topic = topic(report, verb, text, stage)?;
    let bytes = table.get("size").and_then(|v| size(report, v, "size")).unwrap_or(topic.preload_size);
    let partition = partition(report, table, topic, stage);
    let Some(value) = table.get("records") else {
        let help = "records = 1_000".to_string();
        report.add(Code::MissingKey, verb.key_span, "`produce` needs `records`", help);
        return None;
    };
    let records = report.limited(value, "records", 1, MAX_PRELOADED)?;
    Some(Action::Produce { topic: text.to_string(), records, size: bytes, partition })
}

/// `delete-records = TOPIC, before = N | "end"`.
pub(super) fn delete_records(
    report: &mut Report,
    table: &Table,
    verb: &Entry,
    text: &str,
    stage: &Stage<'_>,
) -> Option<Action> {
    let topic = topic(report, verb, text, stage)?;
    let partition = partition(report, table, topic, stage);
    let Some(value) = table.get("before") else {
        let help = "before = 1_000 (an offset), or before = \"end\"".to_string();
        report.add(Code::MissingKey, verb.key_span, "`delete-records` needs `before`", help);
        return None;
    };
    let before = match &value.node {
        Node::Text(_) => report.word(value, "before", &["end"]).map(|_| i64::MAX)?,
        _ => report.integer(value, "before", 1, i64::MAX as u64)? as i64,
    };
    Some(Action::DeleteRecords { topic: text.to_string(), before, partition })
}
