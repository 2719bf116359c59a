//! Faults of a process with several workers.

use super::super::Process;
use super::{Crew, State};
use crate::client::HandlerFault;
use crate::client::io::Io;
use crate::ids::Offset;
use crate::time::{Duration, Instant};
use crate::trace::Kind;

impl Process {
    /// Accounts for everything that workers have finished by now, and ends each stretch with the record in work.
    fn cut_crew(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew) {
        let now = io.now();
        for worker in 0..crew.workers.len() {
            if crew.workers[worker].state == State::Working {
                self.report_ended_of(io, crew, worker, now);
                crew.forget_end(worker);
                crew.workers[worker].work.cut(now);
                crew.note_end(worker);
            }
        }
    }

    fn report_ended_of(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew, worker: usize, now: Instant) {
        let work = &crew.workers[worker].work;
        let to = Offset(work.from.0 + work.ended(now) as i64);
        let cause = std::mem::replace(&mut io.cx.cause, work.start);
        self.report(io, crew, worker, to);
        io.cx.cause = cause;
    }

    /// The process freezes.
    pub(in super::super) fn pause_crew(&mut self, io: &mut Io<'_, '_>) {
        let Some(mut crew) = self.crew.take() else { return };
        self.cut_crew(io, &mut crew);
        self.crew = Some(crew);
    }

    /// The process goes on after so long: every record in work needs the time that it needed.
    pub(in super::super) fn resume_crew(&mut self, frozen: Duration) {
        let Some(crew) = &mut self.crew else { return };
        for worker in 0..crew.workers.len() {
            if crew.workers[worker].state == State::Working {
                crew.forget_end(worker);
                crew.workers[worker].work.started += frozen;
                crew.note_end(worker);
            }
        }
    }

    /// Changes how the handlers work.
    pub(in super::super) fn set_crew_fault(&mut self, io: &mut Io<'_, '_>, fault: HandlerFault) {
        let Some(mut crew) = self.crew.take() else { return };
        self.cut_crew(io, &mut crew);
        let stuck = crew.workers.iter().position(|w| w.state == State::Working && w.work.stuck);
        match stuck {
            _ if fault == HandlerFault::Stuck => {
                if stuck.is_none() {
                    self.get_one_stuck(io, &mut crew);
                }
            }
            // What was stuck ends at once if its time has passed.
            Some(worker) => {
                crew.forget_end(worker);
                crew.workers[worker].work.stuck = false;
                crew.note_end(worker);
            }
            None => crew.stuck_next = false,
        }
        self.crew = Some(crew);
        self.run(io);
    }

    /// The record that was started last hangs; without one, the next.
    fn get_one_stuck(&mut self, io: &mut Io<'_, '_>, crew: &mut Crew) {
        let now = io.now();
        let in_record = crew.working().filter(|&w| crew.workers[w].work.end() > now);
        let last = in_record.max_by_key(|&w| {
            let work = &crew.workers[w].work;
            (work.end().as_us() - work.per_record.as_us(), work.start, w)
        });
        let Some(worker) = last else {
            crew.stuck_next = true;
            return;
        };
        crew.forget_end(worker);
        let work = &mut crew.workers[worker].work;
        let kind =
            Kind::ProcessStart { partition: work.run.tp, from: work.reported, to: work.to, per_record: Duration::MAX };
        work.start = io.emit(kind);
        work.stuck = true;
        crew.note_end(worker);
    }
}
