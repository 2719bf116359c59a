//! What clients say: requests, processes, records.

use super::super::book::Desk;
use super::super::view::{End, Life, Scope};
use super::super::{o6_duplicates, o10_log, o12_timers, o13_conservation, work};
use super::Judge;
use crate::config::expect::MetricName;
use crate::ids::{CorrelationId, Names, TopicPartition};
use crate::protocol::{Api, ErrorCode};
use crate::trace::{Event, Kind};

impl Judge {
    pub(super) fn client_event(&mut self, event: &Event, names: &Names) {
        let life = (event.actor, event.incarnation);
        let place = event.actor.0 as usize;
        self.view.actor(event.actor);
        let scope = self.view.actors[place].scope.unwrap_or(usize::MAX);
        let mut desk = desk!(self, scope, names);
        o13_conservation::event(&self.view.actors[place], event, &mut desk);
        match event.kind {
            Kind::RequestSent { api, request, .. } => {
                o13_conservation::sent(&mut self.view.actors[place], request, api, event, &mut desk);
            }
            Kind::RequestReplySeen { api, request, code } => {
                // CLIENT-05; a handler of librdkafka may be busy while its library joins a cooperative group
                if api == Api::JoinGroup && code.is_none() && self.view.actors[place].java {
                    self.view.actors[place].poll_reset = event.t;
                }
                self.request_ended(api, request, event, false, names);
            }
            Kind::RequestTimedOut { api, request } | Kind::RequestLost { api, request } => {
                self.request_ended(api, request, event, true, names);
            }
            Kind::Poll {} => {
                let actor = &mut self.view.actors[place];
                actor.polls += 1;
                actor.poll_reset = event.t;
            }
            Kind::PollTimeout {} => {
                let limit = self.view.number(event.actor, "max.poll.interval.ms", names);
                o12_timers::max_poll::fired(&self.view.actors[place], event.actor, limit, &mut desk);
                self.view.actors[place].poll_timed_out = Some(event.t);
            }
            Kind::Start {} => {
                if self.view.actors[place].live {
                    let before = (event.actor, self.view.actors[place].incarnation);
                    self.process_ended(before, End::Crash, "was started anew", names);
                }
                o13_conservation::started(&mut self.view.actors[place], event.incarnation);
                self.disturb(Some(scope).filter(|&scope| scope != usize::MAX));
            }
            Kind::Crash {} => self.process_ended(life, End::Crash, "crashed", names),
            Kind::Killed {} => self.process_ended(life, End::Crash, "was killed", names),
            Kind::Closed {} => self.process_ended(life, End::Closed, "closed", names),
            Kind::Failed { .. } => {
                self.process_ended(life, End::Closed, "gave up", names);
                self.view.actors[place].failed = true;
            }
            Kind::Stop {} => self.disturb(Some(scope).filter(|&scope| scope != usize::MAX)),
            Kind::Pause {} => self.frozen(life, true, names),
            Kind::Resume {} => self.frozen(life, false, names),
            _ if scope != usize::MAX && self.view.scopes[scope].producer => {
                self.producer_event(event, life, scope, names);
            }
            _ if scope != usize::MAX => self.consumer_event(event, life, scope, names),
            _ => {}
        }
    }

    pub(super) fn request_ended(
        &mut self,
        api: Api,
        request: CorrelationId,
        event: &Event,
        unanswered: bool,
        names: &Names,
    ) {
        let place = event.actor.0 as usize;
        let scope = self.view.actors[place].scope.unwrap_or(usize::MAX);
        let mut desk = desk!(self, scope, names);
        o13_conservation::ended(&mut self.view.actors[place], request, api, event, &mut desk);
        if api == Api::Produce {
            self.producer_request_ended((event.actor, event.incarnation), request, unanswered);
        }
        if api != Api::OffsetCommit {
            return;
        }
        if unanswered {
            self.commit_ended((event.actor, event.incarnation), request, o6_duplicates::commit_lost);
        } else if !self.view.actors[place].commits.is_empty() {
            self.view.actors[place].commits.retain(|sent| sent.request != request);
        }
    }

    pub(super) fn consumer_event(&mut self, event: &Event, life: Life, scope: usize, names: &Names) {
        match event.kind {
            Kind::Delivered { partition, from, to } => self.delivered(life, scope, partition, (from.0, to.0), names),
            Kind::ProcessStart { partition, from, to, per_record } => {
                let place = self.view.part(scope, partition);
                let desk = desk!(self, scope, names);
                let Scope { parts, slowest_record_us, .. } = &mut self.view.scopes[scope];
                if per_record.as_us() < i64::MAX as u64 {
                    *slowest_record_us = (*slowest_record_us).max(per_record.as_us());
                }
                if let Some(part) = parts[place].as_mut() {
                    work::started(part, life, from.0, to.0, per_record, &desk);
                }
            }
            Kind::ProcessDone { partition, from, to } => {
                let place = self.view.part(scope, partition);
                let mut desk = desk!(self, scope, names);
                let Scope { parts, finished_since, .. } = &mut self.view.scopes[scope];
                *finished_since += to.0 - from.0;
                if let Some(part) = parts[place].as_mut() {
                    work::done(part, life, from.0, to.0, &mut desk);
                }
            }
            Kind::CommitSent { request, partition, offset, origin } => {
                self.commit_sent(life, scope, (request, partition, offset.0, origin), names);
            }
            Kind::Fetched { partition, to, .. } => {
                let place = self.view.log(partition);
                let mut desk = desk!(self, scope, names);
                o10_log::read(&self.view.logs[place], to.0, &mut desk);
            }
            Kind::Owned { topic, from, to, .. } => {
                for partition in from..to {
                    self.owned(life, scope, TopicPartition::new(topic, partition), names);
                }
            }
            Kind::Revoked { topic, from, to } => self.given_up(life, scope, topic, from..to, End::Revoked, names),
            Kind::Lost { topic, from, to } => self.given_up(life, scope, topic, from..to, End::Lost, names),
            Kind::Position { partition, offset, origin } => {
                self.positioned(life, scope, partition, offset.0, origin, names)
            }
            Kind::Reset { partition, reason, .. } => {
                self.view.actors[life.0.0 as usize].last_reset = Some((partition, reason));
            }
            Kind::Dropped { partition, from, to, reason } => {
                let place = self.view.part(scope, partition);
                let desk = desk!(self, scope, names);
                let why = match reason {
                    crate::trace::DropReason::Revoked => "dropped them when the partition was revoked",
                    crate::trace::DropReason::Ended => "ended with them in hand",
                    crate::trace::DropReason::Fenced => "found that somebody else had written results of them",
                    crate::trace::DropReason::Error => "gave them up on an error",
                };
                if let Some(part) = self.view.scopes[scope].parts[place].as_mut() {
                    work::dropped(part, life, from.0, to.0, why, &desk);
                }
            }
            Kind::ResultStored { partition, offset } => self.result_stored(life, scope, partition, offset.0, names),
            Kind::Interrupted { partition, .. } => {
                let mut desk = desk!(self, scope, names);
                desk.count(MetricName::Interrupted, Some(partition), Some(life.0), None, 1);
            }
            Kind::RejoinUnrevoked {} => self.rejoined_unrevoked(life, scope),
            Kind::CommitFailed { code: ErrorCode::None, .. } => self.commit_not_sent(life, scope),
            _ => {}
        }
    }
}
