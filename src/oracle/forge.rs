//! Forged traces for tests of the judge, written tersely. Times are in milliseconds; members are numbered from 0.

use super::*;
use crate::config::expect::*;
use crate::ids::*;
use crate::protocol::{Api, ErrorCode, GroupState};
use crate::time::{Duration, Instant};
use crate::trace::*;

/// A trace in the making, with the judge that watches it. One group, `billing`; one topic, `orders`.
pub(crate) struct Forge {
    pub(crate) names: Names,
    pub(crate) judge: Judge,
    pub(crate) group: GroupId,
    pub(crate) topic: TopicName,
    recorder: Recorder,
    now: Instant,
    lives: Vec<u32>,
    generation: i32,
    requests: u32,
    state: GroupState,
    ends: Vec<i64>,
}

impl Forge {
    /// Four members that have started, a topic with three partitions, nothing joined.
    pub(crate) fn new() -> Forge {
        Forge::expecting(Expectations::default())
    }

    pub(crate) fn expecting(expect: Expectations) -> Forge {
        Forge::with(Judge::new(&expect, false, false))
    }

    pub(crate) fn with(judge: Judge) -> Forge {
        let mut names = Names::new();
        let (group, topic) = (GroupId(names.intern("billing")), TopicName(names.intern("orders")));
        let mut forge = Forge {
            names,
            judge,
            group,
            topic,
            recorder: Recorder::new(),
            now: Instant::ZERO,
            lives: vec![0; 4],
            generation: 0,
            requests: 0,
            state: GroupState::Empty,
            ends: vec![0; 3],
        };
        let (scenario, seed, run_for) = (forge.sym("forged"), 0, Duration::from_secs(60));
        forge.driver(Kind::MetaRun { scenario, seed, run_for });
        forge.judge.timers = None;
        for member in 0..4 {
            let name = forge.sym(&format!("billing-{member}"));
            let subject = Forge::actor(member);
            forge.driver(Kind::MetaActor { subject, name, group, role: Role::Member });
            forge.driver(Kind::MetaSubscription { subject, topic });
        }
        forge.driver(Kind::MetaTopic { topic, partitions: 3 });
        for member in 0..4 {
            forge.start(member);
        }
        forge
    }

    pub(crate) fn sym(&mut self, text: &str) -> Symbol {
        self.names.intern(text)
    }

    pub(crate) fn actor(member: usize) -> ActorId {
        ActorId(ActorId::FIRST_CLIENT.0 + member as u32)
    }

    pub(crate) fn member(&mut self, member: usize) -> MemberId {
        let text = format!("id-{member}-{}", self.lives[member]);
        MemberId(self.sym(&text))
    }

    pub(crate) fn tp(&self, partition: u32) -> TopicPartition {
        TopicPartition::new(self.topic, partition)
    }

    pub(crate) fn at(&mut self, ms: u64) -> &mut Forge {
        self.now = Instant::from_ms(ms);
        self
    }

    pub(crate) fn emit(&mut self, actor: ActorId, incarnation: u32, kind: Kind) -> &mut Forge {
        self.recorder.emit(self.now, actor, Incarnation(incarnation), Seq::NONE, kind);
        let event = self.recorder.pending()[0];
        self.recorder.clear_pending();
        self.judge.observe(&event, &self.names);
        self
    }

    pub(crate) fn broker(&mut self, kind: Kind) -> &mut Forge {
        self.emit(ActorId::BROKER, 0, kind)
    }

    pub(crate) fn driver(&mut self, kind: Kind) -> &mut Forge {
        self.emit(ActorId::DRIVER, 0, kind)
    }

    pub(crate) fn by(&mut self, member: usize, kind: Kind) -> &mut Forge {
        let life = self.lives[member];
        self.emit(Forge::actor(member), life, kind)
    }

    pub(crate) fn start(&mut self, member: usize) -> &mut Forge {
        self.lives[member] += 1;
        self.by(member, Kind::Start {})
    }

    pub(crate) fn number(&mut self, subject: ActorId, key: &str, value: i64) -> &mut Forge {
        let key = self.sym(key);
        self.driver(Kind::MetaNumber { subject, key, value })
    }

    pub(crate) fn word(&mut self, subject: ActorId, key: &str, value: &str) -> &mut Forge {
        let (key, value) = (self.sym(key), self.sym(value));
        self.driver(Kind::MetaText { subject, key, value })
    }

    pub(crate) fn append(&mut self, partition: u32, count: i64) -> &mut Forge {
        let from = self.ends[partition as usize];
        self.ends[partition as usize] += count;
        let (partition, producer) = (self.tp(partition), ActorId::DRIVER);
        self.broker(Kind::Append { partition, from: Offset(from), to: Offset(from + count), producer })
    }

    pub(crate) fn state(&mut self, to: GroupState, reason: StateReason) -> &mut Forge {
        let (group, from, generation) = (self.group, self.state, Generation(self.generation));
        self.state = to;
        self.broker(Kind::GroupStateChanged { group, from, to, generation, reason, member: MemberId::EMPTY })
    }

    pub(crate) fn added(&mut self, member: usize) -> &mut Forge {
        let (group, id) = (self.group, self.member(member));
        self.broker(Kind::MemberAdded {
            group,
            member: id,
            instance: InstanceId::EMPTY,
            client: Forge::actor(member),
            client_incarnation: Incarnation(self.lives[member]),
            session_timeout_ms: 45_000,
            rebalance_timeout_ms: 300_000,
        })
    }

    /// The coordinator answered the member's JoinGroup with the current generation.
    pub(crate) fn joined(&mut self, member: usize) -> &mut Forge {
        self.requests += 1;
        let (group, id, generation) = (self.group, self.member(member), Generation(self.generation));
        let (client, client_incarnation) = (Forge::actor(member), Incarnation(self.lives[member]));
        let (api, request) = (Api::JoinGroup, CorrelationId(self.requests));
        self.broker(Kind::RequestApplied { api, client, client_incarnation, request, group, member: id, generation })
    }

    pub(crate) fn removed(&mut self, member: usize, reason: RemovalReason) -> &mut Forge {
        let (group, member) = (self.group, self.member(member));
        self.broker(Kind::MemberRemoved { group, member, reason })
    }

    /// A rebalance among members that the coordinator knows, in no time: a new generation with this assignment.
    pub(crate) fn generation(&mut self, assignment: &[(usize, std::ops::Range<u32>)]) -> &mut Forge {
        self.begin_generation(assignment.len() as u32);
        self.assign(assignment).state(GroupState::Stable, StateReason::AssignmentWritten)
    }

    pub(crate) fn begin_generation(&mut self, members: u32) -> &mut Forge {
        if self.state != GroupState::PreparingRebalance {
            self.state(GroupState::PreparingRebalance, StateReason::MemberJoined);
        }
        self.generation += 1;
        let (group, generation) = (self.group, Generation(self.generation));
        let protocol = ProtocolName(self.sym("range"));
        self.broker(Kind::GenerationStarted { group, generation, leader: MemberId::EMPTY, protocol, members });
        self.state(GroupState::CompletingRebalance, StateReason::JoinComplete)
    }

    pub(crate) fn assign(&mut self, assignment: &[(usize, std::ops::Range<u32>)]) -> &mut Forge {
        for (member, range) in assignment {
            let (group, generation, topic) = (self.group, Generation(self.generation), self.topic);
            let (member, from, to) = (self.member(*member), range.start, range.end);
            self.broker(Kind::Assigned { group, generation, member, topic, from, to });
        }
        self
    }

    pub(crate) fn owned(&mut self, member: usize, range: std::ops::Range<u32>) -> &mut Forge {
        let (topic, generation) = (self.topic, Generation(self.generation));
        self.by(member, Kind::Owned { topic, from: range.start, to: range.end, generation })
    }

    pub(crate) fn revoked(&mut self, member: usize, range: std::ops::Range<u32>) -> &mut Forge {
        let topic = self.topic;
        self.by(member, Kind::Revoked { topic, from: range.start, to: range.end })
    }

    pub(crate) fn position(
        &mut self,
        member: usize,
        partition: u32,
        offset: i64,
        origin: PositionOrigin,
    ) -> &mut Forge {
        let partition = self.tp(partition);
        self.by(member, Kind::Position { partition, offset: Offset(offset), origin })
    }

    /// The member owns the partition and starts at the committed `offset`.
    pub(crate) fn takes(&mut self, member: usize, partition: u32, offset: i64) -> &mut Forge {
        self.owned(member, partition..partition + 1).position(member, partition, offset, PositionOrigin::Committed)
    }

    pub(crate) fn delivered(&mut self, member: usize, partition: u32, from: i64, to: i64) -> &mut Forge {
        let partition = self.tp(partition);
        self.by(member, Kind::Poll {});
        self.by(member, Kind::Delivered { partition, from: Offset(from), to: Offset(to) })
    }

    /// Delivered, and the handler starts on them, so many milliseconds each.
    pub(crate) fn works(&mut self, member: usize, partition: u32, from: i64, to: i64, ms: u64) -> &mut Forge {
        self.delivered(member, partition, from, to);
        let (partition, per_record) = (self.tp(partition), Duration::from_ms(ms));
        self.by(member, Kind::ProcessStart { partition, from: Offset(from), to: Offset(to), per_record })
    }

    pub(crate) fn done(&mut self, member: usize, partition: u32, from: i64, to: i64) -> &mut Forge {
        let partition = self.tp(partition);
        self.by(member, Kind::ProcessDone { partition, from: Offset(from), to: Offset(to) })
    }

    /// Delivered and done in no time.
    pub(crate) fn handles(&mut self, member: usize, partition: u32, from: i64, to: i64) -> &mut Forge {
        self.works(member, partition, from, to, 0).done(member, partition, from, to)
    }

    pub(crate) fn commit_sent(
        &mut self,
        member: usize,
        partition: u32,
        offset: i64,
        origin: CommitOrigin,
    ) -> CorrelationId {
        self.requests += 1;
        let request = CorrelationId(self.requests);
        let (group, id, generation) = (self.group, self.member(member), Generation(self.generation));
        self.by(member, Kind::RequestSent { api: Api::OffsetCommit, request, group, member: id, generation });
        let partition = self.tp(partition);
        self.by(member, Kind::CommitSent { request, partition, offset: Offset(offset), origin });
        request
    }

    pub(crate) fn commit_applied(
        &mut self,
        member: usize,
        partition: u32,
        offset: i64,
        request: CorrelationId,
    ) -> &mut Forge {
        let (group, id, generation) = (self.group, self.member(member), Generation(self.generation));
        let (client, partition, offset) = (Forge::actor(member), self.tp(partition), Offset(offset));
        self.broker(Kind::CommitApplied { group, member: id, generation, client, request, partition, offset });
        let client_incarnation = Incarnation(self.lives[member]);
        let api = Api::OffsetCommit;
        self.broker(Kind::RequestApplied { api, client, client_incarnation, request, group, member: id, generation })
    }

    pub(crate) fn commit_rejected(&mut self, member: usize, request: CorrelationId, code: ErrorCode) -> &mut Forge {
        let (group, id, generation) = (self.group, self.member(member), Generation(self.generation));
        let (client, client_incarnation) = (Forge::actor(member), Incarnation(self.lives[member]));
        let api = Api::OffsetCommit;
        self.broker(Kind::RequestRejected {
            api,
            client,
            client_incarnation,
            request,
            group,
            member: id,
            generation,
            code,
        })
    }

    pub(crate) fn reply(&mut self, member: usize, api: Api, request: CorrelationId) -> &mut Forge {
        self.by(member, Kind::RequestReplySeen { api, request, code: ErrorCode::None })
    }

    /// A commit that goes through.
    pub(crate) fn commits(&mut self, member: usize, partition: u32, offset: i64) -> &mut Forge {
        let request = self.commit_sent(member, partition, offset, CommitOrigin::Sync);
        self.commit_applied(member, partition, offset, request).reply(member, Api::OffsetCommit, request)
    }

    pub(crate) fn crash(&mut self, member: usize) -> &mut Forge {
        self.by(member, Kind::Crash {})
    }

    /// Members 0 and 1 are in the group; member 0 has all partitions, with 100 records each, from offset 0.
    pub(crate) fn running() -> Forge {
        Forge::running_with(Judge::new(&Expectations::default(), false, false))
    }

    pub(crate) fn running_with(judge: Judge) -> Forge {
        let mut forge = Forge::with(judge);
        for partition in 0..3 {
            forge.append(partition, 100);
        }
        forge.at(1_000).added(0).added(1).generation(&[(0, 0..3), (1, 0..0)]);
        for partition in 0..3 {
            forge.takes(0, partition, 0);
        }
        forge
    }

    /// Everything from member 0 to member 1, which starts at these committed offsets.
    pub(crate) fn pass_on(&mut self, offsets: [i64; 3]) -> &mut Forge {
        self.generation(&[(1, 0..3)]);
        for (partition, offset) in (0..).zip(offsets) {
            self.takes(1, partition, offset);
        }
        self
    }

    pub(crate) fn end(self, ms: u64) -> Outcome {
        self.judge.finish(&self.names, Instant::from_ms(ms))
    }
}

impl Outcome {
    /// Oracles that found something of class MODEL.
    pub(crate) fn wrong(&self) -> Vec<&'static str> {
        self.findings.iter().filter(|finding| finding.class == Class::Model).map(|finding| finding.oracle).collect()
    }

    /// What was found by an oracle, by its word.
    pub(crate) fn found(&self, what: &str) -> Vec<&Finding> {
        self.findings.iter().filter(|finding| finding.what == what).collect()
    }

    pub(crate) fn number(&self, metric: &str) -> i64 {
        self.total.numbers[metric]
    }
}

/// `metric op-less comparison number`, as a check of a list.
pub(crate) fn check(metric: MetricName, op: Option<Op>, comparison: Comparison, literal: Literal) -> Check {
    let query = MetricQuery { metric, filter: Filter::default(), op };
    Check { text: format!("{} {comparison:?} {literal:?}", metric.name()), query, comparison, literal }
}
