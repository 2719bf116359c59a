//! Kafka's own properties under `.config` and `with`.

use super::codes::Code;
use super::constructors;
use super::recast::Recast;
use super::report::{Report, Span, clip, grouped, nearest, quote, suggest};
use super::sarama;
use super::tree::{Entry, Node, Table, Value};
use super::{kafka_go, librdkafka};
use crate::config::keys::{self, Effect, KafkaKey, KeyType, Side};
use crate::config::{AssignorKind, AutoOffsetReset, BrokerConfig, ClientConfig, ClientKind};
use crate::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

/// A property that is known and has no effect in groupsim; each is listed once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct IgnoredKey {
    /// Whose: a client library's name, or `broker`.
    pub owner: &'static str,
    /// Its name.
    pub key: String,
}

/// A property's value, read by its type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Parsed {
    Boolean(bool),
    Integer(i64),
    Word(&'static str),
    List(Vec<String>),
    Assignors(Vec<AssignorKind>),
    Text(String),
}

/// A property that was written out, and where.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub value: Parsed,
    pub key_span: Span,
    pub span: Span,
}

/// Properties by name.
pub(super) type Settings = BTreeMap<&'static str, Setting>;

/// For whom properties are read.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub side: Side,
    /// The library (of a consumer).
    pub client: ClientKind,
    /// The file's `protocol`.
    pub protocol: &'a str,
    /// Whether it reads with `assign`, without a group.
    pub standalone: bool,
}

/// Reads a table of properties; what is wrong is reported, what has no effect is noted.
pub(super) fn settings(
    report: &mut Report,
    ignored: &mut BTreeSet<IgnoredKey>,
    table: &Table,
    owner: Owner<'_>,
) -> Settings {
    let mut settings = Settings::new();
    let written_for = owner.client;
    let owner = match owner.side {
        Side::Producer => owner,
        _ => Owner { client: report.cast(written_for), ..owner },
    };
    for entry in &table.entries {
        if recast_drops(report, entry, written_for, owner) {
            continue;
        }
        let Some(key) = known(report, entry, owner) else { continue };
        match key.effect {
            Effect::Ignored => {
                let owner = if owner.side == Side::Broker { "broker" } else { owner.client.name() };
                ignored.insert(IgnoredKey { owner, key: key.name.to_string() });
            }
            Effect::Refused(why) => refuse(report, entry, &key, why, owner),
            Effect::Modelled => {
                if owner.standalone && key.group_only && !switches_auto_commit_off(entry) {
                    let message = format!("`{}` is about membership, and this reader has `assign`", key.name);
                    report.error(Code::GroupKeyBesideAssign, entry.key_span, message);
                } else if let Some(value) = parse(report, &key, &entry.value, written_for, owner.side) {
                    let setting = Setting { value, key_span: entry.key_span, span: entry.value.span };
                    settings.insert(key.name, setting);
                }
            }
        }
    }
    settings
}

/// Whether the property is the file's client's, and the library that takes its place has none such.
fn recast_drops(report: &mut Report, entry: &Entry, written_for: ClientKind, owner: Owner<'_>) -> bool {
    let Some(recast) = report.recast.as_mut().filter(|_| owner.side == Side::Consumer) else { return false };
    let drops = keys::client_has(written_for, &entry.key) && !keys::client_has(owner.client, recast.rename(&entry.key));
    if drops {
        recast.drop(written_for, &entry.key);
    }
    drops
}

fn switches_auto_commit_off(entry: &Entry) -> bool {
    entry.key == "enable.auto.commit" && matches!(entry.value.node, Node::Boolean(false))
}

/// The property that an entry names, if `owner` has it.
fn known(report: &mut Report, entry: &Entry, owner: Owner<'_>) -> Option<KafkaKey> {
    let written = entry.key.as_str();
    let name = report.recast.as_ref().filter(|_| owner.side == Side::Consumer).map_or(written, |r| r.rename(written));
    let span = entry.key_span;
    let (key, other_side) = match owner.side {
        Side::Broker => (keys::broker_key(name), keys::consumer(name)),
        Side::Consumer => (keys::consumer(name), keys::broker_key(name).or_else(|| keys::producer(name))),
        Side::Producer => {
            (keys::producer_of(owner.client, name).or_else(|| keys::producer(name)), keys::consumer(name))
        }
    };
    if let Some(key) = key {
        let has = match owner.side {
            Side::Broker => true,
            Side::Consumer => keys::client_has(owner.client, name),
            Side::Producer => key.clients.contains(&owner.client),
        };
        if has {
            return Some(key);
        }
        let client = owner.client.name();
        let valid = keys::names(owner.side, owner.client);
        let of_producer = keys::producer_of(owner.client, name).is_some_and(|key| key.effect == Effect::Modelled);
        let help = match Recast::new(owner.client).rename(name) {
            _ if owner.side == Side::Consumer && of_producer => {
                Some("it is a producer's: write it under [producer.NAME.config]".to_string())
            }
            renamed if renamed != name && owner.side == Side::Consumer => Some(format!("it calls it `{renamed}`")),
            _ => nearest(name, &valid).map(|near| format!("its most similar property is `{near}`")),
        };
        report.add(Code::NotInLibrary, span, format!("{client} has no `{name}`"), help);
        return None;
    }
    let whose = match owner.side {
        Side::Broker => "broker",
        Side::Consumer => "consumer",
        Side::Producer => "producer",
    };
    let message = format!("Kafka has no {whose} property `{}`", clip(name));
    let help = match (other_side, owner.side) {
        (Some(_), Side::Broker) => "it is a consumer's: write it under [group.NAME.config]".to_string(),
        (Some(_), Side::Consumer) if keys::broker_key(name).is_some() => {
            "it is the broker's: write it under [broker.config]".to_string()
        }
        (Some(_), Side::Consumer) => "it is a producer's: write it under [producer.NAME.config]".to_string(),
        (Some(_), Side::Producer) => "it is a consumer's: write it under [group.NAME.config]".to_string(),
        (None, side) if report.is_full() => format!("{side:?}"),
        (None, side) => suggest(name, &keys::names(side, owner.client)),
    };
    report.add(Code::UnknownKafkaKey, span, message, help);
    None
}

fn refuse(report: &mut Report, entry: &Entry, key: &KafkaKey, why: &str, owner: Owner<'_>) {
    if key.name == "group.protocol"
        && matches!(&entry.value.node, Node::Text(text) if text.eq_ignore_ascii_case(owner.protocol))
    {
        return;
    }
    report.add(Code::RefusedKafkaKey, entry.key_span, format!("`{}` must not stand here", key.name), why.to_string());
}

/// Reads a value by the property's type. Kafka takes everything as text too (`"45000"`, `"true"`), and so do we.
fn parse(report: &mut Report, key: &KafkaKey, value: &Value, written_for: ClientKind, side: Side) -> Option<Parsed> {
    let client = if side == Side::Consumer { report.cast(written_for) } else { written_for };
    let text = match &value.node {
        Node::Text(text) => Some(librdkafka::word(report.cast(written_for), text.trim())),
        _ => None,
    };
    let parsed = match (key.value, &value.node) {
        (KeyType::Boolean, Node::Boolean(b)) => Some(Parsed::Boolean(*b)),
        (KeyType::Boolean, _) if text == Some("true") => Some(Parsed::Boolean(true)),
        (KeyType::Boolean, _) if text == Some("false") => Some(Parsed::Boolean(false)),
        (KeyType::Integer(min, max), _) => return integer(report, key, value, (min, max), (client, side)),
        // `acks = 1`
        (KeyType::Word(words), Node::Integer(Some(n))) => {
            let number = n.to_string();
            words.iter().find(|&&w| w == number).map(|w| Parsed::Word(w))
        }
        (KeyType::Word(words), Node::Text(_)) => {
            if text == Some("none") && key.name == "auto.offset.reset" && client == ClientKind::Sarama {
                let help = "Consumer.Offsets.Initial is OffsetOldest (earliest) or OffsetNewest (latest)".to_string();
                report.add(Code::BadKafkaValue, value.span, "sarama has no `auto.offset.reset = \"none\"`", help);
                return None;
            }
            let found = words.iter().find(|&&w| Some(w) == text);
            if found.is_none() {
                let word = text.unwrap_or_default();
                let message = format!("`{}` cannot be {}", key.name, quote(word));
                report.unknown(Code::BadKafkaValue, value.span, message, word, words);
                return None;
            }
            let takes = |word: &&&str| {
                report.cast(written_for) != ClientKind::KafkaGo || kafka_go::word(report, key.name, value.span, word)
            };
            return found.filter(takes).map(|w| Parsed::Word(w));
        }
        (KeyType::List, _) => {
            let items = list(report, key, value)?;
            if key.name == "partition.assignment.strategy" {
                return assignors(report, value.span, &items, written_for).map(Parsed::Assignors);
            }
            Some(Parsed::List(items))
        }
        (KeyType::Text, Node::Text(text)) => Some(Parsed::Text(text.clone())),
        _ => None,
    };
    if parsed.is_none() {
        let wanted = match key.value {
            KeyType::Boolean => "true or false",
            _ => "text in quotes",
        };
        let message = format!("`{}` must be {wanted}, not {}", key.name, value.node.type_name());
        report.error(Code::WrongType, value.span, message);
    }
    parsed
}

fn integer(
    report: &mut Report,
    key: &KafkaKey,
    value: &Value,
    (min, max): (i64, i64),
    (client, side): (ClientKind, Side),
) -> Option<Parsed> {
    let name = key.name;
    let n = match &value.node {
        Node::Integer(Some(n)) => Some(*n),
        Node::Integer(None) => None,
        Node::Text(text) => match text.trim().parse::<i64>() {
            Ok(n) => Some(n),
            Err(_) => Some(duration_for_integer(report, key, value, text)?),
        },
        other => {
            let message = format!("`{name}` must be a whole number, not {}", other.type_name());
            report.error(Code::WrongType, value.span, message);
            return None;
        }
    };
    if let Some(default) = constructors::zero(client, name).filter(|_| n == Some(0) && side == Side::Consumer) {
        return Some(Parsed::Integer(default));
    }
    match n {
        Some(n) if (min..=max).contains(&n) => {
            let refusal = constructors::refuses(client, name, n).filter(|_| side != Side::Broker);
            let Some(why) = refusal else { return Some(Parsed::Integer(n)) };
            let message = format!("{} does not take `{name}` = {n}", client.name());
            report.add(Code::BadKafkaValue, value.span, message, why);
            None
        }
        _ => {
            let message = match n {
                Some(n) if n < min => format!("`{name}` must be at least {min}, not {n}"),
                Some(n) => format!("`{name}` must be at most {}, not {n}", grouped(max.unsigned_abs())),
                None => format!("`{name}` is a number beyond 64 bits"),
            };
            report.add(Code::BadKafkaValue, value.span, message, constructors::default(client, side, key));
            None
        }
    }
}

/// `--set session.timeout.ms=6s` is a convenience of the command line; a file has Kafka's own values.
fn duration_for_integer(report: &mut Report, key: &KafkaKey, value: &Value, text: &str) -> Option<i64> {
    let whole_ms = match Duration::parse(text) {
        Ok(d) if key.name.ends_with(".ms") && d.as_us().is_multiple_of(1_000) => i64::try_from(d.as_ms()).ok(),
        _ => None,
    };
    if value.span.source > 0 && whole_ms.is_some_and(|ms| matches!(key.value, KeyType::Integer(_, max) if ms <= max)) {
        return whole_ms;
    }
    let message = format!("`{}` must be a whole number, not {}", key.name, quote(text));
    let help = whole_ms.map(|ms| format!("Kafka's properties are plain numbers; here of milliseconds: {ms}"));
    report.add(Code::WrongType, value.span, message, help);
    None
}

fn list(report: &mut Report, key: &KafkaKey, value: &Value) -> Option<Vec<String>> {
    match &value.node {
        Node::Text(text) => Some(text.split(',').map(|item| item.trim().to_string()).collect()),
        Node::Array(values) => {
            let items: Vec<_> = values.iter().filter_map(|v| report.text(v, key.name)).map(str::to_string).collect();
            (items.len() == values.len()).then_some(items)
        }
        other => {
            let message = format!("`{}` must be text or a list of texts, not {}", key.name, other.type_name());
            report.error(Code::WrongType, value.span, message);
            None
        }
    }
}

/// The assignors of a list, under their short names or the names of Kafka's classes.
fn assignors(report: &mut Report, span: Span, items: &[String], written_for: ClientKind) -> Option<Vec<AssignorKind>> {
    let client = report.cast(written_for);
    let mut found = Vec::new();
    for item in items {
        let Some(assignor) = assignor(item) else {
            let names: Vec<_> = AssignorKind::ALL.iter().filter(|&&a| ships(client, a)).map(|a| a.name()).collect();
            let whose = if client == ClientKind::Java { "Kafka" } else { client.name() };
            let message = format!("no assignor {} ships with {whose}", quote(item));
            report.unknown(Code::BadKafkaValue, span, message, item, &names);
            return None;
        };
        if found.contains(&assignor) {
            let message = format!("`{}` stands twice in partition.assignment.strategy", assignor.name());
            report.error(Code::BadKafkaValue, span, message);
            return None;
        }
        found.push(assignor);
    }
    if report.cast(written_for) == ClientKind::Librdkafka {
        found = librdkafka::assignors(report, span, found, written_for)?;
    }
    if report.cast(written_for) == ClientKind::Sarama && !sarama::takes(report, span, &found) {
        return None;
    }
    if report.cast(written_for) == ClientKind::KafkaGo {
        found = kafka_go::balancers(report, span, found)?;
    }
    Some(found)
}

/// Whether a library has an assignor, as far as it is modelled.
fn ships(client: ClientKind, assignor: AssignorKind) -> bool {
    match client {
        ClientKind::Java | ClientKind::FranzGo => true,
        ClientKind::Librdkafka => assignor != AssignorKind::Sticky,
        ClientKind::Sarama => assignor != AssignorKind::CooperativeSticky,
        ClientKind::KafkaGo => matches!(assignor, AssignorKind::Range | AssignorKind::RoundRobin),
    }
}

fn assignor(name: &str) -> Option<AssignorKind> {
    match name.strip_prefix("org.apache.kafka.clients.consumer.") {
        Some("RangeAssignor") => Some(AssignorKind::Range),
        Some("RoundRobinAssignor") => Some(AssignorKind::RoundRobin),
        Some("StickyAssignor") => Some(AssignorKind::Sticky),
        Some("CooperativeStickyAssignor") => Some(AssignorKind::CooperativeSticky),
        Some(_) => None,
        None => AssignorKind::from_name(name),
    }
}

/// Sets what `settings` say; commit switches are not here (see `policy`).
pub(super) fn apply(settings: &Settings, config: &mut ClientConfig) {
    for (name, setting) in settings {
        set(config, name, &setting.value);
    }
}

fn set(c: &mut ClientConfig, name: &str, value: &Parsed) {
    match value {
        Parsed::Assignors(assignors) => c.assignors = assignors.clone(),
        Parsed::Text(text) if name == "client.id" && !text.is_empty() => c.client_id = text.clone(),
        Parsed::Word("earliest") => c.auto_offset_reset = AutoOffsetReset::Earliest,
        Parsed::Word("latest") => c.auto_offset_reset = AutoOffsetReset::Latest,
        Parsed::Word("none") => c.auto_offset_reset = AutoOffsetReset::None,
        Parsed::Integer(n) => set_integer(c, name, *n),
        Parsed::Boolean(yes) => set_boolean(c, name, *yes),
        _ => {}
    }
}

fn set_boolean(c: &mut ClientConfig, name: &str, yes: bool) {
    match name {
        "enable.auto.offset.store" => c.enable_auto_offset_store = yes,
        "BlockRebalanceOnPoll" => c.block_rebalance_on_poll = yes,
        "GreedyAutoCommit" => c.greedy_auto_commit = yes,
        "AutoCommitMarks" => c.auto_commit_marks = yes,
        "WatchPartitionChanges" => c.kafka_go.watch_partition_changes = yes,
        _ if c.kind == ClientKind::Sarama => sarama::set_boolean(&mut c.sarama, name, yes),
        _ => {}
    }
}

fn set_integer(c: &mut ClientConfig, name: &str, n: i64) {
    let int = i32::try_from(n).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX });
    let unsigned = u32::try_from(n).unwrap_or(0);
    match name {
        "session.timeout.ms" => c.session_timeout_ms = int,
        "heartbeat.interval.ms" => c.heartbeat_interval_ms = int,
        "max.poll.interval.ms" => c.max_poll_interval_ms = int,
        "rebalance.timeout.ms" => c.rebalance_timeout_ms = int,
        "max.poll.records" | "MaxPollRecords" => c.max_poll_records = unsigned,
        "retry.backoff.ms" => c.retry_backoff_ms = n,
        "retry.backoff.max.ms" => c.retry_backoff_max_ms = n,
        "reconnect.backoff.ms" => c.reconnect_backoff_ms = n,
        "reconnect.backoff.max.ms" => c.reconnect_backoff_max_ms = n,
        "request.timeout.ms" | "socket.timeout.ms" | "Net.ReadTimeout" => c.request_timeout_ms = int,
        "default.api.timeout.ms" => c.default_api_timeout_ms = int,
        "metadata.max.age.ms" | "topic.metadata.refresh.interval.ms" => c.metadata_max_age_ms = n,
        "fetch.min.bytes" => c.fetch_min_bytes = unsigned,
        "fetch.max.wait.ms" | "fetch.wait.max.ms" => c.fetch_max_wait_ms = int,
        "fetch.max.bytes" => c.fetch_max_bytes = unsigned,
        "max.partition.fetch.bytes" | "fetch.message.max.bytes" => c.max_partition_fetch_bytes = unsigned,
        "queued.min.messages" => c.queued_min_messages = n,
        "CommitInterval" => c.kafka_go.commit_interval_ms = n,
        "QueueCapacity" => c.kafka_go.queue_capacity = unsigned,
        "PartitionWatchInterval" => c.kafka_go.partition_watch_interval_ms = n,
        "JoinGroupBackoff" => c.kafka_go.join_group_backoff_ms = n,
        "ReadBackoffMin" => c.kafka_go.read_backoff_min_ms = n,
        "ReadBackoffMax" => c.kafka_go.read_backoff_max_ms = n,
        _ => sarama::set_integer(&mut c.sarama, name, n),
    }
}

/// The broker's settings.
pub(super) fn broker(settings: &Settings) -> BrokerConfig {
    let mut b = BrokerConfig::default();
    for (name, setting) in settings {
        let Parsed::Integer(n) = setting.value else { continue };
        let int = i32::try_from(n).unwrap_or(i32::MAX);
        match *name {
            "group.min.session.timeout.ms" => b.group_min_session_timeout_ms = int,
            "group.max.session.timeout.ms" => b.group_max_session_timeout_ms = int,
            "group.initial.rebalance.delay.ms" => b.group_initial_rebalance_delay_ms = int,
            "group.max.size" => b.group_max_size = int,
            "offset.metadata.max.bytes" => b.offset_metadata_max_bytes = int,
            "offsets.retention.minutes" => b.offsets_retention_minutes = int,
            "offsets.retention.check.interval.ms" => b.offsets_retention_check_interval_ms = n,
            _ => {}
        }
    }
    b
}

impl Setting {
    /// The value as Kafka's properties files have it.
    pub fn to_text(&self) -> String {
        match &self.value {
            Parsed::Boolean(b) => b.to_string(),
            Parsed::Integer(n) => n.to_string(),
            Parsed::Word(word) => word.to_string(),
            Parsed::List(items) => items.join(","),
            Parsed::Assignors(all) => all.iter().map(|a| a.name()).collect::<Vec<_>>().join(","),
            Parsed::Text(text) => text.clone(),
        }
    }
}

/// Sets one validated property, given as text.
pub(super) fn set_text(config: &mut ClientConfig, name: &str, text: &str) {
    match keys::consumer(name).map(|key| key.value) {
        Some(KeyType::Integer(..)) => {
            if let Ok(n) = text.parse() {
                set_integer(config, name, n);
            }
        }
        Some(KeyType::List) => {
            let assignors: Vec<_> = text.split(',').filter_map(AssignorKind::from_name).collect();
            set(config, name, &Parsed::Assignors(assignors));
        }
        Some(KeyType::Word(words)) => {
            if let Some(word) = words.iter().find(|&&w| w == text) {
                set(config, name, &Parsed::Word(word));
            }
        }
        Some(KeyType::Boolean) => set(config, name, &Parsed::Boolean(text == "true")),
        _ => set(config, name, &Parsed::Text(text.to_string())),
    }
}
