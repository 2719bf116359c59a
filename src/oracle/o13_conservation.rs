//! O13, conservation (MODEL): every request ends as exactly one of reply, timeout, lost, or is open at the end of the run or at
//! the crash of its sender; there is no event from a crashed or paused process; nothing is done by an old incarnation.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::Actor;
use crate::ids::{CorrelationId, Incarnation};
use crate::protocol::Api;
use crate::time::Instant;
use crate::trace::{Event, Kind};

/// An event of a client; its process's state is that before the event.
pub(crate) fn event(actor: &Actor, event: &Event, desk: &mut Desk<'_>) {
    if event.incarnation == actor.incarnation && actor.runs() {
        return;
    }
    let kind = &event.kind;
    let wrong = if matches!(kind, Kind::Start {}) {
        if event.incarnation.0 == actor.incarnation.0 + 1 && !actor.live {
            return;
        }
        "started out of turn"
    } else if event.incarnation != actor.incarnation {
        "acted as an old or unknown incarnation"
    } else if last_words(kind) && event.t == actor.halted_at {
        return;
    } else if actor.frozen && actor.live {
        match kind {
            Kind::Resume {} | Kind::Crash {} | Kind::Killed {} => return,
            // Killed while frozen: what it leaves behind is written down before its end.
            Kind::Interrupted { .. } | Kind::Dropped { .. } | Kind::RequestLost { .. } | Kind::Unsent { .. } => return,
            _ => "acted while it was frozen",
        }
    } else if actor.failed && !matches!(kind, Kind::Crash {}) {
        return;
    } else {
        "acted although its process had ended"
    };
    let sentence = format!("{} {wrong}: {} of incarnation {}", desk.who(event.actor), kind.name(), event.incarnation);
    desk.find("O13", Class::Model, "conservation", About::default(), sentence);
}

/// What is still written down at the instant of a crash or pause.
fn last_words(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::ProcessDone { .. }
            | Kind::Interrupted { .. }
            | Kind::Dropped { .. }
            | Kind::RequestLost { .. }
            | Kind::Unsent { .. }
            | Kind::Disconnected { .. }
            | Kind::Revoked { .. }
            | Kind::Lost { .. }
    )
}

/// A request was sent.
pub(crate) fn sent(actor: &mut Actor, request: CorrelationId, api: Api, event: &Event, desk: &mut Desk<'_>) {
    if actor.open.iter().any(|open| open.0 == request) {
        let sentence = format!("{} sent request {request} twice", desk.who(event.actor));
        desk.find("O13", Class::Model, "conservation", About::default(), sentence);
    }
    actor.open.push((request, api));
}

/// A request ended. Gives which it was.
pub(crate) fn ended(actor: &mut Actor, request: CorrelationId, api: Api, event: &Event, desk: &mut Desk<'_>) {
    match actor.open.iter().position(|open| *open == (request, api)) {
        Some(place) => drop(actor.open.swap_remove(place)),
        None => {
            let sentence =
                format!("{} of {}: request {request} was not open", event.kind.name(), desk.who(event.actor));
            desk.find("O13", Class::Model, "conservation", About::default(), sentence);
        }
    }
}

/// The process starts: nothing of an earlier life counts.
pub(crate) fn started(actor: &mut Actor, incarnation: Incarnation) {
    actor.incarnation = incarnation;
    actor.live = true;
    actor.frozen = false;
    actor.failed = false;
    actor.polls = 0;
    actor.poll_timed_out = None;
    actor.halted_at = Instant::ZERO;
    actor.open.clear();
    actor.commits.clear();
    actor.touched.clear();
    actor.last_reset = None;
}
