//! The coordinator of one group moves to another broker (LOAD).
//!
//! In Kafka that happens to all groups of one partition of `__consumer_offsets`; here each group has a partition of its own.
//! The old broker and the new one are told apart by the connection of a request: whoever was connected before the move
//! still asks the old one.

use super::Coordinator;
use super::group::ClassicGroup;
use super::timers::TimerSlot;
use crate::broker::Answer;
use crate::context::Context;
use crate::ids::{ConnectionId, GroupId};
use crate::protocol::{ErrorCode, Request};

/// A move of a group's coordinator.
#[derive(Debug)]
pub(super) struct Move {
    /// The new one is still reading the log (LOAD-03).
    loading: bool,
    /// The first connection that can be one to the new coordinator.
    first_connection: ConnectionId,
    /// When the log had been read, in Kafka's milliseconds: the clean-up's ticks count from there.
    pub loaded_ms: u64,
    /// The clean-up of this group's offsets (OFF-21).
    pub expiry: TimerSlot,
}

impl Coordinator {
    /// Another broker takes a group over: what waits for an answer gets NOT_COORDINATOR (LOAD-11), soft state is lost
    /// (LOAD-09), and until [`Coordinator::finish_failover`] requests are answered as while the log is read (LOAD-03,
    /// LOAD-04, HB-07). Requests on connections older than `first_connection` reach the old broker, which answers
    /// NOT_COORDINATOR from now on (LOAD-02).
    pub fn begin_failover(
        &mut self,
        cx: &mut Context<'_>,
        id: GroupId,
        first_connection: ConnectionId,
        out: &mut Vec<Answer>,
    ) {
        if let Some(mut group) = self.groups.shift_remove(&id) {
            let (_, mut op) = self.split(cx, out);
            group.unload(&mut op);
        }
        self.undone.remove(&id);
        self.unwritten.retain(|&unwritten| unwritten != id);
        let expiry = TimerSlot::default();
        self.moves.insert(id, Move { loading: true, first_connection, loaded_ms: cx.now.as_ms(), expiry });
    }

    /// The new broker has read the log: the group is what was written last of it, and every session starts over
    /// (LOAD-05..09).
    pub fn finish_failover(&mut self, cx: &mut Context<'_>, id: GroupId, out: &mut Vec<Answer>) {
        let Some(moved) = self.moves.get_mut(&id) else { return };
        (moved.loading, moved.loaded_ms) = (false, cx.now.as_ms());
        self.log.replay();
        let Some(mut group) = ClassicGroup::of_log(id, self.log.durable(), cx.now.as_ms()) else { return };
        self.expect_clean_up(cx, id);
        let Coordinator { config, groups, timers, batch, log, .. } = self;
        let mut op = super::Op { cx, out, config, timers, batch };
        group.loaded(&mut op, log.durable());
        groups.insert(id, group);
    }

    /// Whether a group's new coordinator is still reading the log.
    pub fn is_loading(&self, group: GroupId) -> bool {
        self.loading || self.moves.get(&group).is_some_and(|moved| moved.loading)
    }

    /// Whether a request reaches a broker that no longer coordinates its group.
    pub fn is_elsewhere(&self, connection: ConnectionId, request: &Request) -> bool {
        if self.moves.is_empty() {
            return false;
        }
        let group = match request {
            Request::Heartbeat(request) => request.group,
            Request::OffsetCommit(request) => request.group,
            Request::OffsetFetch(request) => request.group,
            Request::JoinGroup(request) => request.group,
            Request::SyncGroup(request) => request.group,
            Request::LeaveGroup(request) => request.group,
            _ => None,
        };
        group.is_some_and(|group| self.absent(group, connection) == Some(ErrorCode::NotCoordinator))
    }

    /// Why a group cannot be served on this connection now; `None`: it can.
    #[inline]
    pub(super) fn absent(&self, group: GroupId, connection: ConnectionId) -> Option<ErrorCode> {
        if self.loading {
            return Some(ErrorCode::CoordinatorLoadInProgress);
        }
        if self.moves.is_empty() {
            return None;
        }
        let moved = self.moves.get(&group)?;
        match moved.loading {
            _ if connection < moved.first_connection => Some(ErrorCode::NotCoordinator),
            true => Some(ErrorCode::CoordinatorLoadInProgress),
            false => None,
        }
    }
}
