//! The log of one partition as ranges of offsets.

use super::producers::Producers;
use super::purgatory::Waiting;
use crate::ids::Offset;
use std::collections::VecDeque;

/// Records of equal size that follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Run {
    /// One past the last.
    until: i64,
    /// Bytes of each; at least 1.
    size: u32,
}

/// A log: its first offset, its end, and the sizes of the records between.
#[derive(Debug, Default)]
pub(in crate::broker) struct PartitionLog {
    start: i64,
    end: i64,
    runs: VecDeque<Run>,
    /// What idempotent producers have written here.
    pub(in crate::broker) producers: Producers,
    /// Parked fetches that read this partition, in the order in which they were parked.
    pub(super) waiting: Waiting,
}

/// What a fetch gets from a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Read {
    /// One past the last whole record.
    pub(super) to: Offset,
    /// What it counts against the limit of the whole answer.
    pub(super) bytes: u64,
}

impl PartitionLog {
    /// First offset that the log still has.
    pub(in crate::broker) fn start(&self) -> Offset {
        Offset(self.start)
    }

    /// One past the last record; also the high watermark.
    pub(in crate::broker) fn end(&self) -> Offset {
        Offset(self.end)
    }

    /// Adds `count` records of `size` bytes; gives the range that they have. A record of no size counts as one byte.
    pub(in crate::broker) fn append(&mut self, count: u64, size: u32) -> (Offset, Offset) {
        let from = self.end;
        self.end = from.saturating_add_unsigned(count);
        let size = size.max(1);
        match self.runs.back_mut() {
            Some(last) if last.size == size => last.until = self.end,
            _ => self.runs.push_back(Run { until: self.end, size }),
        }
        (Offset(from), Offset(self.end))
    }

    /// Drops the records before `before` (all of them if it is -1 or beyond the end). Tells whether there were any.
    pub(in crate::broker) fn delete_before(&mut self, before: Offset) -> bool {
        let start = if before == Offset::NONE { self.end } else { before.0.min(self.end) };
        if start <= self.start {
            return false;
        }
        self.start = start;
        while self.runs.front().is_some_and(|run| run.until <= start) {
            self.runs.pop_front();
        }
        true
    }

    /// Whether records can be asked for from `offset` on.
    pub(super) fn covers(&self, offset: Offset) -> bool {
        (self.start..=self.end).contains(&offset.0)
    }

    /// The records from `from` on that fit into `limit` bytes. With `at_least_one` the first record comes even if it does
    /// not fit. A log is read in whole bytes: when more records were there, the answer is filled to its limit with a part
    /// of the next one, which counts although the client has no use for it.
    pub(super) fn read(&self, from: Offset, limit: u64, at_least_one: bool) -> Read {
        let (mut next, mut left) = (from.0, limit);
        for run in self.runs.range(self.run_of(from.0)..) {
            let size = u64::from(run.size);
            let wanted = run.until.abs_diff(next);
            let fitting = (left / size).min(wanted);
            next = next.saturating_add_unsigned(fitting);
            left -= fitting * size;
            if fitting < wanted {
                return match next {
                    _ if next > from.0 => Read { to: Offset(next), bytes: limit },
                    _ if at_least_one => Read { to: Offset(next + 1), bytes: size },
                    _ => Read { to: from, bytes: 0 },
                };
            }
        }
        Read { to: Offset(next), bytes: limit - left }
    }

    /// The bytes of the records from `from` on, but no more than `limit`.
    pub(super) fn bytes(&self, from: Offset, limit: u64) -> u64 {
        let (mut next, mut bytes) = (from.0, 0u64);
        for run in self.runs.range(self.run_of(from.0)..) {
            bytes = bytes.saturating_add(run.until.abs_diff(next).saturating_mul(u64::from(run.size)));
            next = run.until;
            if bytes >= limit {
                return limit;
            }
        }
        bytes
    }

    /// The run that has the record at `offset`; the number of runs if none does. Readers are mostly at the end.
    fn run_of(&self, offset: i64) -> usize {
        if offset >= self.end {
            return self.runs.len();
        }
        let last = self.runs.len().saturating_sub(1);
        if last == 0 || self.runs[last - 1].until <= offset {
            return last;
        }
        self.runs.partition_point(|run| run.until <= offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(runs: &[(u64, u32)]) -> PartitionLog {
        let mut log = PartitionLog::default();
        for &(count, size) in runs {
            log.append(count, size);
        }
        log
    }

    fn read(to: i64, bytes: u64) -> Read {
        Read { to: Offset(to), bytes }
    }

    #[test]
    fn appends_of_equal_size_are_one_run() {
        let log = log(&[(10, 100), (1_000_000_000, 100), (5, 7), (5, 7)]);
        assert_eq!(log.runs, [Run { until: 1_000_000_010, size: 100 }, Run { until: 1_000_000_020, size: 7 }]);
        assert_eq!((log.start(), log.end()), (Offset(0), Offset(1_000_000_020)));
    }

    #[test]
    fn a_read_takes_whole_records_and_fills_up_with_a_part() {
        let log = log(&[(10, 100), (10, 30)]);
        assert_eq!(log.read(Offset(0), 250, false), read(2, 250));
        assert_eq!(log.read(Offset(0), 300, false), read(3, 300));
        assert_eq!(log.read(Offset(8), 260, false), read(12, 260));
        assert_eq!(log.read(Offset(18), 260, false), read(20, 60));
        assert_eq!(log.read(Offset(20), 260, true), read(20, 0));
    }

    #[test]
    fn the_first_record_comes_whole_only_if_asked_so() {
        let log = log(&[(10, 100)]);
        assert_eq!(log.read(Offset(3), 99, false), read(3, 0));
        assert_eq!(log.read(Offset(3), 99, true), read(4, 100));
        assert_eq!(log.read(Offset(3), 0, true), read(4, 100));
        assert_eq!(log.read(Offset(3), 0, false), read(3, 0));
    }

    #[test]
    fn deleting_moves_the_start_and_never_beyond_the_end() {
        let mut log = log(&[(10, 100), (10, 30)]);
        assert!(log.delete_before(Offset(12)));
        assert_eq!(log.start(), Offset(12));
        assert_eq!(log.read(Offset(12), 1_000, false), read(20, 240));
        assert!(!log.delete_before(Offset(3)));
        assert!(!log.covers(Offset(11)) && log.covers(Offset(12)) && log.covers(Offset(20)) && !log.covers(Offset(21)));
        assert!(log.delete_before(Offset(99)));
        assert_eq!((log.start(), log.end()), (Offset(20), Offset(20)));
        log.append(1, 5);
        assert_eq!(log.read(Offset(20), 1_000, false), read(21, 5));
    }

    #[test]
    fn a_record_of_no_size_counts_as_one_byte() {
        assert_eq!(log(&[(10, 0)]).read(Offset(0), 4, false), read(4, 4));
    }

    proptest! {
        #[test]
        fn ranges_agree_with_counting_single_records(
            runs in proptest::collection::vec((1..5u64, 1..4u32), 1..8),
            from in 0..20i64,
            limit in 0..30u64,
        ) {
            let log = log(&runs);
            let sizes: Vec<u64> = runs.iter().flat_map(|&(n, size)| (0..n).map(move |_| u64::from(size))).collect();
            let from = from.min(sizes.len() as i64);
            let rest = &sizes[from as usize..];
            prop_assert_eq!(log.bytes(Offset(from), limit), rest.iter().sum::<u64>().min(limit));
            let mut sum = 0;
            let whole = rest.iter().take_while(|size| { sum += **size; sum <= limit }).count();
            let got = log.read(Offset(from), limit, false);
            prop_assert_eq!(got.to.0, from + whole as i64);
            let expected = if whole == 0 { 0 } else { rest.iter().sum::<u64>().min(limit) };
            prop_assert_eq!(got.bytes, expected);
        }
    }
}
