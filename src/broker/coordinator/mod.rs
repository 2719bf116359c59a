//! The classic group coordinator with its committed offsets: a pure state machine.
//!
//! Behaviour follows Kafka's GroupMetadataManager and OffsetMetadataManager rule by rule; the rule ids in the comments
//! are those of the rule book. Where Kafka leaves an order to a Java hash map, ours is fixed: members stand in order of
//! joining, and the earliest-joined one that remains succeeds a leader (LEAD-02, LEAD-03).
//!
//! What is durable is in `records::Log` and changes only by applying a record that has just been written. Everything in
//! a group beside that (parked requests, pending ids, timers, a generation not yet synced) is lost by
//! [`Coordinator::reload`].

mod admin;
mod answers;
mod expiry;
mod failover;
mod group;
mod heartbeat;
mod join;
mod leave;
mod load;
mod member;
mod offsets;
mod protocols;
mod rebalance;
mod records;
mod requests;
mod static_member;
mod sync;
#[cfg(test)]
mod tests;
mod timers;
mod writes;

pub use group::GroupKind;

use super::Answer;
use crate::config::BrokerConfig;
use crate::context::Context;
use crate::ids::{ConnectionId, CorrelationId, Generation, GroupId, MemberId, Offset, TopicPartition};
use crate::protocol::*;
use crate::time::Instant;
use answers::Op;
use group::{ClassicGroup, JoinTimer};
use indexmap::IndexMap;
use records::{Log, Record};
use rustc_hash::{FxBuildHasher, FxHashMap};
use timers::{TimerSlot, Timers};

type Groups = IndexMap<GroupId, ClassicGroup, FxBuildHasher>;

/// Every group of the broker: a pure state machine.
pub struct Coordinator {
    config: BrokerConfig,
    groups: Groups,
    timers: Timers,
    log: Log,
    /// The clean-up of old offsets (OFF-21).
    expiry: TimerSlot,
    /// When the log was loaded, in Kafka's milliseconds: the clean-up's ticks count from there.
    loaded_ms: u64,
    /// Join timers of groups whose creation was undone: Kafka's timers go by the group id, so that a group that comes
    /// after under the same id inherits them (JOIN-29).
    undone: FxHashMap<GroupId, (TimerSlot, JoinTimer)>,
    batch: Vec<Record>,
    /// Groups made by a commit of which nothing was stored (STATE-02): Kafka's reads go by what was there after the last
    /// append, so that they do not see these yet, and a failing append takes them back.
    unwritten: Vec<GroupId>,
    /// Between giving up the log and having read it again (LOAD-03).
    loading: bool,
    /// Groups whose coordinator has moved.
    moves: FxHashMap<GroupId, failover::Move>,
}

impl Coordinator {
    /// A coordinator without groups.
    pub fn new(config: BrokerConfig) -> Self {
        Coordinator {
            config,
            groups: Groups::default(),
            timers: Timers::default(),
            log: Log::default(),
            expiry: TimerSlot::default(),
            loaded_ms: 0,
            undone: FxHashMap::default(),
            batch: Vec::new(),
            unwritten: Vec::new(),
            loading: false,
            moves: FxHashMap::default(),
        }
    }

    /// Takes up a group request (JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetFetch, OffsetDelete,
    /// DescribeGroups, ListGroups, DeleteGroups); others are ignored. `exists` tells which partitions exist (OFF-09).
    pub fn handle(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: Request,
        exists: &dyn Fn(TopicPartition) -> bool,
        out: &mut Vec<Answer>,
    ) {
        let before = std::mem::replace(&mut cx.cause, header.cause);
        match request {
            Request::Heartbeat(request) => self.heartbeat(cx, header, request, out),
            Request::OffsetCommit(request) => self.offset_commit(cx, header, &request, exists, out),
            Request::OffsetFetch(request) => self.offset_fetch(cx, header, &request, out),
            Request::JoinGroup(request) => self.join_group(cx, header, *request, out),
            Request::SyncGroup(request) => self.sync_group(cx, header, *request, out),
            Request::LeaveGroup(request) => self.leave_group(cx, header, &request, out),
            Request::OffsetDelete(request) => self.offset_delete(cx, header, &request, exists, out),
            Request::DescribeGroups(groups) => self.describe_groups(cx, header, &groups, out),
            Request::ListGroups => self.list_groups(cx, header, out),
            Request::DeleteGroups(groups) => self.delete_groups(cx, header, &groups, out),
            Request::FindCoordinator(_) | Request::Metadata(_) | Request::ListOffsets(_) | Request::Fetch(_) => {}
            Request::Produce(_) | Request::InitProducerId => {}
        }
        cx.cause = before;
    }

    /// When [`Coordinator::handle_deadline`] wants to be called next. Now and then that turns out to be too early.
    #[inline]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Runs every timer that is due at `cx.now`: by deadline, and at one millisecond in the order in which they were
    /// armed last.
    pub fn handle_deadline(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        let before = cx.cause;
        while let Some(entry) = self.timers.pop_due(cx.now) {
            self.fire(cx, entry, out);
            cx.cause = before;
        }
    }

    /// The next `count` appends to the coordinator's log fail with `error`.
    pub fn fail_appends(&mut self, error: ErrorCode, count: u32) {
        self.log.fail_appends(error, count);
    }

    /// Moves to another broker and back in no time: soft state is dropped, the log is replayed (LOAD-05, 07, 08, 09, 11).
    pub fn reload(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        self.begin_reload(cx, out);
        self.finish_reload(cx, out);
    }

    /// As [`Coordinator::reload`], but the broker comes back with other settings.
    pub fn restart(&mut self, cx: &mut Context<'_>, config: BrokerConfig, out: &mut Vec<Answer>) {
        self.begin_reload(cx, out);
        self.config = config;
        self.finish_reload(cx, out);
    }

    /// The first half of [`Coordinator::reload`]: every group is unloaded (LOAD-11), and until
    /// [`Coordinator::finish_reload`] requests are answered as while the log is read (LOAD-03, LOAD-04, HB-07).
    pub fn begin_reload(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        self.unload(cx, out);
        self.loading = true;
    }

    /// The second half of [`Coordinator::reload`].
    pub fn finish_reload(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        self.loading = false;
        self.load(cx, out);
    }

    /// Makes `group` a share group, which classic members cannot join (JOIN-28). Does nothing if the group exists.
    pub fn create_share_group(&mut self, cx: &mut Context<'_>, group: GroupId) {
        let now_ms = cx.now.as_ms();
        let share = || ClassicGroup { kind: GroupKind::Share, ..ClassicGroup::new(group, now_ms) };
        self.groups.entry(group).or_insert_with(share);
    }

    /// State of a group; `None` if there is no such group.
    pub fn group_state(&self, group: GroupId) -> Option<GroupState> {
        self.groups.get(&group).map(|group| group.state)
    }

    /// Generation of a group; `None` if there is no such group.
    pub fn group_generation(&self, group: GroupId) -> Option<Generation> {
        self.groups.get(&group).map(|group| group.generation)
    }

    /// Leader of a group, if it has one.
    pub fn group_leader(&self, group: GroupId) -> Option<MemberId> {
        self.groups.get(&group).and_then(|group| group.leader)
    }

    /// For a comparison with a real Kafka, which leaves the succession of a leader to hash order (LEAD-02, LEAD-03): the
    /// member whose parked JoinGroup is the one with this connection and correlation id leads `generation`, if it gets
    /// that far with that member.
    pub fn prefer_leader(&mut self, group: GroupId, generation: Generation, join: (ConnectionId, CorrelationId)) {
        if let Some(group) = self.groups.get_mut(&group) {
            group.preferred_leaders.push((generation, join));
        }
    }

    /// Member ids of a group in order of joining.
    pub fn group_members(&self, group: GroupId) -> impl Iterator<Item = MemberId> + '_ {
        self.groups.get(&group).into_iter().flat_map(|group| group.members.keys().copied())
    }

    /// The committed offset of a partition, if there is one.
    pub fn committed(&self, group: GroupId, partition: TopicPartition) -> Option<Offset> {
        Some(self.log.durable().offsets.get(&group)?.get(&partition)?.offset)
    }

    fn split<'a, 'b>(&'a mut self, cx: &'a mut Context<'b>, out: &'a mut Vec<Answer>) -> (&'a mut Groups, Op<'a, 'b>) {
        let Coordinator { config, groups, timers, batch, .. } = self;
        (groups, Op { cx, out, config, timers, batch })
    }

    /// A group as DescribeGroups and ListGroups see it (STATE-02).
    fn readable(&self, id: GroupId) -> Option<&ClassicGroup> {
        self.groups.get(&id).filter(|_| !self.unwritten.contains(&id))
    }

    /// The group, made if there is none (STATE-02).
    fn group_or_new(&mut self, cx: &mut Context<'_>, id: GroupId) {
        if !self.groups.contains_key(&id) {
            let mut group = ClassicGroup::new(id, cx.now.as_ms());
            if let Some((timer, does)) = self.undone.remove(&id) {
                (group.join_timer, group.join_timer_does) = (timer, does);
            }
            self.groups.insert(id, group);
            self.expect_clean_up(cx, id);
        }
    }
}
