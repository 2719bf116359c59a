//! The timeline, done to real processes (scenario files, section 6). What the simulator does at an instant is done here at
//! the same instant of the clock, to the same targets.

use super::director::Director;
use super::process::PendingStart;
use super::recording::{Item, Note};
use crate::choice::{Choice, Purpose};
use crate::ids::{ActorId, Incarnation};
use crate::kafka::member::{Fault, Order};
use crate::kafka::wire::Stamp;
use crate::scenario::{Action, Selector, glob_matches};
use crate::sim::instants;
use crate::sim::produce::round_robin;
use crate::time::Duration;
use crate::trace::Verb;
use std::collections::BTreeMap;

/// What is due at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Control {
    /// A line of the timeline.
    Line(u32),
    /// A process's turn in a staggered restart: line and process.
    Step(u32, usize),
    /// A window is over.
    WindowOver(u32),
    /// The grace of a clean shutdown is over: process and life.
    GraceOver(usize, Incarnation),
    /// A pending start may be due.
    Start(usize),
}

/// A pause, a cut, a slow or stuck handler that will end.
struct Window {
    process: usize,
    incarnation: Incarnation,
    verb: Verb,
    line: u32,
}

/// What is planned, and what will end.
#[derive(Default)]
pub struct Agenda {
    due: BTreeMap<(Stamp, u64), Control>,
    planned: u64,
    windows: BTreeMap<u32, Window>,
    windows_so_far: u32,
}

impl Agenda {
    /// Plans something.
    pub fn plan(&mut self, at: Stamp, control: Control) {
        self.planned += 1;
        self.due.insert((at, self.planned), control);
    }

    /// When the next thing is due.
    pub fn next(&self) -> Option<Stamp> {
        self.due.keys().next().map(|key| key.0)
    }

    /// The next thing that is due by `now`.
    pub fn take(&mut self, now: Stamp) -> Option<Control> {
        let key = *self.due.keys().next().filter(|key| key.0 <= now)?;
        self.due.remove(&key)
    }
}

fn later(at: Stamp, by: Duration) -> Stamp {
    Stamp(at.0.saturating_add(by.as_us()))
}

impl Director<'_> {
    /// Plans every line of the timeline from t = 0 at `self.start` on.
    pub fn plan_timeline(&mut self) {
        let scenario = self.scenario;
        for (line, event) in (0u32..).zip(&scenario.timeline) {
            for at in instants(line.into(), event, &mut self.choice) {
                self.agenda.plan(Stamp(self.start.0.saturating_add(at.as_us())), Control::Line(line));
            }
        }
    }

    /// Does what is due.
    pub fn control(&mut self, control: Control) {
        match control {
            Control::Line(line) => self.line(line),
            Control::Step(line, process) => self.act(line, process),
            Control::WindowOver(window) => self.window_over(window),
            Control::GraceOver(index, incarnation) => {
                let process = &self.processes[index];
                if process.running.is_some() && process.stopping && process.incarnation == incarnation {
                    self.kill(index, Note::Killed);
                }
            }
            Control::Start(index) => self.start_process(index),
        }
    }

    fn line(&mut self, line: u32) {
        let scenario = self.scenario;
        match &scenario.timeline[line as usize].action {
            Action::Restart { who, one_every: Some(pace), .. } => {
                let at = Stamp::now();
                for (turn, process) in (0u64..).zip(self.select(line, who, Verb::Restart)) {
                    self.agenda.plan(later(at, *pace * turn), Control::Step(line, process));
                }
            }
            Action::Scale { group, to, grace } => self.scale(line, group, *to, *grace),
            Action::AddPartitions { topic, to } => {
                if self.partitions_of(topic) >= *to {
                    return self.ignored(ActorId::BROKER, Verb::AddPartitions, line);
                }
                self.fault_start(ActorId::BROKER, Verb::AddPartitions, line);
                self.add_partitions(topic, *to);
            }
            Action::Produce { topic, records, size, partition } => {
                self.fault_start(ActorId::BROKER, Verb::Produce, line);
                let mut counts = Vec::new();
                match partition {
                    Some(partition) => counts.push((*partition, *records)),
                    None => round_robin(0, *records, self.partitions_of(topic), &mut counts),
                }
                self.produce(topic, *size, &counts);
            }
            // Such a scenario is not played: see `comparable`.
            action @ (Action::DeleteRecords { .. }
            | Action::CreateTopic { .. }
            | Action::ExpireOffsets { .. }
            | Action::ResetOffsets { .. }
            | Action::Failover { .. }) => self.ignored(ActorId::BROKER, action.verb(), line),
            action @ (Action::Start { who, .. }
            | Action::Stop { who, .. }
            | Action::Crash { who }
            | Action::Restart { who, .. }
            | Action::Pause { who, .. }
            | Action::Slow { who, .. }
            | Action::Stuck { who, .. }
            | Action::Cut { who, .. }) => {
                for process in self.select(line, who, action.verb()) {
                    self.act(line, process);
                }
            }
        }
    }

    fn select(&mut self, line: u32, who: &Selector, verb: Verb) -> Vec<usize> {
        let selected = self.selected(who, verb);
        if selected.is_empty() {
            self.ignored(ActorId::DRIVER, verb, line);
        }
        selected
    }

    /// The processes that a selector means now, by group, then number. Globs and groups leave out processes that have
    /// never run, unless they are to be started.
    fn selected(&mut self, who: &Selector, verb: Verb) -> Vec<usize> {
        let scenario = self.scenario;
        let processes = &self.processes;
        let known = |index: &usize| {
            let process = &processes[*index];
            verb == Verb::Start || process.incarnation.0 > 0 || process.pending.is_some()
        };
        let of_group = |index: &usize, group: &str| scenario.groups[processes[*index].group].name == group;
        let all = 0..processes.len();
        match who {
            Selector::Name(name) => all.filter(|&index| processes[index].name == *name).collect(),
            Selector::Glob(glob) => {
                all.filter(|&index| glob_matches(glob, &processes[index].name)).filter(known).collect()
            }
            Selector::AllOf(group) => all.filter(|index| of_group(index, group)).filter(known).collect(),
            Selector::AnyOf(count, group) => {
                let running = |index: &usize| processes[*index].running.is_some();
                let mut alive: Vec<usize> = all.filter(|index| of_group(index, group)).filter(running).collect();
                let mut chosen = Vec::new();
                while chosen.len() < *count as usize && !alive.is_empty() {
                    let luck = self.choice.draw(Purpose::Selection, ActorId::DRIVER, alive.len() as u64);
                    chosen.push(alive.swap_remove(luck as usize));
                }
                chosen.sort_unstable();
                chosen
            }
        }
    }

    fn fault_start(&mut self, target: ActorId, verb: Verb, line: u32) {
        self.note(Note::FaultStart(target, verb, line));
    }

    fn ignored(&mut self, target: ActorId, verb: Verb, line: u32) {
        self.note(Note::Ignored(target, verb, line));
    }

    /// Takes down what happens now.
    pub fn note(&mut self, note: Note) {
        self.recording.push(Stamp::now(), Item::Note(note));
    }

    /// Does what a line says to one process, or says that it could not obey.
    fn act(&mut self, line: u32, index: usize) {
        let scenario = self.scenario;
        let action = &scenario.timeline[line as usize].action;
        let process = &self.processes[index];
        let running = process.running.is_some();
        let obeys = match action {
            Action::Start { .. } => process.pending.is_none() && (!running || process.stopping),
            Action::Stop { .. } | Action::Restart { .. } => running && !process.stopping,
            _ => running,
        };
        let (actor, verb) = (process.actor, action.verb());
        if !obeys {
            return self.ignored(actor, verb, line);
        }
        self.fault_start(actor, verb, line);
        let at = Stamp::now();
        match action {
            Action::Start { with, .. } => {
                self.start_when_possible(index, PendingStart { at, restart_of: None, with: with.clone() });
            }
            Action::Stop { grace, .. } => self.stop(index, *grace),
            Action::Restart { down_for, grace, with, .. } => {
                let start = PendingStart { at: later(at, *down_for), restart_of: Some(line), with: with.clone() };
                self.processes[index].pending = Some(start);
                self.stop(index, *grace);
            }
            Action::Crash { .. } => self.kill(index, Note::Crash),
            Action::Pause { duration, .. } => {
                self.open_window(index, line, verb, *duration);
                self.pause(index);
            }
            Action::Slow { per_record, duration, .. } => {
                let window = self.open_window(index, line, verb, *duration);
                let fault = Fault::Slow { per_record_us: per_record.as_us() };
                self.processes[index].faults.push((window, fault));
                self.tell_fault(index);
            }
            Action::Stuck { duration, .. } => {
                let window = self.open_window(index, line, verb, *duration);
                self.processes[index].faults.push((window, Fault::Stuck));
                self.tell_fault(index);
            }
            Action::Cut { duration, .. } => {
                self.open_window(index, line, verb, *duration);
                self.processes[index].cuts += 1;
                self.tell_cut(index);
            }
            // Not done to a process.
            _ => {}
        }
    }

    fn open_window(&mut self, process: usize, line: u32, verb: Verb, duration: Option<Duration>) -> u32 {
        let agenda = &mut self.agenda;
        let window = agenda.windows_so_far;
        agenda.windows_so_far += 1;
        if let Some(duration) = duration {
            let incarnation = self.processes[process].incarnation;
            agenda.windows.insert(window, Window { process, incarnation, verb, line });
            agenda.plan(later(Stamp::now(), duration), Control::WindowOver(window));
        }
        window
    }

    fn window_over(&mut self, window: u32) {
        let Some(Window { process: index, incarnation, verb, line }) = self.agenda.windows.remove(&window) else {
            return;
        };
        self.note(Note::FaultEnd(self.processes[index].actor, verb, line));
        match verb {
            Verb::Pause => {
                let process = &mut self.processes[index];
                if process.incarnation == incarnation && process.pauses > 0 {
                    process.pauses -= 1;
                    if process.pauses == 0 {
                        self.resume(index);
                    }
                }
            }
            Verb::Cut => {
                self.processes[index].cuts -= 1;
                self.tell_cut(index);
            }
            _ => {
                self.processes[index].faults.retain(|&(id, _)| id != window);
                self.tell_fault(index);
            }
        }
    }

    fn pause(&mut self, index: usize) {
        let process = &mut self.processes[index];
        process.pauses += 1;
        if let Some(running) = process.running.as_ref().filter(|_| process.pauses == 1) {
            let life = running.life;
            running.freeze(true);
            self.note(Note::Pause(life));
        }
    }

    fn resume(&mut self, index: usize) {
        if let Some(running) = &self.processes[index].running {
            let (life, at) = (running.life, Stamp::now());
            self.recording.push(at, Item::Note(Note::Resume(life)));
            if let Some(running) = &self.processes[index].running {
                running.freeze(false);
            }
        }
        self.tell_fault(index);
    }

    /// Tells a process how its handler works, if that has changed.
    pub fn tell_fault(&mut self, index: usize) {
        let process = &mut self.processes[index];
        let fault = process.fault();
        if fault != process.told_fault
            && let Some(running) = &mut process.running
        {
            process.told_fault = fault;
            running.order(Order::Handler(fault));
        }
    }

    /// Cuts a process off, or heals that.
    pub fn tell_cut(&mut self, index: usize) {
        let process = &self.processes[index];
        if let Some(running) = &process.running {
            running.cut(process.cuts > 0);
        }
    }

    fn stop(&mut self, index: usize, grace: Duration) {
        let process = &mut self.processes[index];
        process.stopping = true;
        if let Some(running) = &mut process.running {
            running.order(Order::Stop);
        }
        let incarnation = process.incarnation;
        self.agenda.plan(later(Stamp::now(), grace), Control::GraceOver(index, incarnation));
    }

    fn kill(&mut self, index: usize, note: fn(usize) -> Note) {
        if let Some(running) = &mut self.processes[index].running {
            let life = running.life;
            running.kill();
            self.note(note(life));
            self.process_gone(index);
        }
    }

    fn start_when_possible(&mut self, index: usize, start: PendingStart) {
        self.processes[index].pending = Some(start);
        if self.processes[index].running.is_none() {
            self.start_process(index);
        }
    }

    fn scale(&mut self, line: u32, group: &str, to: u32, grace: Duration) {
        let scenario = self.scenario;
        let members: Vec<usize> = (0..self.processes.len())
            .filter(|&index| scenario.groups[self.processes[index].group].name == group)
            .collect();
        let alive: Vec<usize> = members.iter().copied().filter(|&index| self.processes[index].alive()).collect();
        for &index in alive.iter().skip(to as usize).rev() {
            self.fault_start(self.processes[index].actor, Verb::Scale, line);
            self.processes[index].pending = None;
            if self.processes[index].running.is_some() {
                self.stop(index, grace);
            }
        }
        let missing = (to as usize).saturating_sub(alive.len());
        if missing == 0 && alive.len() <= to as usize {
            return self.ignored(ActorId::DRIVER, Verb::Scale, line);
        }
        let idle: Vec<usize> =
            members.into_iter().filter(|&index| !self.processes[index].alive()).take(missing).collect();
        for index in idle {
            self.fault_start(self.processes[index].actor, Verb::Scale, line);
            self.start_when_possible(index, PendingStart { at: Stamp::now(), restart_of: None, with: Vec::new() });
        }
    }
}
