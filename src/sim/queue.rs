//! What is due when: messages and control events in a heap, one re-armed wake-up for each actor in an indexed heap.
//!
//! A wake-up moves when its actor's deadline moves, so nothing stale ever waits in a heap (stale timers double its cost).

use super::message::Message;
use crate::ids::ActorId;
use crate::time::Instant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something the driver does of itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Control {
    /// Line `0` of the expanded timeline.
    Timeline(u32),
    /// A process starts (index into the processes).
    Start(u32),
    /// The grace of a clean shutdown is over, for this incarnation of a process.
    GraceOver(u32, u32),
    /// A window (pause, slow, stuck, cut) is over.
    WindowOver(u32),
    /// One member of a staggered event is due (index into the staggered steps).
    Step(u32),
    /// A stream of records has its next one (index into the streams).
    Produce(u32),
    /// A process in whose place another has come stops (index into the processes).
    Outgoing(u32),
}

/// Something that is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Due {
    /// A message arrives (its slot).
    Message(u32),
    /// An actor's deadline.
    Wake(ActorId),
    /// The driver's own.
    Control(Control),
}

/// Everything that waits for its instant.
#[derive(Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<(Instant, u64, Due)>>,
    pushed: u64,
    wakes: Wakes,
    slots: Vec<Option<Message>>,
    free: Vec<u32>,
}

impl Queue {
    /// A queue for actors numbered below `actors`.
    pub fn new(actors: usize) -> Self {
        Queue { wakes: Wakes::new(actors), ..Queue::default() }
    }

    /// A message arrives at `at`.
    pub fn push_message(&mut self, at: Instant, message: Message) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 messages in flight")
            }
        };
        self.slots[slot as usize] = Some(message);
        self.push(at, Due::Message(slot));
    }

    /// A control event is due at `at`.
    pub fn push_control(&mut self, at: Instant, control: Control) {
        self.push(at, Due::Control(control));
    }

    fn push(&mut self, at: Instant, due: Due) {
        self.pushed += 1;
        self.heap.push(Reverse((at, self.pushed, due)));
    }

    /// `actor` wants to be called at `at` next (`None`: not at all).
    pub fn set_wake(&mut self, actor: ActorId, at: Option<Instant>) {
        self.wakes.set(actor.0, at);
    }

    /// Looks at the message in a slot.
    pub fn message(&self, slot: u32) -> &Message {
        self.slots[slot as usize].as_ref().expect("a due message is in its slot")
    }

    /// Takes the message out of its slot.
    pub fn take_message(&mut self, slot: u32) -> Message {
        self.free.push(slot);
        self.slots[slot as usize].take().expect("a due message is in its slot")
    }

    /// The next instant at which anything is due.
    pub fn next_instant(&self) -> Option<Instant> {
        let message = self.heap.peek().map(|Reverse((at, _, _))| *at);
        let wake = self.wakes.first().map(|(at, _)| at);
        match (message, wake) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Moves everything that is due at `at` into `due`, with a number that tells the order of pushing. Wake-ups that are
    /// taken out are no longer set.
    pub fn take_due(&mut self, at: Instant, due: &mut Vec<(u64, Due)>) {
        while let Some(&Reverse((t, number, item))) = self.heap.peek() {
            if t > at {
                break;
            }
            self.heap.pop();
            due.push((number, item));
        }
        while let Some((t, actor)) = self.wakes.first() {
            if t > at {
                break;
            }
            self.wakes.set(actor, None);
            due.push((0, Due::Wake(ActorId(actor))));
        }
    }
}

const ABSENT: u32 = u32::MAX;

/// A binary heap of one instant per actor in which an entry can be moved.
#[derive(Default)]
struct Wakes {
    heap: Vec<(Instant, u32)>,
    place: Vec<u32>,
}

impl Wakes {
    fn new(actors: usize) -> Self {
        Wakes { heap: Vec::new(), place: vec![ABSENT; actors] }
    }

    fn first(&self) -> Option<(Instant, u32)> {
        self.heap.first().copied()
    }

    fn set(&mut self, actor: u32, at: Option<Instant>) {
        let place = self.place[actor as usize];
        match (place, at) {
            (ABSENT, None) => {}
            (ABSENT, Some(at)) => {
                self.heap.push((at, actor));
                self.place[actor as usize] = (self.heap.len() - 1) as u32;
                self.up(self.heap.len() - 1);
            }
            (place, Some(at)) => {
                let place = place as usize;
                let before = self.heap[place];
                if before.0 == at {
                    return;
                }
                self.heap[place] = (at, actor);
                if (at, actor) < before {
                    self.up(place);
                } else {
                    self.down(place);
                }
            }
            (place, None) => {
                let place = place as usize;
                self.place[actor as usize] = ABSENT;
                let last = self.heap.pop().expect("a set wake-up is in the heap");
                if place < self.heap.len() {
                    self.heap[place] = last;
                    self.place[last.1 as usize] = place as u32;
                    self.up(place);
                    self.down(self.place[last.1 as usize] as usize);
                }
            }
        }
    }

    fn up(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.heap[parent] <= self.heap[at] {
                break;
            }
            self.swap(parent, at);
            at = parent;
        }
    }

    fn down(&mut self, mut at: usize) {
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.heap[child] < self.heap[least] {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.swap(least, at);
            at = least;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.place[self.heap[a].1 as usize] = a as u32;
        self.place[self.heap[b].1 as usize] = b as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn wakes_behave_like_a_sorted_set(steps in prop::collection::vec((0u32..8, prop::option::of(0u64..20)), 0..200)) {
            let mut wakes = Wakes::new(8);
            let mut model: [Option<u64>; 8] = [None; 8];
            for (actor, at) in steps {
                wakes.set(actor, at.map(Instant::from_us));
                model[actor as usize] = at;
                let sorted: BTreeSet<(Instant, u32)> =
                    (0..8u32).filter_map(|a| Some((Instant::from_us(model[a as usize]?), a))).collect();
                prop_assert_eq!(wakes.first(), sorted.first().copied());
                prop_assert_eq!(wakes.heap.len(), sorted.len());
            }
        }
    }
}
