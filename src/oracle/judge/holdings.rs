//! What clients hold: partitions, positions, records in hand.

use super::super::book::Desk;
use super::super::view::{Actor, End, Life, Part, Scope, SentCommit, View};
use super::super::{
    downtime, gauges, o1c_overlap, o3_fencing, o4_loss, o5_skip, o6_duplicates, o7_order, o9_auto_commit, o10_log,
    stall, work,
};
use super::Judge;
use crate::config::expect::MetricName;
use crate::ids::{CorrelationId, Names, TopicName, TopicPartition};
use crate::protocol::ErrorCode;
use crate::time::Instant;
use crate::trace::{CommitOrigin, PositionOrigin};

impl Judge {
    pub(super) fn delivered(
        &mut self,
        life: Life,
        scope: usize,
        tp: TopicPartition,
        (from, to): (i64, i64),
        names: &Names,
    ) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        o10_log::read(&self.view.logs[place], to, &mut desk);
        let View { actors, scopes, .. } = &mut self.view;
        let actor = &mut actors[life.0.0 as usize];
        let Scope { parts, position_lag, .. } = &mut scopes[scope];
        let Some(part) = parts[place].as_mut() else { return };
        let Some(index) = o7_order::delivered(part, life, from, to, &mut desk) else { return };
        let interval = &mut part.intervals[index];
        if interval.poll != actor.polls {
            (interval.poll, interval.next_before) = (actor.polls, interval.next);
        }
        interval.next = Some(to);
        interval.in_hand.insert(from, to, desk.at);
        if !part.hazards.is_empty() {
            o4_loss::taken(part, from, to);
        }
        *position_lag -= gauges::position_lag(part, part.log_end);
        part.position = Some(to);
        *position_lag += gauges::position_lag(part, part.log_end);
        part.highest_seen = part.highest_seen.max(to);
        self.book.changed(MetricName::PositionLag);
    }

    pub(super) fn commit_sent(
        &mut self,
        life: Life,
        scope: usize,
        (request, tp, offset, origin): (CorrelationId, TopicPartition, i64, CommitOrigin),
        names: &Names,
    ) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let View { actors, scopes, .. } = &mut self.view;
        let actor = &mut actors[life.0.0 as usize];
        actor.commits.push(SentCommit { request, part: place, offset });
        if let Some(part) = scopes[scope].parts[place].as_ref() {
            o9_auto_commit::sent(part, life, offset, origin, actor.java, actor.polls, &mut desk);
        }
    }

    /// The client refused to send a commit (CLIENT-28): what it has finished stays uncommitted for that reason.
    pub(super) fn commit_not_sent(&mut self, life: Life, scope: usize) {
        let View { actors, scopes, .. } = &mut self.view;
        for &place in &actors[life.0.0 as usize].touched {
            let Some(part) = scopes[scope].parts[place].as_mut() else { continue };
            for interval in part.intervals.iter_mut().filter(|interval| interval.life == life) {
                let finished = part.uncommitted.iter().filter(|run| run.2 == interval.id).map(|run| run.1).max();
                if let Some(finished) = finished {
                    o6_duplicates::commit_rejected(interval, finished, ErrorCode::None);
                }
            }
        }
    }

    pub(super) fn owned(&mut self, life: Life, scope: usize, tp: TopicPartition, names: &Names) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let View { actors, scopes, .. } = &mut self.view;
        let actor: &mut Actor = &mut actors[life.0.0 as usize];
        let scope = &mut scopes[scope];
        let Some(part) = scope.parts[place].as_mut() else { return };
        if part.open_of(life).is_some() {
            return;
        }
        actor.touched.insert(place);
        let index = part.open_interval(life, actor.runs());
        part.let_linger(index, actor.lingers);
        downtime::changed(part, scope.first_stable, &mut desk);
        o1c_overlap::opened(scope, place, index, &mut desk);
    }

    /// What the client holds is not its any more for the group, which it has not asked its application to give up.
    pub(super) fn rejoined_unrevoked(&mut self, life: Life, scope: usize) {
        let View { actors, scopes, .. } = &mut self.view;
        for &place in &actors[life.0.0 as usize].touched {
            let Some(part) = scopes[scope].parts[place].as_mut() else { continue };
            if let Some(index) = part.open_of(life) {
                part.intervals[index].unrevoked = true;
            }
        }
    }

    pub(super) fn given_up(
        &mut self,
        life: Life,
        scope: usize,
        topic: TopicName,
        range: std::ops::Range<u32>,
        end: End,
        names: &Names,
    ) {
        for partition in range {
            let place = self.view.part(scope, TopicPartition::new(topic, partition));
            let mut desk = desk!(self, scope, names);
            let Scope { parts, first_stable, .. } = &mut self.view.scopes[scope];
            let Some(part) = parts[place].as_mut() else { continue };
            if let Some(index) = part.open_of(life) {
                work::close(part, index, end, &mut desk);
                downtime::changed(part, *first_stable, &mut desk);
            }
        }
    }

    pub(super) fn positioned(
        &mut self,
        life: Life,
        scope: usize,
        tp: TopicPartition,
        offset: i64,
        origin: PositionOrigin,
        names: &Names,
    ) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let View { actors, scopes, .. } = &mut self.view;
        let reset = actors[life.0.0 as usize].last_reset.take().filter(|reset| reset.0 == tp).map(|reset| reset.1);
        let Scope { parts, lag, position_lag, moving, .. } = &mut scopes[scope];
        let Some(part) = parts[place].as_mut() else { return };
        o3_fencing::positioned(part, *moving, &mut desk);
        work::advance(part, &mut desk);
        if part.start.is_none() {
            first_position(part, offset, origin, lag, &mut desk);
        }
        o5_skip::positioned(part, life.0, offset, origin, o5_skip::why(origin, reset), &desk);
        *position_lag -= gauges::position_lag(part, part.log_end);
        part.position = Some(offset);
        *position_lag += gauges::position_lag(part, part.log_end);
        self.book.changed(MetricName::PositionLag);
        if let Some(index) = part.open_of(life) {
            let java = actors[life.0.0 as usize].java;
            let queued = origin == PositionOrigin::Reset && part.intervals[index].next.is_some() && !java;
            o6_duplicates::positioned(part, index, offset, origin, queued);
            let interval = &mut part.intervals[index];
            if queued {
                interval.jumps.push(offset);
            } else {
                (interval.next, interval.next_before) = (Some(offset), Some(offset));
                interval.jumps.clear();
            }
        }
    }

    pub(super) fn process_ended(&mut self, life: Life, end: End, why: &'static str, names: &Names) {
        let at = self.last.0;
        let place = life.0.0 as usize;
        let touched = std::mem::take(&mut self.view.actors[place].touched);
        let scope = self.view.actors[place].scope;
        if let Some(scope) = scope {
            self.disturb(Some(scope));
            let mut desk = desk!(self, scope, names);
            let Scope { parts, first_stable, .. } = &mut self.view.scopes[scope];
            for place in touched {
                if let Some(part) = parts[place].as_mut() {
                    end_in(part, (life, end, why), *first_stable, &mut desk);
                }
            }
        }
        let actor = &mut self.view.actors[place];
        (actor.live, actor.halted_at) = (false, at);
    }

    pub(super) fn frozen(&mut self, life: Life, freeze: bool, names: &Names) {
        let at = self.last.0;
        let Some(scope) = self.view.actors[life.0.0 as usize].scope else { return };
        self.disturb(Some(scope));
        let mut desk = desk!(self, scope, names);
        let View { actors, scopes, .. } = &mut self.view;
        let actor = &mut actors[life.0.0 as usize];
        let Scope { parts, first_stable, .. } = &mut scopes[scope];
        for &place in &actor.touched {
            let Some(part) = parts[place].as_mut() else { continue };
            if freeze {
                work::halt(part, life, &mut desk);
            }
            if let Some(index) = part.open_of(life) {
                part.set_running(index, !freeze);
                downtime::changed(part, *first_stable, &mut desk);
            }
        }
        actor.frozen = freeze;
        if freeze {
            actor.halted_at = at;
        }
    }
}

/// The scope's first position in a partition: its Start (O5).
fn first_position(part: &mut Part, offset: i64, origin: PositionOrigin, lag: &mut i64, desk: &mut Desk<'_>) {
    *lag -= gauges::lag(part, part.log_end);
    part.start = Some(offset);
    *lag += gauges::lag(part, part.log_end);
    if origin == PositionOrigin::Reset {
        desk.book.figures[desk.scope].before_start += (offset - part.log_start).max(0);
    }
    desk.book.changed(MetricName::Lag);
    stall::started(part, desk.at);
}

/// A process is over, as far as one partition is concerned.
fn end_in(
    part: &mut Part,
    (life, end, why): (Life, End, &'static str),
    first_stable: Option<Instant>,
    desk: &mut Desk<'_>,
) {
    work::halt(part, life, desk);
    if let Some(index) = part.open_of(life) {
        work::close(part, index, end, desk);
        downtime::changed(part, first_stable, desk);
    }
    work::process_ended(part, life, why, desk);
}
