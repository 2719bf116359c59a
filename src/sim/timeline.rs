//! The timeline: who is meant, what is done to them, and when it is over (scenario files, section 6).

use super::process::PendingStart;
use super::queue::Control;
use super::world::{World, cx};
use crate::choice::{Choice, Purpose};
use crate::client::HandlerFault;
use crate::context::Context;
use crate::ids::*;
use crate::scenario::{Action, Reborn, Selector, TimelineEvent, glob_matches};
use crate::time::{Duration, Instant};
use crate::trace::{Kind, Verb};
use std::collections::BTreeMap;

/// What is planned and what is under way.
#[derive(Default)]
pub struct Timeline {
    /// Line of each planned event, by `Control::Timeline` number.
    planned: Vec<u32>,
    /// Restarts that wait for their turn (`one-every`), by `Control::Step` number: line and process.
    steps: BTreeMap<u32, (u32, usize)>,
    /// Windows that will end: pauses, slow and stuck handlers, cuts, by `Control::WindowOver` number.
    windows: BTreeMap<u32, Window>,
    /// Coordinators that are reading the log, by `Control::WindowOver` number too: group, line, and its `fault_start`.
    pub(super) failovers: BTreeMap<u32, (GroupId, u32, Seq)>,
    /// Steps and windows so far.
    steps_so_far: u32,
    pub(super) windows_so_far: u32,
    /// Requests of an administrator so far.
    pub(super) admin_requests: u32,
    /// What has become of each line so far.
    fates: Vec<Fate>,
}

/// What has become of a line of the timeline.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Fate {
    /// It has not come to its turn.
    #[default]
    Open,
    /// Nobody was in a state to obey, each time.
    Ignored,
    /// It did something to somebody.
    Done,
}

struct Window {
    process: usize,
    incarnation: Incarnation,
    verb: Verb,
    line: u32,
    /// Its `fault_start`.
    cause: Seq,
}

/// The instants at which a line (counted from 0) of the timeline happens; those given as a range are drawn.
pub fn instants(line: u64, event: &TimelineEvent, choice: &mut dyn Choice) -> Vec<Instant> {
    let (every, times) = event.repeat.unwrap_or((Duration::ZERO, 1));
    (0..times)
        .map(|repetition| {
            let (from, to) = event.at;
            let at = match to {
                Some(to) => {
                    let span = to.since(from).as_us().saturating_add(1);
                    let key = (line << 32) | repetition;
                    from + Duration::from_us(choice.draw_at(Purpose::EventTime, ActorId::DRIVER, key, span))
                }
                None => from,
            };
            at + every * repetition
        })
        .collect()
}

impl World<'_> {
    /// Plans every line of the timeline.
    pub fn plan_timeline(&mut self) {
        let scenario = self.scenario;
        self.timeline.fates = vec![Fate::Open; scenario.timeline.len()];
        for (line, event) in (0u32..).zip(&scenario.timeline) {
            for at in instants(u64::from(line), event, &mut *self.choice) {
                self.queue.push_control(at, Control::Timeline(self.timeline.planned.len() as u32));
                self.timeline.planned.push(line);
            }
        }
    }

    /// The lines (from 0) that have come to their turn and never did anything to anybody.
    pub fn idle_lines(&self) -> Vec<u32> {
        let fates = (0u32..).zip(&self.timeline.fates);
        fates.filter(|(_, fate)| **fate == Fate::Ignored).map(|(line, _)| line).collect()
    }

    /// A planned line is due.
    pub fn timeline_event(&mut self, planned: usize) {
        let line = self.timeline.planned[planned];
        let scenario = self.scenario;
        match &scenario.timeline[line as usize].action {
            Action::Restart { who, one_every: Some(pace), .. } => {
                for (turn, process) in (0u64..).zip(self.select(line, who, Verb::Restart)) {
                    let step = self.timeline.steps_so_far;
                    self.timeline.steps_so_far += 1;
                    self.queue.push_control(self.now + *pace * turn, Control::Step(step));
                    self.timeline.steps.insert(step, (line, process));
                }
            }
            Action::Scale { group, to, grace } => self.scale(line, group, *to, *grace),
            Action::CreateTopic { .. }
            | Action::AddPartitions { .. }
            | Action::Produce { .. }
            | Action::DeleteRecords { .. }
            | Action::ExpireOffsets { .. }
            | Action::ResetOffsets { .. }
            | Action::Failover { .. } => self.broker_event(line),
            Action::Start { who, .. }
            | Action::Stop { who, .. }
            | Action::Crash { who }
            | Action::Restart { who, .. }
            | Action::Pause { who, .. }
            | Action::Slow { who, .. }
            | Action::Stuck { who, .. }
            | Action::Cut { who, .. } => {
                let verb = scenario.timeline[line as usize].action.verb();
                for process in self.select(line, who, verb) {
                    self.act(line, process);
                }
            }
        }
    }

    /// A member's turn in a staggered restart.
    pub fn timeline_step(&mut self, step: u32) {
        if let Some((line, process)) = self.timeline.steps.remove(&step) {
            self.act(line, process);
        }
    }

    /// The processes that a line is for now; says so if there are none.
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
        let known = |index: &usize, world: &Self| {
            let process = &world.processes[*index];
            let here = process.incarnation.0 > 0 || process.pending_start.is_some();
            let gone_for_good = process.replaced.is_some() && !process.running();
            let has_handler = process.group.is_some() || !matches!(verb, Verb::Slow | Verb::Stuck);
            has_handler && (here || (verb == Verb::Start && !process.fresh)) && !gone_for_good
        };
        let of_group = |index: &usize, group: &str, world: &Self| {
            world.processes[*index].group.is_some_and(|place| scenario.groups[place].name == group)
        };
        let all = 0..self.processes.len();
        match who {
            Selector::Name(name) => all.filter(|&index| self.processes[index].name == *name).collect(),
            Selector::Glob(glob) => all
                .filter(|&index| glob_matches(glob, &self.processes[index].name))
                .filter(|index| known(index, self))
                .collect(),
            Selector::AllOf(group) => {
                all.filter(|index| of_group(index, group, self)).filter(|index| known(index, self)).collect()
            }
            Selector::AnyOf(count, group) => {
                let mut alive: Vec<usize> = all
                    .filter(|index| of_group(index, group, self))
                    .filter(|&index| self.processes[index].running())
                    .filter(|&index| verb != Verb::Restart || self.processes[index].replaced.is_none())
                    .collect();
                let mut chosen = Vec::new();
                for _ in 0..*count {
                    if alive.is_empty() {
                        break;
                    }
                    let luck = self.choice.draw(Purpose::Selection, ActorId::DRIVER, alive.len() as u64);
                    chosen.push(alive.swap_remove(luck as usize));
                }
                chosen.sort_unstable();
                chosen
            }
        }
    }

    pub(super) fn fault_start(&mut self, target: ActorId, verb: Verb, line: u32) -> Seq {
        self.timeline.fates[line as usize] = Fate::Done;
        let kind = Kind::FaultStart { target, verb, index: line };
        cx!(self, Seq::NONE).emit(ActorId::DRIVER, Incarnation(0), kind)
    }

    pub(super) fn ignored(&mut self, target: ActorId, verb: Verb, line: u32) {
        let fate = &mut self.timeline.fates[line as usize];
        if *fate == Fate::Open {
            *fate = Fate::Ignored;
        }
        let kind = Kind::EventIgnored { target, verb, index: line };
        cx!(self, Seq::NONE).emit(ActorId::DRIVER, Incarnation(0), kind);
    }

    /// Does what a line says to one process, or says that it could not obey.
    fn act(&mut self, line: u32, index: usize) {
        let scenario = self.scenario;
        let action = &scenario.timeline[line as usize].action;
        let process = &self.processes[index];
        let can_stop = process.running() && !process.stopping;
        let next = match action {
            Action::Restart { reborn: Reborn::New | Reborn::Surge, .. } => self.next_fresh(process.group),
            _ => Some(index),
        };
        let obeys = match action {
            Action::Start { .. } => {
                process.pending_start.is_none()
                    && process.replaced.is_none()
                    && (!process.running() || process.stopping)
            }
            Action::Stop { .. } => can_stop,
            Action::Restart { .. } => can_stop && process.replaced.is_none() && next.is_some(),
            _ => process.running(),
        };
        let (actor, verb) = (process.actor, action.verb());
        if !obeys {
            return self.ignored(actor, verb, line);
        }
        let cause = self.fault_start(actor, verb, line);
        match action {
            Action::Start { with, .. } => {
                let start = PendingStart { at: self.now, cause, restart_of: None, with: with.clone() };
                self.start_when_possible(index, start);
            }
            Action::Stop { grace, .. } => self.stop(index, cause, *grace),
            Action::Restart { down_for, grace, with, .. } => match next.filter(|&next| next != index) {
                Some(next) => self.replace(line, index, next, cause),
                None => {
                    let (at, restart_of) = (self.now + *down_for, Some((line, actor)));
                    self.processes[index].pending_start =
                        Some(PendingStart { at, cause, restart_of, with: with.clone() });
                    self.stop(index, cause, *grace);
                }
            },
            Action::Crash { .. } => self.kill(index, cause, false),
            Action::Pause { duration, .. } => {
                self.open_window(index, line, verb, cause, *duration);
                let process = &mut self.processes[index];
                process.pauses += 1;
                if let Some(member) = process.member.as_mut().filter(|_| process.pauses == 1) {
                    member.pause(cx!(self, cause));
                }
                self.after_member(index);
            }
            Action::Slow { per_record, duration, .. } => {
                let window = self.open_window(index, line, verb, cause, *duration);
                self.processes[index].handler_faults.push((window, HandlerFault::Slow(*per_record)));
                self.apply_handler_fault(index, cause);
            }
            Action::Stuck { duration, .. } => {
                let window = self.open_window(index, line, verb, cause, *duration);
                self.processes[index].handler_faults.push((window, HandlerFault::Stuck));
                self.apply_handler_fault(index, cause);
            }
            Action::Cut { duration, .. } => {
                self.open_window(index, line, verb, cause, *duration);
                self.processes[index].cuts += 1;
                self.cuts += 1;
            }
            Action::Scale { .. }
            | Action::CreateTopic { .. }
            | Action::AddPartitions { .. }
            | Action::Produce { .. }
            | Action::DeleteRecords { .. }
            | Action::ExpireOffsets { .. }
            | Action::ResetOffsets { .. }
            | Action::Failover { .. } => unreachable!("not done to a process"),
        }
    }

    fn open_window(&mut self, process: usize, line: u32, verb: Verb, cause: Seq, duration: Option<Duration>) -> u32 {
        let window = self.timeline.windows_so_far;
        self.timeline.windows_so_far += 1;
        if let Some(duration) = duration {
            let incarnation = self.processes[process].incarnation;
            self.timeline.windows.insert(window, Window { process, incarnation, verb, line, cause });
            self.queue.push_control(self.now + duration, Control::WindowOver(window));
        }
        window
    }

    /// A window is over.
    pub fn window_over(&mut self, window: u32) {
        let Some(over) = self.timeline.windows.remove(&window) else { return self.failover_over(window) };
        let Window { process: index, incarnation, verb, line, cause } = over;
        let kind = Kind::FaultEnd { target: self.processes[index].actor, verb, index: line };
        let cause = cx!(self, cause).emit(ActorId::DRIVER, Incarnation(0), kind);
        match verb {
            Verb::Pause => {
                let process = &mut self.processes[index];
                if process.incarnation == incarnation && process.paused() {
                    process.pauses -= 1;
                    if !process.paused() {
                        self.resume_process(index, cause);
                    }
                }
            }
            Verb::Cut => {
                self.processes[index].cuts -= 1;
                self.cuts -= 1;
                if self.processes[index].cuts == 0 {
                    self.heal(index);
                }
            }
            _ => {
                self.processes[index].handler_faults.retain(|&(id, _)| id != window);
                self.apply_handler_fault(index, cause);
            }
        }
    }

    /// Asks a process to shut down; it is killed when the grace is over.
    pub(super) fn stop(&mut self, index: usize, cause: Seq, grace: Duration) {
        let now = self.now;
        let process = &mut self.processes[index];
        (process.stopping, process.stop_cause) = (true, cause);
        self.queue.push_control(now + grace, Control::GraceOver(index as u32, process.incarnation.0));
        if process.paused() {
            process.stop_when_resumed = true;
            return;
        }
        if let Some(member) = &mut process.member {
            member.stop(cx!(self, cause), &mut self.outputs);
        }
        self.after_member(index);
    }

    /// The grace of a clean shutdown is over: what still runs is killed.
    pub fn grace_over(&mut self, index: usize, incarnation: Incarnation) {
        let process = &self.processes[index];
        if process.running() && process.stopping && process.incarnation == incarnation {
            self.kill(index, process.stop_cause, true);
        }
    }

    fn kill(&mut self, index: usize, cause: Seq, killed: bool) {
        if let Some(member) = &mut self.processes[index].member {
            member.crash(cx!(self, cause), killed);
        }
        let cause = self.recorder.last_seq();
        self.process_gone(index, cause);
    }

    fn start_when_possible(&mut self, index: usize, start: PendingStart) {
        let process = &mut self.processes[index];
        process.pending_start = Some(start);
        if !process.running() {
            self.start_process(index);
        }
    }

    fn scale(&mut self, line: u32, group: &str, to: u32, grace: Duration) {
        let scenario = self.scenario;
        let members: Vec<usize> = (0..self.processes.len())
            .filter(|&index| self.processes[index].group.is_some_and(|place| scenario.groups[place].name == group))
            .collect();
        let alive: Vec<usize> = members.iter().copied().filter(|&index| self.processes[index].alive()).collect();
        for &index in alive.iter().skip(to as usize).rev() {
            let cause = self.fault_start(self.processes[index].actor, Verb::Scale, line);
            let process = &mut self.processes[index];
            process.pending_start = None;
            if process.running() {
                self.stop(index, cause, grace);
            }
        }
        let missing = (to as usize).saturating_sub(alive.len());
        if missing == 0 && alive.len() <= to as usize {
            return self.ignored(ActorId::DRIVER, Verb::Scale, line);
        }
        let idle: Vec<usize> =
            members.into_iter().filter(|&index| self.processes[index].can_be_called_up()).take(missing).collect();
        for index in idle {
            let cause = self.fault_start(self.processes[index].actor, Verb::Scale, line);
            self.start_when_possible(index, PendingStart { at: self.now, cause, restart_of: None, with: Vec::new() });
        }
    }
}
