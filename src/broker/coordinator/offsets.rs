//! OffsetCommit and OffsetFetch (OFF).

use super::answers::{Asker, Op};
use super::group::{ClassicGroup, Completion};
use super::records::{Durable, Record, StoredOffset};
use crate::ids::{Names, Offset, Symbol, TopicPartition};
use crate::protocol::*;

impl ClassicGroup {
    /// Whether a commit may be stored (OFF-02..07), in Kafka's order.
    pub fn validate_commit(&self, request: &OffsetCommitRequest) -> Result<(), ErrorCode> {
        if self.state == GroupState::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        if request.generation.0 < 0 && self.state == GroupState::Empty {
            return Ok(());
        }
        if request.generation.0 >= 0 || !request.member.is_empty() || !request.instance.is_empty() {
            self.validate_member(request.member, request.instance)?;
            if request.generation != self.generation {
                return Err(ErrorCode::IllegalGeneration);
            }
        } else if self.state != GroupState::Empty {
            return Err(ErrorCode::UnknownMemberId);
        }
        if self.state == GroupState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        Ok(())
    }

    /// Stores what can be stored of a commit. `known` says of each partition whether it exists.
    pub fn commit(
        &mut self,
        op: &mut Op<'_, '_>,
        request: &OffsetCommitRequest,
        exists: &dyn Fn(TopicPartition) -> bool,
        asker: Asker,
    ) -> Option<Completion> {
        if let Err(error) = self.validate_commit(request) {
            op.respond(&asker, commit_error(request, exists, error));
            return None;
        }
        self.commit_restarts_session(op, request);
        let commit_ms = op.now_ms();
        let expire_ms =
            if request.retention_ms == -1 { None } else { Some(commit_ms.saturating_add_signed(request.retention_ms)) };
        let mut partitions = Vec::with_capacity(request.partitions.len());
        for entry in &request.partitions {
            let error = if !exists(entry.partition) {
                ErrorCode::UnknownTopicOrPartition
            } else if is_too_large(op.cx.names, entry.metadata, op.config.offset_metadata_max_bytes) {
                ErrorCode::OffsetMetadataTooLarge
            } else {
                let stored = StoredOffset { offset: entry.offset, metadata: entry.metadata, commit_ms, expire_ms };
                op.batch.push(Record::Offset(self.id, entry.partition, Some(stored)));
                ErrorCode::None
            };
            partitions.push((entry.partition, error));
        }
        let response = Response::OffsetCommit(Box::new(OffsetCommitResponse { partitions }));
        if op.batch.is_empty() {
            self.commit_answered(op, &asker, response);
            return None;
        }
        Some(Completion::Answer { asker, response })
    }

    /// OFF-06, SESS-02: a valid commit of a member shows that it lives.
    fn commit_restarts_session(&mut self, op: &mut Op<'_, '_>, request: &OffsetCommitRequest) {
        if !self.is_in(&[GroupState::Stable, GroupState::PreparingRebalance]) {
            return;
        }
        if let Some(member) = self.members.get_mut(&request.member) {
            Self::arm_session(op, self.id, member, member.session_timeout_ms, op.cx.cause);
        }
    }

    /// Answers a commit; that event is what armed the member's session timer.
    pub fn commit_answered(&mut self, op: &mut Op<'_, '_>, asker: &Asker, response: Response) {
        let answered = op.respond(asker, response);
        if !self.is_in(&[GroupState::Stable, GroupState::PreparingRebalance]) {
            return;
        }
        if let Some(member) = self.members.get_mut(&asker.member) {
            member.session.set_cause(answered);
        }
    }
}

/// OFF-09: Kafka compares the length in UTF-16 units.
fn is_too_large(names: &Names, metadata: Symbol, max: i32) -> bool {
    let max = usize::try_from(max).unwrap_or(0);
    let text = names.text(metadata);
    text.len() > max && text.encode_utf16().count() > max
}

/// OFF-08: a group-level error goes to every partition, except those that do not exist.
pub(super) fn commit_error(
    request: &OffsetCommitRequest,
    exists: &dyn Fn(TopicPartition) -> bool,
    error: ErrorCode,
) -> Response {
    let error_of = |partition| if exists(partition) { error } else { ErrorCode::UnknownTopicOrPartition };
    let partitions = request.partitions.iter().map(|p| (p.partition, error_of(p.partition))).collect();
    Response::OffsetCommit(Box::new(OffsetCommitResponse { partitions }))
}

/// An OffsetFetch answer that is nothing but an error.
pub(super) fn fetch_error(error: ErrorCode) -> Response {
    Response::OffsetFetch(Box::new(OffsetFetchResponse { error, partitions: Vec::new() }))
}

/// OFF-16: what is stored; nothing about the asker is checked.
pub(super) fn fetch(durable: &Durable, group: Option<&ClassicGroup>, request: &OffsetFetchRequest) -> Response {
    let Some(id) = request.group else {
        return fetch_error(ErrorCode::InvalidGroupId);
    };
    let alive = group.is_some_and(|group| group.state != GroupState::Dead);
    let stored = durable.offsets.get(&id).filter(|_| alive);
    let answer = |partition: TopicPartition, stored: Option<&StoredOffset>| FetchedOffset {
        partition,
        offset: stored.map_or(Offset::NONE, |s| s.offset),
        metadata: stored.map_or(Symbol::EMPTY, |s| s.metadata),
        error: ErrorCode::None,
    };
    let partitions = match &request.partitions {
        Some(wanted) => wanted.iter().map(|p| answer(*p, stored.and_then(|offsets| offsets.get(p)))).collect(),
        None => {
            let mut all: Vec<FetchedOffset> =
                stored.into_iter().flatten().map(|(partition, stored)| answer(*partition, Some(stored))).collect();
            all.sort_unstable_by_key(|fetched| fetched.partition);
            all
        }
    };
    Response::OffsetFetch(Box::new(OffsetFetchResponse { error: ErrorCode::None, partitions }))
}
