//! The judge: shows every event of the trace to the bookkeeping and to the oracles that it concerns.

use super::book::{Book, Desk};
use super::expectations::Watches;
use super::o3_fencing::Applied;
use super::o12_timers::Timers;
use super::outcome::Outcome;
use super::view::{Actor, End, Given, Life, Member, Part, Scope, SentCommit, View};
use super::*;
use crate::config::expect::{Expectations, MetricName};
use crate::ids::*;
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::time::Instant;
use crate::trace::{CommitOrigin, Event, Kind, Observer, PositionOrigin, RemovalReason, Role};

/// Judges a run from its trace alone, as it happens. Memory: proportional to the work in hand and to unresolved holes, not
/// to the number of records or events (the samples of distributions are kept).
#[derive(Debug)]
pub struct Judge {
    pub(super) view: View,
    pub(super) book: Book,
    pub(super) promises: (bool, bool),
    /// A group whose assignment is being written: it is complete with the next event that is not part of it.
    pub(super) settling: Option<usize>,
    pub(super) ignored: Vec<(u32, ActorId)>,
    pub(super) last: (Instant, Seq),
    /// O12; tests of other oracles go without.
    pub(super) timers: Option<Timers>,
}

impl Judge {
    /// A judge of one run. `lost_mentioned` and `skipped_mentioned` say which default promises the scenario replaces
    /// (section 8).
    pub fn new(expect: &Expectations, lost_mentioned: bool, skipped_mentioned: bool) -> Judge {
        Judge {
            view: View::default(),
            book: Book::new(Watches::new(expect)),
            promises: (lost_mentioned, skipped_mentioned),
            settling: None,
            ignored: Vec::new(),
            last: (Instant::ZERO, Seq::NONE),
            timers: Some(Timers::default()),
        }
    }

    /// The run is over at `end`: what the trace shows, by section 7 and 8.
    pub fn finish(self, names: &Names, end: Instant) -> Outcome {
        verdict::finish(self, names, end)
    }
}

impl Observer for Judge {
    fn observe(&mut self, event: &Event, names: &Names) {
        self.last = (event.t, event.seq);
        self.book.watches.observe(event, names);
        let assigning = matches!(event.kind, Kind::Assigned { .. } | Kind::GroupStateChanged { .. });
        if let Some(scope) = self.settling.filter(|_| !assigning) {
            self.settle(scope, names);
        }
        if let Some(timers) = &mut self.timers {
            timers.advance(event, &mut self.book, names);
        }
        if event.actor >= ActorId::FIRST_CLIENT {
            self.client_event(event, names);
        } else {
            self.broker_event(event, names);
        }
        let dirty = std::mem::take(&mut self.book.dirty);
        if dirty & self.book.watches.gauges != 0 {
            let Book { watches, actor_names, .. } = &mut self.book;
            watches.gauges_changed(dirty, &self.view, names, actor_names, event.t, event.seq);
        }
    }
}

/// A desk for the scope, with the rest of the judge's parts borrowed beside it.
macro_rules! desk {
    ($judge:ident, $scope:expr, $names:expr) => {
        Desk {
            book: &mut $judge.book,
            names: $names,
            scope: $scope,
            managed: $judge.view.scopes.get($scope).is_some_and(|scope| scope.managed),
            at: $judge.last.0,
            seq: $judge.last.1,
        }
    };
}

impl Judge {
    // ---------------------------------------------------------------------------------------------- broker and driver

    fn broker_event(&mut self, event: &Event, names: &Names) {
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
            Kind::Append { partition, from, to, .. } => self.append(partition, from.0, to.0, event, names),
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
            Kind::GroupStateChanged { group, from, to, .. } => self.state_changed(group, from, to, names),
            Kind::GenerationStarted { group, generation, members, protocol, .. } => {
                self.generation_started(group, (generation, members, protocol), names);
            }
            Kind::Assigned { group, generation, member, topic, from, to } => {
                self.assigned(group, generation, member, topic, from..to, names);
            }
            Kind::MemberAdded { .. } | Kind::MemberReplaced { .. } | Kind::MemberRemoved { .. } => {
                self.membership(event.kind, names);
            }
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

    fn driver_event(&mut self, event: &Event, names: &Names) {
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
            Kind::MetaNumber { subject, key, value } => self.view.set_number(subject, key, value),
            Kind::MetaText { subject, key, value } if names.text(key) == "client" => {
                self.view.actor(subject).java = names.text(value) == "java";
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

    fn meta_actor(&mut self, subject: ActorId, name: Symbol, group: GroupId, role: Role) {
        let place = subject.0 as usize;
        if place >= self.book.actor_names.len() {
            self.book.actor_names.resize(place + 1, Symbol::EMPTY);
        }
        self.book.actor_names[place] = name;
        self.view.actor(subject).role = Some(role);
        if !group.is_empty() && matches!(role, Role::Member | Role::Reader) {
            let scope = self.scope(group);
            self.view.actor(subject).scope = Some(scope);
            let scope = &mut self.view.scopes[scope];
            scope.managed = role == Role::Member;
            if !scope.actors.contains(&subject) {
                scope.actors.push(subject);
            }
        }
    }

    fn meta_topic(&mut self, topic: TopicName, partitions: u32, names: &Names) {
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

    fn want(&mut self, scope: usize, tp: TopicPartition, names: &Names) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let Scope { parts, first_stable, .. } = &mut self.view.scopes[scope];
        if let Some(part) = parts[place].as_mut().filter(|part| !part.wanted) {
            part.wanted = true;
            downtime::changed(part, *first_stable, &mut desk);
        }
    }

    /// Something that may force the group (or, without one, every group) to change.
    fn disturb(&mut self, scope: Option<usize>) {
        let at = self.last.0;
        let all = 0..self.view.scopes.len();
        for scope in scope.map_or(all, |scope| scope..scope + 1) {
            self.view.scopes[scope].disturbed = at;
            self.view.scopes[scope].finished_since = 0;
        }
    }

    fn scope(&mut self, group: GroupId) -> usize {
        let scope = self.view.scope(group);
        while self.book.figures.len() < self.view.scopes.len() {
            self.book.scope_names.push(self.view.scopes[self.book.figures.len()].name);
            self.book.figures.push(Default::default());
        }
        scope
    }

    fn append(&mut self, tp: TopicPartition, from: i64, to: i64, event: &Event, names: &Names) {
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

    fn log_start(&mut self, tp: TopicPartition, offset: i64, event: &Event, names: &Names) {
        let place = self.view.log(tp);
        o10_log::started(&self.view.logs[place], offset, &mut o10_log::desk(&mut self.book, names, event));
        let View { logs, scopes, .. } = &mut self.view;
        logs[place].start = offset;
        for &scope in &logs[place].scopes {
            if let Some(part) = scopes[scope].parts[place].as_mut() {
                part.log_start = offset;
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------- commits

    fn request_applied(
        &mut self,
        api: Api,
        life: Life,
        request: CorrelationId,
        (group, member, generation): (GroupId, MemberId, Generation),
    ) {
        match api {
            Api::OffsetCommit => {
                let actor = self.view.actor(life.0);
                if actor.incarnation == life.1 && !actor.commits.is_empty() {
                    actor.commits.retain(|sent| sent.request != request);
                }
            }
            Api::JoinGroup => {
                let scope = self.scope(group);
                let members = &mut self.view.scopes[scope].members;
                let known = members.contains_key(&member);
                let joined =
                    if known { members.get_mut(&member) } else { members.values_mut().find(|m| m.life == life) };
                if let Some(member) = joined {
                    member.joined = generation;
                }
            }
            _ => {}
        }
    }

    fn commit_rejected(&mut self, life: Life, request: CorrelationId, group: GroupId, code: ErrorCode, names: &Names) {
        let scope = self.scope(group);
        let mut desk = desk!(self, scope, names);
        desk.count(MetricName::CommitFailures, None, Some(life.0), Some(code.name()), 1);
        self.commit_ended(life, request, |interval, offset| o6_duplicates::commit_rejected(interval, offset, code));
    }

    /// A commit will not be applied, as far as its sender can tell; `fate` is told to the client intervals that it was for.
    fn commit_ended(&mut self, life: Life, request: CorrelationId, fate: impl Fn(&mut view::Interval, i64)) {
        let View { actors, scopes, .. } = &mut self.view;
        let Some(actor) = actors.get_mut(life.0.0 as usize).filter(|actor| actor.incarnation == life.1) else { return };
        let Some(scope) = actor.scope else { return };
        actor.commits.retain(|sent| {
            if sent.request != request {
                return true;
            }
            if let Some(part) = scopes[scope].parts[sent.part].as_mut() {
                for interval in part.intervals.iter_mut().filter(|interval| interval.life == life) {
                    fate(interval, sent.offset);
                }
            }
            false
        });
    }

    fn commit_applied(&mut self, group: GroupId, tp: TopicPartition, commit: Applied, names: &Names) {
        let scope = self.scope(group);
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        o3_fencing::applied(&self.view.scopes[scope], place, commit, &mut desk);
        let Scope { parts, lag, .. } = &mut self.view.scopes[scope];
        let Some(part) = parts[place].as_mut() else { return };
        o8_commits::applied(part, commit, part.log_end, &mut desk);
        o4_loss::applied(part, commit.offset, commit.client, part.log_start, &mut desk);
        *lag -= gauges::lag(part, part.log_end);
        part.committed = Some(commit.offset);
        part.commit_high = part.commit_high.max(commit.offset);
        *lag += gauges::lag(part, part.log_end);
        part.uncommitted.remove(i64::MIN, commit.offset);
        self.book.changed(MetricName::Lag);
    }

    fn offset_removed(&mut self, group: GroupId, tp: TopicPartition) {
        let scope = self.scope(group);
        let place = self.view.part(scope, tp);
        let Scope { parts, lag, .. } = &mut self.view.scopes[scope];
        let Some(part) = parts[place].as_mut() else { return };
        *lag -= gauges::lag(part, part.log_end);
        part.committed = None;
        part.commit_high = i64::MIN;
        *lag += gauges::lag(part, part.log_end);
        self.book.changed(MetricName::Lag);
    }

    // ---------------------------------------------------------------------------------------------------- coordinator

    fn state_changed(&mut self, group: GroupId, from: GroupState, to: GroupState, names: &Names) {
        let scope = self.scope(group);
        let at = self.last.0;
        let mut desk = desk!(self, scope, names);
        let state = &mut self.view.scopes[scope];
        state.state = Some(to);
        if from == GroupState::Stable && to != GroupState::Stable {
            state.unstable_since = Some(at);
        }
        match to {
            GroupState::Stable => {
                if let Some(since) = state.unstable_since.take() {
                    desk.sample(MetricName::TimeToStable, None, since);
                }
                if state.first_stable.is_none() {
                    state.first_stable = Some(at);
                    downtime::first_stable(state, &mut desk);
                    desk.book.changed(MetricName::FirstStable);
                }
                self.settling = Some(scope);
            }
            GroupState::Empty | GroupState::Dead => o1_owners::end_all(state, &mut desk, |_| true),
            _ => {}
        }
        self.book.changed(MetricName::State);
    }

    fn generation_started(
        &mut self,
        group: GroupId,
        (generation, members, protocol): (Generation, u32, ProtocolName),
        names: &Names,
    ) {
        let scope = self.scope(group);
        let mut desk = desk!(self, scope, names);
        let state = &mut self.view.scopes[scope];
        state.generation = generation;
        state.last_generation = desk.at;
        state.cooperative = names.text(protocol).starts_with("cooperative");
        l5_storms::generation(state, &mut desk);
        if members > 0 && state.first_stable.is_some() {
            desk.count(MetricName::Rebalances, None, None, None, 1);
        }
    }

    fn assigned(
        &mut self,
        group: GroupId,
        generation: Generation,
        member: MemberId,
        topic: TopicName,
        range: std::ops::Range<u32>,
        names: &Names,
    ) {
        let scope = self.scope(group);
        let life = self.view.scopes[scope].members.get(&member).map(|member| member.life);
        let Some(life) = life else {
            let sentence =
                format!("generation {generation} gives partitions to {}, which is no member", names.text(member));
            desk!(self, scope, names).find("O1b", outcome::Class::Model, "assignment", Default::default(), sentence);
            return;
        };
        self.settling = Some(scope);
        for partition in range {
            let place = self.view.part(scope, TopicPartition::new(topic, partition));
            let mut desk = desk!(self, scope, names);
            let given = Given { member, life, generation };
            o1_owners::assigned(&mut self.view.scopes[scope], place, given, &mut desk);
        }
    }

    /// The assignment of the group's generation is complete: what it does not name belongs to nobody.
    pub(super) fn settle(&mut self, scope: usize, names: &Names) {
        self.settling = None;
        let mut desk = desk!(self, scope, names);
        let scope = &mut self.view.scopes[scope];
        let generation = scope.generation;
        o1_owners::end_all(scope, &mut desk, |given| given.generation < generation);
        moves::settled(scope, &mut desk);
    }

    fn membership(&mut self, kind: Kind, names: &Names) {
        match kind {
            Kind::MemberAdded { group, member, client, client_incarnation, .. } => {
                let scope = self.scope(group);
                let new = Member { life: (client, client_incarnation), joined: Generation::NONE };
                self.view.scopes[scope].members.insert(member, new);
            }
            Kind::MemberReplaced { group, old, new, client, client_incarnation, .. } => {
                let scope = self.scope(group);
                let mut desk = desk!(self, scope, names);
                let scope = &mut self.view.scopes[scope];
                let life = (client, client_incarnation);
                scope.members.shift_remove(&old);
                scope.members.insert(new, Member { life, joined: Generation::NONE });
                o1_owners::replaced(scope, old, new, life, &mut desk);
            }
            Kind::MemberRemoved { group, member, reason } => self.member_removed(group, member, reason, names),
            _ => {}
        }
        self.book.changed(MetricName::Members);
    }

    fn member_removed(&mut self, group: GroupId, member: MemberId, reason: RemovalReason, names: &Names) {
        let scope = self.scope(group);
        let mut desk = desk!(self, scope, names);
        let scope = &mut self.view.scopes[scope];
        let Some(gone) = scope.members.shift_remove(&member) else { return };
        let actor = self.view.actors.get(gone.life.0.0 as usize).filter(|actor| actor.incarnation == gone.life.1);
        if let Some(actor) = actor.filter(|_| reason == RemovalReason::MaxPoll) {
            o12_timers::max_poll::left(actor, gone.life.0, &mut desk);
        }
        o1_owners::end_all(scope, &mut desk, |given| given.member == member);
        for part in scope.parts.iter_mut().flatten() {
            for interval in part.intervals.iter_mut().filter(|i| i.life == gone.life && i.end.is_none()) {
                interval.removed = Some(reason);
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------- clients

    fn client_event(&mut self, event: &Event, names: &Names) {
        let life = (event.actor, event.incarnation);
        let place = event.actor.0 as usize;
        self.view.actor(event.actor);
        let scope = self.view.actors[place].scope.unwrap_or(usize::MAX);
        let mut desk = desk!(self, scope, names);
        o13_conservation::event(&self.view.actors[place], event, &mut desk);
        match event.kind {
            Kind::RequestSent { api, request, .. } => {
                o13_conservation::sent(&mut self.view.actors[place], request, api, event, &mut desk);
            }
            Kind::RequestReplySeen { api, request, code } => {
                if api == Api::JoinGroup && code.is_none() {
                    self.view.actors[place].poll_reset = event.t;
                }
                self.request_ended(api, request, event, false, names);
            }
            Kind::RequestTimedOut { api, request } | Kind::RequestLost { api, request } => {
                self.request_ended(api, request, event, true, names);
            }
            Kind::Poll {} => {
                let actor = &mut self.view.actors[place];
                actor.polls += 1;
                actor.poll_reset = event.t;
            }
            Kind::PollTimeout {} => {
                let limit = self.view.number(event.actor, "max.poll.interval.ms", names);
                o12_timers::max_poll::fired(&self.view.actors[place], event.actor, limit, &mut desk);
                self.view.actors[place].poll_timed_out = Some(event.t);
            }
            Kind::Start {} => {
                if self.view.actors[place].live {
                    let before = (event.actor, self.view.actors[place].incarnation);
                    self.process_ended(before, End::Crash, "was started anew", names);
                }
                o13_conservation::started(&mut self.view.actors[place], event.incarnation);
                self.disturb(Some(scope).filter(|&scope| scope != usize::MAX));
            }
            Kind::Crash {} => self.process_ended(life, End::Crash, "crashed", names),
            Kind::Killed {} => self.process_ended(life, End::Crash, "was killed", names),
            Kind::Closed {} => self.process_ended(life, End::Closed, "closed", names),
            Kind::Failed { .. } => {
                self.process_ended(life, End::Closed, "gave up", names);
                self.view.actors[place].failed = true;
            }
            Kind::Stop {} => self.disturb(Some(scope).filter(|&scope| scope != usize::MAX)),
            Kind::Pause {} => self.frozen(life, true, names),
            Kind::Resume {} => self.frozen(life, false, names),
            _ if scope != usize::MAX => self.consumer_event(event, life, scope, names),
            _ => {}
        }
    }

    fn request_ended(&mut self, api: Api, request: CorrelationId, event: &Event, unanswered: bool, names: &Names) {
        let place = event.actor.0 as usize;
        let scope = self.view.actors[place].scope.unwrap_or(usize::MAX);
        let mut desk = desk!(self, scope, names);
        o13_conservation::ended(&mut self.view.actors[place], request, api, event, &mut desk);
        if api != Api::OffsetCommit {
            return;
        }
        if unanswered {
            self.commit_ended((event.actor, event.incarnation), request, o6_duplicates::commit_lost);
        } else if !self.view.actors[place].commits.is_empty() {
            self.view.actors[place].commits.retain(|sent| sent.request != request);
        }
    }

    fn consumer_event(&mut self, event: &Event, life: Life, scope: usize, names: &Names) {
        match event.kind {
            Kind::Delivered { partition, from, to } => self.delivered(life, scope, partition, (from.0, to.0), names),
            Kind::ProcessStart { partition, from, to, per_record } => {
                let place = self.view.part(scope, partition);
                let desk = desk!(self, scope, names);
                let Scope { parts, slowest_record_us, .. } = &mut self.view.scopes[scope];
                if per_record.as_us() < i64::MAX as u64 {
                    *slowest_record_us = (*slowest_record_us).max(per_record.as_us());
                }
                if let Some(part) = parts[place].as_mut() {
                    work::started(part, life, from.0, to.0, per_record, &desk);
                }
            }
            Kind::ProcessDone { partition, from, to } => {
                let place = self.view.part(scope, partition);
                let mut desk = desk!(self, scope, names);
                let Scope { parts, finished_since, .. } = &mut self.view.scopes[scope];
                *finished_since += to.0 - from.0;
                if let Some(part) = parts[place].as_mut() {
                    work::done(part, life, from.0, to.0, &mut desk);
                }
            }
            Kind::CommitSent { request, partition, offset, origin } => {
                self.commit_sent(life, scope, (request, partition, offset.0, origin), names);
            }
            Kind::Fetched { partition, to, .. } => {
                let place = self.view.log(partition);
                let mut desk = desk!(self, scope, names);
                o10_log::read(&self.view.logs[place], to.0, &mut desk);
            }
            Kind::Owned { topic, from, to, .. } => {
                for partition in from..to {
                    self.owned(life, scope, TopicPartition::new(topic, partition), names);
                }
            }
            Kind::Revoked { topic, from, to } => self.given_up(life, scope, topic, from..to, End::Revoked, names),
            Kind::Lost { topic, from, to } => self.given_up(life, scope, topic, from..to, End::Lost, names),
            Kind::Position { partition, offset, origin } => {
                self.positioned(life, scope, partition, offset.0, origin, names)
            }
            Kind::Reset { partition, reason, .. } => {
                self.view.actors[life.0.0 as usize].last_reset = Some((partition, reason));
            }
            Kind::Dropped { partition, from, to, reason } => {
                let place = self.view.part(scope, partition);
                let desk = desk!(self, scope, names);
                let why = match reason {
                    crate::trace::DropReason::Revoked => "dropped them when the partition was revoked",
                    crate::trace::DropReason::Ended => "ended",
                    crate::trace::DropReason::Error => "gave them up on an error",
                };
                if let Some(part) = self.view.scopes[scope].parts[place].as_mut() {
                    work::dropped(part, life, from.0, to.0, why, &desk);
                }
            }
            Kind::Interrupted { partition, .. } => {
                let mut desk = desk!(self, scope, names);
                desk.count(MetricName::Interrupted, Some(partition), Some(life.0), None, 1);
            }
            Kind::CommitFailed { code: ErrorCode::None, .. } => self.commit_not_sent(life, scope),
            _ => {}
        }
    }

    fn delivered(&mut self, life: Life, scope: usize, tp: TopicPartition, (from, to): (i64, i64), names: &Names) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        o10_log::read(&self.view.logs[place], to, &mut desk);
        let View { actors, scopes, .. } = &mut self.view;
        let actor = &mut actors[life.0.0 as usize];
        let Scope { parts, position_lag, .. } = &mut scopes[scope];
        let Some(part) = parts[place].as_mut() else { return };
        let Some(index) = o7_order::delivered(part, life, from, to, &mut desk) else { return };
        let interval = &mut part.intervals[index];
        if interval.poll != actor.polls {
            (interval.poll, interval.next_before) = (actor.polls, interval.next);
        }
        interval.next = Some(to);
        interval.in_hand.insert(from, to, desk.at);
        if !part.hazards.is_empty() {
            o4_loss::taken(part, from, to);
        }
        *position_lag -= gauges::position_lag(part, part.log_end);
        part.position = Some(to);
        *position_lag += gauges::position_lag(part, part.log_end);
        part.highest_seen = part.highest_seen.max(to);
        self.book.changed(MetricName::PositionLag);
    }

    fn commit_sent(
        &mut self,
        life: Life,
        scope: usize,
        (request, tp, offset, origin): (CorrelationId, TopicPartition, i64, CommitOrigin),
        names: &Names,
    ) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let View { actors, scopes, .. } = &mut self.view;
        let actor = &mut actors[life.0.0 as usize];
        actor.commits.push(SentCommit { request, part: place, offset });
        if let Some(part) = scopes[scope].parts[place].as_ref() {
            o9_auto_commit::sent(part, life, offset, origin, actor.java, actor.polls, &mut desk);
        }
    }

    /// The client refused to send a commit (CLIENT-28): what it has finished stays uncommitted for that reason.
    fn commit_not_sent(&mut self, life: Life, scope: usize) {
        let View { actors, scopes, .. } = &mut self.view;
        for &place in &actors[life.0.0 as usize].touched {
            let Some(part) = scopes[scope].parts[place].as_mut() else { continue };
            for interval in part.intervals.iter_mut().filter(|interval| interval.life == life) {
                let finished = part.uncommitted.iter().filter(|run| run.2 == interval.id).map(|run| run.1).max();
                if let Some(finished) = finished {
                    o6_duplicates::commit_rejected(interval, finished, ErrorCode::None);
                }
            }
        }
    }

    fn owned(&mut self, life: Life, scope: usize, tp: TopicPartition, names: &Names) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let View { actors, scopes, .. } = &mut self.view;
        let actor: &mut Actor = &mut actors[life.0.0 as usize];
        let scope = &mut scopes[scope];
        let Some(part) = scope.parts[place].as_mut() else { return };
        if part.open_of(life).is_some() {
            return;
        }
        actor.touched.insert(place);
        let index = part.open_interval(life, actor.runs());
        downtime::changed(part, scope.first_stable, &mut desk);
        o1c_overlap::opened(scope, place, index, &mut desk);
    }

    fn given_up(
        &mut self,
        life: Life,
        scope: usize,
        topic: TopicName,
        range: std::ops::Range<u32>,
        end: End,
        names: &Names,
    ) {
        for partition in range {
            let place = self.view.part(scope, TopicPartition::new(topic, partition));
            let mut desk = desk!(self, scope, names);
            let Scope { parts, first_stable, .. } = &mut self.view.scopes[scope];
            let Some(part) = parts[place].as_mut() else { continue };
            if let Some(index) = part.open_of(life) {
                work::close(part, index, end, &mut desk);
                downtime::changed(part, *first_stable, &mut desk);
            }
        }
    }

    fn positioned(
        &mut self,
        life: Life,
        scope: usize,
        tp: TopicPartition,
        offset: i64,
        origin: PositionOrigin,
        names: &Names,
    ) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let View { actors, scopes, .. } = &mut self.view;
        let reset = actors[life.0.0 as usize].last_reset.take().filter(|reset| reset.0 == tp).map(|reset| reset.1);
        let Scope { parts, lag, position_lag, .. } = &mut scopes[scope];
        let Some(part) = parts[place].as_mut() else { return };
        work::advance(part, &mut desk);
        if part.start.is_none() {
            first_position(part, offset, origin, lag, &mut desk);
        }
        o5_skip::positioned(part, life.0, offset, origin, o5_skip::why(origin, reset), &desk);
        *position_lag -= gauges::position_lag(part, part.log_end);
        part.position = Some(offset);
        *position_lag += gauges::position_lag(part, part.log_end);
        self.book.changed(MetricName::PositionLag);
        if let Some(index) = part.open_of(life) {
            o6_duplicates::positioned(part, index, offset, origin);
            let interval = &mut part.intervals[index];
            (interval.next, interval.next_before) = (Some(offset), Some(offset));
        }
    }

    fn process_ended(&mut self, life: Life, end: End, why: &'static str, names: &Names) {
        let at = self.last.0;
        let place = life.0.0 as usize;
        let touched = std::mem::take(&mut self.view.actors[place].touched);
        let scope = self.view.actors[place].scope;
        if let Some(scope) = scope {
            self.disturb(Some(scope));
            let mut desk = desk!(self, scope, names);
            let Scope { parts, first_stable, .. } = &mut self.view.scopes[scope];
            for place in touched {
                if let Some(part) = parts[place].as_mut() {
                    end_in(part, (life, end, why), *first_stable, &mut desk);
                }
            }
        }
        let actor = &mut self.view.actors[place];
        (actor.live, actor.halted_at) = (false, at);
    }

    fn frozen(&mut self, life: Life, freeze: bool, names: &Names) {
        let at = self.last.0;
        let Some(scope) = self.view.actors[life.0.0 as usize].scope else { return };
        self.disturb(Some(scope));
        let mut desk = desk!(self, scope, names);
        let View { actors, scopes, .. } = &mut self.view;
        let actor = &mut actors[life.0.0 as usize];
        let Scope { parts, first_stable, .. } = &mut scopes[scope];
        for &place in &actor.touched {
            let Some(part) = parts[place].as_mut() else { continue };
            if freeze {
                work::halt(part, life, &mut desk);
            }
            if let Some(index) = part.open_of(life) {
                part.set_running(index, !freeze);
                downtime::changed(part, *first_stable, &mut desk);
            }
        }
        actor.frozen = freeze;
        if freeze {
            actor.halted_at = at;
        }
    }
}

/// The scope's first position in a partition: its Start (O5).
fn first_position(part: &mut Part, offset: i64, origin: PositionOrigin, lag: &mut i64, desk: &mut Desk<'_>) {
    *lag -= gauges::lag(part, part.log_end);
    part.start = Some(offset);
    *lag += gauges::lag(part, part.log_end);
    if origin == PositionOrigin::Reset {
        desk.book.figures[desk.scope].before_start += (offset - part.log_start).max(0);
    }
    desk.book.changed(MetricName::Lag);
    stall::started(part, desk.at);
}

/// A process is over, as far as one partition is concerned.
fn end_in(
    part: &mut Part,
    (life, end, why): (Life, End, &'static str),
    first_stable: Option<Instant>,
    desk: &mut Desk<'_>,
) {
    work::halt(part, life, desk);
    if let Some(index) = part.open_of(life) {
        work::close(part, index, end, desk);
        downtime::changed(part, first_stable, desk);
    }
    work::process_ended(part, life, why, desk);
}
