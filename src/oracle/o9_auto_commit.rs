//! O9, auto-commit rule (MODEL): offsets that the Java client auto-commits during poll k are not above its positions after
//! poll k - 1 (CLIENT-27). Other libraries commit what they handed over, so for them, and for commits on revoke or close,
//! the bound is the position, and what they still had in hand of the time before when the partition came back to them: who
//! marks it then has it committed.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::{Life, Part};
use crate::trace::CommitOrigin;

/// A client sent a commit of `offset`. `java` says which rule binds; `poll` is the number of its current poll.
pub(crate) fn sent(
    part: &Part,
    life: Life,
    offset: i64,
    origin: CommitOrigin,
    java: bool,
    poll: u64,
    desk: &mut Desk<'_>,
) {
    if origin != CommitOrigin::Auto {
        return;
    }
    let Some(interval) = part.newest_of(life).map(|place| &part.intervals[place]) else { return };
    let bound = match interval.next {
        _ if java && interval.poll == poll => interval.next_before,
        next if java => next,
        next => next.max(next.and(interval.held_before)),
    };
    let Some(bound) = bound.filter(|&bound| offset > bound) else { return };
    let sentence = format!(
        "{} auto-committed {offset} for {}, where earlier polls had come to {bound}",
        desk.who(life.0),
        desk.place(part.tp)
    );
    desk.find("O9", Class::Model, "auto-commit", About::partition(part.tp), sentence);
}
