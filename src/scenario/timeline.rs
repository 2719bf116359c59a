//! `[timeline]`: one event per line, exactly one verb per event.

use super::codes::Code;
use super::group::Variant;
use super::group_events;
use super::kafka::{self, IgnoredKey, Owner};
use super::lint;
use super::plan::{Action, Group, Reborn, Selector, TimelineEvent, Topic, With};
use super::policy;
use super::report::{Report, Span, grouped, quote};
use super::selector::{Crews, glob_matches, split_name};
use super::shape::{self, MAX_EXPANDED, MAX_MEMBERS, MAX_PRELOADED, VERBS};
use super::topic_events;
use super::tree::{Entry, Node, Table, Value};
use crate::config::keys::Side;
use crate::config::{BrokerConfig, ClientKind, MemberConfig, ProducerConfig};
use crate::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// Members whose timeouts are checked against one `with`.
const MAX_WITH_CHECKED: usize = 10;
const DEFAULT_GRACE: Duration = Duration::from_secs(30);
const COMMON: [&str; 4] = ["at", "every", "times", "until"];

/// The tables of `events`, whatever is in them.
pub(super) fn events<'t>(report: &mut Report, table: Option<&'t Table>) -> Vec<(&'t Table, Span)> {
    let Some(table) = table else { return Vec::new() };
    report.known_keys(table, "[timeline]", &shape::names(shape::TIMELINE));
    let Some(values) = table.get("events").and_then(|v| report.array(v, "events")) else { return Vec::new() };
    values.iter().filter_map(|v| report.table(v, "event").map(|t| (t, v.span))).collect()
}

/// What the timeline says about who there is: read before groups are made. Notes in `crews` whom `start` and `scale` call
/// up, and gives the members that are started by an event only.
pub(super) fn census(report: &mut Report, events: &[(&Table, Span)], crews: &mut Crews) -> BTreeSet<String> {
    let mut first: BTreeMap<&str, (Instant, bool)> = BTreeMap::new();
    for (table, _) in events {
        let at = table.get("at").and_then(peek_instant).unwrap_or(Instant::ZERO);
        for (verb, ..) in VERBS {
            let Some(value) = table.get(verb) else { continue };
            let Node::Text(name) = &value.node else { continue };
            if *verb == "scale" {
                scaled(table, name, crews);
                continue;
            }
            if crews.producers.contains(name.as_str()) {
                note_first(&mut first, name, at, *verb == "start");
                continue;
            }
            let Some((group, number)) = split_name(name) else { continue };
            let Some(crew) = crews.by_group.get_mut(group) else { continue };
            let is_start = *verb == "start";
            if is_start && number >= u64::from(crew.members) {
                if number >= MAX_MEMBERS {
                    let message = format!("member number {}; the limit is {}", grouped(number), grouped(MAX_MEMBERS));
                    report.error(Code::OverLimit, value.span, message);
                    crew.open = true;
                    continue;
                }
                crew.extra.insert(number as u32);
            }
            note_first(&mut first, name, at, is_start);
        }
    }
    first.into_iter().filter(|(_, (_, is_start))| *is_start).map(|(name, _)| name.to_string()).collect()
}

/// Keeps the first event that names somebody.
fn note_first<'t>(first: &mut BTreeMap<&'t str, (Instant, bool)>, name: &'t str, at: Instant, is_start: bool) {
    let entry = first.entry(name).or_insert((at, is_start));
    if at < entry.0 {
        *entry = (at, is_start);
    }
}

fn scaled(table: &Table, group: &str, crews: &mut Crews) {
    let Some(Value { node: Node::Integer(Some(to)), .. }) = table.get("to") else { return };
    if let Some(crew) = crews.by_group.get_mut(group)
        && let Ok(to) = u32::try_from(*to)
        && u64::from(to) <= MAX_MEMBERS
    {
        crew.scaled = crew.scaled.max(to);
    }
}

pub(super) fn peek_instant(value: &Value) -> Option<Instant> {
    let Node::Text(text) = &value.node else { return None };
    let from = text.split("..").next()?;
    if from.len() > 60 { None } else { Duration::parse(from).ok().map(|d| Instant::ZERO + d) }
}

/// What events need of the rest of the file.
pub(super) struct Stage<'a> {
    pub crews: &'a mut Crews,
    pub producers: &'a [(ProducerConfig, bool)],
    pub topics: &'a [Topic],
    pub groups: &'a [Group],
    pub variants: &'a [Vec<Variant>],
    pub run_for: Duration,
    pub protocol: &'a str,
    pub ignored: &'a mut BTreeSet<IgnoredKey>,
    pub broker: &'a BrokerConfig,
    /// Where each line of the file begins.
    pub lines: Vec<u32>,
    /// Partitions of each topic after all `add-partitions`.
    pub grown: BTreeMap<String, u32>,
}

/// Reads all events.
pub(super) fn timeline(report: &mut Report, events: &[(&Table, Span)], stage: &mut Stage<'_>) -> Vec<TimelineEvent> {
    let mut all = Vec::new();
    let mut expanded = 0u64;
    let mut appended: u128 = stage.topics.iter().map(|t| u128::from(t.preload)).sum();
    for (table, span) in events {
        let Some((event, targets)) = event(report, table, *span, stage) else { continue };
        let times = event.repeat.map_or(1, |(_, times)| times);
        if let Action::Produce { records, .. } = event.action {
            appended += u128::from(records) * u128::from(times);
            if appended > u128::from(MAX_PRELOADED) {
                let (all, limit) = (grouped(appended), grouped(MAX_PRELOADED));
                let message = format!("{all} records by `records` in all; the limit is {limit}");
                report.error(Code::OverLimit, *span, message);
            }
        }
        expanded = expanded.saturating_add(times.saturating_mul(targets.max(1)));
        if expanded > MAX_EXPANDED {
            let message = format!(
                "{} events once repetitions and targets are counted; the limit is {}",
                grouped(expanded),
                grouped(MAX_EXPANDED)
            );
            report.error(Code::OverLimit, *span, message);
            break;
        }
        all.push(event);
    }
    all
}

fn event(report: &mut Report, table: &Table, span: Span, stage: &mut Stage<'_>) -> Option<(TimelineEvent, u64)> {
    report.known_keys(table, "an event", &shape::names(shape::EVENT));
    let at = match table.get("at") {
        Some(value) => instants(report, value),
        None => {
            report.add(Code::MissingKey, span, "an event needs `at`", "at = \"60s\"".to_string());
            None
        }
    };
    let verb = verb(report, table, span)?;
    let (name, keys, built) = VERBS.iter().find(|v| v.0 == verb.key)?;
    strangers(report, table, name, keys);
    let repeat = repeat(report, table, at, stage.run_for);
    if !built {
        report.planned(verb.key_span, &format!("the verb `{name}`"), "");
        return None;
    }
    let (action, targets) = action(report, table, verb, stage)?;
    let at = at?;
    let end = Instant::ZERO + stage.run_for;
    let at_span = table.get("at").map_or(span, |v| v.span);
    if at.0 >= end {
        let message = format!("an event at {} in a run that ends at {end}: it never happens", at.0);
        report.add(Code::AfterTheEnd, at_span, message, None);
    } else if let Some(last) = at.1.filter(|&last| last >= end) {
        let message = format!("a range up to {last} in a run that ends at {end}: on some seeds it never happens");
        report.add(Code::AfterTheEnd, at_span, message, None);
    }
    let line = if span.source == 0 { stage.lines.partition_point(|&start| start <= span.start) } else { 0 };
    Some((TimelineEvent { at, repeat, action, line }, targets))
}

/// The one verb of an event.
fn verb<'t>(report: &mut Report, table: &'t Table, span: Span) -> Option<&'t Entry> {
    let is_verb = |e: &&Entry| VERBS.iter().any(|v| v.0 == e.key);
    let found: Vec<&Entry> = table.entries.iter().filter(is_verb).collect();
    match found[..] {
        [one] => Some(one),
        [] => {
            let known = shape::names(shape::EVENT);
            if table.entries.iter().all(|e| known.contains(&e.key.as_str())) {
                let verbs: Vec<&str> = VERBS.iter().filter(|v| v.2).map(|v| v.0).collect();
                let help = format!("one of {}", verbs.join(", "));
                report.add(Code::NoVerb, span, "an event without a verb", help);
            }
            None
        }
        [first, second, ..] => {
            let message = format!("an event with two verbs, `{}` and `{}`", first.key, second.key);
            report.add(Code::SeveralVerbs, second.key_span, message, "write two events with the same `at`".to_string());
            None
        }
    }
}

/// Keys that belong to other verbs.
fn strangers(report: &mut Report, table: &Table, verb: &str, keys: &[&str]) {
    let known = shape::names(shape::EVENT);
    for entry in &table.entries {
        let key = entry.key.as_str();
        if key == verb || keys.contains(&key) || COMMON.contains(&key) || !known.contains(&key) {
            continue;
        }
        let owners: Vec<String> = VERBS.iter().filter(|v| v.1.contains(&key)).map(|v| format!("`{}`", v.0)).collect();
        let own = if keys.is_empty() { "no keys of its own".to_string() } else { keys.join(", ") };
        let message = format!("`{key}` does not belong to `{verb}`");
        let help = format!("it belongs to {}; `{verb}` has {own}", owners.join(", "));
        report.add(Code::WrongVerbKey, entry.key_span, message, help);
    }
}

/// `at`: an instant or a range.
fn instants(report: &mut Report, value: &Value) -> Option<(Instant, Option<Instant>)> {
    let Node::Text(text) = &value.node else { return report.instant(value, "at").map(|at| (at, None)) };
    let Some((from, to)) = text.split_once("..") else { return report.instant(value, "at").map(|at| (at, None)) };
    let from_at = report.duration_text(from.trim(), value.span, "at")?;
    let to_at = report.duration_text(to.trim(), value.span, "at")?;
    if to_at < from_at {
        report.error(Code::BadValue, value.span, format!("`at`: the range {} ends before it begins", quote(text)));
        return None;
    }
    Some((Instant::ZERO + from_at, Some(Instant::ZERO + to_at)))
}

/// `every` with `times` or `until`, as a number of times, none of them after the end of the run.
fn repeat(
    report: &mut Report,
    table: &Table,
    at: Option<(Instant, Option<Instant>)>,
    run_for: Duration,
) -> Option<(Duration, u64)> {
    let (times, until) = (table.entry("times"), table.entry("until"));
    let Some(value) = table.get("every") else {
        for entry in times.iter().chain(until.iter()) {
            let message = format!("`{}` without `every`", entry.key);
            report.error(Code::BadRepeat, entry.key_span, message);
        }
        return None;
    };
    let every = report.positive_duration(value, "every");
    let at = at.map_or(Instant::ZERO, |at| at.0);
    let before = |end: Instant, every: Duration| end.since(at).as_us().div_ceil(every.as_us()).max(1);
    let times = match (times, until) {
        (Some(times), None) => report.integer(&times.value, "times", 1, i64::MAX as u64)?,
        (None, Some(until)) => {
            let end = report.instant(&until.value, "until")?;
            if end <= at {
                report.error(Code::BadRepeat, until.value.span, format!("`until` must be after `at`, {at}"));
                return None;
            }
            before(end, every?)
        }
        (None, None) => {
            let help = "times = 6, or until = \"2m\"".to_string();
            report.add(Code::BadRepeat, value.span, "`every` needs `times` or `until`", help);
            return None;
        }
        (Some(_), Some(until)) => {
            report.error(Code::BadRepeat, until.key_span, "`until` beside `times`: one of them is enough");
            return None;
        }
    };
    let every = every?;
    Some((every, times.min(before(Instant::ZERO + run_for, every))))
}

fn action(report: &mut Report, table: &Table, verb: &Entry, stage: &mut Stage<'_>) -> Option<(Action, u64)> {
    let text = report.text(&verb.value, &verb.key)?.trim();
    let span = verb.value.span;
    let grace =
        |report: &mut Report| table.get("grace").and_then(|v| report.duration(v, "grace")).unwrap_or(DEFAULT_GRACE);
    match verb.key.as_str() {
        "scale" => {
            stage.crews.group(report, text, span)?;
            let to = report_to(report, table, verb, 0, MAX_MEMBERS, "to = 8")?;
            let grace = grace(report);
            return Some((Action::Scale { group: text.to_string(), to, grace }, u64::from(to)));
        }
        "add-partitions" => return topic_events::add_partitions(report, table, verb, text, stage).map(|a| (a, 1)),
        "produce" => return topic_events::produce(report, table, verb, text, stage).map(|a| (a, 1)),
        "create-topic" => return Some((topic_events::create_topic(table, text), 1)),
        "delete-records" => return topic_events::delete_records(report, table, verb, text, stage).map(|a| (a, 1)),
        "expire-offsets" => return group_events::expire_offsets(report, verb, text, stage).map(|a| (a, 1)),
        "reset-offsets" => {
            return group_events::reset_offsets(report, table, verb, text, stage).map(|a| (a, 1));
        }
        "failover" => return group_events::failover(report, table, verb, text, stage).map(|a| (a, 2)),
        _ => {}
    }
    let selected = stage.crews.selector(report, text, span);
    let duration = table.get("for").and_then(|v| report.positive_duration(v, "for"));
    let (who, count) = match selected {
        Some(selected) => selected,
        None => (Selector::Name(text.to_string()), 1),
    };
    if matches!(verb.key.as_str(), "slow" | "stuck") && named_producer(&who, stage).is_some() {
        let message = format!("`{}` is about handlers, and {} is a producer", verb.key, quote(text));
        report.add(Code::BadSelector, span, message, "`pause` freezes a producer".to_string());
    }
    let action = match verb.key.as_str() {
        "start" => Action::Start { with: with(report, table, &who, stage), who },
        "stop" => Action::Stop { who, grace: grace(report) },
        "crash" => Action::Crash { who },
        "restart" => {
            let grace = grace(report);
            restart(report, table, who, grace, stage)
        }
        "pause" => Action::Pause { who, duration },
        "slow" => slow(report, table, verb, who, duration, stage)?,
        "stuck" => Action::Stuck { who, duration },
        _ => Action::Cut { who, duration },
    };
    Some((action, if verb.key == "restart" { count.saturating_mul(2) } else { count }))
}

pub(super) fn report_to(
    report: &mut Report,
    table: &Table,
    verb: &Entry,
    min: u64,
    limit: u64,
    example: &str,
) -> Option<u32> {
    let Some(value) = table.get("to") else {
        report.add(Code::MissingKey, verb.key_span, format!("`{}` needs `to`", verb.key), example.to_string());
        return None;
    };
    report.limited(value, "to", min, limit).map(|n| n as u32)
}

fn restart(report: &mut Report, table: &Table, who: Selector, grace: Duration, stage: &mut Stage<'_>) -> Action {
    let new = table.get("as").and_then(|v| report.word(v, "as", &["same", "new"])) == Some(1);
    if let Some(entry) = table.entry("as").filter(|_| new && named_producer(&who, stage).is_some()) {
        let message = "`as = \"new\"` is for members of groups: a producer comes back under its own name";
        report.add(Code::BadSelector, entry.key_span, message, "leave it out".to_string());
    }
    let surge = table.entry("surge").filter(|e| report.boolean(&e.value, "surge") == Some(true));
    if let (Some(surge), false) = (surge, new) {
        let message = "`surge = true` under the same name: no two processes have one name";
        report.add(Code::BadValue, surge.key_span, message, "as = \"new\", as a Deployment does".to_string());
    }
    Action::Restart {
        one_every: table.get("one-every").and_then(|v| report.duration(v, "one-every")),
        down_for: table.get("down-for").and_then(|v| report.duration(v, "down-for")).unwrap_or(Duration::ZERO),
        grace,
        with: with(report, table, &who, stage),
        who,
        reborn: match (new, surge) {
            (false, _) => Reborn::Same,
            (true, None) => Reborn::New,
            (true, Some(_)) => Reborn::Surge,
        },
    }
}

fn slow(
    report: &mut Report,
    table: &Table,
    verb: &Entry,
    who: Selector,
    duration: Option<Duration>,
    stage: &Stage<'_>,
) -> Option<Action> {
    let Some(value) = table.get("per-record") else {
        let help = "per-record = \"900ms\"".to_string();
        report.add(Code::MissingKey, verb.key_span, "`slow` needs `per-record`", help);
        return None;
    };
    let per_record = report.duration(value, "per-record")?;
    for config in targets(&who, stage) {
        if lint::slow_spell(report, config, value.span, per_record, duration) {
            break;
        }
    }
    Some(Action::Slow { who, per_record, duration })
}

/// The producer that a selector names.
fn named_producer<'a>(who: &Selector, stage: &Stage<'a>) -> Option<&'a (ProducerConfig, bool)> {
    let Selector::Name(name) = who else { return None };
    stage.producers.iter().find(|producer| producer.0.name == *name)
}

/// One member of each kind that a selector can be for.
fn targets<'a>(who: &Selector, stage: &Stage<'a>) -> Vec<&'a MemberConfig> {
    let (groups, variants) = (stage.groups, stage.variants);
    let whole = |name: &str| {
        let index = groups.iter().position(|g| g.name == name);
        index.map(|i| variants[i].iter().map(|v| &v.config).collect()).unwrap_or_default()
    };
    match who {
        Selector::Name(name) => {
            let Some((group, number)) = split_name(name) else { return Vec::new() };
            let Some(group) = groups.iter().find(|g| g.name == group) else { return Vec::new() };
            let number_of = |m: &MemberConfig| split_name(&m.name).map_or(0, |(_, n)| n);
            let found = group.member_configs.binary_search_by_key(&number, number_of);
            found.map(|i| &group.member_configs[i]).into_iter().collect()
        }
        Selector::AnyOf(_, group) | Selector::AllOf(group) => whole(group),
        // A glob may be for some of the members only; the settings of the whole groups are near enough for a lint.
        Selector::Glob(glob) => groups
            .iter()
            .filter(|g| g.member_configs.first().is_some_and(|m| glob_matches(glob, &m.name)))
            .flat_map(|g| whole(&g.name))
            .collect(),
    }
}

/// Properties that a new process is started with.
fn with(report: &mut Report, table: &Table, who: &Selector, stage: &mut Stage<'_>) -> With {
    let Some(value) = table.get("with") else { return With::new() };
    let Some(table) = report.table(value, "with") else { return With::new() };
    if let Some((producer, _)) = named_producer(who, stage) {
        let (side, client) = (Side::Producer, producer.client.kind);
        let owner = Owner { side, client, protocol: stage.protocol, standalone: false };
        let settings = kafka::settings(report, stage.ignored, table, owner);
        return settings.iter().map(|(name, setting)| (name.to_string(), setting.to_text())).collect();
    }
    let members = targets(who, stage);
    let client = members.first().map_or(ClientKind::Java, |m| m.client.kind);
    let standalone = |m: &&MemberConfig| stage.groups.iter().any(|g| g.name == m.scope && g.standalone);
    let standalone = !members.is_empty() && members.iter().all(standalone);
    let owner = Owner { side: Side::Consumer, client, protocol: stage.protocol, standalone };
    let settings = kafka::settings(report, stage.ignored, table, owner);
    let with: With = settings.iter().map(|(name, setting)| (name.to_string(), setting.to_text())).collect();
    for member in members.iter().take(MAX_WITH_CHECKED) {
        let config = apply_with(member, &with);
        let variant = Variant { config, settings: settings.clone(), process_span: None, fallback_span: None };
        lint::timeouts(report, stage.broker, &variant);
    }
    with
}

/// A member's settings after the `with` of a `start` or `restart`, which [`load`](super::load) has validated.
pub fn apply_with(config: &MemberConfig, with: &With) -> MemberConfig {
    let mut config = config.clone();
    // First: an interval is that of what commits automatically then.
    if let Some((_, value)) = with.iter().find(|(key, _)| key == "enable.auto.commit") {
        policy::set_auto_commit(&mut config.commit, config.client.kind, value == "true");
    }
    for (key, value) in with.iter().filter(|(key, _)| key != "enable.auto.commit") {
        match value.parse::<i64>() {
            Ok(ms) if key == "auto.commit.interval.ms" => policy::set_auto_interval(&mut config.commit, ms),
            _ => kafka::set_text(&mut config.client, key, value),
        }
    }
    config
}
