//! The application: when it calls, with how many records, and when a call returns.

use super::super::io::Io;
use super::sender::{Answers, Sender};
use crate::config::{ProducerConfig, SendMode, SendPlan, UNLIMITED};
use crate::time::{Duration, Instant};
use crate::trace::Kind;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Up to this many calls a second each asynchronous call is made at its exact instant; above, once a millisecond.
const EXACT_PER_SECOND: u128 = 10_000;
/// An application needs this long for a call at least. Without it calls that wait for nothing would take no time.
const CALL: Duration = Duration::from_us(10);
/// ... and this long if it got an error.
const FAILED_CALL: Duration = Duration::from_ms(1);

/// A synchronous call that has not returned.
#[derive(Debug)]
struct Call {
    caller: u64,
    begun: Instant,
    /// Records that the producer has not taken yet.
    to_hand: u64,
    /// Records without an answer.
    open: u64,
    failed: u64,
}

/// The application's threads.
#[derive(Debug)]
pub(super) struct Application {
    plan: SendPlan,
    max_block_ms: i64,
    buffer_bytes: u64,
    buffer_records: u64,
    /// The first call of this life.
    start: Instant,
    /// Synchronous: calls begun. Asynchronous: calls handed over or given up, whole ones.
    begun: u64,
    /// Asynchronous: records of the next call that are handed over.
    part: u64,
    calls: BTreeMap<u64, Call>,
    /// Calls with records that the producer has not taken yet.
    handing: VecDeque<u64>,
    /// Idle callers, by the instant from which they may call.
    idle: BTreeSet<(Instant, u64)>,
    /// Since when a call has been waiting for room, or for the topic's partitions; and since when the present record has.
    blocked: Option<(Instant, Instant)>,
    /// Not before this: a fast stream of calls is taken once a millisecond.
    paced: Instant,
    pub stopping: bool,
}

impl Application {
    pub fn new(config: &ProducerConfig, now: Instant) -> Self {
        let plan = config.send;
        let start = plan.from.max(now);
        Application {
            plan,
            max_block_ms: config.client.max_block_ms,
            buffer_bytes: config.client.buffer_bytes,
            buffer_records: config.client.buffer_records,
            start,
            begun: 0,
            part: 0,
            calls: BTreeMap::new(),
            handing: VecDeque::new(),
            idle: (0..plan.callers).map(|caller| (start, caller)).collect(),
            blocked: None,
            paced: Instant::ZERO,
            stopping: false,
        }
    }

    /// Calls that are due by `now`.
    fn due(&self, now: Instant) -> u64 {
        let last = now.min(Instant::from_us(self.plan.until.as_us().saturating_sub(1)));
        if last < self.start || self.plan.until <= self.start {
            return 0;
        }
        let calls = match self.plan.rate {
            None => u64::MAX,
            Some((0, _)) => 0,
            Some((count, per)) => {
                let us = u128::from(last.since(self.start).as_us()) + 1;
                let each = (u128::from(per.as_us()) * u128::from(self.plan.per_call)).max(1);
                u64::try_from((us * u128::from(count)).div_ceil(each)).unwrap_or(u64::MAX)
            }
        };
        calls.min(self.plan.calls)
    }

    /// When call `number` (from 0) is due, if it ever is.
    fn due_at(&self, number: u64) -> Option<Instant> {
        let at = match self.plan.rate {
            _ if number >= self.plan.calls || self.stopping => return None,
            None => self.start,
            Some((0, _)) => return None,
            Some((count, per)) => {
                let us =
                    u128::from(number) * u128::from(per.as_us()) * u128::from(self.plan.per_call) / u128::from(count);
                self.start + Duration::from_us(u64::try_from(us).unwrap_or(u64::MAX))
            }
        };
        (at < self.plan.until).then_some(at)
    }

    /// Whether calls are due so often that they are taken once a millisecond.
    fn is_fast(&self) -> bool {
        self.plan.rate.is_some_and(|(count, per)| {
            u128::from(count) * 1_000_000 > EXACT_PER_SECOND * u128::from(per.as_us()) * u128::from(self.plan.per_call)
        })
    }

    /// When [`Application::go_on`] has something to do next, if nothing else happens.
    pub fn next_deadline(&self) -> Option<Instant> {
        let next = match self.plan.mode {
            // The call that waits for room is the next one: nothing is due before it has gone.
            SendMode::Async if self.blocked.is_some() => None,
            SendMode::Async => self.due_at(self.begun).map(|at| at.max(self.paced)),
            SendMode::Sync => {
                let idle = self.idle.first().map(|idle| idle.0);
                self.due_at(self.begun).zip(idle).map(|(due, idle)| due.max(idle))
            }
        };
        let gives_up = self.blocked.map(|blocked| blocked.1.deadline_ms(self.max_block_ms.max(1)));
        [next, gives_up].into_iter().flatten().min()
    }

    /// Whether somebody waits for room in the buffer.
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// Whether every call has returned.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty()
    }

    /// Makes the calls that are due and hands over what there is room for.
    pub fn go_on(&mut self, io: &mut Io<'_, '_>, sender: &mut Sender) {
        match self.plan.mode {
            SendMode::Sync => self.call_sync(io, sender),
            SendMode::Async => self.call_async(io, sender),
        }
    }

    /// Records that the producer takes now.
    fn room(&self, sender: &Sender) -> u64 {
        if !sender.knows_partitions() {
            return 0;
        }
        let held = sender.held();
        let bytes = match self.buffer_bytes {
            UNLIMITED => u64::MAX,
            bytes => (bytes / u64::from(self.plan.size).max(1)).max(1),
        };
        bytes.min(self.buffer_records).saturating_sub(held)
    }

    fn call_sync(&mut self, io: &mut Io<'_, '_>, sender: &mut Sender) {
        let now = io.now();
        let due = if self.stopping { 0 } else { self.due(now) };
        while self.begun < due {
            let Some(&(_, caller)) = self.idle.first().filter(|idle| idle.0 <= now) else { break };
            self.idle.pop_first();
            let records = self.plan.per_call;
            self.calls.insert(self.begun, Call { caller, begun: now, to_hand: records, open: records, failed: 0 });
            self.handing.push_back(self.begun);
            self.begun += 1;
        }
        while let Some(&number) = self.handing.front() {
            let room = self.room(sender);
            let Some(call) = self.calls.get_mut(&number) else {
                self.handing.pop_front();
                continue;
            };
            let taken = call.to_hand.min(room);
            if taken == 0 {
                break;
            }
            call.to_hand -= taken;
            if call.to_hand == 0 {
                self.handing.pop_front();
            }
            self.blocked = None;
            sender.hand_over(io, taken, Some(number));
        }
        self.wait(io, sender, !self.handing.is_empty());
    }

    /// A call waits, or none does; one that has waited for `max.block.ms` gets an error.
    fn wait(&mut self, io: &mut Io<'_, '_>, sender: &mut Sender, waits: bool) {
        let now = io.now();
        if !waits {
            self.blocked = None;
            return;
        }
        sender.want_partitions(io);
        let blocked = *self.blocked.get_or_insert((now, now));
        if blocked.1.deadline_ms(self.max_block_ms.max(1)) > now {
            return;
        }
        let Some(number) = self.handing.pop_front() else { return };
        if let Some(call) = self.calls.get_mut(&number) {
            let refused = std::mem::take(&mut call.to_hand);
            call.open -= refused;
            call.failed += refused;
            io.emit(Kind::Refused { call: number, records: refused });
        }
        self.blocked = (!self.handing.is_empty()).then_some((now, now));
        self.return_if_done(io, number);
    }

    fn call_async(&mut self, io: &mut Io<'_, '_>, sender: &mut Sender) {
        let now = io.now();
        loop {
            let due = if self.stopping { 0 } else { self.due(now) };
            let wanted = u128::from(due.saturating_sub(self.begun)) * u128::from(self.plan.per_call);
            let wanted = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_sub(self.part);
            if wanted == 0 {
                break self.unblocked(io, 0);
            }
            sender.want_partitions(io);
            let taken = wanted.min(self.room(sender));
            if taken > 0 {
                let failed = 0;
                if self.blocked.is_some() {
                    self.unblocked(io, failed);
                }
                let all = self.part + taken;
                self.begun += all / self.plan.per_call;
                self.part = all % self.plan.per_call;
                sender.hand_over(io, taken, None);
                if taken == wanted {
                    break;
                }
            }
            let blocked = *self.blocked.get_or_insert((now, now));
            if blocked.1.deadline_ms(self.max_block_ms.max(1)) > now {
                break;
            }
            let refused = self.plan.per_call - self.part;
            io.emit(Kind::Refused { call: self.begun, records: refused });
            self.unblocked(io, refused);
            (self.begun, self.part) = (self.begun + 1, 0);
        }
        if self.is_fast() {
            self.paced = now + Duration::from_ms(1);
        }
    }

    /// The asynchronous call that waited goes on, or is given up.
    fn unblocked(&mut self, io: &mut Io<'_, '_>, failed: u64) {
        if let Some((since, _)) = self.blocked.take() {
            let took = io.now().since(since);
            io.emit(Kind::Returned { call: self.begun, records: self.plan.per_call, failed, took });
        }
    }

    /// The sender has answers for synchronous calls.
    pub fn answered(&mut self, io: &mut Io<'_, '_>, answers: &mut Answers) {
        for (number, records, failed) in answers.drain(..) {
            if let Some(call) = self.calls.get_mut(&number) {
                call.open = call.open.saturating_sub(records);
                if failed {
                    call.failed += records;
                }
            }
            self.return_if_done(io, number);
        }
    }

    fn return_if_done(&mut self, io: &mut Io<'_, '_>, number: u64) {
        if self.calls.get(&number).is_none_or(|call| call.open > 0) {
            return;
        }
        let Some(call) = self.calls.remove(&number) else { return };
        let now = io.now();
        let took = now.since(call.begun);
        io.emit(Kind::Returned { call: number, records: self.plan.per_call, failed: call.failed, took });
        let rest = if call.failed > 0 { FAILED_CALL } else { CALL };
        self.idle.insert((now.max(call.begun + rest), call.caller));
    }
}
