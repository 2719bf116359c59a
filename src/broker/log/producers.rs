//! What a log knows of the idempotent producers that write to it (KIP-98; Kafka's ProducerStateManager).
//!
//! A batch carries producer id, epoch and the sequence number of its first record. The log takes it if it follows the batch
//! before; one of the last five batches is answered again without being appended; anything else is out of order. Entries do
//! not expire here (producer.id.expiration.ms).

use crate::ids::Offset;
use crate::protocol::{ErrorCode, Sequence};
use std::collections::VecDeque;

/// How many batches of each producer a log remembers (ProducerStateEntry.NUM_BATCHES_TO_RETAIN).
const REMEMBERED: usize = 5;

/// What becomes of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::broker) enum Place {
    /// It is next.
    Next,
    /// It is in the log already, at this offset.
    Known(Offset),
    /// It is refused.
    Refused(ErrorCode),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Batch {
    first: i32,
    last: i32,
    offset: Offset,
}

#[derive(Debug)]
struct Producer {
    id: i64,
    epoch: i16,
    batches: VecDeque<Batch>,
}

/// The producers that a log knows.
#[derive(Debug, Default)]
pub(in crate::broker) struct Producers {
    all: Vec<Producer>,
}

impl Producers {
    /// What becomes of a batch of `count` records.
    pub(in crate::broker) fn place(&self, sequence: Sequence, count: u64) -> Place {
        let Sequence { producer_id, epoch, first } = sequence;
        let Some(producer) = self.all.iter().find(|p| p.id == producer_id) else { return Place::Next };
        if epoch < producer.epoch {
            return Place::Refused(ErrorCode::InvalidProducerEpoch);
        }
        if epoch > producer.epoch {
            return if first == 0 { Place::Next } else { Place::Refused(ErrorCode::OutOfOrderSequenceNumber) };
        }
        let last = last_of(first, count);
        if let Some(known) = producer.batches.iter().find(|b| b.first == first && b.last == last) {
            return Place::Known(known.offset);
        }
        match producer.batches.back() {
            Some(newest) if next_of(newest.last) != first => Place::Refused(ErrorCode::OutOfOrderSequenceNumber),
            _ => Place::Next,
        }
    }

    /// A batch was appended at `offset`.
    pub(in crate::broker) fn appended(&mut self, sequence: Sequence, count: u64, offset: Offset) {
        let Sequence { producer_id: id, epoch, first } = sequence;
        let place = match self.all.iter().position(|p| p.id == id) {
            Some(place) => place,
            None => {
                self.all.push(Producer { id, epoch, batches: VecDeque::with_capacity(REMEMBERED) });
                self.all.len() - 1
            }
        };
        let producer = &mut self.all[place];
        if producer.epoch != epoch {
            producer.epoch = epoch;
            producer.batches.clear();
        }
        if producer.batches.len() == REMEMBERED {
            producer.batches.pop_front();
        }
        producer.batches.push_back(Batch { first, last: last_of(first, count), offset });
    }
}

/// The sequence number after `last`; they begin anew from 0 after 2^31 - 1 (DefaultRecordBatch.incrementSequence).
fn next_of(last: i32) -> i32 {
    last.checked_add(1).unwrap_or(0)
}

fn last_of(first: i32, count: u64) -> i32 {
    let last = (i64::from(first) + i64::try_from(count).unwrap_or(i64::MAX) - 1) & i64::from(i32::MAX);
    i32::try_from(last).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: i16, first: i32) -> Sequence {
        Sequence { producer_id: 7, epoch, first }
    }

    #[test]
    fn the_last_five_batches_are_known_and_others_must_follow() {
        let mut log = Producers::default();
        assert_eq!(log.place(at(0, 40), 3), Place::Next, "a log that knows nothing of a producer takes any number");
        for batch in 0..6 {
            assert_eq!(log.place(at(0, batch * 10), 10), Place::Next);
            log.appended(at(0, batch * 10), 10, Offset(i64::from(batch) * 100));
        }
        assert_eq!(log.place(at(0, 10), 10), Place::Known(Offset(100)));
        assert_eq!(log.place(at(0, 50), 10), Place::Known(Offset(500)));
        let out_of_order = Place::Refused(ErrorCode::OutOfOrderSequenceNumber);
        assert_eq!(log.place(at(0, 0), 10), out_of_order, "the sixth from the end is forgotten");
        assert_eq!(log.place(at(0, 70), 10), out_of_order);
        assert_eq!(log.place(at(0, 50), 9), out_of_order);
        assert_eq!(log.place(at(0, 60), 10), Place::Next);
    }

    #[test]
    fn a_new_epoch_begins_at_zero() {
        let mut log = Producers::default();
        log.appended(at(3, 0), 10, Offset(0));
        assert_eq!(log.place(at(2, 10), 1), Place::Refused(ErrorCode::InvalidProducerEpoch));
        assert_eq!(log.place(at(4, 10), 1), Place::Refused(ErrorCode::OutOfOrderSequenceNumber));
        assert_eq!(log.place(at(4, 0), 1), Place::Next);
        log.appended(at(4, 0), 1, Offset(10));
        assert_eq!(log.place(at(4, 0), 1), Place::Known(Offset(10)));
    }

    #[test]
    fn numbers_wrap() {
        assert_eq!(last_of(i32::MAX, 2), 0);
        assert_eq!(next_of(i32::MAX), 0);
    }
}
