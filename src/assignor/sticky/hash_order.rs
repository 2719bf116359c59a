//! The order in which Java's `HashMap` gives the members of a group, or partitions.
//!
//! Kafka does not promise it, but it is no secret either: by bucket, and within a bucket in the order of insertion. Where a
//! result depends on it, following it makes ours the same as the Java client's.

use crate::assignor::AssignorMember;
use crate::assignor::problem::{PartitionIndex, Problem, Rank, java_hash};
use crate::ids::Names;

/// The ranks in the order in which a `HashMap` by member id, filled in the order of `members`, would give them. (Java turns
/// buckets of eight and more into trees; so many ids hardly ever meet.)
pub(super) fn hash_order(problem: &Problem, members: &[AssignorMember], names: &Names) -> Vec<Rank> {
    let buckets = buckets(members.len());
    let mut order: Vec<(u32, usize, Rank)> = problem
        .ranks()
        .map(|rank| {
            let index = problem.index(rank);
            (bucket(java_hash(names.text(members[index].member)), buckets), index, rank)
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(.., rank)| rank).collect()
}

/// The size of a table with `entries` entries: it starts at 16 and doubles when it is more than three quarters full.
fn buckets(entries: usize) -> u32 {
    let mut buckets = 16u32;
    while entries as u64 * 4 > u64::from(buckets) * 3 {
        buckets *= 2;
    }
    buckets
}

/// The bucket of a key with this hash.
fn bucket(hash: u32, buckets: u32) -> u32 {
    (hash ^ (hash >> 16)) & (buckets - 1)
}

/// A hash set of partitions, in which all that matters is which one it gives first. It grows, but never shrinks.
#[derive(Default)]
pub(super) struct TableOrder {
    /// With their hashes, in the order of insertion.
    partitions: Vec<(PartitionIndex, u32)>,
    largest: usize,
}

impl TableOrder {
    /// Adds a partition that is not in it.
    pub(super) fn insert(&mut self, partition: PartitionIndex, hash: u32) {
        self.partitions.push((partition, hash));
        self.largest = self.largest.max(self.partitions.len());
    }

    /// Takes a partition out.
    pub(super) fn remove(&mut self, partition: PartitionIndex) {
        self.partitions.retain(|&(other, _)| other != partition);
    }

    /// The first one in the set's order.
    pub(super) fn first(&self) -> Option<PartitionIndex> {
        let buckets = buckets(self.largest);
        self.partitions.iter().min_by_key(|&&(_, hash)| bucket(hash, buckets)).map(|&(partition, _)| partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_grow_when_three_quarters_are_full() {
        assert_eq!([0, 12, 13, 24, 25, 1_000].map(buckets), [16, 16, 32, 32, 64, 2_048]);
    }

    #[test]
    fn strings_hash_as_in_java() {
        // "hello".hashCode() is 99162322 = 0x05E918D2; 0x18D2 ^ 0x05E9 ends in 0x3B.
        let hello = java_hash("hello");
        assert_eq!((bucket(hello, 16), bucket(hello, 64), bucket(java_hash(""), 16)), (11, 59, 0));
    }

    #[test]
    fn a_set_gives_the_lowest_bucket_first_and_does_not_shrink() {
        let mut set = TableOrder::default();
        assert_eq!(set.first(), None);
        // 17 is in bucket 1 of 16, and in bucket 17 once there are 32.
        set.insert(7, 17);
        set.insert(8, 2);
        assert_eq!(set.first(), Some(7));
        for partition in 20..31 {
            set.insert(partition, 31);
        }
        assert_eq!(set.first(), Some(8));
        (20..31).for_each(|partition| set.remove(partition));
        assert_eq!(set.first(), Some(8));
        set.remove(8);
        assert_eq!(set.first(), Some(7));
    }
}
