//! When a join phase may and must end: REB-04, 05, 07, 08, 09, 11, 12 and DELAY-01..06.

use super::{Group, Pen, Timed};
use crate::ids::MemberId;
use crate::protocol::GroupState;
use crate::time::Instant;

/// A join phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct JoinPhase {
    started: Instant,
    timer: Option<Instant>,
    /// The initial delay's state: (D, delay that is elapsing, remaining), in ms.
    initial: Option<(i64, i64, i64)>,
    /// Something happened at this instant after which completion is tested (REB-07).
    test: bool,
    /// It was an expiry (REB-12).
    expiry: Option<Instant>,
    /// A member was removed because it did not rejoin in time.
    kicked: bool,
}

/// DELAY-02 and DELAY-06: a member was added in an initial rebalance since the last tick; it outlives the phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct AddedFlag {
    first: Instant,
    last: Instant,
    /// Set at the very instant of a tick: which came first cannot be told.
    unsure: bool,
}

/// When a timer armed at `t` fires: never before it was armed.
fn due(t: Instant, ms: i64) -> Instant {
    t.deadline_ms(ms).max(t)
}

/// The group entered PreparingRebalance.
pub(super) fn begun(group: &mut Group, from: GroupState, delay_ms: i64, t: Instant) {
    let rebalance_ms = group.rebalance_ms();
    // Joins that were answered at this very instant belong to the phase before.
    group.answered.1 = 0;
    let phase = if from == GroupState::Empty {
        let remaining = (rebalance_ms - delay_ms).max(0);
        JoinPhase {
            started: t,
            timer: Some(due(t, delay_ms)),
            initial: Some((delay_ms, delay_ms, remaining)),
            test: false,
            expiry: None,
            kicked: false,
        }
    } else {
        // STATE-11: with nobody but pending ids the timer is 0 ms.
        let timer = Some(due(t, rebalance_ms));
        JoinPhase { started: t, timer, initial: None, test: true, expiry: None, kicked: false }
    };
    group.phase = Some(phase);
    group.note(phase.timer.unwrap_or(Instant::MAX));
}

/// A member was added (DELAY-02).
pub(super) fn member_added(group: &mut Group, t: Instant) {
    // Without a delay the ticks follow in the same instant, and none of them can be told from the next.
    if group.phase.is_some_and(|phase| phase.initial.is_some_and(|(delay, ..)| delay > 0)) {
        group.flag.get_or_insert(AddedFlag { first: t, last: t, unsure: false }).last = t;
    }
    touched(group, false);
}

/// Something after which completion is tested (REB-07); an expiry tests even an initial rebalance (REB-12).
pub(super) fn touched(group: &mut Group, expiry: bool) {
    if let Some(phase) = &mut group.phase {
        phase.test |= phase.initial.is_none() || expiry;
        if expiry {
            phase.expiry = Some(Instant::MAX);
        }
    }
}

/// Whether completion is tested when this instant is over.
pub(super) fn tested(group: &Group) -> bool {
    group.phase.is_some_and(|phase| phase.test)
}

/// The JoinGroup was refused: it is no reason to test completion.
pub(super) fn untouched(group: &mut Group, tested_before: bool) {
    if let Some(phase) = &mut group.phase {
        phase.test = tested_before;
    }
}

/// Everybody has a parked join, or had one until this instant, and no id is pending (REB-06).
fn all_joined(group: &Group, t: Instant) -> bool {
    let answered = if group.answered.0 == t { group.answered.1 } else { 0 };
    group.parked_joins + answered >= group.members.len() && group.pending.is_empty()
}

/// The generation went up: the phase is over.
pub(super) fn ended(group: &mut Group, t: Instant, pen: &mut Pen<'_>) {
    let Some(phase) = group.phase.take() else {
        pen.wrong(format!("a generation started at {t} without a join phase (STATE-07)"));
        return;
    };
    if phase.timer.is_none() {
        return; // it should have ended before: said already
    }
    let by_timer = phase.timer == Some(t);
    group.fired = if by_timer { Some(t) } else { None };
    let early = phase.initial.is_none() || phase.expiry.is_some();
    if by_timer {
        let extended = matches!(phase.initial, Some((_, _, remaining)) if remaining != 0);
        if extended && group.flag.is_some_and(|flag| flag.first < t && !flag.unsure) && !(early && all_joined(group, t))
        {
            pen.wrong(format!(
                "the initial rebalance ended at {t} although a member had joined since its last tick (DELAY-03)"
            ));
        }
    } else if !early || phase.kicked || !all_joined(group, t) {
        let timer = phase.timer.unwrap_or(Instant::MAX);
        pen.wrong(format!(
            "the join phase begun at {} ended at {t}, before its timer at {timer}, with {} of {} members joined and {} ids pending (REB)",
            phase.started,
            group.parked_joins,
            group.members.len(),
            group.pending.len()
        ));
    }
}

/// A member was removed for not rejoining (REB-08).
pub(super) fn member_removed(group: &mut Group, member: MemberId, timed: &Timed, pen: &mut Pen<'_>) {
    let due = group.phase.map_or(group.fired, |phase| phase.timer) == Some(pen.at);
    if let Some(phase) = &mut group.phase {
        phase.kicked = true;
    }
    if !due || !timed.dynamic {
        let why = if timed.dynamic { "before the join timer fired" } else { "although it is static" };
        let sentence = format!("{} was removed at {} for not rejoining {why} (REB-08)", pen.text(member), pen.at);
        pen.wrong(sentence);
    }
}

/// The instant is over: a phase that everybody has joined is too.
pub(super) fn end_of_instant(group: &mut Group, t: Instant, pen: &mut Pen<'_>) {
    let Some(phase) = &mut group.phase else { return };
    let tested = std::mem::take(&mut phase.test);
    phase.expiry = None;
    let none_joins = group.members.is_empty() && !group.pending.is_empty();
    if tested && !none_joins && all_joined(group, t) && group.phase.is_some_and(|phase| phase.timer != Some(t)) {
        pen.wrong(format!(
            "all {} members have joined at {t}, yet the join phase goes on (REB-04, REB-07)",
            group.members.len()
        ));
    }
}

/// Complains about a timer that has passed without ending the phase; the next one.
pub(super) fn overdue(group: &mut Group, t: Instant, pen: &mut Pen<'_>) -> Instant {
    let rebalance_ms = group.rebalance_ms();
    let (parked, latest, absent) = (group.parked_joins, group.parked_at, !group.members.is_empty());
    let Some(phase) = &mut group.phase else { return Instant::MAX };
    while let Some(timer) = phase.timer.filter(|&timer| timer < t) {
        // Who joined at the very instant of the timer may have come after it.
        let nobody = absent && parked <= if latest.0 == timer { latest.1 } else { 0 };
        match &mut phase.initial {
            Some((delay, elapsing, remaining))
                if *remaining != 0 && *delay > 0 && group.flag.is_some_and(|flag| flag.first <= timer) =>
            {
                group.flag =
                    group.flag.filter(|flag| flag.last >= timer).map(|flag| AddedFlag { unsure: true, ..flag });
                let next = (*delay).min(*remaining);
                *remaining = (*remaining - *elapsing).max(0);
                *elapsing = next;
                phase.timer = Some(timer.deadline_ms(next));
            }
            None if nobody && rebalance_ms > 0 => phase.timer = Some(timer.deadline_ms(rebalance_ms)),
            _ => {
                phase.timer = None;
                pen.wrong(format!(
                    "the join phase begun at {} should have ended at {timer} (REB-05, DELAY-03)",
                    phase.started
                ));
            }
        }
    }
    phase.timer.unwrap_or(Instant::MAX)
}
