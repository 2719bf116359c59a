//! What workers do when their partitions are taken away, or the process shuts down: `when-revoked`.

use super::super::{After, Process};
use super::{Crew, State};
use crate::client::io::Io;
use crate::client::library::Callback;
use crate::config::WhenRevoked;
use crate::ids::{Offset, TopicPartition};
use crate::trace::{CommitOrigin, DropReason, Kind};

/// What the poll thread waits for its workers in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Settling {
    /// A rebalance callback.
    Callback(Callback),
    /// A clean shutdown, before close() is called.
    Close,
}

impl Process {
    /// poll runs the rebalance callback, in which the application sees to its workers first.
    pub(in super::super) fn callback_begins(&mut self, io: &mut Io<'_, '_>, callback: Callback) {
        if self.crew.is_some() {
            self.begin_settling(io, Settling::Callback(callback));
        } else {
            self.run_callback(io, callback);
        }
    }

    /// What is to become of delivered records.
    fn settles_by(&self, crew: &Crew, settling: Settling) -> WhenRevoked {
        match settling {
            // One that reads to the end has it all handled.
            Settling::Close if self.read_to_end => WhenRevoked::Drain,
            // Of a partition that is lost somebody else has the records by now: nothing is begun any more.
            Settling::Callback(Callback::Lost) if crew.when_revoked == WhenRevoked::Drain => WhenRevoked::FinishRecord,
            _ => crew.when_revoked,
        }
    }

    pub(in super::super) fn begin_settling(&mut self, io: &mut Io<'_, '_>, settling: Settling) {
        self.doing = super::super::Doing::Settling(settling);
        let Some(mut crew) = self.crew.take() else { return };
        if self.settles_by(&crew, settling) == WhenRevoked::FinishRecord {
            let library = &self.library;
            let goes = |tp: TopicPartition| settling == Settling::Close || library.gives_up(tp);
            crew.finish_records(io, goes);
        }
        self.crew = Some(crew);
    }

    /// Waits for the workers; true when the callback, or the shutdown, goes on.
    pub(in super::super) fn settle_step(&mut self, io: &mut Io<'_, '_>, settling: Settling) -> bool {
        let library = &self.library;
        let goes = |tp: TopicPartition| settling == Settling::Close || library.gives_up(tp);
        let waits = self.crew.as_ref().is_some_and(|crew| {
            self.settles_by(crew, settling) != WhenRevoked::Ignore && (crew.busy(goes) || crew.buffer.holds(goes))
        });
        if waits {
            return false;
        }
        match settling {
            Settling::Callback(callback) => self.run_callback(io, callback),
            Settling::Close => {
                // What the strategy commits on has been done since: the poll thread still sees to that before it closes.
                let wanted = self.crew.as_mut().and_then(|crew| crew.commit_wanted.take());
                match wanted {
                    Some(commit) => self.carry_out(io, commit, &[], CommitOrigin::Sync, After::Handle),
                    None => self.begin_close(io),
                }
            }
        }
        true
    }

    /// The process ends: what has ended is done, records in work are interrupted, the rest will not be handled.
    pub(in super::super) fn dismiss_crew(&mut self, io: &mut Io<'_, '_>, reason: DropReason) {
        let Some(mut crew) = self.crew.take() else { return };
        let now = self.paused_at.unwrap_or(io.now());
        for worker in 0..crew.workers.len() {
            let w = &crew.workers[worker];
            if w.state == State::Working {
                let (start, to) = (w.work.start, Offset(w.work.from.0 + w.work.ended(now) as i64));
                let cause = std::mem::replace(&mut io.cx.cause, start);
                self.report(io, &mut crew, worker, to);
                io.cx.cause = cause;
                let work = &mut crew.workers[worker].work;
                work.run.from = work.reported;
                if work.reported < work.to {
                    io.emit(Kind::Interrupted { partition: work.run.tp, offset: work.reported });
                    work.run.from = Offset(work.reported.0 + 1);
                }
            }
            crew.workers[worker].state = State::Idle;
            let run = crew.workers[worker].work.run;
            drop_records(io, run.tp, run.from, run.to, reason);
        }
        for item in crew.buffer.take_out(|_| true) {
            drop_records(io, item.run.tp, item.run.from, item.run.to, reason);
        }
        crew.ends.clear();
        crew.workers.clear();
        crew.idle.clear();
        (crew.out, crew.long) = (0, 0);
        self.crew = Some(crew);
    }
}

impl Crew {
    /// The records in work of some partitions will be finished; the rest of what waits of them is dropped.
    fn finish_records(&mut self, io: &mut Io<'_, '_>, goes: impl Fn(TopicPartition) -> bool) {
        for worker in 0..self.workers.len() {
            let state = self.workers[worker].state;
            let tp = self.workers[worker].work.run.tp;
            if state == State::Idle || !goes(tp) {
                continue;
            }
            let mut next = self.workers[worker].work.run.from;
            if state == State::Working {
                self.forget_end(worker);
                self.workers[worker].work.cut(io.now());
                self.note_end(worker);
                next = self.workers[worker].work.to;
            }
            let end = std::mem::replace(&mut self.workers[worker].work.run.to, next);
            self.drop_out(io, tp, next, end);
        }
        for item in self.buffer.take_out(goes) {
            self.drop_out(io, item.run.tp, item.run.from, item.run.to);
        }
    }

    fn drop_out(&mut self, io: &mut Io<'_, '_>, tp: TopicPartition, from: Offset, to: Offset) {
        self.out -= (to.0 - from.0).unsigned_abs();
        drop_records(io, tp, from, to, DropReason::Revoked);
    }

    /// Whether a worker has anything of some partitions in hand.
    fn busy(&self, goes: impl Fn(TopicPartition) -> bool) -> bool {
        self.workers.iter().any(|worker| worker.state != State::Idle && goes(worker.work.run.tp))
    }
}

fn drop_records(io: &mut Io<'_, '_>, partition: TopicPartition, from: Offset, to: Offset, reason: DropReason) {
    if from < to {
        io.emit(Kind::Dropped { partition, from, to, reason });
    }
}
