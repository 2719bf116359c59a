//! `process` and `commit`: which combinations there are, and their defaults.

use super::codes::Code;
use super::kafka::{Parsed, Settings};
use super::report::{Report, Span};
use super::shape::{self, MAX_BUFFER, MAX_WORKERS, OFFSETS, ORDERS, WHEN_REVOKED, WHENS};
use super::tree::{Table, Value};
use crate::config::{
    ClientKind, CommitMode, CommitOffset, CommitPolicy, CommitWhen, OffsetStore, ProcessPolicy, WhenRevoked,
    WorkerOrder, Workers,
};
use crate::time::Duration;

/// `auto.commit.interval.ms`, or what the library calls it.
fn default_auto_interval_ms(client: ClientKind) -> i64 {
    if client == ClientKind::Sarama { 1_000 } else { 5_000 }
}

/// The library's own way of committing by itself.
fn auto_policy(client: ClientKind) -> CommitPolicy {
    let when = CommitWhen::Auto { interval_ms: default_auto_interval_ms(client) };
    CommitPolicy { when, offset: automatic(client), ..CommitPolicy::default() }
}

/// `process = { ... }` of a member that runs this library.
pub(super) fn process(report: &mut Report, value: Option<&Value>, client: ClientKind) -> ProcessPolicy {
    let mut policy = ProcessPolicy { workers: usual_workers(client), ..ProcessPolicy::default() };
    let Some(value) = value else { return policy };
    let Some(table) = report.table(value, "process") else { return policy };
    report.known_keys(table, "process", &shape::names(shape::PROCESS));
    if let Some(d) = table.get("per-record").and_then(|v| report.duration(v, "per-record")) {
        policy.per_record = d;
    }
    if let Some(jitter) = table.get("jitter").and_then(|v| report.percent(v, "jitter")) {
        policy.jitter_percent = jitter;
    }
    if let Some(value) = table.get("jitter-per") {
        policy.jitter_per_record = report.word(value, "jitter-per", &["run", "record"]) == Some(1);
        if table.get("jitter").is_none() {
            report.error(Code::BadProcess, value.span, "`jitter-per` without `jitter`");
        }
    }
    if let Some(workers) = table.get("workers").and_then(|v| report.integer(v, "workers", 1, MAX_WORKERS)) {
        policy.workers = match u32::try_from(workers) {
            // sarama's own workers are its claims; so many of one's own share what those deliver.
            Ok(n) if n > 1 || client == ClientKind::Sarama => Workers::Pool(n),
            _ => Workers::PollThread,
        };
    }
    workers(report, table, client, &mut policy);
    policy
}

/// Who handles records if nothing is said.
fn usual_workers(client: ClientKind) -> Workers {
    if client == ClientKind::Sarama { Workers::PerPartition } else { Workers::PollThread }
}

/// How several workers share records, and what they do at a revoke.
fn workers(report: &mut Report, table: &Table, client: ClientKind, policy: &mut ProcessPolicy) {
    let alone = policy.workers == Workers::PollThread;
    if let Some(value) = table.get("order") {
        if let Some(order) = report.word(value, "order", ORDERS) {
            policy.order = if order == 0 { WorkerOrder::Partition } else { WorkerOrder::None };
        }
        let message = match policy.workers {
            Workers::Pool(_) => None,
            Workers::PollThread => Some("`order` says how several workers share a partition; here is one"),
            Workers::PerPartition => {
                Some("`order` without `workers`: sarama's own workers have a partition each, and keep its order")
            }
        };
        if let Some(message) = message {
            report.error(Code::BadProcess, value.span, message);
        }
    }
    if let Some(value) = table.get("buffer") {
        let records = report.integer(value, "buffer", 1, MAX_BUFFER);
        policy.buffer = records.and_then(|n| u32::try_from(n).ok());
        if alone && client != ClientKind::KafkaGo {
            let message = "`buffer` is what several workers have between them and the poll thread; here is one worker";
            report.error(Code::BadProcess, value.span, message);
        }
    }
    let Some(value) = table.get("when-revoked") else { return };
    let Some(word) = report.word(value, "when-revoked", WHEN_REVOKED) else { return };
    let when = [WhenRevoked::FinishRecord, WhenRevoked::Drain, WhenRevoked::Ignore][word];
    policy.when_revoked = Some(when);
    let message = match client {
        ClientKind::KafkaGo => "kafka-go has no hook for a revoke: its application never hears of one",
        ClientKind::FranzGo if when == WhenRevoked::FinishRecord && alone => {
            "franz-go's revoke callback runs beside the poll loop, and nobody stops that in the middle of a batch: it takes no \
             notice (`ignore`), or the callback waits for the batch (`drain`)"
        }
        ClientKind::FranzGo if when != WhenRevoked::Ignore && !alone => {
            "franz-go's revoke callback runs beside the poll loop and its workers: here they take no notice (`ignore`)"
        }
        ClientKind::Java | ClientKind::Librdkafka if alone && when != client.when_revoked() => {
            "one worker meets a revoke only in poll(), with nothing in hand: leave it out"
        }
        ClientKind::Sarama if policy.workers == Workers::PerPartition && when == WhenRevoked::Ignore => {
            "sarama waits until every ConsumeClaim has returned: one that takes no notice drains its buffer (`drain`)"
        }
        _ => return,
    };
    report.error(Code::BadProcess, value.span, message);
}

/// The parts of `commit` as they stand.
struct Parts<'t> {
    table: Option<&'t Table>,
    span: Span,
    /// Whether `commit` is written out: `span` is its own then.
    written: bool,
    /// Of `process`.
    process: Option<Span>,
}

impl<'t> Parts<'t> {
    fn get(&self, key: &str) -> Option<&'t Value> {
        self.table.and_then(|t| t.get(key))
    }
}

/// The commit policy of `commit` (if it is there) and of enable.auto.commit and its interval among `settings`.
pub(super) fn commit(
    report: &mut Report,
    value: Option<&Value>,
    settings: &Settings,
    client: ClientKind,
    process: &ProcessPolicy,
    process_span: Option<Span>,
) -> CommitPolicy {
    let enabled = settings.get("enable.auto.commit").map(|s| (s.value == Parsed::Boolean(true), s.span));
    let table = value.and_then(|v| report.table(v, "commit"));
    if let Some(table) = table {
        report.known_keys(table, "commit", &shape::names(shape::COMMIT));
    }
    let Some(span) = value
        .map(|v| v.span)
        .or(enabled.map(|e| e.1))
        .or_else(|| settings.values().next().map(|s| s.span))
        .or(process_span)
    else {
        return auto_policy(client);
    };
    let parts = Parts { table, span, written: value.is_some(), process: process_span };
    no_hook(report, &parts, client);
    let store = store(report, &parts, client, process);
    let when = parts.get("when").and_then(|v| report.word(v, "when", WHENS)).map(|i| WHENS[i]);
    let when = when.unwrap_or(if enabled.is_none_or(|e| e.0) { "auto" } else { "never" });
    let auto_ms = match settings.get("auto.commit.interval.ms").map(|s| &s.value) {
        Some(Parsed::Integer(n)) => Some(*n),
        _ => None,
    };
    refuse_strangers(report, &parts, when);
    among_workers(report, &parts, when, process);
    if when == "auto" {
        let policy = CommitPolicy { store, ..auto(report, &parts, enabled, auto_ms, client) };
        marks_gaps(report, &parts, &policy, process);
        return policy;
    }
    let policy = CommitPolicy {
        when: when_of(report, &parts, when),
        offset: offset_of(report, &parts, when, client),
        mode: mode_of(report, &parts),
        on_revoke: on_revoke(report, &parts, client).unwrap_or(false),
        also_auto_ms: None,
        retry: retry(report, &parts, client),
        store,
    };
    marks_gaps(report, &parts, &policy, process);
    match enabled {
        Some((true, span)) => {
            let message = format!("enable.auto.commit = true beside `when = \"{when}\"`: both commit");
            let help = "poll() commits positions by itself then; write false unless that is what you want to see";
            report.add(Code::AutoCommitToo, span, message, help.to_string());
            CommitPolicy { also_auto_ms: Some(auto_ms.unwrap_or(default_auto_interval_ms(client))), ..policy }
        }
        _ => policy,
    }
}

/// Where offsets are kept.
fn store(report: &mut Report, parts: &Parts<'_>, client: ClientKind, process: &ProcessPolicy) -> OffsetStore {
    let Some(value) = parts.get("store") else { return OffsetStore::Kafka };
    if report.word(value, "store", &["kafka", "with-result"]) != Some(1) {
        return OffsetStore::Kafka;
    }
    if process.workers != Workers::PollThread {
        let instead = "the thread that polls writes each result when its record is done";
        report.planned(value.span, "`store = \"with-result\"` with several workers", instead);
    } else if !matches!(client, ClientKind::Java | ClientKind::Librdkafka) {
        let what = format!("`store = \"with-result\"` with {}", client.name());
        report.planned(value.span, &what, "java and librdkafka are built");
    }
    OffsetStore::WithResult
}

fn retry(report: &mut Report, parts: &Parts<'_>, client: ClientKind) -> u32 {
    if let Some(value) = parts.get("retry").filter(|_| client == ClientKind::Sarama) {
        let message = "`retry` with sarama, whose Commit() returns no error";
        let help = "it repeats a flush by itself when the session ends (Consumer.Offsets.Retry.Max)".to_string();
        report.add(Code::BadCommit, value.span, message, help);
    }
    let times = parts.get("retry").and_then(|v| report.integer(v, "retry", 0, shape::MAX_RETRIES));
    times.and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

/// What several workers make of a commit policy.
fn among_workers(report: &mut Report, parts: &Parts<'_>, when: &str, process: &ProcessPolicy) {
    if process.workers == Workers::PollThread {
        return;
    }
    if when.starts_with("before-")
        && let Some(value) = parts.get("when")
    {
        let help = "it is the thread that polls that commits before it handles; workers are handed records and go on";
        let message = format!("`when = \"{when}\"` with several workers");
        report.add(Code::BadCommit, value.span, message, help.to_string());
    }
}

/// The highest mark with workers that finish records of a partition out of order.
fn marks_gaps(report: &mut Report, parts: &Parts<'_>, policy: &CommitPolicy, process: &ProcessPolicy) {
    let several = matches!(process.workers, Workers::Pool(n) if n > 1);
    if several && process.order == WorkerOrder::None && policy.offset == CommitOffset::DoneMax {
        let commit = parts.get("offset").or(parts.get("when")).map(|v| v.span);
        let at = commit.or(parts.process.filter(|_| !parts.written)).unwrap_or(parts.span);
        let message = "the highest finished record is committed, with several workers and no order among them";
        let help = "a record that finishes late is below what is committed by then: a crash loses it; \
                    `offset = \"done-contiguous\"` waits for it";
        report.add(Code::MarksGaps, at, message, help.to_string());
    }
}

fn no_hook(report: &mut Report, parts: &Parts<'_>, client: ClientKind) {
    if let Some(value) = parts.get("on-revoke")
        && client == ClientKind::KafkaGo
    {
        report.error(Code::BadCommit, value.span, "kafka-go has no revoke callback, so there is no `on-revoke`");
    }
}

/// Keys that do not go with `when`.
fn refuse_strangers(report: &mut Report, parts: &Parts<'_>, when: &str) {
    let rules: [(&str, &[&str], &str); 5] = [
        ("n", &["every-n"], "it belongs to every-n"),
        ("interval", &["interval", "auto"], "it belongs to interval and auto"),
        ("mode", &WHENS[1..7], "the library commits in its own way"),
        ("offset", &WHENS[1..7], "the library commits its own offsets"),
        ("retry", &WHENS[1..7], "the library repeats its own commits as it does"),
    ];
    for (key, whens, why) in rules {
        let Some(value) = parts.get(key) else { continue };
        if !whens.contains(&when) {
            let why = if when == "never" && why.starts_with("the library") { "nothing is committed" } else { why };
            report.add(Code::BadCommit, value.span, format!("`{key}` with `when = \"{when}\"`"), why.to_string());
        }
    }
}

fn auto(
    report: &mut Report,
    parts: &Parts<'_>,
    enabled: Option<(bool, Span)>,
    auto_ms: Option<i64>,
    client: ClientKind,
) -> CommitPolicy {
    let at = parts.get("when").map_or(parts.span, |v| v.span);
    if enabled.is_some_and(|e| !e.0) {
        let message = "`when = \"auto\"` against enable.auto.commit = false";
        report.add(Code::Contradiction, at, message, "they are the same switch: leave one of them out".to_string());
    }
    let mut interval_ms = auto_ms.unwrap_or(default_auto_interval_ms(client));
    if let Some(value) = parts.get("interval")
        && let Some(d) = report.duration(value, "interval")
    {
        let ms = i64::try_from(d.as_ms()).unwrap_or(i64::MAX);
        if !d.as_us().is_multiple_of(1_000) || ms > i64::from(i32::MAX) {
            let message = "auto.commit.interval.ms is in whole milliseconds, at most 24 days";
            report.error(Code::BadCommit, value.span, message);
        } else if auto_ms.is_some_and(|other| other != ms) {
            let message = format!("`interval = \"{d}\"` against auto.commit.interval.ms = {interval_ms}");
            report.error(Code::Contradiction, value.span, message);
        }
        interval_ms = ms;
    }
    if on_revoke(report, parts, client) == Some(false)
        && matches!(client, ClientKind::Java | ClientKind::Sarama)
        && let Some(value) = parts.get("on-revoke")
    {
        let whose = if client == ClientKind::Java { "Java's auto-commit" } else { "sarama's AutoCommit" };
        let message = format!("`on-revoke = false` with {whose}, which cannot be kept from committing there");
        report.error(Code::BadCommit, value.span, message);
    }
    let on_revoke = client != ClientKind::FranzGo || on_revoke(report, parts, client) != Some(false);
    CommitPolicy {
        when: CommitWhen::Auto { interval_ms },
        offset: automatic(client),
        on_revoke,
        ..CommitPolicy::default()
    }
}

/// What the library commits by itself.
fn automatic(client: ClientKind) -> CommitOffset {
    match client {
        ClientKind::Librdkafka => CommitOffset::Stored,
        ClientKind::FranzGo => CommitOffset::Head,
        ClientKind::Sarama => CommitOffset::DoneMax,
        _ => CommitOffset::Position,
    }
}

fn when_of(report: &mut Report, parts: &Parts<'_>, when: &str) -> CommitWhen {
    let at = parts.get("when").map_or(parts.span, |v| v.span);
    match when {
        "before-record" => CommitWhen::BeforeRecord,
        "before-batch" => CommitWhen::BeforeBatch,
        "after-record" => CommitWhen::AfterRecord,
        "after-batch" => CommitWhen::AfterBatch,
        "every-n" => match parts.get("n") {
            Some(value) => CommitWhen::EveryN(report.integer(value, "n", 1, i64::MAX as u64).unwrap_or(1)),
            None => {
                report.add(Code::BadCommit, at, "`every-n` needs `n`", "n = 100".to_string());
                CommitWhen::EveryN(1)
            }
        },
        "interval" => match parts.get("interval") {
            Some(value) => {
                let d = report.positive_duration(value, "interval");
                CommitWhen::Interval(d.unwrap_or(Duration::from_secs(5)))
            }
            None => {
                let help = "interval = \"5s\"".to_string();
                report.add(Code::BadCommit, at, "`when = \"interval\"` needs `interval`", help);
                CommitWhen::Interval(Duration::from_secs(5))
            }
        },
        _ => CommitWhen::Never,
    }
}

fn offset_of(report: &mut Report, parts: &Parts<'_>, when: &str, client: ClientKind) -> CommitOffset {
    let default = match when {
        "before-record" | "before-batch" => CommitOffset::AboutToHandle,
        _ => CommitOffset::DoneContiguous,
    };
    let Some(value) = parts.get("offset") else { return default };
    match report.word(value, "offset", OFFSETS).map(|i| OFFSETS[i]) {
        Some("position") => {
            if matches!(when, "after-record" | "every-n" | "interval") {
                let message = format!("`offset = \"position\"` with `when = \"{when}\"` commits ahead of the work");
                let help = "position is the end of the batch; the records behind the one just done are not done yet";
                report.add(Code::CommitsAhead, value.span, message, help.to_string());
            }
            CommitOffset::Position
        }
        Some("done-max") => CommitOffset::DoneMax,
        Some("done-contiguous") => CommitOffset::DoneContiguous,
        Some("stored") if client == ClientKind::Librdkafka => CommitOffset::Stored,
        Some(_) => {
            let help = "only librdkafka stores the offset of a record before it hands it over".to_string();
            let message = format!("`offset = \"stored\"` with {}", client.name());
            report.add(Code::BadCommit, value.span, message, help);
            default
        }
        None => default,
    }
}

fn mode_of(report: &mut Report, parts: &Parts<'_>) -> CommitMode {
    match parts.get("mode").and_then(|v| report.word(v, "mode", &["sync", "async"])) {
        Some(1) => CommitMode::Async,
        _ => CommitMode::Sync,
    }
}

fn on_revoke(report: &mut Report, parts: &Parts<'_>, client: ClientKind) -> Option<bool> {
    if client == ClientKind::KafkaGo {
        return None;
    }
    parts.get("on-revoke").and_then(|v| report.boolean(v, "on-revoke"))
}

/// `enable.auto.commit` of a process that is started anew.
pub(super) fn set_auto_commit(policy: &mut CommitPolicy, client: ClientKind, on: bool) {
    match (policy.when, on) {
        (CommitWhen::Auto { .. }, true) => {}
        (CommitWhen::Auto { .. }, false) => {
            *policy = CommitPolicy {
                when: CommitWhen::Never,
                offset: CommitOffset::DoneContiguous,
                mode: CommitMode::Sync,
                on_revoke: false,
                ..policy.clone()
            };
        }
        (CommitWhen::Never, true) if !policy.on_revoke => {
            let (store, retry) = (policy.store, policy.retry);
            *policy = CommitPolicy { store, retry, ..auto_policy(client) };
        }
        (_, true) => policy.also_auto_ms = policy.also_auto_ms.or(Some(default_auto_interval_ms(client))),
        (_, false) => policy.also_auto_ms = None,
    }
}

/// Changes `auto.commit.interval.ms` of whatever commits automatically.
pub(super) fn set_auto_interval(policy: &mut CommitPolicy, ms: i64) {
    if let CommitWhen::Auto { interval_ms } = &mut policy.when {
        *interval_ms = ms;
    }
    if let Some(interval_ms) = &mut policy.also_auto_ms {
        *interval_ms = ms;
    }
}
