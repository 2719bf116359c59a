//! One consumer group, or one stand-alone reader.

use super::part::{Life, Part};
use crate::ids::{ActorId, Generation, GroupId, MemberId, TopicName};
use crate::protocol::GroupState;
use crate::time::Instant;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::collections::{BTreeSet, VecDeque};

/// A member as the coordinator has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) life: Life,
    /// The newest generation that answered a JoinGroup of it.
    pub(crate) joined: Generation,
}

/// One consumer group, or one stand-alone reader.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) name: GroupId,
    /// Whether it is a group.
    pub(crate) managed: bool,
    /// Whether it is a producer.
    pub(crate) producer: bool,
    pub(crate) actors: Vec<ActorId>,
    pub(crate) topics: BTreeSet<TopicName>,
    pub(crate) state: Option<GroupState>,
    /// Its coordinator has moved, and the new one has not read the log.
    pub(crate) moving: bool,
    pub(crate) generation: Generation,
    pub(crate) members: IndexMap<MemberId, Member, FxBuildHasher>,
    pub(crate) first_stable: Option<Instant>,
    pub(crate) unstable_since: Option<Instant>,
    /// By the place of the partition's log.
    pub(crate) parts: Vec<Option<Part>>,
    pub(crate) lag: i64,
    pub(crate) position_lag: i64,
    /// Partitions that the current generation gives to somebody, and to more than one.
    pub(crate) given: u32,
    pub(crate) given_twice: BTreeSet<usize>,
    /// The last thing that forces or may force the group to change.
    pub(crate) disturbed: Instant,
    pub(crate) last_generation: Instant,
    /// Generations of the last minute that no disturbance explains (L5).
    pub(crate) undisturbed: VecDeque<Instant>,
    pub(crate) storming: bool,
    /// A cooperative assignor is in use.
    pub(crate) cooperative: bool,
    pub(crate) last_append: Instant,
    /// Records finished since the last disturbance or append.
    pub(crate) finished_since: i64,
    pub(crate) slowest_record_us: u64,
    /// Its offsets are kept with its results: what is committed in Kafka decides nothing.
    pub(crate) with_result: bool,
}

impl Scope {
    pub(crate) fn new(name: GroupId) -> Self {
        Scope {
            name,
            managed: true,
            producer: false,
            actors: Vec::new(),
            topics: BTreeSet::new(),
            state: None,
            moving: false,
            generation: Generation(0),
            members: IndexMap::default(),
            first_stable: None,
            unstable_since: None,
            parts: Vec::new(),
            lag: 0,
            position_lag: 0,
            given: 0,
            given_twice: BTreeSet::new(),
            disturbed: Instant::ZERO,
            last_generation: Instant::ZERO,
            undisturbed: VecDeque::new(),
            storming: false,
            cooperative: false,
            last_append: Instant::ZERO,
            finished_since: 0,
            slowest_record_us: 0,
            with_result: false,
        }
    }

    /// The partitions it has to do with.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().flatten()
    }

    /// The most members to whom the current generation gives one partition.
    pub(crate) fn most_owners(&self) -> i64 {
        let twice = self.given_twice.iter().filter_map(|&place| self.parts[place].as_ref());
        twice.map(|part| part.given.len() as i64).max().unwrap_or(i64::from(self.given > 0))
    }
}
