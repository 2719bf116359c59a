//! Offsets of partitions and of groups.

use std::io;
use std::time::{Duration, Instant};

use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{GroupId, OffsetCommitRequest, OffsetFetchRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};

use super::error::code_of;
use super::{Cluster, ClusterError};
use crate::kafka::wire::peer::Peer;

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
        let wanted = topics.iter().map(|&(topic, partitions)| {
            let all = (0..i32::try_from(partitions).unwrap_or(i32::MAX)).collect();
            OffsetFetchRequestTopic::default().with_name(name(topic)).with_partition_indexes(all)
        });
        let request = OffsetFetchRequest::default()
            .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
            .with_topics(Some(wanted.collect()));
        self.with_coordinator(&format!("asking what group {group} has committed"), group, |peer| {
            // The newest version that asks for one group.
            let version = peer.version_of::<OffsetFetchRequest>()?.min(7);
            let answer = peer.ask_in(&request, version)?;
            let all = || answer.topics.iter().flat_map(|topic| topic.partitions.iter().map(move |p| (topic, p)));
            let mut errors = [answer.error_code].into_iter().chain(all().map(|(_, partition)| partition.error_code));
            if let Some(code) = errors.find(|&code| code != 0) {
                return Ok(Err(code));
            }
            let committed = all().filter(|(_, partition)| partition.committed_offset >= 0);
            let committed = committed.map(|(t, p)| (t.name.to_string(), p.partition_index, p.committed_offset));
            Ok(Ok(committed.collect()))
        })
    }

    /// Commits for a group that has no members, as the tool for resetting offsets does.
    ///
    /// # Errors
    /// [`ClusterError`]; one of them if the group has members.
    pub fn commit(&self, group: &str, offsets: &[TopicOffset]) -> Result<(), ClusterError> {
        let topics = offsets.iter().map(|(topic, partition, offset)| {
            let partition = OffsetCommitRequestPartition::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
                .with_committed_metadata(Some(StrBytes::new()));
            OffsetCommitRequestTopic::default().with_name(name(topic)).with_partitions(vec![partition])
        });
        let request = OffsetCommitRequest::default()
            .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
            .with_generation_id_or_member_epoch(-1)
            .with_topics(topics.collect());
        self.with_coordinator(&format!("setting offsets of group {group}"), group, |peer| {
            let answer = peer.ask(&request)?;
            let mut codes = answer.topics.iter().flat_map(|topic| topic.partitions.iter().map(|p| p.error_code));
            Ok(codes.find(|&code| code != 0).map_or(Ok(()), Err))
        })
    }

    /// Asks a group's coordinator; again while it is being found or loads: the first question to a new cluster makes the
    /// topic `__consumer_offsets`.
    pub(super) fn with_coordinator<T>(
        &self,
        doing: &str,
        group: &str,
        ask: impl Fn(&mut Peer) -> io::Result<Result<T, i16>>,
    ) -> Result<T, ClusterError> {
        let deadline = Instant::now() + self.patience;
        loop {
            let peer = Peer::coordinator(&self.bootstrap, &self.login, group, self.patience);
            let asked = peer.and_then(|peer| peer.map_or_else(|code| Ok(Err(code)), |mut peer| ask(&mut peer)));
            let passes = matches!(asked, Ok(Err(14..=16)));
            if !passes || Instant::now() >= deadline {
                let code = asked.map_err(|error| ClusterError::of_io(doing, &error))?;
                return code.map_err(|code| ClusterError::of_wire(doing, code));
            }
            std::thread::sleep(AGAIN);
        }
    }

    /// Does something with librdkafka again while a coordinator is being found or loads.
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
}

fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}
