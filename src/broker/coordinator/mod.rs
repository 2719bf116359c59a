//! The classic group coordinator with its committed offsets.

use super::Answer;
use crate::config::BrokerConfig;
use crate::context::Context;
use crate::ids::TopicPartition;
use crate::protocol::{ErrorCode, Request, RequestHeader};
use crate::time::Instant;

/// Every group of the broker: a pure state machine.
pub struct Coordinator {}

impl Coordinator {
    /// A coordinator without groups.
    pub fn new(_config: BrokerConfig) -> Self {
        Coordinator {}
    }

    /// Takes up a group request (JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetFetch, OffsetDelete,
    /// DescribeGroups, ListGroups, DeleteGroups). `exists` tells which partitions exist (OFF-09).
    pub fn handle(
        &mut self,
        _cx: &mut Context<'_>,
        _header: &RequestHeader,
        _request: Request,
        _exists: &dyn Fn(TopicPartition) -> bool,
        _out: &mut Vec<Answer>,
    ) {
    }

    /// When [`Coordinator::handle_deadline`] wants to be called next.
    pub fn next_deadline(&self) -> Option<Instant> {
        None
    }

    /// Runs every timer that is due at `cx.now`.
    pub fn handle_deadline(&mut self, _cx: &mut Context<'_>, _out: &mut Vec<Answer>) {}

    /// The next `count` appends to the coordinator's log fail with `error`.
    pub fn fail_appends(&mut self, _error: ErrorCode, _count: u32) {}

    /// Moves to another broker and back in no time: soft state is dropped, the log is replayed (LOAD-05, 07, 08, 09, 11).
    pub fn reload(&mut self, _cx: &mut Context<'_>, _out: &mut Vec<Answer>) {}
}
