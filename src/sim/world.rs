//! The world: wires broker and clients through queue and network, and lets time jump from one due instant to the next.

use super::Strategies;
use super::message::Message;
use super::network::Connections;
use super::process::{Process, Program};
use super::produce::Stream;
use super::queue::{Control, Due, Queue};
use super::timeline::Timeline;
use crate::broker::{Answer, Broker};
use crate::choice::{Choice, Purpose};
use crate::client::{Member, MemberOutput, Producer, ResultStore, Running};
use crate::context::Context;
use crate::ids::*;
use crate::protocol::{ClientInfo, Request, RequestHeader};
use crate::scenario::{Scenario, apply_with, apply_with_to_producer};
use crate::time::Instant;
use crate::trace::{Channel, Kind, Recorder, Verb};
use std::collections::VecDeque;

/// More steps than this at one instant mean that somebody never lets time go on: a bug of ours.
const MAX_STEPS_AT_ONE_INSTANT: u64 = 20_000_000;

/// A context for `$world` at its instant, borrowing only what it needs.
macro_rules! cx {
    ($world:expr, $cause:expr) => {
        &mut Context {
            now: $world.now,
            cause: $cause,
            names: &mut $world.names,
            choice: &mut *$world.choice,
            recorder: &mut $world.recorder,
        }
    };
}
pub(super) use cx;

/// A stream of records with its topic and the actor that the trace shows.
pub struct ProducerStream {
    /// Where the records go.
    pub topic: TopicName,
    /// Who writes them.
    pub actor: ActorId,
    /// Says where its records stand among other events at one instant.
    pub place: u64,
    /// When and how many.
    pub stream: Stream,
}

/// Everything that a run consists of.
pub struct World<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Virtual time.
    pub now: Instant,
    /// The names that events refer to.
    pub names: Names,
    /// The choice source.
    pub choice: Box<dyn Choice>,
    /// Events not yet shown to observers.
    pub recorder: Recorder,
    /// The broker.
    pub broker: Broker,
    /// The network.
    pub connections: Connections,
    /// What is due.
    pub queue: Queue,
    /// All processes; actor `FIRST_CLIENT + i` is process i.
    pub processes: Vec<Process>,
    /// All streams of records.
    pub streams: Vec<ProducerStream>,
    /// The expanded timeline.
    pub timeline: Timeline,
    due: Vec<(u64, Due)>,
    ordered: Vec<(u64, u64, Due)>,
    pub(super) answers: Vec<Answer>,
    pub(super) outputs: Vec<MemberOutput>,
    counts: Vec<(u32, u64)>,
    /// Cuts in force, of all processes together.
    pub(super) cuts: u32,
    steps_at_instant: u64,
    strategies: Option<&'a Strategies<'a>>,
    /// What each group's application keeps with its results.
    results: Vec<ResultStore>,
}

impl<'a> World<'a> {
    /// The world of `scenario` before its first instant; [`World::set_up`] fills it.
    pub fn new(scenario: &'a Scenario, choice: Box<dyn Choice>, processes: Vec<Process>) -> Self {
        World {
            scenario,
            now: Instant::ZERO,
            names: Names::new(),
            choice,
            recorder: Recorder::new(),
            broker: Broker::new(scenario.broker.clone()),
            connections: Connections::new(scenario.network),
            queue: Queue::new(ActorId::FIRST_CLIENT.0 as usize + processes.len()),
            processes,
            streams: Vec::new(),
            timeline: Timeline::default(),
            due: Vec::new(),
            ordered: Vec::new(),
            answers: Vec::new(),
            outputs: Vec::new(),
            counts: Vec::new(),
            cuts: 0,
            steps_at_instant: 0,
            strategies: None,
            results: scenario.groups.iter().map(|_| ResultStore::default()).collect(),
        }
    }

    /// Processes commit as these strategies say; before [`World::set_up`].
    pub fn set_strategies(&mut self, strategies: &'a Strategies<'a>) {
        self.strategies = Some(strategies);
        for process in &mut self.processes {
            let Program::Member(config) = &mut process.program else { continue };
            process.strategy = strategies(config);
            if process.strategy.is_some() {
                config.commit = config.commit.of_own_strategy();
            }
        }
    }

    /// Jumps to the next instant before `end` at which something is due. False if there is none.
    pub fn advance(&mut self, end: Instant) -> bool {
        match self.queue.next_instant() {
            Some(next) if next < end => {
                if next > self.now {
                    self.steps_at_instant = 0;
                }
                self.now = self.now.max(next);
                self.due.clear();
                self.queue.take_due(self.now, &mut self.due);
                self.order_ties();
                true
            }
            _ => false,
        }
    }

    /// Does the next thing that is due at this instant. False if nothing is left; then [`World::advance`].
    pub fn step(&mut self) -> bool {
        let Some((_, due)) = self.due.pop() else { return false };
        self.steps_at_instant += 1;
        assert!(self.steps_at_instant < MAX_STEPS_AT_ONE_INSTANT, "virtual time does not go on at {}", self.now);
        match due {
            Due::Message(slot) => {
                let message = self.queue.take_message(slot);
                self.arrive(message);
            }
            Due::Wake(ActorId::BROKER) => {
                self.broker.handle_deadline(cx!(self, Seq::NONE), &mut self.answers);
                self.after_broker();
            }
            Due::Wake(actor) => self.wake_process(Self::index(actor)),
            Due::Control(control) => self.control(control),
        }
        true
    }

    /// Puts what is due at one instant in its drawn order, last first. One draw per instant; each connection and actor
    /// gets a place from it, so that the messages of one connection never overtake each other.
    fn order_ties(&mut self) {
        if self.due.len() < 2 {
            return;
        }
        let luck = self.choice.draw_at(Purpose::Tie, ActorId::DRIVER, self.now.as_us(), u64::MAX);
        self.ordered.clear();
        for &(number, due) in &self.due {
            let place = match due {
                Due::Message(slot) => {
                    let message = self.queue.message(slot);
                    let place = self.connections.get(message.connection()).map_or(0, |connection| connection.place);
                    place.wrapping_add(u64::from(message.to_broker()))
                }
                Due::Wake(ActorId::BROKER) => 1,
                Due::Wake(actor) => self.processes[Self::index(actor)].place.wrapping_add(2),
                Due::Control(Control::Start(process)) => self.processes[process as usize].place.wrapping_add(3),
                Due::Control(Control::Produce(stream)) => self.streams[stream as usize].place,
                Due::Control(_) => 5,
            };
            self.ordered.push((mix(luck ^ mix(place)), number, due));
        }
        self.ordered.sort_unstable_by(|a, b| b.cmp(a));
        self.due.clear();
        self.due.extend(self.ordered.iter().map(|&(_, number, due)| (number, due)));
    }

    fn index(actor: ActorId) -> usize {
        (actor.0 - ActorId::FIRST_CLIENT.0) as usize
    }

    fn arrive(&mut self, message: Message) {
        let id = message.connection();
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.in_flight -= 1;
        if self.cuts > 0 {
            let process = &mut self.processes[Self::index(connection.owner)];
            if process.cuts > 0 {
                process.stalled.insert(id);
                connection.stalled.push(message);
                return;
            }
        }
        match message {
            Message::ToBroker { header, request } => {
                if connection.busy {
                    connection.waiting.push_back((header, request));
                } else {
                    self.take_up(header, request);
                    self.after_broker();
                }
            }
            Message::ToClient { .. } => self.answer_arrives(message),
        }
    }

    fn take_up(&mut self, header: RequestHeader, request: Request) {
        if let Some(connection) = self.connections.get_mut(header.connection) {
            connection.busy = true;
        }
        self.broker.handle_request(cx!(self, header.cause), header, request, &mut self.answers);
    }

    /// Sends the broker's answers, lets it take up what waited for them, and moves its wake-up.
    pub fn after_broker(&mut self) {
        let mut next = 0;
        while next < self.answers.len() {
            let blank = crate::protocol::Response::Heartbeat(Default::default());
            let answer = &mut self.answers[next];
            let (id, correlation, cause) = (answer.connection, answer.correlation, answer.cause);
            let response = std::mem::replace(&mut answer.response, blank);
            next += 1;
            let Some(connection) = self.connections.get_mut(id) else { continue };
            connection.busy = false;
            let waiting = connection.waiting.pop_front();
            if !connection.client_gone {
                let at = self.connections.arrival(id, false, self.now, &mut *self.choice);
                self.queue.push_message(at, Message::ToClient { connection: id, correlation, response, cause });
            }
            match waiting {
                Some((header, request)) => self.take_up(header, request),
                None => self.connections.release(id),
            }
        }
        self.answers.clear();
        let wake = self.broker.next_deadline().map(|at| at.max(self.now));
        self.queue.set_wake(ActorId::BROKER, wake);
    }

    fn answer_arrives(&mut self, message: Message) {
        let id = message.connection();
        let Some(connection) = self.connections.get(id) else { return };
        if connection.client_gone {
            return self.connections.release(id);
        }
        let (index, channel) = (Self::index(connection.owner), connection.channel);
        let process = &mut self.processes[index];
        if process.paused() {
            process.inbox.push_back(message);
            return;
        }
        let Message::ToClient { correlation, response, cause, .. } = message else { return };
        let Some(member) = &mut process.member else { return };
        member.handle_response(cx!(self, cause), channel, correlation, response, &mut self.outputs);
        self.after_member(index);
    }

    fn wake_process(&mut self, index: usize) {
        let process = &mut self.processes[index];
        if process.paused() {
            return;
        }
        let Some(member) = &mut process.member else { return };
        member.handle_deadline(cx!(self, Seq::NONE), &mut self.outputs);
        self.after_member(index);
    }

    /// Carries out what a client wants, and moves its wake-up.
    pub fn after_member(&mut self, index: usize) {
        let mut outputs = std::mem::take(&mut self.outputs);
        for output in outputs.drain(..) {
            match output {
                MemberOutput::Send { channel, lane, correlation, api_version, request, cause } => {
                    self.send(index, (channel, lane), correlation, api_version, request, cause);
                }
                MemberOutput::Disconnect { channel, lane } => {
                    if let Some(id) = self.processes[index].connection(channel, lane).take() {
                        self.hang_up(id, true);
                    }
                }
                MemberOutput::Exited { cause } => self.process_gone(index, cause),
            }
        }
        self.outputs = outputs;
        let now = self.now;
        let process = &self.processes[index];
        let wake = match &process.member {
            Some(member) if !process.paused() => member.next_deadline().map(|at| at.max(now)),
            _ => None,
        };
        self.queue.set_wake(process.actor, wake);
    }

    /// The client has nothing more to do with a connection.
    fn hang_up(&mut self, id: ConnectionId, dropped: bool) {
        if let Some(connection) = self.connections.get_mut(id) {
            (connection.client_gone, connection.dropped) = (true, dropped);
        }
        self.connections.release(id);
    }

    fn send(
        &mut self,
        index: usize,
        (channel, lane): (Channel, u32),
        correlation: CorrelationId,
        api_version: i16,
        request: Request,
        cause: Seq,
    ) {
        let process = &mut self.processes[index];
        let client = ClientInfo {
            actor: process.actor,
            incarnation: process.incarnation,
            client_id: process.client_id,
            host: process.host,
        };
        let connection = match *process.connection(channel, lane) {
            Some(id) => id,
            None => {
                let id = self.connections.open(client.actor, channel, process.next_place());
                *process.connection(channel, lane) = Some(id);
                id
            }
        };
        let at = self.connections.arrival(connection, true, self.now, &mut *self.choice);
        let header = RequestHeader { connection, correlation, api_version, client, cause };
        self.queue.push_message(at, Message::ToBroker { header, request });
    }

    /// The process is no more: its connections die, and a restart that waited for this is scheduled.
    pub fn process_gone(&mut self, index: usize, cause: Seq) {
        let process = &mut self.processes[index];
        process.gone();
        for id in process.take_connections() {
            self.hang_up(id, false);
        }
        let process = &mut self.processes[index];
        self.queue.set_wake(process.actor, None);
        self.plan_start(index, cause);
        self.succeed(index, cause);
    }

    /// Starts the pending incarnation of a process, if it is time for it.
    pub fn start_process(&mut self, index: usize) {
        let (now, process) = (self.now, &mut self.processes[index]);
        if process.running() {
            return;
        }
        let Some(pending) = process.pending_start.take_if(|pending| pending.at <= now) else { return };
        if !pending.with.is_empty() {
            process.program = match &process.program {
                Program::Member(config) => Program::Member(Box::new(apply_with(config, &pending.with))),
                Program::Producer(config) => Program::Producer(Box::new(apply_with_to_producer(config, &pending.with))),
            };
        }
        process.client_id = ClientId(self.names.intern(process.program.client_id()));
        let mut cause = pending.cause;
        if let Some((line, target)) = pending.restart_of {
            let kind = Kind::FaultEnd { target, verb: Verb::Restart, index: line };
            cause = cx!(self, cause).emit(ActorId::DRIVER, Incarnation(0), kind);
        }
        process.incarnation.0 += 1;
        let (actor, incarnation) = (process.actor, process.incarnation);
        let mut member = match &process.program {
            Program::Producer(config) => Running::Producer(Producer::new((**config).clone(), actor, incarnation)),
            Program::Member(config) => {
                let mut member = Member::new((**config).clone(), actor, incarnation);
                if let Some(results) = process.group.and_then(|group| self.results.get(group)) {
                    member = member.with_results(results.clone());
                }
                let strategy = process.strategy.take().or_else(|| self.strategies.and_then(|make| make(config)));
                Running::Member(match strategy {
                    Some(strategy) => member.with_strategy(strategy),
                    None => member,
                })
            }
        };
        member.start(cx!(self, cause), &mut self.outputs);
        process.member = Some(member);
        self.apply_handler_fault(index, cause);
    }

    /// Tells the client in a process how its handler works, if that has changed. A frozen one learns it when it goes on.
    pub fn apply_handler_fault(&mut self, index: usize, cause: Seq) {
        let process = &mut self.processes[index];
        let fault = process.handler_fault();
        if let Some(member) = process.member.as_mut().filter(|_| process.pauses == 0 && process.told_fault != fault) {
            process.told_fault = fault;
            member.set_handler_fault(cx!(self, cause), fault, &mut self.outputs);
        }
        self.after_member(index);
    }

    /// Lets a frozen process go on: its overdue deadlines and the answers that wait for it fall due now, in drawn order,
    /// first come first served on each connection.
    pub fn resume_process(&mut self, index: usize, cause: Seq) {
        let process = &mut self.processes[index];
        if let Some(member) = &mut process.member {
            member.resume(cx!(self, cause));
        }
        self.apply_handler_fault(index, cause);
        let process = &mut self.processes[index];
        let mut queues: [VecDeque<Message>; 2] = Default::default();
        for message in std::mem::take(&mut process.inbox) {
            if let Some(connection) = self.connections.get(message.connection()) {
                queues[connection.channel as usize].push_back(message);
            }
        }
        let actor = process.actor;
        while let Some(member) = &self.processes[index].member {
            let overdue = member.next_deadline().is_some_and(|at| at <= self.now);
            let mut ready: Vec<usize> = (0..2).filter(|&queue| !queues[queue].is_empty()).collect();
            if ready.is_empty() {
                break;
            }
            if overdue {
                ready.push(2);
            }
            match ready[self.choice.draw(Purpose::Tie, actor, ready.len() as u64) as usize] {
                2 => self.wake_process(index),
                queue => {
                    let message = queues[queue].pop_front().expect("the queue is not empty");
                    self.answer_arrives(message);
                }
            }
        }
        let process = &mut self.processes[index];
        let stop = std::mem::take(&mut process.stop_when_resumed);
        if let Some(member) = process.member.as_mut().filter(|_| stop) {
            member.stop(cx!(self, cause), &mut self.outputs);
        }
        self.after_member(index);
    }

    /// A cut of the network is healed: what was held up arrives now, in order on each connection and in drawn order among
    /// them. What was sent on a connection that the client has dropped meanwhile arrives up to a drawn message.
    pub fn heal(&mut self, index: usize) {
        let actor = self.processes[index].actor;
        let mut queues: Vec<VecDeque<Message>> = Vec::new();
        for id in std::mem::take(&mut self.processes[index].stalled) {
            let Some(connection) = self.connections.get_mut(id) else { continue };
            let (mut sent, answers): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(&mut connection.stalled).into_iter().partition(Message::to_broker);
            if connection.dropped {
                let arriving = self.choice.draw(Purpose::CutDelivery, actor, sent.len() as u64 + 1);
                sent.truncate(arriving as usize);
            }
            connection.in_flight += (sent.len() + answers.len()) as u32;
            if sent.is_empty() && answers.is_empty() {
                self.connections.release(id);
            }
            queues.extend([sent, answers].into_iter().filter(|queue| !queue.is_empty()));
        }
        while !queues.is_empty() {
            let place = self.choice.draw(Purpose::Tie, actor, queues.len() as u64) as usize;
            if let Some(message) = queues[place].pop_front() {
                self.arrive(message);
            }
            queues.retain(|queue| !queue.is_empty());
        }
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::Start(process) => self.start_process(process as usize),
            Control::Produce(stream) => self.produce(stream as usize),
            Control::Timeline(planned) => self.timeline_event(planned as usize),
            Control::Step(step) => self.timeline_step(step),
            Control::WindowOver(window) => self.window_over(window),
            Control::Outgoing(process) => self.outgoing(process as usize),
            Control::GraceOver(process, incarnation) => self.grace_over(process as usize, Incarnation(incarnation)),
        }
    }

    fn produce(&mut self, index: usize) {
        let ProducerStream { topic, actor, stream, .. } = &mut self.streams[index];
        let (topic, actor, size) = (*topic, *actor, stream.size());
        let partitions = self.broker.partitions(topic).unwrap_or(0);
        let mut counts = std::mem::take(&mut self.counts);
        if let Some(next) = stream.take(self.now, partitions, &mut counts) {
            self.queue.push_control(next, Control::Produce(index as u32));
        }
        self.append(topic, actor, size, &counts, Seq::NONE);
        self.counts = counts;
    }

    /// Appends records to partitions of a topic.
    pub fn append(&mut self, topic: TopicName, producer: ActorId, size: u32, counts: &[(u32, u64)], cause: Seq) {
        for &(partition, count) in counts {
            let partition = TopicPartition::new(topic, partition);
            self.broker.append(cx!(self, cause), partition, count, size, producer, &mut self.answers);
        }
        self.after_broker();
    }
}

/// Spreads the bits of a number (the finaliser of SplitMix64).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
