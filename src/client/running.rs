//! What a process runs: a consumer or a producer, with one face for the driver.

use super::{HandlerFault, Member, MemberOutput, Producer};
use crate::context::Context;
use crate::ids::CorrelationId;
use crate::protocol::Response;
use crate::time::Instant;
use crate::trace::Channel;

/// The client in a process.
pub enum Running {
    /// A group member or reader.
    Member(Member),
    /// A producer.
    Producer(Producer),
}

impl Running {
    /// The process starts.
    pub fn start(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        match self {
            Running::Member(client) => client.start(cx, out),
            Running::Producer(client) => client.start(cx, out),
        }
    }

    /// An answer has arrived.
    pub fn handle_response(
        &mut self,
        cx: &mut Context<'_>,
        channel: Channel,
        correlation: CorrelationId,
        response: Response,
        out: &mut Vec<MemberOutput>,
    ) {
        match self {
            Running::Member(client) => client.handle_response(cx, channel, correlation, response, out),
            Running::Producer(client) => client.handle_response(cx, correlation, response, out),
        }
    }

    /// When [`Running::handle_deadline`] wants to be called next.
    pub fn next_deadline(&self) -> Option<Instant> {
        match self {
            Running::Member(client) => client.next_deadline(),
            Running::Producer(client) => client.next_deadline(),
        }
    }

    /// Runs everything that is due at `cx.now`.
    pub fn handle_deadline(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        match self {
            Running::Member(client) => client.handle_deadline(cx, out),
            Running::Producer(client) => client.handle_deadline(cx, out),
        }
    }

    /// Clean shutdown.
    pub fn stop(&mut self, cx: &mut Context<'_>, out: &mut Vec<MemberOutput>) {
        match self {
            Running::Member(client) => client.stop(cx, out),
            Running::Producer(client) => client.stop(cx, out),
        }
    }

    /// The process is killed.
    pub fn crash(&mut self, cx: &mut Context<'_>, killed: bool) {
        match self {
            Running::Member(client) => client.crash(cx, killed),
            Running::Producer(client) => client.crash(cx, killed),
        }
    }

    /// The process freezes.
    pub fn pause(&mut self, cx: &mut Context<'_>) {
        match self {
            Running::Member(client) => client.pause(cx),
            Running::Producer(client) => client.pause(cx),
        }
    }

    /// The process goes on.
    pub fn resume(&mut self, cx: &mut Context<'_>) {
        match self {
            Running::Member(client) => client.resume(cx),
            Running::Producer(client) => client.resume(cx),
        }
    }

    /// Changes how the handler works; a producer has none.
    pub fn set_handler_fault(&mut self, cx: &mut Context<'_>, fault: HandlerFault, out: &mut Vec<MemberOutput>) {
        match self {
            Running::Member(client) => client.set_handler_fault(cx, fault, out),
            Running::Producer(_) => {}
        }
    }
}
