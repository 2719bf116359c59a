//! O8, commit monotone (STRATEGY unless it was a reset): an applied c for p lower than the previous applied c. Kafka allows
//! it. Tags: `zombie` (the committer does not own p), `admin reset` (no member), `stale async or out of order` otherwise.
//!
//! O8b, commit bound (MODEL): c is not above the log's end when it is applied.

use super::book::{About, Desk};
use super::o3_fencing::Applied;
use super::outcome::Class;
use super::view::Part;
use crate::config::expect::MetricName;

/// O8b.
pub(crate) fn within_log(part: &Part, commit: Applied, log_end: i64, desk: &mut Desk<'_>) {
    if commit.offset > log_end {
        let sentence = format!(
            "{} committed {} for {}, whose log ends at {log_end}",
            desk.who(commit.client),
            commit.offset,
            desk.place(part.tp)
        );
        desk.find("O8b", Class::Model, "commit-beyond-log", About::partition(part.tp), sentence);
    }
}

/// Judges an applied commit against the one before it; the part does not know it yet.
pub(crate) fn applied(part: &Part, commit: Applied, desk: &mut Desk<'_>) {
    let Some(before) = part.committed.filter(|&before| commit.offset < before) else { return };
    let tag = if commit.is_administrative() {
        "admin reset"
    } else if !part.given.iter().any(|given| given.member == commit.member) {
        "zombie"
    } else {
        "stale async or out of order"
    };
    desk.count(MetricName::CommitRegressions, Some(part.tp), Some(commit.client), Some(tag), 1);
    let sentence = format!(
        "{} moved the committed position of {} back from {before} to {} ({tag})",
        desk.who(commit.client),
        desk.place(part.tp),
        commit.offset
    );
    let class = if tag == "admin reset" { Class::Measure } else { Class::Strategy };
    desk.find("O8", class, "regression", About::records(part.tp, commit.offset, before).cause(tag), sentence);
}
