//! partitionWatcher: with WatchPartitionChanges every member looks at its own topics, and ends the generation when the number
//! of partitions is not what it was when the watcher started.

use super::KafkaGo;
use super::group::Phase;
use super::ticker::Ticker;
use crate::client::io::Io;
use crate::client::network::{Pending, Routine};
use crate::ids::TopicName;
use crate::protocol::{ErrorCode, Request, TopicMetadata};

/// The watcher of one topic.
#[derive(Debug)]
pub(super) struct Watcher {
    topic: TopicName,
    /// How many partitions there were at the start; `None` until that is known.
    partitions: Option<u32>,
    /// A Metadata request is in flight.
    pub asking: bool,
    /// When it looks again.
    pub ticker: Ticker,
}

impl KafkaGo {
    pub(super) fn start_watchers(&mut self, io: &mut Io<'_, '_>) {
        if !self.config.kafka_go.watch_partition_changes {
            return;
        }
        let ticker = Ticker::start(io, self.config.kafka_go.partition_watch_interval_ms);
        let watcher = |&topic: &TopicName| Watcher { topic, partitions: None, asking: false, ticker };
        self.generation.watchers = self.topics.iter().map(watcher).collect();
        for place in 0..self.generation.watchers.len() {
            self.look_at_partitions(io, place);
        }
    }

    /// A watcher's tick.
    pub(super) fn watch(&mut self, io: &mut Io<'_, '_>, place: usize) {
        let watcher = &mut self.generation.watchers[place];
        if watcher.ticker.tick(io, watcher.asking) {
            self.look_at_partitions(io, place);
        }
    }

    fn look_at_partitions(&mut self, io: &mut Io<'_, '_>, place: usize) {
        if self.generation.broken {
            return self.end_generation(io);
        }
        let watcher = &mut self.generation.watchers[place];
        watcher.asking = true;
        let request = Request::Metadata(vec![watcher.topic]);
        let (version, timeout_ms) = (self.profile.metadata_version, self.timeout_ms());
        let pending = Pending::Routine(Routine::Watcher(place as u32));
        self.send_to_coordinator(io, version, timeout_ms, request, pending);
    }

    /// A watcher has its answer. A topic that does not exist is an error at the start, which ends the generation, and no
    /// partitions later on.
    pub(super) fn on_watched(&mut self, io: &mut Io<'_, '_>, place: usize, topic: Option<TopicMetadata>) {
        let Some(watcher) = self.generation.watchers.get_mut(place) else { return };
        watcher.asking = false;
        let missing = topic.is_none_or(|t| t.error == ErrorCode::UnknownTopicOrPartition);
        let found = if missing { 0 } else { topic.map_or(0, |t| t.partitions) };
        let changed = match watcher.partitions {
            None => missing,
            Some(known) => found != known,
        };
        watcher.partitions.get_or_insert(found);
        if changed || !matches!(self.group.phase, Phase::Running) {
            self.end_generation(io);
        } else if watcher.ticker.take_kept() {
            self.look_at_partitions(io, place);
        }
    }

    /// A watcher's request was lost.
    pub(super) fn watcher_lost(&mut self, io: &mut Io<'_, '_>, place: usize) {
        if let Some(watcher) = self.generation.watchers.get_mut(place) {
            watcher.asking = false;
            self.end_generation(io);
        }
    }
}
