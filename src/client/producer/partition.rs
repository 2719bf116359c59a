//! The queue of one partition: records by number, cut into batches only as they are sent.

use crate::ids::Seq;
use crate::time::Instant;
use std::collections::VecDeque;

/// A batch that has been cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Batch {
    pub partition: u32,
    pub from: u64,
    pub to: u64,
    /// When the call handed over its first record.
    pub created: Instant,
    /// How often it was sent before.
    pub retries: u32,
    /// Epoch and sequence number of its first record, once an idempotent producer has sent it.
    pub sequence: Option<(i16, i32)>,
    /// Not sent again before.
    pub not_before: Instant,
    /// The event for which it is sent again.
    pub by: Seq,
    /// The application has had its answer already.
    pub settled: bool,
}

impl Batch {
    /// Number of records.
    pub fn len(&self) -> u64 {
        self.to - self.from
    }
}

/// Records of one synchronous call in this partition.
#[derive(Clone, Copy, Debug)]
struct Run {
    from: u64,
    to: u64,
    left: u64,
    call: u64,
}

/// What a queue goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Records of a full batch.
    pub full: u64,
    /// A batch whose time is up is closed even if it cannot be sent yet.
    pub closes: bool,
    /// Once something is sent, all that is there is.
    pub drains: bool,
    /// Requests in flight that a partition may be part of.
    pub in_flight: u32,
}

/// The queue of one partition.
#[derive(Debug, Default)]
pub(super) struct Partition {
    /// First record that was never sent.
    next: u64,
    /// One past the last record handed over.
    end: u64,
    /// Ends of batches that were closed early.
    closed: VecDeque<u64>,
    /// Below this everything is ready.
    drain_to: u64,
    /// When records that were never sent were handed over: up to this number, then.
    arrivals: VecDeque<(u64, Instant)>,
    calls: VecDeque<Run>,
    /// Batches to be sent again, in this order, before anything new.
    retry: VecDeque<Batch>,
    pub in_flight: u32,
    epoch: i16,
    next_sequence: i32,
    /// The sequence number that follows the last answered batch.
    answered: i32,
    /// A batch with a sequence number was given up: nothing new is sent before all others of the kind are answered for, and
    /// if the broker's numbers do not go as far as ours by then, a new epoch begins (TransactionManager.maybeResolveSequences).
    unresolved: bool,
    /// The broker found numbers missing: what is left begins a new epoch when nothing is in flight.
    pub begins_epoch: bool,
    /// Where the partition stands in the accumulator's indexes.
    pub waits_until: Option<Instant>,
    pub expires_at: Option<Instant>,
}

impl Partition {
    /// Records that were never sent.
    pub fn unsent(&self) -> u64 {
        self.end - self.next
    }

    /// Whether there is anything to send.
    pub fn is_pending(&self) -> bool {
        self.next < self.end || !self.retry.is_empty()
    }

    /// Takes in `count` records of a call.
    pub fn hand_over(&mut self, count: u64, at: Instant, call: Option<u64>) {
        let from = self.end;
        self.end += count;
        match self.arrivals.back_mut() {
            Some(last) if last.1 == at => last.0 = self.end,
            _ => self.arrivals.push_back((self.end, at)),
        }
        if let Some(call) = call {
            self.calls.push_back(Run { from, to: self.end, left: count, call });
        }
    }

    /// When the record was handed over; it was never sent.
    fn handed_over(&self, record: u64) -> Instant {
        let place = self.arrivals.partition_point(|arrival| arrival.0 <= record);
        self.arrivals.get(place).map_or(Instant::ZERO, |arrival| arrival.1)
    }

    /// Where the next new batch ends.
    fn next_end(&self, limits: Limits) -> u64 {
        let full = self.next.saturating_add(limits.full).min(self.end);
        self.closed.front().map_or(full, |&closed| full.min(closed))
    }

    /// When the next batch may be sent: at once, at an instant (`linger` gives it from the instant of the first record), or
    /// not before something else happens.
    pub fn ready_at(&self, limits: Limits, flushing: bool, linger: impl Fn(Instant) -> Instant) -> Option<Instant> {
        if self.in_flight >= limits.in_flight || (self.begins_epoch && self.in_flight > 0) {
            return None;
        }
        if let Some(head) = self.retry.front() {
            return Some(head.not_before);
        }
        if self.next == self.end || (self.unresolved && self.in_flight > 0) {
            return None;
        }
        let full = self.unsent() >= limits.full || !self.closed.is_empty() || self.next < self.drain_to;
        Some(if full || flushing { Instant::ZERO } else { linger(self.handed_over(self.next)) })
    }

    /// When the last batch, if it is not full, is closed by its timer.
    pub fn closes_at(&self, limits: Limits, linger: impl Fn(Instant) -> Instant) -> Option<Instant> {
        if !limits.closes {
            return None;
        }
        let from = self.closed.back().map_or(self.next, |&closed| closed.max(self.next));
        let tail = from + (self.end - from) / limits.full * limits.full;
        (tail < self.end).then(|| linger(self.handed_over(tail)))
    }

    /// Closes the last batch.
    pub fn close(&mut self) {
        if self.next < self.end && self.closed.back() != Some(&self.end) {
            self.closed.push_back(self.end);
        }
    }

    /// When the next batch (to be sent again, or new) was created, if there is one; and whether it was sent before.
    pub fn head_created(&self) -> Option<(Instant, bool)> {
        match self.retry.front() {
            Some(head) => Some((head.created, head.retries > 0)),
            None => (self.next < self.end).then(|| (self.handed_over(self.next), false)),
        }
    }

    /// Takes the next batch out of the queue.
    pub fn take(&mut self, partition: u32, limits: Limits, idempotent: bool) -> Option<Batch> {
        if self.in_flight == 0 {
            if self.unresolved && self.retry.is_empty() {
                self.unresolved = false;
                self.begins_epoch |= self.answered != self.next_sequence;
            }
            if self.begins_epoch {
                self.begin_epoch();
            }
        }
        let mut batch = match self.retry.pop_front() {
            Some(batch) => batch,
            None => self.cut(partition, limits)?,
        };
        if idempotent && batch.sequence.is_none() {
            batch.sequence = Some((self.epoch, self.number(batch.len())));
        }
        Some(batch)
    }

    fn cut(&mut self, partition: u32, limits: Limits) -> Option<Batch> {
        let (from, to) = (self.next, self.next_end(limits));
        if from >= to {
            return None;
        }
        let created = self.handed_over(from);
        if limits.drains && self.drain_to <= from {
            self.drain_to = self.end;
        }
        self.next = to;
        while self.closed.front().is_some_and(|&closed| closed <= to) {
            self.closed.pop_front();
        }
        while self.arrivals.front().is_some_and(|arrival| arrival.0 <= to) {
            self.arrivals.pop_front();
        }
        let not_before = Instant::ZERO;
        Some(Batch {
            partition,
            from,
            to,
            created,
            retries: 0,
            sequence: None,
            not_before,
            by: Seq::NONE,
            settled: false,
        })
    }

    /// The next sequence number, which `count` records take up.
    fn number(&mut self, count: u64) -> i32 {
        let first = self.next_sequence;
        let next = (u64::from(first.unsigned_abs()) + count) & u64::from(i32::MAX.unsigned_abs());
        self.next_sequence = i32::try_from(next).unwrap_or(0);
        first
    }

    /// Sequence numbers begin at 0 in the next epoch (TxnPartitionEntry.startSequencesAtBeginning).
    fn begin_epoch(&mut self) {
        (self.begins_epoch, self.unresolved) = (false, false);
        self.epoch = self.epoch.checked_add(1).unwrap_or(0);
        (self.next_sequence, self.answered) = (0, 0);
        for place in 0..self.retry.len() {
            let first = self.number(self.retry[place].len());
            self.retry[place].sequence = Some((self.epoch, first));
        }
    }

    /// Takes the next batch for good: it is given up.
    pub fn give_up(&mut self, partition: u32, limits: Limits) -> Option<Batch> {
        let batch = match self.retry.pop_front() {
            Some(batch) => batch,
            None => self.cut(partition, limits)?,
        };
        self.unresolved |= batch.sequence.is_some();
        Some(batch)
    }

    /// A batch that was sent is given up.
    pub fn given_up(&mut self, batch: &Batch) {
        self.unresolved |= batch.sequence.is_some();
    }

    /// A batch is in the log.
    pub fn written(&mut self, batch: &Batch) {
        if let Some((_, first)) = batch.sequence.filter(|sequence| sequence.0 == self.epoch) {
            let next = (u64::from(first.unsigned_abs()) + batch.len()) & u64::from(i32::MAX.unsigned_abs());
            self.answered = i32::try_from(next).unwrap_or(0);
        }
    }

    /// A batch is to be sent again: before everything else, or in the order of its records.
    pub fn put_back(&mut self, batch: Batch, in_order: bool) {
        let place = match in_order {
            true => self.retry.partition_point(|other| other.from < batch.from),
            false => 0,
        };
        self.retry.insert(place, batch);
    }

    /// Records `[from, to)` are answered for: tells for which synchronous calls, and how many records of each.
    pub fn settle(&mut self, from: u64, to: u64, mut answered: impl FnMut(u64, u64)) {
        for run in self.calls.iter_mut().take_while(|run| run.from < to) {
            let common = to.min(run.to).saturating_sub(from.max(run.from));
            if common > 0 {
                run.left -= common.min(run.left);
                answered(run.call, common);
            }
        }
        while self.calls.front().is_some_and(|run| run.left == 0) {
            self.calls.pop_front();
        }
    }

    /// The records that were never sent, `[from, to)`.
    pub fn never_sent(&self) -> (u64, u64) {
        (self.next, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { full: 10, closes: false, drains: false, in_flight: 5 };

    fn ms(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    fn range(batch: Option<Batch>) -> Option<(u64, u64, Instant)> {
        batch.map(|batch| (batch.from, batch.to, batch.created))
    }

    #[test]
    fn full_batches_go_at_once_and_the_rest_waits() {
        let mut queue = Partition::default();
        let linger = |at: Instant| at + crate::time::Duration::from_ms(5);
        assert_eq!(queue.ready_at(LIMITS, false, linger), None);
        queue.hand_over(7, ms(1), None);
        assert_eq!(queue.ready_at(LIMITS, false, linger), Some(ms(6)));
        assert_eq!(queue.ready_at(LIMITS, true, linger), Some(Instant::ZERO));
        queue.hand_over(8, ms(2), None);
        assert_eq!(queue.ready_at(LIMITS, false, linger), Some(Instant::ZERO));
        assert_eq!(range(queue.take(0, LIMITS, false)), Some((0, 10, ms(1))));
        assert_eq!(queue.ready_at(LIMITS, false, linger), Some(ms(7)), "the rest came at 2 ms");
        assert_eq!(range(queue.take(0, LIMITS, false)), Some((10, 15, ms(2))));
        assert_eq!(queue.take(0, LIMITS, false), None);
    }

    #[test]
    fn a_batch_that_its_timer_has_closed_takes_no_more() {
        let mut queue = Partition::default();
        let limits = Limits { closes: true, in_flight: 1, ..LIMITS };
        let linger = |at: Instant| at + crate::time::Duration::from_ms(1_000);
        queue.hand_over(13, ms(1), None);
        queue.in_flight = 1;
        assert_eq!(queue.ready_at(limits, false, linger), None);
        assert_eq!(queue.closes_at(limits, linger), Some(ms(1_001)));
        queue.close();
        assert_eq!(queue.closes_at(limits, linger), None);
        queue.hand_over(4, ms(2_000), None);
        assert_eq!(queue.closes_at(limits, linger), Some(ms(3_000)));
        queue.in_flight = 0;
        assert_eq!(range(queue.take(0, limits, false)), Some((0, 10, ms(1))));
        assert_eq!(range(queue.take(0, limits, false)), Some((10, 13, ms(1))));
        assert_eq!(queue.ready_at(limits, false, linger), Some(ms(3_000)));
        assert_eq!(range(queue.take(0, limits, false)), Some((13, 17, ms(2_000))));
    }

    #[test]
    fn what_is_put_back_goes_first_newest_first_or_in_order() {
        for (in_order, expected) in [(true, [0, 10, 20]), (false, [20, 10, 0])] {
            let mut queue = Partition::default();
            queue.hand_over(30, ms(1), None);
            let batches: Vec<_> = (0..3).filter_map(|_| queue.take(0, LIMITS, false)).collect();
            batches.into_iter().for_each(|batch| queue.put_back(batch, in_order));
            let again: Vec<_> = (0..3).filter_map(|_| queue.take(0, LIMITS, false)).map(|b| b.from).collect();
            assert_eq!(again, expected);
        }
    }

    #[test]
    fn sequence_numbers_stay_with_a_batch_until_a_new_epoch() {
        let mut queue = Partition::default();
        queue.hand_over(30, ms(1), None);
        let first = queue.take(0, LIMITS, true).unwrap();
        let second = queue.take(0, LIMITS, true).unwrap();
        assert_eq!((first.sequence, second.sequence), (Some((0, 0)), Some((0, 10))));
        queue.put_back(first, true);
        queue.put_back(second, true);
        assert_eq!(queue.give_up(0, LIMITS).unwrap().from, 0);
        let again = queue.take(0, LIMITS, true).unwrap();
        assert_eq!((again.from, again.sequence), (10, Some((0, 10))), "it may be in the log: its number stays");
        queue.in_flight = 1;
        assert_eq!(queue.ready_at(LIMITS, true, |at| at), None, "nothing new before it is answered for");
        queue.in_flight = 0;
        queue.begins_epoch = true;
        queue.put_back(again, true);
        let again = queue.take(0, LIMITS, true).unwrap();
        assert_eq!((again.from, again.sequence), (10, Some((1, 0))));
        assert_eq!(queue.take(0, LIMITS, true).unwrap().sequence, Some((1, 10)));
    }

    #[test]
    fn a_gap_that_the_broker_knows_nothing_of_begins_an_epoch_and_one_that_it_has_filled_does_not() {
        for (answered, expected) in [(true, (0, 10)), (false, (1, 0))] {
            let mut queue = Partition::default();
            queue.hand_over(20, ms(1), None);
            let first = queue.take(0, LIMITS, true).unwrap();
            queue.given_up(&first);
            if answered {
                queue.written(&first);
            }
            assert_eq!(queue.take(0, LIMITS, true).unwrap().sequence, Some(expected));
        }
    }

    #[test]
    fn answers_are_told_to_the_calls_they_are_for() {
        let mut queue = Partition::default();
        queue.hand_over(3, ms(1), Some(7));
        queue.hand_over(4, ms(1), Some(8));
        let mut told = Vec::new();
        queue.settle(2, 6, |call, records| told.push((call, records)));
        assert_eq!(told, [(7, 1), (8, 3)]);
        told.clear();
        queue.settle(0, 2, |call, records| told.push((call, records)));
        queue.settle(6, 7, |call, records| told.push((call, records)));
        assert_eq!(told, [(7, 2), (8, 1)]);
        assert!(queue.calls.is_empty());
    }
}
