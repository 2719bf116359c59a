//! What the client knows of topics: refreshed every metadata.max.age.ms.

use super::Consumer;
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, Pending, Sender};
use crate::ids::TopicName;
use crate::protocol::{Api, ErrorCode, Request, TopicMetadata};
use crate::trace::Channel;

/// Partition counts.
#[derive(Debug)]
pub(crate) struct Metadata {
    /// Topics that the client asks for: its own, and as leader those of every member.
    pub topics: Vec<TopicName>,
    /// What the broker said; `None` if the topic does not exist.
    known: Vec<(TopicName, Option<u32>)>,
    /// Some answer has come.
    pub fetched: bool,
    /// A refresh is wanted.
    pub wanted: bool,
    /// No request before this (a failed one is tried again after retry.backoff.ms).
    pub backoff: Timer,
    /// The next refresh by age.
    pub refresh: Timer,
    /// Answers in a row that told nothing new.
    equivalent: u32,
}

impl Metadata {
    pub fn new(topics: Vec<TopicName>) -> Self {
        Metadata {
            topics,
            known: Vec::new(),
            fetched: false,
            wanted: true,
            backoff: Timer::NEVER,
            refresh: Timer::NEVER,
            equivalent: 0,
        }
    }

    /// The broker has answered.
    pub fn learn(&mut self, topics: &[TopicMetadata]) {
        self.known.clear();
        self.known.extend(topics.iter().map(|t| (t.topic, t.error.is_none().then_some(t.partitions))));
        self.fetched = true;
    }

    /// What the broker said is too old to be used.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// Whether the broker was asked about the topic.
    pub fn knows(&self, topic: TopicName) -> bool {
        self.known.iter().any(|k| k.0 == topic)
    }

    /// Number of partitions of the existing ones among `topics`.
    pub fn counts(&self, topics: &[TopicName]) -> Vec<(TopicName, u32)> {
        topics
            .iter()
            .filter_map(|&topic| {
                let known = self.known.iter().find(|k| k.0 == topic)?;
                Some((topic, known.1?))
            })
            .collect()
    }
}

impl Consumer {
    /// Sends a Metadata request if one is wanted and possible.
    pub fn send_metadata(&mut self, io: &mut Io<'_, '_>) {
        let m = &self.metadata;
        if !m.wanted || m.backoff.is_armed() || !self.network.ready(Channel::Node, io.now()) {
            return;
        }
        if self.network.waits_for(Api::Metadata) {
            return;
        }
        self.metadata.wanted = false;
        self.metadata.refresh = Timer::NEVER;
        let call = Call {
            channel: Channel::Node,
            version: self.profile.metadata_version,
            timeout_ms: self.request_timeout_ms(),
        };
        let request = Request::Metadata(self.metadata.topics.clone());
        self.network.send(io, call, Sender::NOBODY, request, Pending::Metadata);
    }

    /// Metadata was answered. While a topic is missing the client goes on asking, after a backoff that grows as long as
    /// the answers are the same (Metadata.handleMetadataResponse, timeToAllowUpdate).
    pub fn on_metadata(&mut self, io: &mut Io<'_, '_>, topics: &[TopicMetadata]) {
        if topics.iter().any(|t| t.error == ErrorCode::UnknownTopicOrPartition) {
            let m = &mut self.metadata;
            let news = |t: &TopicMetadata| t.error.is_none() && !m.known.contains(&(t.topic, Some(t.partitions)));
            m.equivalent = if topics.iter().any(news) { 0 } else { m.equivalent + 1 };
            let (initial, max) = (self.config.retry_backoff_ms, self.config.retry_backoff_max_ms);
            let ms = io.backoff_ms(initial, max, m.equivalent.saturating_sub(1));
            (m.wanted, m.backoff) = (true, io.timer_ms(ms));
        }
        self.metadata.learn(topics);
        self.metadata.refresh = io.timer_ms(self.config.metadata_max_age_ms);
        self.leader_metadata_changed();
        self.assign_as_leader_if_ready(io);
    }

    /// The request was lost.
    pub fn metadata_failed(&mut self, io: &mut Io<'_, '_>) {
        self.metadata.wanted = true;
        self.metadata.backoff = io.timer_ms(self.config.retry_backoff_ms);
    }

    /// An answer hinted that what the client knows is stale.
    pub fn request_metadata(&mut self, io: &mut Io<'_, '_>) {
        if !self.metadata.wanted {
            self.metadata.wanted = true;
            self.metadata.backoff = io.timer_ms(self.config.retry_backoff_ms);
        }
    }
}
