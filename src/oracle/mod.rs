//! Judges of a run, reading only the trace (floor 3).
//!
//! [`Judge`] is shown every event as it happens. [`view`] keeps what all oracles share; each oracle is a file of its own that
//! says its exact condition at the top; [`book`] takes down findings and figures; [`expectations`] judges what the scenario
//! expects; [`verdict`] sums up.

mod book;
mod downtime;
mod expectations;
#[cfg(test)]
mod forge;
mod gauges;
mod judge;
mod l1_convergence;
mod l4_drain;
mod l5_storms;
mod moves;
mod o10_log;
mod o12_timers;
mod o13_conservation;
mod o1_owners;
mod o1c_overlap;
mod o2_zombie;
mod o3_fencing;
mod o4_loss;
mod o5_skip;
mod o6_duplicates;
mod o7_order;
mod o8_commits;
mod o9_auto_commit;
mod outcome;
mod producers;
mod quantiles;
mod ranges;
mod stall;
#[cfg(test)]
mod tests;
mod verdict;
mod view;
mod work;

pub use judge::Judge;
pub use outcome::*;
