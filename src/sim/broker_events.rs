//! The timeline's events that are for a topic or a group: the broker is their target.

use super::queue::Control;
use super::world::{World, cx};
use crate::config::Membership;
use crate::context::Context;
use crate::ids::*;
use crate::protocol::{ClientInfo, CommitPartition, GroupState, OffsetCommitRequest, Request, RequestHeader};
use crate::scenario::{Action, ResetTo};
use crate::time::Duration;
use crate::trace::{Kind, Verb};

/// The connection of requests whose answer nobody waits for.
const NO_CONNECTION: ConnectionId = ConnectionId(u32::MAX);
/// OffsetCommit of the admin client.
const ADMIN_COMMIT_VERSION: i16 = 8;

impl World<'_> {
    /// A line that is not for processes is due.
    pub fn broker_event(&mut self, line: u32) {
        let scenario = self.scenario;
        match &scenario.timeline[line as usize].action {
            Action::AddPartitions { topic, to } => self.add_partitions(line, topic, *to),
            Action::CreateTopic { topic, partitions } => {
                let topic = TopicName(self.names.intern(topic));
                if self.broker.partitions(topic).is_some() {
                    return self.ignored(ActorId::BROKER, Verb::CreateTopic, line);
                }
                let cause = self.fault_start(ActorId::BROKER, Verb::CreateTopic, line);
                self.create_partitions(topic, *partitions, cause);
            }
            Action::Produce { topic, .. } if self.partitions_of(topic).is_none() => {
                self.ignored(ActorId::BROKER, Verb::Produce, line);
            }
            Action::Produce { topic, records, size, partition } => {
                let cause = self.fault_start(ActorId::BROKER, Verb::Produce, line);
                let topic = TopicName(self.names.intern(topic));
                let mut counts = Vec::new();
                match partition {
                    Some(partition) => counts.push((*partition, *records)),
                    None => {
                        let partitions = self.broker.partitions(topic).unwrap_or(0);
                        super::produce::round_robin(0, *records, partitions, &mut counts);
                    }
                }
                self.append(topic, ActorId::DRIVER, *size, &counts, cause);
            }
            Action::DeleteRecords { topic, before, partition } => self.delete_records(line, topic, *before, *partition),
            Action::ExpireOffsets { group } => self.expire_offsets(line, group),
            Action::ResetOffsets { group, to } => self.reset_offsets(line, group, *to),
            Action::Failover { group, down_for } => self.failover(line, group, *down_for),
            _ => {}
        }
    }

    /// How many partitions a topic has; `None` if it has not been created.
    fn partitions_of(&self, topic: &str) -> Option<u32> {
        self.broker.partitions(TopicName(self.names.find(topic)?))
    }

    fn add_partitions(&mut self, line: u32, topic: &str, to: u32) {
        if self.partitions_of(topic).is_none_or(|partitions| partitions >= to) {
            return self.ignored(ActorId::BROKER, Verb::AddPartitions, line);
        }
        let cause = self.fault_start(ActorId::BROKER, Verb::AddPartitions, line);
        let topic = TopicName(self.names.intern(topic));
        self.create_partitions(topic, to, cause);
    }

    /// Creates a topic or adds partitions to it, and tells the trace.
    pub fn create_partitions(&mut self, topic: TopicName, partitions: u32, cause: Seq) {
        self.broker.create_partitions(cx!(self, cause), topic, partitions);
        let partitions = self.broker.partitions(topic).unwrap_or(partitions);
        cx!(self, cause).emit(ActorId::DRIVER, Incarnation(0), Kind::MetaTopic { topic, partitions });
        self.after_broker();
    }

    /// Deletes what stands before `before` in one partition or all; ignored if nothing does.
    fn delete_records(&mut self, line: u32, topic: &str, before: i64, partition: Option<u32>) {
        let topic = TopicName(self.names.intern(topic));
        let count = self.broker.partitions(topic).unwrap_or(0);
        let wanted = partition.map_or(0..count, |partition| partition..partition + 1);
        let partitions: Vec<TopicPartition> = wanted
            .map(|partition| TopicPartition::new(topic, partition))
            .filter(|&partition| {
                let (start, end) = (self.broker.log_start(partition), self.broker.log_end(partition));
                start.zip(end).is_some_and(|(start, end)| start < end && start.0 < before)
            })
            .collect();
        if partitions.is_empty() {
            return self.ignored(ActorId::BROKER, Verb::DeleteRecords, line);
        }
        let cause = self.fault_start(ActorId::BROKER, Verb::DeleteRecords, line);
        for partition in partitions {
            self.broker.delete_records(cx!(self, cause), partition, Offset(before));
        }
        self.after_broker();
    }

    /// The retention of a group's offsets is over; ignored if the group's state keeps them, or if there are none.
    fn expire_offsets(&mut self, line: u32, group: &str) {
        let group = GroupId(self.names.intern(group));
        if !self.broker.can_expire_offsets(&mut self.names, group) {
            return self.ignored(ActorId::BROKER, Verb::ExpireOffsets, line);
        }
        let cause = self.fault_start(ActorId::BROKER, Verb::ExpireOffsets, line);
        self.broker.expire_offsets(cx!(self, cause), group, &mut self.answers);
        self.after_broker();
    }

    /// `kafka-consumer-groups.sh --reset-offsets --execute` for every topic that the group's members subscribe to. The tool
    /// refuses while the group is neither Empty nor gone; else it commits without member and generation (OFF-01, OFF-02).
    /// Its own look-ups take no time here.
    fn reset_offsets(&mut self, line: u32, group: &str, to: ResetTo) {
        let id = GroupId(self.names.intern(group));
        let inactive = matches!(self.broker.group_state(id), None | Some(GroupState::Empty | GroupState::Dead));
        let partitions = if inactive && !self.broker.is_loading(id) { self.positions(group, to) } else { Vec::new() };
        if partitions.is_empty() {
            return self.ignored(ActorId::BROKER, Verb::ResetOffsets, line);
        }
        let cause = self.fault_start(ActorId::BROKER, Verb::ResetOffsets, line);
        let request = OffsetCommitRequest {
            group: Some(id),
            generation: Generation::NONE,
            member: MemberId::EMPTY,
            instance: InstanceId::EMPTY,
            retention_ms: -1,
            partitions,
        };
        self.timeline.admin_requests += 1;
        let header = RequestHeader {
            connection: NO_CONNECTION,
            correlation: CorrelationId(self.timeline.admin_requests),
            api_version: ADMIN_COMMIT_VERSION,
            client: ClientInfo {
                actor: ActorId::DRIVER,
                incarnation: Incarnation(0),
                client_id: ClientId(self.names.intern("admin")),
                host: self.names.intern("/10.0.0.0"),
            },
            cause,
        };
        let request = Request::OffsetCommit(Box::new(request));
        self.broker.handle_request(cx!(self, cause), header, request, &mut self.answers);
        self.after_broker();
    }

    /// Where the partitions of a group's topics are reset to.
    fn positions(&mut self, group: &str, to: ResetTo) -> Vec<CommitPartition> {
        let scenario = self.scenario;
        let mut topics: Vec<&str> = Vec::new();
        for config in scenario.groups.iter().filter(|g| g.name == group).flat_map(|g| &g.member_configs) {
            let Membership::Subscribe { topics: subscribed, .. } = &config.membership else { continue };
            topics.extend(subscribed.iter().map(String::as_str));
        }
        topics.sort_unstable();
        topics.dedup();
        let mut partitions = Vec::new();
        for topic in topics {
            let topic = TopicName(self.names.intern(topic));
            for partition in 0..self.broker.partitions(topic).unwrap_or(0) {
                let partition = TopicPartition::new(topic, partition);
                let ends = self.broker.log_start(partition).zip(self.broker.log_end(partition));
                let Some((start, end)) = ends else { continue };
                let offset = match to {
                    ResetTo::Earliest => start,
                    ResetTo::Latest => end,
                    ResetTo::Offset(offset) => Offset(offset).clamp(start, end),
                };
                partitions.push(CommitPartition { partition, offset, metadata: Symbol::EMPTY });
            }
        }
        partitions
    }

    /// A group's coordinator moves; ignored while it is moving.
    fn failover(&mut self, line: u32, group: &str, down_for: Duration) {
        let group = GroupId(self.names.intern(group));
        if self.broker.is_loading(group) {
            return self.ignored(ActorId::BROKER, Verb::Failover, line);
        }
        let cause = self.fault_start(ActorId::BROKER, Verb::Failover, line);
        let first = self.connections.next_id();
        self.broker.begin_failover(cx!(self, cause), group, first, &mut self.answers);
        self.after_broker();
        let window = self.timeline.windows_so_far;
        self.timeline.windows_so_far += 1;
        self.timeline.failovers.insert(window, (group, line, cause));
        if down_for.is_zero() {
            return self.failover_over(window);
        }
        self.queue.push_control(self.now + down_for, Control::WindowOver(window));
    }

    /// The new coordinator has read the log.
    pub fn failover_over(&mut self, window: u32) {
        let Some((group, line, cause)) = self.timeline.failovers.remove(&window) else { return };
        let kind = Kind::FaultEnd { target: ActorId::BROKER, verb: Verb::Failover, index: line };
        let cause = cx!(self, cause).emit(ActorId::DRIVER, Incarnation(0), kind);
        self.broker.finish_failover(cx!(self, cause), group, &mut self.answers);
        self.after_broker();
    }
}
