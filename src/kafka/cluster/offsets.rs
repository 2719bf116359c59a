//! Offsets of partitions and of groups.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::error::code_of;
use super::{Cluster, ClusterError};

/// From one question to a coordinator that is not ready to the next.
const AGAIN: Duration = Duration::from_millis(100);

/// Whether an error passes by itself.
pub(super) fn passes(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::NotCoordinator
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::WaitingForCoordinator
    )
}

/// Topic, partition, offset.
pub type TopicOffset = (String, i32, i64);

impl Cluster {
    /// Where a partition begins and ends: the first offset that is there, and the one after the last.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn bounds(&self, topic: &str, partition: i32) -> Result<(i64, i64), ClusterError> {
        let found = self.client().fetch_watermarks(topic, partition, self.patience);
        found.map_err(|error| ClusterError::of(&format!("asking where {topic} ends"), &error))
    }

    /// Where partitions 0 to `partitions` - 1 of a topic end.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn end_offsets(&self, topic: &str, partitions: u32) -> Result<Vec<i64>, ClusterError> {
        let all = 0..i32::try_from(partitions).unwrap_or(i32::MAX);
        all.map(|partition| Ok(self.bounds(topic, partition)?.1)).collect()
    }

    /// What a group has committed for partitions of topics; partitions without a commit are left out.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn committed(&self, group: &str, topics: &[(&str, u32)]) -> Result<Vec<TopicOffset>, ClusterError> {
        let doing = format!("asking what group {group} has committed");
        let mut wanted = TopicPartitionList::new();
        for &(topic, partitions) in topics {
            for partition in 0..i32::try_from(partitions).unwrap_or(i32::MAX) {
                wanted.add_partition(topic, partition);
            }
        }
        let asker = self.of_group(group)?;
        let found = self.insist(|| {
            let found = asker.committed_offsets(wanted.clone(), self.patience)?;
            found.elements().iter().try_for_each(|element| element.error())?;
            Ok(found)
        });
        let found = found.map_err(|error| ClusterError::of(&doing, &error))?;
        let mut committed = Vec::new();
        for element in found.elements() {
            if let Offset::Offset(offset) = element.offset() {
                committed.push((element.topic().to_owned(), element.partition(), offset));
            }
        }
        Ok(committed)
    }

    /// Commits for a group that has no members, as the tool for resetting offsets does.
    ///
    /// # Errors
    /// [`ClusterError`]; one of them if the group has members.
    pub fn commit(&self, group: &str, offsets: &[TopicOffset]) -> Result<(), ClusterError> {
        let doing = format!("setting offsets of group {group}");
        let failed = |error| ClusterError::of(&doing, &error);
        let mut list = TopicPartitionList::new();
        for (topic, partition, offset) in offsets {
            list.add_partition_offset(topic, *partition, Offset::Offset(*offset)).map_err(failed)?;
        }
        let committer = self.of_group(group)?;
        self.insist(|| committer.commit(&list, CommitMode::Sync)).map_err(failed)
    }

    /// Asks a coordinator again while it is being found or loads: the first question of a new cluster makes the topic
    /// `__consumer_offsets`.
    pub(super) fn insist<T>(&self, ask: impl Fn() -> KafkaResult<T>) -> KafkaResult<T> {
        let deadline = Instant::now() + self.patience;
        loop {
            match ask() {
                Err(error) if code_of(&error).is_some_and(passes) && Instant::now() < deadline => {
                    std::thread::sleep(AGAIN);
                }
                done => return done,
            }
        }
    }

    /// A consumer that speaks for a group without being a member.
    fn of_group(&self, group: &str) -> Result<BaseConsumer, ClusterError> {
        let mut config = self.config.clone();
        config.set("group.id", group).set("enable.auto.commit", "false");
        config.create().map_err(|error| ClusterError::of("connecting", &error))
    }
}
