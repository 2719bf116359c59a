//! Clients, consumers and producers, and the applications around them, sans-IO (floor 3).

mod application;
mod constants;
mod consumer;
mod franz_go;
mod interest;
mod io;
mod kafka_go;
mod library;
mod librdkafka;
mod network;
mod producer;
mod profile;
mod results;
mod running;
mod sarama;
pub mod strategy;
mod subscription;
#[cfg(test)]
mod tests;

pub use constants::constants;

use crate::config::MemberConfig;
use crate::context::Context;
use crate::ids::{ActorId, CorrelationId, Incarnation, Seq};
use crate::protocol::{Request, Response};
use crate::time::{Duration, Instant};
use crate::trace::Channel;
use application::Process;
use io::Io;
pub use producer::Producer;
pub use results::ResultStore;
pub use running::Running;
use strategy::CommitStrategy;

/// What a process wants done.
#[derive(Debug)]
pub enum MemberOutput {
    /// Send a request. A request on a channel without a connection opens one.
    Send {
        /// Which connection.
        channel: Channel,
        /// Which of the connections of that kind: 0, except for libraries that open several.
        lane: u32,
        /// Pairs the answer with it; unique per actor and incarnation.
        correlation: CorrelationId,
        /// Version of the request.
        api_version: i16,
        /// The request.
        request: Request,
        /// The trace event that caused it (its `sent` event).
        cause: Seq,
    },
    /// Drop a connection; what was sent on it may or may not have been applied, answers on it are never seen.
    Disconnect {
        /// Which connection.
        channel: Channel,
        /// Which of the connections of that kind.
        lane: u32,
    },
    /// The process has ended (its `closed` or `failed` event is out). The driver drops it.
    Exited {
        /// The trace event that says so.
        cause: Seq,
    },
}

/// What is wrong with a handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HandlerFault {
    /// Nothing.
    None,
    /// Records *started* from now on take this long each (jitter does not apply).
    Slow(Duration),
    /// The record in work (or, if none is, the next one started) does not end until this is lifted; then it ends at once
    /// if its time has passed.
    Stuck,
}

/// One process: a consumer library and the application loop around it (poll, handle, commit, poll ...).
///
/// A pure state machine on two threads' worth of Kafka behaviour (application and heartbeat thread). The driver delivers
/// answers, calls [`Member::handle_deadline`] at [`Member::next_deadline`], and carries out the outputs.
pub struct Member {
    config: MemberConfig,
    actor: ActorId,
    incarnation: Incarnation,
    strategy: Option<Box<dyn CommitStrategy>>,
    results: ResultStore,
    process: Option<Box<Process>>,
    deadline: Option<Instant>,
}

impl Member {
    /// A process that has not been started. `actor` and `incarnation` go into its events.
    pub fn new(config: MemberConfig, actor: ActorId, incarnation: Incarnation) -> Self {
        Member {
            config,
            actor,
            incarnation,
            strategy: None,
            results: ResultStore::default(),
            process: None,
            deadline: None,
        }
    }

    /// Commits as `strategy` says instead of as its configuration does. What the library commits by itself stays as the
    /// configuration says.
    pub fn with_strategy(self, strategy: Box<dyn CommitStrategy>) -> Self {
        Member { strategy: Some(strategy), ..self }
    }

    /// Keeps its offsets in `results` if its configuration says that it keeps them with its results; without this call, in a
    /// table of its own.
    pub fn with_results(self, results: ResultStore) -> Self {
        Member { results, ..self }
    }

    /// The process starts: emits `start`, subscribes (or assigns) and enters its poll loop.
    pub fn start(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        if self.process.is_none() {
            let mut io = Io { cx, out, actor: self.actor, incarnation: self.incarnation };
            let of_config = || strategy::of_policy(&self.config.commit, io.cx.now);
            let strategy = self.strategy.take().unwrap_or_else(of_config);
            self.process = Some(Box::new(Process::new(&mut io, &self.config, strategy, &self.results)));
            self.act(cx, out, Process::start);
        }
    }

    /// An answer has arrived.
    pub fn handle_response(
        &mut self,
        cx: &mut Context<'_>,
        _channel: Channel,
        correlation: CorrelationId,
        response: Response,
        out: &mut Vec<MemberOutput>,
    ) {
        self.act(cx, out, |process, io| process.on_response(io, correlation, response));
    }

    /// When [`Member::handle_deadline`] wants to be called next: the earliest of every timer and of the record or batch in
    /// work.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Runs everything that is due at `cx.now`.
    pub fn handle_deadline(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        self.act(cx, out, Process::on_deadline);
    }

    /// Clean shutdown: after the batch in hand, close the consumer (CLIENT-31); ends with [`MemberOutput::Exited`].
    pub fn stop(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        self.act(cx, out, Process::stop);
    }

    /// The process is killed: records finished before now are done (`process_done`), the one in work is `interrupted`.
    /// `killed` says that a clean shutdown ran out of grace (event `killed` instead of `crash`). Nothing is sent. Requests
    /// in flight are lost, and the rest of the batch is dropped; `crash` (or `killed`) is the last event.
    pub fn crash(&mut self, cx: &mut Context<'_>, killed: bool) {
        self.act(cx, &mut Vec::new(), |process, io| process.crash(io, killed));
    }

    /// The process freezes: emits `pause`; what the handler has finished by now is accounted for. No call other than
    /// [`Member::resume`] or [`Member::crash`] comes until it goes on.
    pub fn pause(&mut self, cx: &mut Context<'_>) {
        self.act(cx, &mut Vec::new(), Process::pause);
    }

    /// The process goes on: emits `resume`; the record in work needs the time that it still needed. Overdue deadlines are
    /// run by the driver through [`Member::handle_deadline`] afterwards.
    pub fn resume(&mut self, cx: &mut Context<'_>) {
        self.act(cx, &mut Vec::new(), Process::resume);
    }

    /// Changes how the handler works, from now on.
    pub fn set_handler_fault(&mut self, cx: &mut Context<'_>, fault: HandlerFault, out: &mut Vec<MemberOutput>) {
        self.act(cx, out, |process, io| process.set_fault(io, fault));
    }

    fn act(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<MemberOutput>,
        act: impl FnOnce(&mut Process, &mut Io<'_, '_>),
    ) {
        let Some(process) = &mut self.process else { return };
        act(process, &mut Io { cx, out, actor: self.actor, incarnation: self.incarnation });
        self.deadline = process.next_deadline();
    }
}
