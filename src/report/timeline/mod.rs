//! Charts: what the coordinator, every partition and every member did, on one time axis.
//!
//! [`model`] is the content, lanes as plain data; [`build`] makes it from trace events as they come, in memory that depends
//! on the picture's size and not on the length of the run; [`svg`] draws it.

mod activity;
mod build;
mod canvas;
pub mod model;
mod owners;
mod place;
mod spans;
pub mod svg;

pub use build::TimelineBuilder;
pub use model::{Options, Timeline, Window};

#[cfg(test)]
pub(crate) mod forged;
#[cfg(test)]
mod tests;
