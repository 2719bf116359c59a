//! The trace: what happened, in one total order (floor 2).
//!
//! Broker, clients and driver push [`Event`]s; oracles and reports read them and nothing else. An event is small, `Copy`,
//! holds interned ids and no list. Its [`Kind`] says what happened; [`kinds`] lists all kinds with their fields.
//! [`hash`] folds events into the run's trace hash; [`export`] writes and reads CSV and JSON Lines.

pub mod export;
pub mod field;
pub mod hash;
pub mod kinds;
mod labels;
mod recorder;

pub use kinds::Kind;
pub use labels::*;
pub use recorder::{Observer, Recorder};

use crate::ids::{ActorId, Incarnation, Seq};
use crate::time::Instant;

/// Version of the trace schema: exported with every trace, checked when one is read.
pub const SCHEMA_VERSION: u32 = 1;

/// One thing that happened.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Event {
    /// Place in the total order, from 1.
    pub seq: Seq,
    /// When.
    pub t: Instant,
    /// Who did it.
    pub actor: ActorId,
    /// Which life of that process.
    pub incarnation: Incarnation,
    /// The event that caused it; `Seq::NONE` if the scenario did.
    pub cause: Seq,
    /// What.
    pub kind: Kind,
}

/// A trace kept in memory, with the names that its events refer to.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The events, by `seq`.
    pub events: Vec<Event>,
    /// The names.
    pub names: crate::ids::Names,
}
