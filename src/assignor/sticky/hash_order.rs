//! The order in which Java's `HashMap` gives the members of a group.
//!
//! Kafka does not promise it, but it is no secret either: by bucket, and within a bucket in the order of insertion. Where a
//! result depends on it, following it makes ours the same as the Java client's.

use crate::assignor::AssignorMember;
use crate::assignor::problem::{Problem, Rank};
use crate::ids::Names;

/// The ranks in the order in which a `HashMap` by member id, filled in the order of `members`, would give them. (Java turns
/// buckets of eight and more into trees; so many ids hardly ever meet.)
pub(super) fn hash_order(problem: &Problem, members: &[AssignorMember], names: &Names) -> Vec<Rank> {
    let buckets = buckets(members.len());
    let mut order: Vec<(u32, usize, Rank)> = problem
        .ranks()
        .map(|rank| {
            let index = problem.index(rank);
            (bucket(names.text(members[index].member), buckets), index, rank)
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

fn bucket(key: &str, buckets: u32) -> u32 {
    let hash = key.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) & (buckets - 1)
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
        assert_eq!((bucket("hello", 16), bucket("hello", 64), bucket("", 16)), (11, 59, 0));
    }
}
