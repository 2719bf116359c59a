//! From text to [`Scenario`]: every mistake in one go.

use super::codes::Code;
use super::diagnostic::{Diagnostic, ScenarioErrors, Source};
use super::expect::{self, Cast};
use super::group::{self, World};
use super::kafka::{self, IgnoredKey, Owner};
use super::overrides;
use super::plan::{Group, Network, Scenario, Topic};
use super::producer;
use super::recast::Recast;
use super::report::{Report, Span, grouped};
use super::selector::Crews;
use super::shape::{self, MAX_MEMBERS, MAX_READ};
use super::successors;
use super::timeline::{self, Stage};
use super::topic;
use super::topic_events;
use super::tree::{self, Node, Table, Value};
use crate::config::keys::Side;
use crate::config::{BrokerConfig, ClientKind, Membership};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use toml::de::DeTable;

/// Largest file.
const MAX_BYTES: usize = 1 << 20;

/// A scenario that can be run, and what is remarkable about its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// Warnings, in the file's order.
    pub lints: Vec<Diagnostic>,
    /// Properties without effect here, each once.
    pub ignored_keys: Vec<IgnoredKey>,
    /// Properties that the file sets and that the library which plays its clients does not have ([`load_as`]).
    pub dropped_keys: Vec<IgnoredKey>,
}

/// Loads a file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path, sets: &[(&str, &str)]) -> Result<Loaded, ScenarioErrors> {
    let name = path.display().to_string();
    parse_bytes(&name, &read(path, &name)?, sets)
}

/// Loads a file with every client, member and reader replaced by `client`, with the defaults of that library.
///
/// # Errors
/// Everything that is wrong with the file, and what that library cannot do.
pub fn load_as(path: &Path, sets: &[(&str, &str)], client: ClientKind) -> Result<Loaded, ScenarioErrors> {
    let name = path.display().to_string();
    let bytes = read(path, &name)?;
    parse_any(&name, text_of(&name, &bytes)?, sets, Some(Recast::new(client)))
}

/// The bytes of a file.
fn read(path: &Path, name: &str) -> Result<Vec<u8>, ScenarioErrors> {
    let unreadable = |why: String| whole_file(name, Code::Unreadable, why);
    let meta = std::fs::metadata(path).map_err(|why| unreadable(why.to_string()))?;
    if meta.is_dir() {
        return Err(unreadable("it is a directory".to_string()));
    }
    if meta.is_file() && meta.len() > MAX_BYTES as u64 {
        return Err(too_large(name, grouped(meta.len())));
    }
    // A pipe that nobody writes to would be waited for for ever. Those of the shell (`<(...)`, standard input) have a writer.
    if !meta.is_file() && !["/dev/stdin", "/dev/fd", "/proc/self/fd"].iter().any(|open| path.starts_with(open)) {
        return Err(unreadable("it is a device or a pipe, not a file".to_string()));
    }
    // A device may never end: no more is read than is needed to know that it is too much.
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() > MAX_BYTES => Err(too_large(name, format!("more than {}", grouped(MAX_BYTES as u64)))),
        Ok(_) => Ok(bytes),
        Err(why) => Err(unreadable(why.to_string())),
    }
}

/// Loads what was read from somewhere; `source_name` is for messages.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse_bytes(source_name: &str, bytes: &[u8], sets: &[(&str, &str)]) -> Result<Loaded, ScenarioErrors> {
    parse(source_name, text_of(source_name, bytes)?, sets)
}

/// The text of a file.
fn text_of<'b>(source_name: &str, bytes: &'b [u8]) -> Result<&'b str, ScenarioErrors> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large(source_name, grouped(bytes.len() as u64)));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        Ok(_) => Err(whole_file(source_name, Code::NotText, "it has NUL bytes: not a text file".to_string())),
        Err(why) => {
            let at = why.valid_up_to();
            let lines = bytes[..at].iter().filter(|&&b| b == b'\n').count() + 1;
            Err(whole_file(source_name, Code::NotText, format!("it is not UTF-8 text (byte {at}, line {lines})")))
        }
    }
}

/// Loads a text. `sets` are `--set` arguments, applied in order before anything is checked.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(source_name: &str, text: &str, sets: &[(&str, &str)]) -> Result<Loaded, ScenarioErrors> {
    parse_any(source_name, text, sets, None)
}

/// Loads a text with every client replaced by `client`, as [`load_as`] does.
///
/// # Errors
/// Everything that is wrong with it, and what that library cannot do.
pub fn parse_as(
    source_name: &str,
    text: &str,
    sets: &[(&str, &str)],
    client: ClientKind,
) -> Result<Loaded, ScenarioErrors> {
    parse_any(source_name, text, sets, Some(Recast::new(client)))
}

fn parse_any(
    source_name: &str,
    text: &str,
    sets: &[(&str, &str)],
    recast: Option<Recast>,
) -> Result<Loaded, ScenarioErrors> {
    if text.len() > MAX_BYTES {
        return Err(too_large(source_name, grouped(text.len() as u64)));
    }
    if text.contains('\0') {
        return Err(whole_file(source_name, Code::NotText, "it has NUL bytes: not a text file".to_string()));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = Arc::new(Source::new(source_name.to_string(), text.to_string(), true));
    let mut sources = vec![file];
    sources.extend(sets.iter().map(|(key, value)| Arc::new(overrides::source(key, value))));
    let mut report = Report::new(sources);
    report.recast = recast;
    let parsed = match DeTable::parse(text) {
        Ok(parsed) => parsed,
        Err(why) => {
            let range = why.span().unwrap_or(0..0);
            let span = Span { source: 0, start: range.start as u32, end: range.end as u32 };
            report.add(Code::Syntax, span, why.message().trim().replace('\n', "; "), None);
            return Err(errors(report));
        }
    };
    if parsed.get_ref().is_empty() && sets.is_empty() {
        return Err(whole_file(source_name, Code::Empty, "there is nothing in it".to_string()));
    }
    let mut root = tree::from_toml(parsed.get_ref(), 0);
    overrides::flatten_properties(&mut root, text);
    overrides::apply(&mut report, &mut root, sets);
    overrides::flatten_properties(&mut root, text);
    let mut ignored = BTreeSet::new();
    let stem = Path::new(source_name).file_stem().map(|s| s.to_string_lossy().into_owned());
    let scenario = scenario(&mut report, &root, stem.unwrap_or_default(), &mut ignored);
    match scenario {
        Some(scenario) if report.errors == 0 => {
            sort(&mut report.diagnostics);
            let dropped = report.recast.map(|recast| recast.dropped).unwrap_or_default();
            Ok(Loaded {
                scenario,
                lints: report.diagnostics,
                ignored_keys: ignored.into_iter().collect(),
                dropped_keys: dropped.into_iter().collect(),
            })
        }
        _ => Err(errors(report)),
    }
}

fn errors(mut report: Report) -> ScenarioErrors {
    sort(&mut report.diagnostics);
    ScenarioErrors { diagnostics: report.diagnostics, left_out: report.left_out }
}

fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|d| (!d.source.is_file, d.source.name.clone(), d.span.start, d.code));
}

fn too_large(name: &str, bytes: String) -> ScenarioErrors {
    let message = format!("it has {bytes} bytes; the limit is {}", grouped(MAX_BYTES as u64));
    whole_file(name, Code::TooLarge, message)
}

/// An error about a file as a whole.
fn whole_file(name: &str, code: Code, message: String) -> ScenarioErrors {
    let source = Arc::new(Source::new(name.to_string(), String::new(), true));
    let mut report = Report::new(vec![source]);
    report.error(code, Span { source: 0, start: 0, end: 0 }, format!("{}: {message}", code.title()));
    errors(report)
}

const START: Span = Span { source: 0, start: 0, end: 0 };

fn scenario(report: &mut Report, root: &Table, stem: String, ignored: &mut BTreeSet<IgnoredKey>) -> Option<Scenario> {
    report.known_keys(root, "the file", &shape::names(shape::ROOT));
    let name = root.get("name").and_then(|v| report.text(v, "name")).map_or(stem, str::to_string);
    let protocol = protocol(report, root);
    let run_for = match root.get("run-for") {
        Some(value) => report.positive_duration(value, "run-for"),
        None => {
            let help = "write it at the top, before the first table: run-for = \"5m\"".to_string();
            report.add(Code::MissingKey, START, "the file needs `run-for`", help);
            None
        }
    };
    // With a wrong run-for the rest is still checked; no event is after an end that nobody knows.
    let horizon = run_for.unwrap_or(super::report::MAX_TIME);
    let seed = root.get("seed").and_then(|v| report.integer(v, "seed", 0, i64::MAX as u64)).unwrap_or(0);
    let broker = broker(report, root, protocol, ignored);
    let network = root.get("network").and_then(|v| report.table(v, "network")).map(|t| network(report, t));
    let topic_table = root.get("topic").and_then(|v| report.table(v, "topic"));
    let rate_window = run_for.unwrap_or(Duration::ZERO);
    let mut topics = topic_table.map(|t| topic::topics(report, t, rate_window)).unwrap_or_default();
    let group_table = root.get("group").and_then(|v| report.table(v, "group"));
    let group_entries = group_table.map(|t| t.entries.as_slice()).unwrap_or_default();
    let producer_table = root.get("producer").and_then(|v| report.table(v, "producer"));
    let producer_entries = producer_table.map(|t| t.entries.as_slice()).unwrap_or_default();
    if group_entries.is_empty() && producer_entries.is_empty() {
        report.add(
            Code::MissingKey,
            START,
            "the file has no group",
            "write a table such as [group.billing]".to_string(),
        );
    }
    let timeline_table = root.get("timeline").and_then(|v| report.table(v, "timeline"));
    let events = timeline::events(report, timeline_table);
    topic_events::created(report, &events, &mut topics);
    if topics.is_empty() {
        report.add(
            Code::MissingKey,
            START,
            "the file has no topic",
            "write a table such as [topic.orders]".to_string(),
        );
    }

    let mut crews = Crews::default();
    for entry in group_entries {
        crews.by_group.insert(entry.key.clone(), group::members(report, entry));
    }
    crews.producers.extend(producer_entries.iter().map(|entry| entry.key.clone()));
    let starts_late = timeline::census(report, &events, &mut crews);
    successors::census(report, &events, Instant::ZERO + horizon, &mut crews);
    if crews.len() > MAX_MEMBERS {
        let (all, limit) = (grouped(crews.len()), grouped(MAX_MEMBERS));
        let span = group_entries.last().map_or(START, |e| e.key_span);
        report.error(Code::OverLimit, span, format!("{all} members in all; the limit is {limit}"));
        return None;
    }
    let mut world = World { protocol, topics: &topics, broker: &broker, ignored, hosts: 0 };
    let drafts: Vec<_> = group_entries.iter().filter_map(|e| group::draft(report, &mut world, e)).collect();
    let (mut groups, mut variants) = (Vec::new(), Vec::new());
    for draft in drafts {
        let (group, ways) = draft.finish(report, &mut world, &mut crews, &starts_late);
        groups.push(group);
        variants.push(ways);
    }
    let producers = producer::producers(report, &mut world, &crews, producer_entries, &starts_late, rate_window);
    let mut stage = Stage {
        crews: &mut crews,
        producers: &producers,
        topics: &topics,
        groups: &groups,
        variants: &variants,
        run_for: horizon,
        protocol,
        ignored,
        broker: &broker,
        lines: line_starts(&report.sources[0].text),
        grown: BTreeMap::new(),
    };
    let timeline = timeline::timeline(report, &events, &mut stage);
    let grown = std::mem::take(&mut stage.grown);
    let read: u64 = groups.iter().map(|group| partitions_read(group, &topics, &grown)).sum();
    if read > MAX_READ {
        let message =
            format!("all groups together read {} partitions; the limit is {}", grouped(read), grouped(MAX_READ));
        let help = "a partition that two groups read counts twice".to_string();
        report.add(Code::OverLimit, group_entries.last().map_or(START, |e| e.key_span), message, help);
    }
    let expect_table = root.get("expect").and_then(|v| report.table(v, "expect"));
    let cast = Cast { crews: &crews, topics: &topics, groups: &groups, grown: &grown };
    let (expect, promises) = expect::expect(report, expect_table, &cast);
    Some(Scenario {
        name,
        seed,
        run_for: run_for?,
        broker,
        network: network.unwrap_or_default(),
        topics,
        groups,
        producers,
        timeline,
        expect,
        promises,
    })
}

/// How many partitions a group, or the stand-alone readers of one table, read.
fn partitions_read(group: &Group, topics: &[Topic], grown: &BTreeMap<String, u32>) -> u64 {
    let mut subscribed = BTreeSet::new();
    let mut assigned = 0;
    for member in &group.member_configs {
        match &member.membership {
            Membership::Subscribe { topics, .. } => subscribed.extend(topics),
            Membership::Assign(partitions) => assigned += partitions.len() as u64,
        }
    }
    let of_topic = |topic: &Topic| u64::from(*grown.get(&topic.name).unwrap_or(&topic.partitions));
    assigned + topics.iter().filter(|topic| subscribed.contains(&topic.name)).map(of_topic).sum::<u64>()
}

/// Where each line begins.
fn line_starts(text: &str) -> Vec<u32> {
    let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
    std::iter::once(0).chain(ends.map(|(i, _)| i as u32 + 1)).collect()
}

fn protocol(report: &mut Report, root: &Table) -> &'static str {
    let Some(value) = root.get("protocol") else { return "classic" };
    if report.word(value, "protocol", &["classic", "consumer"]) == Some(1) {
        report.planned(value.span, "protocol = \"consumer\" (KIP-848)", "\"classic\" is built");
        return "consumer";
    }
    "classic"
}

fn broker(report: &mut Report, root: &Table, protocol: &str, ignored: &mut BTreeSet<IgnoredKey>) -> BrokerConfig {
    let Some(table) = root.get("broker").and_then(|v| report.table(v, "broker")) else {
        return BrokerConfig::default();
    };
    report.known_keys(table, "[broker]", &shape::names(shape::BROKER));
    let Some(config) = table.get("config").and_then(|v| report.table(v, "broker.config")) else {
        return BrokerConfig::default();
    };
    let owner = Owner { side: Side::Broker, client: ClientKind::Java, protocol, standalone: false };
    kafka::broker(&kafka::settings(report, ignored, config, owner))
}

fn network(report: &mut Report, table: &Table) -> Network {
    report.known_keys(table, "[network]", &shape::names(shape::NETWORK));
    let mut network = Network::default();
    match table.get("latency") {
        Some(Value { node: Node::Table(table), .. }) => {
            report.known_keys(table, "latency", &shape::names(shape::LATENCY));
            network.base = table.get("base").and_then(|v| report.positive_duration(v, "base")).unwrap_or(network.base);
            network.jitter_percent = table.get("jitter").and_then(|v| report.percent(v, "jitter")).unwrap_or(0);
            // At 100 % every message would be late for ever.
            network.loss_per_10_000 = table.get("loss").and_then(|v| report.share(v, "loss", 9_000)).unwrap_or(0);
        }
        // Without it a client that needs no time for a record would poll for ever at one instant.
        Some(value) => network.base = report.positive_duration(value, "latency").unwrap_or(network.base),
        None => {}
    }
    network
}
