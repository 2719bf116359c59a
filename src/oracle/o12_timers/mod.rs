//! O12, timers (MODEL).
//!
//! - A member's deadline is re-armed by exactly the events of SESS-02 (not those of SESS-03), is 300 s for a new member
//!   (SESS-05) and void while a request of a member that is not new is parked (SESS-04). Expiry is seen iff it passes.
//! - A pending id expires after the session timeout of its first request (JOIN-11), iff it does not come back.
//! - A join phase ends by REB-04 and REB-07, or by its timer, fixed at the start (REB-05) and re-armed only by REB-09; an
//!   initial one by DELAY-01..06 alone, except REB-12 (`join_phase`).
//! - The sync timer removes those, and only those, that have not synced (SYNC-09, SYNC-10).
//! - A member leaves for max.poll.interval.ms only after that time without a poll (CLIENT-05).

mod join_phase;
pub(crate) mod max_poll;
mod sync;

use super::book::{About, Book, Desk};
use super::outcome::Class;
use super::view::Life;
use crate::ids::{CorrelationId, Generation, GroupId, MemberId, Names, Seq};
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::time::Instant;
use crate::trace::{Event, Kind, PendingEnd, RemovalReason, StateReason};
use indexmap::IndexMap;
use join_phase::JoinPhase;
use rustc_hash::{FxBuildHasher, FxHashMap};
use sync::SyncTimer;

/// SESS-05.
const NEW_MEMBER_MS: i64 = 300_000;

/// The group that an event of the coordinator is about, if timers care.
pub(crate) fn group_of(kind: &Kind) -> Option<GroupId> {
    match *kind {
        Kind::RequestReceived { group, .. }
        | Kind::RequestApplied { group, .. }
        | Kind::RequestRejected { group, .. }
        | Kind::MemberPending { group, .. }
        | Kind::PendingEnded { group, .. }
        | Kind::MemberAdded { group, .. }
        | Kind::MemberLoaded { group, .. }
        | Kind::MemberUpdated { group, .. }
        | Kind::MemberReplaced { group, .. }
        | Kind::MemberRemoved { group, .. }
        | Kind::GroupStateChanged { group, .. }
        | Kind::GenerationStarted { group, .. }
        | Kind::GroupRemoved { group } => Some(group),
        _ => None,
    }
}

/// A member with its timer.
#[derive(Clone, Copy, Debug)]
struct Timed {
    dynamic: bool,
    session_ms: i64,
    rebalance_ms: i64,
    /// `None`: void until something re-arms it.
    deadline: Option<Instant>,
    new: bool,
    parked_join: bool,
    parked_sync: Option<CorrelationId>,
    pending_sync: bool,
}

impl Timed {
    fn rearm(&mut self, now: Instant) -> Instant {
        let deadline = now.deadline_ms(self.session_ms);
        self.deadline = Some(deadline);
        deadline
    }

    /// SESS-04: protected by a parked request.
    fn protected(&self) -> bool {
        !self.new && (self.parked_join || self.parked_sync.is_some())
    }
}

/// What the oracle knows of one group.
#[derive(Debug, Default)]
struct Group {
    state: Option<GroupState>,
    generation: Generation,
    members: IndexMap<MemberId, Timed, FxBuildHasher>,
    /// Ids handed out, with their deadlines.
    pending: IndexMap<MemberId, Instant, FxBuildHasher>,
    /// JoinGroups that were taken up and not answered: whose they are. A client that has given one up may have sent another.
    joins: FxHashMap<(Life, CorrelationId), MemberId>,
    /// The JoinGroup taken up last, when, and whether completion was to be tested before it: a refused one changes nothing.
    last_join: Option<(Life, CorrelationId, Instant, bool)>,
    parked_joins: usize,
    /// How many joins were parked last at one instant.
    parked_at: (Instant, usize),
    /// How many parked joins were answered at an instant.
    answered: (Instant, usize),
    phase: Option<JoinPhase>,
    /// When a phase last ended by its timer.
    fired: Option<Instant>,
    flag: Option<join_phase::AddedFlag>,
    /// No timer of this group fires before this, as far as was seen since the last look at all of them.
    soonest: Option<Instant>,
    sync: Option<SyncTimer>,
    touched: bool,
}

/// The timers of all groups.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    groups: Vec<Group>,
    now: Instant,
    /// No timer fires before this.
    quiet_until: Instant,
    touched: Vec<usize>,
}

/// What to write findings with.
struct Pen<'a> {
    book: &'a mut Book,
    names: &'a Names,
    scope: usize,
    at: Instant,
    seq: Seq,
}

impl Pen<'_> {
    fn wrong(&mut self, sentence: String) {
        let mut desk =
            Desk { book: self.book, names: self.names, scope: self.scope, managed: true, at: self.at, seq: self.seq };
        desk.find("O12", Class::Model, "timer", About::default(), sentence);
    }

    fn text(&self, member: MemberId) -> &str {
        self.names.text(member)
    }
}

impl Timers {
    /// Time has come to `event`: whatever should have fired before it has not.
    pub(crate) fn advance(&mut self, event: &Event, book: &mut Book, names: &Names) {
        if event.t <= self.now {
            return;
        }
        for scope in self.touched.drain(..) {
            let mut pen = Pen { book, names, scope, at: self.now, seq: event.seq };
            let group = &mut self.groups[scope];
            group.touched = false;
            group.end_of_instant(self.now, &mut pen);
            self.quiet_until = self.quiet_until.min(group.soonest.take().unwrap_or(Instant::MAX));
        }
        self.now = event.t;
        if event.t > self.quiet_until {
            let mut next = Instant::MAX;
            for (scope, group) in self.groups.iter_mut().enumerate() {
                let mut pen = Pen { book, names, scope, at: event.t, seq: event.seq };
                next = next.min(group.overdue(event.t, &mut pen));
            }
            self.quiet_until = next;
        }
    }

    /// An event of the coordinator about the group of `scope`. `delay_ms` is group.initial.rebalance.delay.ms.
    pub(crate) fn event(&mut self, event: &Event, scope: usize, delay_ms: i64, book: &mut Book, names: &Names) {
        if scope >= self.groups.len() {
            self.groups.resize_with(scope + 1, Group::default);
        }
        let group = &mut self.groups[scope];
        let mut pen = Pen { book, names, scope, at: event.t, seq: event.seq };
        let touches = group.event(event, delay_ms, &mut pen);
        if let Some(soonest) = group.soonest.take() {
            self.quiet_until = self.quiet_until.min(soonest);
        }
        if touches && !group.touched {
            group.touched = true;
            self.touched.push(scope);
        }
    }
}

impl Group {
    /// Takes an event in; says whether it may have started a timer or completed a phase.
    fn event(&mut self, event: &Event, delay_ms: i64, pen: &mut Pen<'_>) -> bool {
        let t = event.t;
        match event.kind {
            Kind::RequestApplied { api, client, client_incarnation, request, member, .. } => {
                return self.answered(api, (client, client_incarnation), request, member, ErrorCode::None, t);
            }
            Kind::RequestRejected { api, client, client_incarnation, request, member, code, .. } => {
                return self.answered(api, (client, client_incarnation), request, member, code, t);
            }
            Kind::RequestReceived { api, client, client_incarnation, request, member, generation, .. } => {
                self.received(api, (client, client_incarnation), request, (member, generation), t);
            }
            Kind::MemberPending { member, session_timeout_ms, .. } => {
                let deadline = t.deadline_ms(session_timeout_ms.into());
                self.pending.insert(member, deadline);
                self.note(deadline);
            }
            Kind::PendingEnded { member, reason, .. } => self.pending_ended(member, reason, pen),
            Kind::MemberAdded {
                member,
                instance,
                client,
                client_incarnation,
                session_timeout_ms,
                rebalance_timeout_ms,
                ..
            } => {
                let life = (client, client_incarnation);
                let timed = Timed {
                    dynamic: instance.is_empty(),
                    session_ms: session_timeout_ms.into(),
                    rebalance_ms: rebalance_timeout_ms.into(),
                    deadline: Some(t.deadline_ms(NEW_MEMBER_MS)),
                    new: true,
                    parked_join: false,
                    parked_sync: None,
                    pending_sync: false,
                };
                self.members.insert(member, timed);
                self.note(t.deadline_ms(NEW_MEMBER_MS));
                self.park_join_of(life, member, t);
                join_phase::member_added(self, t);
            }
            Kind::MemberUpdated { member, session_timeout_ms, rebalance_timeout_ms, .. } => {
                if let Some(timed) = self.members.get_mut(&member) {
                    timed.session_ms = session_timeout_ms.into();
                    timed.rebalance_ms = rebalance_timeout_ms.into();
                }
            }
            Kind::MemberReplaced { old, new, client, client_incarnation, .. } => {
                self.replaced(old, new, (client, client_incarnation), t);
            }
            Kind::MemberRemoved { member, reason, .. } => self.removed(member, reason, pen),
            Kind::MemberLoaded { member, instance, session_timeout_ms, rebalance_timeout_ms, .. } => {
                let deadline = t.deadline_ms(session_timeout_ms.into());
                let timed = Timed {
                    dynamic: instance.is_empty(),
                    session_ms: session_timeout_ms.into(),
                    rebalance_ms: rebalance_timeout_ms.into(),
                    deadline: Some(deadline),
                    new: false,
                    parked_join: false,
                    parked_sync: None,
                    pending_sync: false,
                };
                self.members.insert(member, timed);
                self.note(deadline);
            }
            // LOAD-11, LOAD-09: no timer runs on, and nothing that was parked or pending is known any more.
            Kind::GroupStateChanged { reason: StateReason::Unloaded, .. } => {
                *self = Group { state: Some(GroupState::Dead), ..Group::default() };
            }
            Kind::GroupStateChanged { from, to, reason, generation, .. } => {
                self.state = Some(to);
                if reason == StateReason::Loaded {
                    self.generation = generation;
                }
                if to == GroupState::PreparingRebalance {
                    sync::cancelled(self, t);
                    join_phase::begun(self, from, delay_ms, t);
                }
            }
            Kind::GenerationStarted { generation, members, .. } => {
                join_phase::ended(self, t, pen);
                self.generation = generation;
                self.rearm_all(t);
                for member in self.members.values_mut() {
                    member.new = false;
                    member.pending_sync = members > 0;
                }
                self.sync = if members > 0 { Some(SyncTimer::started(t)) } else { None };
            }
            Kind::GroupRemoved { .. } => *self = Group::default(),
            _ => return false,
        }
        true
    }

    fn received(
        &mut self,
        api: Api,
        life: Life,
        request: CorrelationId,
        (member, generation): (MemberId, Generation),
        t: Instant,
    ) {
        match api {
            Api::JoinGroup => {
                self.last_join = Some((life, request, t, join_phase::tested(self)));
                self.joins.insert((life, request), member);
                self.set_parked_join(member, true, t);
                join_phase::touched(self, false);
            }
            Api::SyncGroup if self.state == Some(GroupState::CompletingRebalance) && generation == self.generation => {
                if let Some(timed) = self.members.get_mut(&member) {
                    timed.parked_sync = Some(request);
                    timed.pending_sync = false;
                }
            }
            _ => {}
        }
    }

    fn answered(
        &mut self,
        api: Api,
        life: Life,
        request: CorrelationId,
        member: MemberId,
        code: ErrorCode,
        t: Instant,
    ) -> bool {
        match api {
            Api::Heartbeat if code.is_none() || code == ErrorCode::RebalanceInProgress => self.rearm(member, t),
            Api::OffsetCommit => {
                let valid = [ErrorCode::None, ErrorCode::UnknownTopicOrPartition, ErrorCode::OffsetMetadataTooLarge];
                if valid.contains(&code)
                    && matches!(self.state, Some(GroupState::Stable | GroupState::PreparingRebalance))
                {
                    self.rearm(member, t);
                }
            }
            Api::JoinGroup => {
                if let Some((.., before)) = self.last_join.filter(|&(l, r, at, _)| (l, r, at) == (life, request, t))
                    && !code.is_none()
                {
                    join_phase::untouched(self, before);
                }
                if let Some(member) = self.joins.remove(&(life, request))
                    && self.set_parked_join(member, false, t)
                    && code.is_none()
                {
                    let before = if self.answered.0 == t { self.answered.1 } else { 0 };
                    self.answered = (t, before + 1);
                }
            }
            Api::SyncGroup => return self.sync_answered(request, member, code, t),
            _ => {}
        }
        false
    }

    fn sync_answered(&mut self, request: CorrelationId, member: MemberId, code: ErrorCode, t: Instant) -> bool {
        let Some(timed) = self.members.get_mut(&member) else { return false };
        if timed.parked_sync == Some(request) {
            timed.parked_sync = None;
            let refused = [
                ErrorCode::UnknownMemberId,
                ErrorCode::IllegalGeneration,
                ErrorCode::FencedInstanceId,
                ErrorCode::InconsistentGroupProtocol,
            ];
            if !refused.contains(&code) {
                let deadline = timed.rearm(t);
                self.soonest = Some(self.soonest.map_or(deadline, |soonest| soonest.min(deadline)));
            }
        }
        if code.is_none() {
            timed.pending_sync = false;
        }
        true
    }

    fn rearm(&mut self, member: MemberId, t: Instant) {
        if let Some(timed) = self.members.get_mut(&member) {
            let deadline = timed.rearm(t);
            self.note(deadline);
        }
    }

    fn rearm_all(&mut self, t: Instant) {
        let earliest = self.members.values_mut().map(|member| member.rearm(t)).min();
        self.note(earliest.unwrap_or(Instant::MAX));
    }

    /// A timer will fire at `deadline`.
    fn note(&mut self, deadline: Instant) {
        self.soonest = Some(self.soonest.map_or(deadline, |soonest| soonest.min(deadline)));
    }

    /// Says whether that changed something.
    fn set_parked_join(&mut self, member: MemberId, parked: bool, t: Instant) -> bool {
        let Some(timed) = self.members.get_mut(&member).filter(|timed| timed.parked_join != parked) else {
            return false;
        };
        timed.parked_join = parked;
        if parked {
            let before = if self.parked_at.0 == t { self.parked_at.1 } else { 0 };
            self.parked_at = (t, before + 1);
        }
        self.parked_joins = if parked { self.parked_joins + 1 } else { self.parked_joins - 1 };
        true
    }

    /// The JoinGroup that made this member is parked.
    fn park_join_of(&mut self, life: Life, member: MemberId, t: Instant) {
        let Some((_, request, ..)) = self.last_join.filter(|join| join.0 == life) else { return };
        if let Some(join) = self.joins.get_mut(&(life, request)) {
            *join = member;
            self.set_parked_join(member, true, t);
        }
    }

    fn pending_ended(&mut self, member: MemberId, reason: PendingEnd, pen: &mut Pen<'_>) {
        let Some(deadline) = self.pending.swap_remove(&member) else { return };
        if reason == PendingEnd::Expired && deadline != pen.at {
            let sentence =
                format!("the pending id {} expired at {}, not at {deadline} (JOIN-11)", pen.text(member), pen.at);
            pen.wrong(sentence);
        }
        if reason != PendingEnd::Capacity {
            join_phase::touched(self, reason == PendingEnd::Expired);
        }
    }

    fn replaced(&mut self, old: MemberId, new: MemberId, life: Life, t: Instant) {
        self.set_parked_join(old, false, t);
        let Some(before) = self.members.swap_remove(&old) else { return };
        sync::member_gone_unsynced(self, &before);
        let mut timed = Timed { new: false, parked_sync: None, pending_sync: false, ..before };
        let deadline = timed.rearm(t);
        self.note(deadline);
        self.members.insert(new, timed);
        self.park_join_of(life, new, t);
        join_phase::touched(self, false);
    }

    fn removed(&mut self, member: MemberId, reason: RemovalReason, pen: &mut Pen<'_>) {
        let protected = self.members.get(&member).is_some_and(Timed::protected);
        self.set_parked_join(member, false, pen.at);
        let Some(timed) = self.members.swap_remove(&member) else { return };
        match reason {
            RemovalReason::Session if timed.deadline != Some(pen.at) || protected => {
                let mut due = timed.deadline.map_or("no deadline".to_owned(), |at| format!("deadline {at}"));
                if protected {
                    due.push_str(" although a request of it was parked");
                }
                let sentence =
                    format!("{} was removed by its session timer at {} with {due} (SESS)", pen.text(member), pen.at);
                pen.wrong(sentence);
            }
            RemovalReason::RebalanceTimeout => join_phase::member_removed(self, member, &timed, pen),
            RemovalReason::SyncTimeout => sync::member_removed(self, member, &timed, pen),
            _ => {}
        }
        if !matches!(reason, RemovalReason::RebalanceTimeout | RemovalReason::SyncTimeout | RemovalReason::Capacity) {
            join_phase::touched(self, reason == RemovalReason::Session);
        }
    }

    /// The instant `t` is over.
    fn end_of_instant(&mut self, t: Instant, pen: &mut Pen<'_>) {
        sync::end_of_instant(self);
        join_phase::end_of_instant(self, t, pen);
    }

    /// Complains about what should have fired before `t`; the earliest timer left.
    fn overdue(&mut self, t: Instant, pen: &mut Pen<'_>) -> Instant {
        let mut next = Instant::MAX;
        for (&member, timed) in &mut self.members {
            match timed.deadline {
                Some(deadline) if deadline < t => {
                    timed.deadline = None;
                    if !timed.protected() {
                        let sentence =
                            format!("{} should have expired at {deadline} (SESS-02, SESS-05)", pen.text(member));
                        pen.wrong(sentence);
                    }
                }
                Some(deadline) => next = next.min(deadline),
                None => {}
            }
        }
        self.pending.retain(|&member, &mut deadline| {
            if deadline < t {
                let sentence =
                    format!("the pending id {} should have expired at {deadline} (JOIN-11)", pen.text(member));
                pen.wrong(sentence);
                return false;
            }
            next = next.min(deadline);
            true
        });
        next.min(join_phase::overdue(self, t, pen)).min(sync::overdue(self, t, pen))
    }

    /// max(RT) over the members.
    fn rebalance_ms(&self) -> i64 {
        self.members.values().map(|member| member.rebalance_ms).max().unwrap_or(0)
    }
}
