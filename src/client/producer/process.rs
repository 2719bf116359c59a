//! One life of a producer process.

use super::super::MemberOutput;
use super::super::io::Io;
use super::application::Application;
use super::sender::Sender;
use crate::config::ProducerConfig;
use crate::ids::CorrelationId;
use crate::protocol::Response;
use crate::time::Instant;
use crate::trace::Kind;

/// A running producer with its application.
pub(super) struct Process {
    application: Application,
    sender: Sender,
    exited: bool,
}

impl Process {
    pub fn new(io: &mut Io<'_, '_>, config: &ProducerConfig) -> Self {
        Process { application: Application::new(config, io.now()), sender: Sender::new(io, config), exited: false }
    }

    pub fn start(&mut self, io: &mut Io<'_, '_>) {
        io.emit_cause(Kind::Start {});
        self.go_on(io);
    }

    pub fn on_response(&mut self, io: &mut Io<'_, '_>, correlation: CorrelationId, response: Response) {
        self.sender.on_response(io, correlation, response);
        self.go_on(io);
    }

    /// Does everything that is due, until nothing more follows from it.
    pub fn go_on(&mut self, io: &mut Io<'_, '_>) {
        if self.exited {
            return;
        }
        loop {
            self.application.answered(io, &mut self.sender.answers);
            self.application.go_on(io, &mut self.sender);
            self.sender.flush(io, self.application.stopping, self.application.is_blocked());
            let held = self.sender.held();
            self.sender.go_on(io);
            if self.sender.held() == held && self.sender.answers.is_empty() {
                break; // no room has come
            }
        }
        if self.application.stopping && self.application.is_idle() && self.sender.is_idle() {
            self.exited = true;
            let cause = io.emit_cause(Kind::Closed {});
            io.out.push(MemberOutput::Exited { cause });
        }
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        if self.exited {
            return None;
        }
        [self.application.next_deadline(), self.sender.next_deadline()].into_iter().flatten().min()
    }

    pub fn stop(&mut self, io: &mut Io<'_, '_>) {
        if !self.application.stopping {
            io.emit_cause(Kind::Stop {});
            self.application.stopping = true;
        }
        self.go_on(io);
    }

    pub fn crash(&mut self, io: &mut Io<'_, '_>, killed: bool) {
        self.sender.end(io);
        io.emit_cause(if killed { Kind::Killed {} } else { Kind::Crash {} });
        self.exited = true;
    }
}
