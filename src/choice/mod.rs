//! The one source of nondeterminism (floor 2).
//!
//! Every random decision of a run is a *draw*: value k of the stream that belongs to (root seed, purpose, actor). Streams
//! are independent, so a draw of one actor never shifts another's, and two configurations on the same seed meet the same
//! luck. Decisions are integers; there is no float.

mod random;
mod replay;

pub use random::RandomChoice;
pub use replay::ReplayChoice;

use crate::ids::ActorId;

/// What a draw decides.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u16)]
pub enum Purpose {
    /// Jitter of a network delay.
    NetworkDelay = 1,
    /// Whether a message is lost and sent again by TCP, and how often.
    NetworkLoss = 2,
    /// Order of events at one instant.
    Tie = 3,
    /// Jitter of a handler's time per record.
    HandlerJitter = 4,
    /// The uuid in a member id.
    MemberUuid = 5,
    /// The instant of a timeline event given as a range.
    EventTime = 6,
    /// `any N of GROUP`.
    Selection = 7,
    /// Jitter of a retry backoff.
    BackoffJitter = 8,
    /// Whether a request that was cut off reaches the broker after all.
    CutDelivery = 9,
    /// For tests and random scenarios.
    Generator = 10,
    /// The partition that a producer chooses for records without a key.
    Partitioner = 11,
}

/// The one choice source.
pub trait Choice {
    /// Draws of `actor` belong to `key` from now on, not to the actor's number, which depends on who else is in the run.
    fn introduce(&mut self, _actor: ActorId, _key: u64) {}

    /// Value k, uniform in `0..bound` (0 if `bound` is 0 or 1), of the stream of `purpose` and `actor`; k counts the draws
    /// made from that stream so far.
    fn draw(&mut self, purpose: Purpose, actor: ActorId, bound: u64) -> u64;

    /// The value of the stream of `purpose` and `actor` at a key of the caller's own (an instant, say) instead of a count.
    fn draw_at(&mut self, purpose: Purpose, actor: ActorId, key: u64, bound: u64) -> u64;

    /// 128 random bits.
    fn draw_u128(&mut self, purpose: Purpose, actor: ActorId) -> u128 {
        let high = self.draw(purpose, actor, u64::MAX);
        let low = self.draw(purpose, actor, u64::MAX);
        (u128::from(high) << 64) | u128::from(low)
    }

    /// `base` changed by up to `percent` % either way, uniform; `base` itself if `percent` is 0 (and then nothing is drawn).
    fn jitter(&mut self, purpose: Purpose, actor: ActorId, base: u64, percent: u32) -> u64 {
        let spread = base.saturating_mul(u64::from(percent)) / 100;
        if spread == 0 {
            return base;
        }
        let low = base.saturating_sub(spread);
        low + self.draw(purpose, actor, spread.saturating_mul(2).saturating_add(1))
    }
}
