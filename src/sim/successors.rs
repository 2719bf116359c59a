//! Restarts under new names: who comes in the place of whom (scenario files, section 6).

use super::process::{PendingStart, Program, Replaced};
use super::queue::Control;
use super::world::{World, cx};
use crate::context::Context;
use crate::ids::*;
use crate::scenario::{Action, Group, Reborn};
use crate::time::Instant;
use crate::trace::{Kind, Verb};

impl World<'_> {
    /// The process under the lowest name that its group has not used yet.
    pub(super) fn next_fresh(&self, group: Option<usize>) -> Option<usize> {
        let unused = |index: &usize| {
            let process = &self.processes[*index];
            process.group == group && process.fresh && process.incarnation.0 == 0 && process.pending_start.is_none()
        };
        (0..self.processes.len()).find(unused)
    }

    /// Replaces process `old` by `new`, which gets its settings, for `line` of the timeline.
    pub(super) fn replace(&mut self, line: u32, old: usize, new: usize, cause: Seq) {
        let scenario = self.scenario;
        let Action::Restart { down_for, grace, with, reborn, .. } = &scenario.timeline[line as usize].action else {
            return;
        };
        self.inherit(old, new);
        let surge = *reborn == Reborn::Surge;
        let at = if surge { self.now } else { self.now + *down_for };
        let restart_of = (!surge).then_some((line, self.processes[old].actor));
        self.processes[new].pending_start = Some(PendingStart { at, cause, restart_of, with: with.clone() });
        if surge {
            self.processes[old].replaced = Some(Replaced::First(line));
            self.processes[old].stop_cause = cause;
            self.start_process(new);
            self.queue.push_control(self.now + *down_for, Control::Outgoing(old as u32));
        } else {
            self.processes[old].replaced = Some(Replaced::Next(new));
            self.stop(old, cause, *grace);
        }
    }

    /// The new process of a surge has had its time: the old one stops, if it still runs.
    pub(super) fn outgoing(&mut self, old: usize) {
        let scenario = self.scenario;
        let process = &self.processes[old];
        let Some(Replaced::First(line)) = process.replaced else { return };
        if let Action::Restart { grace, .. } = &scenario.timeline[line as usize].action
            && process.running()
            && !process.stopping
        {
            self.stop(old, process.stop_cause, *grace);
        }
    }

    /// A process that was replaced is gone: the next one starts, or the restart is over.
    pub(super) fn succeed(&mut self, old: usize, cause: Seq) {
        let process = &mut self.processes[old];
        let target = process.actor;
        match process.replaced.replace(Replaced::Over) {
            Some(Replaced::Next(new)) => self.plan_start(new, cause),
            Some(Replaced::First(index)) => {
                let kind = Kind::FaultEnd { target, verb: Verb::Restart, index };
                cx!(self, cause).emit(ActorId::DRIVER, Incarnation(0), kind);
            }
            other => process.replaced = other,
        }
    }

    /// Plans a start that has waited for a process to be gone.
    pub(super) fn plan_start(&mut self, index: usize, cause: Seq) {
        let now: Instant = self.now;
        if let Some(pending) = &mut self.processes[index].pending_start {
            if pending.at < now {
                pending.cause = cause;
            }
            self.queue.push_control(pending.at.max(now), Control::Start(index as u32));
        }
    }

    /// Gives a process the settings of the one whose place it takes; the trace is told if they are others than it began
    /// with.
    fn inherit(&mut self, old: usize, new: usize) {
        let (Program::Member(before), Program::Member(announced)) =
            (&self.processes[old].program, &self.processes[new].program)
        else {
            return;
        };
        let mut config = before.clone();
        Group::rename(&mut config, announced.name.clone(), announced.host.clone());
        if config != *announced {
            self.meta_settings(self.processes[new].actor, &config);
            self.processes[new].program = Program::Member(config);
        }
    }
}
