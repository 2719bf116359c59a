//! What the coordinator knows, from the events of a trace.

use crate::ids::*;
use crate::protocol::GroupState;
use crate::time::Instant;
use crate::trace::{Event, Kind, Observer, StateReason};
use std::collections::{BTreeMap, BTreeSet};

/// Follows a trace up to and including an instant.
#[derive(Debug)]
pub struct CoordinatorView {
    until: Instant,
    pub(super) groups: BTreeMap<String, GroupView>,
    pub(super) processes: BTreeMap<ActorId, ProcessView>,
    /// Groups that some actor belongs to, whether or not the coordinator knows them yet.
    pub(super) named: BTreeSet<String>,
    pub(super) log_ends: BTreeMap<(String, u32), i64>,
    pub(super) partitions: BTreeMap<String, u32>,
}

/// One group.
#[derive(Debug)]
pub(super) struct GroupView {
    pub(super) state: GroupState,
    pub(super) protocol: String,
    pub(super) members: BTreeMap<String, MemberView>,
    pub(super) committed: BTreeMap<(String, u32), i64>,
    /// The generation that the members' assignments are of.
    assigned_in: Generation,
}

/// One member of a group.
#[derive(Clone, Debug)]
pub(super) struct MemberView {
    pub(super) client: ActorId,
    pub(super) instance: String,
    /// Topic, and partitions `[from, to)`.
    pub(super) assignment: Vec<(String, u32, u32)>,
}

/// What a connection tells of a process.
#[derive(Clone, Debug, Default)]
pub(super) struct ProcessView {
    pub(super) host: Option<String>,
    pub(super) client_id: Option<String>,
}

impl CoordinatorView {
    /// A view that takes no notice of what is later than `until`.
    pub fn new(until: Instant) -> Self {
        CoordinatorView {
            until,
            groups: BTreeMap::new(),
            processes: BTreeMap::new(),
            named: BTreeSet::new(),
            log_ends: BTreeMap::new(),
            partitions: BTreeMap::new(),
        }
    }

    /// Whether the coordinator knows this group, or some process of the run is made for it.
    pub fn has_heard_of(&self, group: &str) -> bool {
        self.groups.contains_key(group) || self.named.contains(group)
    }

    /// The groups that the coordinator knows, in order.
    pub fn groups(&self) -> Vec<String> {
        self.groups.keys().cloned().collect()
    }

    /// End of a partition's log; `None` for a partition that is not there.
    pub(super) fn log_end(&self, partition: &(String, u32)) -> Option<i64> {
        let known = self.partitions.get(&partition.0).is_some_and(|&count| partition.1 < count);
        self.log_ends.get(partition).copied().or(known.then_some(0))
    }

    fn group(&mut self, id: &str) -> &mut GroupView {
        self.groups.entry(id.to_owned()).or_insert_with(|| GroupView {
            state: GroupState::Empty,
            protocol: String::new(),
            members: BTreeMap::new(),
            committed: BTreeMap::new(),
            assigned_in: Generation::NONE,
        })
    }

    fn meta(&mut self, kind: &Kind, names: &Names) {
        match *kind {
            Kind::MetaActor { group, .. } if !group.is_empty() => {
                self.named.insert(names.text(group).to_owned());
            }
            Kind::MetaTopic { topic, partitions } => {
                self.partitions.insert(names.text(topic).to_owned(), partitions);
            }
            Kind::MetaText { subject, key, value } => {
                let process = self.processes.entry(subject).or_default();
                let value = names.text(value).to_owned();
                match names.text(key) {
                    "host" => process.host = Some(value),
                    "client.id" => process.client_id = Some(value),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

impl Observer for CoordinatorView {
    fn observe(&mut self, event: &Event, names: &Names) {
        if event.t > self.until {
            return;
        }
        let at = |p: TopicPartition| (names.text(p.topic).to_owned(), p.partition);
        match event.kind {
            Kind::Append { partition, to, .. } => {
                self.log_ends.insert(at(partition), to.0);
            }
            Kind::CommitApplied { group, partition, offset, .. } => {
                self.group(names.text(group)).committed.insert(at(partition), offset.0);
            }
            Kind::OffsetRemoved { group, partition } => {
                self.group(names.text(group)).committed.remove(&at(partition));
            }
            Kind::GroupStateChanged { group, from, to, generation, reason, .. } => {
                let group = self.group(names.text(group));
                if reason == StateReason::Loaded {
                    group.members.clear();
                }
                group.moved(from, to, generation);
            }
            Kind::GenerationStarted { group, protocol, .. } => {
                self.group(names.text(group)).protocol = names.text(protocol).to_owned();
            }
            Kind::Assigned { group, generation, member, topic, from, to } => {
                let topic = names.text(topic).to_owned();
                self.group(names.text(group)).assigned(generation, names.text(member), (topic, from, to));
            }
            Kind::MemberPending { group, .. } => {
                self.group(names.text(group));
            }
            Kind::MemberAdded { group, member, instance, client, .. }
            | Kind::MemberLoaded { group, member, instance, client, .. } => {
                let view = MemberView { client, instance: names.text(instance).to_owned(), assignment: Vec::new() };
                self.group(names.text(group)).members.insert(names.text(member).to_owned(), view);
            }
            Kind::MemberReplaced { group, instance, old, new, client, .. } => {
                let members = &mut self.group(names.text(group)).members;
                let assignment = members.remove(names.text(old)).map(|m| m.assignment).unwrap_or_default();
                let view = MemberView { client, instance: names.text(instance).to_owned(), assignment };
                members.insert(names.text(new).to_owned(), view);
            }
            Kind::MemberRemoved { group, member, .. } => {
                self.group(names.text(group)).members.remove(names.text(member));
            }
            Kind::GroupRemoved { group } => {
                self.groups.remove(names.text(group));
            }
            ref kind => self.meta(kind, names),
        }
    }
}

impl GroupView {
    fn moved(&mut self, from: GroupState, to: GroupState, generation: Generation) {
        self.state = to;
        // The assignment of a generation is forgotten if its leader never sent it, and empty for who was left out of it.
        let gone = from == GroupState::CompletingRebalance && to == GroupState::PreparingRebalance;
        if gone || (to == GroupState::Stable && self.assigned_in != generation) {
            self.forget_assignments(generation);
        }
    }

    fn assigned(&mut self, generation: Generation, member: &str, range: (String, u32, u32)) {
        if self.assigned_in != generation {
            self.forget_assignments(generation);
        }
        if let Some(view) = self.members.get_mut(member) {
            view.assignment.push(range);
        }
    }

    fn forget_assignments(&mut self, generation: Generation) {
        self.assigned_in = generation;
        self.members.values_mut().for_each(|member| member.assignment.clear());
    }
}

impl MemberView {
    /// The partitions one by one, by topic and number.
    pub(super) fn partitions(&self) -> Vec<(String, u32)> {
        let ranges = self.assignment.iter();
        let mut all: Vec<_> = ranges.flat_map(|(topic, from, to)| (*from..*to).map(|p| (topic.clone(), p))).collect();
        all.sort();
        all
    }
}
