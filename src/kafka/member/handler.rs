//! The handler of records: it sleeps.
//!
//! `slow` holds for records started while it is in force; `stuck` keeps the record in work (or the next one) from ending.

use super::orders::Orders;
use super::reporter::Reporter;
use super::talk::{Fault, Place, Told};
use crate::choice::{Choice, Purpose, RandomChoice};
use crate::config::ProcessPolicy;
use crate::ids::ActorId;
use crate::kafka::wire::Stamp;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The longest sleep at a stretch.
const STEP: Duration = Duration::from_millis(10);
/// A sleep that lasts longer than it should by this: the process was frozen. The work needs the time that it still needed.
const FROZEN: Duration = Duration::from_millis(200);

/// Handles records, one after the other.
pub struct Handler {
    policy: ProcessPolicy,
    luck: RandomChoice,
    actor: ActorId,
}

impl Handler {
    /// A handler of the process called `name` in its life `incarnation`.
    pub fn new(policy: &ProcessPolicy, seed: u64, name: &str, incarnation: u32) -> Handler {
        let (mut luck, actor) = (RandomChoice::new(seed), ActorId::FIRST_CLIENT);
        luck.introduce(actor, xxh3_64_with_seed(name.as_bytes(), incarnation.into()));
        Handler { policy: policy.clone(), luck, actor }
    }

    /// Handles a record.
    pub fn handle(&mut self, place: &Place, offset: i64, orders: &Orders, reporter: &Reporter) {
        let (base, percent) = (self.policy.per_record.as_us(), self.policy.jitter_percent);
        let time = self.luck.jitter(Purpose::HandlerJitter, self.actor, base, percent);
        let mut fault = orders.fault();
        let time = if let Fault::Slow { per_record_us } = fault { per_record_us } else { time };
        let shown = |fault| (fault != Fault::Stuck).then_some(time);
        reporter.say(Told::ProcessStart(place.clone(), offset, shown(fault)));
        let mut left = Duration::from_micros(time);
        while !left.is_zero() || fault == Fault::Stuck {
            let step = if left.is_zero() { STEP } else { left.min(STEP) };
            let before = Stamp::now();
            let now = orders.sleep(step, fault);
            let slept = Duration::from_micros(Stamp::now().0.saturating_sub(before.0));
            left = left.saturating_sub(if slept > step + FROZEN { step } else { slept });
            if now == Fault::Stuck && fault != Fault::Stuck && !left.is_zero() {
                reporter.say(Told::ProcessStart(place.clone(), offset, None));
            }
            // A record that has ended in this very step has ended.
            fault = if left.is_zero() && fault != Fault::Stuck { fault } else { now };
        }
        reporter.say(Told::ProcessDone(place.clone(), offset));
    }
}
