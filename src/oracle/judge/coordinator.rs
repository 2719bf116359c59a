//! What the coordinator says: states, generations, assignments, members.

use super::super::book::Desk;
use super::super::view::{Given, Member};
use super::super::{downtime, l5_storms, moves, o1_owners, o12_timers, outcome};
use super::Judge;
use crate::config::expect::MetricName;
use crate::ids::{Generation, GroupId, MemberId, Names, ProtocolName, TopicName, TopicPartition};
use crate::protocol::GroupState;
use crate::trace::{Kind, RemovalReason, StateReason};

impl Judge {
    /// Another coordinator takes the group over. Members and what they were given are as they were until it has read the
    /// log.
    fn unloaded(&mut self, group: GroupId) {
        let scope = self.scope(group);
        let state = &mut self.view.scopes[scope];
        state.moving = true;
        for part in state.parts.iter_mut().flatten() {
            part.unconfirmed = part.committed.is_some() && !state.with_result;
        }
        if state.state.replace(GroupState::Dead) == Some(GroupState::Stable) {
            state.unstable_since = Some(self.last.0);
        }
        self.book.changed(MetricName::State);
    }

    pub(super) fn state_changed(
        &mut self,
        group: GroupId,
        (from, to): (GroupState, GroupState),
        generation: Generation,
        reason: StateReason,
        names: &Names,
    ) {
        if reason == StateReason::Unloaded {
            return self.unloaded(group);
        }
        let scope = self.scope(group);
        if reason == StateReason::Loaded {
            let state = &mut self.view.scopes[scope];
            state.moving = false;
            state.generation = generation;
            state.members.clear();
            self.book.changed(MetricName::Members);
            // Members are who the log says (STATIC-05): a replacement that was not written is forgotten. Who owns what follows.
            let mut desk = desk!(self, scope, names);
            o1_owners::end_all(&mut self.view.scopes[scope], &mut desk, |_| true);
        }
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

    pub(super) fn generation_started(
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

    pub(super) fn assigned(
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
    pub(in crate::oracle) fn settle(&mut self, scope: usize, names: &Names) {
        self.settling = None;
        let mut desk = desk!(self, scope, names);
        let scope = &mut self.view.scopes[scope];
        let generation = scope.generation;
        o1_owners::end_all(scope, &mut desk, |given| given.generation < generation);
        moves::settled(scope, &mut desk);
    }

    pub(super) fn membership(&mut self, kind: Kind, names: &Names) {
        match kind {
            Kind::MemberLoaded { group, member, client, client_incarnation, .. } => {
                let scope = self.scope(group);
                let scope = &mut self.view.scopes[scope];
                let loaded = Member { life: (client, client_incarnation), joined: scope.generation };
                scope.members.insert(member, loaded);
            }
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

    pub(super) fn member_removed(&mut self, group: GroupId, member: MemberId, reason: RemovalReason, names: &Names) {
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
}
