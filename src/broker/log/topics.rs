//! Topics and their logs.

use super::partition::PartitionLog;
use crate::ids::{TopicName, TopicPartition};

/// "No such topic" in the index.
const ABSENT: u32 = u32::MAX;

/// Every log of the broker.
#[derive(Debug, Default)]
pub(in crate::broker) struct Topics {
    /// For each symbol, the topic of that name; symbols are small numbers, and this is looked up for every record.
    index: Vec<u32>,
    /// For each topic its logs.
    logs: Vec<Vec<PartitionLog>>,
}

impl Topics {
    fn find(&self, topic: TopicName) -> Option<usize> {
        let found = *self.index.get(topic.0.0 as usize)?;
        (found != ABSENT).then_some(found as usize)
    }

    /// Makes the topic have `partitions` partitions if it had fewer.
    pub(in crate::broker) fn create(&mut self, topic: TopicName, partitions: u32) {
        let symbol = topic.0.0 as usize;
        let found = self.find(topic).unwrap_or_else(|| {
            if self.index.len() <= symbol {
                self.index.resize(symbol + 1, ABSENT);
            }
            self.index[symbol] = self.logs.len() as u32;
            self.logs.push(Vec::new());
            self.logs.len() - 1
        });
        let logs = &mut self.logs[found];
        if logs.len() < partitions as usize {
            logs.resize_with(partitions as usize, PartitionLog::default);
        }
    }

    /// How many partitions a topic has, if it exists.
    pub(in crate::broker) fn partitions(&self, topic: TopicName) -> Option<u32> {
        self.find(topic).map(|found| self.logs[found].len() as u32)
    }

    /// A partition's log.
    pub(in crate::broker) fn log(&self, partition: TopicPartition) -> Option<&PartitionLog> {
        self.logs[self.find(partition.topic)?].get(partition.partition as usize)
    }

    /// A partition's log, to be changed.
    pub(in crate::broker) fn log_mut(&mut self, partition: TopicPartition) -> Option<&mut PartitionLog> {
        let found = self.find(partition.topic)?;
        self.logs[found].get_mut(partition.partition as usize)
    }
}
