//! The story of a run in sentences: what the timeline did, each rebalance with its reason, who was thrown out and whose
//! commits were refused, and what that led to: duplicates, losses, records that were skipped. And the chain of causes behind
//! a single event.

mod chain;
mod teller;
#[cfg(test)]
mod tests;

pub use chain::Chain;
pub use teller::Teller;

use crate::ids::Seq;
use crate::oracle::{Class, Finding, Metrics, Outcome};
use crate::time::{Duration, Instant};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most lines of one kind, and of a story; what else happened is counted.
const MOST_OF_A_KIND: usize = 12;
const MOST_LINES: usize = 600;

/// How much a moment matters when not all can be told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Weight {
    /// What the timeline did, who was dropped, what was lost: told in any case.
    Turn,
    /// One of many of its kind.
    Common(&'static str),
}

/// Something worth a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// The event.
    pub seq: Seq,
    /// Whether it may be left out.
    pub weight: Weight,
    /// What happened, in a sentence without a full stop.
    pub text: String,
}

/// The story: what `teller` has noted down, with the findings of `outcome` where they became true, then the sum.
pub fn story(name: &str, teller: Teller, outcome: &Outcome) -> String {
    let mut moments = teller.moments;
    moments.extend(outcome.findings.iter().map(found));
    moments.sort_by_key(|moment| (moment.at, moment.seq));
    let mut left_out = teller.left_out;
    if outcome.findings_left_out > 0 {
        left_out.insert("findings", outcome.findings_left_out);
    }
    thin(&mut moments, &mut left_out);
    let width = moments.iter().map(|moment| moment.at.to_string().len()).max().unwrap_or(0);
    let mut text = format!("{name}\n\n");
    for moment in &moments {
        let _ = writeln!(text, "{:>width$}  {}  (e{})", moment.at.to_string(), moment.text, moment.seq);
    }
    let more: Vec<String> = left_out.iter().map(|(kind, count)| format!("{count} more {kind}")).collect();
    if !more.is_empty() {
        let _ = writeln!(text, "{:>width$}  not told one by one: {}", "", more.join(", "));
    }
    text.push('\n');
    text.push_str(&in_all(outcome));
    if !moments.is_empty() {
        text.push_str("(eN) is an event of the trace: `groupsim explain FILE --event eN` tells what led to it.\n");
    }
    text
}

/// Leaves out what comes too often: of each kind the first ones stay, and every turn.
fn thin(moments: &mut Vec<Moment>, left_out: &mut BTreeMap<&'static str, u64>) {
    let mut told: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut all, most) = (0, MOST_LINES);
    moments.retain(|moment| {
        let kind = match moment.weight {
            Weight::Common(kind) => kind,
            Weight::Turn => "turns",
        };
        let count = told.entry(kind).or_default();
        *count += 1;
        let stays = all < most && (moment.weight == Weight::Turn || *count <= MOST_OF_A_KIND);
        all += usize::from(stays);
        if !stays {
            *left_out.entry(kind).or_default() += 1;
        }
        stays
    });
}

fn found(finding: &Finding) -> Moment {
    let class = match finding.class {
        Class::Model => "FAULT OF GROUPSIM",
        Class::Strategy => "LOSS",
        Class::Measure => "",
    };
    let what = match (class, finding.what) {
        ("LOSS", "lost") => "LOST: ".to_owned(),
        ("LOSS", what) => format!("{}: ", what.to_uppercase()),
        ("", what) => format!("{what}: "),
        (class, _) => format!("{class}: "),
    };
    let weight = match (finding.class, finding.what) {
        (Class::Measure, "duplicate") => Weight::Common("duplicates"),
        (Class::Measure, "hazard") => Weight::Common("commits beyond unfinished records"),
        (Class::Measure, "order-inversion" | "inversion") => Weight::Common("order inversions"),
        (Class::Measure, _) => Weight::Common("findings"),
        _ => Weight::Turn,
    };
    Moment { at: finding.at, seq: finding.seq, weight, text: format!("{what}{}", finding.sentence) }
}

fn in_all(outcome: &Outcome) -> String {
    let number = |metric: &str| outcome.total.numbers.get(metric).copied().unwrap_or(0);
    let mut text = String::new();
    for (name, metrics) in &outcome.producers {
        text.push_str(&of_producer(name, metrics));
    }
    if outcome.scopes.is_empty() {
        return text;
    }
    let _ = write!(
        text,
        "In all: {} handled, {} lost, {} skipped, {}",
        count(outcome.total.processed, "record"),
        number("lost"),
        number("skipped"),
        count(number("duplicates"), "duplicate")
    );
    let causes: Vec<String> = outcome
        .total
        .duplicates_by_cause
        .iter()
        .filter(|c| *c.1 > 0)
        .map(|(cause, n)| format!("{n} {cause}"))
        .collect();
    if !causes.is_empty() {
        let _ = write!(text, " ({})", causes.join(", "));
    }
    let _ = write!(text, ", {}", count(number("rebalances"), "rebalance"));
    let refused: Vec<String> =
        outcome.total.commit_failures_by_code.iter().map(|(code, n)| format!("{n} {code}")).collect();
    if !refused.is_empty() {
        let _ = write!(text, ", refused commits: {}", refused.join(", "));
    }
    text.push_str(".\n");
    let broken: Vec<&str> = outcome.expectations.iter().filter(|e| !e.held).map(|e| e.text.as_str()).collect();
    if !broken.is_empty() {
        let _ = writeln!(text, "Not as expected: {}.", broken.join("; "));
    }
    text
}

/// What a producer did, in a line.
fn of_producer(name: &str, metrics: &Metrics) -> String {
    let number = |metric: &str| metrics.numbers.get(metric).copied().unwrap_or(0);
    let mut text = format!(
        "{name} wrote {} in {}",
        count(number("produced"), "record"),
        plural(number("produce_batches"), "batch", "batches")
    );
    if let Some(calls) = metrics.samples.get("call_time").filter(|calls| !calls.values.is_empty()) {
        let sum_us = calls.values.iter().map(|&us| us.unsigned_abs()).sum();
        let took = Duration::from_us(sum_us);
        let _ = write!(text, "; {} took {took} in all", count(calls.values.len() as i64, "call"));
    }
    for (metric, word) in [
        ("producer_duplicates", "written twice"),
        ("producer_reordered", "out of order"),
        ("producer_lost", "acknowledged and lost"),
        ("producer_failed", "given back with an error"),
        ("producer_dropped", "gone with the process"),
    ] {
        if number(metric) > 0 {
            let _ = write!(text, ", {} {word}", number(metric));
        }
    }
    text.push_str(".\n");
    text
}

/// `1 record`, `2 records`.
pub(super) fn count(n: i64, what: &str) -> String {
    plural(n, what, &format!("{what}s"))
}

fn plural(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}
