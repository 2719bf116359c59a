//! A run summed up for a comparison, from its trace alone, so that a simulated run and a real one are summed up alike.
//!
//! What depends on random member ids is kept by property (how many partitions each member got, not which ones).

mod watch;

pub use watch::Watch;

use crate::ids::Names;
use crate::oracle::Metrics;
use crate::scenario::Scenario;
use crate::time::{Duration, Instant};
use crate::trace::{Observer, RemovalReason, Trace};
use std::collections::BTreeMap;

/// A run, summed up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Observed {
    /// By group id, or a stand-alone reader's name.
    pub groups: BTreeMap<String, GroupObserved>,
    /// The most that the timeline was late, or that a heartbeat waited for its answer: of a real run, how punctual its machine
    /// was.
    pub late: Duration,
    /// Where the run ended.
    pub end: Instant,
    /// What the oracles say that Kafka cannot do (class MODEL), one sentence each. O12 is left out: it counts on the very
    /// millisecond of a timer, which is only known of a simulated coordinator.
    pub contradictions: Vec<String>,
}

/// What a group did, and what was done with its records.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupObserved {
    /// No group management: partitions were given by hand.
    pub standalone: bool,
    /// When the first of its processes started.
    pub first_start: Option<Instant>,
    /// When the first of them sent a JoinGroup.
    pub first_join: Option<Instant>,
    /// Its generations, in order.
    pub generations: Vec<GenerationSeen>,
    /// Members out of the group, in order.
    pub removals: Vec<Removal>,
    /// Partitions in the hands of clients, in order of time.
    pub held: Vec<Held>,
    /// OffsetCommit requests that were accepted.
    pub commits_accepted: i64,
    /// Rejected ones, by error code.
    pub commits_rejected: BTreeMap<&'static str, i64>,
    /// Where each partition ended.
    pub partitions: BTreeMap<String, PartitionEnd>,
    /// How often a client with `until = "end"` came to the end of a partition.
    pub ends_reached: i64,
    /// Times from the beginning of a record's work to the next poll, in sum: the work and the commit that follows it.
    pub busy: Duration,
    /// How many of them.
    pub rounds: u64,
    /// Partitions that one generation gave to two members.
    pub given_twice: i64,
    /// The judge's figures.
    pub metrics: Metrics,
}

/// One generation of a group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GenerationSeen {
    /// Its number.
    pub number: i32,
    /// When its join phase was over.
    pub at: Instant,
    /// How many members it has.
    pub members: u32,
    /// The chosen protocol.
    pub protocol: String,
    /// When the group was Stable in it, if it came to that.
    pub stable: Option<Instant>,
    /// Partitions of each member, largest first; members that got none are in it.
    pub sizes: Vec<u32>,
    /// Who owned what: a member's name and a partition.
    pub owners: Vec<(String, String)>,
}

/// A member that is out of the group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Removal {
    /// The member's name, and which life of it.
    pub member: (String, u32),
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: RemovalReason,
    /// What had been done to that process last, and when: `crash`, `stop`, `stuck` ...
    pub fault: Option<(&'static str, Instant)>,
    /// The last request of that member that the coordinator accepted.
    pub last_sign: Option<Instant>,
}

/// A partition in the hands of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The member's name.
    pub member: String,
    /// Which life of it.
    pub incarnation: u32,
    /// `orders-3`.
    pub partition: String,
    /// From `owned` ...
    pub from: Instant,
    /// ... to the first of revoked, lost, closed, crash; none: to the end of the run.
    pub until: Option<Instant>,
}

/// Where a partition ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PartitionEnd {
    /// The committed position, if there is one.
    pub committed: Option<i64>,
    /// The log's end.
    pub log_end: i64,
}

impl Observed {
    /// Sums up a trace.
    pub fn of_trace(scenario: &Scenario, trace: &Trace) -> Observed {
        let mut watch = Watch::new(scenario);
        for event in &trace.events {
            watch.observe(event, &trace.names);
        }
        let end = trace.events.last().map_or(Instant::ZERO, |event| event.t);
        watch.finish(&trace.names, end)
    }

    /// What the cluster itself says is committed at the end (group, topic, partition, offset), where that is less than what was
    /// seen to be committed. It may be more: the cluster is asked a moment after the end.
    pub fn unlike(&self, committed: &[(String, String, u32, i64)]) -> Vec<String> {
        let mut unlike = Vec::new();
        for (name, group) in self.groups.iter().filter(|(_, group)| !group.standalone) {
            for (place, seen) in &group.partitions {
                let here = |(of, topic, number, _): &&(String, String, u32, i64)| {
                    of == name && *place == format!("{topic}-{number}")
                };
                let told = committed.iter().find(here).map(|(.., offset)| *offset);
                if told < seen.committed {
                    let [told, seen] =
                        [told, seen.committed].map(|offset| offset.map_or("nothing".to_owned(), |at| at.to_string()));
                    unlike.push(format!("{place}: {seen} was seen to be committed by {name}, the cluster says {told}"));
                }
            }
        }
        unlike
    }
}

/// A partition's name as Kafka writes it.
fn place(names: &Names, topic: crate::ids::TopicName, partition: u32) -> String {
    format!("{}-{partition}", names.text(topic))
}

#[cfg(test)]
mod tests;
