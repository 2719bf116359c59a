//! Which records go to which partition.
//!
//! With keys each library hashes them (kafka-go's default balancer takes no notice of them). Without keys: kafka-go goes round
//! robin, sarama draws for every record, librdkafka keeps a drawn partition for some milliseconds, Java (KIP-794) and franz-go
//! keep it for some bytes; that these two prefer partitions with short queues is not modelled.

use super::super::io::Io;
use crate::choice::Purpose;
use crate::config::{ClientKind, ProducerConfig};
use crate::protocol::murmur2;
use crate::time::{Duration, Instant};

/// Records of one call that are drawn for one by one; of more, the rest is spread evenly.
const DRAWN_SINGLY: u64 = 1_024;

/// Chooses partitions.
#[derive(Debug)]
pub(super) struct Partitioner {
    kind: ClientKind,
    keys: u64,
    size: u64,
    sticky_bytes: u64,
    sticky_ms: i64,
    /// Partition of each key, for the current number of partitions.
    table: Vec<u32>,
    partitions: u32,
    /// Records so far.
    sent: u64,
    /// The partition that is kept, the bytes that it has had, and until when.
    kept: Option<(u32, u64, Instant)>,
    counts: Vec<u64>,
    /// Partitions whose count is not 0.
    touched: Vec<u32>,
}

impl Partitioner {
    pub fn new(config: &ProducerConfig) -> Self {
        Partitioner {
            kind: config.client.kind,
            keys: config.send.keys.unwrap_or(0),
            size: u64::from(config.send.size),
            sticky_bytes: config.client.sticky_bytes,
            sticky_ms: config.client.sticky_ms,
            table: Vec::new(),
            partitions: 0,
            sent: 0,
            kept: None,
            counts: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// Spreads the next `count` records over `partitions` partitions: partitions with counts, in order.
    pub fn spread(&mut self, io: &mut Io<'_, '_>, count: u64, partitions: u32, into: &mut Vec<(u32, u64)>) {
        into.clear();
        if partitions == 0 {
            return;
        }
        if self.partitions != partitions {
            self.renew(partitions);
        }
        let from = self.sent;
        self.sent += count;
        if self.keys > 0 && self.kind != ClientKind::KafkaGo {
            self.by_key(from, count);
        } else if self.kind == ClientKind::KafkaGo {
            self.evenly(from, count);
        } else if self.sticky_bytes > 0 {
            self.by_bytes(io, count);
        } else if self.sticky_ms > 0 {
            self.by_time(io, count);
        } else {
            let singly = count.min(DRAWN_SINGLY);
            for _ in 0..singly {
                let partition = draw(io, partitions);
                self.add(partition, 1);
            }
            self.evenly(from, count - singly);
        }
        self.touched.sort_unstable();
        for partition in self.touched.drain(..) {
            into.push((partition, std::mem::take(&mut self.counts[partition as usize])));
        }
    }

    fn add(&mut self, partition: u32, count: u64) {
        let sum = &mut self.counts[partition as usize];
        if *sum == 0 && count > 0 {
            self.touched.push(partition);
        }
        *sum += count;
    }

    fn renew(&mut self, partitions: u32) {
        self.partitions = partitions;
        self.counts = vec![0; partitions as usize];
        if self.kept.is_some_and(|kept| kept.0 >= partitions) {
            self.kept = None;
        }
        let of = |key: u64| {
            let key = format!("key-{key}");
            match self.kind {
                ClientKind::Librdkafka => crc32(key.as_bytes()) % partitions,
                ClientKind::Sarama => fnv1a(key.as_bytes(), partitions),
                _ => (murmur2(key.as_bytes()) & 0x7fff_ffff) % partitions,
            }
        };
        self.table = (0..self.keys).map(of).collect();
    }

    /// Record i has key i modulo the number of keys.
    fn by_key(&mut self, from: u64, count: u64) {
        let rounds = count / self.keys;
        if rounds > 0 {
            for key in 0..self.table.len() {
                self.add(self.table[key], rounds);
            }
        }
        for record in from..from + count % self.keys {
            self.add(self.table[(record % self.keys) as usize], 1);
        }
    }

    /// Record i goes to partition i modulo the number of partitions.
    fn evenly(&mut self, from: u64, count: u64) {
        let n = u64::from(self.partitions);
        if count >= n {
            (0..self.partitions).for_each(|partition| self.add(partition, count / n));
        }
        for record in from..from + count % n {
            self.add((record % n) as u32, 1);
        }
    }

    /// BuiltInPartitioner.updatePartitionInfo: another partition when one has had `batch.size` bytes.
    fn by_bytes(&mut self, io: &mut Io<'_, '_>, mut count: u64) {
        while count > 0 {
            let (partition, bytes, _) = match self.kept {
                Some(kept) if kept.1 < self.sticky_bytes => kept,
                _ => (draw(io, self.partitions), 0, Instant::MAX),
            };
            let fitting = (self.sticky_bytes - bytes).div_ceil(self.size.max(1)).min(count);
            self.add(partition, fitting);
            self.kept = Some((partition, bytes + fitting * self.size.max(1), Instant::MAX));
            count -= fitting;
        }
    }

    /// rd_kafka_msg_sticky_partition: another partition when the time is up.
    fn by_time(&mut self, io: &mut Io<'_, '_>, count: u64) {
        let partition = match self.kept {
            Some((partition, _, until)) if io.now() < until => partition,
            _ => {
                let partition = draw(io, self.partitions);
                let ms = u64::try_from(self.sticky_ms).unwrap_or(0);
                self.kept = Some((partition, 0, io.now() + Duration::from_ms(ms)));
                partition
            }
        };
        self.add(partition, count);
    }
}

fn draw(io: &mut Io<'_, '_>, partitions: u32) -> u32 {
    io.cx.choice.draw(Purpose::Partitioner, io.actor, u64::from(partitions)) as u32
}

/// librdkafka's consistent_random: CRC-32 as in zlib.
fn crc32(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in data {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// sarama's hash partitioner: FNV-1a with 32 bits, as a signed number, its remainder without the sign.
fn fnv1a(data: &[u8], partitions: u32) -> u32 {
    let hash = data.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let remainder = i64::from(hash as i32) % i64::from(partitions.max(1));
    remainder.unsigned_abs() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_libraries() {
        // Check values of CRC-32/ISO-HDLC and of FNV-1a (32 bits).
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(fnv1a(b"", u32::MAX), 0x811c_9dc5_u32.wrapping_neg());
        assert_eq!(fnv1a(b"a", 7), u32::try_from((i64::from(0xe40c_292c_u32 as i32) % 7).unsigned_abs()).unwrap());
    }
}
