//! The coordinator's timers.
//!
//! A timer is a [`TimerSlot`] in the thing that it belongs to (a member, a pending id, a group) and at most one valid
//! entry in the heap. Arming it again for later only changes the slot; the entry is put back when it comes up too early.
//! So a heartbeat costs two stores. Timers due at one millisecond fire in the order in which they were last armed, like
//! Kafka's timer queue.

use crate::ids::{GroupId, MemberId, Seq};
use crate::time::Instant;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a timer does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Target {
    /// A member or pending id is taken for dead (SESS-01, JOIN-11).
    Session(GroupId, MemberId),
    /// The join phase ends, or the initial delay does (REB-04, DELAY-03).
    Join(GroupId),
    /// Members that have not synced are removed (SYNC-10).
    Sync(GroupId),
    /// Old offsets and empty groups are cleaned up (OFF-21).
    Expiry,
    /// The same for one group, whose coordinator has moved: its ticks count from that load.
    ExpiryOf(GroupId),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Entry {
    pub at: Instant,
    order: u64,
    pub target: Target,
}

/// One timer: when it fires, and which heap entry stands for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimerSlot {
    /// When it fires; `Instant::MAX`: not armed.
    at: Instant,
    order: u64,
    /// The event that armed it.
    cause: Seq,
    queued_at: Instant,
    queued_order: u64,
}

impl Default for TimerSlot {
    fn default() -> Self {
        let never = Instant::MAX;
        TimerSlot { at: never, order: 0, cause: Seq::NONE, queued_at: never, queued_order: 0 }
    }
}

impl TimerSlot {
    /// Names the event that armed the timer, when that event came after the arming.
    #[inline]
    pub fn set_cause(&mut self, cause: Seq) {
        self.cause = cause;
    }

    /// Stops the timer.
    pub fn cancel(&mut self) {
        self.at = Instant::MAX;
    }

    pub fn is_armed(&self) -> bool {
        self.at != Instant::MAX
    }
}

/// The heap behind all slots of a coordinator.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<Entry>>,
    armed: u64,
}

impl Timers {
    /// Starts `slot`, or starts it anew.
    #[inline]
    pub fn arm(&mut self, slot: &mut TimerSlot, at: Instant, cause: Seq, target: Target) {
        self.armed += 1;
        slot.at = at;
        slot.order = self.armed;
        slot.cause = cause;
        if slot.queued_at > at {
            self.queue(slot, target);
        }
    }

    fn queue(&mut self, slot: &mut TimerSlot, target: Target) {
        slot.queued_at = slot.at;
        slot.queued_order = slot.order;
        self.heap.push(Reverse(Entry { at: slot.at, order: slot.order, target }));
    }

    /// The earliest entry; it may turn out to be out of date when it comes up.
    #[inline]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.heap.peek().map(|entry| entry.0.at)
    }

    /// Takes the first entry that is due.
    pub fn pop_due(&mut self, now: Instant) -> Option<Entry> {
        if self.heap.peek()?.0.at > now {
            return None;
        }
        self.heap.pop().map(|entry| entry.0)
    }

    /// Whether `entry` really is the timer of `slot` firing: the event that armed it, if so. A timer that was armed
    /// again in the meantime is put back.
    pub fn fires(&mut self, slot: &mut TimerSlot, entry: Entry) -> Option<Seq> {
        if slot.queued_order != entry.order {
            return None;
        }
        slot.queued_at = Instant::MAX;
        if !slot.is_armed() {
            return None;
        }
        if slot.order != entry.order {
            self.queue(slot, entry.target);
            return None;
        }
        slot.cancel();
        Some(slot.cause)
    }

    #[cfg(test)]
    pub fn queued(&self) -> usize {
        self.heap.len()
    }
}
