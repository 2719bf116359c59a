//! What the coordinator did, inferred (see the module above).

use super::Assembly;
use crate::ids::*;
use crate::kafka::wire::{Answered, Asked, What};
use crate::protocol::{ErrorCode, GroupState};
use crate::time::{Duration, Instant};
use crate::trace::{Kind, PendingEnd, RemovalReason, StateReason};
use std::collections::{BTreeMap, BTreeSet};

/// A removal that is seen this much before a time is over may be due to that.
const EARLY: Duration = Duration::from_ms(150);
/// A description may be this old when it comes: who joined since is not in it.
const STALE: Duration = Duration::from_ms(300);

/// A member as the coordinator has it.
#[derive(Clone, Debug)]
struct Member {
    instance: String,
    rebalance_timeout_ms: i32,
    added: Instant,
}

/// A group, as the trace has come to know it.
#[derive(Debug)]
pub struct Group {
    /// Its id in the scenario.
    pub name: GroupId,
    /// Committed offsets.
    pub committed: BTreeMap<TopicPartition, i64>,
    /// The protocol of the newest generation.
    pub protocol: ProtocolName,
    state: GroupState,
    generation: i32,
    leader: MemberId,
    members: BTreeMap<String, Member>,
    pending: BTreeSet<String>,
    prepared: Instant,
    completed: Instant,
    synced: BTreeSet<String>,
}

impl Group {
    /// A group that does not exist yet.
    pub fn new(name: GroupId) -> Group {
        Group {
            name,
            committed: BTreeMap::new(),
            protocol: ProtocolName::EMPTY,
            state: GroupState::Empty,
            generation: 0,
            leader: MemberId::EMPTY,
            members: BTreeMap::new(),
            pending: BTreeSet::new(),
            prepared: Instant::ZERO,
            completed: Instant::ZERO,
            synced: BTreeSet::new(),
        }
    }

    fn rebalance_timeout(&self) -> Duration {
        let longest = self.members.values().map(|member| member.rebalance_timeout_ms).max().unwrap_or(0);
        Duration::from_ms(longest.unsigned_abs().into())
    }
}

impl Assembly<'_> {
    fn state(&mut self, group: usize, to: GroupState, reason: StateReason, member: MemberId, cause: Seq) {
        let of = &mut self.groups[group];
        let from = std::mem::replace(&mut of.state, to);
        let (name, generation) = (of.name, Generation(of.generation));
        self.broker(cause, Kind::GroupStateChanged { group: name, from, to, generation, reason, member });
    }

    fn prepare(&mut self, group: usize, reason: StateReason, member: MemberId, cause: Seq) {
        if self.groups[group].state != GroupState::PreparingRebalance {
            self.groups[group].prepared = self.now;
            self.state(group, GroupState::PreparingRebalance, reason, member, cause);
        }
    }

    /// A member id was given out.
    pub(super) fn pending(&mut self, life: usize, group: usize, id: &str, session_timeout_ms: i32, cause: Seq) {
        self.groups[group].pending.insert(id.to_owned());
        let (client, client_incarnation) = (self.lives[life].actor, self.lives[life].incarnation);
        let (member, group) = (MemberId(self.names.intern(id)), self.groups[group].name);
        self.broker(cause, Kind::MemberPending { group, member, client, client_incarnation, session_timeout_ms });
    }

    fn add(&mut self, life: usize, group: usize, id: &str, asked: &Asked, cause: Seq) {
        let Asked::Join { instance, session_timeout_ms, rebalance_timeout_ms, .. } = asked else { return };
        let (member, name) = (MemberId(self.names.intern(id)), self.groups[group].name);
        if self.groups[group].pending.remove(id) {
            self.broker(cause, Kind::PendingEnded { group: name, member, reason: PendingEnd::Joined });
        }
        let text = instance.clone().unwrap_or_default();
        let instance = InstanceId(self.names.intern(&text));
        let known = Member { instance: text, rebalance_timeout_ms: *rebalance_timeout_ms, added: self.now };
        self.groups[group].members.insert(id.to_owned(), known);
        let kind = Kind::MemberAdded {
            group: name,
            member,
            instance,
            client: self.lives[life].actor,
            client_incarnation: self.lives[life].incarnation,
            session_timeout_ms: *session_timeout_ms,
            rebalance_timeout_ms: *rebalance_timeout_ms,
        };
        self.broker(cause, kind);
    }

    /// A JoinGroup passes; its answer, if one is ever seen, is known.
    pub(super) fn join_passes(
        &mut self,
        life: usize,
        group: usize,
        asked: &Asked,
        answer: Option<&Answered>,
        cause: Seq,
    ) {
        let Asked::Join { member, instance, .. } = asked else { return };
        let (error, generation, id) = match answer {
            Some(Answered::Join { error, generation, member, .. }) => (*error, Some(*generation), member.as_str()),
            _ => (0, None, member.as_str()),
        };
        if error != 0 || id.is_empty() {
            return;
        }
        let of = &self.groups[group];
        let symbol = MemberId(self.names.intern(id));
        if of.members.contains_key(id) {
            if generation.is_some_and(|generation| generation > of.generation) {
                let leader = of.leader == symbol;
                let reason = if leader { StateReason::LeaderRejoined } else { StateReason::MetadataChanged };
                self.prepare(group, reason, symbol, cause);
            }
            return;
        }
        let before = instance.as_ref().and_then(|instance| {
            of.members.iter().find(|(_, known)| known.instance == *instance).map(|(id, _)| id.clone())
        });
        if let (Some(old), Some(instance)) = (before, instance) {
            self.replace(life, group, &old, id, instance, cause);
            if generation.is_some_and(|generation| generation > self.groups[group].generation) {
                self.prepare(group, StateReason::StaticReplaced, symbol, cause);
            }
            return;
        }
        self.add(life, group, id, asked, cause);
        self.prepare(group, StateReason::MemberJoined, symbol, cause);
    }

    fn replace(&mut self, life: usize, group: usize, old: &str, new: &str, instance: &str, cause: Seq) {
        let of = &mut self.groups[group];
        if let Some(member) = of.members.remove(old) {
            of.members.insert(new.to_owned(), Member { added: self.now, ..member });
        }
        let (client, client_incarnation) = (self.lives[life].actor, self.lives[life].incarnation);
        let instance = InstanceId(self.names.intern(instance));
        let (old, new) = (MemberId(self.names.intern(old)), MemberId(self.names.intern(new)));
        if self.groups[group].leader == old {
            self.groups[group].leader = new;
        }
        let group = self.groups[group].name;
        self.broker(cause, Kind::MemberReplaced { group, instance, old, new, client, client_incarnation });
    }

    /// A JoinGroup was answered with a generation.
    pub(super) fn joins(
        &mut self,
        life: usize,
        group: usize,
        asked: &Asked,
        generation: i32,
        protocol: &str,
        id: &str,
    ) {
        if !self.groups[group].members.contains_key(id) {
            self.add(life, group, id, asked, Seq::NONE);
        }
        if generation <= self.groups[group].generation {
            return;
        }
        let Asked::Join { group: real, .. } = asked else { return };
        if let Some(joined) = self.tables.joined(real, generation) {
            self.groups[group].leader = MemberId(self.names.intern(joined.leader));
            let gone: Vec<String> = self.groups[group].members.keys().cloned().collect();
            for id in gone.iter().filter(|id| !joined.members.iter().any(|(member, _)| member == *id)) {
                let reason = self.reason_of(group, id);
                self.take_out(group, id, reason, Seq::NONE);
            }
        }
        self.prepare(group, StateReason::MetadataChanged, MemberId::EMPTY, Seq::NONE);
        let of = &mut self.groups[group];
        of.generation = generation;
        of.protocol = ProtocolName(self.names.intern(protocol));
        of.completed = self.now;
        of.synced.clear();
        let kind = Kind::GenerationStarted {
            group: of.name,
            generation: Generation(generation),
            leader: of.leader,
            protocol: of.protocol,
            members: of.members.len() as u32,
        };
        let cause = self.broker(Seq::NONE, kind);
        self.state(group, GroupState::CompletingRebalance, StateReason::JoinComplete, MemberId::EMPTY, cause);
    }

    /// A SyncGroup was answered with an assignment.
    pub(super) fn synced(&mut self, group: usize, generation: i32) {
        let of = &self.groups[group];
        if of.state != GroupState::CompletingRebalance || of.generation != generation {
            return;
        }
        let (leader, name) = (of.leader, of.name);
        self.state(group, GroupState::Stable, StateReason::AssignmentWritten, leader, Seq::NONE);
        let real = self.run_names.real(self.names.text(name));
        for (id, topics) in self.tables.given(&real, generation) {
            let member = MemberId(self.names.intern(id));
            let places: Vec<(String, u32)> = topics
                .iter()
                .flat_map(|(topic, partitions)| partitions.iter().map(|p| (topic.clone(), p.unsigned_abs())))
                .collect();
            for (topic, from, to) in self.runs(&places) {
                let generation = Generation(generation);
                self.broker(Seq::NONE, Kind::Assigned { group: name, generation, member, topic, from, to });
            }
        }
    }

    /// A member's LeaveGroup passes.
    pub(super) fn leaves(&mut self, life: usize, group: usize, id: &str, cause: Seq) {
        if self.groups[group].pending.remove(id) {
            let (member, group) = (MemberId(self.names.intern(id)), self.groups[group].name);
            self.broker(cause, Kind::PendingEnded { group, member, reason: PendingEnd::Left });
            return;
        }
        let reason = if self.lives[life].stopping { RemovalReason::Leave } else { RemovalReason::MaxPoll };
        self.remove(group, id, reason, cause);
    }

    /// Why a member is missing that has not left.
    fn reason_of(&self, group: usize, id: &str) -> RemovalReason {
        let of = &self.groups[group];
        let timeout = of.rebalance_timeout();
        let over = |since: Instant| self.now.since(since) + EARLY >= timeout;
        match of.state {
            GroupState::PreparingRebalance if over(of.prepared) => RemovalReason::RebalanceTimeout,
            GroupState::CompletingRebalance if over(of.completed) && !of.synced.contains(id) => {
                RemovalReason::SyncTimeout
            }
            _ => RemovalReason::Session,
        }
    }

    fn take_out(&mut self, group: usize, id: &str, reason: RemovalReason, cause: Seq) -> bool {
        let of = &mut self.groups[group];
        let name = of.name;
        if of.members.remove(id).is_none() {
            return false;
        }
        let member = MemberId(self.names.intern(id));
        self.broker(cause, Kind::MemberRemoved { group: name, member, reason });
        true
    }

    fn remove(&mut self, group: usize, id: &str, reason: RemovalReason, cause: Seq) {
        if !self.take_out(group, id, reason, cause) {
            return;
        }
        let why = match reason {
            RemovalReason::Session => StateReason::SessionExpired,
            RemovalReason::SyncTimeout => StateReason::SyncExpired,
            _ => StateReason::MemberLeft,
        };
        let member = MemberId(self.names.intern(id));
        self.prepare(group, why, member, cause);
        let of = &mut self.groups[group];
        if of.members.is_empty() && of.pending.is_empty() {
            of.generation += 1;
            of.leader = MemberId::EMPTY;
            of.protocol = ProtocolName::EMPTY;
            let kind = Kind::GenerationStarted {
                group: of.name,
                generation: Generation(of.generation),
                leader: MemberId::EMPTY,
                protocol: ProtocolName::EMPTY,
                members: 0,
            };
            let cause = self.broker(cause, kind);
            self.state(group, GroupState::Empty, StateReason::NobodyJoined, MemberId::EMPTY, cause);
        }
    }

    /// An answer that says that the group rebalances, or that it does not know the member any more.
    pub(super) fn restless(&mut self, index: usize, group: usize, member: MemberId, code: ErrorCode) {
        let told = matches!(
            (code, self.groups[group].state),
            (ErrorCode::RebalanceInProgress, GroupState::Stable) | (ErrorCode::UnknownMemberId, _)
        );
        if !told {
            return;
        }
        if let Some((_, members)) = self.tables.described(group, index) {
            self.missing_in(group, members);
        }
        let id = self.names.text(member).to_owned();
        if code == ErrorCode::UnknownMemberId {
            let reason = self.reason_of(group, &id);
            self.remove(group, &id, reason, Seq::NONE);
        } else if self.groups[group].state == GroupState::Stable {
            self.prepare(group, StateReason::MetadataChanged, MemberId::EMPTY, Seq::NONE);
        }
    }

    /// The coordinator described a group.
    pub(super) fn described(&mut self, group: usize, what: &What) {
        if let What::Described { members, .. } = what {
            self.missing_in(group, members);
        }
    }

    /// Removes members that a description does not have, except those that it is too old to have.
    fn missing_in(&mut self, group: usize, described: &[String]) {
        let now = self.now;
        let missing: Vec<String> = self.groups[group]
            .members
            .iter()
            .filter(|(id, member)| !described.contains(id) && now.since(member.added) > STALE)
            .map(|(id, _)| id.clone())
            .collect();
        for id in missing {
            let reason = self.reason_of(group, &id);
            self.remove(group, &id, reason, Seq::NONE);
        }
    }
}
