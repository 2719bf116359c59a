//! What the broker says of commits.

use super::super::book::Desk;
use super::super::o3_fencing::Applied;
use super::super::view::{self, Life, Scope, View};
use super::super::{gauges, o3_fencing, o4_loss, o5_skip, o6_duplicates, o8_commits};
use super::Judge;
use crate::config::expect::MetricName;
use crate::ids::{CorrelationId, Generation, GroupId, MemberId, Names, TopicPartition};
use crate::protocol::{Api, ErrorCode};

impl Judge {
    pub(super) fn request_applied(
        &mut self,
        api: Api,
        life: Life,
        request: CorrelationId,
        (group, member, generation): (GroupId, MemberId, Generation),
    ) {
        match api {
            Api::OffsetCommit => {
                let actor = self.view.actor(life.0);
                if actor.incarnation == life.1 && !actor.commits.is_empty() {
                    actor.commits.retain(|sent| sent.request != request);
                }
            }
            Api::JoinGroup => {
                let scope = self.scope(group);
                let members = &mut self.view.scopes[scope].members;
                let known = members.contains_key(&member);
                let joined =
                    if known { members.get_mut(&member) } else { members.values_mut().find(|m| m.life == life) };
                if let Some(member) = joined {
                    member.joined = generation;
                }
            }
            _ => {}
        }
    }

    pub(super) fn commit_rejected(
        &mut self,
        life: Life,
        request: CorrelationId,
        group: GroupId,
        code: ErrorCode,
        names: &Names,
    ) {
        let scope = self.scope(group);
        let mut desk = desk!(self, scope, names);
        desk.count(MetricName::CommitFailures, None, Some(life.0), Some(code.name()), 1);
        self.commit_ended(life, request, |interval, offset| o6_duplicates::commit_rejected(interval, offset, code));
    }

    /// A commit will not be applied, as far as its sender can tell; `fate` is told to the client intervals that it was for.
    pub(super) fn commit_ended(&mut self, life: Life, request: CorrelationId, fate: impl Fn(&mut view::Interval, i64)) {
        let View { actors, scopes, .. } = &mut self.view;
        let Some(actor) = actors.get_mut(life.0.0 as usize).filter(|actor| actor.incarnation == life.1) else { return };
        let Some(scope) = actor.scope else { return };
        actor.commits.retain(|sent| {
            if sent.request != request {
                return true;
            }
            if let Some(part) = scopes[scope].parts[sent.part].as_mut() {
                for interval in part.intervals.iter_mut().filter(|interval| interval.life == life) {
                    fate(interval, sent.offset);
                }
            }
            false
        });
    }

    pub(super) fn commit_applied(&mut self, group: GroupId, tp: TopicPartition, commit: Applied, names: &Names) {
        let scope = self.scope(group);
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        o3_fencing::applied(&self.view.scopes[scope], place, commit, &mut desk);
        let Scope { parts, lag, with_result, .. } = &mut self.view.scopes[scope];
        let Some(part) = parts[place].as_mut() else { return };
        o8_commits::within_log(part, commit, part.log_end, &mut desk);
        if *with_result {
            return;
        }
        o8_commits::applied(part, commit, &mut desk);
        if commit.is_administrative() {
            o5_skip::administered(part, commit.client, commit.offset, &desk);
        }
        o4_loss::applied(part, commit.offset, commit.client, part.log_start, &mut desk);
        *lag -= gauges::lag(part, part.log_end);
        (part.committed, part.unconfirmed) = (Some(commit.offset), false);
        part.commit_high = part.commit_high.max(commit.offset);
        *lag += gauges::lag(part, part.log_end);
        part.uncommitted.remove(i64::MIN, commit.offset);
        self.book.changed(MetricName::Lag);
    }

    /// An application that keeps its offsets with its results has written one: that is its committed position.
    pub(super) fn result_stored(&mut self, life: Life, scope: usize, tp: TopicPartition, offset: i64, names: &Names) {
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        let Scope { parts, lag, .. } = &mut self.view.scopes[scope];
        let Some(part) = parts[place].as_mut() else { return };
        o4_loss::applied(part, offset, life.0, part.log_start, &mut desk);
        *lag -= gauges::lag(part, part.log_end);
        part.committed = Some(offset);
        part.commit_high = part.commit_high.max(offset);
        *lag += gauges::lag(part, part.log_end);
        part.uncommitted.remove(i64::MIN, offset);
        self.book.changed(MetricName::Lag);
    }

    pub(super) fn offset_loaded(&mut self, group: GroupId, tp: TopicPartition, offset: i64, names: &Names) {
        let scope = self.scope(group);
        let place = self.view.part(scope, tp);
        let mut desk = desk!(self, scope, names);
        if self.view.scopes[scope].with_result {
            return;
        }
        let Some(part) = self.view.scopes[scope].parts[place].as_mut() else { return };
        o3_fencing::loaded(part, offset, &mut desk);
    }

    pub(super) fn offset_removed(&mut self, group: GroupId, tp: TopicPartition) {
        let scope = self.scope(group);
        let place = self.view.part(scope, tp);
        let Scope { parts, lag, with_result, .. } = &mut self.view.scopes[scope];
        if *with_result {
            return;
        }
        let Some(part) = parts[place].as_mut() else { return };
        *lag -= gauges::lag(part, part.log_end);
        (part.committed, part.unconfirmed) = (None, false);
        part.commit_high = i64::MIN;
        *lag += gauges::lag(part, part.log_end);
        self.book.changed(MetricName::Lag);
    }
}
