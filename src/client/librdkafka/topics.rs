//! Metadata of the subscribed topics: before the first join, and every topic.metadata.refresh.interval.ms. Any member
//! rejoins when the number of partitions has changed, not only the leader.

use super::Librdkafka;
use super::group::JoinState;
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::ids::CorrelationId;
use crate::protocol::{Api, Request, TopicMetadata};
use crate::trace::Channel;

impl Librdkafka {
    /// Sends a Metadata request if that is possible.
    pub(super) fn send_metadata(&mut self, io: &mut Io<'_, '_>) {
        if self.metadata.backoff.is_armed() || !self.network.ready(Channel::Node, io.now()) {
            return;
        }
        if self.network.waits_for(Api::Metadata) {
            return;
        }
        self.metadata.wanted = false;
        let request = Request::Metadata(self.topics.clone());
        self.send_to_node(io, self.profile.metadata_version, request, Pending::Metadata);
    }

    /// Metadata was answered.
    pub(super) fn on_metadata(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, topics: &[TopicMetadata]) {
        if self.assign_as_leader(io, id, topics) {
            return;
        }
        self.metadata.learn(topics);
        if !self.grouped || self.group.terminating {
            return;
        }
        let counts = self.metadata.counts(&self.topics);
        let changed = counts != self.group.subscribed;
        self.group.subscribed = counts;
        if changed || (self.group.state == JoinState::WaitMetadata && self.group.leading.is_none()) {
            if self.group.incremental.in_use {
                self.rejoin(io);
            } else {
                self.revoke_and_rejoin(io, false);
            }
        }
    }

    /// The request was lost.
    pub(super) fn metadata_failed(&mut self, io: &mut Io<'_, '_>) {
        if let Some(leading) = self.group.leading.take_if(|leading| !self.network.in_flight(leading.metadata)) {
            self.leader_failed(io, leading);
            return;
        }
        self.metadata.wanted = true;
        self.metadata.backoff = io.timer_ms(self.config.retry_backoff_ms);
    }
}
