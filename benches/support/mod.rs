//! The baseline of every figure: a bare event loop with the same timers, and nothing else in it.

pub mod runs;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What a bare loop did.
pub struct Bare {
    /// Requests and answers delivered.
    pub messages: u64,
    /// Folded over everything, so that nothing is optimised away.
    pub checksum: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Timer(u32),
    Request(u32),
    Answer(u32),
}

/// `members` members that send a heartbeat every 3 s for `hours` of virtual time through a binary heap, each message with
/// a jitter drawn from ChaCha8, to handlers that only note the time.
pub fn bare_loop(members: u32, hours: u64) -> Bare {
    let end = hours * 3_600_000_000;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut heap: BinaryHeap<Reverse<(u64, u64, Item)>> = BinaryHeap::new();
    let mut session = vec![0u64; members as usize];
    let mut bare = Bare { messages: 0, checksum: 0 };
    let mut seq = 0;
    for member in 0..members {
        seq += 1;
        heap.push(Reverse((u64::from(member), seq, Item::Timer(member))));
    }
    while let Some(Reverse((now, _, item))) = heap.pop() {
        if now >= end {
            break;
        }
        let jitter = 1_000 + rng.next_u64() % 200;
        seq += 1;
        match item {
            Item::Timer(member) => {
                heap.push(Reverse((now + jitter, seq, Item::Request(member))));
                seq += 1;
                heap.push(Reverse((now + 3_000_000, seq, Item::Timer(member))));
            }
            Item::Request(member) => {
                session[member as usize] = now + 45_000_000;
                bare.messages += 1;
                heap.push(Reverse((now + jitter, seq, Item::Answer(member))));
            }
            Item::Answer(member) => {
                bare.messages += 1;
                bare.checksum = bare.checksum.rotate_left(1) ^ session[member as usize];
            }
        }
    }
    bare
}
