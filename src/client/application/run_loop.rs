//! The application's thread, step by step, until it is blocked.

use super::crew::Settling;
use super::{After, ClosePhase, Doing, Process};
use crate::client::io::{Io, Timer};
use crate::client::library::{Library, Place, PollOutcome};
use crate::ids::{CorrelationId, Seq};
use crate::protocol::{ErrorCode, Response};
use crate::time::Instant;
use crate::trace::{DropReason, Kind};

impl Process {
    /// The process starts.
    pub fn start(&mut self, io: &mut Io<'_, '_>) {
        io.emit_cause(Kind::Start {});
        self.library.start(io);
        self.enter_poll(io);
        self.run(io);
    }

    /// The application calls poll().
    pub(super) fn enter_poll(&mut self, io: &mut Io<'_, '_>) {
        if !self.stopping {
            self.first_pass = true;
            if self.crew.as_ref().is_none_or(|crew| !crew.feeds()) {
                io.emit_cause(Kind::Poll {});
            }
        }
    }

    /// An answer has come.
    pub fn on_response(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: Response) {
        if self.doing == Doing::Exited {
            return;
        }
        self.top_up(io);
        self.set_in_poll();
        self.library.on_response(io, id, response);
        self.run(io);
    }

    /// A clean shutdown is asked for.
    pub fn stop(&mut self, io: &mut Io<'_, '_>) {
        if self.stopping || self.doing == Doing::Exited {
            return;
        }
        self.begin_stop(io);
        self.run(io);
    }

    fn begin_stop(&mut self, io: &mut Io<'_, '_>) {
        io.emit_cause(Kind::Stop {});
        self.stopping = true;
    }

    /// Runs every timer that is due, in order.
    pub fn on_deadline(&mut self, io: &mut Io<'_, '_>) {
        loop {
            self.set_in_poll();
            let (timer, due) = self.library.next_timer();
            let own = self.own_timer();
            let at = timer.at.min(own.at);
            if at > io.now() || self.doing == Doing::Exited {
                self.deadline = Some(at);
                return;
            }
            if own.at <= timer.at {
                io.cx.cause = own.by;
            } else {
                io.cx.cause = timer.by;
                self.top_up(io);
                if self.library.commits_marks(due) {
                    self.report_all(io);
                }
                self.set_in_poll();
                self.library.fire(io, due);
            }
            self.run(io);
        }
    }

    /// When the next timer fires.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        if self.doing == Doing::Exited || self.paused_at.is_some() {
            return None;
        }
        let at = self.deadline.take().unwrap_or_else(|| {
            self.set_in_poll();
            self.library.next_timer().0.at.min(self.own_timer().at)
        });
        (at != Instant::MAX).then_some(at)
    }

    fn set_in_poll(&mut self) {
        self.library.set_place(match self.doing {
            Doing::Polling => Place::Poll,
            Doing::Committing(After::Callback | After::CloseCallback | After::PollOn) => Place::Callback,
            Doing::Handling | Doing::Working => Place::Handler,
            Doing::Settling(Settling::Callback(_)) => Place::Callback,
            _ => Place::Outside,
        });
    }

    fn own_timer(&self) -> Timer {
        let own = match self.doing {
            Doing::Working => self.work.timer(),
            Doing::Closing(_) => self.close_deadline,
            _ => Timer::NEVER,
        };
        match &self.crew {
            Some(crew) if crew.timer().at < own.at => crew.timer(),
            _ => own,
        }
    }

    /// A library that feeds workers has handed over what there was room for before anything else happens.
    fn top_up(&mut self, io: &mut Io<'_, '_>) {
        if self.doing == Doing::Polling && self.crew.as_ref().is_some_and(|crew| crew.feeds()) {
            let cause = io.cx.cause;
            self.run(io);
            io.cx.cause = cause;
        }
    }

    /// Goes on until the application's thread is blocked.
    pub fn run(&mut self, io: &mut Io<'_, '_>) {
        loop {
            while self.step(io) {}
            if self.doing == Doing::Exited {
                return self.plan_look(io.now());
            }
            let mut goes_on = self.library.background(io);
            while self.answer_callback(io) {
                goes_on |= self.library.background(io);
            }
            if !goes_on {
                return self.plan_look(io.now());
            }
        }
    }

    fn step(&mut self, io: &mut Io<'_, '_>) -> bool {
        if self.crew.is_some() {
            self.crew_pass(io);
        }
        self.set_in_poll();
        match self.doing {
            Doing::Polling => self.poll_step(io),
            Doing::Handling => {
                self.handle_next(io, false);
                true
            }
            Doing::Working => self.work_ended(io),
            Doing::Waiting => self.wait_step(io),
            Doing::Settling(settling) => self.settle_step(io, settling),
            Doing::Committing(after) => {
                let over = self.library.step_commit_sync(io);
                if over {
                    self.commit_returned(io, after);
                }
                over
            }
            Doing::Closing(phase) => self.close_step(io, phase),
            Doing::Exited => false,
        }
    }

    fn poll_step(&mut self, io: &mut Io<'_, '_>) -> bool {
        if !self.stopping && self.library.reached_ends(io) {
            self.read_to_end = true;
            self.begin_stop(io);
        }
        if self.stopping {
            self.begin_settling(io, Settling::Close);
            return true;
        }
        if self.crew.is_some() {
            if self.woken() {
                self.doing = Doing::Waiting;
                return true;
            }
            self.set_rooms(io.now());
        }
        let first_pass = std::mem::take(&mut self.first_pass);
        let outcome = self.poll_pass(io);
        // Java resets the poll timer where a pass begins, and returns records that come later in a pass without another
        // one: the timer of a poll that waited for records runs from its last pass, not from its return (CLIENT-05).
        if first_pass || outcome != PollOutcome::Records {
            self.library.pass_began(io);
        }
        match outcome {
            PollOutcome::Wait => return false,
            PollOutcome::Records => self.begin_batch(io),
            PollOutcome::Callback(callback) => self.callback_begins(io, callback),
            PollOutcome::Error(code) => self.fail(io, code),
        }
        true
    }

    /// An exception leaves poll: the application closes its consumer and ends.
    fn fail(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.dismiss_crew(io, DropReason::Error);
        let seq: Seq = io.emit_cause(Kind::Failed { code });
        self.failed = Some(seq);
        self.stopping = true;
        self.begin_close(io);
    }

    pub(super) fn begin_close(&mut self, io: &mut Io<'_, '_>) {
        self.doing = Doing::Closing(match &self.library {
            Library::Java(consumer) => {
                self.close_deadline = io.timer_ms(consumer.close_timeout_ms());
                ClosePhase::Commit
            }
            _ => ClosePhase::Terminate,
        });
    }
}
