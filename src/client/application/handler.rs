//! The handler: one record after the other, as arithmetic on ranges.

use super::{Doing, Process};
use crate::choice::Purpose;
use crate::client::HandlerFault;
use crate::client::io::{Io, Timer};
use crate::client::subscription::Run;
use crate::ids::{Offset, Seq, TopicPartition};
use crate::time::{Duration, Instant};
use crate::trace::{DropReason, Kind};

/// A stretch of records in work: record k is done `(k + 1) * per_record` after `started`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) run: Run,
    /// First record of the stretch.
    pub(super) from: Offset,
    /// Records before this have had their `process_done`.
    pub(super) reported: Offset,
    /// One past the last.
    pub(super) to: Offset,
    pub(super) started: Instant,
    pub(super) per_record: Duration,
    /// The last record does not end before this is lifted.
    pub(super) stuck: bool,
    /// The `process_start` event.
    pub(super) start: Seq,
}

impl Default for Work {
    fn default() -> Self {
        let nothing = Offset(0);
        let run =
            Run { index: 0, tp: crate::ids::TopicPartition::new(Default::default(), 0), from: nothing, to: nothing };
        Work {
            run,
            from: nothing,
            reported: nothing,
            to: nothing,
            started: Instant::ZERO,
            per_record: Duration::ZERO,
            stuck: false,
            start: Seq::NONE,
        }
    }
}

impl Work {
    pub(super) fn records(&self) -> u64 {
        (self.to.0 - self.from.0).unsigned_abs()
    }

    /// When its last record ends.
    pub(super) fn end(&self) -> Instant {
        self.started + self.per_record * self.records()
    }

    /// How many of its records have ended by `now`.
    pub(super) fn ended(&self, now: Instant) -> u64 {
        let all = self.records();
        let ended = match self.per_record.as_us() {
            0 => all,
            us => (now.since(self.started).as_us() / us).min(all),
        };
        if self.stuck { ended.min(all.saturating_sub(1)) } else { ended }
    }

    /// How many records have ended by `now` without their `process_done`.
    pub(super) fn unreported(&self, now: Instant) -> u64 {
        self.ended(now) - (self.reported.0 - self.from.0).unsigned_abs()
    }

    /// Whether a record ends at this very instant.
    pub(super) fn at_boundary(&self, now: Instant) -> bool {
        match self.per_record.as_us() {
            0 => true,
            us => now > self.started && now.since(self.started).as_us().is_multiple_of(us),
        }
    }

    /// Ends the stretch with the record that is in work at `now`; at a boundary, with the one before (but never with none).
    pub(super) fn cut(&mut self, now: Instant) {
        let ended = match self.per_record.as_us() {
            0 => return,
            us => now.since(self.started).as_us().div_ceil(us).max(1),
        };
        if ended < self.records() {
            self.to = Offset(self.from.0 + ended as i64);
        }
    }

    /// When the process has to look at it.
    pub(super) fn timer(&self) -> Timer {
        if self.stuck { Timer::NEVER } else { Timer { at: self.end(), by: self.start } }
    }
}

impl Process {
    /// Between records: takes the next stretch, or ends the batch.
    pub(super) fn handle_next(&mut self, io: &mut Io<'_, '_>, committed: bool) {
        if self.crew.is_some() {
            return self.hand_over();
        }
        let Some(&run) = self.batch.get(self.next_run) else { return self.batch_handled(io) };
        if !committed {
            if self.fresh_run || self.process.jitter_per_record {
                self.run_time = self.draw_time(io);
                self.fresh_run = false;
            }
            if self.commits_before(io, run) {
                return;
            }
        }
        self.start_work(io, run);
    }

    pub(super) fn draw_time(&self, io: &mut Io<'_, '_>) -> Duration {
        let (base, percent) = (self.process.per_record.as_us(), self.process.jitter_percent);
        Duration::from_us(io.cx.choice.jitter(Purpose::HandlerJitter, io.actor, base, percent))
    }

    fn start_work(&mut self, io: &mut Io<'_, '_>, run: Run) {
        let now = io.now();
        let (stuck, per_record) = match self.fault {
            HandlerFault::None => (false, self.run_time),
            HandlerFault::Slow(time) => (false, time),
            HandlerFault::Stuck => (true, self.run_time),
        };
        let available = (run.to.0 - run.from.0).unsigned_abs();
        // A result is written when its record ends, not when a stretch does.
        let one_by_one = stuck || self.process.jitter_per_record || self.with_result;
        let count = if one_by_one { 1 } else { self.stride(now, per_record, available) };
        let to = Offset(run.from.0 + count as i64);
        let shown = if stuck { Duration::MAX } else { per_record };
        let start = io.emit_cause(Kind::ProcessStart { partition: run.tp, from: run.from, to, per_record: shown });
        self.work = Work { run, from: run.from, reported: run.from, to, started: now, per_record, stuck, start };
        self.doing = Doing::Working;
    }

    /// In a record: true if the stretch has ended.
    pub(super) fn work_ended(&mut self, io: &mut Io<'_, '_>) -> bool {
        let work = self.work;
        if work.stuck || work.end() > io.now() {
            return false;
        }
        io.cx.cause = work.start;
        self.report_done(io, work.to);
        let run = &mut self.batch[self.next_run];
        run.from = work.to;
        if run.from == run.to {
            self.next_run += 1;
            self.fresh_run = true;
        }
        match self.fenced.take() {
            Some(partition) => self.start_over(io, partition),
            None => self.commit_after_record(io, work.records()),
        }
        true
    }

    fn report_done(&mut self, io: &mut Io<'_, '_>, to: Offset) {
        let from = self.work.reported;
        if to > from {
            self.work.reported = to;
            let partition = self.work.run.tp;
            let results = self.library.subscription().results.as_mut();
            let written = results.map(|results| results.write(partition, to));
            if written == Some(false) {
                io.emit_cause(Kind::Dropped { partition, from, to, reason: DropReason::Fenced });
                self.fenced = Some(partition);
                return;
            }
            io.emit_cause(Kind::ProcessDone { partition, from, to });
            self.library.handled(&self.work.run, to);
            if written.is_some() {
                io.emit(Kind::ResultStored { partition, offset: to });
            }
        }
    }

    /// Somebody else has written results of this partition: what is in hand of it is dropped, and reading goes on behind them.
    fn start_over(&mut self, io: &mut Io<'_, '_>, partition: TopicPartition) {
        for run in self.batch.drain(..self.next_run) {
            debug_assert_eq!(run.from, run.to);
        }
        (self.next_run, self.fresh_run) = (0, true);
        self.batch.retain(|run| {
            if run.tp == partition {
                io.emit(Kind::Dropped { partition, from: run.from, to: run.to, reason: DropReason::Fenced });
            }
            run.tp != partition
        });
        self.library.seek_to_result(io, partition);
        self.doing = Doing::Handling;
    }

    pub(super) fn report_ended(&mut self, io: &mut Io<'_, '_>) {
        if self.doing == Doing::Working {
            // A frozen handler has done nothing since.
            let ended = self.work.ended(self.paused_at.unwrap_or(io.now()));
            let to = Offset(self.work.from.0 + ended as i64);
            let cause = std::mem::replace(&mut io.cx.cause, self.work.start);
            self.report_done(io, to);
            io.cx.cause = cause;
        }
    }

    fn batch_handled(&mut self, io: &mut Io<'_, '_>) {
        self.batch.clear();
        self.next_run = 0;
        self.commit_after_batch(io);
    }

    /// The process is killed: what has ended is done, the record in work is interrupted, the rest will not be handled.
    pub fn crash(&mut self, io: &mut Io<'_, '_>, killed: bool) {
        if self.doing == Doing::Exited {
            return;
        }
        self.dismiss_crew(io, DropReason::Ended);
        self.report_ended(io);
        let mut next = self.batch.get(self.next_run).map(|run| run.from);
        if self.doing == Doing::Working {
            next = Some(self.work.reported);
            if self.work.reported < self.work.to {
                io.emit(Kind::Interrupted { partition: self.work.run.tp, offset: self.work.reported });
                next = Some(Offset(self.work.reported.0 + 1));
            }
        }
        for index in self.next_run..self.batch.len() {
            let Run { tp, from, to, .. } = self.batch[index];
            let from = next.take().unwrap_or(from);
            if to > from {
                io.emit(Kind::Dropped { partition: tp, from, to, reason: DropReason::Ended });
            }
        }
        self.library.end(io);
        io.emit(if killed { Kind::Killed {} } else { Kind::Crash {} });
        self.doing = Doing::Exited;
    }

    /// The process freezes.
    pub fn pause(&mut self, io: &mut Io<'_, '_>) {
        if self.doing == Doing::Exited || self.paused_at.is_some() {
            return;
        }
        self.report_ended(io);
        if self.doing == Doing::Working {
            self.work.cut(io.now());
        }
        self.pause_crew(io);
        self.paused_at = Some(io.now());
        io.emit(Kind::Pause {});
    }

    /// The process goes on; the record in work still needs the time that it needed.
    pub fn resume(&mut self, io: &mut Io<'_, '_>) {
        let Some(paused_at) = self.paused_at.take() else { return };
        self.work.started += io.now().since(paused_at);
        self.resume_crew(io.now().since(paused_at));
        self.plan_look(io.now());
        io.emit(Kind::Resume {});
    }

    /// Changes how the handler works.
    pub fn set_fault(&mut self, io: &mut Io<'_, '_>, fault: HandlerFault) {
        self.fault = fault;
        self.set_crew_fault(io, fault);
        if self.doing == Doing::Working {
            self.work.cut(io.now());
            // What was stuck ends at once if its time has passed; the timer sees to that.
            let stuck = fault == HandlerFault::Stuck && self.work.end() > io.now();
            if stuck && !self.work.stuck {
                self.get_stuck(io);
            }
            self.work.stuck = stuck;
            self.run(io);
        }
    }

    /// The record in work hangs. The trace says so: else it would seem to end in its time, and those after it.
    fn get_stuck(&mut self, io: &mut Io<'_, '_>) {
        self.report_ended(io);
        let Work { run, reported, to, .. } = self.work;
        let kind = Kind::ProcessStart { partition: run.tp, from: reported, to, per_record: Duration::MAX };
        self.work.start = io.emit(kind);
    }
}
