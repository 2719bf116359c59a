//! Runs a scenario and shows what happened.

use groupsim::ids::Names;
use groupsim::scenario::parse;
use groupsim::sim::{RunEnd, RunOptions, run};
use groupsim::time::Instant;
use groupsim::trace::field::FieldValue;
use groupsim::trace::{Event, Kind, Observer};
use std::collections::BTreeMap;

#[derive(Default)]
struct Keep(Vec<Event>);

impl Observer for Keep {
    fn observe(&mut self, event: &Event, _: &Names) {
        self.0.push(*event);
    }
}

/// A run with its events.
pub(crate) struct Seen {
    pub(crate) events: Vec<Event>,
    pub(crate) end: RunEnd,
    pub(crate) actors: BTreeMap<u32, String>,
}

/// Fields that would only make the lines long.
pub(crate) const UNSHOWN: [&str; 6] = ["group", "member", "client", "client_incarnation", "request", "generation"];

impl Seen {
    #[track_caller]
    pub(crate) fn of(text: &str) -> Seen {
        Seen::seeded(text, 0)
    }

    #[track_caller]
    pub(crate) fn seeded(text: &str, seed: u64) -> Seen {
        let loaded = parse("driver.toml", text, &[]).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
        let mut keep = Keep::default();
        let options = RunOptions { seed: Some(seed), event_budget: Some(3_000_000), ..RunOptions::default() };
        let end = run(&loaded.scenario, options, &mut [&mut keep]);
        let actor = |event: &Event| match event.kind {
            Kind::MetaActor { subject, name, .. } => Some((subject.0, end.names.text(name).to_owned())),
            _ => None,
        };
        let actors = keep.0.iter().filter_map(actor).collect();
        Seen { events: keep.0, end, actors }
    }

    pub(crate) fn name(&self, actor: u32) -> &str {
        self.actors.get(&actor).map_or("?", String::as_str)
    }

    /// Events of an actor of some kinds.
    pub(crate) fn events<'s>(&'s self, actor: &'s str, kinds: &'s [&'s str]) -> impl Iterator<Item = &'s Event> {
        let of_kind = move |e: &&Event| kinds.is_empty() || kinds.contains(&e.kind.name());
        self.events.iter().filter(move |e| self.name(e.actor.0) == actor).filter(of_kind)
    }

    pub(crate) fn field(&self, event: &Event, name: &str) -> String {
        let fields = event.kind.fields(&self.end.names);
        match fields.into_iter().find(|(field, _)| *field == name).map(|(_, value)| value) {
            Some(FieldValue::Text(text)) => text,
            Some(FieldValue::Int(n)) if name == "client" || name == "target" => self.name(n as u32).to_owned(),
            Some(FieldValue::Int(n)) => n.to_string(),
            None => String::new(),
        }
    }

    /// `4.500s process_done t-0 0 4`
    pub(crate) fn show(&self, actor: &str, kinds: &[&str]) -> Vec<String> {
        let line = |event: &Event| {
            let fields = event.kind.fields(&self.end.names).into_iter();
            let shown = fields.filter(|(name, _)| !UNSHOWN.contains(name)).map(|(name, _)| self.field(event, name));
            let words: Vec<String> =
                [event.t.to_string(), event.kind.name().to_owned()].into_iter().chain(shown).collect();
            words.join(" ")
        };
        self.events(actor, kinds).map(line).collect()
    }

    /// When an actor did something.
    pub(crate) fn at(&self, actor: &str, kind: &str) -> Vec<String> {
        self.events(actor, &[kind]).map(|e| e.t.to_string()).collect()
    }

    /// When the broker did something for a client.
    pub(crate) fn broker(&self, client: &str, kind: &str) -> Vec<String> {
        self.events("broker", &[kind]).filter(|e| self.field(e, "client") == client).map(|e| e.t.to_string()).collect()
    }

    /// Events of the broker, shown.
    pub(crate) fn broker_shows(&self, kinds: &[&str]) -> Vec<String> {
        self.show("broker", kinds)
    }
}

pub(crate) fn ms(t: Instant) -> u64 {
    t.as_us() / 1_000
}

/// A group `g` that reads a topic `t` of as many partitions as it has members.
pub(crate) struct Group {
    pub(crate) members: u32,
    pub(crate) partitions: u32,
    pub(crate) records: u64,
    pub(crate) per_record: &'static str,
    pub(crate) batch: u32,
    pub(crate) commit: &'static str,
    pub(crate) delay: u32,
    pub(crate) run_for: &'static str,
    pub(crate) latency: &'static str,
    pub(crate) group: &'static str,
    pub(crate) config: &'static str,
}

/// One member, ten records a batch, a second each.
pub(crate) const ONE: Group = Group {
    members: 1,
    partitions: 1,
    records: 1_000,
    per_record: "1s",
    batch: 10,
    commit: r#"{ when = "after-batch", mode = "sync", on-revoke = true }"#,
    delay: 0,
    run_for: "2m",
    latency: r#""1ms""#,
    group: "",
    config: "",
};

/// Nothing to read.
pub(crate) const IDLE: Group = Group { records: 0, ..ONE };

impl Group {
    pub(crate) fn text(&self, events: &[&str]) -> String {
        let Group { members, partitions, records, per_record, batch, commit, delay, run_for, latency, group, config } =
            self;
        let events = events.iter().map(|event| format!("  {{ {event} }},\n")).collect::<String>();
        format!(
            "name = \"driver\"\nrun-for = \"{run_for}\"\n[broker.config]\ngroup.initial.rebalance.delay.ms = {delay}\n\
             group.min.session.timeout.ms = 0\n[network]\nlatency = {latency}\n\
             [topic.t]\npartitions = {partitions}\nrecords = {records}\n\
             [group.g]\nmembers = {members}\nprocess = {{ per-record = \"{per_record}\" }}\ncommit = {commit}\n{group}\n\
             [group.g.config]\nauto.offset.reset = \"earliest\"\nmax.poll.records = {batch}\n{config}\n\
             [timeline]\nevents = [\n{events}]\n"
        )
    }

    #[track_caller]
    pub(crate) fn run(&self, events: &[&str]) -> Seen {
        Seen::of(&self.text(events))
    }

    #[track_caller]
    pub(crate) fn seeded(&self, seed: u64, events: &[&str]) -> Seen {
        Seen::seeded(&self.text(events), seed)
    }
}

pub(crate) const HANDLER: [&str; 5] = ["process_start", "process_done", "interrupted", "dropped", "crash"];
