//! groupsim: replays Kafka consumer groups on a virtual clock.
//!
//! A module imports only from floors below its own (`tests/tidy.rs` holds this):
//!
//! | floor | modules |
//! |---|---|
//! | 7 | [`cli`] |
//! | 6 | `kafka` (feature `kafka`) |
//! | 5 | [`report`], [`profile`] |
//! | 4 | [`sim`] |
//! | 3 | [`broker`], [`client`], [`scenario`], [`oracle`] |
//! | 2½ | [`context`] |
//! | 2 | [`config`], [`assignor`], [`trace`], [`choice`] |
//! | 1 | [`protocol`] |
//! | 0 | [`ids`], [`time`] |
//!
//! # A commit strategy of your own
//!
//! [`client::strategy::CommitStrategy`] says when an application commits what. This one commits every 200 ms what poll has
//! handed out, whether it is done or not; the run shows what that costs when a pod is killed.
//!
//! ```
//! use groupsim::client::strategy::{Commit, CommitStrategy, Offsets, Progress};
//! use groupsim::oracle::Judge;
//! use groupsim::sim::{self, RunOptions};
//! use groupsim::time::{Duration, Instant};
//!
//! struct EveryFifthOfASecond {
//!     last: Instant,
//! }
//!
//! impl CommitStrategy for EveryFifthOfASecond {
//!     fn after_record(&mut self, progress: &Progress<'_>, _count: u64) -> Commit {
//!         if progress.now().since(self.last) < Duration::from_ms(200) {
//!             return Commit::Nothing;
//!         }
//!         self.last = progress.now();
//!         Commit::Async(Offsets::Position) // `Offsets::Done` is right
//!     }
//! }
//!
//! let text = r#"
//!     run-for = "60s"
//!     [topic.orders]
//!     records = 1_000
//!     [group.billing]
//!     members = 2
//!     process = { per-record = "10ms" }
//!     config  = { auto.offset.reset = "earliest" }
//!     [timeline]
//!     events = [{ at = "5s", crash = "all of billing" }, { at = "6s", start = "billing-0" }]
//! "#;
//! let scenario = groupsim::scenario::parse("example", text, &[]).expect("the file is right").scenario;
//! let mut judge = Judge::new(&scenario.expect, false, false);
//! let end = sim::run_with_strategies(
//!     &scenario,
//!     RunOptions::default(),
//!     &|_member| Some(Box::new(EveryFifthOfASecond { last: Instant::ZERO })),
//!     &mut [&mut judge],
//! );
//! let outcome = judge.finish(&end.names, end.virtual_time);
//! let lost = outcome.findings.iter().find(|finding| finding.what == "lost").expect("records are lost");
//! println!("{}", lost.sentence);
//! assert!(outcome.total.numbers["lost"] > 0);
//! ```

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
pub mod profile;
pub mod protocol;
pub mod report;
pub mod scenario;
pub mod sim;
pub mod time;
pub mod trace;
