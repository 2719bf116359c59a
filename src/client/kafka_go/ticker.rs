//! Go's `time.Ticker`: ticks at fixed distances from its start, of which one is kept while nobody looks.

use crate::client::io::{Io, Timer};
use crate::time::Duration;

/// A ticker and the goroutine that waits for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticker {
    /// The next tick.
    pub next: Timer,
    every: Duration,
    /// A tick came while the goroutine was busy.
    kept: bool,
}

impl Ticker {
    /// One that does not tick.
    pub const STOPPED: Ticker = Ticker { next: Timer::NEVER, every: Duration::ZERO, kept: false };

    /// Starts now.
    pub fn start(io: &Io<'_, '_>, every_ms: i64) -> Self {
        let every = Duration::from_ms(every_ms.max(1).unsigned_abs());
        Ticker { next: io.timer_ms(every_ms), every, kept: false }
    }

    /// It ticks: whether the goroutine acts on it now. Ticks that were slept through are dropped.
    pub fn tick(&mut self, io: &Io<'_, '_>, busy: bool) -> bool {
        let late = io.now().since(self.next.at).as_us();
        let ticks = late / self.every.as_us().max(1) + 1;
        self.next.at += self.every.saturating_mul(ticks);
        self.kept |= busy;
        !busy
    }

    /// The goroutine is free again: whether a tick was kept for it.
    pub fn take_kept(&mut self) -> bool {
        std::mem::take(&mut self.kept)
    }
}
