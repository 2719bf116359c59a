//! The trace hash: one number that tells whether two runs were the same.
//!
//! XXH3 (64 bits, seed 0) over, for each event in order: `seq`, `t` in microseconds, `actor` and `incarnation` in one word,
//! `cause`, then the kind's words, all as little-endian 64-bit integers; and at the end the table of names, each string
//! followed by a zero byte. No pointer, float, padding or hash-map order is in it, so it is the same on every platform.

use super::Event;
use crate::ids::Names;
use std::fmt;
use xxhash_rust::xxh3::Xxh3;

/// Hash of a trace, printed as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceHash(pub u64);

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Folds events as they come.
pub struct TraceHasher {
    state: Box<Xxh3>,
    events: u64,
}

impl Default for TraceHasher {
    fn default() -> Self {
        TraceHasher { state: Box::new(Xxh3::new()), events: 0 }
    }
}

impl TraceHasher {
    /// Folds one event.
    pub fn fold(&mut self, event: &Event) {
        let mut buffer = [0u8; 16 * 8];
        let mut length = 0;
        let mut push = |word: u64| {
            buffer[length..length + 8].copy_from_slice(&word.to_le_bytes());
            length += 8;
        };
        push(event.seq.0);
        push(event.t.as_us());
        push((u64::from(event.actor.0) << 32) | u64::from(event.incarnation.0));
        push(event.cause.0);
        event.kind.fold(&mut push);
        self.state.update(&buffer[..length]);
        self.events += 1;
    }

    /// How many events were folded.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The hash, with the names that the events refer to.
    pub fn finish(&self, names: &Names) -> TraceHash {
        let mut state = self.state.clone();
        for name in names.all() {
            state.update(name.as_bytes());
            state.update(&[0]);
        }
        TraceHash(state.digest())
    }
}
