//! franz-go's group consumer (`kgo`, classic protocol).
//!
//! The group is managed in the background: heartbeats, joins and the rebalance callbacks run whether the application polls
//! or handles records, and nobody asks it. Only with `BlockRebalanceOnPoll` do the callbacks wait until the application is
//! back in poll. The application's loop is `PollFetches`, the records, (a commit,) `AllowRebalance`, and again.

mod balance;
mod calls;
mod close;
mod commits;
mod fetcher;
mod group;
mod heartbeat;
mod join;
mod leader;
mod offsets;
mod revoke;
mod session;
mod timers;
mod topics;

pub(crate) use timers::Due;

use super::consumer::metadata::Metadata;
use super::interest::Interest;
use super::io::Io;
use super::library::{Place, PollOutcome};
use super::network::{Call as Sending, Network, Pending, Sender};
use super::profile::{FRANZ_GO, Profile};
use super::subscription::{Run, Subscription};
use crate::config::{ClientConfig, CommitPolicy, MemberConfig, StartAt, WhenRevoked};
use crate::ids::{CorrelationId, InstanceId, Offset, TopicName, TopicPartition};
use crate::protocol::{Api, ErrorCode, Request, Response};
use crate::time::Instant;
use crate::trace::Channel;
use calls::Want;

/// For [`crate::client::constants`].
pub(super) const CONSTANTS: &[(&str, u64)] = &[
    ("RetryBackoffFn, first", calls::BACKOFF_MS),
    ("RetryBackoffFn, longest", calls::BACKOFF_MAX_MS),
    ("RetryTimeout", calls::RETRY_TIMEOUT_MS as u64),
    ("MetadataMinAge", topics::MIN_AGE.as_ms()),
    ("early heartbeat of a cooperative member", heartbeat::FAST_CHECK_MS as u64),
    ("pause after a failed ListOffsets", offsets::RELOAD_MS as u64),
];

/// What `AutoCommit...` options make committable by themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Head {
    /// Records of the polls before the last: those of the last one become committable when the next poll begins.
    BeforeLastPoll,
    /// Everything that was polled: GreedyAutoCommit, and whoever commits by hand.
    Polled,
    /// Records that the application marks, which it does when it has handled them: AutoCommitMarks.
    Marked,
}

/// A consumer of franz-go.
pub(crate) struct FranzGo {
    profile: &'static Profile,
    config: ClientConfig,
    policy: CommitPolicy,
    instance: InstanceId,
    topics: Vec<TopicName>,
    grouped: bool,
    manual: Vec<TopicPartition>,
    from: StartAt,
    until_end: bool,
    head: Head,
    /// The revoke callback waits until the application has handled what it has in hand.
    drains: bool,
    network: Network,
    calls: calls::Calls,
    group: group::Group,
    beats: heartbeat::Beats,
    metadata: Metadata,
    /// When metadata was learned last.
    metadata_at: Instant,
    pub(crate) subscription: Subscription,
    offsets: offsets::Offsets,
    fetcher: fetcher::Fetcher,
    pub(crate) commits: commits::Commits,
    place: Place,
    fatal: Option<ErrorCode>,
}

impl FranzGo {
    /// A client that has just been constructed.
    pub fn new(io: &mut Io<'_, '_>, config: &MemberConfig) -> Self {
        let Interest { group: id, instance, topics, manual, grouped } = Interest::of(io, config);
        let auto_ms = config.commit.auto_interval_ms().filter(|_| grouped);
        let head = match auto_ms {
            Some(_) if config.client.auto_commit_marks => Head::Marked,
            Some(_) if !config.client.greedy_auto_commit => Head::BeforeLastPoll,
            _ => Head::Polled,
        };
        FranzGo {
            profile: &FRANZ_GO,
            config: config.client.clone(),
            policy: config.commit.clone(),
            instance,
            metadata: Metadata::new(topics.clone()),
            metadata_at: Instant::ZERO,
            topics,
            grouped,
            manual,
            from: config.from,
            until_end: config.until_end,
            head,
            drains: config.process.when_revoked == Some(WhenRevoked::Drain),
            network: Network::new(&config.client),
            calls: calls::Calls::new(),
            group: group::Group::new(id),
            beats: heartbeat::Beats::new(&config.client),
            subscription: Subscription::default(),
            offsets: offsets::Offsets::new(),
            fetcher: fetcher::Fetcher::new(),
            commits: commits::Commits::new(auto_ms),
            place: Place::Outside,
            fatal: None,
        }
    }

    /// The process starts.
    pub fn start(&mut self, io: &mut Io<'_, '_>) {
        self.metadata.refresh = io.timer_ms(self.config.metadata_max_age_ms);
        if !self.grouped {
            let partitions = std::mem::take(&mut self.manual);
            self.read_directly(io, partitions);
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
        let sending = Sending { channel: Channel::Coordinator, version, timeout_ms };
        let (id, seq) = self.network.send(io, sending, sender, request, pending);
        io.cx.cause = seq;
        id
    }

    /// A request that is not about the group. franz-go has connections of their own for fetches and for joins, so that
    /// nothing else waits behind those: of the two connections here the one that is not held up takes it.
    fn send_aside(&mut self, io: &mut Io<'_, '_>, version: i16, request: Request, pending: Pending) -> CorrelationId {
        let sending = Sending { channel: self.side_channel(), version, timeout_ms: self.request_timeout_ms() };
        self.network.send(io, sending, Sender::NOBODY, request, pending).0
    }

    fn side_channel(&self) -> Channel {
        let joining = self.network.waits_for(Api::JoinGroup) || self.network.waits_for(Api::SyncGroup);
        if joining { Channel::Node } else { Channel::Coordinator }
    }

    /// `RequestTimeoutOverhead`.
    fn request_timeout_ms(&self) -> i64 {
        self.config.request_timeout_ms.into()
    }

    /// A pass of `PollFetches`: everything that is buffered, or as much as `PollRecords` is asked for.
    pub fn poll(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        if let Some(code) = self.fatal {
            return PollOutcome::Error(code);
        }
        self.undirty();
        if (self.config.block_rebalance_on_poll || self.drains) && self.group.job.is_some() {
            return PollOutcome::Wait; // the callback comes first
        }
        self.hand_out(io, batch)
    }

    /// Where the application's thread is now.
    #[inline]
    pub fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// The application has handled records of a partition up to `to`, perhaps of one that it does not own any more. Who
    /// commits by hand commits what he has handled, whoever owns it (`CommitRecords`), and who marks it has it committed
    /// (`MarkCommitRecords`).
    #[inline]
    pub fn handled(&mut self, run: &Run, to: Offset) {
        match self.subscription.place(run) {
            Some(index) => {
                self.subscription.handled(run, to);
                if self.head == Head::Marked {
                    let p = &mut self.subscription.partitions[index];
                    p.stored = p.stored.max(to);
                }
            }
            None if self.head == Head::Marked || !self.commits.is_automatic() => {
                self.commits.handled_elsewhere(run.tp, to);
            }
            None => {} // what the library commits by itself is what it owns
        }
    }

    /// An answer has come.
    pub fn on_response(&mut self, io: &mut Io<'_, '_>, id: CorrelationId, response: Response) {
        let Some(pending) = self.network.take(io, id, response.error()) else { return };
        match (pending, response) {
            (Pending::Fetch, Response::Fetch(r)) => self.on_fetch(io, &r),
            (Pending::Heartbeat(_), Response::Heartbeat(code)) => self.on_heartbeat(io, code),
            (Pending::Commit(_), Response::OffsetCommit(r)) => self.on_commit(io, &r),
            (Pending::Join(_), Response::JoinGroup(r)) => self.on_join(io, *r),
            (Pending::Sync(_), Response::SyncGroup(r)) => self.on_sync(io, &r),
            (Pending::FindCoordinator, Response::FindCoordinator(code)) => self.on_find_coordinator(io, code),
            (Pending::Metadata, Response::Metadata(topics)) => self.on_metadata(io, id, &topics),
            (Pending::OffsetFetch, Response::OffsetFetch(r)) => self.on_offset_fetch(io, id, &r),
            (Pending::Positions, Response::ListOffsets(r)) => self.on_positions(io, id, &r),
            (Pending::Ends, Response::ListOffsets(r)) => self.on_ends(&r),
            (Pending::Leave, _) => self.left(),
            _ => {} // an answer of another kind than its request cannot come
        }
    }

    /// Drops a connection; whoever waited for an answer on it learns so.
    fn disconnect(&mut self, io: &mut Io<'_, '_>, channel: Channel) {
        let failed = self.network.disconnect(io, channel);
        let code = ErrorCode::None;
        for pending in failed {
            match pending {
                Pending::FindCoordinator => self.find_failed(io, code),
                Pending::Metadata => self.metadata_failed(io),
                Pending::Join(_) => self.call_failed(io, Want::Join, code),
                Pending::Sync(_) => self.call_failed(io, Want::Sync, code),
                Pending::Heartbeat(_) => self.call_failed(io, Want::Beat, code),
                Pending::Leave => self.call_failed(io, Want::Leave, code),
                Pending::Commit(_) => self.call_failed(io, Want::Commit, code),
                Pending::OffsetFetch => self.offset_fetch_lost(io),
                Pending::Positions => self.positions_lost(io),
                Pending::Ends => self.offsets.ends_lost(),
                Pending::Fetch => self.fetch_lost(io),
                Pending::Routine(_) => {} // another library's
            }
        }
    }

    /// What the library does whenever something has happened; true if the application's thread may go on because of it.
    pub fn serve(&mut self, io: &mut Io<'_, '_>) -> bool {
        if self.grouped {
            self.serve_group(io);
            self.serve_calls(io);
        }
        self.serve_offsets(io);
        if self.metadata.wanted {
            self.send_metadata(io);
        }
        self.send_fetch(io);
        std::mem::take(&mut self.group.news)
    }

    /// The process ends: nothing that is in flight will be seen.
    pub fn end(&mut self, io: &mut Io<'_, '_>) {
        self.network.lose_all(io);
    }
}
