//! Judges of a run, reading only the trace (floor 3).

mod outcome;

pub use outcome::*;
