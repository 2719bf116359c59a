//! Draws from ChaCha8, one stream for each (purpose, actor).

use super::{Choice, Purpose};
use crate::ids::ActorId;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rustc_hash::FxHashMap;

/// The choice source of an ordinary run.
pub struct RandomChoice {
    root: ChaCha8Rng,
    streams: FxHashMap<(Purpose, ActorId), ChaCha8Rng>,
    keys: FxHashMap<ActorId, u64>,
    /// The stream that was last drawn from at a key, kept for its set-up.
    keyed: Option<((Purpose, ActorId), ChaCha8Rng)>,
}

impl RandomChoice {
    /// The choices of root seed `seed`.
    pub fn new(seed: u64) -> Self {
        RandomChoice {
            root: ChaCha8Rng::seed_from_u64(seed),
            streams: FxHashMap::default(),
            keys: FxHashMap::default(),
            keyed: None,
        }
    }

    /// 16 bits of purpose, then the actor's key or, for one that has none, its number.
    fn stream_number(&self, purpose: Purpose, actor: ActorId) -> u64 {
        let key = self.keys.get(&actor).map_or(u64::from(actor.0), |key| (key >> 17) | (1 << 47));
        (u64::from(purpose as u16) << 48) | key
    }
}

/// Maps 64 random bits to `0..bound`; the bias is below 2^-40 for every bound that a run draws from.
fn scale(bits: u64, bound: u64) -> u64 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u64
}

impl Choice for RandomChoice {
    fn introduce(&mut self, actor: ActorId, key: u64) {
        self.keys.insert(actor, key);
        self.keyed = None;
    }

    fn draw(&mut self, purpose: Purpose, actor: ActorId, bound: u64) -> u64 {
        if let Some(stream) = self.streams.get_mut(&(purpose, actor)) {
            return scale(stream.next_u64(), bound);
        }
        let mut stream = self.root.clone();
        stream.set_stream(self.stream_number(purpose, actor));
        let value = scale(stream.next_u64(), bound);
        self.streams.insert((purpose, actor), stream);
        value
    }

    fn draw_at(&mut self, purpose: Purpose, actor: ActorId, key: u64, bound: u64) -> u64 {
        if self.keyed.as_ref().is_none_or(|keyed| keyed.0 != (purpose, actor)) {
            let mut stream = self.root.clone();
            stream.set_stream(self.stream_number(purpose, actor));
            self.keyed = Some(((purpose, actor), stream));
        }
        let Some((_, stream)) = &mut self.keyed else { return 0 };
        // Two words a value; the keyed values start half-way so that they never meet the counted ones.
        stream.set_word_pos((1u128 << 67) | (u128::from(key) << 1));
        scale(stream.next_u64(), bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_own_stream_only() {
        let (a, b) = (ActorId(2), ActorId(3));
        let mut plain = RandomChoice::new(7);
        let mut busy = RandomChoice::new(7);
        let expected: Vec<u64> = (0..10).map(|_| plain.draw(Purpose::HandlerJitter, a, 1_000)).collect();
        let seen: Vec<u64> = (0..10)
            .map(|_| {
                busy.draw(Purpose::HandlerJitter, b, 1_000);
                busy.draw(Purpose::NetworkDelay, a, 1_000);
                busy.draw_at(Purpose::HandlerJitter, a, 5, 1_000);
                busy.draw(Purpose::HandlerJitter, a, 1_000)
            })
            .collect();
        assert_eq!(expected, seen);
        assert!(expected.iter().all(|&v| v < 1_000));
    }

    #[test]
    fn seeds_keys_and_streams_differ() {
        let mut one = RandomChoice::new(1);
        let mut two = RandomChoice::new(2);
        assert_ne!(one.draw_u128(Purpose::MemberUuid, ActorId(2)), two.draw_u128(Purpose::MemberUuid, ActorId(2)));
        let keyed = |c: &mut RandomChoice, k| c.draw_at(Purpose::Tie, ActorId(2), k, u64::MAX);
        assert_ne!(keyed(&mut one, 1), keyed(&mut one, 2));
        assert_eq!(keyed(&mut one, 1), keyed(&mut RandomChoice::new(1), 1));
    }

    #[test]
    fn an_introduced_actor_draws_by_its_key_whatever_its_number() {
        let mut one = RandomChoice::new(1);
        let mut two = RandomChoice::new(1);
        one.introduce(ActorId(2), 77 << 20);
        two.introduce(ActorId(9), 77 << 20);
        let draw = |c: &mut RandomChoice, actor| c.draw(Purpose::NetworkDelay, ActorId(actor), u64::MAX);
        assert_eq!(draw(&mut one, 2), draw(&mut two, 9));
        assert_ne!(draw(&mut one, 9), draw(&mut two, 9));
    }

    #[test]
    fn jitter_stays_within_its_percentage() {
        let mut choice = RandomChoice::new(3);
        for _ in 0..1_000 {
            let v = choice.jitter(Purpose::HandlerJitter, ActorId(2), 5_000, 20);
            assert!((4_000..=6_000).contains(&v));
        }
        assert_eq!(choice.jitter(Purpose::HandlerJitter, ActorId(2), 5_000, 0), 5_000);
    }
}
