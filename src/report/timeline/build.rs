//! From trace events to a chart's content.

use super::activity::ProcessTrack;
use super::model::*;
use super::owners::Owners;
use super::spans::SpanList;
use crate::ids::*;
use crate::protocol::{Api, GroupState};
use crate::time::Instant;
use crate::trace::{Event, Kind, Observer, Role, Verb};
use std::collections::BTreeMap;

/// Most reasons that are kept of one group; the drawing shows fewer.
const MAX_REASONS: usize = 500;

/// Most processes that are followed; a picture has no room for more.
const MAX_PROCESSES: usize = 2_000;

/// Most faults that are kept.
const MAX_FAULTS: usize = 500;

/// Collects a chart's content as events come.
#[derive(Debug)]
pub struct TimelineBuilder {
    window: Window,
    options: Options,
    title: String,
    now: Instant,
    actors: BTreeMap<ActorId, String>,
    processes: BTreeMap<ActorId, ProcessTrack>,
    groups: BTreeMap<String, GroupTrack>,
    owners: Owners,
    /// Which process a member id belongs to.
    members: BTreeMap<(GroupId, MemberId), ActorId>,
    /// With what will end it, while it lasts.
    faults: Vec<(Fault, Option<FaultKey>)>,
    mark: Option<(Instant, String)>,
    polls: u64,
    faults_left_out: u64,
    processes_left_out: u64,
}

/// Target, verb, line: what a fault's start and end have in common.
type FaultKey = (ActorId, Verb, u32);

#[derive(Debug)]
struct GroupTrack {
    spans: SpanList<StateSpan>,
    reasons: Vec<(Instant, String)>,
}

impl TimelineBuilder {
    /// A chart of this window.
    pub fn new(window: Window, options: Options) -> Self {
        TimelineBuilder {
            window,
            options,
            title: String::new(),
            now: Instant::ZERO,
            actors: BTreeMap::new(),
            processes: BTreeMap::new(),
            groups: BTreeMap::new(),
            owners: Owners::default(),
            members: BTreeMap::new(),
            faults: Vec::new(),
            mark: None,
            polls: 0,
            faults_left_out: 0,
            processes_left_out: 0,
        }
    }

    /// The first of the chosen groups and members that the trace does not have.
    pub fn unknown(&self) -> Option<String> {
        let has_member = |name: &String| self.actors.values().any(|actor| actor == name);
        let has_group = |name: &String| {
            self.processes_left_out > 0
                || self.groups.contains_key(name)
                || self.processes.values().any(|p| p.scope == *name)
        };
        let Options { groups, members, .. } = &self.options;
        let group = groups.iter().find(|name| !has_group(name)).map(|name| format!("there is no group `{name}`"));
        group.or_else(|| {
            members.iter().find(|name| !has_member(name)).map(|name| format!("there is no member `{name}`"))
        })
    }

    /// The content.
    pub fn finish(self) -> Timeline {
        let (window, end) = (self.window, self.now.max(self.window.until));
        let mut left_out = Vec::new();
        let mut note = |count: u64, what: &str| {
            if count > 0 {
                left_out.push(format!("{count} {what}"));
            }
        };
        note(self.polls, "polls not drawn");
        note(self.processes.values().map(|p| p.commits_merged).sum(), "commits share a tick with another");
        note(self.faults_left_out, "further faults not drawn");
        note(self.processes_left_out, "further members not drawn");
        let (mut partitions, mut merged) = self.owners.finish(&window, end);
        let mut coordinators = Vec::new();
        for (group, mut track) in self.groups {
            track.spans.close(&window, end);
            merged += track.spans.merged;
            coordinators.push(CoordinatorLane { group, spans: track.spans.spans, reasons: track.reasons });
        }
        note(merged, "spans shorter than a pixel merged with their neighbours");
        let wanted = |list: &[String], name: &str| list.is_empty() || list.iter().any(|w| w == name);
        coordinators.retain(|lane| wanted(&self.options.groups, &lane.group));
        let mut members: Vec<MemberLane> =
            self.processes.into_iter().map(|(actor, track)| track.finish(&window, end, actor.0)).collect();
        members.retain(|lane| wanted(&self.options.groups, &lane.scope) && wanted(&self.options.members, &lane.name));
        let shown = |number: u32| members.iter().any(|lane| lane.number == number);
        partitions.retain(|lane| {
            wanted(&self.options.groups, &lane.scope)
                && (self.options.members.is_empty()
                    || lane.spans.iter().any(|s| matches!(s.what, Owner::Member(n) | Owner::Halted(n) if shown(n))))
        });
        renumber(&mut members, &mut partitions);
        let faults = self.faults.into_iter().map(|(mut fault, open)| {
            if open.is_some() {
                fault.to = window.until;
            }
            fault
        });
        Timeline {
            title: self.title,
            window,
            coordinators,
            partitions,
            members,
            faults: faults.filter(|f| f.from <= window.until && f.to >= window.from).collect(),
            mark: self.mark,
            left_out,
        }
    }

    fn scope(&self, actor: ActorId) -> String {
        self.processes.get(&actor).map(|p| p.scope.clone()).unwrap_or_default()
    }

    fn meta(&mut self, kind: &Kind, names: &Names) {
        match *kind {
            Kind::MetaRun { scenario, seed, .. } => self.title = format!("{}, seed {seed}", names.text(scenario)),
            Kind::MetaActor { subject, name, group, role } => {
                let name = names.text(name).to_owned();
                self.actors.insert(subject, name.clone());
                if matches!(role, Role::Member | Role::Reader) && self.processes.len() >= MAX_PROCESSES {
                    self.processes_left_out += 1;
                } else if matches!(role, Role::Member | Role::Reader) {
                    let scope = names.text(group).to_owned();
                    self.processes.entry(subject).or_insert_with(|| ProcessTrack::new(name, scope));
                }
            }
            _ => {}
        }
    }

    /// What the coordinator does.
    fn group(&mut self, at: Instant, kind: &Kind, names: &Names) {
        match *kind {
            Kind::GroupStateChanged { group, from, to, generation, reason, .. } => {
                let window = self.window;
                let track = self
                    .groups
                    .entry(names.text(group).to_owned())
                    .or_insert_with(|| GroupTrack { spans: SpanList::new(StateSpan::Mixed), reasons: Vec::new() });
                track.spans.set(&window, at, Some(StateSpan::One(to, generation.0)));
                let begins = to == GroupState::PreparingRebalance;
                if begins && window.contains(at) && track.reasons.len() < MAX_REASONS {
                    let again = if from == GroupState::CompletingRebalance { " (again)" } else { "" };
                    track.reasons.push((at, format!("{reason}{again}")));
                }
            }
            Kind::MemberAdded { group, member, client, .. } | Kind::MemberLoaded { group, member, client, .. } => {
                self.members.insert((group, member), client);
            }
            Kind::MemberReplaced { group, old, new, client, .. } => {
                self.members.remove(&(group, old));
                self.members.insert((group, new), client);
            }
            Kind::MemberRemoved { group, member, .. } => {
                if let Some(actor) = self.members.remove(&(group, member)) {
                    self.owners.gone(&self.window, at, actor, true);
                }
            }
            Kind::RequestApplied { api: Api::OffsetCommit, client, .. } => self.commit(at, client, true),
            Kind::RequestRejected { api: Api::OffsetCommit, client, .. } => self.commit(at, client, false),
            _ => {}
        }
    }

    fn commit(&mut self, at: Instant, client: ActorId, accepted: bool) {
        if let Some(process) = self.processes.get_mut(&client) {
            process.commit(&self.window, at, accepted);
        }
    }

    /// What a process does.
    fn process(&mut self, at: Instant, actor: ActorId, kind: &Kind, names: &Names) {
        let window = self.window;
        match *kind {
            Kind::Owned { topic, from, to, .. } => {
                self.owners.owned(&window, at, actor, &self.scope(actor), (names.text(topic), from, to));
            }
            Kind::Revoked { topic, from, to } | Kind::Lost { topic, from, to } => {
                self.owners.given_up(&window, at, actor, &self.scope(actor), (names.text(topic), from, to));
            }
            Kind::Crash {} | Kind::Killed {} | Kind::Pause {} => self.owners.halted(&window, at, actor),
            Kind::Resume {} => self.owners.resumed(&window, at, actor),
            Kind::Closed {} => self.owners.gone(&window, at, actor, false),
            Kind::Poll {} => self.polls += u64::from(window.contains(at)),
            _ => {}
        }
        let Some(process) = self.processes.get_mut(&actor) else { return };
        match *kind {
            Kind::Start {} => process.up = true,
            Kind::Crash {} | Kind::Killed {} | Kind::Closed {} => process.end(),
            Kind::Stop {} => process.stopping = true,
            Kind::Pause {} => process.paused = true,
            Kind::Resume {} => process.paused = false,
            Kind::RequestSent { api: Api::JoinGroup, .. } => process.joining = true,
            Kind::Joined { .. } | Kind::RequestSent { api: Api::LeaveGroup, .. } => process.joining = false,
            Kind::ProcessStart { partition, to, .. } => {
                process.runs.insert(partition, to);
            }
            Kind::ProcessDone { partition, to, .. } => {
                if process.runs.get(&partition).is_some_and(|&end| to >= end) {
                    process.runs.remove(&partition);
                }
            }
            Kind::Dropped { partition, .. } | Kind::Interrupted { partition, .. } => {
                process.runs.remove(&partition);
            }
            _ => return,
        }
        process.update(&window, at);
    }

    fn fault(&mut self, at: Instant, kind: &Kind) {
        match *kind {
            Kind::FaultStart { target, verb, index } => {
                if self.faults.len() >= MAX_FAULTS {
                    self.faults_left_out += 1;
                    return;
                }
                let name = self.actors.get(&target).filter(|_| target >= ActorId::FIRST_CLIENT);
                let label = name.map_or(verb.label().to_owned(), |name| format!("{verb} {name}"));
                let lasts = matches!(verb, Verb::Pause | Verb::Slow | Verb::Stuck | Verb::Cut | Verb::Failover);
                self.faults.push((Fault { from: at, to: at, label }, lasts.then_some((target, verb, index))));
            }
            Kind::FaultEnd { target, verb, index } => {
                let key = Some((target, verb, index));
                if let Some(open) = self.faults.iter_mut().rev().find(|fault| fault.1 == key) {
                    open.0.to = at;
                    open.1 = None;
                }
            }
            _ => {}
        }
    }
}

/// Numbers members from 0 within what is drawn, so that colours do not depend on topics and readers before them.
fn renumber(members: &mut [MemberLane], partitions: &mut [PartitionLane]) {
    let mut numbers = BTreeMap::new();
    for lane in members.iter_mut() {
        let number = numbers.len() as u32;
        numbers.insert(lane.number, number);
        lane.number = number;
    }
    let next = numbers.len() as u32;
    for span in partitions.iter_mut().flat_map(|lane| &mut lane.spans) {
        match &mut span.what {
            // A member that is filtered out of the picture shares the number after the last.
            Owner::Member(n) | Owner::Halted(n) => *n = numbers.get(n).copied().unwrap_or(next),
            Owner::Mixed => {}
        }
    }
}

impl Observer for TimelineBuilder {
    fn observe(&mut self, event: &Event, names: &Names) {
        if event.t > self.window.until {
            return;
        }
        self.now = event.t;
        if self.options.mark == Some(event.seq.0) {
            self.mark = Some((event.t, format!("e{} {}", event.seq, event.kind.name())));
        }
        match event.kind {
            Kind::MetaRun { .. } | Kind::MetaActor { .. } => self.meta(&event.kind, names),
            Kind::FaultStart { .. } | Kind::FaultEnd { .. } => self.fault(event.t, &event.kind),
            _ if event.actor == ActorId::BROKER => self.group(event.t, &event.kind, names),
            _ => self.process(event.t, event.actor, &event.kind, names),
        }
    }
}
