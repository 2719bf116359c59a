//! Metadata: `RefreshMetadata` with its retries, the cache of partition counts, and the updater in the background.

use super::Sarama;
use super::group::Phase;
use crate::client::io::{Io, Timer};
use crate::client::network::Pending;
use crate::ids::{CorrelationId, TopicName};
use crate::protocol::{ErrorCode, Request, TopicMetadata};

/// Who waits for metadata.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// `NewClient`.
    NewClient,
    /// `Consume`.
    Consume,
    /// The leader's `balance`.
    Plan,
    /// Partition consumers that look for their leader again.
    Dispatch,
    /// Nobody: every `Metadata.RefreshFrequency`.
    Background,
}

/// A call of `RefreshMetadata`.
#[derive(Debug)]
struct Refresh {
    purpose: Purpose,
    topics: Vec<TopicName>,
    /// `Metadata.Retry.Max`, counted down.
    left: i64,
    /// `Metadata.Retry.Backoff`.
    retry_at: Timer,
    request: Option<CorrelationId>,
}

/// What the client knows of the cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    known: Vec<(TopicName, u32)>,
    refreshes: Vec<Refresh>,
    /// The next refresh by age.
    pub updater: Timer,
}

impl Default for Cluster {
    fn default() -> Self {
        Cluster { known: Vec::new(), refreshes: Vec::new(), updater: Timer::NEVER }
    }
}

impl Cluster {
    /// Number of partitions of those among `topics` that exist.
    pub fn counts(&self, topics: &[TopicName]) -> Vec<(TopicName, u32)> {
        topics.iter().filter_map(|topic| self.known.iter().find(|k| k.0 == *topic).copied()).collect()
    }

    fn learn(&mut self, topics: &[TopicMetadata]) {
        for t in topics {
            self.known.retain(|k| k.0 != t.topic);
            if t.error.is_none() {
                self.known.push((t.topic, t.partitions));
            }
        }
    }

    /// When the first refresh may be tried again.
    pub fn retry(&self) -> Timer {
        let mut first = Timer::NEVER;
        for r in &self.refreshes {
            if r.retry_at.at < first.at {
                first = r.retry_at;
            }
        }
        first
    }

    /// A retry is due.
    pub fn retry_due(&mut self, io: &Io<'_, '_>) {
        for r in &mut self.refreshes {
            if r.retry_at.at <= io.now() {
                r.retry_at = Timer::NEVER;
            }
        }
    }
}

impl Sarama {
    /// Starts the ticker of `Metadata.RefreshFrequency`, if it is not 0.
    pub(super) fn start_updater(&mut self, io: &Io<'_, '_>) {
        if self.config.metadata_max_age_ms > 0 {
            self.cluster.updater = io.timer_ms(self.config.metadata_max_age_ms);
        }
    }

    /// `RefreshMetadata` of the subscribed topics. (The new client and the updater ask for all topics that there are.)
    pub(super) fn refresh_metadata(&mut self, purpose: Purpose) {
        self.refresh_topics(purpose, self.topics.clone());
    }

    pub(super) fn refresh_topics(&mut self, purpose: Purpose, topics: Vec<TopicName>) {
        let left = self.config.sarama.metadata_retry_max;
        if !self.cluster.refreshes.iter().any(|r| r.purpose == purpose) {
            let refresh = Refresh { purpose, topics, left, retry_at: Timer::NEVER, request: None };
            self.cluster.refreshes.push(refresh);
        }
    }

    /// Sends a request that may be sent.
    pub(super) fn serve_metadata(&mut self, io: &mut Io<'_, '_>) -> bool {
        let waits = |r: &Refresh| r.request.is_none() && !r.retry_at.is_armed();
        let Some(index) = self.cluster.refreshes.iter().position(waits) else { return false };
        let Some(channel) = self.least_loaded(io) else { return false };
        let request = Request::Metadata(self.cluster.refreshes[index].topics.clone());
        let id = self.send_to(io, channel, self.profile.metadata_version, request, Pending::Metadata);
        self.cluster.refreshes[index].request = Some(id);
        true
    }

    /// Metadata was answered.
    pub(super) fn on_metadata(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, topics: &[TopicMetadata]) {
        self.cluster.learn(topics);
        let Some(index) = self.cluster.refreshes.iter().position(|r| r.request == Some(id)) else { return };
        let purpose = self.cluster.refreshes[index].purpose;
        // Who asks for all topics is told of those that exist.
        let of_all = matches!(purpose, Purpose::NewClient | Purpose::Background);
        if !of_all && topics.iter().any(|t| !t.error.is_none()) {
            return self.refresh_failed(io, index);
        }
        self.cluster.refreshes.remove(index);
        self.refreshed(io, purpose, true);
    }

    /// Every request for metadata that was in flight is lost.
    pub(super) fn metadata_lost(&mut self, io: &mut Io<'_, '_>) {
        let lost = |r: &Refresh| r.request.is_some_and(|id| !self.network.in_flight(id));
        if let Some(index) = self.cluster.refreshes.iter().position(lost) {
            self.refresh_failed(io, index);
        }
    }

    fn refresh_failed(&mut self, io: &mut Io<'_, '_>, index: usize) {
        let backoff_ms = self.config.sarama.metadata_retry_backoff_ms;
        let r = &mut self.cluster.refreshes[index];
        r.request = None;
        if r.left > 0 {
            r.left -= 1;
            r.retry_at = io.timer_ms(backoff_ms);
            return;
        }
        let purpose = r.purpose;
        self.cluster.refreshes.remove(index);
        self.refreshed(io, purpose, false);
    }

    fn refreshed(&mut self, io: &mut Io<'_, '_>, purpose: Purpose, ok: bool) {
        match purpose {
            // An application whose client cannot be made tries to make another.
            Purpose::NewClient if !ok && !self.closing => self.refresh_metadata(purpose),
            Purpose::NewClient if self.grouped => self.group.phase = Phase::Idle,
            Purpose::NewClient => self.consume_partitions(io),
            Purpose::Consume if ok => self.join_anew(),
            Purpose::Consume => self.consume_failed(ErrorCode::None),
            Purpose::Plan if ok => self.plan(io),
            Purpose::Plan => self.consume_failed(ErrorCode::None),
            Purpose::Dispatch => self.dispatched(io, ok),
            Purpose::Background => {}
        }
    }
}
