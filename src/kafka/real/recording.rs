//! What was noted down during a run, before it becomes a trace.

use crate::ids::{ActorId, Incarnation};
use crate::kafka::member::Told;
use crate::kafka::wire::{Stamp, What};
use crate::trace::Verb;

/// One life of a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Life {
    /// Index of its process: actor `FIRST_CLIENT + process`.
    pub process: usize,
    /// Which life of it.
    pub incarnation: Incarnation,
}

/// What the director did or saw.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// A timeline event begins to do something to an actor.
    FaultStart(ActorId, Verb, u32),
    /// It is over.
    FaultEnd(ActorId, Verb, u32),
    /// It found its target in no state to obey.
    Ignored(ActorId, Verb, u32),
    /// The process of a life was killed by the timeline.
    Crash(usize),
    /// The process of a life was killed because a clean shutdown took too long.
    Killed(usize),
    /// The process of a life is gone, by itself.
    Gone(usize),
    /// The process of a life is frozen.
    Pause(usize),
    /// It goes on.
    Resume(usize),
    /// A topic has so many partitions.
    Topic(String, u32),
    /// Records `[from, to)` are in the log.
    Append {
        /// Topic as in the scenario.
        topic: String,
        /// Partition.
        partition: u32,
        /// First offset.
        from: i64,
        /// One past the last.
        to: i64,
        /// Who wrote them.
        producer: ActorId,
    },
}

/// Something noted down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// A member's process told something.
    Told(usize, Told),
    /// Seen between the process of a life and the cluster.
    Wire(usize, What),
    /// The coordinator described a group of the scenario.
    Group(usize, What),
    /// A note of the director.
    Note(Note),
}

/// Everything noted down.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// All lives, in order of their starts.
    pub lives: Vec<Life>,
    /// All items, in order of arrival.
    pub items: Vec<(Stamp, Item)>,
}

impl Recording {
    /// Notes down a life; gives its number.
    pub fn live(&mut self, process: usize, incarnation: Incarnation) -> usize {
        self.lives.push(Life { process, incarnation });
        self.lives.len() - 1
    }

    /// Takes down what happened at `at`.
    pub fn push(&mut self, at: Stamp, item: Item) {
        self.items.push((at, item));
    }
}
