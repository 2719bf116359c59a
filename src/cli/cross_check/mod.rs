//! `groupsim cross-check FILE|DIR...`: the same scenarios simulated and on a real cluster, side by side (feature `kafka`).

#[cfg(feature = "kafka")]
mod batch;
#[cfg(feature = "kafka")]
mod cluster;
#[cfg(feature = "kafka")]
mod command;
#[cfg(feature = "kafka")]
mod outputs;
#[cfg(feature = "kafka")]
mod play;
#[cfg(not(feature = "kafka"))]
mod without;

#[cfg(feature = "kafka")]
pub use command::{Args, run};
#[cfg(not(feature = "kafka"))]
pub use without::{Args, run};
