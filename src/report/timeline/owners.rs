//! Who has each partition, as the clients see it; an owner that is dead or frozen keeps it until the coordinator removes it.

use super::model::{Owner, PartitionLane, Window};
use super::spans::SpanList;
use crate::ids::ActorId;
use crate::time::Instant;
use std::collections::BTreeMap;

/// A partition of a scope: group (or reader), topic, number.
type Key = (String, String, u32);

/// All partitions that anybody ever had.
#[derive(Debug, Default)]
pub(super) struct Owners {
    lanes: BTreeMap<Key, SpanList<Owner>>,
}

impl Owners {
    /// Partitions `[from, to)` of a topic belong to an actor from now on.
    pub(super) fn owned(&mut self, window: &Window, at: Instant, actor: ActorId, scope: &str, range: (&str, u32, u32)) {
        for partition in range.1..range.2 {
            let key = (scope.to_owned(), range.0.to_owned(), partition);
            let lane = self.lanes.entry(key).or_insert_with(|| SpanList::new(Owner::Mixed));
            lane.set(window, at, Some(Owner::Member(actor.0)));
        }
    }

    /// Partitions `[from, to)` of a topic do not belong to this actor any more; if another has them already, nothing changes.
    pub(super) fn given_up(
        &mut self,
        window: &Window,
        at: Instant,
        actor: ActorId,
        scope: &str,
        range: (&str, u32, u32),
    ) {
        for partition in range.1..range.2 {
            let key = (scope.to_owned(), range.0.to_owned(), partition);
            if let Some(lane) = self.lanes.get_mut(&key).filter(|lane| has(lane, actor)) {
                lane.set(window, at, None);
            }
        }
    }

    /// The process of an actor is dead or frozen.
    pub(super) fn halted(&mut self, window: &Window, at: Instant, actor: ActorId) {
        for lane in self.lanes.values_mut().filter(|lane| has(lane, actor)) {
            lane.set(window, at, Some(Owner::Halted(actor.0)));
        }
    }

    /// The process of an actor goes on.
    pub(super) fn resumed(&mut self, window: &Window, at: Instant, actor: ActorId) {
        for lane in self.lanes.values_mut().filter(|lane| lane.current() == Some(Owner::Halted(actor.0))) {
            lane.set(window, at, Some(Owner::Member(actor.0)));
        }
    }

    /// An actor has nothing any more. With `dead_only`, a running one keeps what it has.
    pub(super) fn gone(&mut self, window: &Window, at: Instant, actor: ActorId, dead_only: bool) {
        let gone = |lane: &&mut SpanList<Owner>| {
            lane.current() == Some(Owner::Halted(actor.0)) || (!dead_only && has(lane, actor))
        };
        for lane in self.lanes.values_mut().filter(gone) {
            lane.set(window, at, None);
        }
    }

    /// The lanes, neighbours with the same history joined; and how many spans were merged.
    pub(super) fn finish(self, window: &Window, end: Instant) -> (Vec<PartitionLane>, u64) {
        let mut lanes: Vec<(Key, u32, SpanList<Owner>)> = Vec::new();
        let mut merged = 0;
        for (key, mut spans) in self.lanes {
            spans.close(window, end);
            merged += spans.merged;
            match lanes.last_mut() {
                Some((first, last, same))
                    if first.0 == key.0 && first.1 == key.1 && *last + 1 == key.2 && same.spans == spans.spans =>
                {
                    *last = key.2;
                }
                _ => lanes.push((key.clone(), key.2, spans)),
            }
        }
        let lane = |((scope, topic, first), last, spans): (Key, u32, SpanList<Owner>)| PartitionLane {
            label: if first == last { format!("{topic}-{first}") } else { format!("{topic}-{first}..{last}") },
            scope,
            spans: spans.spans,
        };
        (lanes.into_iter().map(lane).collect(), merged)
    }
}

fn has(lane: &SpanList<Owner>, actor: ActorId) -> bool {
    lane.current().is_some_and(|owner| owner == Owner::Member(actor.0) || owner == Owner::Halted(actor.0))
}
