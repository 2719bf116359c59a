//! IBM/sarama's consumer group, as its source stood in August 2026 (after v1.50.2).
//!
//! An application calls `Consume` in a loop. Each call is one session: metadata, JoinGroup, SyncGroup, heartbeats, OffsetFetch,
//! `Setup`, one `ConsumeClaim` for each partition, and at its end the release: the claims are closed, all handlers are
//! waited for without any deadline, `Cleanup`, the final flush of marked offsets, and only then heartbeats stop. An error
//! of `Consume` that may pass is followed by the next call at once; one that cannot ends the application, as in sarama's
//! own example.
//!
//! sarama holds a broker's lock from a request to its answer (all but OffsetCommit): requests of one connection are sent one
//! after the other.

mod claims;
mod close;
mod cluster;
mod coordinator;
mod feeder;
mod fetcher;
mod group;
mod heartbeat;
mod join;
mod leader;
mod marks;
mod offsets;
mod session;
mod timers;

pub(crate) use timers::Due;

use super::io::Io;
use super::library::{Callback, PollOutcome};
use super::network::{Call, Network, Pending, Sender};
use super::profile::{Profile, SARAMA};
use super::subscription::{Run, Subscription};
use crate::config::{ClientConfig, MemberConfig, Membership, StartAt, Workers};
use crate::ids::{CorrelationId, GroupId, InstanceId, Offset, TopicName, TopicPartition};
use crate::protocol::{Api, ErrorCode, Request, Response};
use crate::trace::Channel;
use group::Phase;

/// For [`crate::client::constants`].
pub(super) const CONSTANTS: &[(&str, u64)] = &[("partitionConsumersBatchTimeout", fetcher::BATCH.as_ms())];

/// A consumer group client of sarama, or (with `assign`) its plain consumer.
pub(crate) struct Sarama {
    profile: &'static Profile,
    config: ClientConfig,
    instance: InstanceId,
    topics: Vec<TopicName>,
    grouped: bool,
    manual: Vec<TopicPartition>,
    from: StartAt,
    until_end: bool,
    network: Network,
    cluster: cluster::Cluster,
    coordinator: coordinator::Coordinator,
    group: group::Group,
    beats: heartbeat::Beats,
    pub(crate) offsets: offsets::Offsets,
    pub(crate) subscription: Subscription,
    /// What sarama knows of the partitions in `subscription`, in the same order.
    claims: Vec<claims::Claim>,
    fetcher: fetcher::Fetcher,
    /// The error with which the application ends.
    fatal: Option<ErrorCode>,
    /// `Close` was called, and the context that `Consume` was given is cancelled.
    closing: bool,
    ends_changed: bool,
    /// Handlers run beside each other, one for each claim; else one worker takes a message at a time.
    feeds: bool,
}

impl Sarama {
    /// A consumer that is about to be constructed.
    pub fn new(io: &mut Io<'_, '_>, config: &MemberConfig) -> Self {
        let (mut id, mut instance) = (GroupId::EMPTY, InstanceId::EMPTY);
        let (mut topics, mut manual) = (Vec::new(), Vec::new());
        let grouped = match &config.membership {
            Membership::Subscribe { group, instance: name, topics: subscribed } => {
                id = GroupId(io.symbol(group));
                instance = InstanceId(io.symbol(name.as_deref().unwrap_or("")));
                topics.extend(subscribed.iter().map(|topic| TopicName(io.symbol(topic))));
                true
            }
            Membership::Assign(partitions) => {
                for (topic, partition) in partitions {
                    let topic = TopicName(io.symbol(topic));
                    manual.push(TopicPartition::new(topic, *partition));
                    topics.push(topic);
                }
                topics.sort_unstable();
                topics.dedup();
                false
            }
        };
        let auto_ms = config.commit.auto_interval_ms();
        Sarama {
            profile: &SARAMA,
            config: config.client.clone(),
            instance,
            topics,
            grouped,
            manual,
            from: config.from,
            until_end: config.until_end,
            network: Network::new(&config.client),
            cluster: cluster::Cluster::default(),
            coordinator: coordinator::Coordinator::default(),
            group: group::Group::new(id),
            beats: heartbeat::Beats::default(),
            offsets: offsets::Offsets::new(auto_ms.filter(|_| grouped)),
            subscription: Subscription::default(),
            claims: Vec::new(),
            fetcher: fetcher::Fetcher::default(),
            fatal: None,
            closing: false,
            ends_changed: false,
            feeds: config.process.workers != Workers::PollThread,
        }
    }

    /// The process starts: `NewConsumerGroup` (or `NewConsumer`) asks for metadata first.
    pub fn start(&mut self, io: &mut Io<'_, '_>) {
        self.start_updater(io);
        self.refresh_metadata(cluster::Purpose::NewClient);
    }

    /// What the session's goroutines hand to the application: the end of the session, or the records that its handlers take.
    pub fn poll(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        if let Some(code) = self.fatal {
            return PollOutcome::Error(code);
        }
        if self.callback_wanted() {
            self.group.in_callback = true;
            // Cleanup is not told why the session ended.
            return PollOutcome::Callback(Callback::Revoked);
        }
        if self.consuming() { self.hand_out(io, batch) } else { PollOutcome::Wait }
    }

    /// The application has handled records of a partition up to `to`. With AutoCommit its handlers mark what they have handled.
    #[inline]
    pub fn handled(&mut self, run: &Run, to: Offset) {
        self.subscription.handled(run, to);
        if self.offsets.auto_ms.is_some()
            && let Some(index) = self.subscription.place(run)
        {
            self.mark(index, to);
        }
    }

    /// An answer has come.
    pub fn on_response(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: Response) {
        let Some(pending) = self.network.take(io, id, response.error()) else { return };
        match (pending, response) {
            (Pending::Fetch, Response::Fetch(r)) => self.on_fetch(io, &r),
            (Pending::Heartbeat(_), Response::Heartbeat(code)) => self.on_heartbeat(io, code),
            (Pending::Commit(sent), Response::OffsetCommit(r)) => self.on_commit(io, sent, &r),
            (Pending::Join(_), Response::JoinGroup(r)) => self.on_join(io, *r),
            (Pending::Sync(_), Response::SyncGroup(r)) => self.on_sync(io, &r),
            (Pending::FindCoordinator, Response::FindCoordinator(code)) => self.on_find_coordinator(io, code),
            (Pending::Metadata, Response::Metadata(topics)) => self.on_metadata(io, id, &topics),
            (Pending::OffsetFetch, Response::OffsetFetch(r)) => self.on_offset_fetch(io, &r),
            (Pending::Positions, Response::ListOffsets(r)) => self.on_list_offsets(io, &r),
            (Pending::Leave, _) => self.left(),
            _ => {} // an answer of another kind than its request cannot come
        }
    }

    /// A connection is gone; whoever waited for an answer on it learns so.
    fn disconnect(&mut self, io: &mut Io<'_, '_>, channel: Channel) {
        for pending in self.network.disconnect(io, channel) {
            match pending {
                Pending::FindCoordinator => self.find_failed(io, ErrorCode::None),
                Pending::Metadata => self.metadata_lost(io),
                Pending::Join(_) | Pending::Sync(_) => self.consume_failed(ErrorCode::None),
                Pending::Heartbeat(_) => self.heartbeat_lost(io),
                Pending::Leave => self.left(),
                Pending::Commit(sent) => self.commit_lost(io, sent),
                Pending::OffsetFetch => self.offset_fetch_lost(io),
                Pending::Positions => self.lookup_lost(io),
                Pending::Fetch => self.fetch_lost(io),
                Pending::Routine(_) => {} // another library's
                Pending::Ends => {}
            }
        }
    }

    /// What sarama's goroutines do whenever something has happened; true if anything has changed.
    pub fn serve(&mut self, io: &mut Io<'_, '_>) -> bool {
        let mut changed = false;
        while self.step(io) {
            changed = true;
        }
        changed
    }

    fn step(&mut self, io: &mut Io<'_, '_>) -> bool {
        self.serve_phase(io)
            || self.serve_metadata(io)
            || self.serve_find(io)
            || self.serve_heartbeat(io)
            || self.serve_flushes(io)
            || self.serve_lookups(io)
            || self.serve_fetch(io)
    }

    /// A request of the group protocol to the coordinator.
    fn send_to_coordinator(
        &mut self,
        io: &mut Io<'_, '_>,
        version: i16,
        request: Request,
        pending: Pending,
    ) -> CorrelationId {
        let id = self.group.id;
        let sender = Sender { group: self.group.name, member: id.member, generation: id.generation };
        let call = Call { channel: Channel::Coordinator, version, timeout_ms: self.config.request_timeout_ms.into() };
        let (id, seq) = self.network.send(io, call, sender, request, pending);
        io.cx.cause = seq;
        id
    }

    /// A request to a broker that is not about membership.
    fn send_to(
        &mut self,
        io: &mut Io<'_, '_>,
        channel: Channel,
        version: i16,
        request: Request,
        pending: Pending,
    ) -> CorrelationId {
        let call = Call { channel, version, timeout_ms: self.config.request_timeout_ms.into() };
        self.network.send(io, call, Sender::NOBODY, request, pending).0
    }

    /// Whether the coordinator's lock is free: all requests but OffsetCommit hold it until they are answered.
    fn coordinator_free(&self, io: &Io<'_, '_>) -> bool {
        const LOCKING: [Api; 7] = [
            Api::Heartbeat,
            Api::OffsetFetch,
            Api::JoinGroup,
            Api::SyncGroup,
            Api::LeaveGroup,
            Api::FindCoordinator,
            Api::Metadata,
        ];
        self.network.ready(Channel::Coordinator, io.now())
            && !(self.network.busy(Channel::Coordinator)
                && LOCKING.iter().any(|&api| self.network.on_its_way(api, Channel::Coordinator)))
    }

    /// Whether the lock of the broker that leads the partitions is free.
    fn node_free(&self, io: &Io<'_, '_>) -> bool {
        self.network.ready(Channel::Node, io.now()) && !self.network.busy(Channel::Node)
    }

    /// `LeastLoadedBroker`: not the one whose answer to a fetch is waited for, if there is a choice.
    fn least_loaded(&self, io: &Io<'_, '_>) -> Option<Channel> {
        if self.node_free(io) {
            return Some(Channel::Node);
        }
        let other = self.coordinator.found && !self.network.busy(Channel::Coordinator);
        (other && self.network.ready(Channel::Coordinator, io.now())).then_some(Channel::Coordinator)
    }

    /// Whether the partitions that are owned are claims of a live session, or of no group at all.
    fn consuming(&self) -> bool {
        !self.grouped || self.group.phase == Phase::Running
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
