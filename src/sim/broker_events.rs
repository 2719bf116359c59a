//! The timeline's events that are for a topic or a group: the broker is their target.

use super::world::{World, cx};
use crate::context::Context;
use crate::ids::*;
use crate::scenario::Action;
use crate::trace::{Kind, Verb};

impl World<'_> {
    /// A line that is not for processes is due.
    pub fn broker_event(&mut self, line: u32) {
        let scenario = self.scenario;
        match &scenario.timeline[line as usize].action {
            Action::AddPartitions { topic, to } => self.add_partitions(line, topic, *to),
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
            _ => {}
        }
    }

    fn add_partitions(&mut self, line: u32, topic: &str, to: u32) {
        if self.names.find(topic).and_then(|name| self.broker.partitions(TopicName(name))) >= Some(to) {
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
}
