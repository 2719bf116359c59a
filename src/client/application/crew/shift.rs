//! Workers at work: they take records up, finish them, and tell the strategy.

use super::super::handler::Work;
use super::super::{After, Doing, Process};
use super::buffer::Item;
use super::{Crew, State};
use crate::client::HandlerFault;
use crate::client::io::{Io, Timer};
use crate::client::library::Library;
use crate::client::strategy::Commit;
use crate::client::subscription::Run;
use crate::config::WorkerOrder;
use crate::ids::Offset;
use crate::time::{Duration, Instant};
use crate::trace::{CommitOrigin, Kind};

impl Process {
    /// Hands to the workers what poll has returned.
    pub(in super::super) fn hand_over(&mut self) {
        let Some(crew) = &mut self.crew else { return };
        let subscription = self.library.subscription();
        for run in self.batch.drain(..) {
            let singly = run.to.0 - run.from.0 == 1;
            let item = Item { run, ownership: subscription.ownership(&run), singly };
            crew.out += item.records();
            crew.batch_open = true;
            crew.buffer.push(item);
        }
        self.next_run = 0;
        self.doing = Doing::Waiting;
    }

    /// Between polls, while workers work: commits what the strategy has asked for, and polls when there is room.
    pub(in super::super) fn wait_step(&mut self, io: &mut Io<'_, '_>) -> bool {
        let Some(crew) = &mut self.crew else { return false };
        if self.stopping {
            self.doing = Doing::Polling; // which closes
            return true;
        }
        if let Some(commit) = crew.commit_wanted.take() {
            self.carry_out(io, commit, &[], CommitOrigin::Sync, After::Handle);
            return true;
        }
        let full = if crew.waits_for_batch { crew.out > 0 } else { crew.out > crew.limit };
        if full && !crew.feeds {
            return false;
        }
        self.doing = Doing::Polling;
        self.enter_poll(io);
        true
    }

    /// Whether the poll thread is wanted outside poll.
    pub(in super::super) fn woken(&self) -> bool {
        self.crew.as_ref().is_some_and(|crew| crew.commit_wanted.is_some())
    }

    /// Tells a library that feeds workers how much it may hand over.
    pub(in super::super) fn set_rooms(&mut self, now: Instant) {
        let Some(crew) = self.crew.as_mut().filter(|crew| crew.feeds) else { return };
        crew.count_waiting(now);
        for p in &mut self.library.subscription().partitions {
            p.room = crew.room(p.tp);
        }
    }

    /// Everything that workers do at this instant.
    pub(in super::super) fn crew_pass(&mut self, io: &mut Io<'_, '_>) {
        let Some(mut crew) = self.crew.take() else { return };
        loop {
            if crew.look.at <= io.now() {
                self.look(io, &mut crew);
            }
            let mut more = self.finish_due(io, &mut crew);
            while let Some(worker) = self.library.worker_committed() {
                if crew.workers.get(worker).is_some_and(|w| w.state == State::Committing) {
                    self.worker_goes_on(io, &mut crew, worker);
                    more = true;
                }
            }
            more |= self.take_up(io, &mut crew);
            if !more {
                break;
            }
        }
        self.crew = Some(crew);
    }

    /// What handlers have done inside of stretches is wanted now.
    pub(in super::super) fn report_all(&mut self, io: &mut Io<'_, '_>) {
        if matches!(self.library, Library::FranzGo(_)) {
            self.report_ended(io); // its one worker is not asked before: callbacks and commits run beside it
        }
        if let Some(crew) = self.crew.as_mut().filter(|crew| crew.long > 0) {
            let cause = io.cx.cause;
            crew.look = Timer { at: io.now(), by: cause };
            self.crew_pass(io);
            io.cx.cause = cause;
        }
    }

    /// When the inside of a stretch matters next.
    pub(in super::super) fn plan_look(&mut self, now: Instant) {
        let Some(mut crew) = self.crew.take() else { return };
        crew.look = Timer::NEVER;
        if crew.long > 0 {
            let slowest = crew.working().map(|w| crew.workers[w].work.per_record).max().unwrap_or(Duration::ZERO);
            let mut wanted = self.stride(now, slowest, u64::MAX).saturating_sub(crew.untold).max(1);
            let waits_for_room = self.doing == Doing::Waiting && !crew.waits_for_batch && !crew.feeds;
            if waits_for_room && crew.out > crew.limit {
                wanted = wanted.min(crew.out - crew.limit);
            }
            if wanted < crew.out {
                crew.look = crew.when_ended(wanted, now);
            }
        }
        self.crew = Some(crew);
    }

    /// Reports what has ended inside of stretches.
    fn look(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew) {
        let now = io.now();
        crew.look = Timer::NEVER;
        for worker in 0..crew.workers.len() {
            let work = &crew.workers[worker].work;
            if crew.workers[worker].state != State::Working || work.end() <= now || work.unreported(now) == 0 {
                continue;
            }
            if crew.feeds && work.at_boundary(now) {
                // It may have to commit here, before its next record.
                crew.forget_end(worker);
                crew.workers[worker].work.cut(now);
                crew.note_end(worker);
                continue;
            }
            let to = work.from.0 + work.ended(now) as i64;
            io.cx.cause = work.start;
            self.report(io, crew, worker, Offset(to));
            self.told(io, crew, worker);
        }
    }

    /// Stretches that have ended.
    fn finish_due(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew) -> bool {
        let mut any = false;
        while let Some(&(at, _, worker)) = crew.ends.first()
            && at <= io.now()
        {
            any = true;
            crew.forget_end(worker);
            let w = &mut crew.workers[worker];
            w.state = State::Idle;
            w.work.run.from = w.work.to;
            let (start, to) = (w.work.start, w.work.to);
            io.cx.cause = start;
            self.report(io, crew, worker, to);
            self.told(io, crew, worker);
            if crew.workers[worker].state != State::Committing {
                self.worker_goes_on(io, crew, worker);
            }
        }
        any
    }

    /// A worker is free for its next stretch: the rest of its run, or something new.
    fn worker_goes_on(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew, worker: usize) {
        let w = &mut crew.workers[worker];
        w.state = State::Idle;
        if w.work.run.from < w.work.run.to {
            if w.one_by_one {
                w.time = self.draw_time(io);
            }
            self.start_stretch(io, crew, worker);
        } else {
            if crew.order == WorkerOrder::Partition {
                crew.buffer.release(crew.workers[worker].lane);
            }
            crew.idle.push(worker);
        }
    }

    /// Idle workers take up what waits.
    fn take_up(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew) -> bool {
        let mut any = false;
        while let Some(worker) = crew.free_worker() {
            let Some((lane, item)) = crew.buffer.take() else {
                crew.idle.push(worker);
                break;
            };
            any = true;
            let time = self.draw_time(io);
            let w = &mut crew.workers[worker];
            (w.lane, w.ownership, w.time, w.work.run) = (lane, item.ownership, time, item.run);
            w.one_by_one = crew.jitter_per_record || (item.singly && crew.jitters);
            self.start_stretch(io, crew, worker);
        }
        any
    }

    fn start_stretch(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew, worker: usize) {
        let stuck = std::mem::take(&mut crew.stuck_next);
        let w = &mut crew.workers[worker];
        let per_record = match self.fault {
            HandlerFault::Slow(time) => time,
            HandlerFault::None | HandlerFault::Stuck => w.time,
        };
        let Run { tp, from, to: end, .. } = w.work.run;
        // A worker that may have to wait for a commit of its own takes record by record: nobody can tell when that will be.
        let commits = crew.feeds && self.stride(io.now(), per_record, u64::MAX) < u64::MAX;
        let to = if stuck || commits || w.one_by_one { Offset(from.0 + 1) } else { end };
        let shown = if stuck { Duration::MAX } else { per_record };
        let start = io.emit_cause(Kind::ProcessStart { partition: tp, from, to, per_record: shown });
        w.work = Work { run: w.work.run, from, reported: from, to, started: io.now(), per_record, stuck, start };
        w.state = State::Working;
        crew.note_end(worker);
    }

    /// Records of a worker's stretch up to `to` are done.
    pub(super) fn report(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew, worker: usize, to: Offset) {
        let w = &mut crew.workers[worker];
        let from = w.work.reported;
        if to <= from {
            return;
        }
        w.work.reported = to;
        let count = (to.0 - from.0).unsigned_abs();
        crew.out -= count;
        crew.untold += count;
        io.emit_cause(Kind::ProcessDone { partition: w.work.run.tp, from, to });
        // What the application knows of its progress belongs to the time that it owns the partition: its tracker of what is
        // done is made when the partition is assigned and thrown away when that is revoked or lost, as every worker pool in
        // earnest has it. A record that a worker finishes later ticks off an entry of the old tracker, which nobody commits
        // from any more, also if the same process owns the same partition again by then: it reads on from the committed
        // position, and the record comes once more.
        let run = Run { from, ..w.work.run };
        if w.ownership.is_some() && self.library.subscription().ownership(&run) == w.ownership {
            self.library.handled(&run, to);
        }
    }

    /// The strategy hears of finished records, the last of them a worker's.
    fn told(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew, worker: usize) {
        let count = std::mem::take(&mut crew.untold);
        if count == 0 {
            return;
        }
        let mut commit = self.ask_after_record(io.now(), count);
        // A batch, to several workers, is what lies between two moments at which nothing is out.
        if crew.out == 0 && std::mem::take(&mut crew.batch_open) {
            let after_batch = self.ask_after_batch(io.now());
            commit = if after_batch == Commit::Nothing { commit } else { after_batch };
        }
        if commit == Commit::Nothing {
            return;
        }
        if crew.feeds {
            self.worker_commits(io, crew, worker, commit);
        } else {
            crew.commit_wanted = Some(commit);
        }
    }

    /// A worker commits by itself.
    fn worker_commits(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew, worker: usize, commit: Commit) {
        match commit {
            Commit::Nothing => {}
            Commit::Async(offsets) => {
                let offsets = self.resolve(offsets, &[]);
                self.library.commit_async(io, offsets, 0);
            }
            Commit::Sync(offsets) => {
                let offsets = self.resolve(offsets, &[]);
                let at_rest = crew.workers[worker].state == State::Idle;
                if !self.library.begin_worker_commit(io, worker, offsets) && at_rest {
                    crew.workers[worker].state = State::Committing;
                }
            }
        }
    }
}
