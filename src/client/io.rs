//! What the client's parts act through: the input's context, the output list and the process's own name in the trace.

use super::MemberOutput;
use crate::choice::Purpose;
use crate::context::Context;
use crate::ids::{ActorId, Incarnation, Seq, Symbol};
use crate::time::Instant;
use crate::trace::Kind;

/// One input being handled.
pub(crate) struct Io<'a, 'c> {
    /// Instant, names, choice, trace.
    pub cx: &'a mut Context<'c>,
    /// What the process wants done.
    pub out: &'a mut Vec<MemberOutput>,
    /// The process.
    pub actor: ActorId,
    /// Which life of it.
    pub incarnation: Incarnation,
}

impl Io<'_, '_> {
    /// Emits an event of this process.
    pub fn emit(&mut self, kind: Kind) -> Seq {
        self.cx.emit(self.actor, self.incarnation, kind)
    }

    /// Emits an event of this process that causes what follows.
    pub fn emit_cause(&mut self, kind: Kind) -> Seq {
        let seq = self.emit(kind);
        self.cx.cause = seq;
        seq
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.cx.now
    }

    /// A timer of `ms` milliseconds of Kafka's clock, armed by the current cause. One of none at all (`retry.backoff.ms = 0`,
    /// `auto.commit.interval.ms = 0`) fires at the next millisecond: a loop that takes no time would never end here.
    pub fn timer_ms(&self, ms: i64) -> Timer {
        Timer { at: self.cx.now.deadline_ms(ms.max(1)), by: self.cx.cause }
    }

    /// The symbol of a constant text.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        self.cx.names.intern(text)
    }

    /// Kafka's ExponentialBackoff: `initial * 2^attempts`, at most `max`, with 20 % jitter.
    pub fn backoff_ms(&mut self, initial: i64, max: i64, attempts: u32) -> i64 {
        let initial = u64::try_from(initial).unwrap_or(0);
        let max = u64::try_from(max).unwrap_or(0).max(initial);
        let term = initial.saturating_mul(1u64 << attempts.min(32)).min(max);
        let value = self.cx.choice.jitter(Purpose::BackoffJitter, self.actor, term, 20).min(max);
        i64::try_from(value).unwrap_or(i64::MAX)
    }
}

/// An instant that something waits for, with the event that armed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Timer {
    /// When it fires.
    pub at: Instant,
    /// The event that armed it.
    pub by: Seq,
}

impl Timer {
    /// Not armed.
    pub const NEVER: Timer = Timer { at: Instant::MAX, by: Seq::NONE };

    /// Whether it is armed.
    pub fn is_armed(self) -> bool {
        self.at != Instant::MAX
    }
}
