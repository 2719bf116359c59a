//! Scenario files: load, validate, expand (floor 3).

mod plan;

pub use plan::*;
