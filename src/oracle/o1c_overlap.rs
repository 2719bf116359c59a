//! O1c, client overlap: two client intervals of p intersect. Legal only if the older one's member was already removed or
//! superseded, or the newer one's (a SyncGroup answer that came late); then it is a MEASURE: its length and the records done
//! in it; so it is when the older one's library joined again without waiting for its application (`rejoin_unrevoked`). MODEL
//! if both are members that have joined the current generation, before which their protocol made them revoke.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::{Part, Scope};
use crate::config::expect::MetricName;

/// Interval `newer` of the partition has just been opened.
pub(crate) fn opened(scope: &mut Scope, place: usize, newer: usize, desk: &mut Desk<'_>) {
    let Some(part) = scope.parts[place].as_mut() else { return };
    if part.open < 2 {
        return;
    }
    part.overlap_since.get_or_insert(desk.at);
    let holder = part.intervals[newer].life;
    let others = part.intervals.iter().filter(|interval| interval.end.is_none() && interval.life != holder);
    let fenced = |life| {
        let member = scope.members.values().find(|member| member.life == life);
        member.is_none_or(|member| member.joined < scope.generation)
    };
    // A late SyncGroup answer of an old generation makes the newer one the intruder.
    if !scope.managed || fenced(holder) {
        return;
    }
    for older in others.filter(|older| !older.unrevoked && !fenced(older.life)) {
        let sentence = format!(
            "{} owns {} from now on, while {}, a member that joined the same generation {}, has not revoked it",
            desk.who(holder.0),
            desk.place(part.tp),
            desk.who(older.life.0),
            scope.generation
        );
        desk.find("O1c", Class::Model, "overlap", About::partition(part.tp), sentence);
    }
}

/// An interval of the partition has just ended.
pub(crate) fn closed(part: &mut Part, desk: &mut Desk<'_>) {
    if part.open > 1 {
        return;
    }
    let Some(since) = part.overlap_since.take() else { return };
    desk.sample(MetricName::ClientOverlap, Some(part.tp), since);
    let done: i64 = part.intervals.iter_mut().map(|interval| std::mem::take(&mut interval.done_in_overlap)).sum();
    let length = desk.at.since(since);
    if length.is_zero() {
        return;
    }
    let holders = match (
        part.intervals.iter().find(|i| i.end.is_none()),
        part.intervals.iter().rev().find(|i| i.end.is_some()),
    ) {
        (Some(now), Some(before)) => format!("{} and {}", desk.who(before.life.0), desk.who(now.life.0)),
        _ => "two clients".to_owned(),
    };
    let sentence = format!(
        "{holders} both took {} for theirs for {length}; {done} records were finished meanwhile",
        desk.place(part.tp)
    );
    desk.find_at("O1c", Class::Measure, "overlap", About::partition(part.tp), sentence, (since, desk.seq));
}
