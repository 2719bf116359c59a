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
use crate::oracle::{Class, Finding, Outcome};
use crate::time::Instant;
use std::fmt::Write;

/// Most lines of a story; what else happened is counted.
const MOST_LINES: usize = 300;

/// Something worth a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// The event.
    pub seq: Seq,
    /// What happened, in a sentence without a full stop.
    pub text: String,
}

/// The story: what `teller` has noted down, with the findings of `outcome` where they became true, then the sum.
pub fn story(name: &str, teller: Teller, outcome: &Outcome) -> String {
    let mut moments = teller.moments;
    moments.extend(outcome.findings.iter().map(found));
    moments.sort_by_key(|moment| (moment.at, moment.seq));
    let left_out = moments.len().saturating_sub(MOST_LINES) as u64 + teller.left_out + outcome.findings_left_out;
    moments.truncate(MOST_LINES);
    let width = moments.iter().map(|moment| moment.at.to_string().len()).max().unwrap_or(0);
    let mut text = format!("{name}\n\n");
    for moment in &moments {
        let _ = writeln!(text, "{:>width$}  {}  (e{})", moment.at.to_string(), moment.text, moment.seq);
    }
    if left_out > 0 {
        let _ = writeln!(text, "{:>width$}  and {left_out} more, which are counted below only", "");
    }
    text.push('\n');
    text.push_str(&in_all(outcome));
    text
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
    Moment { at: finding.at, seq: finding.seq, text: format!("{what}{}", finding.sentence) }
}

fn in_all(outcome: &Outcome) -> String {
    let number = |metric: &str| outcome.total.numbers.get(metric).copied().unwrap_or(0);
    let mut text = format!(
        "In all: {} records handled, {} lost, {} skipped, {} duplicates",
        outcome.total.processed,
        number("lost"),
        number("skipped"),
        number("duplicates")
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
    let _ = write!(text, ", {} rebalances", number("rebalances"));
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
