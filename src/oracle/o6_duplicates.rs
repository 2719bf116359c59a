//! O6, duplicates: redeliveries are the process_done of a record beyond its first. Each extra has exactly one cause, first
//! match wins: `truncation seek reset rewind zombie commit-rejected commit-lost crash revoked`, and for MODEL
//! `same-interval unattributed`; the sum over causes is the total.
//!
//! The cause is fixed when a position is set: the range from it to the highest record seen is marked with why the commit
//! lagged behind, and a redelivered record inherits the mark. What a zombie finishes (O2), before or after the rightful
//! owner, is `zombie` unless a mark that stands before it in the order says otherwise.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::{Cause, End, Interval, Mark, Part};
use crate::config::expect::MetricName;
use crate::ids::ActorId;
use crate::protocol::ErrorCode;
use crate::trace::PositionOrigin;

/// Interval `to` of the partition was given position `offset`: marks what will be seen again. `queued` says that its library
/// hands over first what it has fetched.
pub(crate) fn positioned(part: &mut Part, to: usize, offset: i64, origin: PositionOrigin, queued: bool) {
    let receiver = part.intervals[to].id;
    let mut kept = still_to_come(part, to, queued);
    let open: Vec<u32> = part.intervals.iter().filter(|i| i.end.is_none()).map(|i| i.id).collect();
    part.marks.retain(|mark| mark.interval != receiver && open.contains(&mark.interval));
    part.marks.append(&mut kept);
    if part.highest_seen <= offset {
        return;
    }
    let whole = match origin {
        PositionOrigin::Committed | PositionOrigin::Result => None,
        PositionOrigin::Reset => Some(Cause::Reset),
        PositionOrigin::Seek | PositionOrigin::Beginning | PositionOrigin::End => Some(Cause::Seek),
    };
    let mut marks = Vec::new();
    for (from, until, id) in part.uncommitted.overlaps(offset, part.highest_seen) {
        let Some(before) = part.intervals.iter().find(|interval| interval.id == id) else { continue };
        explain(part, before, receiver, (from, until), whole, &mut marks);
    }
    // What others still have in hand may be finished by both.
    for interval in part.intervals.iter().filter(|interval| interval.id != receiver) {
        for (from, until, _) in interval.in_hand.overlaps(offset, part.highest_seen) {
            let cause = whole.unwrap_or(Cause::Revoked);
            marks.push(mark((from, until), cause, interval, receiver));
        }
    }
    if let Some(cause) = whole {
        for (from, until, _) in part.done.overlaps(offset, part.highest_seen) {
            for (from, until) in part.uncommitted.gaps(from, until) {
                marks.push(Mark {
                    before: part.intervals[to].life.0,
                    ..mark((from, until), cause, &part.intervals[to], receiver)
                });
            }
        }
    } else {
        // Done, committed once, and still to come: the committed position has moved back, or it had been removed and has
        // not come so far again since.
        let middle = part.commit_high.clamp(offset, part.highest_seen);
        for (from, until, cause) in [(offset, middle, Cause::Rewind), (middle, part.highest_seen, Cause::Reset)] {
            for (from, until, _) in part.done.overlaps(from, until) {
                for (from, until) in part.uncommitted.gaps(from, until) {
                    marks.push(mark((from, until), cause, &part.intervals[to], receiver));
                }
            }
        }
    }
    part.marks.append(&mut marks);
}

/// The marks of interval `to` that outlive its position: those of records that are in its hand already or, of a library with
/// a queue of its own, that lie in that queue.
fn still_to_come(part: &Part, to: usize, queued: bool) -> Vec<Mark> {
    let interval = &part.intervals[to];
    let mut kept = Vec::new();
    for mark in part.marks.iter().filter(|mark| mark.interval == interval.id) {
        let held = interval.in_hand.overlaps(mark.from, mark.to).map(|(from, to, _)| (from, to));
        let queue = interval.next.filter(|_| queued).map(|next| (next.max(mark.from), mark.to));
        for (from, to) in held.chain(queue.filter(|queue| queue.0 < queue.1)) {
            kept.push(Mark { from, to, ..mark.clone() });
        }
    }
    kept
}

/// Why the commit of interval `before` did not cover `[from, until)`, piece by piece.
fn explain(
    part: &Part,
    before: &Interval,
    receiver: u32,
    range: (i64, i64),
    whole: Option<Cause>,
    marks: &mut Vec<Mark>,
) {
    let mut at = range.0;
    while at < range.1 {
        let (cause, until) = cause_at(part, before, receiver, at, whole);
        let until = until.min(range.1);
        marks.push(mark((at, until), cause, before, receiver));
        at = until;
    }
}

/// The cause that holds at an offset, and how far it holds at most.
fn cause_at(part: &Part, before: &Interval, receiver: u32, at: i64, whole: Option<Cause>) -> (Cause, i64) {
    if let Some(cause) = whole {
        return (cause, i64::MAX);
    }
    if at < part.commit_high {
        return (Cause::Rewind, part.commit_high);
    }
    if let Some((_, until, ())) = part.zombies.overlaps(at, i64::MAX).next().filter(|run| run.0 == at) {
        return (Cause::Zombie, until);
    }
    let limit = part.zombies.overlaps(at, i64::MAX).next().map_or(i64::MAX, |run| run.0);
    if let Some((covered, _)) = before.rejected.filter(|rejected| at < rejected.0) {
        return (Cause::CommitRejected, covered.min(limit));
    }
    if let Some(covered) = before.commit_lost.filter(|&covered| at < covered) {
        return (Cause::CommitLost, covered.min(limit));
    }
    let cause = match before.end {
        Some((End::Crash, _)) => Cause::Crash,
        None if before.id == receiver => Cause::SameInterval,
        _ => Cause::Revoked,
    };
    (cause, limit)
}

fn mark((from, to): (i64, i64), cause: Cause, before: &Interval, receiver: u32) -> Mark {
    Mark {
        from,
        to,
        cause,
        before: before.life.0,
        code: before.rejected.map(|rejected| rejected.1),
        removed: before.removed,
        interval: receiver,
        finding: None,
    }
}

/// Interval `holder` finished `[from, to)`; `zombie` says whether as one.
pub(crate) fn finished(part: &mut Part, holder: usize, from: i64, to: i64, zombie: bool, desk: &mut Desk<'_>) {
    if part.done.end().is_none_or(|end| end <= from) || !part.done.touches(from, to) {
        return;
    }
    let again: Vec<_> = part.done.overlaps(from.max(part.folded_below), to).map(|(a, b, _)| (a, b)).collect();
    for (a, b) in again {
        let mut at = a;
        while at < b {
            at = attribute(part, holder, (at, b), zombie, desk);
        }
    }
}

/// Gives the longest piece of `[from, to)` with one cause its cause; where the piece ends.
fn attribute(part: &mut Part, holder: usize, (from, to): (i64, i64), zombie: bool, desk: &mut Desk<'_>) -> i64 {
    let id = part.intervals[holder].id;
    let mut until = to;
    let mut found: Option<usize> = None;
    for (place, mark) in part.marks.iter().enumerate().filter(|(_, mark)| mark.interval == id) {
        if mark.from <= from && from < mark.to {
            if found.is_none_or(|best| mark.cause < part.marks[best].cause) {
                found = Some(place);
            }
            until = until.min(mark.to);
        } else if mark.from > from {
            until = until.min(mark.from);
        }
    }
    let before_zombie = part.zombies.get(from).is_some();
    if let Some(edge) = part.zombies.overlaps(from, until).next() {
        until = until.min(if before_zombie { edge.1 } else { edge.0.max(from + 1) });
    }
    let marked = found.map(|place| part.marks[place].cause);
    let cause = match marked {
        Some(cause) if cause < Cause::Zombie => cause,
        _ if zombie || before_zombie => Cause::Zombie,
        Some(cause) => cause,
        // Its workers took no notice of the revoke, and the partition has come back to it since: the record was in hand.
        None if part.intervals[holder].end.is_some() => Cause::Revoked,
        None if part.uncommitted.overlaps(from, until).any(|run| run.2 == id) => Cause::SameInterval,
        None => Cause::Unattributed,
    };
    write_down(part, holder, (from, until), cause, found, desk);
    until
}

fn write_down(
    part: &mut Part,
    holder: usize,
    (from, to): (i64, i64),
    cause: Cause,
    mark: Option<usize>,
    desk: &mut Desk<'_>,
) {
    let who = part.intervals[holder].life.0;
    desk.count(MetricName::Duplicates, Some(part.tp), Some(who), Some(cause.label()), to - from);
    let own_story = mark.is_some_and(|place| part.marks[place].cause == cause);
    let earlier = if own_story { mark.and_then(|place| part.marks[place].finding) } else { part.zombie_duplicates };
    if earlier.is_some_and(|finding| desk.book.grow(finding, from, to)) {
        return;
    }
    let model = cause >= Cause::SameInterval;
    let class = if model { Class::Model } else { Class::Measure };
    let what = if model { "unexplained-duplicate" } else { "duplicate" };
    let sentence = match mark.filter(|_| own_story) {
        Some(place) => tell(part, place, who, desk),
        None => tell_without_mark(part, cause, who, desk),
    };
    let about = About::records(part.tp, from, to).cause(cause.label());
    let finding = desk.find("O6", class, what, about, sentence);
    match mark.filter(|_| own_story) {
        Some(place) => part.marks[place].finding = finding,
        None => part.zombie_duplicates = finding,
    }
}

fn tell(part: &Part, place: usize, to: ActorId, desk: &Desk<'_>) -> String {
    let mark = &part.marks[place];
    let (tp, from, to) = (desk.place(part.tp), desk.who(mark.before), desk.who(to));
    let count = mark.to - mark.from;
    let records = if count == 1 { "record" } else { "records" };
    let passed = if from == to {
        format!("{tp} came back to {to} with {count} processed, uncommitted {records}")
    } else {
        format!("{tp} passed from {from} to {to} with {count} processed, uncommitted {records}")
    };
    match mark.cause {
        Cause::Seek => format!("{to} was told to read {tp} from a position below {count} processed {records}"),
        Cause::Reset => format!(
            "no committed offset was found for {tp}: auto.offset.reset put {to} before {count} processed {records}"
        ),
        Cause::Rewind => {
            format!("the committed position of {tp} had moved back below {count} processed {records} when {to} took it")
        }
        Cause::CommitRejected => match mark.code.filter(|code| !code.is_none()) {
            Some(code) => format!("{passed} because {from}'s commit was rejected ({})", code.name()),
            None => format!("{passed} because {from}'s own client refused its commit"),
        },
        Cause::CommitLost => format!("{passed} because {from} never got its commit through"),
        Cause::Crash => format!("{passed} because {from} crashed before its next commit"),
        Cause::Revoked => match mark.removed {
            Some(reason) => {
                format!("{passed} because the coordinator removed {from} ({reason}) before its next commit")
            }
            None => format!("{passed} because {from} gave it up without committing them"),
        },
        _ => format!("{passed}: {}", mark.cause.label()),
    }
}

fn tell_without_mark(part: &Part, cause: Cause, who: ActorId, desk: &Desk<'_>) -> String {
    let (tp, who) = (desk.place(part.tp), desk.who(who));
    match cause {
        Cause::Zombie => format!(
            "{tp} was handled by two at once: one of them was no longer its owner when {who} finished the same records"
        ),
        Cause::Revoked => format!(
            "{who} still had records of {tp} in hand when it gave it up, went on with them, and got them again when {tp} came back to it"
        ),
        Cause::SameInterval => format!("{who} finished records of {tp} twice without giving it up in between"),
        _ => format!("{who} finished records of {tp} that were done before, and nothing in the trace says why"),
    }
}

/// The fate of a commit of interval `holder` up to `offset`.
pub(crate) fn commit_rejected(interval: &mut Interval, offset: i64, code: ErrorCode) {
    let unavailable =
        [ErrorCode::NotCoordinator, ErrorCode::CoordinatorNotAvailable, ErrorCode::CoordinatorLoadInProgress];
    if unavailable.contains(&code) {
        return commit_lost(interval, offset);
    }
    if interval.rejected.is_none_or(|before| before.0 <= offset) {
        interval.rejected = Some((offset, code));
    }
}

/// A commit of this interval up to `offset` got no answer.
pub(crate) fn commit_lost(interval: &mut Interval, offset: i64) {
    interval.commit_lost = interval.commit_lost.max(Some(offset));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::Outcome;
    use crate::oracle::forge::Forge;
    use crate::protocol::Api;
    use crate::trace::{CommitOrigin, Kind, RemovalReason, ResetReason};

    fn causes(outcome: &Outcome) -> Vec<(&'static str, i64)> {
        outcome.total.duplicates_by_cause.iter().map(|(&cause, &n)| (cause, n)).collect()
    }

    #[test]
    fn o6_a_crash_before_the_commit_is_the_cause() {
        let mut forge = Forge::running();
        forge.at(2_000).works(0, 1, 0, 20, 5).at(2_100).done(0, 1, 0, 20).commits(0, 1, 12).crash(0);
        forge.at(50_000).removed(0, RemovalReason::Session).pass_on([0, 12, 0]).handles(1, 1, 12, 30);
        let outcome = forge.end(60_000);
        assert_eq!(causes(&outcome), vec![("crash", 8)]);
        let found = outcome.found("duplicate");
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].sentence,
            "orders-1 passed from billing-0 to billing-1 with 8 processed, uncommitted records because billing-0 crashed \
             before its next commit"
        );
        assert_eq!(outcome.wrong(), Vec::<&str>::new());
    }

    #[test]
    fn o6_without_redelivery_there_is_no_duplicate() {
        let mut forge = Forge::running();
        forge.at(2_000).handles(0, 1, 0, 20).commits(0, 1, 20).at(3_000).revoked(0, 0..3).pass_on([0, 20, 0]);
        forge.handles(1, 1, 20, 30);
        let outcome = forge.end(60_000);
        assert_eq!((causes(&outcome), outcome.number("duplicates")), (vec![], 0));
        assert_eq!(outcome.wrong(), Vec::<&str>::new());
    }

    #[test]
    fn o6_a_revoke_without_commit_is_the_cause() {
        let mut forge = Forge::running();
        forge.at(2_000).handles(0, 0, 0, 7).at(3_000).revoked(0, 0..3).pass_on([0, 0, 0]).handles(1, 0, 0, 7);
        assert_eq!(causes(&forge.end(60_000)), vec![("revoked", 7)]);
    }

    #[test]
    fn o6_a_rejected_commit_stands_before_the_crash() {
        let mut forge = Forge::running();
        forge.at(2_000).handles(0, 0, 0, 7);
        let request = forge.commit_sent(0, 0, 5, CommitOrigin::Async);
        forge.commit_rejected(0, request, ErrorCode::IllegalGeneration).crash(0);
        forge.at(3_000).removed(0, RemovalReason::Session).pass_on([0, 0, 0]).handles(1, 0, 0, 7);
        let outcome = forge.end(60_000);
        assert_eq!(causes(&outcome), vec![("commit-rejected", 5), ("crash", 2)]);
        assert_eq!(outcome.total.commit_failures_by_code["ILLEGAL_GENERATION"], 1);
    }

    #[test]
    fn o6_a_commit_that_got_lost_is_the_cause() {
        let mut forge = Forge::running();
        forge.at(2_000).handles(0, 0, 0, 7);
        let request = forge.commit_sent(0, 0, 7, CommitOrigin::Sync);
        forge.by(0, Kind::RequestTimedOut { api: Api::OffsetCommit, request }).revoked(0, 0..3);
        forge.at(3_000).pass_on([0, 0, 0]).handles(1, 0, 0, 7);
        assert_eq!(causes(&forge.end(60_000)), vec![("commit-lost", 7)]);
    }

    #[test]
    fn o6_a_position_that_moved_back_is_a_rewind() {
        let mut forge = Forge::running();
        forge.at(2_000).handles(0, 0, 0, 9).commits(0, 0, 9).commits(0, 0, 4).revoked(0, 0..3);
        forge.at(3_000).pass_on([4, 0, 0]).handles(1, 0, 4, 9);
        assert_eq!(causes(&forge.end(60_000)), vec![("rewind", 5)]);
    }

    #[test]
    fn o6_a_missing_commit_is_a_reset_and_an_explicit_position_a_seek() {
        for (origin, cause) in [(PositionOrigin::Reset, "reset"), (PositionOrigin::Beginning, "seek")] {
            let mut forge = Forge::running();
            forge.at(2_000).handles(0, 0, 0, 9).revoked(0, 0..3).generation(&[(1, 0..3)]).owned(1, 0..1);
            let (partition, reason) = (forge.tp(0), ResetReason::NoOffsetEarliest);
            let (from, to) = (crate::ids::Offset::NONE, crate::ids::Offset(0));
            forge.by(1, Kind::Reset { partition, from, to, reason }).position(1, 0, 0, origin).handles(1, 0, 0, 12);
            let outcome = forge.end(60_000);
            assert_eq!(causes(&outcome), vec![(cause, 9)]);
            assert_eq!(outcome.wrong(), Vec::<&str>::new());
        }
    }

    #[test]
    fn o6_what_a_zombie_finishes_is_its_own_cause() {
        let mut forge = Forge::running();
        forge.at(2_000).works(0, 0, 0, 10, 1_000);
        forge.at(6_500).removed(0, RemovalReason::Session).pass_on([0, 0, 0]).handles(1, 0, 0, 10);
        forge.at(12_000).done(0, 0, 0, 10);
        let outcome = forge.end(60_000);
        // Four records were finished before the removal; of the rest the zombie finished six after the new owner.
        assert_eq!(causes(&outcome), vec![("revoked", 4), ("zombie", 6)]);
        assert_eq!(outcome.number("zombie_records"), 6);
        assert_eq!(outcome.number("duplicates"), 10);
    }

    #[test]
    fn o6_the_second_finish_is_the_zombies_fault_even_if_it_came_first() {
        let mut forge = Forge::running();
        forge.at(2_000).works(0, 0, 0, 4, 1_000).at(2_500).removed(0, RemovalReason::Session).pass_on([0, 0, 0]);
        forge.at(6_000).done(0, 0, 0, 4).at(7_000).handles(1, 0, 0, 4);
        let outcome = forge.end(60_000);
        assert_eq!(causes(&outcome), vec![("zombie", 4)]);
        assert_eq!(outcome.wrong(), Vec::<&str>::new());
    }

    #[test]
    fn o6_the_same_interval_or_no_cause_at_all_is_a_bug_of_groupsim() {
        let mut forge = Forge::running();
        forge.at(2_000).handles(0, 0, 0, 4).done(0, 0, 0, 4);
        let outcome = forge.end(60_000);
        assert_eq!(causes(&outcome), vec![("same-interval", 4)]);
        assert_eq!(outcome.wrong(), vec!["O6"]);
        let mut forge = Forge::running();
        forge.at(2_000).handles(0, 0, 0, 4).commits(0, 0, 4).done(0, 0, 0, 4);
        let outcome = forge.end(60_000);
        assert_eq!(causes(&outcome), vec![("unattributed", 4)]);
        assert_eq!(outcome.wrong(), vec!["O6"]);
    }

    /// Offsets expire when records 0 to 8 are done; who starts over passes the partition on at 4. Had the offsets not been
    /// removed, none of that would be seen again.
    #[test]
    fn o6_what_an_expiry_brings_back_stays_a_reset_for_the_next_owner() {
        let mut forge = Forge::running();
        forge.at(2_000).handles(0, 0, 0, 9).commits(0, 0, 9).revoked(0, 0..3);
        let (group, partition, reason) = (forge.group, forge.tp(0), ResetReason::NoOffsetEarliest);
        forge.broker(Kind::OffsetRemoved { group, partition }).generation(&[(1, 0..3)]).owned(1, 0..1);
        let (from, to) = (crate::ids::Offset::NONE, crate::ids::Offset(0));
        forge.by(1, Kind::Reset { partition, from, to, reason }).position(1, 0, 0, PositionOrigin::Reset);
        forge.at(3_000).handles(1, 0, 0, 4).commits(1, 0, 4).revoked(1, 0..1);
        forge.at(4_000).generation(&[(0, 0..3)]).takes(0, 0, 4).handles(0, 0, 4, 12);
        let outcome = forge.end(60_000);
        assert_eq!(causes(&outcome), vec![("reset", 9)]);
        assert_eq!(outcome.wrong(), Vec::<&str>::new());
    }
}
