//! Events of the timeline that are for a topic: `add-partitions`, `produce`, `delete-records`.

use super::amount::size;
use super::codes::Code;
use super::group::unknown_topic;
use super::plan::{Action, Topic};
use super::report::{Report, clip, grouped};
use super::shape::{MAX_PARTITIONS, MAX_PRELOADED};
use super::timeline::{Stage, report_to};
use super::tree::{Entry, Node, Table};

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
