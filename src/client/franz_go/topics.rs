//! Metadata: at the start, every `MetadataMaxAge`, and when something hints that it is stale, but then no more often than
//! every 5 s (`MetadataMinAge`). The first answer that knows a topic starts the manage loop.

use super::FranzGo;
use super::group::Stage;
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::ids::CorrelationId;
use crate::protocol::{Api, Request, TopicMetadata};
use crate::time::Duration;

/// `MetadataMinAge`.
pub(super) const MIN_AGE: Duration = Duration::from_secs(5);

impl FranzGo {
    /// Whether metadata is young enough not to be asked for; asks for it if it is not.
    pub(super) fn metadata_is_fresh(&mut self, io: &Io<'_, '_>) -> bool {
        let fresh = self.metadata.fetched && io.now().since(self.metadata_at) < MIN_AGE;
        if !fresh && !self.network.waits_for(Api::Metadata) {
            self.metadata.wanted = true;
        }
        fresh
    }

    /// Something hints that metadata is stale.
    pub(super) fn want_fresh_metadata(&mut self, io: &Io<'_, '_>) {
        self.metadata_is_fresh(io);
    }

    /// Sends a Metadata request if that is possible.
    pub(super) fn send_metadata(&mut self, io: &mut Io<'_, '_>) {
        let ready = self.network.ready(self.side_channel(), io.now());
        if self.metadata.backoff.is_armed() || !ready || self.network.waits_for(Api::Metadata) {
            return;
        }
        self.metadata.wanted = false;
        let request = Request::Metadata(self.metadata.topics.clone());
        self.send_aside(io, self.profile.metadata_version, request, Pending::Metadata);
    }

    /// Metadata was answered.
    pub(super) fn on_metadata(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, topics: &[TopicMetadata]) {
        if topics.iter().any(|topic| !topic.error.is_none()) {
            self.metadata.wanted = true;
            self.metadata.backoff = io.timer_ms(MIN_AGE.as_ms() as i64);
        }
        let before = self.metadata.counts(&self.metadata.topics);
        self.metadata.learn(topics);
        self.metadata_at = io.now();
        self.metadata.refresh = io.timer_ms(self.config.metadata_max_age_ms);
        self.balance_if_ready(io, id);
        if self.grouped && !self.group.closing {
            let now = self.metadata.counts(&self.metadata.topics);
            let grew = now.iter().any(|&(topic, count)| before.iter().any(|b| b.0 == topic && b.1 < count));
            self.find_new_assignments(io, grew);
        }
    }

    /// `findNewAssignments`: any member rejoins when it can consume another topic, the leader when some topic of the group
    /// has more partitions.
    fn find_new_assignments(&mut self, io: &mut Io<'_, '_>, grew: bool) {
        let using = self.metadata.counts(&self.topics);
        let more = using.len() > self.group.using.len();
        if !using.is_empty() {
            self.group.using = using;
        }
        if self.group.stage == Stage::Idle {
            if more {
                self.commits.start_ticker(io);
                self.join(io);
            }
        } else if more || (self.group.leader && grew) {
            self.group.rejoin = true;
        }
    }

    /// The request was lost.
    pub(super) fn metadata_failed(&mut self, io: &mut Io<'_, '_>) {
        self.leader_lost_metadata(io);
        self.metadata.wanted = true;
        let ms = super::calls::backoff_ms(io, 1);
        self.metadata.backoff = io.timer_ms(ms);
    }
}
