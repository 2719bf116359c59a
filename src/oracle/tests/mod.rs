//! Forged traces: for each oracle one that trips it and one that keeps it silent.

mod commits;
mod conservation;
mod expectations;
mod liveness;
mod loss;
mod metrics;
mod order;
mod ownership;
mod properties;
mod timers;

/// No oracle at all.
const NONE: Vec<&str> = Vec::new();
