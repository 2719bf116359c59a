//! Parked fetches. Kafka calls the place where requests wait a purgatory.

use super::Topics;
use super::fetch::is_ripe;
use crate::ids::TopicPartition;
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
    /// The logs have nothing for it, as far as is known: no log that it reads has changed since that was seen.
    pub(in crate::broker) nothing: bool,
}

/// The parked fetches that read one partition, in the order in which they were parked: hardly ever more than one.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    first: Option<Slot>,
    more: Vec<Slot>,
}

impl Waiting {
    fn push(&mut self, slot: Slot) {
        match self.first {
            None => self.first = Some(slot),
            Some(_) => self.more.push(slot),
        }
    }

    fn remove(&mut self, slot: Slot) {
        self.more.retain(|&waiting| waiting != slot);
        if self.first == Some(slot) {
            self.first = if self.more.is_empty() { None } else { Some(self.more.remove(0)) };
        }
    }

    fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        self.first.into_iter().chain(self.more.iter().copied())
    }
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
    /// Parks a fetch that came in at `now`; `nothing`: the logs have nothing for it now.
    pub(in crate::broker) fn park(
        &mut self,
        topics: &mut Topics,
        now: Instant,
        header: RequestHeader,
        request: Box<FetchRequest>,
        nothing: bool,
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
        self.slots[slot as usize] = Some(Parked { header, request, deadline, turn, nothing });
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
        for slot in log.waiting.iter() {
            let Some(parked) = &mut self.slots[slot as usize] else { continue };
            parked.nothing = false;
            if ripe.last() != Some(&slot) && is_ripe(topics, &parked.request) {
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

    /// The log of `partition` has changed otherwise than by an append.
    pub(in crate::broker) fn changed(&mut self, topics: &Topics, partition: TopicPartition) {
        for slot in topics.log(partition).into_iter().flat_map(|log| log.waiting.iter()) {
            if let Some(parked) = &mut self.slots[slot as usize] {
                parked.nothing = false;
            }
        }
    }

    /// Takes out a fetch whose time is up at `now`.
    pub(in crate::broker) fn take_due(&mut self, topics: &mut Topics, now: Instant) -> Option<Parked> {
        let &(deadline, _, slot) = self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.remove(topics, slot)
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
                log.waiting.remove(slot);
            }
        }
        Some(parked)
    }
}
