//! Kafka's coordinator beside ours in a running simulation. It is handed every group request that ours is handed, at the
//! same millisecond and in the same order relative to the timers of that millisecond, and every answer of ours must be
//! Kafka's, at Kafka's millisecond. Where Kafka is free to take some member for leader, ours takes the same one. Answers,
//! and the members in the answer to a leader, go out in Kafka's order; so what the clients get is what Kafka said.

use crate::answers::Writer;
use crate::compare::{Difference, difference};
use crate::names::MemberNames;
use crate::peer::{Answer, Peer, Reply};
use crate::sent;
use crate::succession::Succession;
use groupsim::broker::{self, Intervention, Tap, coordinator::Coordinator};
use groupsim::context::Context;
use groupsim::ids::*;
use groupsim::protocol::*;
use groupsim::scenario::{Action, Scenario};
use groupsim::sim::{RunEnd, RunOptions, run, run_tapped};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::rc::Rc;

/// How many commands are shown with a difference.
const SHOWN: usize = 40;

/// What came of one scenario.
pub struct Shadowed {
    pub requests: u64,
    /// Answers of Kafka's that ours were compared with.
    pub answers: u64,
    pub generations: u64,
    /// Generations whose leader Kafka took out of several.
    pub successions: u64,
    pub difference: Option<Difference>,
    /// The trace is the one of a run without Kafka, event by event: none of Kafka's free choices made a difference.
    pub same_trace: bool,
    /// The last commands before the difference, with Kafka's answers.
    pub context: Vec<String>,
}

impl fmt::Display for Shadowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shadowed { requests, answers, generations, successions, .. } = self;
        let trace = if self.same_trace { "same" } else { "Kafka's choices" };
        let differences = u32::from(self.difference.is_some());
        write!(
            f,
            "{requests:>6} requests {answers:>6} answers {generations:>3} generations {successions:>3} successions "
        )?;
        write!(f, "{differences} differences; trace: {trace}")?;
        let Some(difference) = &self.difference else { return Ok(()) };
        for line in &self.context {
            write!(f, "\n    {line}")?;
        }
        let Difference { signature, kafka, ours } = difference;
        write!(f, "\n  {signature}\n  kafka {kafka:?}\n  ours  {ours:?}")
    }
}

/// Why a scenario cannot be run with Kafka beside: its groups are in one partition of the log there, and move together.
pub fn refusal(scenario: &Scenario) -> Option<&'static str> {
    let moves = scenario.timeline.iter().any(|event| matches!(event.action, Action::Failover { .. }));
    let groups = scenario.groups.iter().filter(|group| !group.standalone).count();
    (moves && groups > 1).then_some("not compared: one of several groups moves")
}

/// Runs a scenario with Kafka beside our coordinator.
pub fn shadow<P: Peer + 'static>(peer: P, scenario: &Scenario) -> (P, Shadowed) {
    let mut shadow = Shadow {
        peer,
        members: MemberNames::default(),
        succession: Succession::default(),
        now_ms: 0,
        sent: 0,
        parked: HashMap::new(),
        askers: HashMap::new(),
        expected: Reply::default(),
        events_before: 0,
        answers: 0,
        generations: 0,
        reordered: 0,
        difference: None,
        context: VecDeque::new(),
    };
    shadow.begin(scenario);
    let shared = Rc::new(RefCell::new(shadow));
    let end = run_tapped(scenario, RunOptions::default(), Box::new(Handle(shared.clone())), &mut []);
    let mut shadow = Rc::into_inner(shared).expect("the run is over").into_inner();
    shadow.end(&end);
    let alone = run(scenario, RunOptions::default(), &mut []);
    let same_trace = alone.hash == end.hash;
    if !same_trace && shadow.succession.open == 0 && shadow.reordered == 0 {
        shadow.differs("another trace, though Kafka had no choice".to_owned());
    }
    let shadowed = Shadowed {
        requests: shadow.sent,
        answers: shadow.answers,
        generations: shadow.generations,
        successions: shadow.succession.open,
        difference: shadow.difference,
        same_trace,
        context: shadow.context.into(),
    };
    (shadow.peer, shadowed)
}

struct Handle<P>(Rc<RefCell<Shadow<P>>>);

impl<P: Peer> Tap for Handle<P> {
    fn before_request(
        &mut self,
        coordinator: &mut Coordinator,
        cx: &Context<'_>,
        header: &RequestHeader,
        request: &Request,
    ) {
        self.0.borrow_mut().before_request(coordinator, cx, header, request);
    }

    fn before_timers(&mut self, coordinator: &mut Coordinator, cx: &Context<'_>) {
        self.0.borrow_mut().before_timers(coordinator, cx);
    }

    fn before_intervention(&mut self, coordinator: &mut Coordinator, cx: &mut Context<'_>, what: Intervention) {
        self.0.borrow_mut().before_intervention(coordinator, cx, what);
    }

    fn after(&mut self, coordinator: &Coordinator, cx: &Context<'_>, answers: &mut [broker::Answer]) {
        self.0.borrow_mut().after(coordinator, cx, answers);
    }
}

/// Under what a request and its answer travel in the simulation.
type Asked = (ConnectionId, CorrelationId);

struct Shadow<P> {
    peer: P,
    members: MemberNames,
    succession: Succession,
    /// Kafka's clock.
    now_ms: u64,
    /// Requests so far; each one's number is its id to the harness.
    sent: u64,
    /// Ids of requests that ours has not answered.
    parked: HashMap<Asked, u64>,
    /// Where requests came from that Kafka has not answered, and for which group.
    askers: HashMap<u64, (GroupId, Asked)>,
    /// What Kafka has said to what ours is about to do.
    expected: Reply,
    events_before: usize,
    answers: u64,
    generations: u64,
    /// How often Kafka gave several answers in another order than ours.
    reordered: u64,
    difference: Option<Difference>,
    context: VecDeque<String>,
}

impl<P: Peer> Shadow<P> {
    fn begin(&mut self, scenario: &Scenario) {
        let topics: Map<String, Value> =
            scenario.topics.iter().map(|topic| (topic.name.clone(), topic.partitions.into())).collect();
        let config = json!({ "op": "config", "broker": sent::settings(&scenario.broker), "topics": topics });
        self.peer.command(&config).unwrap_or_else(|error| panic!("{error}"));
    }

    fn before_request(
        &mut self,
        coordinator: &mut Coordinator,
        cx: &Context<'_>,
        header: &RequestHeader,
        request: &Request,
    ) {
        self.events_before = cx.recorder.pending().len();
        if self.difference.is_some() {
            return;
        }
        // What is due at this very millisecond ours has run already, or it comes after the request.
        self.clock(coordinator, cx, "advance_before_timers");
        self.sent += 1;
        let asked = (header.connection, header.correlation);
        let twice = self.parked.insert(asked, self.sent);
        assert!(twice.is_none(), "two requests under one number wait for their answers");
        self.askers.insert(self.sent, (group_of(request), asked));
        let mut sender = sent::Sender { names: cx.names, members: &mut self.members };
        let command = sender.command(self.sent, header, request);
        self.command(coordinator, &command);
    }

    fn before_timers(&mut self, coordinator: &mut Coordinator, cx: &Context<'_>) {
        self.events_before = cx.recorder.pending().len();
        if self.difference.is_none() {
            self.clock(coordinator, cx, "advance");
        }
    }

    /// Kafka's coordinator is made to do the same. It cannot be told that a retention is over; what that removes is deleted
    /// by requests instead, whose answers are nobody's business.
    fn before_intervention(&mut self, coordinator: &mut Coordinator, cx: &mut Context<'_>, what: Intervention) {
        self.events_before = cx.recorder.pending().len();
        if self.difference.is_some() {
            return;
        }
        self.clock(coordinator, cx, "advance_before_timers");
        let group = match what {
            Intervention::Unload(_) => {
                self.command(coordinator, &json!({ "op": "unload" }));
                return self.command(coordinator, &json!({ "op": "start_load" }));
            }
            Intervention::Load(_) => return self.command(coordinator, &json!({ "op": "finish_load" })),
            Intervention::Expire(group) => group,
        };
        let (partitions, whole) = coordinator.expiring(cx.names, group);
        let name = cx.names.text(group);
        let (api, body) = if whole {
            ("delete_groups", json!({ "groups_names": [name] }))
        } else {
            let topic = |p: &TopicPartition| json!({ "name": cx.names.text(p.topic), "partitions": [{ "partition_index": p.partition }] });
            let topics: Vec<Value> = partitions.iter().map(topic).collect();
            ("offset_delete", json!({ "group_id": name, "topics": topics }))
        };
        self.sent += 1;
        let id = self.sent;
        self.command(coordinator, &json!({ "op": "request", "id": id, "api": api, "body": body }));
        self.expected.answers.retain(|answer| answer.id != id);
    }

    fn after(&mut self, coordinator: &Coordinator, cx: &Context<'_>, answers: &mut [broker::Answer]) {
        if self.difference.is_some() {
            return;
        }
        let expected = std::mem::take(&mut self.expected);
        let ours = self.written(cx, answers);
        self.answers += expected.answers.len() as u64;
        self.difference = difference(&expected, &ours);
        let events = &cx.recorder.pending()[self.events_before..];
        if let Err(signature) = self.succession.observe(events, coordinator) {
            self.differs(format!("ours: {signature}"));
        }
        if self.difference.is_none() {
            self.reorder(cx, &expected, &ours, answers);
        }
    }

    /// Puts our answers in Kafka's order.
    fn reorder(&mut self, cx: &Context<'_>, kafka: &Reply, ours: &Reply, answers: &mut [broker::Answer]) {
        let Shadow { members, reordered, .. } = self;
        for (answer, written) in answers.iter_mut().zip(&ours.answers) {
            let Response::JoinGroup(join) = &mut answer.response else { continue };
            let said = kafka.answers.iter().find(|said| said.id == written.id);
            let listed = said.and_then(|said| said.body["members"].as_array()).map_or(&[][..], Vec::as_slice);
            join.members.sort_by_cached_key(|entry| {
                let name = members.name_of(cx.names.text(entry.member));
                listed.iter().position(|listed| listed["member_id"] == name)
            });
        }
        let mut ids: Vec<u64> = ours.answers.iter().map(|answer| answer.id).collect();
        *reordered += u64::from(!kafka.answers.iter().map(|said| said.id).eq(ids.iter().copied()));
        for (place, said) in kafka.answers.iter().enumerate() {
            let at = ids.iter().position(|&id| id == said.id).expect("both gave the same answers");
            ids.swap(place, at);
            answers.swap(place, at);
        }
    }

    /// Kafka's timers up to the end of the run; ours have all run.
    fn end(&mut self, end: &RunEnd) {
        let last_ms = end.virtual_time.as_us().div_ceil(1_000);
        let ms = last_ms.saturating_sub(self.now_ms);
        let said = self.peer.command(&json!({ "op": "advance_before_timers", "ms": ms }));
        let said = said.unwrap_or_else(|error| panic!("{error}"));
        if self.difference.is_none() {
            self.difference = difference(&said, &Reply::default());
        }
    }

    fn clock(&mut self, coordinator: &mut Coordinator, cx: &Context<'_>, op: &str) {
        let now_ms = cx.now.as_ms();
        let ms = now_ms.checked_sub(self.now_ms).expect("time goes on");
        if ms > 0 || op == "advance" {
            self.now_ms = now_ms;
            self.command(coordinator, &json!({ "op": op, "ms": ms }));
        }
    }

    fn command(&mut self, coordinator: &mut Coordinator, command: &Value) {
        let said = match self.peer.command(command) {
            Ok(said) => said,
            Err(error) => return self.differs(format!("Kafka: {error}")),
        };
        if self.context.len() >= SHOWN {
            self.context.pop_front();
        }
        let answers: Vec<String> = said.answers.iter().map(|a| format!("{} #{} {}", a.t, a.id, a.body)).collect();
        self.context.push_back(format!("{} {command} -> {answers:?}", self.now_ms));
        for answer in &said.answers {
            let Some((group, asked)) = self.askers.remove(&answer.id) else { continue };
            let (body, leader) = (&answer.body, &answer.body["leader"]);
            let Some(generation) = body["generation_id"].as_i64() else { continue };
            if body["error_code"] == "NONE" && leader == &body["member_id"] {
                self.generations += 1;
                let generation = Generation(i32::try_from(generation).expect("32 bits"));
                coordinator.prefer_leader(group, generation, asked);
            }
        }
        self.expected.answers.extend(said.answers);
    }

    /// Our answers as the harness would write them, naming members in its order.
    fn written(&mut self, cx: &Context<'_>, answers: &[broker::Answer]) -> Reply {
        let mut given: Vec<(u64, &Response)> = Vec::with_capacity(answers.len());
        for answer in answers {
            let id = self.parked.remove(&(answer.connection, answer.correlation));
            given.push((id.expect("an answer has a request"), &answer.response));
        }
        let mut told: Vec<(u64, MemberId)> = Vec::new();
        for (id, response) in &given {
            if let Response::JoinGroup(join) = response {
                told.push((*id, join.member));
            }
        }
        told.sort_unstable();
        for (_, member) in told {
            self.members.name_of(cx.names.text(member));
        }
        let mut writer = Writer { names: cx.names, members: &mut self.members };
        let t = cx.now.as_ms();
        let answers = given.iter().map(|(id, response)| Answer { t, id: *id, body: writer.answer(response) });
        Reply { answers: answers.collect(), t, next: None }
    }

    fn differs(&mut self, signature: String) {
        self.difference.get_or_insert(Difference { signature, kafka: None, ours: None });
    }
}

fn group_of(request: &Request) -> GroupId {
    let group = match request {
        Request::JoinGroup(request) => request.group,
        _ => None,
    };
    group.unwrap_or(GroupId::EMPTY)
}
