//! Makes a trace of what was noted down.
//!
//! **Seen**, with the instants at which it was seen: what members' processes tell (processes, ownership, records, commits asked
//! for), what passes between them and the cluster (requests and answers of the group protocol, stamped by the proxy on the
//! way), what the director does, where records got (delivery reports).
//!
//! **Inferred**, because a coordinator does not tell:
//!
//! - *A member is added* when its second JoinGroup (with the id it was given) passes, or a static member's first; *replaced*
//!   when a static member's JoinGroup is answered with a new id.
//! - *PreparingRebalance* begins with what makes it: a member's JoinGroup, its LeaveGroup, its removal; a known member's
//!   JoinGroup only if its answer has a new generation.
//! - *A generation* begins with the first answer to a JoinGroup that bears it; *its assignment* is written with the first
//!   answer to a SyncGroup. Who is in it says the answer to the leader; who gets what, the leader's SyncGroup.
//! - *A member is removed* when its LeaveGroup passes, unless that is refused; else when it is missing in the answer to the
//!   leader, or in DescribeGroups (asked every 50 ms), or the first sign that the group rebalances, if DescribeGroups shows
//!   right after that it is missing. The reason: `leave`; `max_poll` if it had not been told to stop; `rebalance_timeout` or
//!   `sync_timeout` if it is missing when that time is over; `session` otherwise.
//! - *The group is empty* when its last member is removed; that counts as a generation (STATE-08).
//! - *A commit* is applied, or rejected, when its answer passes. One whose answer never passed counts as applied, when it
//!   was sent, if the next reader of the partition begins exactly there.
//! - *max.poll.interval.ms has passed* when a member that was not told to stop sends LeaveGroup; a static member, which sends
//!   none, tells so itself when it polls again.
//! - *A position* is the first record delivered after the partition was taken (it is shown at that instant); with none
//!   delivered, what is committed, else what `auto.offset.reset` makes of it. It came from the committed offset if there was
//!   one.
//! - *An append* is when its delivery report came, or when a member had the record, if that was earlier.
//!
//! What comes from a process while it is frozen, or after its death, was on its way before: it is shown at that instant. An
//! answer that arrives at a frozen process is read when it goes on.

mod client;
mod group;
mod notes;
mod order;
mod requests;
mod tables;
#[cfg(test)]
mod tests;

use super::names::RunNames;
use super::recording::{Item, Life, Recording};
use crate::ids::*;
use crate::kafka::member::Place;
use crate::kafka::wire::Stamp;
use crate::protocol::Api;
use crate::scenario::Scenario;
use crate::time::Instant;
use crate::trace::{CommitOrigin, Event, Kind, Trace};
use group::Group;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use tables::Tables;

/// A request without an answer so far.
#[derive(Clone, Debug)]
struct Open {
    api: Api,
    request: CorrelationId,
    seq: Seq,
    /// Place of the request among the entries.
    entry: usize,
}

/// A life of a process, as the trace has come to know it.
#[derive(Debug)]
struct LifeState {
    actor: ActorId,
    incarnation: Incarnation,
    /// Its group, if it is a member of one.
    group: Option<usize>,
    /// Index of its settings: group and member.
    config: (usize, usize),
    started: bool,
    ended: bool,
    frozen: bool,
    stopping: bool,
    poll_timed_out: bool,
    member: MemberId,
    generation: Generation,
    requests: u32,
    open: BTreeMap<(u64, i32), Open>,
    /// Answers that wait for it to go on.
    unread: Vec<(Open, i16)>,
    /// Commits asked for and not seen on the wire: why and what.
    asked: Vec<(CommitOrigin, Vec<(Place, i64)>)>,
    /// The record in work.
    working: Option<(Place, i64)>,
    /// Partitions with their next offsets, if known.
    positions: BTreeMap<Place, Option<i64>>,
}

/// A trace in the making.
struct Assembly<'a> {
    scenario: &'a Scenario,
    run_names: &'a RunNames,
    entries: &'a [(Stamp, Item)],
    tables: Tables<'a>,
    now: Instant,
    events: Vec<Event>,
    names: Names,
    lives: Vec<LifeState>,
    groups: Vec<Group>,
    /// Ends of logs.
    ends: FxHashMap<TopicPartition, i64>,
}

/// The trace of a recording whose t = 0 was at `start`.
pub fn assemble(scenario: &Scenario, seed: u64, run_names: &RunNames, recording: &Recording, start: Stamp) -> Trace {
    let opening = crate::sim::opening(scenario, seed);
    let entries = order::ordered(recording, run_names, start);
    let tables = Tables::new(&entries);
    let end = Stamp(start.0.saturating_add(scenario.run_for.as_us()));
    let mut assembly = Assembly {
        scenario,
        run_names,
        entries: &entries,
        tables,
        now: Instant::ZERO,
        events: opening.events,
        names: opening.names,
        lives: recording.lives.iter().map(|life| life_state(scenario, *life)).collect(),
        groups: Vec::new(),
        ends: FxHashMap::default(),
    };
    assembly.groups =
        scenario.groups.iter().map(|group| Group::new(GroupId(assembly.names.intern(&group.name)))).collect();
    for (index, (at, item)) in entries.iter().enumerate() {
        if *at > end {
            break;
        }
        assembly.now = Instant::from_us(at.0.saturating_sub(start.0));
        match item {
            Item::Told(life, told) => assembly.told(index, *life, told),
            Item::Wire(life, what) => assembly.wire(index, *life, what),
            Item::Group(group, what) => assembly.described(*group, what),
            Item::Note(note) => assembly.note(note),
        }
    }
    assembly.now = Instant::ZERO + scenario.run_for;
    assembly.emit(ActorId::DRIVER, Incarnation(0), Seq::NONE, Kind::RunEnd {});
    Trace { events: assembly.events, names: assembly.names }
}

fn life_state(scenario: &Scenario, life: Life) -> LifeState {
    let groups = scenario.groups.iter().enumerate();
    let mut configs = groups.flat_map(|(index, group)| (0..group.member_configs.len()).map(move |m| (index, m)));
    let config = configs.nth(life.process).unwrap_or((0, 0));
    let managed = scenario.groups.get(config.0).is_some_and(|group| !group.standalone);
    LifeState {
        actor: ActorId(ActorId::FIRST_CLIENT.0 + life.process as u32),
        incarnation: life.incarnation,
        group: managed.then_some(config.0),
        config,
        started: false,
        ended: false,
        frozen: false,
        stopping: false,
        poll_timed_out: false,
        member: MemberId::EMPTY,
        generation: Generation::NONE,
        requests: 0,
        open: BTreeMap::new(),
        unread: Vec::new(),
        asked: Vec::new(),
        working: None,
        positions: BTreeMap::new(),
    }
}

impl Assembly<'_> {
    fn emit(&mut self, actor: ActorId, incarnation: Incarnation, cause: Seq, kind: Kind) -> Seq {
        let seq = Seq(self.events.len() as u64 + 1);
        self.events.push(Event { seq, t: self.now, actor, incarnation, cause, kind });
        seq
    }

    /// An event of the broker.
    fn broker(&mut self, cause: Seq, kind: Kind) -> Seq {
        self.emit(ActorId::BROKER, Incarnation(0), cause, kind)
    }

    /// An event of a process.
    fn client(&mut self, life: usize, cause: Seq, kind: Kind) -> Seq {
        let (actor, incarnation) = (self.lives[life].actor, self.lives[life].incarnation);
        self.emit(actor, incarnation, cause, kind)
    }

    fn topic(&mut self, real: &str) -> TopicName {
        TopicName(self.names.intern(self.run_names.plain(real)))
    }

    fn partition(&mut self, place: &Place) -> TopicPartition {
        TopicPartition::new(self.topic(&place.0), place.1)
    }

    /// Runs of neighbouring partitions: topic, first, one past the last.
    fn runs(&mut self, places: &[Place]) -> Vec<(TopicName, u32, u32)> {
        let mut partitions: Vec<(&str, u32)> = places.iter().map(|(topic, p)| (topic.as_str(), *p)).collect();
        partitions.sort_unstable();
        let mut runs: Vec<(TopicName, u32, u32)> = Vec::new();
        for (topic, partition) in partitions {
            let topic = self.topic(topic);
            match runs.last_mut() {
                Some(run) if run.0 == topic && run.2 == partition => run.2 += 1,
                _ => runs.push((topic, partition, partition + 1)),
            }
        }
        runs
    }
}
