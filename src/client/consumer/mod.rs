//! The Java classic consumer: membership, positions, fetching and commits, without the application around it.

mod commits;
pub(crate) mod cooperative;
mod fetcher;
mod heartbeat;
mod join;
mod leader;
mod lookup;
pub(crate) mod membership;
pub(crate) mod metadata;
mod poll;
mod positions;
pub(crate) mod timers;

use super::interest::Interest;
use super::io::Io;
use super::library::{Callback, PollOutcome};
use super::network::{Network, Pending, Sender};
use super::profile::{JAVA, Profile};
use super::subscription::Subscription;
use crate::config::{AssignorKind, ClientConfig, MemberConfig, StartAt};
use crate::ids::{CorrelationId, Generation, InstanceId, TopicName, TopicPartition};
use crate::protocol::{ErrorCode, Response};
use crate::trace::Channel;

/// Default time-out of `close()`, in ms; request.timeout.ms caps it.
const CLOSE_TIMEOUT_MS: i64 = 30_000;

/// For [`crate::client::constants`].
pub(super) const CONSTANTS: &[(&str, u64)] =
    &[("time for close", CLOSE_TIMEOUT_MS as u64), ("grace of JoinGroup", join::JOIN_TIMEOUT_LAPSE_MS as u64)];

/// A consumer.
pub(crate) struct Consumer {
    profile: &'static Profile,
    config: ClientConfig,
    instance: InstanceId,
    topics: Vec<TopicName>,
    grouped: bool,
    manual: Vec<TopicPartition>,
    from: StartAt,
    until_end: bool,
    network: Network,
    lookup: lookup::Lookup,
    membership: membership::Membership,
    heartbeat: heartbeat::Heartbeat,
    join: join::Join,
    metadata: metadata::Metadata,
    pub(crate) subscription: Subscription,
    positions: positions::Positions,
    fetcher: fetcher::Fetcher,
    pub(crate) commits: commits::Commits,
    /// The rebalance protocol of its assignors is COOPERATIVE (CLIENT-16).
    cooperative: bool,
    /// The callback that the application is in.
    callback: Option<cooperative::Giving>,
    /// Answers that nobody reads before the application calls the library again.
    unread: Vec<(CorrelationId, Response)>,
    /// The application waits inside poll.
    pub(crate) in_poll: bool,
    /// The application handles records.
    pub(crate) in_handler: bool,
    fatal: Option<ErrorCode>,
}

impl Consumer {
    /// A consumer that has just been constructed and subscribed (or assigned).
    pub fn new(io: &mut Io<'_, '_>, config: &MemberConfig) -> Self {
        let Interest { group, instance, topics, manual, grouped } = Interest::of(io, config);
        let mut commits = commits::Commits::new(config.commit.auto_interval_ms().filter(|_| grouped));
        commits.restart_auto(io);
        Consumer {
            profile: &JAVA,
            config: config.client.clone(),
            instance,
            metadata: metadata::Metadata::new(topics.clone()),
            topics,
            grouped,
            manual,
            from: config.from,
            until_end: config.until_end,
            network: Network::new(&config.client),
            lookup: lookup::Lookup::new(),
            membership: membership::Membership::new(group),
            heartbeat: heartbeat::Heartbeat::new(&config.client),
            join: join::Join::new(),
            subscription: Subscription::default(),
            positions: positions::Positions::new(),
            fetcher: fetcher::Fetcher::new(),
            commits,
            cooperative: config.client.assignors.iter().all(|&kind| kind == AssignorKind::CooperativeSticky),
            callback: None,
            unread: Vec::new(),
            in_poll: false,
            in_handler: false,
            fatal: None,
        }
    }

    /// Takes over manually assigned partitions (`assign`), if that is how it works.
    pub fn assign_manually(&mut self, io: &mut Io<'_, '_>) {
        if !self.grouped {
            let partitions = std::mem::take(&mut self.manual);
            self.own(io, partitions, Generation::NONE);
        }
    }

    fn request_timeout_ms(&self) -> i64 {
        self.config.request_timeout_ms.into()
    }

    /// `default.api.timeout.ms`: the deadline of commitSync.
    pub fn api_timeout_ms(&self) -> i64 {
        self.config.default_api_timeout_ms.into()
    }

    /// What group requests say of their sender.
    fn sender(&self) -> Sender {
        let m = &self.membership;
        Sender { group: m.group, member: m.id.member, generation: m.id.generation }
    }

    /// Whether requests to the node may be sent: it is known and reachable.
    fn node_usable(&self, io: &Io<'_, '_>) -> bool {
        self.metadata.fetched && self.network.ready(Channel::Node, io.now())
    }

    /// A pass of poll began at this instant: the poll timer runs from here.
    pub fn pass_began(&mut self, io: &Io<'_, '_>) {
        self.heartbeat.polled(io);
    }

    /// An answer has come.
    pub fn on_response(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: Response) {
        if self.nobody_reads() {
            return self.unread.push((id, response));
        }
        let Some(pending) = self.network.take(io, id, response.error()) else { return };
        match (pending, response) {
            (Pending::Fetch, Response::Fetch(r)) => self.on_fetch(io, &r),
            (Pending::Heartbeat(with), Response::Heartbeat(code)) => self.on_heartbeat(io, with, code),
            (Pending::Commit(sent), Response::OffsetCommit(r)) => self.on_commit(io, id, sent, &r),
            (Pending::Join(with), Response::JoinGroup(r)) => self.on_join(io, with, *r),
            (Pending::Sync(with), Response::SyncGroup(r)) => self.on_sync(io, with, &r),
            (Pending::FindCoordinator, Response::FindCoordinator(code)) => self.on_find_coordinator(io, code),
            (Pending::Metadata, Response::Metadata(topics)) => self.on_metadata(io, &topics),
            (Pending::OffsetFetch, Response::OffsetFetch(r)) => self.on_offset_fetch(io, &r),
            (Pending::Positions, Response::ListOffsets(r)) => self.on_positions(io, &r),
            (Pending::Ends, Response::ListOffsets(r)) => self.on_ends(&r),
            // LeaveGroup is best effort; an answer of another kind than its request cannot come.
            _ => {}
        }
    }

    /// Drops a connection; whoever waited for an answer on it learns so.
    pub fn disconnect(&mut self, io: &mut Io<'_, '_>, channel: Channel) {
        let failed = self.network.disconnect(io, channel);
        if channel == Channel::Coordinator {
            self.lookup.known = false;
        }
        for pending in failed {
            self.on_lost(io, pending);
        }
    }

    fn on_lost(&mut self, io: &mut Io<'_, '_>, pending: Pending) {
        match pending {
            Pending::FindCoordinator => {
                self.coordinator_lookup_failed(io);
                self.fail_waiting_commits(io);
            }
            Pending::Metadata => self.metadata_failed(io),
            Pending::Join(_) | Pending::Sync(_) => self.join_lost(),
            Pending::Heartbeat(_) => self.heartbeat_failed(io),
            Pending::Leave => {}
            Pending::Commit(sent) => self.commit_lost(io, sent),
            Pending::OffsetFetch => self.offset_fetch_failed(io),
            Pending::Positions => self.positions_failed(io),
            Pending::Ends => self.ends_failed(),
            Pending::Fetch => self.fetcher.in_flight = false,
            Pending::Routine(_) => {} // another library's
        }
    }

    /// What the heartbeat thread and the network client do on their own: look the coordinator up, refresh metadata.
    pub fn background(&mut self, io: &mut Io<'_, '_>) {
        if self.nobody_reads() {
            return;
        }
        if !self.lookup.known && self.grouped {
            let beats = self.membership.beats() && !self.heartbeat.closed;
            if beats || self.commits.has_waiting() {
                self.ensure_coordinator(io);
            }
        }
        if self.metadata.wanted {
            self.send_metadata(io);
        }
    }

    /// Whether anything is in flight to the coordinator.
    pub fn coordinator_busy(&self) -> bool {
        self.lookup.known && self.network.busy(Channel::Coordinator)
    }

    /// How long close() may take.
    pub fn close_timeout_ms(&self) -> i64 {
        CLOSE_TIMEOUT_MS.min(self.request_timeout_ms())
    }

    /// close(): the heartbeat thread ends.
    pub fn stop_heartbeats(&mut self) {
        self.heartbeat.closed = true;
    }

    /// close(): which callback gives up what is owned, if anything is (onLeavePrepare).
    pub fn leave_callback(&self) -> Option<Callback> {
        let m = &self.membership;
        if !self.grouped || self.subscription.partitions.is_empty() {
            return None;
        }
        let lost = m.id.generation == Generation::NONE || m.id.member.is_empty() || m.rebalancing();
        Some(if lost { Callback::Lost } else { Callback::Revoked })
    }

    /// close(): leaves the group.
    pub fn leave_on_close(&mut self, io: &mut Io<'_, '_>) {
        if self.grouped {
            self.leave_group(io, "the consumer is being closed");
            self.membership.state = membership::MemberState::Unjoined;
        }
    }

    /// The process ends: nothing that is in flight will be seen.
    pub fn end(&mut self, io: &mut Io<'_, '_>) {
        self.network.lose_all(io);
    }
}
