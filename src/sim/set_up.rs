//! The first instant: processes, topics, records that are there already, streams, and who starts.

use super::process::{PendingStart, Process, Program};
use super::produce::{Stream, round_robin};
use super::queue::Control;
use super::world::{ProducerStream, World};
use crate::config::MemberConfig;
use crate::ids::*;
use crate::scenario::Scenario;
use crate::time::Instant;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Every process that the scenario can ever start: members by group, then number, and then producers.
pub fn processes(scenario: &Scenario) -> Vec<Process> {
    let groups = scenario.groups.iter().enumerate();
    let members = groups.flat_map(|(index, group)| {
        let own = group.member_configs.len() - group.fresh;
        let member = move |(number, config): (usize, &MemberConfig)| {
            (Some(index), Program::Member(Box::new(config.clone())), number >= own)
        };
        (0usize..).zip(&group.member_configs).map(member)
    });
    let producers = scenario.producers.iter();
    let producers = producers.map(|(config, _)| (None, Program::Producer(Box::new(config.clone())), false));
    (ActorId::FIRST_CLIENT.0..)
        .zip(members.chain(producers))
        .map(|(actor, (group, program, fresh))| {
            let mut process = Process::new(ActorId(actor), group, program);
            process.fresh = fresh;
            process
        })
        .collect()
}

impl World<'_> {
    /// Opens the trace, creates topics with their records, and plans starts, streams and the timeline.
    pub fn set_up(&mut self, seed: u64) {
        let scenario = self.scenario;
        self.set_up_streams();
        for process in &self.processes {
            self.choice.introduce(process.actor, process.place);
        }
        self.emit_meta(seed);
        for process in &mut self.processes {
            process.host = self.names.intern(process.program.host());
        }
        for spec in scenario.topics.iter().filter(|spec| spec.from_start) {
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
            .chain(scenario.producers.iter().filter(|producer| producer.1).map(|producer| producer.0.name.as_str()))
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

    /// Makes the streams of records, each an actor after the processes.
    pub(super) fn set_up_streams(&mut self) {
        let mut actor = ActorId::FIRST_CLIENT.0 + self.processes.len() as u32;
        for spec in &self.scenario.topics {
            let topic = TopicName(self.names.intern(&spec.name));
            for (number, produce) in (0u64..).zip(&spec.produce) {
                let place = xxh3_64_with_seed(spec.name.as_bytes(), number + 1);
                self.streams.push(ProducerStream {
                    topic,
                    actor: ActorId(actor),
                    place,
                    stream: Stream::new(*produce),
                });
                actor += 1;
            }
        }
    }
}
