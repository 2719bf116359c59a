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

/// Words that are gathered before the hash is fed: it is cheaper fed with many events at once.
const GATHERED: usize = 512;
/// The most words that an event can have.
const MOST_WORDS: usize = 16;

/// Folds events as they come.
pub struct TraceHasher {
    state: Box<Xxh3>,
    /// Words not yet given to the hash: the first `gathered`.
    words: Box<[u64; GATHERED + MOST_WORDS]>,
    gathered: usize,
    events: u64,
}

impl Default for TraceHasher {
    fn default() -> Self {
        TraceHasher {
            state: Box::new(Xxh3::new()),
            words: Box::new([0; GATHERED + MOST_WORDS]),
            gathered: 0,
            events: 0,
        }
    }
}

impl TraceHasher {
    /// Folds one event.
    pub fn fold(&mut self, event: &Event) {
        if let Some(words) = self.words[self.gathered..].first_chunk_mut::<MOST_WORDS>() {
            words[0] = event.seq.0;
            words[1] = event.t.as_us();
            words[2] = (u64::from(event.actor.0) << 32) | u64::from(event.incarnation.0);
            words[3] = event.cause.0;
            self.gathered += event.kind.words(words, 4);
        }
        self.events += 1;
        if self.gathered >= GATHERED {
            feed(&mut self.state, &self.words[..self.gathered]);
            self.gathered = 0;
        }
    }

    /// How many events were folded.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The hash, with the names that the events refer to.
    pub fn finish(&self, names: &Names) -> TraceHash {
        let mut state = self.state.clone();
        feed(&mut state, &self.words[..self.gathered]);
        for name in names.all() {
            state.update(name.as_bytes());
            state.update(&[0]);
        }
        TraceHash(state.digest())
    }
}

fn feed(state: &mut Xxh3, words: &[u64]) {
    let mut bytes = [0; (GATHERED + MOST_WORDS) * 8];
    for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
    state.update(&bytes[..words.len() * 8]);
}
