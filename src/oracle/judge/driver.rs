//! What the driver and the log say: who there is, what there is to read, and what disturbs it.

use super::super::book::Desk;
use super::super::o3_fencing::Applied;
use super::super::view::{Scope, View};
use super::super::{downtime, o1_owners, o10_log, o12_timers, stall, work};
use super::Judge;
use crate::config::expect::MetricName;
use crate::ids::{ActorId, GroupId, Names, Symbol, TopicName, TopicPartition};
use crate::protocol::{Api, GroupState};
use crate::trace::{Event, Kind, Role};

impl Judge {
    pub(super) fn broker_event(&mut self, event: &Event, names: &Names) {
        if let Some(group) = o12_timers::group_of(&event.kind) {
            let scope = self.scope(group);
            if let Some(timers) = &mut self.timers {
                let begins = matches!(event.kind, Kind::GroupStateChanged { from: GroupState::Empty, .. });
                let key = "group.initial.rebalance.delay.ms";
                let delay = if begins { self.view.number(ActorId::BROKER, key, names) } else { None };
                timers.event(event, scope, delay.unwrap_or(3_000), &mut self.book, names);
            }
        }
        match event.kind {
            Kind::Append { partition, from, to, .. } => {
                self.appended = Some((partition, from.0, to.0));
                self.append(partition, from.0, to.0, event, names);
            }
            Kind::BatchAppended { partition, offset, from, to, client, client_incarnation } => {
                self.batch_appended((client, client_incarnation), partition, (from, to), offset, names);
            }
            Kind::RequestApplied { api, client, client_incarnation, request, group, member, generation } => {
                self.request_applied(api, (client, client_incarnation), request, (group, member, generation));
            }
            Kind::RequestRejected {
                api: Api::OffsetCommit, client, client_incarnation, request, group, code, ..
            } => {
                self.commit_rejected((client, client_incarnation), request, group, code, names);
            }
            Kind::CommitApplied { group, member, generation, client, partition, offset, .. } => {
                self.commit_applied(group, partition, Applied { member, generation, client, offset: offset.0 }, names);
            }
            Kind::LogStart { partition, offset } => self.log_start(partition, offset.0, event, names),
            Kind::OffsetRemoved { group, partition } => self.offset_removed(group, partition),
            Kind::GroupStateChanged { group, from, to, generation, reason, .. } => {
                self.state_changed(group, (from, to), generation, reason, names);
            }
            Kind::OffsetLoaded { group, partition, offset } => self.offset_loaded(group, partition, offset.0, names),
            Kind::GenerationStarted { group, generation, members, protocol, .. } => {
                self.generation_started(group, (generation, members, protocol), names);
            }
            Kind::Assigned { group, generation, member, topic, from, to } => {
                self.assigned(group, generation, member, topic, from..to, names);
            }
            Kind::MemberAdded { .. }
            | Kind::MemberLoaded { .. }
            | Kind::MemberReplaced { .. }
            | Kind::MemberRemoved { .. } => self.membership(event.kind, names),
            Kind::GroupRemoved { group } => {
                let scope = self.scope(group);
                self.view.scopes[scope].members.clear();
                self.view.scopes[scope].state = Some(GroupState::Dead);
                let mut desk = desk!(self, scope, names);
                o1_owners::end_all(&mut self.view.scopes[scope], &mut desk, |_| true);
                self.book.changed(MetricName::State);
                self.book.changed(MetricName::Members);
            }
            _ => self.driver_event(event, names),
        }
    }

    pub(super) fn driver_event(&mut self, event: &Event, names: &Names) {
        match event.kind {
            Kind::MetaActor { subject, name, group, role } => self.meta_actor(subject, name, group, role),
            Kind::MetaTopic { topic, partitions } => self.meta_topic(topic, partitions, names),
            Kind::MetaSubscription { subject, topic } => {
                if let Some(scope) = self.view.actor(subject).scope {
                    self.disturb(Some(scope));
                    self.view.scopes[scope].topics.insert(topic);
                    for place in self.view.partitions_of(topic).to_vec() {
                        self.want(scope, self.view.logs[place].tp, names);
                    }
                }
            }
            Kind::MetaAssign { subject, partition } => {
                if let Some(scope) = self.view.actor(subject).scope {
                    self.want(scope, partition, names);
                }
            }
            Kind::MetaNumber { subject, key, value } => {
                if self.view.actor(subject).role == Some(Role::Producer) {
                    self.producers.configured(subject, names.text(key), value);
                }
                self.view.set_number(subject, key, value);
            }
            Kind::MetaText { subject, key, value } if names.text(key) == "client" => {
                let actor = self.view.actor(subject);
                (actor.java, actor.lingers) = (names.text(value) == "java", names.text(value) == "kafka-go");
            }
            Kind::MetaText { subject, key, value }
                if names.text(key) == "commit.store" && names.text(value) == "with-result" =>
            {
                if let Some(scope) = self.view.actor(subject).scope {
                    self.view.scopes[scope].with_result = true;
                }
            }
            Kind::FaultStart { target, verb, .. } | Kind::FaultEnd { target, verb, .. }
                if verb != crate::trace::Verb::Produce =>
            {
                let scope = self.view.actor(target).scope;
                self.disturb(scope);
            }
            Kind::EventIgnored { target, index, .. } => self.ignored.push((index, target)),
            _ => {}
        }
    }

    pub(super) fn meta_actor(&mut self, subject: ActorId, name: Symbol, group: GroupId, role: Role) {
        let place = subject.0 as usize;
        if place >= self.book.actor_names.len() {
            self.book.actor_names.resize(place + 1, Symbol::EMPTY);
        }
        self.book.actor_names[place] = name;
        self.view.actor(subject).role = Some(role);
        if !group.is_empty() && matches!(role, Role::Member | Role::Reader | Role::Producer) {
            let scope = self.scope(group);
            self.view.actor(subject).scope = Some(scope);
            let scope = &mut self.view.scopes[scope];
            scope.managed = role == Role::Member;
            scope.producer = role == Role::Producer;
            if !scope.actors.contains(&subject) {
                scope.actors.push(subject);
            }
        }
    }

    pub(super) fn meta_topic(&mut self, topic: TopicName, partitions: u32, names: &Names) {
        for partition in 0..partitions {
            self.view.log(TopicPartition::new(topic, partition));
        }
        for scope in 0..self.view.scopes.len() {
            if self.view.scopes[scope].topics.contains(&topic) {
                self.disturb(Some(scope));
                for partition in 0..partitions {
                    self.want(scope, TopicPartition::new(topic, partition), names);
                }
            }
        }
    }

    pub(super) fn want(&mut self, scope: usize, tp: TopicPartition, names: &Names) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let Scope { parts, first_stable, .. } = &mut self.view.scopes[scope];
        if let Some(part) = parts[place].as_mut().filter(|part| !part.wanted) {
            part.wanted = true;
            downtime::changed(part, *first_stable, &mut desk);
        }
    }

    /// Something that may force the group (or, without one, every group) to change.
    pub(super) fn disturb(&mut self, scope: Option<usize>) {
        let at = self.last.0;
        let all = 0..self.view.scopes.len();
        for scope in scope.map_or(all, |scope| scope..scope + 1) {
            self.view.scopes[scope].disturbed = at;
            self.view.scopes[scope].finished_since = 0;
        }
    }

    pub(super) fn scope(&mut self, group: GroupId) -> usize {
        let scope = self.view.scope(group);
        while self.book.figures.len() < self.view.scopes.len() {
            self.book.scope_names.push(self.view.scopes[self.book.figures.len()].name);
            self.book.figures.push(Default::default());
        }
        scope
    }

    pub(super) fn append(&mut self, tp: TopicPartition, from: i64, to: i64, event: &Event, names: &Names) {
        let place = self.view.log(tp);
        o10_log::appended(&self.view.logs[place], from, to, &mut o10_log::desk(&mut self.book, names, event));
        let View { logs, scopes, .. } = &mut self.view;
        let grown = to - logs[place].end;
        logs[place].end = to;
        for &scope in &logs[place].scopes {
            let scope = &mut scopes[scope];
            let Some(part) = scope.parts[place].as_mut() else { continue };
            part.log_end = to;
            if part.committed.or(part.start).is_some() {
                scope.lag += grown;
            }
            if part.position.is_some() {
                scope.position_lag += grown;
            }
            stall::pending(part, scope.first_stable.is_some(), event.t);
            scope.last_append = event.t;
            scope.finished_since = 0;
        }
        self.book.changed(MetricName::Lag);
        self.book.changed(MetricName::PositionLag);
    }

    pub(super) fn log_start(&mut self, tp: TopicPartition, offset: i64, event: &Event, names: &Names) {
        let place = self.view.log(tp);
        o10_log::started(&self.view.logs[place], offset, &mut o10_log::desk(&mut self.book, names, event));
        self.view.logs[place].start = offset;
        for scope in self.view.logs[place].scopes.clone() {
            let mut desk = desk!(self, scope, names);
            if let Some(part) = self.view.scopes[scope].parts[place].as_mut() {
                work::advance(part, &mut desk);
                part.log_start = offset;
                stall::deleted(part, event.t, &mut desk);
            }
        }
    }
}
