//! Generation: heartbeats, watchers, commits and readers. The first of them to end ends it for all; the next generation
//! begins when the last one has ended.

use super::KafkaGo;
use super::group::Phase;
use super::ticker::Ticker;
use super::watcher::Watcher;
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::ids::{Generation as GenerationNumber, InstanceId, Offset, TopicPartition};
use crate::protocol::{ErrorCode, HeartbeatRequest, Request};
use crate::trace::{Channel, Kind};

/// The goroutines of the generation that are not readers.
#[derive(Debug)]
pub(super) struct Generation {
    /// Ticks of the heartbeat loop; the first comes an interval after the start.
    pub beats: Ticker,
    /// A heartbeat is in flight.
    pub beating: bool,
    /// One for each topic, with WatchPartitionChanges.
    pub watchers: Vec<Watcher>,
    /// The connection to the coordinator is lost: what needs it fails at once.
    pub broken: bool,
}

impl Default for Generation {
    fn default() -> Self {
        Generation { beats: Ticker::STOPPED, beating: false, watchers: Vec::new(), broken: false }
    }
}

impl KafkaGo {
    /// The generation is there. A group that is being closed closes it again at once.
    pub(super) fn start_generation(
        &mut self,
        io: &mut Io<'_, '_>,
        partitions: Vec<TopicPartition>,
        committed: &[(TopicPartition, Offset)],
    ) {
        if self.group.closing {
            self.network.hang_up(io, Channel::Coordinator, 0);
            return self.leave(io);
        }
        self.subscribe(io, partitions, committed);
        self.generation.beats = Ticker::start(io, self.config.heartbeat_interval_ms.into());
        self.start_commits(io);
        self.start_watchers(io);
    }

    /// Reader.subscribe: from here on what was fetched before is dropped when it is come across.
    pub(super) fn subscribe(
        &mut self,
        io: &mut Io<'_, '_>,
        partitions: Vec<TopicPartition>,
        committed: &[(TopicPartition, Offset)],
    ) {
        self.queue.version += 1;
        self.subscription.assign(partitions);
        let generation = if self.grouped { self.group.id.generation } else { GenerationNumber::NONE };
        for (first, length) in self.subscription.runs() {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Owned { topic, from, to, generation });
        }
        self.start_readers(io, committed);
    }

    /// The generation is over: one of its goroutines has ended, or the group is being closed. All are told; the application
    /// is not.
    pub(super) fn end_generation(&mut self, io: &mut Io<'_, '_>) {
        if !matches!(self.group.phase, Phase::Running) {
            return self.next_if_ended(io);
        }
        self.group.phase = Phase::Ending;
        self.generation.beats = Ticker::STOPPED;
        for (first, length) in self.subscription.runs() {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Revoked { topic, from, to });
        }
        self.stop_readers(io);
        self.finish_commits(io);
        self.next_if_ended(io);
    }

    /// Goes on if the last goroutine of the generation has ended.
    pub(super) fn next_if_ended(&mut self, io: &mut Io<'_, '_>) {
        let g = &self.generation;
        let busy = g.beating || g.watchers.iter().any(|w| w.asking) || !self.commits.over() || !self.readers.stopped();
        if busy || !matches!(self.group.phase, Phase::Ending) {
            return;
        }
        self.generation.watchers.clear();
        self.network.hang_up(io, Channel::Coordinator, 0);
        if self.group.closing { self.leave(io) } else { self.next_generation(io) }
    }

    /// The heartbeat loop's tick.
    pub(super) fn beat(&mut self, io: &mut Io<'_, '_>) {
        if self.generation.beats.tick(io, self.generation.beating) {
            self.send_heartbeat(io);
        }
    }

    fn send_heartbeat(&mut self, io: &mut Io<'_, '_>) {
        if self.generation.broken {
            return self.end_generation(io);
        }
        self.generation.beating = true;
        let id = self.group.id;
        let request = HeartbeatRequest {
            group: Some(self.group.name),
            generation: id.generation,
            member: id.member,
            instance: InstanceId::EMPTY,
        };
        let (version, timeout_ms) = (self.profile.heartbeat_version, self.timeout_ms());
        self.send_to_coordinator(io, version, timeout_ms, Request::Heartbeat(request), Pending::Heartbeat(id));
    }

    /// A heartbeat was answered. Whatever the error, the generation is over; what it means JoinGroup will tell.
    pub(super) fn on_heartbeat(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.heartbeat_over(io, code.is_none());
    }

    pub(super) fn heartbeat_over(&mut self, io: &mut Io<'_, '_>, good: bool) {
        self.generation.beating = false;
        if !good || !matches!(self.group.phase, Phase::Running) {
            self.end_generation(io);
        } else if self.generation.beats.take_kept() {
            self.send_heartbeat(io);
        }
    }
}
