//! Who plays a scenario for real: the cluster, or a stand-in of the tests.

use crate::scenario::Scenario;
use crate::trace::Trace;
use std::sync::atomic::AtomicBool;

/// A scenario, played.
#[derive(Debug, Default)]
pub struct Played {
    /// What happened.
    pub trace: Trace,
    /// What cannot be done or seen, and why.
    pub not_comparable: Vec<String>,
    /// What the cluster says is committed at the end: group, topic, partition, offset.
    pub committed: Vec<(String, String, u32, i64)>,
    /// What went wrong on the way without ending the run.
    pub remarks: Vec<String>,
}

/// Why a scenario could not be played to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unplayed {
    /// The cluster refuses what every run needs (rights, say): nothing can be run there.
    Unusable(String),
    /// The cluster went away half-way.
    Lost(String),
    /// Ctrl-C.
    Interrupted,
    /// This machine cannot do it (no more processes, say), or groupsim is wrong.
    Broken(String),
}

/// Plays scenarios, several at a time.
pub trait Player: Sync {
    /// Plays one, once, and takes away what it made.
    ///
    /// # Errors
    /// See [`Unplayed`].
    fn play(&self, scenario: &Scenario, seed: u64, interrupt: &AtomicBool) -> Result<Played, Unplayed>;
}
