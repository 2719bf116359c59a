//! What a user sees of a run (floor 5): summary, JSON, JUnit, the epilogue of a failure, the look of
//! `kafka-consumer-groups.sh`, charts, and the texts behind error codes.
//!
//! Reports read outcomes and trace events, never the simulator's insides.

pub mod codes;
pub mod describe;
pub mod epilogue;
pub mod json;
pub mod junit;
mod quantiles;
mod shell;
pub mod story;
pub mod summary;
pub mod timeline;
mod verdict;

pub use quantiles::{Quantiles, nearest_rank};
pub use verdict::{Expectation, Fate, RunReport, Stopped, Verdict};

#[cfg(test)]
mod tests;
