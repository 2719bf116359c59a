//! Records being handled: `process_start`, `process_done`, what time finishes in between, and what is dropped.

use super::book::Desk;
use super::view::{End, Interval, Life, Part, Run};
use super::{o1c_overlap, o2_zombie, o4_loss, o6_duplicates, o7_order, stall};
use crate::time::{Duration, Instant};

/// Ranges of a partition beyond which the oldest holes are folded into a count.
const MOST_RANGES: usize = 100_000;

/// When records were finished.
#[derive(Clone, Copy)]
struct Pace {
    first: Instant,
    last: Instant,
    per_record: Duration,
}

/// A handler starts on `[from, to)`.
pub(crate) fn started(part: &mut Part, life: Life, from: i64, to: i64, per_record: Duration, desk: &Desk<'_>) {
    // Workers that take no notice of a revoke may have a record in hand twice, if the partition came back meanwhile: from the
    // time that it was owned before, and from this one. The older copy was handed to them first.
    let held = |i: &Interval| i.life == life && i.in_hand.touches(from, to);
    let in_work = |i: &Interval| i.runs.iter().any(|run| run.next < to && from < run.to);
    // A record that gets stuck in work is told as a start from where it is: that is no other copy.
    let stuck = |i: &Interval| i.life == life && i.runs.iter().any(|run| run.next == from && to <= run.to);
    let again = part.intervals.iter().position(|i| per_record == Duration::MAX && stuck(i));
    let waiting = part.intervals.iter().position(|i| held(i) && !in_work(i));
    let place = again.or(waiting).or_else(|| part.intervals.iter().rposition(held)).or_else(|| part.newest_of(life));
    let Some(place) = place else { return };
    let runs = &mut part.intervals[place].runs;
    runs.retain(|run| run.next < run.to && (run.to <= from || to <= run.next));
    runs.push(Run { from, to, next: from, start: desk.at, per_record, halted: false });
}

/// Accounts for everything that the handlers of this partition have finished before now.
pub(crate) fn advance(part: &mut Part, desk: &mut Desk<'_>) {
    for place in 0..part.intervals.len() {
        for index in 0..part.intervals[place].runs.len() {
            let run = part.intervals[place].runs[index];
            let reached = run.reached(desk.at);
            if reached > run.next {
                part.intervals[place].runs[index].next = reached;
                let pace =
                    Pace { first: run.finish(run.next), last: run.finish(reached - 1), per_record: run.per_record };
                finished(part, place, run.next, reached, pace, desk);
            }
        }
    }
}

/// The handler says that it has finished `[from, to)`.
pub(crate) fn done(part: &mut Part, life: Life, from: i64, to: i64, desk: &mut Desk<'_>) {
    // Of two copies of a record the one that is due now; one that is stuck, or whose clock was stopped, is never due.
    let due = |run: &Run| run.per_record < Duration::MAX && !run.halted && run.finish(to - 1) == desk.at;
    let find = |wanted: &dyn Fn(&Run) -> bool| {
        part.intervals.iter().enumerate().filter(|(_, i)| i.life == life).find_map(|(place, interval)| {
            let fits = |run: &Run| run.from <= from && to <= run.to && run.next <= to && wanted(run);
            Some((place, interval.runs.iter().position(fits)?))
        })
    };
    let running = if part.intervals.len() > 1 { find(&due).or_else(|| find(&|_| true)) } else { find(&|_| true) };
    let Some((place, index)) = running else {
        let held = part.intervals.iter().position(|i| i.life == life && i.in_hand.touches(from, to));
        if let Some(place) = held.or_else(|| part.newest_of(life)) {
            finished(part, place, from, to, Pace { first: desk.at, last: desk.at, per_record: Duration::ZERO }, desk);
        }
        return;
    };
    let run = part.intervals[place].runs[index];
    let from = from.max(run.next);
    if to >= run.to {
        part.intervals[place].runs.swap_remove(index);
    } else {
        part.intervals[place].runs[index].next = to;
    }
    if from < to {
        let first = if run.halted { desk.at } else { run.finish(from).min(desk.at) };
        finished(part, place, from, to, Pace { first, last: desk.at, per_record: run.per_record }, desk);
    }
}

/// Interval `place` has finished `[from, to)`: every oracle of finished records, then the books.
fn finished(part: &mut Part, place: usize, from: i64, to: i64, pace: Pace, desk: &mut Desk<'_>) {
    let delivered = part.intervals[place].in_hand.get(from).unwrap_or(pace.first);
    part.intervals[place].in_hand.remove(from, to);
    let (life, id) = (part.intervals[place].life, part.intervals[place].id);
    let zombie = o2_zombie::finished(part, place, from, to, desk);
    o6_duplicates::finished(part, place, from, to, zombie, desk);
    o7_order::finished(part, life.0, from, to, zombie, desk);
    if !part.hazards.is_empty() {
        part.hazards.remove(from, to);
    }
    if !part.skips.is_empty() {
        part.skips.remove(from, to);
    }
    part.done.insert(from, to, ());
    part.highest_seen = part.highest_seen.max(to);
    if zombie {
        part.zombies.insert(from, to, ());
    } else if !part.zombies.is_empty() {
        part.zombies.remove(from, to);
    }
    let uncommitted = part.committed.map_or(from, |committed| from.max(committed));
    part.uncommitted.insert(uncommitted, to, id);
    if part.overlap_since.is_some() {
        part.intervals[place].done_in_overlap += to - from;
    }
    let left = part.unfinished(part.log_start, part.log_end);
    stall::finished(part, delivered, pace.first, pace.last, pace.per_record, left, desk);
    desk.book.figures[desk.scope].processed += to - from;
    if part.done.runs() > MOST_RANGES {
        fold(part, desk);
    }
}

/// Folds the oldest holes into a count; what was already committed away among them is lost.
fn fold(part: &mut Part, desk: &mut Desk<'_>) {
    for (from, to) in part.done.close_lowest_holes(MOST_RANGES / 2) {
        let lost: Vec<_> = part.hazards.overlaps(from, to).collect();
        for (a, b, hazard) in lost {
            part.folded.lost += b - a;
            part.folded.since.get_or_insert((hazard.at, hazard.seq));
        }
        part.hazards.remove(from, to);
        part.folded.holes += 1;
        part.folded_below = part.folded_below.max(to);
    }
    let (low, high) = (i64::MIN, part.folded_below);
    part.uncommitted.remove(low, high);
    part.zombies.remove(low, high);
    part.folded.since.get_or_insert((desk.at, desk.seq));
}

/// Delivered records that `life` will not handle.
pub(crate) fn dropped(part: &mut Part, life: Life, from: i64, to: i64, why: &'static str, desk: &Desk<'_>) {
    let place = part.intervals.iter().position(|i| i.life == life && i.in_hand.touches(from, to));
    let Some(place) = place else { return };
    cut_runs(&mut part.intervals[place].runs, from, to);
    part.intervals[place].in_hand.remove(from, to);
    o4_loss::let_go(part, from, to, life.0, why, desk);
}

/// Ends runs where `[from, to)` begins.
pub(crate) fn cut_runs(runs: &mut Vec<Run>, from: i64, to: i64) {
    for run in runs.iter_mut().filter(|run| run.next < to && from < run.to) {
        run.to = from.max(run.next);
    }
    runs.retain(|run| run.next < run.to);
}

/// Stops the clocks of a process's handlers in this partition, after accounting for what they have finished.
pub(crate) fn halt(part: &mut Part, life: Life, desk: &mut Desk<'_>) {
    advance(part, desk);
    for interval in part.intervals.iter_mut().filter(|interval| interval.life == life) {
        interval.runs.iter_mut().for_each(|run| run.halted = true);
    }
}

/// Ends a client interval. The records in hand stay in hand.
pub(crate) fn close(part: &mut Part, place: usize, end: End, desk: &mut Desk<'_>) {
    let interval = &mut part.intervals[place];
    if interval.end.is_some() {
        return;
    }
    interval.end = Some((end, desk.at));
    part.set_running(place, false);
    part.open -= 1;
    o1c_overlap::closed(part, desk);
}

/// The process is gone: nothing is in its hand any more.
pub(crate) fn process_ended(part: &mut Part, life: Life, why: &'static str, desk: &Desk<'_>) {
    for place in 0..part.intervals.len() {
        let interval = &mut part.intervals[place];
        interval.lingers &= interval.life != life;
        if interval.life != life || interval.in_hand.is_empty() {
            continue;
        }
        let held: Vec<_> = interval.in_hand.iter().collect();
        interval.in_hand.clear();
        for (from, to, _) in held {
            o4_loss::let_go(part, from, to, life.0, why, desk);
        }
    }
}
