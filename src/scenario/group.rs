//! `[group.NAME]` and `[group.NAME.member.PATTERN]`: who there is, with which settings.

use super::codes::Code;
use super::constructors;
use super::kafka::{self, IgnoredKey, Owner, Settings};
use super::kafka_go;
use super::lint;
use super::plan::{Group, Topic, host};
use super::policy;
use super::report::{Report, Span, clip, quote};
use super::sarama;
use super::selector::{Crew, Crews, glob_matches, is_glob, split_name};
use super::shape::{self, CLIENTS, MAX_MEMBERS};
use super::topic::legal_name;
use super::tree::{Entry, Node, Table, Value};
use crate::config::keys::Side;
use crate::config::{
    BrokerConfig, ClientConfig, ClientKind, CommitPolicy, CommitWhen, MemberConfig, Membership, StartAt,
};
use std::collections::{BTreeMap, BTreeSet};

/// Globs over members that one group may have.
const MAX_GLOBS: usize = 100;

/// What groups need to know of the rest of the file.
pub(super) struct World<'a> {
    pub protocol: &'a str,
    pub topics: &'a [Topic],
    pub broker: &'a BrokerConfig,
    pub ignored: &'a mut BTreeSet<IgnoredKey>,
    /// Members made so far, for host addresses.
    pub hosts: u64,
}

/// The parts of a group's table, read once.
pub(super) struct Draft<'t> {
    pub name: &'t str,
    key_span: Span,
    table: &'t Table,
    base: Layer<'t>,
    assign: Option<Vec<(String, u32)>>,
    from: StartAt,
    until_end: bool,
    overrides: Vec<Override<'t>>,
}

/// Settings of the group, or of one override.
#[derive(Clone)]
struct Layer<'t> {
    client: Option<ClientKind>,
    topics: Option<Vec<String>>,
    process: Option<&'t Value>,
    /// Where to point if per-record is too long.
    process_span: Option<Span>,
    commit: Option<&'t Value>,
    identity: Option<Identity>,
    settings: Settings,
}

/// `static`: whether a member has a group.instance.id, and which.
#[derive(Clone, PartialEq, Eq)]
enum Identity {
    Dynamic,
    OwnName,
    Named(String),
}

struct Override<'t> {
    pattern: &'t str,
    span: Span,
    layer: Layer<'t>,
}

/// One way of being configured, shared by all members with the same overrides.
pub(super) struct Variant {
    pub config: MemberConfig,
    pub settings: Settings,
    pub process_span: Option<Span>,
    /// Where to point if nothing was written out.
    pub fallback_span: Option<Span>,
}

/// How many members a group starts with; read first, for selectors.
pub(super) fn members(report: &mut Report, entry: &Entry) -> Crew {
    let Node::Table(table) = &entry.value.node else { return Crew { open: true, ..Crew::default() } };
    match table.get("members") {
        None => {
            // A key that nobody knows may have been meant to be `members`: one mistake is enough.
            let known = shape::names(shape::GROUP);
            let open = table.entries.iter().any(|e| !known.contains(&e.key.as_str()));
            Crew { members: 1, open, ..Crew::default() }
        }
        Some(value) => match report.limited(value, "members", 0, MAX_MEMBERS) {
            Some(n) => Crew { members: n as u32, ..Crew::default() },
            None => Crew { open: true, ..Crew::default() },
        },
    }
}

/// Reads a group's table; members are made later, when the timeline has said who else there is.
pub(super) fn draft<'t>(report: &mut Report, world: &mut World<'_>, entry: &'t Entry) -> Option<Draft<'t>> {
    let name = entry.key.as_str();
    if !legal_name(name) {
        let message = format!("{} is no name for a group here", quote(name));
        let help = "letters, digits, `.`, `_` and `-`, at most 249".to_string();
        report.add(Code::BadName, entry.key_span, message, help);
    }
    let table = report.table(&entry.value, &format!("group.{}", clip(name)))?;
    report.known_keys_of("group", name, table, &shape::names(shape::GROUP));
    let assign = table.get("assign").map(|v| assignment(report, v, world.topics));
    let standalone = assign.is_some();
    if standalone {
        for key in ["topics", "static", "commit"] {
            if let Some(entry) = table.entry(key) {
                let message = format!("`{key}` beside `assign`");
                let help = "a reader with `assign` is in no group and commits nothing".to_string();
                report.add(Code::GroupKeyBesideAssign, entry.key_span, message, help);
            }
        }
    }
    let mut base = layer(report, world, table, standalone, None);
    base.identity = table.get("static").and_then(|v| report.boolean(v, "static")).map(Identity::of);
    let overrides = overrides(report, world, table, standalone, base.client);
    Some(Draft {
        name,
        key_span: entry.key_span,
        table,
        base,
        assign,
        from: table.get("from").map_or(StartAt::Committed, |v| start_at(report, v)),
        until_end: table.get("until").and_then(|v| report.word(v, "until", &["end"])).is_some(),
        overrides,
    })
}

fn overrides<'t>(
    report: &mut Report,
    world: &mut World<'_>,
    table: &'t Table,
    standalone: bool,
    client: Option<ClientKind>,
) -> Vec<Override<'t>> {
    let mut overrides = Vec::new();
    let Some(members) = table.get("member").and_then(|v| report.table(v, "member")) else { return overrides };
    let mut globs = 0;
    for entry in &members.entries {
        let Some(table) = report.table(&entry.value, &format!("member.{}", clip(&entry.key))) else { continue };
        globs += usize::from(is_glob(&entry.key));
        if globs > MAX_GLOBS {
            report.error(Code::OverLimit, entry.key_span, format!("more than {MAX_GLOBS} globs over members"));
            break;
        }
        report.known_keys(table, &format!("[group.*.member.{}]", clip(&entry.key)), &shape::names(shape::MEMBER));
        let mut layer = layer(report, world, table, standalone, client);
        layer.identity = table.get("static").filter(|_| !standalone).and_then(|v| identity(report, v));
        overrides.push(Override { pattern: &entry.key, span: entry.key_span, layer });
    }
    overrides
}

fn layer<'t>(
    report: &mut Report,
    world: &mut World<'_>,
    table: &'t Table,
    standalone: bool,
    outer: Option<ClientKind>,
) -> Layer<'t> {
    let client = table.get("client").and_then(|v| client(report, v));
    let owner = Owner {
        side: Side::Consumer,
        client: client.or(outer).unwrap_or(ClientKind::Java),
        protocol: world.protocol,
        standalone,
    };
    let config = table.get("config").and_then(|v| report.table(v, "config"));
    let process = table.get("process");
    Layer {
        client,
        topics: table.get("topics").map(|v| subscription(report, v, world.topics)),
        process,
        process_span: process.map(|v| match &v.node {
            Node::Table(t) => t.get("per-record").map_or(v.span, |v| v.span),
            _ => v.span,
        }),
        commit: table.get("commit").filter(|_| !standalone),
        identity: None,
        settings: config.map(|t| kafka::settings(report, world.ignored, t, owner)).unwrap_or_default(),
    }
}

impl Identity {
    fn of(is_static: bool) -> Identity {
        if is_static { Identity::OwnName } else { Identity::Dynamic }
    }
}

/// `static` of a member: true, false or a name.
fn identity(report: &mut Report, value: &Value) -> Option<Identity> {
    let Node::Text(name) = &value.node else { return report.boolean(value, "static").map(Identity::of) };
    if !legal_name(name) {
        let message = format!("{} is no group.instance.id", quote(name));
        let help = "letters, digits, `.`, `_` and `-`, at most 249".to_string();
        report.add(Code::BadName, value.span, message, help);
        return None;
    }
    Some(Identity::Named(name.clone()))
}

fn client(report: &mut Report, value: &Value) -> Option<ClientKind> {
    Some(ClientKind::ALL[report.word(value, "client", CLIENTS)?])
}

fn subscription(report: &mut Report, value: &Value, topics: &[Topic]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in report.array(value, "topics").unwrap_or_default() {
        let Some(name) = report.text(value, "topics") else { continue };
        if name.starts_with('^') || name.contains('*') {
            report.planned(value.span, "a pattern over topics", "list the topics by name");
        } else if !topics.iter().any(|t| t.name == name) {
            unknown_topic(report, value.span, name, topics);
        } else if found.iter().any(|f| f == name) {
            report.error(Code::BadValue, value.span, format!("topic {} stands twice", quote(name)));
        } else {
            found.push(name.to_string());
        }
    }
    if found.is_empty() && matches!(&value.node, Node::Array(values) if values.is_empty()) {
        report.error(Code::BadValue, value.span, "`topics` is empty");
    }
    found
}

/// "There is no such topic", with those that there are.
pub(super) fn unknown_topic(report: &mut Report, span: Span, name: &str, topics: &[Topic]) {
    let valid: Vec<&str> = topics.iter().map(|t| t.name.as_str()).collect();
    report.unknown(Code::UnknownTopic, span, format!("there is no topic {}", quote(name)), name, &valid);
}

fn assignment(report: &mut Report, value: &Value, topics: &[Topic]) -> Vec<(String, u32)> {
    let mut found: Vec<(String, u32)> = Vec::new();
    let values = report.array(value, "assign").unwrap_or_default();
    if values.is_empty() && matches!(value.node, Node::Array(_)) {
        report.error(Code::BadValue, value.span, "`assign` is empty");
    }
    let mut seen = BTreeSet::new();
    for value in values {
        let Some(text) = report.text(value, "assign") else { continue };
        let split = text.rsplit_once(':').and_then(|(topic, n)| Some((topic, n.parse::<u32>().ok()?)));
        let Some((name, partition)) = split else {
            let message = format!("{} is no partition", quote(text));
            report.add(Code::BadValue, value.span, message, "write topic:number, as in \"orders:0\"".to_string());
            continue;
        };
        match topics.iter().find(|t| t.name == name) {
            None => unknown_topic(report, value.span, name, topics),
            Some(topic) if !topic.from_start => {
                let message = format!("`{name}` is not there from the start, and `assign` waits for nothing");
                report.add(Code::UnknownTopic, value.span, message, format!("subscribe to it: topics = [\"{name}\"]"));
            }
            Some(topic) if partition >= topic.partitions => {
                let message = format!("`{name}` has no partition {partition}: there are {}", topic.partitions);
                report.error(Code::UnknownTopic, value.span, message);
            }
            Some(_) if !seen.insert((name.to_string(), partition)) => {
                report.error(Code::BadValue, value.span, format!("{} stands twice", quote(text)));
            }
            Some(_) => found.push((name.to_string(), partition)),
        }
    }
    found
}

fn start_at(report: &mut Report, value: &Value) -> StartAt {
    match &value.node {
        Node::Integer(_) => match report.integer(value, "from", 0, i64::MAX as u64) {
            Some(n) => StartAt::Offset(n as i64),
            None => StartAt::Committed,
        },
        _ => match report.word(value, "from", &["beginning", "end"]) {
            Some(0) => StartAt::Beginning,
            Some(_) => StartAt::End,
            None => StartAt::Committed,
        },
    }
}

impl Draft<'_> {
    /// Makes the group with all its members.
    pub fn finish(
        self,
        report: &mut Report,
        world: &mut World<'_>,
        crews: &mut Crews,
        starts_late: &BTreeSet<String>,
    ) -> (Group, Vec<Variant>) {
        let mut crew = crews.by_group.get(self.name).cloned().unwrap_or_default();
        self.check_topics(report, world);
        self.check_overrides(report, crews);
        let mut names: BTreeMap<u32, usize> = BTreeMap::new();
        for (i, o) in self.overrides.iter().enumerate() {
            if let Some((_, number)) = split_name(o.pattern).filter(|_| !is_glob(o.pattern))
                && let Ok(number) = u32::try_from(number)
            {
                names.insert(number, i);
            }
        }
        let mut variants: Vec<Variant> = Vec::new();
        let mut known: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        let plain = self.variant(report, world, &[]);
        let template = plain.config.clone();
        variants.push(plain);
        known.insert(Vec::new(), 0);
        let globs: Vec<usize> = (0..self.overrides.len()).filter(|&i| is_glob(self.overrides[i].pattern)).collect();
        let (mut configs, mut at_zero, mut used) = (Vec::new(), Vec::new(), BTreeSet::new());
        if report.errors > 0 {
            // Nothing will run: one member of each kind is enough for the checks that follow.
            crew.scaled = crew.scaled.min(1_000);
            crew.members = crew.members.min(1_000);
        }
        for number in crew.numbers() {
            let name = format!("{}-{number}", self.name);
            let mut key: Vec<usize> =
                globs.iter().copied().filter(|&i| glob_matches(self.overrides[i].pattern, &name)).collect();
            key.extend(names.get(&number));
            let index = match known.get(&key) {
                Some(&index) => index,
                None => {
                    variants.push(self.variant(report, world, &key));
                    known.insert(key, variants.len() - 1);
                    variants.len() - 1
                }
            };
            used.insert(index);
            world.hosts += 1;
            let mut config = variants[index].config.clone();
            Group::rename(&mut config, name, host(world.hosts));
            at_zero.push(number < crew.members && !starts_late.contains(&config.name));
            configs.push(config);
        }
        let used: Vec<&Variant> = used.iter().map(|&i| &variants[i]).collect();
        lint::common_assignor(report, self.key_span, &used);
        lint::mixed_stores(report, self.key_span, &used);
        let at_the_start = configs.iter().zip(&at_zero).filter(|(_, at_zero)| **at_zero).map(|(config, _)| config);
        lint::one_name_twice(report, self.key_span, at_the_start);
        let group = Group {
            name: self.name.to_string(),
            standalone: self.assign.is_some(),
            members: crew.members,
            member_configs: configs,
            template,
            starts_at_zero: at_zero,
            fresh: crew.fresh as usize,
        };
        (group, variants)
    }

    fn check_topics(&self, report: &mut Report, world: &World<'_>) {
        if self.assign.is_some() || self.table.get("topics").is_some() || world.topics.len() == 1 {
            return;
        }
        let message = format!("group `{}` needs `topics`: there are {} topics", clip(self.name), world.topics.len());
        let help = match world.topics.first() {
            Some(topic) => format!("topics = [\"{}\"]", clip(&topic.name)),
            None => "write a table such as [topic.orders]".to_string(),
        };
        report.add(Code::MissingKey, self.key_span, message, help);
    }

    fn check_overrides(&self, report: &mut Report, crews: &mut Crews) {
        for o in &self.overrides {
            let own = split_name(o.pattern).is_some_and(|(group, _)| group == self.name);
            if is_glob(o.pattern) {
                if crews.count_glob(o.pattern) == Some(0) && !crews.by_group.values().any(|crew| crew.open) {
                    let message = format!("{} matches nobody: these settings are for nobody", quote(o.pattern));
                    report.add(Code::MatchesNobody, o.span, message, None);
                }
            } else if !own || !crews.has(o.pattern) {
                crews.unknown(report, o.span, o.pattern);
            }
        }
    }

    /// Group settings, then those of the overrides `which`, in order.
    fn variant(&self, report: &mut Report, world: &World<'_>, which: &[usize]) -> Variant {
        let mut layer = self.base.clone();
        for &i in which {
            let over = self.overrides[i].layer.clone();
            layer.client = over.client.or(layer.client);
            layer.topics = over.topics.or(layer.topics);
            if over.process.is_some() {
                (layer.process, layer.process_span) = (over.process, over.process_span);
            }
            layer.commit = over.commit.or(layer.commit);
            layer.identity = over.identity.or(layer.identity);
            layer.settings.extend(over.settings);
        }
        let kind = report.cast(layer.client.unwrap_or(ClientKind::Java));
        let mut client = ClientConfig::of(kind);
        kafka::apply(&layer.settings, &mut client);
        let standalone = self.assign.is_some();
        let process = policy::process(report, layer.process, kind);
        let commit = if standalone {
            CommitPolicy { when: CommitWhen::Never, on_revoke: false, ..CommitPolicy::default() }
        } else {
            let policy =
                policy::commit(report, layer.commit, &layer.settings, kind, &process, layer.process.map(|v| v.span));
            match kind {
                ClientKind::KafkaGo => kafka_go::commit(report, layer.commit, &layer.settings, policy),
                _ => policy,
            }
        };
        if kind == ClientKind::KafkaGo && !standalone {
            let span = |key: &str| self.table.get(key).map(|v| v.span);
            kafka_go::refuse(
                report,
                span("static")
                    .filter(|_| layer.identity.as_ref().is_some_and(|identity| *identity != Identity::Dynamic)),
                span("from"),
            );
        }
        let all_topics = || world.topics.iter().map(|t| t.name.clone()).take(1).collect();
        let membership = match &self.assign {
            Some(partitions) => Membership::Assign(partitions.clone()),
            None => Membership::Subscribe {
                group: self.name.to_string(),
                instance: match layer.identity {
                    Some(Identity::OwnName) => Some(String::new()), // Group::rename gives it its name
                    Some(Identity::Named(instance)) => Some(instance),
                    Some(Identity::Dynamic) | None => None,
                },
                topics: layer.topics.unwrap_or_else(all_topics),
            },
        };
        let mut config = MemberConfig {
            name: self.name.to_string(),
            scope: self.name.to_string(),
            host: String::new(),
            membership,
            client,
            process,
            commit,
            from: self.from,
            until_end: self.until_end,
        };
        if config.client.client_id.is_empty() {
            config.client.client_id = Group::default_client_id(&config);
        }
        let variant = Variant {
            config,
            settings: layer.settings,
            process_span: layer.process_span,
            fallback_span: Some(self.key_span),
        };
        constructors::together(report, &variant.config, &variant.settings);
        lint::timeouts(report, world.broker, &variant);
        lint::poll_interval(report, &variant);
        sarama::slow_handler(report, &variant);
        variant
    }
}
