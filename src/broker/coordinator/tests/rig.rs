//! A scripted driver for the coordinator: virtual time, requests by name, answers with their exact millisecond.

use crate::asked::script::Script;
use crate::asked::sent;
use crate::broker::coordinator::Coordinator;
use crate::choice::RandomChoice;
use crate::config::BrokerConfig;
use crate::context::Context;
use crate::ids::*;
use crate::protocol::*;
use crate::time::Instant;
use crate::trace::{Event, Kind, Recorder};
use serde_json::{Value, json};

/// A request that was sent, to ask for its answer by.
pub type Ticket = CorrelationId;

pub const GROUP: &str = "billing";
/// Session and rebalance timeout of members unless a test says otherwise.
pub const ST: i32 = 10_000;
pub const RT: i32 = 60_000;
/// group.initial.rebalance.delay.ms.
pub const D: u64 = 3_000;

pub struct Rig {
    pub c: Coordinator,
    pub names: Names,
    pub choice: RandomChoice,
    pub recorder: Recorder,
    now: Instant,
    sent: u32,
    answers: Vec<(u64, Ticket, Response)>,
    /// The same for Kafka's coordinator.
    script: Script,
    /// The settings at the start.
    config: BrokerConfig,
}

impl Drop for Rig {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let group = self.group();
        self.reveal(true);
        let same = self.script.is_ours_only() || self.c.config == self.config;
        assert!(same, "a setting was changed in a running broker: say rig.ours_only()");
        let script = std::mem::replace(&mut self.script, Script::new(&self.config));
        let generation = self.c.group_generation(group).unwrap_or(Generation::NONE);
        script.end(&self.names, group, generation).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// A JoinGroup in the making.
#[derive(Clone)]
pub struct Join {
    pub client: &'static str,
    pub member: MemberId,
    pub instance: &'static str,
    pub protocol_type: &'static str,
    pub protocols: Vec<(&'static str, &'static str)>,
    pub st: i32,
    pub rt: i32,
    pub version: i16,
}

pub fn join(client: &'static str) -> Join {
    Join {
        client,
        member: MemberId::EMPTY,
        instance: "",
        protocol_type: "consumer",
        protocols: vec![("range", "orders")],
        st: ST,
        rt: RT,
        version: 9,
    }
}

impl Join {
    pub fn id(self, member: MemberId) -> Self {
        Join { member, ..self }
    }
    pub fn instance(self, instance: &'static str) -> Self {
        Join { instance, ..self }
    }
    pub fn st(self, st: i32) -> Self {
        Join { st, ..self }
    }
    pub fn rt(self, rt: i32) -> Self {
        Join { rt, ..self }
    }
    pub fn version(self, version: i16) -> Self {
        Join { version, ..self }
    }
    pub fn protocols(self, protocols: &[(&'static str, &'static str)]) -> Self {
        Join { protocols: protocols.to_vec(), ..self }
    }
    pub fn protocol_type(self, protocol_type: &'static str) -> Self {
        Join { protocol_type, ..self }
    }
}

pub fn bytes(text: &str) -> Bytes {
    Bytes::from(text.as_bytes())
}

impl Rig {
    pub fn new() -> Self {
        Rig::with(|_| {})
    }

    pub fn with(set: impl FnOnce(&mut BrokerConfig)) -> Self {
        let mut config = BrokerConfig::default();
        set(&mut config);
        Rig {
            script: Script::new(&config),
            config: config.clone(),
            c: Coordinator::new(config),
            names: Names::new(),
            choice: RandomChoice::new(1),
            recorder: Recorder::new(),
            now: Instant::ZERO,
            sent: 0,
            answers: Vec::new(),
        }
    }

    pub fn now_ms(&self) -> u64 {
        self.now.as_ms()
    }

    /// What this rig does from now on no Kafka could be asked to do; nothing of it is compared.
    pub fn ours_only(&mut self) {
        self.script.ours_only();
    }

    /// Runs `act` on the coordinator: something that only ours can be made to do.
    pub fn meddle(&mut self, act: impl FnOnce(&mut Coordinator, &mut Context<'_>, &mut Vec<crate::broker::Answer>)) {
        assert!(self.script.is_ours_only(), "say rig.ours_only()");
        self.run(Seq::NONE, act);
    }

    /// Has Kafka asked what the group looks like, if it has changed, or if the test looks at it (`seen`).
    fn reveal(&mut self, seen: bool) {
        let group = self.group();
        let (mut out, mut recorder) = (Vec::new(), Recorder::new());
        let client = ClientInfo {
            actor: ActorId(99),
            incarnation: Incarnation(1),
            client_id: ClientId::EMPTY,
            host: Symbol::EMPTY,
        };
        let header = RequestHeader {
            connection: ConnectionId(0),
            correlation: CorrelationId(0),
            api_version: 5,
            client,
            cause: Seq::NONE,
        };
        let Rig { c, names, choice, now, .. } = self;
        let mut cx = Context { now: *now, cause: Seq::NONE, names, choice, recorder: &mut recorder };
        c.handle(&mut cx, &header, Request::DescribeGroups(vec![group]), &|_| true, &mut out);
        let Some(Response::DescribeGroups(groups)) = out.pop().map(|answer| answer.response) else { return };
        self.script.describe(&self.names, &groups[0], seen);
    }

    /// Runs `act` on the coordinator and takes down its answers.
    fn run(
        &mut self,
        cause: Seq,
        act: impl FnOnce(&mut Coordinator, &mut Context<'_>, &mut Vec<crate::broker::Answer>),
    ) {
        let mut out = Vec::new();
        let Rig { c, names, choice, recorder, now, .. } = self;
        let mut cx = Context { now: *now, cause, names, choice, recorder };
        act(c, &mut cx, &mut out);
        assert_eq!(cx.cause, cause, "the caller's cause is left alone");
        let now_ms = self.now_ms();
        for answer in out {
            self.script.answer(&self.names, now_ms, answer.correlation, &answer.response);
            self.answers.push((now_ms, answer.correlation, answer.response));
        }
    }

    /// Lets time pass until `ms` and runs every timer on the way, those of that millisecond included.
    pub fn at(&mut self, ms: u64) -> &mut Self {
        self.at_us(ms * 1_000)
    }

    pub fn at_us(&mut self, us: u64) -> &mut Self {
        let target = Instant::from_us(us);
        assert!(target >= self.now, "time runs forward");
        self.script.at(&self.names, target.as_ms());
        while let Some(deadline) = self.c.next_deadline().filter(|deadline| *deadline <= target) {
            self.now = self.now.max(deadline);
            self.run(Seq::NONE, |c, cx, out| c.handle_deadline(cx, out));
        }
        self.now = target;
        self.reveal(false);
        self
    }

    pub fn send(&mut self, client: &str, version: i16, request: Request) -> Ticket {
        self.sent += 1;
        let ticket = CorrelationId(self.sent);
        let client_id = ClientId(self.names.intern(client));
        let host = self.names.intern("/10.0.0.1");
        let actor = ActorId(100 + client_id.0.0);
        let client = ClientInfo { actor, incarnation: Incarnation(1), client_id, host };
        let header = RequestHeader {
            connection: ConnectionId(actor.0),
            correlation: ticket,
            api_version: version,
            client,
            cause: Seq(1_000_000 + u64::from(self.sent)),
        };
        let unknown = TopicName(self.names.intern("unknown-topic"));
        let exists = |tp: TopicPartition| tp.topic != unknown && tp.partition < 100;
        self.script.request(&self.names, &header, &request);
        self.run(Seq(7), |c, cx, out| c.handle(cx, &header, request, &exists, out));
        self.reveal(false);
        ticket
    }

    pub fn group(&mut self) -> GroupId {
        GroupId(self.names.intern(GROUP))
    }

    pub fn protocols(&mut self, protocols: &[(&str, &str)]) -> Vec<JoinProtocol> {
        let names = &mut self.names;
        protocols
            .iter()
            .map(|(name, metadata)| JoinProtocol { name: ProtocolName(names.intern(name)), metadata: bytes(metadata) })
            .collect()
    }

    pub fn join_request(&mut self, join: &Join) -> JoinGroupRequest {
        JoinGroupRequest {
            group: Some(self.group()),
            session_timeout_ms: join.st,
            rebalance_timeout_ms: join.rt,
            member: join.member,
            instance: InstanceId(self.names.intern(join.instance)),
            protocol_type: self.names.intern(join.protocol_type),
            protocols: self.protocols(&join.protocols),
            reason: Symbol::EMPTY,
        }
    }

    pub fn join(&mut self, join: Join) -> Ticket {
        let request = self.join_request(&join);
        self.send(join.client, join.version, Request::JoinGroup(Box::new(request)))
    }

    /// Both joins of a dynamic member: its id, and the ticket of the second.
    pub fn join_twice(&mut self, first: Join) -> (MemberId, Ticket) {
        let ticket = self.join(first.clone());
        let (_, answer) = self.joined(ticket);
        assert_eq!(answer.error, ErrorCode::MemberIdRequired);
        (answer.member, self.join(first.id(answer.member)))
    }

    pub fn sync_request(&mut self, member: MemberId, generation: i32) -> SyncGroupRequest {
        SyncGroupRequest {
            group: Some(self.group()),
            generation: Generation(generation),
            member,
            instance: InstanceId::EMPTY,
            protocol_type: None,
            protocol_name: None,
            assignments: Vec::new(),
        }
    }

    /// A SyncGroup of version 4, which need not name the protocol.
    pub fn sync(&mut self, member: MemberId, generation: i32, assignments: &[(MemberId, &str)]) -> Ticket {
        let mut request = self.sync_request(member, generation);
        request.assignments = assignments.iter().map(|(member, text)| (*member, bytes(text))).collect();
        self.send("syncer", 4, Request::SyncGroup(Box::new(request)))
    }

    pub fn heartbeat_request(&mut self, member: MemberId, generation: i32) -> HeartbeatRequest {
        let group = Some(self.group());
        HeartbeatRequest { group, generation: Generation(generation), member, instance: InstanceId::EMPTY }
    }

    pub fn heartbeat(&mut self, member: MemberId, generation: i32) -> ErrorCode {
        let request = self.heartbeat_request(member, generation);
        let ticket = self.send("beater", 4, Request::Heartbeat(request));
        self.error(ticket)
    }

    pub fn leave(&mut self, members: &[(MemberId, &str)]) -> Ticket {
        let group = Some(self.group());
        let entries = members.iter().map(|(member, instance)| LeavingMember {
            member: *member,
            instance: InstanceId(self.names.intern(instance)),
            reason: Symbol::EMPTY,
        });
        let request = LeaveGroupRequest { group, members: entries.collect() };
        self.send("leaver", 5, Request::LeaveGroup(Box::new(request)))
    }

    /// Whether one member could leave.
    pub fn leaves(&mut self, member: MemberId) -> ErrorCode {
        let ticket = self.leave(&[(member, "")]);
        self.left(ticket).members[0].2
    }

    pub fn left(&self, ticket: Ticket) -> LeaveGroupResponse {
        match self.answer(ticket) {
            Some((_, Response::LeaveGroup(response))) => *response,
            other => panic!("no LeaveGroup answer: {other:?}"),
        }
    }

    pub fn partition(&mut self, topic: &str, partition: u32) -> TopicPartition {
        TopicPartition::new(TopicName(self.names.intern(topic)), partition)
    }

    pub fn commit_request(&mut self, member: MemberId, generation: i32, offset: i64) -> OffsetCommitRequest {
        let partition = self.partition("orders", 0);
        OffsetCommitRequest {
            group: Some(self.group()),
            generation: Generation(generation),
            member,
            instance: InstanceId::EMPTY,
            retention_ms: -1,
            partitions: vec![CommitPartition { partition, offset: Offset(offset), metadata: Symbol::EMPTY }],
        }
    }

    pub fn send_commit(&mut self, version: i16, request: OffsetCommitRequest) -> Vec<ErrorCode> {
        let ticket = self.send("committer", version, Request::OffsetCommit(Box::new(request)));
        match self.answer(ticket) {
            Some((_, Response::OffsetCommit(response))) => response.partitions.iter().map(|p| p.1).collect(),
            other => panic!("no OffsetCommit answer: {other:?}"),
        }
    }

    /// Commits `offset` for orders-0.
    pub fn commit(&mut self, member: MemberId, generation: i32, offset: i64) -> ErrorCode {
        let request = self.commit_request(member, generation, offset);
        self.send_commit(8, request)[0]
    }

    /// The committed offset of orders-0, or -1.
    pub fn committed(&mut self) -> i64 {
        let (group, partition) = (self.group(), self.partition("orders", 0));
        self.script.fetch(&self.names, group);
        self.c.committed(group, partition).map_or(-1, |offset| offset.0)
    }

    /// The answer to a request, and when it came.
    pub fn answer(&self, ticket: Ticket) -> Option<(u64, Response)> {
        let mut answers = self.answers.iter().filter(|(_, to, _)| *to == ticket);
        let first = answers.next().map(|(ms, _, response)| (*ms, response.clone()));
        assert!(answers.next().is_none(), "answered twice");
        first
    }

    pub fn error(&self, ticket: Ticket) -> ErrorCode {
        self.answer(ticket).expect("answered").1.error()
    }

    pub fn is_parked(&self, ticket: Ticket) -> bool {
        self.answer(ticket).is_none()
    }

    pub fn joined(&self, ticket: Ticket) -> (u64, JoinGroupResponse) {
        match self.answer(ticket) {
            Some((ms, Response::JoinGroup(response))) => (ms, *response),
            other => panic!("no JoinGroup answer: {other:?}"),
        }
    }

    /// When a join was answered NONE, and with which generation.
    pub fn joined_at(&self, ticket: Ticket) -> (u64, i32) {
        let (ms, response) = self.joined(ticket);
        assert_eq!(response.error, ErrorCode::None);
        (ms, response.generation.0)
    }

    pub fn synced(&self, ticket: Ticket) -> (u64, SyncGroupResponse) {
        match self.answer(ticket) {
            Some((ms, Response::SyncGroup(response))) => (ms, *response),
            other => panic!("no SyncGroup answer: {other:?}"),
        }
    }

    /// A sync's assignment as text.
    pub fn assignment(&self, ticket: Ticket) -> String {
        let (_, response) = self.synced(ticket);
        assert_eq!(response.error, ErrorCode::None);
        String::from_utf8(response.assignment.to_vec()).expect("text")
    }

    pub fn state(&mut self) -> GroupState {
        let group = self.group();
        self.reveal(true);
        self.c.group_state(group).expect("the group exists")
    }

    pub fn exists(&mut self) -> bool {
        let group = self.group();
        self.reveal(true);
        self.c.group_state(group).is_some()
    }

    pub fn generation(&mut self) -> i32 {
        let group = self.group();
        self.reveal(true);
        self.c.group_generation(group).expect("the group exists").0
    }

    pub fn leader(&mut self) -> Option<MemberId> {
        let group = self.group();
        self.c.group_leader(group)
    }

    pub fn members(&mut self) -> Vec<MemberId> {
        let group = self.group();
        self.reveal(true);
        self.c.group_members(group).collect()
    }

    pub fn describe(&mut self) -> DescribedGroup {
        let group = self.group();
        let ticket = self.send("admin", 5, Request::DescribeGroups(vec![group]));
        match self.answer(ticket) {
            Some((_, Response::DescribeGroups(mut groups))) => groups.remove(0),
            other => panic!("no DescribeGroups answer: {other:?}"),
        }
    }

    pub fn delete_group(&mut self) -> ErrorCode {
        let group = self.group();
        let ticket = self.send("admin", 2, Request::DeleteGroups(vec![group]));
        self.error(ticket)
    }

    pub fn reload(&mut self) {
        self.script.op(&self.names, "reload", Value::Null);
        self.run(Seq::NONE, |c, cx, out| c.reload(cx, out));
        self.reveal(false);
    }

    /// The broker starts again with other settings.
    pub fn reload_with(&mut self, set: impl FnOnce(&mut BrokerConfig)) {
        set(&mut self.config);
        let config = self.config.clone();
        self.script.op(&self.names, "reload", json!({ "broker": sent::settings(&config) }));
        self.run(Seq::NONE, |c, cx, out| c.restart(cx, config, out));
        self.reveal(false);
    }

    /// The coordinator moves away and back, and is still reading its log.
    pub fn begin_reload(&mut self) {
        self.script.op(&self.names, "unload", Value::Null);
        self.script.op(&self.names, "start_load", Value::Null);
        self.run(Seq::NONE, |c, cx, out| c.begin_reload(cx, out));
        self.reveal(false);
    }

    pub fn finish_reload(&mut self) {
        self.script.op(&self.names, "finish_load", Value::Null);
        self.run(Seq::NONE, |c, cx, out| c.finish_reload(cx, out));
        self.reveal(false);
    }

    pub fn fail_appends(&mut self, error: ErrorCode, count: u32) {
        self.script.op(&self.names, "fail_appends", json!({ "error": error.name(), "count": count }));
        self.c.fail_appends(error, count);
    }

    /// Joins all of `joins` now and lets the initial delay pass: a group in CompletingRebalance with generation 1,
    /// the first one leading. One window of the delay, as all join at once, plus one for the second and later ones.
    pub fn completing(&mut self, joins: &[Join]) -> Vec<MemberId> {
        let start = self.now_ms();
        let tickets: Vec<Ticket> = joins
            .iter()
            .map(
                |join| {
                    if join.instance.is_empty() { self.join_twice(join.clone()).1 } else { self.join(join.clone()) }
                },
            )
            .collect();
        let windows = if joins.len() > 1 { 2 } else { 1 };
        self.at(start + windows * D);
        tickets.iter().map(|ticket| self.joined(*ticket).1.member).collect()
    }

    /// A Stable group: everyone has synced; member k got the assignment "part-k".
    pub fn stable(&mut self, joins: &[Join]) -> Vec<MemberId> {
        let ids = self.completing(joins);
        self.sync_all(&ids);
        ids
    }

    /// Everyone in `ids` syncs, the first one as leader.
    pub fn sync_all(&mut self, ids: &[MemberId]) {
        let generation = self.generation();
        let texts: Vec<String> = (0..ids.len()).map(|k| format!("part-{k}")).collect();
        let assignments: Vec<(MemberId, &str)> = ids.iter().copied().zip(texts.iter().map(|t| &**t)).collect();
        for &id in ids.iter().skip(1).chain(ids.first()) {
            self.sync(id, generation, if id == ids[0] { &assignments } else { &[] });
        }
        assert_eq!(self.state(), GroupState::Stable);
    }

    /// Heartbeats of `ids` now, every `every` ms, until `until`; each must be answered `expected`.
    pub fn beat(&mut self, ids: &[MemberId], every: u64, until: u64, expected: ErrorCode) {
        while self.now_ms() <= until {
            let generation = self.generation();
            for &id in ids {
                assert_eq!(self.heartbeat(id, generation), expected, "at {}", self.now_ms());
            }
            let next = self.now_ms() + every;
            if next > until {
                break;
            }
            self.at(next);
        }
        self.at(until);
    }

    pub fn events(&self) -> &[Event] {
        self.recorder.pending()
    }

    pub fn kinds(&self, name: &str) -> Vec<Kind> {
        self.events().iter().map(|event| event.kind).filter(|kind| kind.name() == name).collect()
    }

    /// Every change of state so far, as (from, to).
    pub fn state_changes(&self) -> Vec<(GroupState, GroupState)> {
        let change = |event: &Event| match event.kind {
            Kind::GroupStateChanged { from, to, .. } => Some((from, to)),
            _ => None,
        };
        self.events().iter().filter_map(change).collect()
    }

    /// Records in the log, newest per key, as (generation, members) of group metadata.
    pub fn group_records(&self) -> Vec<(i32, usize)> {
        use crate::broker::coordinator::records::Record;
        let value = |record: &Record| match record {
            Record::Group(_, Some(metadata)) => Some((metadata.generation.0, metadata.members.len())),
            _ => None,
        };
        self.c.log.records().iter().filter_map(value).collect()
    }
}
