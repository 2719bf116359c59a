//! The verdict over one run.

use crate::config::expect::{Comparison, Expectations, Literal, MetricKind, Op};
use crate::oracle::{Judged, Outcome};
use crate::time::{Duration, Instant};
use crate::trace::hash::TraceHash;

/// How a run is judged as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Every expectation held.
    Held,
    /// An expectation or an oracle failed.
    Failed,
    /// The run was too short to tell, and nothing failed in it.
    Undecided,
    /// groupsim itself broke.
    Broken,
}

impl Verdict {
    /// The word in the JSON document.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Held => "held",
            Verdict::Failed => "failed",
            Verdict::Undecided => "undecided",
            Verdict::Broken => "broken",
        }
    }
}

/// Where a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stopped {
    /// At the end of `run-for`.
    AtTheEnd,
    /// At `--until`, before the end.
    Until,
    /// The event budget ran out.
    Budget,
    /// Ctrl-C.
    Interrupted,
}

/// What became of an expectation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It held.
    Held,
    /// It broke.
    Broken,
    /// The run ended before it could be judged.
    Undecided,
}

/// An expectation with its fate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expectation {
    /// As the oracle judged it, taking the run for a whole one.
    pub judged: Judged,
    /// What that means for a run that was perhaps cut short.
    pub fate: Fate,
    /// Whether a run that ends just after the first broken instant shows the same failure.
    pub shows_early: bool,
}

/// Everything that is reported of one run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The scenario file as the user wrote it.
    pub file: String,
    /// `--set` arguments, for the replay line.
    pub sets: Vec<String>,
    /// The scenario's name.
    pub name: String,
    /// The seed used.
    pub seed: u64,
    /// Hash of the trace.
    pub hash: TraceHash,
    /// Number of trace events.
    pub events: u64,
    /// Where virtual time stood at the end.
    pub virtual_time: Instant,
    /// The scenario's `run-for`.
    pub run_for: Duration,
    /// Where the run ended.
    pub stopped: Stopped,
    /// Wall time; never in the JSON document, which is the same for every run.
    pub wall: std::time::Duration,
    /// What the oracles say.
    pub outcome: Outcome,
    /// The expectations with their fates, in the outcome's order.
    pub expectations: Vec<Expectation>,
    /// How groupsim itself broke: a panic, or two runs that differ.
    pub breakage: Option<String>,
}

impl RunReport {
    /// Held, failed, undecided or broken.
    pub fn verdict(&self) -> Verdict {
        if self.breakage.is_some() || self.outcome.model_broken() {
            return Verdict::Broken;
        }
        let has = |fate: Fate| self.expectations.iter().any(|e| e.fate == fate);
        if has(Fate::Broken) {
            Verdict::Failed
        } else if has(Fate::Undecided) || self.stopped != Stopped::AtTheEnd {
            Verdict::Undecided
        } else {
            Verdict::Held
        }
    }

    /// The expectations that broke, the first to break first.
    pub fn broken(&self) -> Vec<&Expectation> {
        let mut broken: Vec<_> = self.expectations.iter().filter(|e| e.fate == Fate::Broken).collect();
        broken.sort_by_key(|e| e.judged.first_broken.unwrap_or(Instant::MAX));
        broken
    }
}

impl Expectation {
    /// Judges every expectation of an outcome anew, knowing where the run ended.
    pub fn all(outcome: &Outcome, expect: &Expectations, stopped: Stopped) -> Vec<Expectation> {
        let fate = |judged: &Judged| match (judged.held, stopped) {
            (held, Stopped::AtTheEnd) => {
                if held {
                    Fate::Held
                } else {
                    Fate::Broken
                }
            }
            (false, _) if is_final(judged, expect) => Fate::Broken,
            (true, _) if matches!(judged.list, "never" | "model") => Fate::Held,
            _ => Fate::Undecided,
        };
        outcome
            .expectations
            .iter()
            .map(|judged| Expectation {
                judged: judged.clone(),
                fate: fate(judged),
                shows_early: judged.first_broken.is_some() && is_final(judged, expect),
            })
            .collect()
    }
}

/// Whether a broken expectation stays broken however the run goes on: conditions that must never happen, promises about
/// records, and upper bounds of what only ever grows.
fn is_final(judged: &Judged, expect: &Expectations) -> bool {
    match judged.list {
        "never" | "model" | "default" => true,
        "overall" => expect.overall.iter().filter(|check| check.text == judged.text).any(|check| {
            let grows = match check.query.op {
                Some(Op::Max | Op::Count | Op::Sum) => true,
                Some(_) => false,
                None => check.query.metric.kind() == MetricKind::Counter,
            };
            let bounded_above = match check.comparison {
                Comparison::Less | Comparison::LessOrEqual => true,
                Comparison::Equal => check.literal == Literal::Number(0) || check.literal == Literal::Time(0),
                _ => false,
            };
            grows && bounded_above
        }),
        _ => false,
    }
}
