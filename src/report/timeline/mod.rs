//! Charts: what the coordinator, every partition and every member did, on one time axis.

use crate::ids::Names;
use crate::time::Instant;
use crate::trace::{Event, Observer};

pub mod svg;

/// What part of the run is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// From here.
    pub from: Instant,
    /// To here.
    pub until: Instant,
}

/// What is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Only these groups; empty: all.
    pub groups: Vec<String>,
    /// Only these members; empty: all.
    pub members: Vec<String>,
}

/// A chart's content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeline {}

/// Collects a chart's content from events.
pub struct TimelineBuilder {}

impl TimelineBuilder {
    /// For this window.
    pub fn new(_: Window, _: Options) -> Self {
        TimelineBuilder {}
    }

    /// The content.
    pub fn finish(self) -> Timeline {
        Timeline {}
    }
}

impl Observer for TimelineBuilder {
    fn observe(&mut self, _: &Event, _: &Names) {}
}
