//! The profile of a client library: every default that its members run with, where the library has it from, what it does in
//! the life of a member, and what of it is not modelled. `groupsim explain --profile NAME` prints it.
//!
//! Values are read from the very settings that a member of a scenario without settings gets; the tables hold names and
//! sources only.

mod franz_go;
mod java;
mod kafka_go;
mod librdkafka;
mod print;
mod producers;
mod sarama;
#[cfg(test)]
mod tests;

use crate::client::constants;
use crate::config::{AssignorKind, ClientKind, MemberConfig, ProducerSettings};
use crate::scenario;
use serde::Deserialize;
use serde_json::Value;

pub use print::{json, text};

/// A place in a library's source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// File in the library's repository.
    pub file: &'static str,
    /// Where in it: a symbol, or words that stand there.
    pub symbol: &'static str,
    /// What stands there soon after the symbol, with single spaces. Empty: the symbol says it all.
    pub text: &'static str,
}

/// Where the value of a row comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// A field of [`MemberConfig`], or under `/producer` of [`ProducerSettings`], as a JSON pointer.
    Field(&'static str),
    /// Whether the library commits by itself.
    AutoCommit,
    /// One of [`constants`].
    Constant,
}

/// One default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The key in scenario files; empty for what cannot be set.
    pub key: &'static str,
    /// What the library calls it.
    pub own: &'static str,
    from: From,
    /// Where the library has it from.
    pub source: Source,
}

/// What a library does in the life of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fact {
    /// In one sentence.
    pub text: &'static str,
    /// Where that is to be read.
    pub source: Source,
}

/// Everything that is known of a library beside the values.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The library.
    pub client: ClientKind,
    /// Its repository on GitHub.
    pub repository: &'static str,
    /// The commit that was read.
    pub commit: &'static str,
    /// Its date.
    pub date: &'static str,
    /// Defaults of a consumer.
    pub rows: &'static [Row],
    /// Defaults of a producer.
    pub producer: &'static [Row],
    /// Life cycle.
    pub facts: &'static [Fact],
    /// What is not modelled.
    pub left_out: &'static [&'static str],
}

/// A library's table with the values that its members run with.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The table.
    pub table: &'static Table,
    /// A value for each row: in scenario files' words.
    pub values: Vec<String>,
    /// Likewise of the producer.
    pub producer: Vec<String>,
}

const TABLES: [&Table; 5] = [&java::TABLE, &librdkafka::TABLE, &sarama::TABLE, &kafka_go::TABLE, &franz_go::TABLE];

const fn at(file: &'static str, symbol: &'static str, text: &'static str) -> Source {
    Source { file, symbol, text }
}

const fn row(key: &'static str, own: &'static str, field: &'static str, source: Source) -> Row {
    Row { key, own, from: From::Field(field), source }
}

const fn built_in(own: &'static str, source: Source) -> Row {
    Row { key: "", own, from: From::Constant, source }
}

const fn auto_commit(key: &'static str, own: &'static str, source: Source) -> Row {
    Row { key, own, from: From::AutoCommit, source }
}

const fn fact(text: &'static str, source: Source) -> Fact {
    Fact { text, source }
}

/// The profile of a library; `None` if its members cannot be run yet.
pub fn profile(client: ClientKind) -> Option<Profile> {
    let table = TABLES.into_iter().find(|table| table.client == client)?;
    let config = serde_json::to_value(defaults(client)?).ok()?;
    let mut config = config;
    config["producer"] = serde_json::to_value(ProducerSettings::of(client)).ok()?;
    let values = |rows: &[Row]| rows.iter().map(|row| as_written(row.key, value(client, &config, row))).collect();
    Some(Profile { table, values: values(table.rows), producer: values(table.producer) })
}

/// A member of a scenario that sets nothing but its library.
fn defaults(client: ClientKind) -> Option<MemberConfig> {
    let text = format!("run-for = \"1s\"\n[topic.t]\n[group.GROUP]\nclient = \"{}\"\n", client.name());
    let loaded = scenario::parse("profile", &text, &[]).ok()?;
    loaded.scenario.groups.first()?.member_configs.first().cloned()
}

fn value(client: ClientKind, config: &Value, row: &Row) -> String {
    match row.from {
        From::Field(pointer) => config.pointer(pointer).map(words).unwrap_or_default(),
        From::AutoCommit => config.pointer("/commit/when/Auto").is_some().to_string(),
        From::Constant => {
            let found = constants(client).iter().find(|constant| constant.0 == row.own);
            found.map(|constant| constant.1.to_string()).unwrap_or_default()
        }
    }
}

/// A default as the key takes it: in its own unit, and in its own words.
fn as_written(key: &str, value: String) -> String {
    let number = value.parse::<u64>();
    match (key, number) {
        ("queue.buffering.max.kbytes", Ok(bytes)) => (bytes / 1_024).to_string(),
        // RequestTimeoutOverhead, which is added to it.
        ("ProduceRequestTimeout", Ok(ms)) => ms.saturating_sub(10_000).to_string(),
        // The first one among them.
        ("MaxAttempts", Ok(retries)) => (retries + 1).to_string(),
        ("DisableIdempotentWrite", _) => (value == "false").to_string(),
        ("Flush.MaxMessages" | "RecordDeliveryTimeout", _) if value == NO_LIMIT => "0".to_owned(),
        ("RequiredAcks", _) if value == "leader" => "WaitForLocal".to_owned(),
        _ => value,
    }
}

const ALL: &str = "all that is buffered";
const NO_LIMIT: &str = "no limit";

/// Whether a default can be written into a file. Otherwise it says what leaving the key out means.
fn is_value(value: &str) -> bool {
    value != ALL && value != NO_LIMIT
}

/// A setting as a scenario file writes it.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => match AssignorKind::deserialize(value) {
            Ok(assignor) => assignor.name().to_owned(),
            Err(_) => kebab(text),
        },
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(","),
        Value::Number(number) if number.as_u64() == Some(u64::from(u32::MAX)) => ALL.to_owned(),
        Value::Number(number) if number.as_u64().is_some_and(|n| n >= i64::MAX as u64) => NO_LIMIT.to_owned(),
        other => other.to_string(),
    }
}

/// `DoneMax` as `done-max`; other text as it is.
fn kebab(text: &str) -> String {
    if !text.starts_with(|c: char| c.is_ascii_uppercase()) || !text.chars().all(|c| c.is_ascii_alphanumeric()) {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
