//! Notes down what a story is made of, as events go by. Memory goes with the number of moments, which is bounded.

use super::Moment;
use crate::ids::{ActorId, GroupId, MemberId, Names, Symbol};
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::time::Instant;
use crate::trace::{Event, Kind, RemovalReason, StateReason, Verb};
use std::collections::BTreeMap;

/// Most moments that are kept.
const MOST_MOMENTS: usize = 10_000;

/// A rebalance under way.
#[derive(Clone, Copy, Debug)]
struct Rebalance {
    since: Instant,
    number: u64,
}

/// What is known of a group.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    rebalances: u64,
    stable_once: bool,
    members: u32,
    under_way: Option<Rebalance>,
}

/// Listens to a run.
#[derive(Debug, Default)]
pub struct Teller {
    /// What is worth a line, in order.
    pub(super) moments: Vec<Moment>,
    /// Moments beyond those that are kept.
    pub(super) left_out: u64,
    actors: BTreeMap<ActorId, Symbol>,
    members: BTreeMap<MemberId, ActorId>,
    groups: BTreeMap<GroupId, Group>,
    /// Commits refused in a row: whose, and with which code.
    refused: Option<(ActorId, ErrorCode)>,
}

impl Teller {
    fn tell(&mut self, event: &Event, text: String) {
        if self.moments.len() < MOST_MOMENTS {
            self.moments.push(Moment { at: event.t, seq: event.seq, text });
        } else {
            self.left_out += 1;
        }
    }

    fn actor(&self, actor: ActorId, names: &Names) -> String {
        match self.actors.get(&actor) {
            Some(name) => names.text(*name).to_owned(),
            None => format!("actor {actor}"),
        }
    }

    fn member(&self, member: MemberId, names: &Names) -> String {
        match self.members.get(&member) {
            Some(&actor) => self.actor(actor, names),
            None if member.is_empty() => "somebody".to_owned(),
            None => names.text(member).to_owned(),
        }
    }

    fn state(&mut self, event: &Event, names: &Names) {
        let Kind::GroupStateChanged { group, from, to, generation, reason, member } = event.kind else { return };
        let name = names.text(group).to_owned();
        let who = self.member(member, names);
        let known = self.groups.entry(group).or_default();
        match to {
            GroupState::PreparingRebalance => {
                let first = !known.stable_once;
                if known.under_way.is_none() {
                    known.rebalances += u64::from(!first);
                    known.under_way = Some(Rebalance { since: event.t, number: known.rebalances });
                }
                if first && from != GroupState::Empty {
                    return;
                }
                let why = why(reason, &who);
                let what = match (first, from) {
                    (true, _) => format!("{name} forms: {why}"),
                    (_, GroupState::CompletingRebalance) => format!("the rebalance of {name} begins anew: {why}"),
                    _ => format!("rebalance {} of {name} begins: {why}", known.rebalances),
                };
                self.tell(event, what);
            }
            GroupState::Stable => {
                known.stable_once = true;
                let members = known.members;
                let text = match known.under_way.take() {
                    Some(Rebalance { since, number }) => {
                        let took = event.t.since(since);
                        let which = if number == 0 { "for the first time".to_owned() } else { format!("after {took}") };
                        format!("{name} is Stable {which}: generation {generation}, {members} members")
                    }
                    None => format!("{name} is Stable: {}", reason.label()),
                };
                self.tell(event, text);
            }
            GroupState::Empty => {
                known.under_way = None;
                self.tell(event, format!("{name} is Empty: {}", reason.label()));
            }
            _ => {}
        }
    }

    fn removed(&mut self, event: &Event, member: MemberId, reason: RemovalReason, names: &Names) {
        let who = self.member(member, names);
        let text = match reason {
            RemovalReason::Leave => return, // the rebalance that follows says so
            RemovalReason::Session => format!("the coordinator drops {who}: session.timeout.ms without a sign of life"),
            RemovalReason::RebalanceTimeout => {
                format!("the coordinator drops {who}: it has not rejoined within the rebalance timeout")
            }
            RemovalReason::SyncTimeout => format!("the coordinator drops {who}: it has not asked for its assignment"),
            RemovalReason::MaxPoll => format!("{who} leaves: max.poll.interval.ms has passed without a poll"),
            RemovalReason::Fenced => format!("{who} is fenced: another process has its group.instance.id"),
            RemovalReason::Admin => format!("an admin removes {who}"),
            RemovalReason::Capacity => format!("{who} is refused: the group is full"),
        };
        self.tell(event, text);
    }

    fn timeline(&mut self, event: &Event, target: ActorId, verb: Verb, ended: bool, names: &Names) {
        let of_a_process = target >= ActorId::FIRST_CLIENT;
        let whom = if of_a_process { format!(" {}", self.actor(target, names)) } else { String::new() };
        let text = match ended {
            false => format!("timeline: {}{whom}", verb.label()),
            true => format!("timeline: {}{whom} is over", verb.label()),
        };
        self.tell(event, text);
    }

    fn refusal(&mut self, event: &Event, client: ActorId, code: ErrorCode, names: &Names) {
        if self.refused == Some((client, code)) {
            return;
        }
        self.refused = Some((client, code));
        let text = format!("a commit of {} is refused: {}", self.actor(client, names), code.name());
        self.tell(event, text);
    }
}

fn why(reason: StateReason, who: &str) -> String {
    match reason {
        StateReason::MemberJoined => format!("{who} joins"),
        StateReason::MetadataChanged => format!("{who} joins again with other metadata"),
        StateReason::LeaderRejoined => format!("{who}, the leader, joins again"),
        StateReason::StaticReplaced => format!("{who} is back under its group.instance.id"),
        StateReason::MemberLeft => format!("{who} leaves"),
        StateReason::SessionExpired => format!("the session of {who} is over"),
        StateReason::SyncExpired => "not everybody has asked for the assignment in time".to_owned(),
        other => other.label().to_owned(),
    }
}

impl crate::trace::Observer for Teller {
    fn observe(&mut self, event: &Event, names: &Names) {
        match event.kind {
            Kind::MetaActor { subject, name, .. } => drop(self.actors.insert(subject, name)),
            Kind::MemberPending { member, client, .. }
            | Kind::MemberAdded { member, client, .. }
            | Kind::MemberLoaded { member, client, .. }
            | Kind::MemberReplaced { new: member, client, .. } => drop(self.members.insert(member, client)),
            Kind::GenerationStarted { group, members, .. } => self.groups.entry(group).or_default().members = members,
            Kind::GroupStateChanged { .. } => self.state(event, names),
            Kind::MemberRemoved { member, reason, .. } => self.removed(event, member, reason, names),
            Kind::FaultStart { target, verb, .. } => self.timeline(event, target, verb, false, names),
            Kind::FaultEnd { target, verb, .. } => self.timeline(event, target, verb, true, names),
            Kind::Failed { code } => {
                let who = self.actor(event.actor, names);
                self.tell(event, format!("{who} gives up: {}", code.name()));
            }
            Kind::RequestRejected { api: Api::OffsetCommit, client, code, .. } => {
                self.refusal(event, client, code, names);
            }
            Kind::RequestApplied { api: Api::OffsetCommit, client, .. }
                if self.refused.is_some_and(|(refused, _)| refused == client) =>
            {
                self.refused = None;
            }
            _ => {}
        }
    }
}
