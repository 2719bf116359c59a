//! What the judges found: metrics, findings and the fate of every expectation, as plain values.

use crate::ids::{Offset, Seq};
use crate::time::Instant;
use std::collections::BTreeMap;

/// Verdict classes, kept apart everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// groupsim itself is wrong: exit 70.
    Model,
    /// The user's commit or processing policy is unsafe.
    Strategy,
    /// Kafka permits it: counted.
    Measure,
}

/// Something an oracle found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The oracle, `O4`.
    pub oracle: &'static str,
    /// MODEL, STRATEGY or MEASURE.
    pub class: Class,
    /// What, in a word: `lost`, `duplicate`, `zombie` ...
    pub what: &'static str,
    /// The cause's label, for duplicates.
    pub cause: Option<&'static str>,
    /// The scope: a group's id or a reader's name.
    pub scope: String,
    /// Where, if it is about a partition: `orders-3`.
    pub partition: Option<String>,
    /// Which records, `[from, to)`.
    pub records: Option<(Offset, Offset)>,
    /// When it became true.
    pub at: Instant,
    /// The event that made it true.
    pub seq: Seq,
    /// One sentence that says why, with names.
    pub sentence: String,
}

/// A distribution's values, sorted on demand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Samples {
    /// Microseconds (or counts), in order of observation.
    pub values: Vec<i64>,
}

/// The figures of one scope, or of the whole run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metrics {
    /// Counters and end-of-run gauges by metric name, in the contract's order of section 7. `state` is not here.
    pub numbers: BTreeMap<&'static str, i64>,
    /// Distributions by metric name.
    pub samples: BTreeMap<&'static str, Samples>,
    /// Duplicates by cause; sums to `duplicates`.
    pub duplicates_by_cause: BTreeMap<&'static str, i64>,
    /// Rejected commits by code.
    pub commit_failures_by_code: BTreeMap<&'static str, i64>,
    /// Records that `latest` left before the scope's start.
    pub before_start: i64,
    /// The coordinator's state at the end, for a group.
    pub state: Option<&'static str>,
    /// Records delivered and finished, for the summary.
    pub processed: i64,
}

/// What became of one expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// Which list: `must-see`, `never`, `at-the-end`, `overall`, `default`, `model`.
    pub list: &'static str,
    /// The expectation's text.
    pub text: String,
    /// Whether it held.
    pub held: bool,
    /// The measured value, as a person would write it.
    pub measured: String,
    /// First instant at which it broke, if it did.
    pub first_broken: Option<Instant>,
    /// The event at which it broke.
    pub seq: Option<Seq>,
    /// One sentence of cause, if it broke; or a note ("no sample").
    pub note: Option<String>,
}

/// Everything that a run is judged by.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Sums over all scopes.
    pub total: Metrics,
    /// Per scope, by name.
    pub scopes: BTreeMap<String, Metrics>,
    /// Per producer, by name.
    pub producers: BTreeMap<String, Metrics>,
    /// All findings, in order of their events (bounded; `findings_left_out` says how many were counted only).
    pub findings: Vec<Finding>,
    /// Findings that were counted but not kept.
    pub findings_left_out: u64,
    /// Every expectation, in the file's order, default promises last.
    pub expectations: Vec<Judged>,
    /// Timeline events that did nothing: line index and target's name.
    pub ignored_events: Vec<(u32, String)>,
}

impl Outcome {
    /// Whether groupsim itself is wrong.
    pub fn model_broken(&self) -> bool {
        self.findings.iter().any(|f| f.class == Class::Model)
    }

    /// Whether everything held.
    pub fn held(&self) -> bool {
        !self.model_broken() && self.expectations.iter().all(|e| e.held)
    }
}
