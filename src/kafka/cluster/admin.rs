//! Topics, groups and settings.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminOptions, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::offsets::passes;
use super::wait::wait;
use super::{Cluster, ClusterError};
use crate::config::BrokerConfig;

/// From one look at a topic that is being made to the next.
const AGAIN: Duration = Duration::from_millis(50);

/// How much longer than librdkafka's own timeout an answer is waited for.
const MARGIN: Duration = Duration::from_secs(1);

impl Cluster {
    /// Makes topics of so many partitions each, with the cluster's own replication factor, and waits until every partition
    /// has a leader. Topics made before an error stay.
    ///
    /// # Errors
    /// [`ClusterError::TopicExists`], [`ClusterError::NotAuthorized`] and others.
    pub fn create_topics(&self, topics: &[(&str, u32)]) -> Result<(), ClusterError> {
        let doing = "making topics";
        let partitions = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        let new: Vec<_> = topics
            .iter()
            .map(|&(name, count)| NewTopic::new(name, partitions(count), TopicReplication::Fixed(-1)))
            .collect();
        for made in self.ask(doing, self.admin.create_topics(&new, &self.options()))? {
            made.map_err(|(topic, code)| topic_error("making", topic, code))?;
        }
        topics.iter().try_for_each(|&(name, count)| self.wait_for_leaders(name, count))
    }

    /// Gives a topic more partitions, and waits until each has a leader.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn add_partitions(&self, topic: &str, to: u32) -> Result<(), ClusterError> {
        let new = NewPartitions::new(topic, usize::try_from(to).unwrap_or(usize::MAX));
        for made in self.ask("adding partitions", self.admin.create_partitions([&new], &self.options()))? {
            made.map_err(|(topic, code)| topic_error("adding partitions to", topic, code))?;
        }
        self.wait_for_leaders(topic, to)
    }

    /// Deletes topics. One that is not there is no error; all are tried before the first error is told.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn delete_topics(&self, topics: &[&str]) -> Result<(), ClusterError> {
        if topics.is_empty() {
            return Ok(());
        }
        let deleted = self.ask("deleting topics", self.admin.delete_topics(topics, &self.options()))?;
        let failed = deleted.into_iter().filter_map(Result::err);
        let mut failed = failed.filter(|(_, code)| *code != RDKafkaErrorCode::UnknownTopicOrPartition);
        failed.next().map_or(Ok(()), |(topic, code)| Err(topic_error("deleting", topic, code)))
    }

    /// Deletes groups and their offsets. One that is not there is no error; one with members is. All are tried before the
    /// first error is told.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn delete_groups(&self, groups: &[&str]) -> Result<(), ClusterError> {
        if groups.is_empty() {
            return Ok(());
        }
        let failed = self.insist(|| {
            let deleted = wait(self.admin.delete_groups(groups, &self.options()), self.patience + MARGIN);
            let deleted = deleted.unwrap_or(Err(KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut)))?;
            let failed = deleted.into_iter().filter_map(Result::err);
            let failed: Vec<_> = failed.filter(|(_, code)| *code != RDKafkaErrorCode::GroupIdNotFound).collect();
            match failed.iter().find(|(_, code)| passes(*code)) {
                Some((_, code)) => Err(KafkaError::AdminOp(*code)),
                None => Ok(failed),
            }
        });
        let failed = failed.map_err(|error| ClusterError::of("deleting groups", &error))?;
        let first = failed.into_iter().next();
        first.map_or(Ok(()), |(group, code)| Err(ClusterError::of_code(&format!("deleting group {group}"), code)))
    }

    /// Deletes the records of a partition before an offset.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn delete_records(&self, topic: &str, partition: i32, before: i64) -> Result<(), ClusterError> {
        let doing = format!("deleting records of {topic}");
        let mut offsets = TopicPartitionList::new();
        let added = offsets.add_partition_offset(topic, partition, Offset::Offset(before));
        added.map_err(|error| ClusterError::of(&doing, &error))?;
        let deleted = self.ask(&doing, self.admin.delete_records(&offsets, &self.options()))?;
        deleted
            .elements()
            .iter()
            .try_for_each(|element| element.error().map_err(|error| ClusterError::of(&doing, &error)))
    }

    /// What groupsim models of the brokers' settings, as one of them has it (DescribeConfigs). A setting that the broker does
    /// not tell has Kafka's default.
    ///
    /// # Errors
    /// [`ClusterError::NotAuthorized`] and others.
    pub fn broker_settings(&self) -> Result<BrokerConfig, ClusterError> {
        let doing = "asking for the brokers' settings";
        let metadata = self.client().fetch_metadata(None, self.patience);
        let metadata = metadata.map_err(|error| ClusterError::of(doing, &error))?;
        let broker = metadata.brokers().first().map_or_else(|| metadata.orig_broker_id(), |broker| broker.id());
        let broker = ResourceSpecifier::Broker(broker);
        let described = self.admin.describe_configs([&broker], &self.options());
        let mut settings = BrokerConfig::default();
        let mut told = false;
        for resource in self.ask(doing, described)? {
            let resource = resource.map_err(|code| ClusterError::of_code(doing, code))?;
            told |= !resource.entries.is_empty();
            for entry in &resource.entries {
                if let Some(value) = &entry.value {
                    take(&mut settings, &entry.name, value);
                }
            }
        }
        // Somebody without the right gets an empty answer from librdkafka.
        if !told {
            return Err(ClusterError::of_code(doing, RDKafkaErrorCode::ClusterAuthorizationFailed));
        }
        Ok(settings)
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.patience)).operation_timeout(Some(self.patience))
    }

    fn ask<T>(&self, doing: &str, answer: impl Future<Output = KafkaResult<T>>) -> Result<T, ClusterError> {
        match wait(answer, self.patience + MARGIN) {
            Some(answer) => answer.map_err(|error| ClusterError::of(doing, &error)),
            None => Err(ClusterError::silent(doing, self.patience)),
        }
    }

    fn wait_for_leaders(&self, topic: &str, partitions: u32) -> Result<(), ClusterError> {
        let doing = format!("waiting for the leaders of {topic}");
        let wanted = usize::try_from(partitions).unwrap_or(usize::MAX);
        let begin = Instant::now();
        loop {
            let left = self.patience.saturating_sub(begin.elapsed());
            let metadata = self.client().fetch_metadata(Some(topic), left.max(AGAIN));
            let metadata = metadata.map_err(|error| ClusterError::of(&doing, &error))?;
            let mut found = metadata.topics().iter().flat_map(|topic| topic.partitions());
            if found.by_ref().filter(|partition| partition.leader() >= 0).count() >= wanted {
                return Ok(());
            }
            if left.is_zero() {
                return Err(ClusterError::silent(&doing, self.patience));
            }
            std::thread::sleep(AGAIN);
        }
    }
}

fn topic_error(doing: &str, topic: String, code: RDKafkaErrorCode) -> ClusterError {
    match code {
        RDKafkaErrorCode::TopicAlreadyExists => ClusterError::TopicExists { topic },
        code => ClusterError::of_code(&format!("{doing} topic {topic}"), code),
    }
}

fn take(settings: &mut BrokerConfig, key: &str, value: &str) {
    fn put<T: std::str::FromStr>(into: &mut T, value: &str) {
        if let Ok(value) = value.parse() {
            *into = value;
        }
    }
    match key {
        "group.min.session.timeout.ms" => put(&mut settings.group_min_session_timeout_ms, value),
        "group.max.session.timeout.ms" => put(&mut settings.group_max_session_timeout_ms, value),
        "group.initial.rebalance.delay.ms" => put(&mut settings.group_initial_rebalance_delay_ms, value),
        "group.max.size" => put(&mut settings.group_max_size, value),
        "offset.metadata.max.bytes" => put(&mut settings.offset_metadata_max_bytes, value),
        "offsets.retention.minutes" => put(&mut settings.offsets_retention_minutes, value),
        "offsets.retention.check.interval.ms" => put(&mut settings.offsets_retention_check_interval_ms, value),
        _ => {}
    }
}
