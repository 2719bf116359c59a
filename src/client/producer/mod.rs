//! The producer client and the application that sends through it, sans-IO.
//!
//! [`application`] makes the calls; [`partitioner`] says which records go to which partition; [`partition`] is the queue of
//! one partition, cut into batches only as they are sent; [`accumulator`] knows which partitions have something to send and
//! when; [`sender`] sends batches, takes answers, repeats and gives up; [`connection`] holds the requests in flight;
//! [`rules`] is what differs between libraries. Costs follow batches and calls, never single records of a batch.

mod accumulator;
mod application;
mod connection;
mod partition;
mod partitioner;
mod process;
mod rules;
mod sender;

use super::MemberOutput;
use super::io::Io;
use crate::config::ProducerConfig;
use crate::context::Context;
use crate::ids::{ActorId, CorrelationId, Incarnation};
use crate::protocol::Response;
use crate::time::Instant;
use crate::trace::Kind;
use process::Process;

/// One process that sends records: a producer library and the application around it.
///
/// A pure state machine. The driver delivers answers, calls [`Producer::handle_deadline`] at [`Producer::next_deadline`],
/// and carries out the outputs.
pub struct Producer {
    config: ProducerConfig,
    actor: ActorId,
    incarnation: Incarnation,
    process: Option<Box<Process>>,
    deadline: Option<Instant>,
}

impl Producer {
    /// A process that has not been started. `actor` and `incarnation` go into its events.
    pub fn new(config: ProducerConfig, actor: ActorId, incarnation: Incarnation) -> Self {
        Producer { config, actor, incarnation, process: None, deadline: None }
    }

    /// The process starts: emits `start`.
    pub fn start(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        if self.process.is_none() {
            let mut io = Io { cx, out, actor: self.actor, incarnation: self.incarnation };
            self.process = Some(Box::new(Process::new(&mut io, &self.config)));
            self.act(cx, out, Process::start);
        }
    }

    /// An answer has arrived.
    pub fn handle_response(
        &mut self,
        cx: &mut Context<'_>,
        correlation: CorrelationId,
        response: Response,
        out: &mut Vec<MemberOutput>,
    ) {
        self.act(cx, out, |process, io| process.on_response(io, correlation, response));
    }

    /// When [`Producer::handle_deadline`] wants to be called next.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Runs everything that is due at `cx.now`.
    pub fn handle_deadline(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        self.act(cx, out, Process::go_on);
    }

    /// Clean shutdown: no further call begins, what is buffered is sent at once, the last answers are waited for.
    pub fn stop(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        self.act(cx, out, Process::stop);
    }

    /// The process is killed: what it has not sent is gone. `crash` (or `killed`) is the last event.
    pub fn crash(&mut self, cx: &mut Context<'_>, killed: bool) {
        self.act(cx, &mut Vec::new(), |process, io| process.crash(io, killed));
        self.deadline = None;
        self.process = None;
    }

    /// The process freezes: emits `pause`. No call other than [`Producer::resume`] or [`Producer::crash`] comes until it goes on.
    pub fn pause(&mut self, cx: &mut Context<'_>) {
        self.act(cx, &mut Vec::new(), |_, io| io.emit(Kind::Pause {}));
    }

    /// The process goes on: emits `resume`. What is overdue is run by the driver afterwards.
    pub fn resume(&mut self, cx: &mut Context<'_>) {
        self.act(cx, &mut Vec::new(), |_, io| io.emit(Kind::Resume {}));
    }

    fn act<T>(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<MemberOutput>,
        act: impl FnOnce(&mut Process, &mut Io<'_, '_>) -> T,
    ) {
        let Some(process) = &mut self.process else { return };
        act(process, &mut Io { cx, out, actor: self.actor, incarnation: self.incarnation });
        self.deadline = process.next_deadline();
    }
}
