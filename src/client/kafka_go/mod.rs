//! kafka-go's Reader with a GroupID (segmentio/kafka-go, as of January 2026): a loop of generations, each of which is a
//! handful of goroutines that end together.
//!
//! The application calls FetchMessage, which takes one message out of a channel that all partitions share, and
//! CommitMessages, which puts a request into another. It has no part in a rebalance: no callback, nothing that waits for it,
//! and nothing that stops it, so it goes on with what the channel holds while the member is between two generations.

mod close;
mod commits;
mod generation;
mod group;
mod leader;
mod queue;
mod reader;
mod ticker;
mod timers;
mod watcher;

pub(crate) use timers::Due;

use super::io::Io;
use super::network::{Call, Network, Pending, Routine, Sender};
use super::profile::{KAFKA_GO, Profile};
use super::subscription::Subscription;
use crate::config::{ClientConfig, MemberConfig, Membership, StartAt};
use crate::ids::{CorrelationId, GroupId, TopicName, TopicPartition};
use crate::protocol::{ErrorCode, Request, Response};
use crate::trace::Channel;

/// For [`crate::client::constants`].
pub(super) const CONSTANTS: &[(&str, u64)] = &[
    ("defaultCommitRetries", commits::ATTEMPTS as u64),
    ("deadline of ListOffsets", reader::OFFSETS_TIMEOUT_MS as u64),
    ("defaultRTT", reader::ROUND_TRIP_MS as u64),
];

/// What an answer that never came is taken for.
const CONNECTION_LOST: ErrorCode = ErrorCode::CoordinatorNotAvailable;

/// A Reader.
pub(crate) struct KafkaGo {
    profile: &'static Profile,
    config: ClientConfig,
    /// In the order of the configuration.
    topics: Vec<TopicName>,
    grouped: bool,
    manual: Vec<TopicPartition>,
    from: StartAt,
    until_end: bool,
    network: Network,
    group: group::Group,
    generation: generation::Generation,
    readers: reader::Readers,
    queue: queue::Queue,
    pub(crate) commits: commits::Commits,
    /// What the application takes for its own: the partitions of the last generation that it has had messages of.
    pub(crate) subscription: Subscription,
    /// Positions have changed since the ends were last looked at.
    ends_changed: bool,
    /// Close was called.
    closed: bool,
}

impl KafkaGo {
    /// A Reader that has just been made (NewReader).
    pub fn new(io: &mut Io<'_, '_>, config: &MemberConfig) -> Self {
        let mut name = GroupId::EMPTY;
        let (mut topics, mut manual) = (Vec::new(), Vec::new());
        match &config.membership {
            Membership::Subscribe { group, topics: subscribed, .. } => {
                name = GroupId(io.symbol(group));
                topics.extend(subscribed.iter().map(|topic| TopicName(io.symbol(topic))));
            }
            Membership::Assign(partitions) => {
                for (topic, partition) in partitions {
                    manual.push(TopicPartition::new(TopicName(io.symbol(topic)), *partition));
                }
            }
        }
        let grouped = matches!(config.membership, Membership::Subscribe { .. });
        KafkaGo {
            profile: &KAFKA_GO,
            config: config.client.clone(),
            topics,
            grouped,
            manual,
            from: config.from,
            until_end: config.until_end,
            network: Network::new(&config.client),
            group: group::Group::new(name),
            generation: generation::Generation::default(),
            readers: reader::Readers::default(),
            queue: queue::Queue::new(config.client.kafka_go.queue_capacity),
            commits: commits::Commits::new(&config.client.kafka_go),
            subscription: Subscription::of_messages(),
            ends_changed: false,
            closed: false,
        }
    }

    /// The process starts. Without a group every partition is a Reader of its own; here they share a channel.
    pub fn start(&mut self, io: &mut Io<'_, '_>) {
        if self.grouped {
            self.next_generation(io);
        } else {
            let partitions = std::mem::take(&mut self.manual);
            self.subscribe(io, partitions, &[]);
        }
    }

    /// A request to the coordinator, over the connection of this generation.
    fn send_to_coordinator(
        &mut self,
        io: &mut Io<'_, '_>,
        version: i16,
        timeout_ms: i64,
        request: Request,
        pending: Pending,
    ) -> CorrelationId {
        let id = self.group.id;
        let sender = Sender { group: self.group.name, member: id.member, generation: id.generation };
        let call = Call { channel: Channel::Coordinator, version, timeout_ms };
        let (request, seq) = self.network.send(io, call, sender, request, pending);
        io.cx.cause = seq;
        request
    }

    /// `Timeout`: how long an answer of the coordinator is waited for.
    fn timeout_ms(&self) -> i64 {
        self.config.request_timeout_ms.into()
    }

    /// An answer has come.
    pub fn on_response(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: Response) {
        let Some(pending) = self.network.take(io, id, response.error()) else { return };
        match (pending, response) {
            (Pending::Routine(Routine::Reader(reader)), response) => {
                self.on_reader_answer(io, reader as usize, response)
            }
            (Pending::Commit(_), Response::OffsetCommit(r)) => self.on_commit(io, &r),
            (Pending::Heartbeat(_), Response::Heartbeat(code)) => self.on_heartbeat(io, code),
            (Pending::FindCoordinator, Response::FindCoordinator(code)) => self.on_find_coordinator(io, code),
            (Pending::Join(_), Response::JoinGroup(r)) => self.on_join(io, *r),
            (Pending::Metadata, Response::Metadata(topics)) => self.on_leader_metadata(io, &topics),
            (Pending::Sync(_), Response::SyncGroup(r)) => self.on_sync(io, &r),
            (Pending::OffsetFetch, Response::OffsetFetch(r)) => self.on_offset_fetch(io, &r),
            (Pending::Routine(Routine::Watcher(place)), Response::Metadata(topics)) => {
                self.on_watched(io, place as usize, topics.first().copied());
            }
            (Pending::Leave, _) => self.left(io),
            _ => {} // an answer of another kind than its request cannot come
        }
    }

    /// A connection fails; whoever waited for an answer on it learns so.
    fn disconnect(&mut self, io: &mut Io<'_, '_>, channel: Channel, lane: u32) {
        if channel == Channel::Coordinator {
            self.generation.broken = true;
        }
        for pending in self.network.hang_up(io, channel, lane) {
            match pending {
                Pending::Routine(Routine::Reader(reader)) => self.reader_lost(io, reader as usize),
                Pending::Routine(Routine::Watcher(place)) => self.watcher_lost(io, place as usize),
                Pending::Commit(_) => self.commit_failed(io, CONNECTION_LOST),
                Pending::Heartbeat(_) => self.heartbeat_over(io, false),
                Pending::Join(_) => self.join_failed(io, ErrorCode::None),
                Pending::FindCoordinator => self.on_find_coordinator(io, CONNECTION_LOST),
                Pending::Metadata | Pending::Sync(_) | Pending::OffsetFetch => {
                    self.generation_failed(io, ErrorCode::None);
                }
                Pending::Leave => self.left(io),
                Pending::Positions | Pending::Ends | Pending::Fetch => {} // the readers send these as their own
            }
        }
    }

    /// `until = "end"`: whether every partition has reached the end that it had when it was taken.
    pub fn reached_ends(&mut self, io: &mut Io<'_, '_>) -> bool {
        self.until_end && std::mem::take(&mut self.ends_changed) && self.subscription.reached_ends(io)
    }

    /// The process ends: nothing that is in flight will be seen.
    pub fn end(&mut self, io: &mut Io<'_, '_>) {
        self.network.lose_all(io);
    }
}
