//! The virtual-time driver (floor 4).
//!
//! [`run`] replays a scenario: [`world`] lets time jump from one due instant to the next, [`queue`] holds what is due,
//! [`network`] the connections, [`process`] one process across its incarnations, [`timeline`] the scenario's verbs and
//! faults, [`produce`] the streams of records, [`meta`] the opening of the trace.

mod broker_events;
mod message;
mod meta;
mod network;
mod process;
pub mod produce;
mod queue;
mod set_up;
mod successors;
mod timeline;
mod world;

use crate::broker::Tap;
use crate::choice::{Choice, RandomChoice};
use crate::client::strategy::CommitStrategy;
use crate::config::MemberConfig;
use crate::ids::{ActorId, Incarnation, Names, Seq};
use crate::scenario::Scenario;
use crate::time::Instant;
use crate::trace::hash::{TraceHash, TraceHasher};
use crate::trace::{Kind, Observer, Trace};
use std::sync::atomic::{AtomicBool, Ordering};
use world::World;

pub use timeline::instants;

/// Gives a process that is about to start a commit strategy, or leaves it with the scenario's.
pub type Strategies<'a> = dyn Fn(&MemberConfig) -> Option<Box<dyn CommitStrategy>> + 'a;

/// How to run a scenario.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions<'a> {
    /// Beats the file's seed.
    pub seed: Option<u64>,
    /// Stop at this instant if it is before the end of `run-for`.
    pub until: Option<Instant>,
    /// Stop, undecided, after this many trace events.
    pub event_budget: Option<u64>,
    /// Set by a signal handler: stop soon.
    pub interrupt: Option<&'a AtomicBool>,
}

/// Why a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// It reached the end of `run-for`, or `until`.
    Horizon,
    /// The event budget ran out.
    EventBudget,
    /// Interrupted.
    Interrupted,
}

/// What a run leaves behind, beside what its observers made of it.
#[derive(Debug)]
pub struct RunEnd {
    /// The names that events refer to.
    pub names: Names,
    /// The trace hash.
    pub hash: TraceHash,
    /// Number of trace events.
    pub events: u64,
    /// Where virtual time stood.
    pub virtual_time: Instant,
    /// The seed used.
    pub seed: u64,
    /// Why it ended.
    pub stop: StopReason,
    /// Lines of the timeline (from 0) that have come to their turn and never did anything to anybody.
    pub idle_lines: Vec<u32>,
}

/// Runs a scenario; every event is shown to every observer, in order, as it happens.
pub fn run(scenario: &Scenario, options: RunOptions<'_>, observers: &mut [&mut dyn Observer]) -> RunEnd {
    let seed = options.seed.unwrap_or(scenario.seed);
    run_with(scenario, options, seed, Box::new(RandomChoice::new(seed)), observers)
}

/// As [`run`], with commit strategies of the caller's: `strategies` is asked once for each incarnation of each process and
/// gives a new strategy object, or `None` for a process that commits as the scenario says.
///
/// A process with a strategy of its own does nothing of the scenario's `commit`: its library's auto-commit is off (unless
/// the file writes `enable.auto.commit = true` beside another `when`), and the strategy alone commits.
pub fn run_with_strategies(
    scenario: &Scenario,
    options: RunOptions<'_>,
    strategies: &Strategies<'_>,
    observers: &mut [&mut dyn Observer],
) -> RunEnd {
    let seed = options.seed.unwrap_or(scenario.seed);
    let mut world = World::new(scenario, Box::new(RandomChoice::new(seed)), set_up::processes(scenario));
    world.set_strategies(strategies);
    run_world(world, options, seed, observers)
}

/// Runs a scenario with a choice source of the caller's; `seed` is only told to the trace.
pub fn run_with(
    scenario: &Scenario,
    options: RunOptions<'_>,
    seed: u64,
    choice: Box<dyn Choice>,
    observers: &mut [&mut dyn Observer],
) -> RunEnd {
    run_world(World::new(scenario, choice, set_up::processes(scenario)), options, seed, observers)
}

/// As [`run`], with somebody looking on at the group coordinator.
pub fn run_tapped(
    scenario: &Scenario,
    options: RunOptions<'_>,
    tap: Box<dyn Tap>,
    observers: &mut [&mut dyn Observer],
) -> RunEnd {
    let seed = options.seed.unwrap_or(scenario.seed);
    let mut world = World::new(scenario, Box::new(RandomChoice::new(seed)), set_up::processes(scenario));
    world.broker.set_tap(tap);
    run_world(world, options, seed, observers)
}

/// The opening of a trace of `scenario`, which says who there is and how they are set up.
pub fn opening(scenario: &Scenario, seed: u64) -> Trace {
    let mut world = World::new(scenario, Box::new(RandomChoice::new(seed)), set_up::processes(scenario));
    world.set_up_streams();
    world.emit_meta(seed);
    Trace { events: world.recorder.pending().to_vec(), names: world.names }
}

fn run_world(mut world: World<'_>, options: RunOptions<'_>, seed: u64, observers: &mut [&mut dyn Observer]) -> RunEnd {
    let horizon = Instant::ZERO + world.scenario.run_for;
    let end = options.until.map_or(horizon, |until| until.min(horizon));
    let mut hasher = TraceHasher::default();
    world.set_up(seed);
    drain(&mut world, &mut hasher, observers);
    let stop = run_to(&mut world, end, &options, &mut hasher, observers);
    if stop == StopReason::Horizon {
        world.now = end;
        if end == horizon {
            world.recorder.emit(end, ActorId::DRIVER, Incarnation(0), Seq::NONE, Kind::RunEnd {});
            drain(&mut world, &mut hasher, observers);
        }
    }
    RunEnd {
        idle_lines: world.idle_lines(),
        hash: hasher.finish(&world.names),
        events: hasher.events(),
        names: world.names,
        virtual_time: world.now,
        seed,
        stop,
    }
}

fn run_to(
    world: &mut World<'_>,
    end: Instant,
    options: &RunOptions<'_>,
    hasher: &mut TraceHasher,
    observers: &mut [&mut dyn Observer],
) -> StopReason {
    let budget = options.event_budget.unwrap_or(u64::MAX);
    while world.advance(end) {
        while world.step() {
            drain(world, hasher, observers);
            if hasher.events() >= budget {
                return StopReason::EventBudget;
            }
        }
        if options.interrupt.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return StopReason::Interrupted;
        }
    }
    StopReason::Horizon
}

fn drain(world: &mut World<'_>, hasher: &mut TraceHasher, observers: &mut [&mut dyn Observer]) {
    for event in world.recorder.pending() {
        hasher.fold(event);
        for observer in observers.iter_mut() {
            observer.observe(event, &world.names);
        }
    }
    world.recorder.clear_pending();
}
