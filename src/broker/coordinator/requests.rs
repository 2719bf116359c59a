//! What is checked before a request reaches its group: the work of Kafka's request layer and of the service around the
//! coordinator.

use super::answers::Asker;
use super::group::{ClassicGroup, Completion, GroupKind};
use super::records::{GroupMetadata, Record};
use super::{Coordinator, admin, leave, offsets};
use crate::broker::Answer;
use crate::context::Context;
use crate::ids::{Generation, GroupId, MemberId, TopicPartition};
use crate::protocol::*;
use std::sync::Arc;

type Exists<'a> = &'a dyn Fn(TopicPartition) -> bool;

impl Coordinator {
    fn is_share(&self, id: GroupId) -> bool {
        self.groups.get(&id).is_some_and(|group| group.kind == GroupKind::Share)
    }

    /// Answers a request that gets no further.
    fn answer(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>, asker: &Asker, response: Response) {
        let (_, mut op) = self.split(cx, out);
        op.respond(asker, response);
    }

    pub(super) fn join_group(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        mut request: JoinGroupRequest,
        out: &mut Vec<Answer>,
    ) {
        let asker = Asker::new(header, Api::JoinGroup, request.group, request.member, Generation::NONE);
        let (_, mut op) = self.split(cx, out);
        op.received(&asker);
        if let Err((error, member)) = self.check_join(&asker, &request) {
            let (_, mut op) = self.split(cx, out);
            op.respond_join(&asker, JoinGroupResponse::error(error, member));
            return;
        }
        if asker.api_version == 0 {
            request.rebalance_timeout_ms = request.session_timeout_ms;
        }
        let is_new = !self.groups.contains_key(&asker.group);
        self.group_or_new(cx, asker.group);
        self.with_group(cx, out, asker.group, |group, op| {
            let effect = group.join(op, request, asker);
            if effect.is_none() && is_new {
                op.batch.push(Record::Group(asker.group, Some(Arc::new(GroupMetadata::empty()))));
                return Some(Completion::NewGroup { asker });
            }
            effect
        });
    }

    /// JOIN-01, 02, 28, 03, in Kafka's order: the error and the member id to answer with.
    fn check_join(&self, asker: &Asker, request: &JoinGroupRequest) -> Result<(), (ErrorCode, MemberId)> {
        let range = self.config.group_min_session_timeout_ms..=self.config.group_max_session_timeout_ms;
        if asker.group.is_empty() {
            Err((ErrorCode::InvalidGroupId, request.member))
        } else if !range.contains(&request.session_timeout_ms) {
            Err((ErrorCode::InvalidSessionTimeout, request.member))
        } else if let Some(error) = self.absent(asker.group, asker.connection) {
            Err((error, MemberId::EMPTY))
        } else if self.is_share(asker.group) {
            Err((ErrorCode::InconsistentGroupProtocol, MemberId::EMPTY))
        } else if !request.member.is_empty() && !self.groups.contains_key(&asker.group) {
            Err((ErrorCode::UnknownMemberId, request.member))
        } else {
            Ok(())
        }
    }

    pub(super) fn sync_group(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: SyncGroupRequest,
        out: &mut Vec<Answer>,
    ) {
        let asker = Asker::new(header, Api::SyncGroup, request.group, request.member, request.generation);
        let (_, mut op) = self.split(cx, out);
        op.received(&asker);
        if let Err(error) = self.check_sync(&asker, &request) {
            let (_, mut op) = self.split(cx, out);
            op.respond_sync(&asker, SyncGroupResponse::error(error));
            return;
        }
        self.with_group(cx, out, asker.group, |group, op| group.sync(op, request, asker));
    }

    /// SYNC-01, SYNC-02.
    fn check_sync(&self, asker: &Asker, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        if asker.api_version >= 5 && (request.protocol_type.is_none() || request.protocol_name.is_none()) {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        if asker.group.is_empty() {
            return Err(ErrorCode::InvalidGroupId);
        }
        if let Some(error) = self.absent(asker.group, asker.connection) {
            return Err(error);
        }
        match self.groups.get(&asker.group) {
            Some(group) if group.kind == GroupKind::Classic && group.state != GroupState::Empty => Ok(()),
            _ => Err(ErrorCode::UnknownMemberId),
        }
    }

    #[inline]
    pub(super) fn heartbeat(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: HeartbeatRequest,
        out: &mut Vec<Answer>,
    ) {
        let asker = Asker::new(header, Api::Heartbeat, request.group, request.member, request.generation);
        let absent = self.absent(asker.group, asker.connection);
        let (groups, mut op) = self.split(cx, out);
        if asker.group.is_empty() || absent.is_some() {
            let error = match absent {
                _ if asker.group.is_empty() => ErrorCode::InvalidGroupId,
                Some(ErrorCode::NotCoordinator) => ErrorCode::NotCoordinator,
                // While the log is read, a heartbeat is answered blindly (HB-07).
                _ => ErrorCode::None,
            };
            op.respond(&asker, Response::Heartbeat(error));
            return;
        }
        match groups.get_mut(&asker.group) {
            Some(group) => group.heartbeat(&mut op, &request, &asker),
            None => {
                op.respond(&asker, Response::Heartbeat(ErrorCode::UnknownMemberId));
            }
        }
    }

    pub(super) fn leave_group(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: &LeaveGroupRequest,
        out: &mut Vec<Answer>,
    ) {
        let first = request.members.first().map_or(MemberId::EMPTY, |entry| entry.member);
        let asker = Asker::new(header, Api::LeaveGroup, request.group, first, Generation::NONE);
        let invalid = asker.group.is_empty().then_some(ErrorCode::InvalidGroupId);
        if let Some(error) = invalid.or_else(|| self.absent(asker.group, asker.connection)) {
            let response = leave::leave_response(error, Vec::new());
            return self.answer(cx, out, &asker, response);
        }
        if !self.groups.contains_key(&asker.group) || self.is_share(asker.group) {
            return self.answer(cx, out, &asker, leave::unknown_group(request));
        }
        self.with_group(cx, out, asker.group, |group, op| group.leave(op, request, asker));
    }

    pub(super) fn offset_commit(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: &OffsetCommitRequest,
        exists: Exists<'_>,
        out: &mut Vec<Answer>,
    ) {
        let asker = Asker::new(header, Api::OffsetCommit, request.group, request.member, request.generation);
        // A commit without an existing partition never reaches the coordinator (OFF-09).
        let reaches = request.partitions.iter().any(|p| exists(p.partition));
        let invalid = request.group.is_none().then_some(ErrorCode::InvalidGroupId);
        let absent = invalid.or_else(|| self.absent(asker.group, asker.connection));
        if !reaches || absent.is_some() {
            let error = absent.unwrap_or(ErrorCode::None);
            return self.answer(cx, out, &asker, offsets::commit_error(request, exists, error));
        }
        let created = !self.groups.contains_key(&asker.group);
        if (created && request.generation.0 >= 0) || self.is_share(asker.group) {
            let error = if asker.api_version >= 9 || !created {
                ErrorCode::GroupIdNotFound
            } else {
                ErrorCode::IllegalGeneration
            };
            return self.answer(cx, out, &asker, offsets::commit_error(request, exists, error));
        }
        if created {
            self.group_or_new(cx, asker.group);
            // Until something is written, that of this commit in the first place.
            self.unwritten.push(asker.group);
        }
        self.with_group(cx, out, asker.group, |group, op| group.commit(op, request, exists, asker));
    }

    pub(super) fn offset_fetch(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: &OffsetFetchRequest,
        out: &mut Vec<Answer>,
    ) {
        let asker = Asker::new(header, Api::OffsetFetch, request.group, MemberId::EMPTY, Generation::NONE);
        let group = self.groups.get(&asker.group).filter(|group| group.kind == GroupKind::Classic);
        let absent = request.group.and_then(|group| self.absent(group, asker.connection));
        let response = match absent {
            Some(error) => offsets::fetch_error(error),
            None => offsets::fetch(self.log.durable(), group, request),
        };
        self.answer(cx, out, &asker, response);
    }

    pub(super) fn offset_delete(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: &OffsetDeleteRequest,
        exists: Exists<'_>,
        out: &mut Vec<Answer>,
    ) {
        let asker = Asker::new(header, Api::OffsetDelete, request.group, MemberId::EMPTY, Generation::NONE);
        let group = self.groups.get(&asker.group);
        let error = match group {
            _ if asker.group.is_empty() => ErrorCode::InvalidGroupId,
            _ if self.is_loading(asker.group) => ErrorCode::CoordinatorLoadInProgress,
            None => ErrorCode::GroupIdNotFound,
            Some(group) => group.validate_offset_delete(cx.names),
        };
        let (Some(group), ErrorCode::None) = (group, error) else {
            let response = OffsetDeleteResponse { error, partitions: Vec::new() };
            return self.answer(cx, out, &asker, Response::OffsetDelete(Box::new(response)));
        };
        let durable = self.log.durable();
        let response = group.delete_offsets(durable, request, exists, cx.names, &mut self.batch);
        let response = Response::OffsetDelete(Box::new(response));
        self.write_or_answer(cx, out, asker, response);
    }

    pub(super) fn describe_groups(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        groups: &[GroupId],
        out: &mut Vec<Answer>,
    ) {
        let asker = Asker::new(header, Api::DescribeGroups, one(groups), MemberId::EMPTY, Generation::NONE);
        let describe = |&id| match self.is_loading(id) {
            true => DescribedGroup {
                error: ErrorCode::CoordinatorLoadInProgress,
                state: None,
                ..admin::describe(id, None, 0)
            },
            false => admin::describe(id, self.readable(id), asker.api_version),
        };
        let described = groups.iter().map(describe).collect();
        self.answer(cx, out, &asker, Response::DescribeGroups(described));
    }

    pub(super) fn list_groups(&mut self, cx: &mut Context<'_>, header: &RequestHeader, out: &mut Vec<Answer>) {
        let asker = Asker::new(header, Api::ListGroups, None, MemberId::EMPTY, Generation::NONE);
        let listed = |group: &ClassicGroup| (group.id, group.protocol_type.unwrap_or_default(), group.state);
        let response = if self.loading {
            Response::ListGroups(ErrorCode::CoordinatorLoadInProgress, Vec::new())
        } else {
            let ids = self.groups.keys();
            Response::ListGroups(ErrorCode::None, ids.filter_map(|&id| self.readable(id)).map(listed).collect())
        };
        self.answer(cx, out, &asker, response);
    }

    pub(super) fn delete_groups(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        groups: &[GroupId],
        out: &mut Vec<Answer>,
    ) {
        let asker = Asker::new(header, Api::DeleteGroups, one(groups), MemberId::EMPTY, Generation::NONE);
        let mut results = Vec::with_capacity(groups.len());
        for &id in groups {
            let error = match self.is_loading(id) {
                true => ErrorCode::CoordinatorLoadInProgress,
                false => admin::validate_delete(self.groups.get(&id)),
            };
            if error.is_none() {
                admin::delete(self.log.durable(), id, &mut self.batch);
            }
            results.push((id, error));
        }
        self.write_or_answer(cx, out, asker, Response::DeleteGroups(results));
    }

    /// Answers once what is in the batch has been written; at once if that is nothing.
    fn write_or_answer(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>, asker: Asker, response: Response) {
        if self.batch.is_empty() {
            return self.answer(cx, out, &asker, response);
        }
        self.write(cx, out, asker.group, Completion::Answer { asker, response });
    }
}

/// The group that a request about several is shown under: the only one, or none.
fn one(groups: &[GroupId]) -> Option<GroupId> {
    if let [group] = groups { Some(*group) } else { None }
}
