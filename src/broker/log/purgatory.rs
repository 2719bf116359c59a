//! Parked fetches. Kafka calls the place where requests wait a purgatory.

use super::Topics;
use super::fetch::is_ripe;
use crate::ids::{ConnectionId, TopicPartition};
use crate::protocol::{FetchRequest, RequestHeader};
use crate::time::Instant;
use std::collections::BTreeSet;

/// A place in the purgatory.
pub(super) type Slot = u32;

/// A fetch that waits.
#[derive(Debug)]
pub(in crate::broker) struct Parked {
    /// Header of the request.
    pub(in crate::broker) header: RequestHeader,
    /// The request.
    pub(in crate::broker) request: Box<FetchRequest>,
    deadline: Instant,
    /// How many were parked before it: those that fall due together leave in that order.
    turn: u64,
}

/// The fetches that wait for records, each known to the partitions that it reads and to the clock.
#[derive(Debug, Default)]
pub(in crate::broker) struct Purgatory {
    slots: Vec<Option<Parked>>,
    free: Vec<Slot>,
    deadlines: BTreeSet<(Instant, u64, Slot)>,
    parked_so_far: u64,
    /// Kept for its memory: the slots that an append makes ripe.
    ripe: Vec<Slot>,
}

impl Purgatory {
    /// Parks a fetch that came in at `now`.
    pub(in crate::broker) fn park(
        &mut self,
        topics: &mut Topics,
        now: Instant,
        header: RequestHeader,
        request: Box<FetchRequest>,
    ) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as Slot
        });
        for wanted in &request.partitions {
            if let Some(log) = topics.log_mut(wanted.partition) {
                log.waiting.push(slot);
            }
        }
        let deadline = now.deadline_ms(i64::from(request.max_wait_ms));
        let turn = self.parked_so_far;
        self.parked_so_far += 1;
        self.deadlines.insert((deadline, turn, slot));
        self.slots[slot as usize] = Some(Parked { header, request, deadline, turn });
    }

    /// Takes out the fetches that have enough now that records came to `partition`, in the order in which they were parked.
    pub(in crate::broker) fn take_ripe(
        &mut self,
        topics: &mut Topics,
        partition: TopicPartition,
        mut take: impl FnMut(&Topics, Parked),
    ) {
        let Some(log) = topics.log(partition) else { return };
        let mut ripe = std::mem::take(&mut self.ripe);
        for &slot in &log.waiting {
            let parked = self.slots[slot as usize].as_ref();
            if ripe.last() != Some(&slot) && parked.is_some_and(|parked| is_ripe(topics, &parked.request)) {
                ripe.push(slot);
            }
        }
        for slot in ripe.drain(..) {
            if let Some(parked) = self.remove(topics, slot) {
                take(topics, parked);
            }
        }
        self.ripe = ripe;
    }

    /// Takes out a fetch whose time is up at `now`.
    pub(in crate::broker) fn take_due(&mut self, topics: &mut Topics, now: Instant) -> Option<Parked> {
        let &(deadline, _, slot) = self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.remove(topics, slot)
    }

    /// Forgets the fetch of a connection that is gone.
    pub(in crate::broker) fn forget(&mut self, topics: &mut Topics, connection: ConnectionId) {
        let is_its = |parked: &Option<Parked>| parked.as_ref().is_some_and(|p| p.header.connection == connection);
        while let Some(slot) = self.slots.iter().position(is_its) {
            self.remove(topics, slot as Slot);
        }
    }

    /// When the next fetch has waited long enough.
    pub(in crate::broker) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, ..)| deadline)
    }

    fn remove(&mut self, topics: &mut Topics, slot: Slot) -> Option<Parked> {
        let parked = self.slots[slot as usize].take()?;
        self.free.push(slot);
        self.deadlines.remove(&(parked.deadline, parked.turn, slot));
        for wanted in &parked.request.partitions {
            if let Some(log) = topics.log_mut(wanted.partition) {
                log.waiting.retain(|&waiting| waiting != slot);
            }
        }
        Some(parked)
    }
}
