//! Writing to the log and what follows from the outcome; timers firing.

use super::Coordinator;
use super::answers::Asker;
use super::group::{ClassicGroup, Completion, Why};
use super::leave;
use super::records::{Record, append_error};
use super::timers::{Entry, Target};
use crate::broker::Answer;
use crate::context::Context;
use crate::ids::{GroupId, MemberId};
use crate::protocol::*;
use crate::trace::{Kind, StateReason};

/// How an append ended: `written` is in the log if `result` says so, and else nothing of it is.
#[derive(Clone, Copy)]
struct Outcome<'a> {
    written: &'a [Record],
    result: Result<(), ErrorCode>,
}

impl Coordinator {
    /// Runs `act` on a group, then writes what it wants written.
    pub(super) fn with_group(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<Answer>,
        id: GroupId,
        act: impl FnOnce(&mut ClassicGroup, &mut super::Op<'_, '_>) -> Option<Completion>,
    ) {
        let (groups, mut op) = self.split(cx, out);
        let Some(group) = groups.get_mut(&id) else { return };
        if let Some(completion) = act(group, &mut op) {
            self.write(cx, out, id, completion);
        }
    }

    /// Appends the batch. There is no replication to wait for: the outcome is known at once.
    pub(super) fn write(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>, id: GroupId, completion: Completion) {
        let mut written = std::mem::take(&mut self.batch);
        let result = self.log.append(&written);
        let unwritten = std::mem::take(&mut self.unwritten);
        self.on_appended(cx, out, id, completion, Outcome { written: &written, result });
        if result.is_err() {
            unwritten.into_iter().for_each(|id| self.undo_unwritten(cx, id));
        }
        if self.batch.is_empty() {
            written.clear();
            self.batch = written;
        }
    }

    /// The outcome of an append is known.
    fn on_appended(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<Answer>,
        id: GroupId,
        completion: Completion,
        outcome: Outcome<'_>,
    ) {
        let Outcome { result, .. } = outcome;
        match completion {
            Completion::Emptied => {}
            Completion::CleanedUp => self.removed(cx, out, outcome),
            Completion::NewGroup { asker } => {
                if let Err(error) = result {
                    self.undo_new_group(cx, out, &asker, append_error(error));
                }
            }
            Completion::Assignment { generation, leader, metadata } => self.with_group(cx, out, id, |group, op| {
                group.assignment_appended(op, generation, leader, &metadata, result)
            }),
            Completion::Replaced(replacement) => self.with_group(cx, out, id, |group, op| {
                group.replacement_appended(op, *replacement, result);
                None
            }),
            Completion::Answer { asker, response } if asker.api == Api::OffsetCommit => {
                self.commit_appended(cx, out, &asker, response, outcome);
            }
            Completion::Answer { asker, mut response } => {
                if let Err(error) = result {
                    fail(&mut response, append_error(error));
                }
                self.removed(cx, out, outcome);
                let (_, mut op) = self.split(cx, out);
                op.respond(&asker, response);
            }
        }
    }

    /// JOIN-29: the group is gone again; its first member learns it unless it was answered before (JOIN-10).
    fn undo_new_group(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>, asker: &Asker, error: ErrorCode) {
        let (groups, mut op) = self.split(cx, out);
        let Some(group) = groups.shift_remove(&asker.group) else { return };
        op.cx.emit_broker(Kind::GroupRemoved { group: group.id });
        if group.members.values().any(|member| member.awaiting_join == Some(*asker)) {
            op.respond_join(asker, JoinGroupResponse::error(error, MemberId::EMPTY));
        }
        if group.join_timer.is_armed() {
            self.undone.insert(group.id, (group.join_timer, group.join_timer_does));
        }
    }

    /// STATE-02: an append has failed, and what came after the one before it is taken back.
    fn undo_unwritten(&mut self, cx: &mut Context<'_>, id: GroupId) {
        let Some(group) = self.groups.shift_remove(&id) else { return };
        cx.emit_broker(Kind::GroupRemoved { group: id });
        if group.join_timer.is_armed() {
            self.undone.insert(id, (group.join_timer, group.join_timer_does));
        }
    }

    fn commit_appended(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<Answer>,
        asker: &Asker,
        mut response: Response,
        outcome: Outcome<'_>,
    ) {
        let Asker { group: id, member, generation, client, correlation: request, .. } = *asker;
        match outcome.result {
            Ok(()) => {
                for record in outcome.written {
                    let Record::Offset(group, partition, Some(stored)) = record else { continue };
                    let (group, partition, offset) = (*group, *partition, stored.offset);
                    let kind = Kind::CommitApplied { group, member, generation, client, request, partition, offset };
                    cx.emit_broker(kind);
                }
            }
            Err(error) => fail(&mut response, append_error(error)),
        }
        self.with_group(cx, out, id, |group, op| {
            group.commit_answered(op, asker, response);
            None
        });
    }

    /// Tombstones have been written: what they name is gone.
    fn removed(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>, outcome: Outcome<'_>) {
        if outcome.result.is_err() {
            return;
        }
        let (groups, op) = &mut self.split(cx, out);
        for record in outcome.written {
            match record {
                Record::Offset(group, partition, None) => {
                    op.cx.emit_broker(Kind::OffsetRemoved { group: *group, partition: *partition });
                }
                Record::Group(id, None) => {
                    let Some(mut group) = groups.shift_remove(id) else { continue };
                    group.transition(op, GroupState::Dead, Why::new(StateReason::Deleted, MemberId::EMPTY));
                    op.cx.emit_broker(Kind::GroupRemoved { group: *id });
                }
                Record::Offset(_, _, Some(_)) | Record::Group(_, Some(_)) => {}
            }
        }
    }

    /// A heap entry is due; it may be out of date.
    pub(super) fn fire(&mut self, cx: &mut Context<'_>, entry: Entry, out: &mut Vec<Answer>) {
        match entry.target {
            Target::Session(id, member) => self.with_group(cx, out, id, |group, op| {
                let slot = match group.members.get_mut(&member) {
                    Some(member) => &mut member.session,
                    None => group.pending.get_mut(&member)?,
                };
                op.cx.cause = op.timers.fires(slot, entry)?;
                group.session_expired(op, member)
            }),
            Target::Join(id) if !self.groups.contains_key(&id) => {
                self.undone.remove(&id);
            }
            Target::Join(id) => self.with_group(cx, out, id, |group, op| {
                op.cx.cause = op.timers.fires(&mut group.join_timer, entry)?;
                group.join_timer_fired(op)
            }),
            Target::Sync(id) => self.with_group(cx, out, id, |group, op| {
                op.cx.cause = op.timers.fires(&mut group.sync_timer, entry)?;
                group.sync_timer_fired(op)
            }),
            Target::ExpiryOf(id) => self.clean_up_moved(cx, id, entry, out),
            Target::Expiry => {
                if let Some(cause) = self.timers.fires(&mut self.expiry, entry) {
                    cx.cause = cause;
                    self.clean_up(cx, out);
                }
            }
        }
    }
}

/// Turns an answer into one that says that nothing was written.
fn fail(response: &mut Response, error: ErrorCode) {
    match response {
        Response::OffsetCommit(commit) => {
            let known = |e: &ErrorCode| *e != ErrorCode::UnknownTopicOrPartition;
            commit.partitions.iter_mut().filter(|p| known(&p.1)).for_each(|p| p.1 = error);
        }
        Response::OffsetDelete(delete) => **delete = OffsetDeleteResponse { error, partitions: Vec::new() },
        Response::DeleteGroups(groups) => groups.iter_mut().for_each(|group| group.1 = error),
        other => *other = leave::leave_response(error, Vec::new()),
    }
}
