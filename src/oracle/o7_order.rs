//! O7a, delivery order (MODEL): within a client interval, delivered offsets start at the position given, strictly increase and
//! leave no visible gap.
//!
//! O7b, processing order (STRATEGY if order is claimed, else MEASURE): the first process_done per offset strictly increases
//! per partition over the run; records that come after a higher one are counted as `order_inversions`.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::{Life, Part};
use crate::config::expect::MetricName;

/// poll() returned `[from, to)`. Gives the interval that they belong to.
pub(crate) fn delivered(part: &mut Part, life: Life, from: i64, to: i64, desk: &mut Desk<'_>) -> Option<usize> {
    let open = part.open_of(life);
    if let Some(place) = open.filter(|&place| part.intervals[place].next == Some(from)) {
        return Some(place);
    }
    // What it had fetched before a reset it has handed over by now; of resets before that one nothing was fetched.
    let jump = |place: usize| Some((place, part.intervals[place].jumps.iter().position(|&jump| jump == from)?));
    if let Some((place, jump)) = open.and_then(jump) {
        part.intervals[place].jumps.drain(..=jump);
        return Some(place);
    }
    // A library with a queue of its own hands over what it had fetched before the partition went.
    let stale = part.intervals.iter().rposition(|i| i.life == life && i.end.is_some() && i.next == Some(from));
    if stale.is_some() {
        return stale;
    }
    let place = open.or_else(|| part.newest_of(life));
    let expected = place.and_then(|place| part.intervals[place].next);
    let sentence = match (place, expected) {
        (None, _) => {
            format!("poll() gave {} records of {}, which it does not own", desk.who(life.0), desk.place(part.tp))
        }
        (_, None) => {
            format!("poll() gave {} records of {} before it had a position", desk.who(life.0), desk.place(part.tp))
        }
        (_, Some(next)) => {
            format!("poll() gave {} record {from} of {} where {next} was next", desk.who(life.0), desk.place(part.tp))
        }
    };
    desk.find("O7a", Class::Model, "delivery-order", About::records(part.tp, from, to), sentence);
    place
}

/// `[from, to)` were finished; the part does not know yet.
pub(crate) fn finished(
    part: &mut Part,
    who: crate::ids::ActorId,
    from: i64,
    to: i64,
    zombie: bool,
    desk: &mut Desk<'_>,
) {
    let Some(highest) = part.done.end().filter(|&highest| from < highest) else { return };
    let until = to.min(highest);
    let late = until - from - part.done.overlaps(from, until).map(|(a, b, _)| b - a).sum::<i64>();
    if late == 0 {
        return;
    }
    let tag = if zombie { "zombie" } else { "parallel worker" };
    desk.count(MetricName::OrderInversions, Some(part.tp), Some(who), Some(tag), late);
    if part.inversion_finding.is_some_and(|finding| desk.book.grow(finding, from, until)) {
        return;
    }
    let sentence = format!(
        "{} finished {late} records of {} after record {} ({tag})",
        desk.who(who),
        desk.place(part.tp),
        highest - 1
    );
    let about = About::records(part.tp, from, until).cause(tag);
    part.inversion_finding = desk.find("O7b", Class::Measure, "inversion", about, sentence);
}
