//! groupsim: replays Kafka consumer groups on a virtual clock.
//!
//! A module imports only from floors below its own (`tests/tidy.rs` holds this):
//!
//! | floor | modules |
//! |---|---|
//! | 7 | [`cli`] |
//! | 6 | `kafka` (feature `kafka`) |
//! | 5 | [`report`] |
//! | 4 | [`sim`] |
//! | 3 | [`broker`], [`client`], [`scenario`], [`oracle`] |
//! | 2½ | [`context`] |
//! | 2 | [`config`], [`assignor`], [`trace`], [`choice`] |
//! | 1 | [`protocol`] |
//! | 0 | [`ids`], [`time`] |

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// Files that unit tests share with `tests/differential` call the crate by its name.
#[cfg(test)]
extern crate self as groupsim;

#[cfg(test)]
mod asked;
pub mod assignor;
pub mod broker;
pub mod choice;
pub mod cli;
pub mod client;
pub mod config;
pub mod context;
pub mod ids;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod oracle;
pub mod protocol;
pub mod report;
pub mod scenario;
pub mod sim;
pub mod time;
pub mod trace;
