//! What a state machine of the core is handed with every input (between floors 2 and 3).

use crate::choice::Choice;
use crate::ids::{ActorId, Incarnation, Names, Seq};
use crate::time::Instant;
use crate::trace::{Kind, Recorder};

/// The instant, the names, the choice source and the trace: everything that the core may touch beside its own state.
pub struct Context<'a> {
    /// Now, to the microsecond. Kafka's own clock is `now.floor_ms()`.
    pub now: Instant,
    /// The event that caused this input; events emitted while handling it carry it.
    pub cause: Seq,
    /// The run's table of names.
    pub names: &'a mut Names,
    /// The one choice source.
    pub choice: &'a mut dyn Choice,
    /// Where events go.
    pub recorder: &'a mut Recorder,
}

impl Context<'_> {
    /// Emits an event with the input's cause; returns its number so that messages and later events can name it as theirs.
    pub fn emit(&mut self, actor: ActorId, incarnation: Incarnation, kind: Kind) -> Seq {
        self.recorder.emit(self.now, actor, incarnation, self.cause, kind)
    }

    /// Emits an event of the broker.
    pub fn emit_broker(&mut self, kind: Kind) -> Seq {
        self.emit(ActorId::BROKER, Incarnation(0), kind)
    }
}
