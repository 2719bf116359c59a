//! A chart's content: lanes of spans, ticks and bands, without coordinates.

use crate::protocol::GroupState;
use crate::time::Instant;

/// What part of the run is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// From here.
    pub from: Instant,
    /// To here.
    pub until: Instant,
}

/// What is drawn of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Only these groups; empty: all.
    pub groups: Vec<String>,
    /// Only these members; empty: all.
    pub members: Vec<String>,
    /// An event to point at: its number.
    pub mark: Option<u64>,
}

/// Width of the part of the picture that has a time axis, in pixels: what happens within one is merged.
pub const PIXELS: usize = 1_000;

/// A stretch of time with something in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span<T> {
    /// From here.
    pub from: Instant,
    /// To here.
    pub to: Instant,
    /// What.
    pub what: T,
}

/// A chart's content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeline {
    /// Scenario and seed.
    pub title: String,
    /// What is drawn.
    pub window: Window,
    /// The coordinator's view of each group.
    pub coordinators: Vec<CoordinatorLane>,
    /// Who has each partition. Neighbours with the same history are one lane.
    pub partitions: Vec<PartitionLane>,
    /// What each member's process does.
    pub members: Vec<MemberLane>,
    /// What the timeline of the scenario did.
    pub faults: Vec<Fault>,
    /// The event that is pointed at.
    pub mark: Option<(Instant, String)>,
    /// What is not in the picture, in words.
    pub left_out: Vec<String>,
}

/// A group's state over time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoordinatorLane {
    /// The group.
    pub group: String,
    /// Its states.
    pub spans: Vec<Span<StateSpan>>,
    /// The beginning of each rebalance, and why.
    pub reasons: Vec<(Instant, String)>,
}

/// A state of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StateSpan {
    /// One state, with the generation.
    One(GroupState, i32),
    /// Several states, each too short to draw.
    Mixed,
}

/// Who has a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// The member lane with this number in the scenario.
    Member(u32),
    /// That one, but its process is dead or frozen.
    Halted(u32),
    /// Several, each for too short to draw.
    Mixed,
}

/// The owners of a partition, or of neighbours with the same history; gaps: nobody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartitionLane {
    /// `orders-3`, or `orders-3..5`.
    pub label: String,
    /// Group or reader.
    pub scope: String,
    /// Owners.
    pub spans: Vec<Span<Owner>>,
}

/// What a process does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Activity {
    /// There is no process.
    Down,
    /// In poll(), waiting for records, or between two batches.
    Idle,
    /// A handler works on records.
    Processing,
    /// Between JoinGroup and the new assignment.
    Joining,
    /// Shutting down.
    Stopping,
    /// Frozen.
    Paused,
}

/// One process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberLane {
    /// Its name in the scenario.
    pub name: String,
    /// Its number, which gives its colour.
    pub number: u32,
    /// Group or reader.
    pub scope: String,
    /// What it does; where several things happen within a pixel, the one that takes most of it.
    pub spans: Vec<Span<Activity>>,
    /// Accepted commits, at most one a pixel.
    pub commits: Vec<Instant>,
    /// Rejected commits, at most one a pixel.
    pub rejected: Vec<Instant>,
}

/// Something that the scenario's timeline did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// From here.
    pub from: Instant,
    /// To here; the same as `from` if it was a moment.
    pub to: Instant,
    /// `crash billing-1`.
    pub label: String,
}

impl Window {
    /// The pixel of the time axis that an instant falls on, from 0 to [`PIXELS`].
    pub fn pixel(&self, at: Instant) -> usize {
        let length = u128::from(self.until.since(self.from).as_us().max(1));
        let part = u128::from(at.min(self.until).since(self.from).as_us());
        (part * PIXELS as u128 / length) as usize
    }

    /// Where a pixel begins.
    pub fn instant(&self, pixel: usize) -> Instant {
        let length = u128::from(self.until.since(self.from).as_us());
        let part = length * pixel as u128 / PIXELS as u128;
        Instant::from_us(self.from.as_us().saturating_add(part as u64))
    }

    /// Whether an instant is in it.
    pub fn contains(&self, at: Instant) -> bool {
        self.from <= at && at <= self.until
    }
}
