//! Leaving for max.poll.interval.ms: CLIENT-05, CLIENT-06. How late a client notices depends on what its heartbeat thread is
//! doing, which the trace does not show; that it never does so early is judged.

use crate::ids::ActorId;
use crate::oracle::book::{About, Desk};
use crate::oracle::outcome::Class;
use crate::oracle::view::Actor;
use crate::time::Instant;

/// The client's poll timer fired; its last reset was at `actor.poll_reset`.
pub(crate) fn fired(actor: &Actor, id: ActorId, max_poll_ms: Option<i64>, desk: &mut Desk<'_>) {
    let Some(due) = max_poll_ms.map(|ms| actor.poll_reset.deadline_ms(ms)).filter(|&due| desk.at < due) else { return };
    let sentence = format!(
        "{} gave up its membership at {} although its poll timer ran until {due} (CLIENT-05)",
        desk.who(id),
        desk.at
    );
    desk.find("O12", Class::Model, "timer", About::default(), sentence);
}

/// The coordinator was told that this process leaves for max.poll.interval.ms.
pub(crate) fn left(actor: &Actor, id: ActorId, desk: &mut Desk<'_>) {
    if actor.poll_timed_out.is_none_or(|at: Instant| at > desk.at) {
        let sentence = format!("{} left for max.poll.interval.ms, which had not passed (CLIENT-05)", desk.who(id));
        desk.find("O12", Class::Model, "timer", About::default(), sentence);
    }
}
