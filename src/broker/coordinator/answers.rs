//! Answering: one function through which every group request goes, so that each leaves its trace event.

use super::records::Record;
use super::timers::Timers;
use crate::broker::Answer;
use crate::config::BrokerConfig;
use crate::context::Context;
use crate::ids::*;
use crate::protocol::{Api, Bytes, JoinGroupResponse, RequestHeader, Response, SyncGroupResponse};
use crate::trace::Kind;

/// Who waits for an answer, and what it asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Asker {
    pub api: Api,
    pub api_version: i16,
    pub connection: ConnectionId,
    pub correlation: CorrelationId,
    pub client: ActorId,
    pub incarnation: Incarnation,
    pub client_id: ClientId,
    pub host: Symbol,
    pub group: GroupId,
    pub member: MemberId,
    pub generation: Generation,
}

impl Asker {
    pub fn new(header: &RequestHeader, api: Api, group: Option<GroupId>, member: MemberId, at: Generation) -> Self {
        Asker {
            api,
            api_version: header.api_version,
            connection: header.connection,
            correlation: header.correlation,
            client: header.client.actor,
            incarnation: header.client.incarnation,
            client_id: header.client.client_id,
            host: header.client.host,
            group: group.unwrap_or(GroupId::EMPTY),
            member,
            generation: at,
        }
    }
}

/// What an operation on a group works with, beside the group.
pub(super) struct Op<'a, 'b> {
    pub cx: &'a mut Context<'b>,
    pub out: &'a mut Vec<Answer>,
    pub config: &'a BrokerConfig,
    pub timers: &'a mut Timers,
    /// Records that the operation wants written when it is through.
    pub batch: &'a mut Vec<Record>,
}

impl Op<'_, '_> {
    /// Kafka's clock.
    pub fn now_ms(&self) -> u64 {
        self.cx.now.as_ms()
    }

    pub fn no_bytes(&self) -> Bytes {
        Bytes::from([])
    }

    /// Does something whose events are caused by `cause`.
    pub fn caused_by<T>(&mut self, cause: Seq, act: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.cx.cause, cause);
        let result = act(self);
        self.cx.cause = before;
        result
    }

    /// A JoinGroup or SyncGroup is taken up, which may be parked; what it does is caused by this event.
    pub fn received(&mut self, asker: &Asker) {
        let seq = self.cx.emit_broker(Kind::RequestReceived {
            api: asker.api,
            client: asker.client,
            client_incarnation: asker.incarnation,
            request: asker.correlation,
            group: asker.group,
            member: asker.member,
            generation: asker.generation,
        });
        self.cx.cause = seq;
    }

    /// Answers, and returns the event that says so.
    #[inline]
    pub fn respond(&mut self, asker: &Asker, response: Response) -> Seq {
        let code = response.error();
        let Asker { api, client, incarnation: client_incarnation, correlation: request, .. } = *asker;
        let Asker { group, member, generation, .. } = *asker;
        let kind = if code.is_none() {
            Kind::RequestApplied { api, client, client_incarnation, request, group, member, generation }
        } else {
            Kind::RequestRejected { api, client, client_incarnation, request, group, member, generation, code }
        };
        let cause = self.cx.emit_broker(kind);
        self.out.push(Answer { connection: asker.connection, correlation: asker.correlation, response, cause });
        cause
    }

    /// Answers a JoinGroup; its event shows a fresh member id and the new generation.
    pub fn respond_join(&mut self, asker: &Asker, response: JoinGroupResponse) -> Seq {
        let mut shown = *asker;
        if shown.member.is_empty() {
            shown.member = response.member;
        }
        if response.error.is_none() {
            shown.generation = response.generation;
        }
        self.respond(&shown, Response::JoinGroup(Box::new(response)))
    }

    pub fn respond_sync(&mut self, asker: &Asker, response: SyncGroupResponse) -> Seq {
        self.respond(asker, Response::SyncGroup(Box::new(response)))
    }
}
