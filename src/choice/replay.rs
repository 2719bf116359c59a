//! Draws from a recorded list; where it has no entry, the middle value.

use super::{Choice, Purpose};
use crate::ids::ActorId;
use std::collections::BTreeMap;

/// Which value: the stream and either a count or a key of the caller's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DrawKey {
    /// What it decides.
    pub purpose: Purpose,
    /// For whom.
    pub actor: ActorId,
    /// Whether `index` is a key of the caller's.
    pub keyed: bool,
    /// Count of earlier draws from the stream, or the key.
    pub index: u64,
}

/// Replays recorded values; used to shrink and to reproduce.
#[derive(Clone, Debug, Default)]
pub struct ReplayChoice {
    values: BTreeMap<DrawKey, u64>,
    counts: BTreeMap<(Purpose, ActorId), u64>,
}

impl ReplayChoice {
    /// Replays `values`.
    pub fn new(values: BTreeMap<DrawKey, u64>) -> Self {
        ReplayChoice { values, counts: BTreeMap::new() }
    }

    fn value(&self, key: DrawKey, bound: u64) -> u64 {
        match self.values.get(&key) {
            Some(&value) => value.min(bound.saturating_sub(1)),
            None => bound / 2,
        }
    }
}

impl Choice for ReplayChoice {
    fn draw(&mut self, purpose: Purpose, actor: ActorId, bound: u64) -> u64 {
        let count = self.counts.entry((purpose, actor)).or_insert(0);
        let index = *count;
        *count += 1;
        self.value(DrawKey { purpose, actor, keyed: false, index }, bound)
    }

    fn draw_at(&mut self, purpose: Purpose, actor: ActorId, key: u64, bound: u64) -> u64 {
        self.value(DrawKey { purpose, actor, keyed: true, index: key }, bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_values_come_back_and_the_rest_is_the_middle() {
        let key = DrawKey { purpose: Purpose::Selection, actor: ActorId(2), keyed: false, index: 1 };
        let mut choice = ReplayChoice::new(BTreeMap::from([(key, 9)]));
        let drawn: Vec<u64> = (0..3).map(|_| choice.draw(Purpose::Selection, ActorId(2), 10)).collect();
        assert_eq!(drawn, [5, 9, 5]);
    }
}
