//! SyncGroup (SYNC).

use super::answers::{Asker, Op};
use super::group::{ClassicGroup, Completion, Why};
use super::records::{GroupMetadata, Record, append_error};
use crate::ids::{Generation, MemberId, Seq, TopicPartition};
use crate::protocol::{Bytes, ErrorCode, GroupState, SyncGroupRequest, SyncGroupResponse, consumer_protocol};
use crate::trace::{Kind, StateReason};
use rustc_hash::FxHashMap;
use std::sync::Arc;

impl ClassicGroup {
    /// A SyncGroup for this group, request-layer checks done.
    pub fn sync(&mut self, op: &mut Op<'_, '_>, request: SyncGroupRequest, asker: Asker) -> Option<Completion> {
        if let Err(error) = self.validate_sync(&request) {
            op.respond_sync(&asker, SyncGroupResponse::error(error));
            return None;
        }
        match self.state {
            GroupState::CompletingRebalance => {
                if let Some(member) = self.members.get_mut(&request.member) {
                    member.awaiting_sync = Some(asker);
                }
                self.synced(request.member);
                if self.is_leader(request.member) { Some(self.write_assignment(op, request)) } else { None }
            }
            GroupState::Stable => {
                self.synced(request.member);
                let assignment = self.members.get(&request.member).map(|member| member.assignment.clone());
                let response = self.sync_response(assignment.unwrap_or_else(|| op.no_bytes()));
                op.respond_sync(&asker, response);
                None
            }
            GroupState::PreparingRebalance | GroupState::Empty | GroupState::Dead => {
                op.respond_sync(&asker, SyncGroupResponse::error(ErrorCode::RebalanceInProgress));
                None
            }
        }
    }

    /// SYNC-03, in this order.
    fn validate_sync(&self, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        if self.state == GroupState::Dead {
            return Err(ErrorCode::CoordinatorNotAvailable);
        }
        self.validate_member(request.member, request.instance)?;
        if request.generation != self.generation {
            return Err(ErrorCode::IllegalGeneration);
        }
        fn differ<T: PartialEq>(given: Option<T>, own: Option<T>) -> bool {
            given.is_some() && own.is_some() && given != own
        }
        if differ(request.protocol_type, self.protocol_type) || differ(request.protocol_name, self.protocol_name) {
            return Err(ErrorCode::InconsistentGroupProtocol);
        }
        Ok(())
    }

    /// The member has synced; the last one stops the sync timer (SYNC-09).
    fn synced(&mut self, member: MemberId) {
        self.pending_sync.remove(&member);
        if self.pending_sync.is_empty() {
            self.sync_timer.cancel();
        }
    }

    fn sync_response(&self, assignment: Bytes) -> SyncGroupResponse {
        SyncGroupResponse {
            error: ErrorCode::None,
            protocol_type: self.protocol_type,
            protocol_name: self.protocol_name,
            assignment,
        }
    }

    /// SYNC-07: the leader's assignment goes to the log; members that it left out get nothing.
    fn write_assignment(&mut self, op: &mut Op<'_, '_>, request: SyncGroupRequest) -> Completion {
        let (generation, leader) = (request.generation, request.member);
        let given: FxHashMap<MemberId, Bytes> = request.assignments.into_iter().collect();
        let none = op.no_bytes();
        let metadata = Arc::new(self.metadata(|member| given.get(&member.id).unwrap_or(&none).clone()));
        op.batch.push(Record::Group(self.id, Some(Arc::clone(&metadata))));
        Completion::Assignment { generation, leader, metadata }
    }

    /// The leader's assignment has been written, or not (STATE-06, SYNC-07, SYNC-08).
    pub fn assignment_appended(
        &mut self,
        op: &mut Op<'_, '_>,
        generation: Generation,
        leader: MemberId,
        metadata: &GroupMetadata,
        result: Result<(), ErrorCode>,
    ) -> Option<Completion> {
        if self.state != GroupState::CompletingRebalance || self.generation != generation {
            return None;
        }
        if let Err(error) = result {
            self.blank_assignments(op, append_error(error));
            return self.rebalance_or_complete(op, Why::new(StateReason::AppendFailed, leader));
        }
        let stable = self.transition(op, GroupState::Stable, Why::new(StateReason::AssignmentWritten, leader));
        op.caused_by(self.generation_event, |op| self.show_assignment(op, metadata));
        op.caused_by(stable, |op| self.hand_out(op, metadata, stable));
        None
    }

    fn hand_out(&mut self, op: &mut Op<'_, '_>, metadata: &GroupMetadata, stable: Seq) {
        for record in &metadata.members {
            if let Some(member) = self.members.get_mut(&record.member) {
                member.assignment = record.assignment.clone();
            }
        }
        let template = self.sync_response(op.no_bytes());
        for member in self.members.values_mut() {
            let Some(asker) = member.awaiting_sync.take() else { continue };
            debug_assert_eq!(op.cx.cause, stable);
            let response = SyncGroupResponse { assignment: member.assignment.clone(), ..template.clone() };
            let answered = op.respond_sync(&asker, response);
            Self::arm_session(op, self.id, member, member.session_timeout_ms, answered);
        }
    }

    /// One event per member and run of partitions, for those whose bytes are an assignment of the consumer protocol.
    pub(super) fn show_assignment(&self, op: &mut Op<'_, '_>, metadata: &GroupMetadata) {
        for record in metadata.members.iter().filter(|record| !record.assignment.is_empty()) {
            let decoded = consumer_protocol::decode_assignment(&record.assignment, op.cx.names);
            let Some(mut partitions) = decoded.map(|assignment| assignment.partitions) else { continue };
            partitions.sort_unstable();
            partitions.dedup();
            for run in partitions.chunk_by(follows) {
                let Some(first) = run.first() else { continue };
                op.cx.emit_broker(Kind::Assigned {
                    group: self.id,
                    generation: self.generation,
                    member: record.member,
                    topic: first.topic,
                    from: first.partition,
                    to: first.partition + u32::try_from(run.len()).unwrap_or(u32::MAX),
                });
            }
        }
    }
}

fn follows(a: &TopicPartition, b: &TopicPartition) -> bool {
    a.topic == b.topic && a.partition.checked_add(1) == Some(b.partition)
}
