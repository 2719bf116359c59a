//! Plays broker and driver: answers what the test says, checks what the client sends and when.

use crate::choice::ReplayChoice;
use crate::client::{HandlerFault, Member, MemberOutput};
use crate::config::{
    AssignorKind, AutoOffsetReset, ClientConfig, CommitMode, CommitOffset, CommitPolicy, CommitWhen, MemberConfig,
    Membership, ProcessPolicy, StartAt,
};
use crate::context::Context;
use crate::ids::*;
use crate::protocol::consumer_protocol::{Assignment, Subscription, encode_assignment, encode_subscription};
use crate::protocol::*;
use crate::time::{Duration, Instant};
use crate::trace::{Channel, Kind, Recorder};

/// A commit policy with everything spelled out.
pub(super) fn policy(when: CommitWhen, offset: CommitOffset, mode: CommitMode, on_revoke: bool) -> CommitPolicy {
    CommitPolicy { when, offset, mode, on_revoke, ..CommitPolicy::default() }
}

/// after-batch, sync, on-revoke.
pub(super) fn after_batch() -> CommitPolicy {
    policy(CommitWhen::AfterBatch, CommitOffset::DoneContiguous, CommitMode::Sync, true)
}

pub(super) struct Rig {
    pub config: MemberConfig,
    pub names: Names,
    choice: ReplayChoice,
    recorder: Recorder,
    member: Option<Member>,
    pub now: Instant,
    sent: Vec<(Channel, CorrelationId, i16, Request)>,
    pub disconnected: Vec<Channel>,
    pub exited: bool,
    /// Partitions of `orders`.
    pub partitions: u32,
}

impl Rig {
    /// A dynamic member of group `g` subscribed to `orders` (3 partitions), range, no auto-commit, 10 ms a record. Every draw
    /// gives its middle value: no jitter.
    pub fn new() -> Self {
        let client = ClientConfig {
            client_id: "c".into(),
            auto_offset_reset: AutoOffsetReset::Earliest,
            assignors: vec![AssignorKind::Range],
            ..ClientConfig::default()
        };
        let config = MemberConfig {
            name: "m-0".into(),
            scope: "g".into(),
            host: "/10.0.0.1".into(),
            membership: Membership::Subscribe { group: "g".into(), instance: None, topics: vec!["orders".into()] },
            client,
            process: ProcessPolicy { per_record: Duration::from_ms(10), ..ProcessPolicy::default() },
            commit: after_batch(),
            from: StartAt::Committed,
            until_end: false,
        };
        Rig {
            config,
            names: Names::new(),
            choice: ReplayChoice::default(),
            recorder: Recorder::new(),
            member: None,
            now: Instant::ZERO,
            sent: Vec::new(),
            disconnected: Vec::new(),
            exited: false,
            partitions: 3,
        }
    }

    pub fn with(change: impl FnOnce(&mut MemberConfig)) -> Self {
        let mut rig = Rig::new();
        change(&mut rig.config);
        rig
    }

    pub fn fixed(mut self) -> Self {
        if let Membership::Subscribe { instance, .. } = &mut self.config.membership {
            *instance = Some("m-0".into());
        }
        self
    }

    fn act(&mut self, act: impl FnOnce(&mut Member, &mut Context<'_>, &mut Vec<MemberOutput>)) {
        let mut member =
            self.member.take().unwrap_or_else(|| Member::new(self.config.clone(), ActorId(2), Incarnation(1)));
        let mut out = Vec::new();
        let mut cx = Context {
            now: self.now,
            cause: Seq::NONE,
            names: &mut self.names,
            choice: &mut self.choice,
            recorder: &mut self.recorder,
        };
        act(&mut member, &mut cx, &mut out);
        self.member = Some(member);
        for output in out {
            match output {
                MemberOutput::Send { channel, correlation, api_version, request, .. } => {
                    self.sent.push((channel, correlation, api_version, request));
                }
                MemberOutput::Disconnect { channel, .. } => self.disconnected.push(channel),
                MemberOutput::Exited { .. } => self.exited = true,
            }
        }
    }

    pub fn start(&mut self) {
        self.act(|m, cx, out| m.start(cx, out));
    }

    pub fn stop(&mut self) {
        self.act(|m, cx, out| m.stop(cx, out));
    }

    pub fn crash(&mut self) {
        self.act(|m, cx, _| m.crash(cx, false));
    }

    pub fn pause(&mut self) {
        self.act(|m, cx, _| m.pause(cx));
    }

    pub fn resume(&mut self) {
        self.act(|m, cx, _| m.resume(cx));
    }

    pub fn fault(&mut self, fault: HandlerFault) {
        self.act(|m, cx, out| m.set_handler_fault(cx, fault, out));
    }

    /// Moves the clock; nothing may be due before.
    pub fn at(&mut self, ms: u64) {
        let to = Instant::from_ms(ms);
        if let Some(due) = self.deadline() {
            assert!(due >= to, "a timer at {due} before {to}");
        }
        self.now = to;
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.member.as_ref().and_then(Member::next_deadline)
    }

    /// The next timer fires exactly at `ms`.
    pub fn fires_at(&mut self, ms: u64) {
        assert_eq!(self.deadline(), Some(Instant::from_ms(ms)));
        self.now = Instant::from_ms(ms);
        self.act(|m, cx, out| m.handle_deadline(cx, out));
    }

    /// Every timer up to `ms`.
    pub fn run_to(&mut self, ms: u64) {
        while let Some(due) = self.deadline().filter(|&due| due <= Instant::from_ms(ms)) {
            self.now = due.max(self.now);
            self.act(|m, cx, out| m.handle_deadline(cx, out));
        }
        self.now = Instant::from_ms(ms);
    }

    /// The oldest request not yet looked at; it must be an `api`.
    pub fn sent(&mut self, api: Api) -> (CorrelationId, Request) {
        let apis: Vec<Api> = self.sent.iter().map(|s| s.3.api()).collect();
        assert_eq!(apis.first(), Some(&api), "sent: {apis:?}");
        let (_, correlation, _, request) = self.sent.remove(0);
        (correlation, request)
    }

    pub fn version_of(&self, api: Api) -> i16 {
        self.sent.iter().find(|s| s.3.api() == api).unwrap().2
    }

    pub fn nothing_sent(&self) {
        assert_eq!(self.sent.iter().map(|s| s.3.api()).collect::<Vec<_>>(), Vec::new());
    }

    pub fn forget_sent(&mut self) {
        self.sent.clear();
    }

    pub fn answer(&mut self, id: CorrelationId, response: Response) {
        self.act(|m, cx, out| m.handle_response(cx, Channel::Node, id, response, out));
    }

    /// Answers the oldest request, which must be an `api`.
    pub fn reply(&mut self, api: Api, response: Response) {
        let (id, _) = self.sent(api);
        self.answer(id, response);
    }

    pub fn orders(&mut self, partition: u32) -> TopicPartition {
        TopicPartition::new(TopicName(self.names.intern("orders")), partition)
    }

    pub fn member_id(&mut self) -> MemberId {
        MemberId(self.names.intern("c-1"))
    }

    /// Events since the last call.
    pub fn events(&mut self) -> Vec<Kind> {
        let kinds = self.recorder.pending().iter().map(|e| e.kind).collect();
        self.recorder.clear_pending();
        kinds
    }

    /// Names of the events since the last call.
    pub fn event_names(&mut self) -> Vec<&'static str> {
        self.events().iter().map(Kind::name).collect()
    }

    pub fn metadata(&mut self) -> Response {
        let topic = TopicName(self.names.intern("orders"));
        Response::Metadata(vec![TopicMetadata { topic, error: ErrorCode::None, partitions: self.partitions }])
    }

    pub fn reply_metadata(&mut self) {
        let metadata = self.metadata();
        self.reply(Api::Metadata, metadata);
    }

    /// Started; the coordinator is found; the first JoinGroup is out.
    pub fn started(&mut self) {
        self.start();
        self.reply_metadata();
        self.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    }

    pub fn join_error(&mut self, error: ErrorCode) {
        let member = self.member_id();
        self.reply(Api::JoinGroup, Response::JoinGroup(Box::new(JoinGroupResponse::error(error, member))));
    }

    pub fn subscription(&mut self) -> Bytes {
        let topic = TopicName(self.names.intern("orders"));
        let subscription =
            Subscription { topics: vec![topic], user_data: None, owned: Vec::new(), generation: Generation::NONE };
        encode_subscription(&subscription, &self.names)
    }

    pub fn join_response(&mut self, generation: i32, leads: bool) -> JoinGroupResponse {
        let member = self.member_id();
        let metadata = self.subscription();
        let instance = InstanceId::EMPTY;
        JoinGroupResponse {
            error: ErrorCode::None,
            generation: Generation(generation),
            protocol_type: Some(self.names.intern("consumer")),
            protocol_name: Some(ProtocolName(self.names.intern(self.config.client.assignors[0].name()))),
            leader: if leads { member } else { MemberId(self.names.intern("other")) },
            skip_assignment: false,
            member,
            members: if leads { vec![JoinGroupMember { member, instance, metadata }] } else { Vec::new() },
        }
    }

    /// A follower joins `generation`.
    pub fn join(&mut self, generation: i32) {
        let response = self.join_response(generation, false);
        self.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
    }

    pub fn sync_error(&mut self, error: ErrorCode) {
        self.reply(Api::SyncGroup, Response::SyncGroup(Box::new(SyncGroupResponse::error(error))));
    }

    pub fn sync(&mut self, partitions: &[u32]) {
        let partitions = partitions.iter().map(|&p| self.orders(p)).collect();
        let assignment = encode_assignment(&Assignment { partitions, user_data: None }, &self.names);
        let response = SyncGroupResponse { assignment, ..SyncGroupResponse::error(ErrorCode::None) };
        self.reply(Api::SyncGroup, Response::SyncGroup(Box::new(response)));
    }

    /// So many requests are out that were not looked at.
    pub fn nothing_sent_but(&self, count: usize) {
        assert_eq!(self.sent.len(), count);
    }

    /// Answers an OffsetFetch for one partition.
    pub fn answer_committed(&mut self, id: CorrelationId, partition: u32, offset: i64) {
        let partition = self.orders(partition);
        let (offset, metadata, error) = (Offset(offset), Symbol::EMPTY, ErrorCode::None);
        let partitions = vec![FetchedOffset { partition, offset, metadata, error }];
        self.answer(id, Response::OffsetFetch(Box::new(OffsetFetchResponse { error: ErrorCode::None, partitions })));
    }

    /// Answers a fetch with an error of one partition.
    pub fn fetch_error(&mut self, id: CorrelationId, partition: u32, error: ErrorCode) {
        let partition = self.orders(partition);
        let none = Offset(0);
        let partitions =
            vec![FetchedPartition { partition, error, from: none, to: none, log_start: none, high_watermark: none }];
        self.answer(id, Response::Fetch(Box::new(FetchResponse { partitions })));
    }

    /// Answers OffsetFetch with one offset for every partition.
    pub fn committed(&mut self, offset: i64) {
        let (id, request) = self.sent(Api::OffsetFetch);
        let Request::OffsetFetch(request) = request else { unreachable!() };
        let fetched = |&partition| FetchedOffset {
            partition,
            offset: Offset(offset),
            metadata: Symbol::EMPTY,
            error: ErrorCode::None,
        };
        let partitions = request.partitions.as_deref().unwrap_or_default().iter().map(fetched).collect();
        let response = OffsetFetchResponse { error: ErrorCode::None, partitions };
        self.answer(id, Response::OffsetFetch(Box::new(response)));
    }

    /// Stable in generation 1 at 0 ms with these partitions, committed at `offset`; the fetch is out and taken.
    pub fn stable(&mut self, partitions: &[u32], offset: i64) -> CorrelationId {
        self.started();
        self.join(1);
        self.sync(partitions);
        if partitions.is_empty() {
            self.events();
            return CorrelationId(0);
        }
        self.committed(offset);
        self.events();
        self.sent(Api::Fetch).0
    }

    /// Answers a fetch with records `[from, to)` of partitions.
    pub fn records(&mut self, id: CorrelationId, records: &[(u32, i64, i64)]) {
        let mut partitions = Vec::new();
        for &(p, from, to) in records {
            let partition = self.orders(p);
            let (from, to) = (Offset(from), Offset(to));
            let (error, log_start, high_watermark) = (ErrorCode::None, Offset(0), to);
            partitions.push(FetchedPartition { partition, error, from, to, log_start, high_watermark });
        }
        self.answer(id, Response::Fetch(Box::new(FetchResponse { partitions })));
    }

    /// The oldest request must be this commit; returns its id.
    pub fn commit_sent(&mut self, offsets: &[(u32, i64)]) -> CorrelationId {
        let (id, request) = self.sent(Api::OffsetCommit);
        let Request::OffsetCommit(request) = request else { unreachable!() };
        let sent: Vec<_> = request.partitions.iter().map(|p| (p.partition.partition, p.offset.0)).collect();
        assert_eq!(sent, offsets);
        id
    }

    pub fn commit_answer(&mut self, id: CorrelationId, partitions: &[u32], error: ErrorCode) {
        let partitions = partitions.iter().map(|&p| (self.orders(p), error)).collect();
        self.answer(id, Response::OffsetCommit(Box::new(OffsetCommitResponse { partitions })));
    }

    pub fn heartbeat_reply(&mut self, error: ErrorCode) {
        self.reply(Api::Heartbeat, Response::Heartbeat(error));
    }
}

/// For tests of long stretches: answers that are of no interest themselves.
impl Rig {
    fn answer_oldest(&mut self, api: Api, response: impl Fn(&mut Rig, &Request) -> Response) {
        while let Some(index) = self.sent.iter().position(|s| s.3.api() == api) {
            let (_, id, _, request) = self.sent.remove(index);
            let response = response(self, &request);
            self.answer(id, response);
        }
    }

    /// Good answers to every commit and heartbeat that was sent.
    pub fn answer_commits_and_heartbeats(&mut self) {
        self.answer_oldest(Api::Heartbeat, |_, _| Response::Heartbeat(ErrorCode::None));
        self.answer_oldest(Api::OffsetCommit, |_, request| {
            let Request::OffsetCommit(request) = request else { unreachable!() };
            let partitions = request.partitions.iter().map(|p| (p.partition, ErrorCode::None)).collect();
            Response::OffsetCommit(Box::new(OffsetCommitResponse { partitions }))
        });
    }

    /// Every heartbeat is told of a rebalance; good answers to commits.
    pub fn answer_as_rebalancing(&mut self) {
        self.answer_oldest(Api::Heartbeat, |_, _| Response::Heartbeat(ErrorCode::RebalanceInProgress));
        self.answer_commits_and_heartbeats();
    }

    /// And to every fetch.
    pub fn answer_all(&mut self) {
        self.answer_commits_and_heartbeats();
        if let Some(index) = self.sent.iter().position(|s| s.3.api() == Api::Fetch) {
            let (_, id, ..) = self.sent.remove(index);
            self.records(id, &[]);
        }
    }

    /// Answers every Metadata request.
    pub fn answer_metadata(&mut self) {
        self.answer_oldest(Api::Metadata, |rig, _| rig.metadata());
    }

    /// Forgets what was sent before the first request of this kind.
    pub fn forget_to(&mut self, api: Api) {
        let index = self.sent.iter().position(|s| s.3.api() == api).unwrap_or(self.sent.len());
        self.sent.drain(..index);
    }
}
