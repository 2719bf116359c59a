//! `[producer.NAME]`: what an application sends, through which library, with which settings.

use super::amount::{rate, size};
use super::codes::Code;
use super::group::{World, unknown_topic};
use super::kafka::{self, Owner, Parsed, Settings};
use super::plan::{Topic, With, host};
use super::report::{Report, Span, clip, grouped, quote};
use super::selector::{Crews, split_name};
use super::shape::{self, CLIENTS, MAX_CALLERS, MAX_KEYS, MAX_PRODUCED, MAX_PRODUCERS};
use super::topic::{DEFAULT_SIZE, legal_name};
use super::tree::{Entry, Node, Table, Value};
use crate::config::keys::{self, KeyType, Side};
use crate::config::{Acks, ClientKind, ProducerConfig, ProducerSettings, SendMode, SendPlan, UNLIMITED};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// All producers, in the file's order, each with whether it starts at t = 0.
pub(super) fn producers(
    report: &mut Report,
    world: &mut World<'_>,
    crews: &Crews,
    entries: &[Entry],
    starts_late: &BTreeSet<String>,
    run_for: Duration,
) -> Vec<(ProducerConfig, bool)> {
    let mut all = Vec::new();
    let mut sent = 0u128;
    if let Some(entry) = entries.get(MAX_PRODUCERS as usize) {
        let (count, limit) = (grouped(entries.len() as u64), grouped(MAX_PRODUCERS));
        report.error(Code::OverLimit, entry.key_span, format!("{count} producers; the limit is {limit}"));
        return all;
    }
    for entry in entries {
        check_name(report, crews, entry);
        let Some(config) = producer(report, world, entry) else { continue };
        sent += records_of(&config.send, run_for);
        if sent > u128::from(MAX_PRODUCED) {
            let limit = grouped(MAX_PRODUCED);
            let message = format!("{} records are sent within run-for; the limit is {limit}", grouped(sent));
            report.error(Code::OverLimit, entry.key_span, message);
        }
        let at_zero = !starts_late.contains(&config.name);
        all.push((config, at_zero));
    }
    all
}

fn check_name(report: &mut Report, crews: &Crews, entry: &Entry) {
    let name = entry.key.as_str();
    if !legal_name(name) {
        let message = format!("{} is no name for a producer", quote(name));
        let help = "letters, digits, `.`, `_` and `-`, at most 249".to_string();
        report.add(Code::BadName, entry.key_span, message, help);
    }
    let member_of = split_name(name).filter(|(group, _)| crews.by_group.contains_key(*group));
    if crews.by_group.contains_key(name) || member_of.is_some() {
        let message = format!("a producer cannot be called {}: a group or its members are", quote(name));
        report.error(Code::BadName, entry.key_span, message);
    }
}

/// How many records are sent before `run_for`.
fn records_of(send: &SendPlan, run_for: Duration) -> u128 {
    let by_calls = u128::from(send.calls) * u128::from(send.per_call);
    let Some((count, per)) = send.rate else { return by_calls };
    let window = send.until.min(Instant::ZERO + run_for).since(send.from).as_us();
    (u128::from(count) * u128::from(window)).div_ceil(u128::from(per.as_us().max(1))).min(by_calls)
}

fn producer(report: &mut Report, world: &mut World<'_>, entry: &Entry) -> Option<ProducerConfig> {
    let name = entry.key.as_str();
    let table = report.table(&entry.value, &format!("producer.{}", clip(name)))?;
    report.known_keys_of("producer", name, table, &shape::names(shape::PRODUCER));
    let topic = topic(report, world.topics, table, entry.key_span);
    let client = table.get("client").and_then(|v| report.word(v, "client", CLIENTS));
    let kind = client.map_or(ClientKind::Java, |place| ClientKind::ALL[place]);
    let settings = match table.get("config").and_then(|v| report.table(v, "producer.config")) {
        Some(config) => {
            let owner = Owner { side: Side::Producer, client: kind, protocol: world.protocol, standalone: false };
            kafka::settings(report, world.ignored, config, owner)
        }
        None => Settings::new(),
    };
    let client = settled(report, kind, &settings);
    let default_size = topic.map_or(DEFAULT_SIZE, |topic| topic.preload_size);
    let Some(value) = table.get("send") else {
        let help = "send = \"200/s\", or send = { calls = 10, mode = \"sync\" }".to_string();
        report.add(Code::MissingKey, entry.key_span, "a producer needs `send`", help);
        return None;
    };
    let written = table.get("config").map(|v| &v.node);
    let raised = |key: &str| matches!(written, Some(Node::Table(config)) if config.get(key).is_some());
    let limit = match kind {
        ClientKind::Java => (!raised("max.request.size")).then_some(("max.request.size", 1_048_576)),
        ClientKind::Librdkafka => (!raised("message.max.bytes")).then_some(("message.max.bytes", 1_000_000)),
        ClientKind::Sarama => Some(("MaxMessageBytes", client.batch_bytes)),
        ClientKind::KafkaGo => Some(("BatchBytes", client.batch_bytes)),
        ClientKind::FranzGo => Some(("ProducerBatchMaxBytes", client.batch_bytes)),
    };
    let send_span = value.span;
    let send = send(report, value, kind, default_size)?;
    if let Some((name, limit)) = limit.filter(|(_, limit)| u64::from(send.size) > *limit) {
        let size = grouped(u64::from(send.size));
        let message = format!("a record of {size} bytes is larger than {name}, {}", grouped(limit));
        let help = format!("{} gives such a record back with an error; here it is sent all the same", kind.name());
        report.add(Code::RecordTooLarge, send_span, message, help);
    }
    world.hosts += 1;
    Some(ProducerConfig { name: name.to_string(), host: host(world.hosts), topic: topic?.name.clone(), client, send })
}

fn topic<'t>(report: &mut Report, topics: &'t [Topic], table: &Table, span: Span) -> Option<&'t Topic> {
    let Some(value) = table.get("topic") else {
        if let [only] = topics {
            return Some(only);
        }
        let message = format!("to which topic? There are {}", topics.len());
        report.add(Code::MissingKey, span, message, "topic = \"orders\"".to_string());
        return None;
    };
    let name = report.text(value, "topic")?;
    let found = topics.iter().find(|topic| topic.name == name);
    if found.is_none() {
        unknown_topic(report, value.span, name, topics);
    }
    found
}

fn send(report: &mut Report, value: &Value, kind: ClientKind, default_size: u32) -> Option<SendPlan> {
    let mode = if kind == ClientKind::KafkaGo { SendMode::Sync } else { SendMode::Async };
    let plan = SendPlan {
        rate: None,
        calls: u64::MAX,
        per_call: 1,
        callers: 1,
        mode,
        size: default_size,
        keys: None,
        from: Instant::ZERO,
        until: Instant::MAX,
    };
    let Node::Table(table) = &value.node else {
        return rate(report, value, "send").map(|rate| SendPlan { rate: Some(rate), ..plan });
    };
    report.known_keys(table, "send", &shape::names(shape::SEND));
    let count = |report: &mut Report, key: &str, limit: u64| table.get(key).map(|v| report.limited(v, key, 1, limit));
    let (calls, per_call) = (count(report, "calls", MAX_PRODUCED), count(report, "per-call", MAX_PRODUCED));
    let callers = count(report, "callers", MAX_CALLERS);
    let keys = count(report, "keys", MAX_KEYS);
    let rate = table.get("rate").map(|v| rate(report, v, "rate"));
    if rate.is_none() && calls.is_none() {
        let help = "rate = \"200/s\", or calls = 10 one after the other".to_string();
        report.add(Code::MissingKey, value.span, "`send` needs `rate` or `calls`", help);
        return None;
    }
    let mode = match table.get("mode").and_then(|v| report.word(v, "mode", &["sync", "async"])) {
        Some(0) => SendMode::Sync,
        Some(_) => SendMode::Async,
        None => mode,
    };
    if let Some(entry) = table.entry("callers").filter(|_| mode == SendMode::Async) {
        let help = "an asynchronous call returns at once: one caller makes them all".to_string();
        report.add(Code::BadValue, entry.key_span, "`callers` is for mode = \"sync\"", help);
    }
    let from = table.get("from").and_then(|v| report.instant(v, "from")).unwrap_or(plan.from);
    let until = table.get("until").and_then(|v| report.instant(v, "until")).unwrap_or(plan.until);
    if until <= from {
        let span = table.get("until").map_or(value.span, |v| v.span);
        report.error(Code::BadValue, span, format!("`until` must be after `from`, {from}"));
    }
    let size = table.get("size").and_then(|v| size(report, v, "size")).unwrap_or(default_size);
    Some(SendPlan {
        rate: match rate {
            Some(rate) => Some(rate?),
            None => None,
        },
        calls: calls.map_or(Some(u64::MAX), |calls| calls)?,
        per_call: per_call.map_or(Some(1), |n| n)?,
        callers: callers.map_or(Some(1), |n| n)?,
        mode,
        size,
        keys: match keys {
            Some(keys) => Some(keys?),
            None => None,
        },
        from,
        until,
    })
}

/// The setting that a property is about, whatever the library calls it.
fn meaning(name: &str) -> &str {
    match name {
        "request.required.acks" | "RequiredAcks" => "acks",
        "Idempotent" | "DisableIdempotentWrite" => "enable.idempotence",
        "queue.buffering.max.ms" | "ProducerLinger" => "linger.ms",
        "max.in.flight" => "max.in.flight.requests.per.connection",
        "message.send.max.retries" => "retries",
        "message.timeout.ms" => "delivery.timeout.ms",
        other => other,
    }
}

/// The defaults of a library with what a file sets; contradictions are reported as the library's own constructor would.
fn settled(report: &mut Report, kind: ClientKind, settings: &Settings) -> ProducerSettings {
    let mut client = ProducerSettings::of(kind);
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, setting) in settings {
        if let Some(other) = seen.insert(meaning(name), name) {
            let message = format!("`{name}` beside `{other}`: they are two names for one setting");
            report.error(Code::BadKafkaValue, setting.key_span, message);
        }
        set(&mut client, name, &setting.value);
    }
    let written = |meant: &str| seen.get(meant).and_then(|name| settings.get(name)).map(|setting| setting.span);
    follow(&mut client, |meant| written(meant).is_some());
    let mut refuse = |span: Option<Span>, message: &str, help: &str| {
        if let Some(span) = span {
            report.add(Code::BadKafkaValue, span, message, help.to_string());
        }
    };
    let explicit = written("enable.idempotence");
    if client.idempotent {
        let needs = "the library's constructor fails: an idempotent producer needs it";
        if client.acks != Acks::All && kind == ClientKind::FranzGo {
            let help = "NewClient returns an error, \"idempotency requires acks=all\": write DisableIdempotentWrite = true too";
            refuse(
                written("acks").or(explicit),
                "franz-go is idempotent unless told otherwise, and needs acks = all",
                help,
            );
        } else if client.acks != Acks::All {
            refuse(explicit.or(written("acks")), "enable.idempotence needs acks = all", needs);
        }
        if client.retries == 0 {
            refuse(explicit.or(written("retries")), "enable.idempotence needs retries above 0", needs);
        }
        match kind {
            ClientKind::Java | ClientKind::Librdkafka if client.max_in_flight > 5 => {
                let span = written("max.in.flight.requests.per.connection").or(explicit);
                refuse(span, "enable.idempotence needs at most 5 requests in flight", needs);
            }
            ClientKind::Sarama if client.max_in_flight > 1 => {
                refuse(explicit, "Idempotent needs Net.MaxOpenRequests = 1", needs);
            }
            ClientKind::FranzGo => {
                let span = written("MaxProduceRequestsInflightPerBroker").filter(|_| client.max_in_flight != 1);
                refuse(span, "MaxProduceRequestsInflightPerBroker is for DisableIdempotentWrite", needs);
            }
            _ => {}
        }
    }
    if kind == ClientKind::Sarama && client.batch_records < client.flush_records {
        let says = "Config.Validate returns an error: \"Producer.Flush.MaxMessages must be >= Producer.Flush.Messages when set\"";
        refuse(written("Flush.MaxMessages"), "Flush.MaxMessages is below Flush.Messages", says);
    }
    let least = client.linger_ms.saturating_add(client.request_timeout_ms);
    if kind == ClientKind::Java && client.delivery_timeout_ms < least {
        let message = format!("delivery.timeout.ms must be at least linger.ms + request.timeout.ms, {least}");
        refuse(written("delivery.timeout.ms"), &message, "the library's constructor fails");
    }
    client
}

/// Settings that follow from others, unless they are written out.
fn follow(client: &mut ProducerSettings, written: impl Fn(&str) -> bool) {
    match client.kind {
        ClientKind::Java => {
            // ProducerConfig.postProcessAndValidateIdempotenceConfigs
            let in_the_way = client.acks != Acks::All || client.retries == 0 || client.max_in_flight > 5;
            if !written("enable.idempotence") && in_the_way {
                client.idempotent = false;
            }
            // KafkaProducer.configureDeliveryTimeout
            let least = client.linger_ms.saturating_add(client.request_timeout_ms);
            if !written("delivery.timeout.ms") {
                client.delivery_timeout_ms = client.delivery_timeout_ms.max(least);
            }
            client.sticky_bytes = client.batch_bytes.max(1);
        }
        ClientKind::Librdkafka => {
            if client.idempotent && !written("max.in.flight.requests.per.connection") {
                client.max_in_flight = 5;
            }
            if !written("sticky.partitioning.linger.ms") {
                client.sticky_ms = client.linger_ms.saturating_mul(2).min(900_000);
            }
        }
        ClientKind::Sarama | ClientKind::KafkaGo | ClientKind::FranzGo => {}
    }
    client.retry_backoff_max_ms = client.retry_backoff_max_ms.max(match client.kind {
        ClientKind::KafkaGo => 0,
        _ => client.retry_backoff_ms,
    });
}

fn set(c: &mut ProducerSettings, name: &str, value: &Parsed) {
    match value {
        Parsed::Boolean(on) => match name {
            "enable.idempotence" | "Idempotent" => c.idempotent = *on,
            "DisableIdempotentWrite" => c.idempotent = !*on,
            _ => {}
        },
        Parsed::Word(word) => {
            c.acks = match *word {
                "0" | "none" | "RequireNone" | "NoResponse" | "NoAck" => Acks::None,
                "1" | "one" | "RequireOne" | "WaitForLocal" | "LeaderAck" => Acks::Leader,
                _ => Acks::All,
            }
        }
        Parsed::Text(text) if name == "client.id" && !text.is_empty() => c.client_id = text.clone(),
        Parsed::Integer(n) => set_integer(c, name, *n),
        _ => {}
    }
}

/// Sets a number. What 0 means is the library's own: its default, or no limit.
fn set_integer(c: &mut ProducerSettings, name: &str, n: i64) {
    let count = u64::try_from(n).unwrap_or(0);
    let or_unlimited = if n == 0 { UNLIMITED } else { count };
    let or_never = if n == 0 { i64::MAX } else { n };
    match name {
        // writer.go: a field that is 0 has its default.
        "BatchTimeout" | "BatchBytes" | "BatchSize" | "MaxAttempts" | "WriteBackoffMin" | "WriteBackoffMax"
        | "WriteTimeout"
            if n == 0 => {}
        "linger.ms" | "queue.buffering.max.ms" | "ProducerLinger" | "BatchTimeout" | "Flush.Frequency" => {
            c.linger_ms = n;
        }
        "batch.size" | "BatchBytes" | "MaxMessageBytes" | "ProducerBatchMaxBytes" => c.batch_bytes = count,
        "batch.num.messages" | "BatchSize" => c.batch_records = count,
        "Flush.MaxMessages" => c.batch_records = or_unlimited,
        "Flush.Messages" => c.flush_records = count,
        "Flush.Bytes" => c.flush_bytes = count,
        "max.in.flight.requests.per.connection"
        | "max.in.flight"
        | "Net.MaxOpenRequests"
        | "MaxProduceRequestsInflightPerBroker" => c.max_in_flight = count.max(1),
        "retries" | "message.send.max.retries" | "Retry.Max" | "RecordRetries" => c.retries = count,
        "MaxAttempts" => c.retries = count - 1,
        "retry.backoff.ms" | "WriteBackoffMin" | "Retry.Backoff" => c.retry_backoff_ms = n,
        "retry.backoff.max.ms" | "WriteBackoffMax" => c.retry_backoff_max_ms = n,
        "request.timeout.ms" | "socket.timeout.ms" | "WriteTimeout" | "Net.ReadTimeout" => c.request_timeout_ms = n,
        "ProduceRequestTimeout" => c.request_timeout_ms = n.saturating_add(10_000),
        "delivery.timeout.ms" => c.delivery_timeout_ms = n,
        "message.timeout.ms" | "RecordDeliveryTimeout" => c.delivery_timeout_ms = or_never,
        "buffer.memory" => c.buffer_bytes = count,
        "queue.buffering.max.kbytes" => c.buffer_bytes = count.saturating_mul(1_024),
        "queue.buffering.max.messages" => c.buffer_records = or_unlimited,
        "MaxBufferedRecords" => c.buffer_records = count,
        "max.block.ms" => c.max_block_ms = n,
        "sticky.partitioning.linger.ms" => c.sticky_ms = n,
        "metadata.max.age.ms" | "topic.metadata.refresh.interval.ms" => c.metadata_max_age_ms = n.max(1),
        "reconnect.backoff.ms" => c.reconnect_backoff_ms = n,
        "reconnect.backoff.max.ms" => c.reconnect_backoff_max_ms = n,
        _ => {}
    }
}

/// A producer's settings after the `with` of a `start` or `restart`, which [`load`](super::load) has validated.
pub fn apply_with_to_producer(config: &ProducerConfig, with: &With) -> ProducerConfig {
    let mut config = config.clone();
    for (name, text) in with {
        let value = match keys::producer_of(config.client.kind, name).map(|key| key.value) {
            Some(KeyType::Boolean) => Parsed::Boolean(text == "true"),
            Some(KeyType::Integer(..)) => Parsed::Integer(text.parse().unwrap_or(0)),
            Some(KeyType::Word(words)) => match words.iter().find(|&&word| word == text) {
                Some(word) => Parsed::Word(word),
                None => continue,
            },
            Some(KeyType::Text) => Parsed::Text(text.clone()),
            _ => continue,
        };
        set(&mut config.client, name, &value);
    }
    let written: BTreeSet<&str> = with.iter().map(|(name, _)| meaning(name)).collect();
    follow(&mut config.client, |meant| written.contains(meant));
    config
}
