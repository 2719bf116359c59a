//! Watches the events of a run and sums them up.

use super::{GenerationSeen, GroupObserved, Held, Observed, PartitionEnd, Removal, place};
use crate::ids::{ActorId, CorrelationId, GroupId, Incarnation, MemberId, Names, TopicName, TopicPartition};
use crate::oracle::{Class, Judge};
use crate::protocol::{Api, GroupState};
use crate::scenario::Scenario;
use crate::time::{Duration, Instant};
use crate::trace::{Event, Kind, Observer, RemovalReason, Role, Verb};
use std::collections::BTreeMap;

/// The oracles' sentences that are kept.
const CONTRADICTIONS_KEPT: usize = 20;

type Life = (ActorId, Incarnation);

/// An observer that sums up.
#[derive(Debug)]
pub struct Watch {
    judge: Judge,
    /// When each line of the timeline is due, if that is one instant.
    due: Vec<Option<Instant>>,
    late: Duration,
    actors: BTreeMap<ActorId, Actor>,
    groups: BTreeMap<String, Group>,
    log_ends: BTreeMap<TopicPartition, i64>,
    /// Heartbeats that wait for their answers: when they were sent.
    beats: BTreeMap<(Life, CorrelationId), Instant>,
}

#[derive(Debug, Default)]
struct Actor {
    name: String,
    scope: String,
    /// What was done to it last, and when, and in which life.
    fault: Option<(Incarnation, &'static str, Instant)>,
}

#[derive(Debug, Default)]
struct Group {
    seen: GroupObserved,
    members: BTreeMap<MemberId, Member>,
    committed: BTreeMap<TopicPartition, i64>,
    topics: Vec<TopicName>,
    /// Partitions that the newest generation gives away, to whom.
    given: BTreeMap<TopicPartition, MemberId>,
    /// Places in `seen.held` that are open.
    open: BTreeMap<(Life, TopicPartition), usize>,
    /// When each process began with what it has in work.
    begun: BTreeMap<Life, Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    life: Life,
    last_sign: Instant,
}

impl Watch {
    /// Watches a run of this scenario.
    pub fn new(scenario: &Scenario) -> Watch {
        let promises = scenario.promises;
        let due = scenario.timeline.iter().map(|event| {
            let once = event.repeat.is_none() && event.at.1.is_none();
            let staggered = matches!(event.action, crate::scenario::Action::Restart { one_every: Some(_), .. });
            (once && !staggered).then_some(event.at.0)
        });
        Watch {
            judge: Judge::new(&scenario.expect, promises.lost_mentioned, promises.skipped_mentioned).without_timers(),
            due: due.collect(),
            late: Duration::ZERO,
            actors: BTreeMap::new(),
            groups: BTreeMap::new(),
            log_ends: BTreeMap::new(),
            beats: BTreeMap::new(),
        }
    }

    /// The run is over.
    pub fn finish(self, names: &Names, end: Instant) -> Observed {
        let outcome = self.judge.finish(names, end);
        let contradictions = outcome.findings.iter().filter(|finding| finding.class == Class::Model);
        let mut observed = Observed {
            late: self.late,
            end,
            contradictions: contradictions
                .take(CONTRADICTIONS_KEPT)
                .map(|finding| format!("{} at {}: {}", finding.oracle, finding.at, finding.sentence))
                .collect(),
            groups: BTreeMap::new(),
        };
        for (name, mut group) in self.groups {
            for (&partition, &log_end) in &self.log_ends {
                if group.topics.contains(&partition.topic) {
                    let ended = PartitionEnd { committed: group.committed.get(&partition).copied(), log_end };
                    group.seen.partitions.insert(place(names, partition.topic, partition.partition), ended);
                }
            }
            group.seen.metrics = outcome.scopes.get(&name).cloned().unwrap_or_default();
            observed.groups.insert(name, group.seen);
        }
        observed
    }

    fn group(&mut self, group: GroupId, names: &Names) -> &mut Group {
        self.groups.entry(names.text(group).to_owned()).or_default()
    }

    /// The group that a process belongs to.
    fn group_of(&mut self, actor: ActorId) -> Option<&mut Group> {
        let scope = &self.actors.get(&actor)?.scope;
        self.groups.get_mut(scope)
    }

    /// The coordinator heard of a member and accepted what it said: its session timer starts over.
    fn sign_of_life(&mut self, group: GroupId, member: MemberId, at: Instant, names: &Names) {
        if let Some(member) = self.group(group, names).members.get_mut(&member) {
            member.last_sign = at;
        }
    }

    fn removed(&mut self, group: GroupId, member: MemberId, reason: RemovalReason, at: Instant, names: &Names) {
        let Some(gone) = self.group(group, names).members.remove(&member) else { return };
        let Some(actor) = self.actors.get(&gone.life.0) else { return };
        let fault = actor.fault.filter(|fault| fault.0 == gone.life.1).map(|(_, what, when)| (what, when));
        let removal =
            Removal { member: (actor.name.clone(), gone.life.1.0), at, reason, fault, last_sign: Some(gone.last_sign) };
        self.group(group, names).seen.removals.push(removal);
    }

    fn coordinator(&mut self, event: &Event, names: &Names) {
        let at = event.t;
        match event.kind {
            Kind::RequestApplied { api, group, member, .. } => {
                if api == Api::OffsetCommit {
                    self.group(group, names).seen.commits_accepted += 1;
                }
                if matches!(api, Api::Heartbeat | Api::JoinGroup | Api::SyncGroup | Api::OffsetCommit) {
                    self.sign_of_life(group, member, at, names);
                }
            }
            Kind::RequestRejected { api, group, member, code, .. } => {
                if api == Api::OffsetCommit {
                    *self.group(group, names).seen.commits_rejected.entry(code.name()).or_default() += 1;
                } else if api == Api::Heartbeat && code == crate::protocol::ErrorCode::RebalanceInProgress {
                    self.sign_of_life(group, member, at, names);
                }
            }
            Kind::CommitApplied { group, partition, offset, .. } => {
                self.group(group, names).committed.insert(partition, offset.0);
            }
            Kind::OffsetRemoved { group, partition } => {
                self.group(group, names).committed.remove(&partition);
            }
            Kind::MemberAdded { group, member, client, client_incarnation, .. } => {
                let new = Member { life: (client, client_incarnation), last_sign: at };
                self.group(group, names).members.insert(member, new);
            }
            Kind::MemberReplaced { group, old, new, client, client_incarnation, .. } => {
                let group = self.group(group, names);
                group.members.remove(&old);
                group.members.insert(new, Member { life: (client, client_incarnation), last_sign: at });
                for owner in group.given.values_mut().filter(|owner| **owner == old) {
                    *owner = new;
                }
            }
            Kind::MemberRemoved { group, member, reason } => self.removed(group, member, reason, at, names),
            Kind::GenerationStarted { group, generation, protocol, members, .. } => {
                let group = self.group(group, names);
                group.given.clear();
                group.seen.generations.push(GenerationSeen {
                    number: generation.0,
                    at,
                    members,
                    protocol: names.text(protocol).to_owned(),
                    ..GenerationSeen::default()
                });
            }
            Kind::GroupStateChanged { group, to: GroupState::Stable, .. } => {
                if let Some(newest) = self.group(group, names).seen.generations.last_mut() {
                    newest.stable.get_or_insert(at);
                    newest.sizes = vec![0; newest.members as usize];
                }
            }
            Kind::Assigned { group, member, topic, from, to, .. } => {
                self.assigned(group, member, topic, from..to, names);
            }
            _ => {}
        }
    }

    fn assigned(
        &mut self,
        group: GroupId,
        member: MemberId,
        topic: TopicName,
        range: std::ops::Range<u32>,
        names: &Names,
    ) {
        let owner = self.group(group, names).members.get(&member).map(|member| member.life.0);
        let owner = owner.and_then(|actor| self.actors.get(&actor)).map(|actor| actor.name.clone());
        let group = self.group(group, names);
        for partition in range {
            let before = group.given.insert(TopicPartition::new(topic, partition), member);
            group.seen.given_twice += i64::from(before.is_some_and(|before| before != member));
            if let Some(newest) = group.seen.generations.last_mut() {
                newest.owners.push((owner.clone().unwrap_or_default(), place(names, topic, partition)));
            }
        }
        let Some(newest) = group.seen.generations.last_mut() else { return };
        let mut sizes: BTreeMap<MemberId, u32> = BTreeMap::new();
        for owner in group.given.values() {
            *sizes.entry(*owner).or_default() += 1;
        }
        let mut sizes: Vec<u32> = sizes.into_values().collect();
        sizes.resize(sizes.len().max(newest.members as usize), 0);
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        newest.sizes = sizes;
    }

    fn process(&mut self, event: &Event, names: &Names) {
        let life = (event.actor, event.incarnation);
        let at = event.t;
        match event.kind {
            Kind::Start {} => {
                if let Some(group) = self.group_of(event.actor) {
                    group.seen.first_start.get_or_insert(at);
                }
            }
            Kind::RequestSent { api: Api::JoinGroup, .. } => {
                if let Some(group) = self.group_of(event.actor) {
                    group.seen.first_join.get_or_insert(at);
                }
            }
            Kind::RequestSent { api: Api::Heartbeat, request, .. } => {
                self.beats.insert((life, request), at);
            }
            Kind::RequestReplySeen { request, .. } => self.answered(life, request, at),
            Kind::Stop {} => self.fault(life, "stop", at),
            Kind::Crash {} => {
                self.fault(life, "crash", at);
                self.let_go(life, None, at);
            }
            Kind::Killed {} => {
                self.fault(life, "kill", at);
                self.let_go(life, None, at);
            }
            Kind::Pause {} => {
                self.fault(life, "pause", at);
                self.round(life, None);
            }
            Kind::ProcessStart { .. } => {
                if let Some(group) = self.group_of(event.actor) {
                    group.begun.insert(life, at);
                }
            }
            Kind::Poll {} => self.round(life, Some(at)),
            Kind::Closed {} => self.let_go(life, None, at),
            Kind::Owned { topic, from, to, .. } => self.took(life, topic, from..to, at, names),
            Kind::Revoked { topic, from, to } | Kind::Lost { topic, from, to } => {
                for partition in from..to {
                    self.let_go(life, Some(TopicPartition::new(topic, partition)), at);
                }
            }
            Kind::ReachedEnd { .. } => {
                if let Some(group) = self.group_of(event.actor) {
                    group.seen.ends_reached += 1;
                }
            }
            _ => {}
        }
    }

    fn took(&mut self, life: Life, topic: TopicName, range: std::ops::Range<u32>, at: Instant, names: &Names) {
        let member = self.actors.get(&life.0).map(|actor| actor.name.clone()).unwrap_or_default();
        let Some(group) = self.group_of(life.0) else { return };
        for partition in range {
            let tp = TopicPartition::new(topic, partition);
            if group.open.contains_key(&(life, tp)) {
                continue;
            }
            group.open.insert((life, tp), group.seen.held.len());
            let partition = place(names, topic, partition);
            let (member, incarnation) = (member.clone(), life.1.0);
            group.seen.held.push(Held { member, incarnation, partition, from: at, until: None });
        }
    }

    /// What a process had in work is over, with its commit; not at all, if something was done to it meanwhile.
    fn round(&mut self, life: Life, over: Option<Instant>) {
        let Some(group) = self.group_of(life.0) else { return };
        if let (Some(begun), Some(over)) = (group.begun.remove(&life), over) {
            group.seen.busy += over.since(begun);
            group.seen.rounds += 1;
        }
    }

    /// A process gives up one partition, or all.
    fn let_go(&mut self, life: Life, partition: Option<TopicPartition>, at: Instant) {
        let Some(group) = self.group_of(life.0) else { return };
        let Group { open, seen, .. } = group;
        open.retain(|(owner, tp), held| {
            let over = *owner == life && partition.is_none_or(|partition| partition == *tp);
            if over {
                seen.held[*held].until = Some(at);
            }
            !over
        });
    }

    /// Nothing is as quickly answered as a heartbeat: what it takes longer is the machine's doing, if nothing was done to the
    /// member.
    fn answered(&mut self, life: Life, request: CorrelationId, at: Instant) {
        let untouched = self.actors.get(&life.0).is_some_and(|actor| actor.fault.is_none());
        if let Some(sent) = self.beats.remove(&(life, request)).filter(|_| untouched) {
            self.late = self.late.max(at.since(sent));
        }
    }

    fn fault(&mut self, (actor, incarnation): Life, what: &'static str, at: Instant) {
        if let Some(actor) = self.actors.get_mut(&actor) {
            actor.fault = Some((incarnation, what, at));
        }
    }

    fn driver(&mut self, event: &Event, names: &Names) {
        match event.kind {
            Kind::MetaActor { subject, name, group, role } => {
                let (name, scope) = (names.text(name).to_owned(), names.text(group).to_owned());
                let actor = Actor { name, scope, fault: None };
                if matches!(role, Role::Member | Role::Reader) {
                    self.groups.entry(actor.scope.clone()).or_default().seen.standalone = role == Role::Reader;
                }
                self.actors.insert(subject, actor);
            }
            Kind::MetaSubscription { subject, topic } => self.reads(subject, topic),
            Kind::MetaAssign { subject, partition } => self.reads(subject, partition.topic),
            Kind::MetaTopic { topic, partitions } => {
                for partition in 0..partitions {
                    self.log_ends.entry(TopicPartition::new(topic, partition)).or_default();
                }
            }
            Kind::FaultStart { target, verb, index } => {
                let due = self.due.get(index as usize).copied().flatten();
                self.late = self.late.max(due.map_or(Duration::ZERO, |due| event.t.since(due)));
                if let Verb::Stuck | Verb::Slow | Verb::Cut = verb {
                    // The driver does not know which life it is; a process has one fault of this kind at a time.
                    let incarnation = self.last_incarnation(target);
                    self.fault((target, incarnation), verb.label(), event.t);
                }
            }
            _ => {}
        }
    }

    fn reads(&mut self, actor: ActorId, topic: TopicName) {
        if let Some(group) = self.group_of(actor)
            && !group.topics.contains(&topic)
        {
            group.topics.push(topic);
        }
    }

    /// The newest life of a process that is a member of its group.
    fn last_incarnation(&mut self, actor: ActorId) -> Incarnation {
        let lives = self.group_of(actor).map(|group| {
            let lives = group.members.values().filter(|member| member.life.0 == actor).map(|member| member.life.1);
            lives.max().unwrap_or(Incarnation(1))
        });
        lives.unwrap_or(Incarnation(1))
    }
}

impl Observer for Watch {
    fn observe(&mut self, event: &Event, names: &Names) {
        self.judge.observe(event, names);
        if let Kind::Append { partition, to, .. } = event.kind {
            let end = self.log_ends.entry(partition).or_default();
            *end = to.0.max(*end);
        } else if event.actor >= ActorId::FIRST_CLIENT {
            self.process(event, names);
        } else {
            self.coordinator(event, names);
            self.driver(event, names);
        }
    }
}
