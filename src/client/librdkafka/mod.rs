//! librdkafka's consumer (classic protocol), as 2.12 to 2.15 behave: what its main thread does on its own, and what waits
//! for the application's next poll.
//!
//! The application's loop is the usual one of confluent-kafka or rust-rdkafka: `consumer_poll`, which returns one record or
//! runs the rebalance callback; the callback assigns or unassigns. Everything else (joining, heartbeats, looking up
//! offsets, fetching ahead, auto-commit) happens in the background, whether the application polls or not.

mod assignment;
mod close;
mod commits;
mod coordinator;
mod fetcher;
mod group;
mod heartbeat;
mod incremental;
mod join;
mod leader;
mod offsets;
mod rebalance;
mod timers;
mod topics;

pub(crate) use timers::Due;

use super::consumer::metadata::Metadata;
use super::interest::Interest;
use super::io::{Io, Timer};
use super::library::{Callback, PollOutcome};
use super::network::{Call, Network, Pending, Sender};
use super::profile::{LIBRDKAFKA, Profile};
use super::subscription::{Run, Subscription};
use crate::config::{ClientConfig, MemberConfig, StartAt};
use crate::ids::{CorrelationId, InstanceId, Offset, TopicName, TopicPartition};
use crate::protocol::{ErrorCode, Request, Response};
use crate::time::Instant;
use crate::trace::Channel;

/// For [`crate::client::constants`].
pub(super) const CONSTANTS: &[(&str, u64)] = &[
    ("join interval", join::JOIN_INTERVAL.as_ms()),
    ("grace of JoinGroup and SyncGroup", join::GRACE_MS as u64),
    ("check of max.poll.interval.ms", heartbeat::POLL_CHECK_MS),
    ("time for LeaveGroup", heartbeat::LEAVE_TIMEOUT_MS as u64),
    ("fetch.queue.backoff.ms", fetcher::QUEUE_BACKOFF_MS as u64),
    ("fetch.error.backoff.ms", fetcher::ERROR_BACKOFF_MS as u64),
    ("pause before a reset", offsets::RESET_MS as u64),
    ("pause after a failed ListOffsets", offsets::RETRY_MS as u64),
];

/// A consumer of librdkafka.
pub(crate) struct Librdkafka {
    profile: &'static Profile,
    config: ClientConfig,
    instance: InstanceId,
    topics: Vec<TopicName>,
    grouped: bool,
    manual: Vec<TopicPartition>,
    from: StartAt,
    until_end: bool,
    /// Whether offsets are stored when a record is handed over (`enable.auto.offset.store`), or by the application when it
    /// has handled it.
    stores_on_delivery: bool,
    /// When the main thread started: its timers count from here.
    born: Instant,
    network: Network,
    coordinator: coordinator::Coordinator,
    group: group::Group,
    beats: heartbeat::Beats,
    metadata: Metadata,
    pub(crate) subscription: Subscription,
    offsets: offsets::Offsets,
    fetcher: fetcher::Fetcher,
    pub(crate) commits: commits::Commits,
    /// The application waits inside poll, or in a callback that poll runs.
    pub(crate) in_poll: bool,
    fatal: Option<ErrorCode>,
}

impl Librdkafka {
    /// A consumer that has just been constructed and subscribed (or assigned).
    pub fn new(io: &mut Io<'_, '_>, config: &MemberConfig) -> Self {
        let Interest { group: id, instance, topics, manual, grouped } = Interest::of(io, config);
        let mut metadata = Metadata::new(topics.clone());
        metadata.wanted = !grouped; // a member asks when it is about to join
        metadata.refresh = io.timer_ms(config.client.metadata_max_age_ms);
        let auto_ms = config.commit.auto_interval_ms().filter(|&ms| grouped && ms > 0);
        Librdkafka {
            profile: &LIBRDKAFKA,
            config: config.client.clone(),
            instance,
            metadata,
            topics,
            grouped,
            manual,
            from: config.from,
            until_end: config.until_end,
            stores_on_delivery: config.client.enable_auto_offset_store,
            born: io.now(),
            network: Network::new(&config.client),
            coordinator: coordinator::Coordinator::new(),
            group: group::Group::new(id),
            beats: heartbeat::Beats::new(&config.client),
            subscription: Subscription::default(),
            offsets: offsets::Offsets::new(),
            fetcher: fetcher::Fetcher::new(),
            commits: commits::Commits::new(io, auto_ms),
            in_poll: false,
            fatal: None,
        }
    }

    /// The process starts: subscribed already; `assign` is a call of the application.
    pub fn start(&mut self, io: &mut Io<'_, '_>) {
        if !self.grouped {
            let partitions = std::mem::take(&mut self.manual);
            self.assign(io, partitions);
        }
    }

    /// A request of the group protocol to the coordinator.
    fn send_to_coordinator(
        &mut self,
        io: &mut Io<'_, '_>,
        version: i16,
        timeout_ms: i64,
        request: Request,
        pending: Pending,
    ) -> CorrelationId {
        let sender =
            Sender { group: self.group.name, member: self.group.id.member, generation: self.group.id.generation };
        let call = Call { channel: Channel::Coordinator, version, timeout_ms };
        let (id, seq) = self.network.send(io, call, sender, request, pending);
        io.cx.cause = seq;
        id
    }

    /// A request to the node that leads the partitions.
    fn send_to_node(&mut self, io: &mut Io<'_, '_>, version: i16, request: Request, pending: Pending) -> CorrelationId {
        let call = Call { channel: Channel::Node, version, timeout_ms: self.socket_timeout_ms() };
        self.network.send(io, call, Sender::NOBODY, request, pending).0
    }

    /// `socket.timeout.ms`.
    fn socket_timeout_ms(&self) -> i64 {
        self.config.request_timeout_ms.into()
    }

    /// A pass of `consumer_poll`: the operation that is queued for the application, else one record.
    pub fn poll(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        if let Some(code) = self.fatal {
            return PollOutcome::Error(code);
        }
        if let Some(callback) = self.serve_operation(io) {
            return PollOutcome::Callback(callback);
        }
        self.hand_out(io, batch)
    }

    /// poll was entered, or has returned: max.poll.interval.ms counts from here.
    #[inline]
    pub fn polled(&mut self, io: &Io<'_, '_>) {
        self.beats.polled_at = io.now();
    }

    /// The application has handled records of a partition up to `to`.
    #[inline]
    pub fn handled(&mut self, run: &Run, to: Offset) {
        self.subscription.handled(run, to);
        if !self.stores_on_delivery
            && let Some(index) = self.subscription.place(run)
        {
            self.subscription.partitions[index].stored = to;
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
            (Pending::OffsetFetch, Response::OffsetFetch(r)) => self.on_offset_fetch(io, id, &r),
            (Pending::Positions, Response::ListOffsets(r)) => self.on_position(io, id, &r),
            (Pending::Ends, Response::ListOffsets(r)) => self.on_ends(&r),
            (Pending::Leave, _) => self.group.leave_in_flight = false,
            _ => {} // an answer of another kind than its request cannot come
        }
    }

    /// Drops a connection; whoever waited for an answer on it learns so.
    fn disconnect(&mut self, io: &mut Io<'_, '_>, channel: Channel) {
        let failed = self.network.disconnect(io, channel);
        if channel == Channel::Coordinator {
            self.coordinator.found = false;
        }
        for pending in failed {
            match pending {
                Pending::FindCoordinator => {}
                Pending::Metadata => self.metadata_failed(io),
                Pending::Join(_) => self.join_lost(io),
                Pending::Sync(_) => self.sync_lost(io),
                Pending::Heartbeat(_) => self.beats.in_flight = false,
                Pending::Leave => self.group.leave_in_flight = false,
                Pending::Commit(sent) => self.commit_lost(io, sent),
                Pending::OffsetFetch => self.offset_fetch_failed(io),
                Pending::Positions => self.positions_lost(io),
                Pending::Ends => self.offsets.ends_lost(),
                Pending::Fetch => self.fetcher.in_flight = None,
                Pending::Routine(_) => {} // another library's
            }
        }
    }

    /// What the main thread and the brokers' threads do whenever something has happened; true if something was queued for
    /// the application, which may be waiting for it.
    pub fn serve(&mut self, io: &mut Io<'_, '_>) -> bool {
        let waited = !self.group.operations.is_empty();
        if self.grouped {
            self.serve_coordinator(io);
            self.serve_heartbeats(io);
            self.serve_assignment(io);
            if self.coordinator_up(io) {
                self.resend_commits(io);
                self.serve_join(io);
            }
        }
        if self.metadata.wanted {
            self.send_metadata(io);
        }
        self.serve_offsets(io);
        self.send_fetch(io);
        !self.group.operations.is_empty() && !waited
    }

    /// The process ends: nothing that is in flight will be seen.
    pub fn end(&mut self, io: &mut Io<'_, '_>) {
        self.network.lose_all(io);
    }

    /// The main thread sleeps for at most a second: the next whole second of its life that is not before `at`.
    fn wakes_at(&self, io: &Io<'_, '_>, at: Instant) -> Timer {
        let timer = self.wakes_for(Timer { at, by: io.cx.cause });
        Timer { at: timer.at.max(Instant::from_ms(io.now().as_ms() + 1)), ..timer }
    }

    /// When the main thread wakes up for `timer`, if nothing wakes it before.
    fn wakes_for(&self, timer: Timer) -> Timer {
        if !timer.is_armed() {
            return timer;
        }
        let age_us = timer.at.since(self.born).as_us();
        Timer { at: Instant::from_ms(self.born.as_ms() + age_us.div_ceil(1_000_000) * 1_000), ..timer }
    }
}

/// The callback of giving partitions up.
fn callback(lost: bool) -> Callback {
    if lost { Callback::Lost } else { Callback::Revoked }
}
