//! Notes down what a story is made of, as events go by. Memory goes with the number of moments, which is bounded.

use super::{Moment, Weight, count};
use crate::ids::{ActorId, GroupId, Incarnation, MemberId, Names, Symbol};
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::time::{Duration, Instant};
use crate::trace::{Event, Kind, RemovalReason, StateReason, Verb};
use std::collections::BTreeMap;

/// Most moments that are kept.
const MOST_MOMENTS: usize = 10_000;

/// How long a new member may wait for its first generation (SESS-05).
const NEW_MEMBER: Duration = Duration::from_secs(300);

/// A member of a group.
#[derive(Clone, Copy, Debug)]
struct Member {
    actor: ActorId,
    incarnation: Incarnation,
    /// When it was added, until its first generation has begun.
    new_since: Option<Instant>,
}

/// What is known of a group.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    rebalances: u64,
    stable_once: bool,
    members: u32,
    /// When the rebalance under way began.
    under_way: Option<Instant>,
}

/// Listens to a run.
#[derive(Debug, Default)]
pub struct Teller {
    /// What is worth a line, in order.
    pub(super) moments: Vec<Moment>,
    /// Moments beyond those that are kept, by kind.
    pub(super) left_out: BTreeMap<&'static str, u64>,
    actors: BTreeMap<ActorId, Symbol>,
    incarnations: BTreeMap<ActorId, Incarnation>,
    members: BTreeMap<MemberId, Member>,
    groups: BTreeMap<GroupId, Group>,
    /// What a member's commits were refused with last.
    refused: BTreeMap<ActorId, ErrorCode>,
}

impl Teller {
    fn tell(&mut self, event: &Event, text: String) {
        self.tell_of(event, Weight::Turn, text);
    }

    fn tell_of(&mut self, event: &Event, weight: Weight, text: String) {
        if self.moments.len() < MOST_MOMENTS {
            self.moments.push(Moment { at: event.t, seq: event.seq, weight, text });
        } else {
            let kind = if let Weight::Common(kind) = weight { kind } else { "turns" };
            *self.left_out.entry(kind).or_default() += 1;
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
            Some(member) if self.incarnations.get(&member.actor).is_some_and(|&now| now > member.incarnation) => {
                format!("the earlier {}", self.actor(member.actor, names))
            }
            Some(member) => self.actor(member.actor, names),
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
                let again = known.under_way.is_some();
                known.under_way.get_or_insert(event.t);
                let why = why(reason, &who);
                let what = match (from, again, known.stable_once) {
                    (GroupState::Empty, _, false) => format!("{name} forms: {why}"),
                    (GroupState::Empty, ..) => format!("{name} forms again: {why}"),
                    (_, _, false) => return,
                    (_, true, _) => format!("the rebalance of {name} begins anew: {why}"),
                    _ => format!("a rebalance of {name} begins: {why}"),
                };
                self.tell_of(event, Weight::Common("rebalances"), what);
            }
            GroupState::Stable => {
                let since = known.under_way.take();
                let first = !std::mem::replace(&mut known.stable_once, true);
                known.rebalances += u64::from(!first && since.is_some());
                let members = count(known.members.into(), "member");
                let text = match since {
                    _ if first => format!("{name} is Stable for the first time: generation {generation}, {members}"),
                    Some(since) => format!(
                        "rebalance {}: {name} is Stable after {}, generation {generation}, {members}",
                        known.rebalances,
                        event.t.since(since)
                    ),
                    None => format!("{name} is Stable: {}", reason.label()),
                };
                self.tell_of(event, Weight::Common("rebalances"), text);
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
        let new_since = self.members.get(&member).and_then(|member| member.new_since);
        let text = match reason {
            RemovalReason::Leave => return, // the rebalance that follows says so
            RemovalReason::Session if new_since.is_some_and(|since| event.t.since(since) >= NEW_MEMBER) => {
                format!("the coordinator drops {who}: a new member that has waited 5 minutes for its first generation")
            }
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
        if self.refused.insert(client, code) == Some(code) {
            *self.left_out.entry("refused commits").or_default() += 1;
        } else {
            let text = format!("a commit of {} is refused: {}", self.actor(client, names), code.name());
            self.tell_of(event, Weight::Common("refused commits"), text);
        }
    }

    fn commit_failed(&mut self, event: &Event, names: &Names) {
        let Kind::CommitFailed { error, code: ErrorCode::None, .. } = event.kind else { return };
        let text = format!("a commit of {} fails in the client: {}", self.actor(event.actor, names), error.label());
        self.tell_of(event, Weight::Common("commits that failed in the client"), text);
    }

    fn learn(&mut self, member: MemberId, actor: ActorId, incarnation: Incarnation, new_since: Option<Instant>) {
        self.members.insert(member, Member { actor, incarnation, new_since });
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
            Kind::Start {} => drop(self.incarnations.insert(event.actor, event.incarnation)),
            Kind::MemberAdded { member, client, client_incarnation, .. } => {
                self.learn(member, client, client_incarnation, Some(event.t));
            }
            Kind::MemberPending { member, client, client_incarnation, .. }
            | Kind::MemberLoaded { member, client, client_incarnation, .. }
            | Kind::MemberReplaced { new: member, client, client_incarnation, .. } => {
                self.learn(member, client, client_incarnation, None);
            }
            Kind::GenerationStarted { group, members, .. } => {
                self.groups.entry(group).or_default().members = members;
            }
            Kind::Assigned { member, .. } | Kind::Joined { member, .. } => {
                if let Some(member) = self.members.get_mut(&member) {
                    member.new_since = None;
                }
            }
            Kind::CommitFailed { .. } => self.commit_failed(event, names),
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
            Kind::RequestApplied { api: Api::OffsetCommit, client, .. } if !self.refused.is_empty() => {
                self.refused.remove(&client);
            }
            _ => {}
        }
    }
}
