//! `store = "with-result"`: offsets kept outside Kafka, written in the same transaction as the results.

use super::io::Io;
use super::subscription::{FetchState, Subscription};
use crate::ids::{Offset, TopicPartition};
use crate::trace::{Kind, PositionOrigin};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The table of next offsets that the application of a group keeps beside its results, as in a database that all its
/// processes share: it outlives them. Clones are handles of one table.
#[derive(Clone, Debug, Default)]
pub struct ResultStore {
    next: Rc<RefCell<BTreeMap<TopicPartition, Offset>>>,
}

impl ResultStore {
    /// The offset behind the last result of a partition.
    pub fn next(&self, partition: TopicPartition) -> Option<Offset> {
        self.next.borrow().get(&partition).copied()
    }

    /// The transaction that writes a result: moves the offset to `to` if it still is `expected`; false if it is not, and then
    /// nothing is written.
    pub fn advance(&self, partition: TopicPartition, expected: Option<Offset>, to: Offset) -> bool {
        let mut next = self.next.borrow_mut();
        let as_expected = next.get(&partition).copied() == expected;
        if as_expected {
            next.insert(partition, to);
        }
        as_expected
    }
}

/// One process's use of the store.
#[derive(Debug)]
pub(crate) struct Results {
    store: ResultStore,
    /// What each partition's offset was when this process last read or wrote it. A process that has lost a partition without
    /// knowing goes on with what it knew, which is what fences it.
    expected: BTreeMap<TopicPartition, Option<Offset>>,
}

impl Results {
    /// The use of `store` by a process that has read nothing yet.
    pub fn new(store: ResultStore) -> Self {
        Results { store, expected: BTreeMap::new() }
    }

    /// Reads a partition's offset.
    pub fn read(&mut self, partition: TopicPartition) -> Option<Offset> {
        let next = self.store.next(partition);
        self.expected.insert(partition, next);
        next
    }

    /// Writes a result and the offset behind it; false if somebody else has written in between.
    pub fn write(&mut self, partition: TopicPartition, to: Offset) -> bool {
        let expected = self.expected.get(&partition).copied().flatten();
        let written = self.store.advance(partition, expected, to);
        if written {
            self.expected.insert(partition, Some(to));
        }
        written
    }
}

impl Subscription {
    /// onPartitionsAssigned of an application that keeps its offsets with its results: of each partition that has been taken
    /// it reads the offset and seeks there. One without an offset starts where it would start otherwise.
    pub fn seek_to_results(&mut self, io: &mut Io<'_, '_>) {
        let Some(mut results) = self.results.take() else { return };
        for index in 0..self.partitions.len() {
            let partition = self.partitions[index].tp;
            if self.partitions[index].state == FetchState::Initializing
                && let Some(offset) = results.read(partition)
            {
                self.seek(index, offset);
                io.emit(Kind::Position { partition, offset, origin: PositionOrigin::Result });
            }
        }
        self.results = Some(results);
    }

    /// A transaction has failed: the application reads the offset again, and seeks there.
    pub fn seek_to_result(&mut self, io: &mut Io<'_, '_>, partition: TopicPartition) {
        let Some(results) = &mut self.results else { return };
        let next = results.read(partition);
        let owned = self.find(partition).filter(|&index| self.partitions[index].state == FetchState::Fetching);
        if let (Some(offset), Some(index)) = (next, owned) {
            self.seek(index, offset);
            io.emit(Kind::Position { partition, offset, origin: PositionOrigin::Result });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TopicName;

    #[test]
    fn who_has_read_an_old_offset_writes_nothing() {
        let store = ResultStore::default();
        let partition = TopicPartition::new(TopicName::default(), 0);
        let (mut old, mut new) = (Results::new(store.clone()), Results::new(store.clone()));
        assert_eq!(old.read(partition), None);
        assert!(old.write(partition, Offset(1)));
        assert_eq!(new.read(partition), Some(Offset(1)));
        assert!(new.write(partition, Offset(2)));
        assert!(!old.write(partition, Offset(2)));
        assert_eq!((store.next(partition), old.read(partition)), (Some(Offset(2)), Some(Offset(2))));
        assert!(old.write(partition, Offset(3)));
        assert!(!new.write(partition, Offset(3)));
    }
}
