//! Streams of records: record i of a rate is in the log at `from + i / rate` exactly.
//!
//! Above [`EXACT_PER_SECOND`] records a second a stream is taken once a millisecond: Kafka's own clock has no finer grain.

use crate::protocol::murmur2;
use crate::scenario::Produce;
use crate::time::{Duration, Instant};

/// Up to this rate each record is an event of its own at its exact instant.
const EXACT_PER_SECOND: u64 = 10_000;

/// A stream of records into one topic.
pub struct Stream {
    spec: Produce,
    next: u64,
    pace: Duration,
    /// Partition of each key, for the current number of partitions.
    partitions_of_keys: Vec<u32>,
    partitions: u32,
}

impl Stream {
    /// The stream that `spec` describes.
    pub fn new(spec: Produce) -> Self {
        let exact = spec.count.saturating_mul(1_000_000) <= EXACT_PER_SECOND.saturating_mul(spec.per.as_us());
        let pace = if exact { Duration::ZERO } else { Duration::from_ms(1) };
        Stream { spec, next: 0, pace, partitions_of_keys: Vec::new(), partitions: 0 }
    }

    /// Bytes of one record.
    pub fn size(&self) -> u32 {
        self.spec.size
    }

    fn instant_of(&self, record: u64) -> Instant {
        let us = u128::from(record) * u128::from(self.spec.per.as_us()) / u128::from(self.spec.count.max(1));
        self.spec.from + Duration::from_us(u64::try_from(us).unwrap_or(u64::MAX))
    }

    /// When to call [`Stream::take`] first.
    pub fn first(&self) -> Option<Instant> {
        self.due(self.spec.from)
    }

    fn due(&self, earliest: Instant) -> Option<Instant> {
        if self.spec.count == 0 {
            return None;
        }
        let next = self.instant_of(self.next);
        (next < self.spec.until).then_some(next.max(earliest))
    }

    /// The records that are due by `now`, as partitions with counts, and when to call again.
    pub fn take(&mut self, now: Instant, partitions: u32, counts: &mut Vec<(u32, u64)>) -> Option<Instant> {
        counts.clear();
        let from = self.next;
        while self.instant_of(self.next) <= now && self.instant_of(self.next) < self.spec.until {
            self.next = match self.pace.is_zero() {
                true => self.next + 1,
                false => self.after(now),
            };
        }
        self.spread(from, self.next, partitions, counts);
        self.due(now + self.pace)
    }

    /// The first record that is later than `now` (or not produced any more).
    fn after(&self, now: Instant) -> u64 {
        let end = now.min(Instant::from_us(self.spec.until.as_us().saturating_sub(1)));
        let us = u128::from(end.since(self.spec.from).as_us()) + 1;
        let count = us * u128::from(self.spec.count);
        u64::try_from(count.div_ceil(u128::from(self.spec.per.as_us().max(1)))).unwrap_or(u64::MAX).max(self.next + 1)
    }

    fn spread(&mut self, from: u64, to: u64, partitions: u32, counts: &mut Vec<(u32, u64)>) {
        let Some(keys) = self.spec.keys.filter(|&keys| keys > 0) else {
            return round_robin(from, to, partitions, counts);
        };
        if self.partitions != partitions {
            self.partitions = partitions;
            self.partitions_of_keys =
                (0..keys).map(|key| partition_of_key(format!("key-{key}").as_bytes(), partitions)).collect();
        }
        let keyed = (from..to).map(|record| self.partitions_of_keys[(record % keys) as usize]);
        if to - from == 1 {
            counts.extend(keyed.map(|partition| (partition, 1)));
            return;
        }
        let mut sums = vec![0u64; partitions as usize];
        keyed.for_each(|partition| sums[partition as usize] += 1);
        counts.extend((0u32..).zip(sums).filter(|&(_, count)| count > 0));
    }
}

/// Spreads records `[from, to)` round robin: record i goes to partition i mod n.
pub fn round_robin(from: u64, to: u64, partitions: u32, counts: &mut Vec<(u32, u64)>) {
    let n = u64::from(partitions);
    if n == 0 {
        return;
    }
    if to - from < n {
        counts.extend((from..to).map(|record| ((record % n) as u32, 1)));
        return;
    }
    let before = |end: u64, partition: u32| end / n + u64::from(end % n > u64::from(partition));
    counts.extend((0..partitions).map(|partition| (partition, before(to, partition) - before(from, partition))));
}

/// The partition of a key under Java's default partitioner: murmur2, made positive, modulo the number of partitions.
pub fn partition_of_key(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % partitions.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(count: u64, keys: Option<u64>) -> Produce {
        Produce {
            count,
            per: Duration::from_secs(1),
            size: 1_024,
            keys,
            from: Instant::from_ms(10),
            until: Instant::from_ms(1_010),
        }
    }

    fn all(mut stream: Stream, partitions: u32) -> (Vec<Instant>, Vec<u64>) {
        let (mut at, mut sum, mut counts) = (Vec::new(), vec![0; partitions as usize], Vec::new());
        let mut next = stream.first();
        while let Some(now) = next {
            at.push(now);
            next = stream.take(now, partitions, &mut counts);
            assert!(next.is_none_or(|next| next > now));
            counts.iter().for_each(|&(partition, count)| sum[partition as usize] += count);
        }
        (at, sum)
    }

    #[test]
    fn record_i_comes_at_from_plus_i_over_rate() {
        let (at, sum) = all(Stream::new(spec(3, None)), 2);
        assert_eq!(at, [10_000, 343_333, 676_666].map(Instant::from_us));
        assert_eq!(sum, [2, 1]);
    }

    #[test]
    fn a_fast_stream_is_taken_by_the_millisecond_and_loses_no_record() {
        let (at, sum) = all(Stream::new(spec(1_000_003, None)), 3);
        assert!(at.len() <= 1_001);
        assert_eq!(sum.iter().sum::<u64>(), 1_000_003);
        assert!(sum.iter().max().unwrap() - sum.iter().min().unwrap() <= 1);
    }

    #[test]
    fn records_of_one_key_go_to_one_partition() {
        let (_, sum) = all(Stream::new(spec(100, Some(1))), 4);
        assert_eq!(sum.iter().filter(|&&n| n > 0).count(), 1);
    }
}
