//! Where events go as they are emitted.

use super::{Event, Kind};
use crate::ids::{ActorId, Incarnation, Seq};
use crate::time::Instant;

/// Numbers events and holds them until the driver drains them to its observers.
#[derive(Debug, Default)]
pub struct Recorder {
    last: u64,
    pending: Vec<Event>,
}

impl Recorder {
    /// An empty recorder; the first event gets `Seq(1)`.
    pub fn new() -> Self {
        Recorder::default()
    }

    /// Takes down an event and returns its number, for those it causes.
    pub fn emit(&mut self, t: Instant, actor: ActorId, incarnation: Incarnation, cause: Seq, kind: Kind) -> Seq {
        self.last += 1;
        let seq = Seq(self.last);
        self.pending.push(Event { seq, t, actor, incarnation, cause, kind });
        seq
    }

    /// Number of the newest event.
    pub fn last_seq(&self) -> Seq {
        Seq(self.last)
    }

    /// Events emitted since the last drain.
    pub fn pending(&self) -> &[Event] {
        &self.pending
    }

    /// Forgets the pending events; their numbers stay used.
    pub fn clear_pending(&mut self) {
        self.pending.clear();
    }
}

/// Someone who is shown every event, in order, as it happens.
pub trait Observer {
    /// The next event. `names` knows every symbol in it.
    fn observe(&mut self, event: &Event, names: &crate::ids::Names);
}
