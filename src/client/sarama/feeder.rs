//! Feeders: a goroutine for each claim, which passes a response on, record by record, through the channel of
//! `ChannelBufferSize` that its handler takes messages from.
//!
//! With a handler for each claim the channels are the application's buffers, and what is handed over is what a feeder has pushed.
//! With one worker the channels are kept here, and it takes a message at a time, going round the claims.

use super::Sarama;
use super::claims::Stage;
use crate::client::io::{Io, Timer};
use crate::client::library::PollOutcome;
use crate::client::subscription::Run;
use crate::ids::Offset;
use crate::time::Duration;
use crate::trace::Kind;

impl Sarama {
    /// Whether the fetch loop waits for a feeder.
    pub(super) fn feeders_blocked(&self) -> bool {
        let blocked = |&index: &usize| {
            let claim = &self.claims[index];
            claim.stage == Stage::Fetching && claim.pushed < claim.fed
        };
        self.fetcher.feeding.iter().any(blocked)
    }

    /// A response has come for a claim.
    pub(super) fn feed(&mut self, io: &Io<'_, '_>, index: usize) {
        if !self.fetcher.feeding.contains(&index) {
            self.fetcher.feeding.push_back(index);
        }
        let claim = &mut self.claims[index];
        (claim.tick, claim.patient) = (Timer::NEVER, true);
        if !self.feeds {
            let position = self.subscription.partitions[index].position;
            let to = Offset(position.0 + i64::from(self.config.sarama.channel_buffer_size));
            self.push(io, index, to);
        }
        self.await_tick(io, index);
    }

    /// Pushes up to `to` as far as there is anything.
    fn push(&mut self, io: &Io<'_, '_>, index: usize, to: Offset) {
        let claim = &mut self.claims[index];
        let to = to.min(claim.fed);
        if to > claim.pushed {
            (claim.pushed, claim.patient) = (to, true);
        }
        if claim.pushed == claim.fed {
            claim.tick = Timer::NEVER;
            if claim.stage == Stage::Slow && !self.fetcher.dying {
                self.queue_subscription(io, index);
            }
        }
    }

    /// A feeder that is blocked looks up at each tick of its ticker.
    fn await_tick(&mut self, io: &Io<'_, '_>, index: usize) {
        let tick_us = self.config.sarama.max_processing_time_ms.max(1).unsigned_abs() * 1_000;
        let claim = &mut self.claims[index];
        if claim.pushed < claim.fed && !claim.tick.is_armed() && !self.fetcher.dying {
            let ticks = io.now().since(claim.born).as_us() / tick_us + 1;
            let at = claim.born + Duration::from_us(tick_us.saturating_mul(ticks));
            claim.tick = Timer { at, by: io.cx.cause };
        }
    }

    /// The next tick that a blocked feeder looks at.
    pub(super) fn feeder_tick(&self) -> Timer {
        let mut first = Timer::NEVER;
        for &index in &self.fetcher.feeding {
            let tick = self.claims[index].tick;
            if tick.at < first.at {
                first = tick;
            }
        }
        first
    }

    /// Ticks: at the second without a message taken in between, MaxProcessingTime has passed, and the claim is out of the fetch
    /// loop, so that other partitions are not held up.
    pub(super) fn tick_feeders(&mut self, io: &Io<'_, '_>) {
        for place in 0..self.fetcher.feeding.len() {
            let index = self.fetcher.feeding[place];
            let claim = &mut self.claims[index];
            if claim.tick.at > io.now() {
                continue;
            }
            claim.tick = Timer::NEVER;
            if !claim.patient && claim.stage == Stage::Fetching {
                claim.stage = Stage::Slow;
            }
            claim.patient = false;
            self.await_tick(io, index);
        }
    }

    /// Handlers take messages.
    pub(super) fn hand_out(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        if self.feeds { self.hand_to_all(io, batch) } else { self.hand_one(io, batch) }
    }

    /// The next message for a single worker.
    fn hand_one(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        let Some(index) = self.fetcher.feeding.pop_front() else { return PollOutcome::Wait };
        let from = self.subscription.partitions[index].position;
        let to = Offset(from.0 + 1);
        self.hand(io, batch, index, to);
        if to < self.claims[index].fed {
            self.fetcher.feeding.push_back(index);
        }
        let room = i64::from(self.config.sarama.channel_buffer_size);
        self.push(io, index, Offset(to.0 + room));
        PollOutcome::Records
    }

    /// What there is room for in every channel.
    fn hand_to_all(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        let mut place = 0;
        while let Some(&index) = self.fetcher.feeding.get(place) {
            let p = &mut self.subscription.partitions[index];
            let to = Offset(p.position.0.saturating_add(p.room.max(0)).min(self.claims[index].fed.0));
            p.room -= to.0 - p.position.0;
            if to > p.position {
                self.hand(io, batch, index, to);
                self.push(io, index, to);
            }
            if to == self.claims[index].fed {
                self.fetcher.feeding.remove(place);
            } else {
                place += 1;
            }
        }
        if batch.is_empty() { PollOutcome::Wait } else { PollOutcome::Records }
    }

    fn hand(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>, index: usize, to: Offset) {
        let p = &mut self.subscription.partitions[index];
        let (tp, from) = (p.tp, p.position);
        p.position = to;
        self.ends_changed = true;
        io.emit_cause(Kind::Delivered { partition: tp, from, to });
        batch.push(Run { index, tp, from, to });
    }
}
