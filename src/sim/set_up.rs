//! The first instant: processes, topics, records that are there already, streams, and who starts.

use super::process::{PendingStart, Process};
use super::produce::{Stream, round_robin};
use super::queue::Control;
use super::world::{ProducerStream, World};
use crate::config::{MemberConfig, Membership};
use crate::ids::*;
use crate::scenario::{Action, Group, Scenario};
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Every process that the scenario can ever start, by group, then number.
pub fn processes(scenario: &Scenario) -> Vec<Process> {
    let mut all = Vec::new();
    let mut hosts: u32 = scenario.groups.iter().map(|g| g.member_configs.len() as u32).sum();
    for (index, group) in scenario.groups.iter().enumerate() {
        let mut numbered: BTreeMap<u32, MemberConfig> =
            group.member_configs.iter().map(|config| (number_in(&config.name), config.clone())).collect();
        for number in 0..largest_scale(scenario, group) {
            numbered.entry(number).or_insert_with(|| {
                hosts += 1;
                beyond(group, number, hosts)
            });
        }
        for config in numbered.into_values() {
            let actor = ActorId(ActorId::FIRST_CLIENT.0 + all.len() as u32);
            all.push(Process::new(actor, index, config));
        }
    }
    all
}

/// The number at the end of a member's name.
fn number_in(name: &str) -> u32 {
    name.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}

/// The largest size that a `scale` gives a group.
fn largest_scale(scenario: &Scenario, group: &Group) -> u32 {
    let scales = scenario.timeline.iter().filter_map(|event| match &event.action {
        Action::Scale { group: name, to, .. } if *name == group.name => Some(*to),
        _ => None,
    });
    scales.max().unwrap_or(0)
}

/// A member that only `scale` can start: the group's settings under a name and host of its own.
fn beyond(group: &Group, number: u32, host: u32) -> MemberConfig {
    let name = format!("{}-{number}", group.name);
    let mut config = MemberConfig {
        name: name.clone(),
        host: format!("/10.{}.{}.{}", host >> 16, (host >> 8) & 255, host & 255),
        ..group.template.clone()
    };
    if let Membership::Subscribe { instance: Some(instance), .. } = &mut config.membership {
        *instance = name;
    }
    config
}

impl World<'_> {
    /// Opens the trace, creates topics with their records, and plans starts, streams and the timeline.
    pub fn set_up(&mut self, seed: u64) {
        let scenario = self.scenario;
        self.set_up_streams();
        self.emit_meta(seed);
        for process in &mut self.processes {
            process.host = self.names.intern(&process.config.host);
        }
        for spec in &scenario.topics {
            let topic = TopicName(self.names.intern(&spec.name));
            self.create_partitions(topic, spec.partitions, Seq::NONE);
            let mut counts = Vec::new();
            round_robin(0, spec.preload, spec.partitions, &mut counts);
            counts.retain(|&(_, count)| count > 0);
            self.append(topic, ActorId::DRIVER, spec.preload_size, &counts, Seq::NONE);
        }
        for (index, stream) in (0u32..).zip(&self.streams) {
            if let Some(first) = stream.stream.first() {
                self.queue.push_control(first, Control::Produce(index));
            }
        }
        let at_zero: BTreeSet<&str> = scenario
            .groups
            .iter()
            .flat_map(|group| group.member_configs.iter().zip(&group.starts_at_zero))
            .filter_map(|(config, &starts)| starts.then_some(config.name.as_str()))
            .collect();
        for (index, process) in (0u32..).zip(&mut self.processes) {
            if at_zero.contains(process.name.as_str()) {
                process.pending_start =
                    Some(PendingStart { at: Instant::ZERO, cause: Seq::NONE, restart_of: None, with: Vec::new() });
                self.queue.push_control(Instant::ZERO, Control::Start(index));
            }
        }
        self.plan_timeline();
    }

    fn set_up_streams(&mut self) {
        let mut actor = ActorId::FIRST_CLIENT.0 + self.processes.len() as u32;
        for spec in &self.scenario.topics {
            let topic = TopicName(self.names.intern(&spec.name));
            for produce in &spec.produce {
                self.streams.push(ProducerStream { topic, actor: ActorId(actor), stream: Stream::new(*produce) });
                actor += 1;
            }
        }
    }
}
