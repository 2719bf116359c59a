//! Plays a scenario: processes, orders, records, in real time, and notes down everything.

use super::child::{FromChild, Running};
use super::names::RunNames;
use super::process::{PendingStart, Process};
use super::producing::Producing;
use super::recording::{Item, Note, Recording};
use super::timeline::{Agenda, Control};
use super::{RealError, RealOptions};
use crate::choice::RandomChoice;
use crate::config::{MemberConfig, Membership};
use crate::ids::{ActorId, Incarnation};
use crate::kafka::cluster::Cluster;
use crate::kafka::member::{Order, Settings, Told};
use crate::kafka::wire::{Proxy, Seen, Stamp, Watcher};
use crate::scenario::{Scenario, apply_with};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the director may look at nothing but its mailbox.
const NAP_US: u64 = 20_000;
/// How long processes may take to be ready before t = 0.
const READY: Duration = Duration::from_secs(30);
/// How long members may take to leave their group after the end, so that it can be deleted.
const FAREWELL: Duration = Duration::from_secs(5);
/// Records later than this are told of.
const LATE_RECORDS: Duration = Duration::from_millis(500);
/// Records of nobody that are due at no time.
const AT_LEISURE: (ActorId, Stamp) = (ActorId::DRIVER, Stamp(u64::MAX));

/// A run under way. Dropping it kills every process.
pub struct Director<'a> {
    /// What is played.
    pub scenario: &'a Scenario,
    pub(super) cluster: &'a Cluster,
    pub(super) options: &'a RealOptions,
    pub(super) names: &'a RunNames,
    /// The scenario's luck.
    pub choice: RandomChoice,
    pub(super) seed: u64,
    /// t = 0.
    pub start: Stamp,
    /// What is due when.
    pub agenda: Agenda,
    /// All processes; actor `FIRST_CLIENT + i` is process i.
    pub processes: Vec<Process>,
    /// What was noted down.
    pub recording: Recording,
    /// Errors that the trace has no kind for.
    pub remarks: Vec<String>,
    partitions: BTreeMap<String, Arc<AtomicU32>>,
    producing: Producing,
    written: Receiver<(Stamp, Item)>,
    /// Threads that produce.
    streams: Vec<JoinHandle<()>>,
    stop_streams: Arc<AtomicBool>,
    seen: (Sender<Seen>, Receiver<Seen>),
    told: (Sender<FromChild>, Receiver<FromChild>),
    /// Proxies of processes that are gone: what those had sent is still on its way.
    retired: Vec<Proxy>,
    watchers: Vec<Watcher>,
}

impl<'a> Director<'a> {
    /// A run whose topics exist.
    pub fn new(
        scenario: &'a Scenario,
        cluster: &'a Cluster,
        options: &'a RealOptions,
        names: &'a RunNames,
    ) -> Result<Director<'a>, RealError> {
        let seed = options.seed.unwrap_or(scenario.seed);
        let (to, written) = channel();
        let producing =
            Producing::new(&options.bootstrap, &options.properties, names, to).map_err(RealError::Failed)?;
        let groups = scenario.groups.iter().enumerate();
        let configs = groups.flat_map(|(index, group)| group.member_configs.iter().map(move |config| (index, config)));
        let processes = (ActorId::FIRST_CLIENT.0..)
            .zip(configs)
            .map(|(actor, (group, config))| Process::new(ActorId(actor), group, config))
            .collect();
        let topics = scenario.topics.iter();
        Ok(Director {
            scenario,
            cluster,
            options,
            names,
            choice: RandomChoice::new(seed),
            seed,
            start: Stamp(0),
            agenda: Agenda::default(),
            processes,
            recording: Recording::default(),
            remarks: Vec::new(),
            partitions: topics.map(|t| (t.name.clone(), Arc::new(AtomicU32::new(t.partitions)))).collect(),
            producing,
            written,
            streams: Vec::new(),
            stop_streams: Arc::default(),
            seen: channel(),
            told: channel(),
            retired: Vec::new(),
            watchers: Vec::new(),
        })
    }

    /// The source number of a group's watcher: above those of all lives.
    fn watcher_source(group: usize) -> usize {
        usize::MAX - group
    }

    /// Plays the scenario to its end.
    pub fn play(&mut self, interrupt: &AtomicBool) -> Result<(), RealError> {
        self.preload(interrupt)?;
        self.watch()?;
        self.spawn_first(interrupt)?;
        self.start = Stamp::now();
        for process in 0..self.processes.len() {
            if let Some(running) = &mut self.processes[process].running {
                running.order(Order::Go);
            }
        }
        for topic in &self.scenario.topics {
            self.recording.push(self.start, Item::Note(Note::Topic(topic.name.clone(), topic.partitions)));
        }
        self.plan_timeline();
        self.stream();
        let cluster = self.cluster;
        let (lost, over) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| watch_cluster(cluster, &lost, &over));
            let result = self.direct(interrupt, &lost);
            over.store(true, Ordering::Relaxed);
            result
        })
    }

    /// Does everything at its time, until the end.
    fn direct(&mut self, interrupt: &AtomicBool, lost: &AtomicBool) -> Result<(), RealError> {
        let end = Stamp(self.start.0.saturating_add(self.scenario.run_for.as_us()));
        while Stamp::now() < end {
            while let Some(control) = self.agenda.take(Stamp::now()) {
                self.control(control);
            }
            self.listen(self.agenda.next().map_or(end, |next| next.min(end)));
            if interrupt.load(Ordering::Relaxed) {
                return Err(RealError::Interrupted);
            }
            if lost.load(Ordering::Relaxed) {
                return Err(RealError::ClusterLost(format!(
                    "the cluster at {} stopped answering {:.1} s into the run",
                    self.options.bootstrap,
                    (Stamp::now().0 - self.start.0) as f64 / 1e6
                )));
            }
        }
        Ok(())
    }

    /// Records that are there from the start.
    fn preload(&mut self, interrupt: &AtomicBool) -> Result<(), RealError> {
        self.producing.send((&self.names.real(super::WARM_UP), 0), 1, 1, AT_LEISURE, interrupt);
        for topic in &self.scenario.topics {
            let mut counts = Vec::new();
            crate::sim::produce::round_robin(0, topic.preload, topic.partitions, &mut counts);
            let real = self.names.real(&topic.name);
            for (partition, count) in counts {
                self.producing.send((&real, partition), count, topic.preload_size, AT_LEISURE, interrupt);
            }
        }
        if interrupt.load(Ordering::Relaxed) {
            return Err(RealError::Interrupted);
        }
        match self.producing.flush() {
            0 => Ok(()),
            _ => Err(RealError::ClusterLost(format!(
                "the records that are there from the start could not be written to the cluster at {}",
                self.options.bootstrap
            ))),
        }
    }

    fn watch(&mut self) -> Result<(), RealError> {
        for (index, group) in self.scenario.groups.iter().enumerate().filter(|(_, group)| !group.standalone) {
            let source = Self::watcher_source(index);
            let name = self.names.real(&group.name);
            let watcher = self.cluster.watch(source, &name, self.seen.0.clone());
            self.watchers
                .push(watcher.map_err(|error| RealError::Failed(format!("a group cannot be watched: {error}")))?);
        }
        Ok(())
    }

    /// Spawns everybody who is there from the start, and waits until they are ready.
    fn spawn_first(&mut self, interrupt: &AtomicBool) -> Result<(), RealError> {
        let groups = self.scenario.groups.iter();
        let at_zero = groups.flat_map(|group| group.member_configs.iter().zip(&group.starts_at_zero));
        let names: Vec<&str> = at_zero.filter_map(|(config, &starts)| starts.then_some(config.name.as_str())).collect();
        let mut waiting = 0;
        for index in 0..self.processes.len() {
            if names.contains(&self.processes[index].name.as_str()) {
                self.spawn(index)?;
                waiting += 1;
            }
        }
        let end = std::time::Instant::now() + READY;
        while waiting > 0 {
            match self.told.1.recv_timeout(Duration::from_millis(100)) {
                Ok((_, Some(report))) if report.told == Told::Ready => waiting -= 1,
                Ok((_, None)) => {
                    return Err(RealError::Failed(format!(
                        "a member's process ended before it began; is {} this program?",
                        self.options.program.display()
                    )));
                }
                _ => {}
            }
            if interrupt.load(Ordering::Relaxed) {
                return Err(RealError::Interrupted);
            }
            if std::time::Instant::now() > end {
                return Err(RealError::Failed("the members' processes were not ready in 30 s".to_owned()));
            }
        }
        Ok(())
    }

    /// Spawns the next life of a process; it waits for `go`.
    fn spawn(&mut self, index: usize) -> Result<(), RealError> {
        let process = &mut self.processes[index];
        let incarnation = Incarnation(process.incarnation.0 + 1);
        let life = self.recording.live(index, incarnation);
        let fail = |error: std::io::Error| RealError::Failed(format!("{} cannot be started: {error}", process.name));
        let proxy = Proxy::start(&self.options.bootstrap, life, self.seen.0.clone()).map_err(fail)?;
        proxy.cut(process.cuts > 0);
        let settings = Settings {
            member: real_member(&process.config, self.names),
            bootstrap: proxy.address().to_string(),
            properties: self.options.properties.clone(),
            seed: self.seed,
            incarnation: incarnation.0,
            fault: process.fault(),
        };
        let running = Running::spawn(&self.options.program, &settings, life, proxy, self.told.0.clone());
        process.running = Some(running.map_err(fail)?);
        process.incarnation = incarnation;
        process.told_fault = settings.fault;
        Ok(())
    }

    /// Starts the pending life of a process, if it is time for it.
    pub fn start_process(&mut self, index: usize) {
        let at = Stamp::now();
        let process = &mut self.processes[index];
        if process.running.is_some() {
            return;
        }
        let Some(PendingStart { restart_of, with, .. }) = process.pending.take_if(|pending| pending.at <= at) else {
            return;
        };
        if !with.is_empty() {
            process.config = apply_with(&process.config, &with);
        }
        if let Some(line) = restart_of {
            let note = Note::FaultEnd(process.actor, crate::trace::Verb::Restart, line);
            self.note(note);
        }
        match self.spawn(index) {
            Ok(()) => {
                if let Some(running) = &mut self.processes[index].running {
                    running.order(Order::Go);
                }
            }
            Err(error) => self.remarks.push(error.to_string()),
        }
    }

    /// A process is no more: a start that waited for this is planned.
    pub fn process_gone(&mut self, index: usize) {
        let process = &mut self.processes[index];
        if let Some(running) = process.running.take() {
            self.retired.extend(running.into_proxy());
        }
        process.gone();
        if let Some(pending) = &process.pending {
            self.agenda.plan(pending.at.max(Stamp::now()), Control::Start(index));
        }
    }

    /// Takes in what children and proxies say, until `until` or a short while.
    fn listen(&mut self, until: Stamp) {
        let left = until.0.saturating_sub(Stamp::now().0).min(NAP_US);
        let mut wait = Duration::from_micros(left);
        while let Ok(from) = self.told.1.recv_timeout(wait) {
            self.heard(from);
            wait = Duration::ZERO;
            if Stamp::now() >= until {
                break;
            }
        }
        self.take_seen();
    }

    fn heard(&mut self, (life, report): FromChild) {
        match report {
            Some(report) => {
                let at = Stamp(report.at);
                self.remark_of(life, &report.told);
                self.recording.push(at, Item::Told(life, report.told));
            }
            None => {
                let index = self.recording.lives[life].process;
                if let Some(running) = self.processes[index].running.as_mut().filter(|running| running.life == life) {
                    running.kill();
                    self.note(Note::Gone(life));
                    self.process_gone(index);
                }
            }
        }
    }

    /// Keeps the first of what processes say that the trace has no kind for.
    fn remark_of(&mut self, life: usize, told: &Told) {
        let (Told::Broken { text } | Told::Failed { text, .. } | Told::Remark { text }) = told else { return };
        let remark = format!("{}: {text}", self.processes[self.recording.lives[life].process].name);
        if self.remarks.len() < MOST_REMARKS && !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    fn take_seen(&mut self) {
        let groups = self.scenario.groups.len();
        while let Ok(seen) = self.seen.1.try_recv() {
            let group = usize::MAX - seen.source;
            let item = if group < groups { Item::Group(group, seen.what) } else { Item::Wire(seen.source, seen.what) };
            self.recording.push(seen.at, item);
        }
        while let Ok((at, item)) = self.written.try_recv() {
            if !matches!(&item, Item::Note(Note::Append { topic, .. }) if topic == super::WARM_UP) {
                self.recording.push(at, item);
            }
        }
    }

    fn stream(&mut self) {
        let mut actor = ActorId::FIRST_CLIENT.0 + self.processes.len() as u32;
        for topic in &self.scenario.topics {
            for produce in &topic.produce {
                let partitions = self.partitions[&topic.name].clone();
                self.streams.push(self.producing.stream(
                    self.names.real(&topic.name),
                    *produce,
                    partitions,
                    ActorId(actor),
                    self.start,
                    self.stop_streams.clone(),
                ));
                actor += 1;
            }
        }
    }

    /// All topics with their partitions.
    pub fn topics(&self) -> Vec<(String, u32)> {
        let partitions = self.partitions.iter();
        partitions.map(|(topic, partitions)| (topic.clone(), partitions.load(Ordering::Relaxed))).collect()
    }

    /// How many partitions a topic has.
    pub fn partitions_of(&self, topic: &str) -> u32 {
        self.partitions.get(topic).map_or(0, |partitions| partitions.load(Ordering::Relaxed))
    }

    /// Adds partitions to a topic.
    pub fn add_partitions(&mut self, topic: &str, to: u32) {
        match self.cluster.add_partitions(&self.names.real(topic), to) {
            Ok(()) => {
                self.note(Note::Topic(topic.to_owned(), to));
                self.producing.learn(&self.names.real(topic));
                if let Some(partitions) = self.partitions.get(topic) {
                    partitions.store(to, Ordering::Relaxed);
                }
            }
            Err(error) => self.remarks.push(error.to_string()),
        }
    }

    /// Writes records of a timeline event.
    pub fn produce(&mut self, topic: &str, size: u32, counts: &[(u32, u64)]) {
        let (topic, counts, producing) = (self.names.real(topic), counts.to_vec(), self.producing.clone());
        let stop = self.stop_streams.clone();
        let of = (ActorId::DRIVER, Stamp::now());
        self.streams.push(std::thread::spawn(move || {
            for (partition, count) in counts {
                producing.send((&topic, partition), count, size, of, &stop);
            }
        }));
    }

    /// Says so if records got into the log later than the scenario says.
    pub fn tell_late_records(&mut self) {
        let late = self.producing.late();
        if late > LATE_RECORDS {
            let sentence = "records were in the log up to {} s later than the scenario has them";
            self.remarks.push(sentence.replace("{}", &format!("{:.1}", late.as_secs_f64())));
        }
    }

    /// The end: nothing more is produced, nobody goes on.
    pub fn halt(&mut self) {
        self.stop_streams.store(true, Ordering::Relaxed);
        for process in &mut self.processes {
            process.pending = None;
            if let Some(running) = &process.running {
                running.freeze(true);
            }
        }
        for stream in self.streams.drain(..) {
            let _ = stream.join();
        }
    }

    /// After the end: lets everybody go, so that groups are empty and can be deleted, and takes in what is still to be said.
    pub fn part(&mut self) {
        for process in &mut self.processes {
            if let Some(running) = &mut process.running {
                if process.pauses > 0 {
                    // What it says from now on it has not said when it was frozen.
                    self.recording.push(Stamp::now(), Item::Note(Note::Resume(running.life)));
                }
                running.cut(false);
                running.freeze(false);
                running.order(Order::Handler(crate::kafka::member::Fault::None));
                running.order(Order::Stop);
            }
        }
        let end = std::time::Instant::now() + FAREWELL;
        while self.processes.iter().any(|process| process.running.is_some()) && std::time::Instant::now() < end {
            self.listen(Stamp(u64::MAX));
        }
        for process in &mut self.processes {
            process.running = None;
        }
        self.take_seen();
        match self.producing.failures() {
            0 => {}
            failed => self.remarks.push(format!("{failed} records could not be written")),
        }
    }
}

/// A member's settings with what the cluster calls topics and group.
fn real_member(config: &MemberConfig, names: &RunNames) -> MemberConfig {
    let mut member = config.clone();
    member.scope = names.real(&member.scope);
    match &mut member.membership {
        Membership::Subscribe { group, topics, .. } => {
            *group = names.real(group);
            topics.iter_mut().for_each(|topic| *topic = names.real(topic));
        }
        Membership::Assign(partitions) => partitions.iter_mut().for_each(|(topic, _)| *topic = names.real(topic)),
    }
    member
}

impl Drop for Director<'_> {
    fn drop(&mut self) {
        self.stop_streams.store(true, Ordering::Relaxed);
        for process in &mut self.processes {
            process.running = None;
        }
    }
}

/// Remarks beyond these are not kept.
const MOST_REMARKS: usize = 50;

/// So many questions in a row without an answer: the cluster is gone.
const MISSES: u32 = 3;

/// Asks now and then whether the cluster is still there, until it is `lost` or all is `over`.
fn watch_cluster(cluster: &Cluster, lost: &AtomicBool, over: &AtomicBool) {
    let mut misses = 0;
    while misses < MISSES {
        for _ in 0..10 {
            if over.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        misses = if cluster.is_alive() { 0 } else { misses + 1 };
    }
    lost.store(true, Ordering::Relaxed);
}
