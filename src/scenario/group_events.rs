//! Events of the timeline that are for a group as the coordinator has it: `expire-offsets`, `reset-offsets`, `failover`.

use super::codes::Code;
use super::plan::{Action, ResetTo};
use super::report::{Report, quote};
use super::timeline::Stage;
use super::tree::{Entry, Node, Table};
use crate::time::Duration;

/// The group that an event is for; readers with `assign` are none.
fn group(report: &mut Report, verb: &Entry, text: &str, stage: &Stage<'_>) -> Option<String> {
    stage.crews.group(report, text, verb.value.span)?;
    if stage.groups.iter().any(|group| group.name == text && group.standalone) {
        let message = format!("{} is no consumer group: its readers take their partitions by `assign`", quote(text));
        report.add(Code::GroupKeyBesideAssign, verb.value.span, message, None);
    }
    Some(text.to_string())
}

/// `expire-offsets = GROUP`.
pub(super) fn expire_offsets(report: &mut Report, verb: &Entry, text: &str, stage: &Stage<'_>) -> Option<Action> {
    group(report, verb, text, stage).map(|group| Action::ExpireOffsets { group })
}

/// `reset-offsets = GROUP, to = "earliest" | "latest" | N`.
pub(super) fn reset_offsets(
    report: &mut Report,
    table: &Table,
    verb: &Entry,
    text: &str,
    stage: &Stage<'_>,
) -> Option<Action> {
    let group = group(report, verb, text, stage);
    let Some(value) = table.get("to") else {
        let help = "to = \"earliest\", \"latest\", or an offset".to_string();
        report.add(Code::MissingKey, verb.key_span, "`reset-offsets` needs `to`", help);
        return None;
    };
    let to = match &value.node {
        Node::Text(_) => match report.word(value, "to", &["earliest", "latest"])? {
            0 => ResetTo::Earliest,
            _ => ResetTo::Latest,
        },
        _ => ResetTo::Offset(report.integer(value, "to", 0, i64::MAX as u64)? as i64),
    };
    Some(Action::ResetOffsets { group: group?, to })
}

/// `failover = GROUP, down-for = "5s"`.
pub(super) fn failover(
    report: &mut Report,
    table: &Table,
    verb: &Entry,
    text: &str,
    stage: &Stage<'_>,
) -> Option<Action> {
    let group = group(report, verb, text, stage);
    let down_for = table.get("down-for").and_then(|v| report.duration(v, "down-for")).unwrap_or(Duration::ZERO);
    Some(Action::Failover { group: group?, down_for })
}
