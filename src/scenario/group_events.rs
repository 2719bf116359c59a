//! Events of the timeline that are for a group as the coordinator has it: `expire-offsets`.

use super::codes::Code;
use super::plan::Action;
use super::report::{Report, quote};
use super::timeline::Stage;
use super::tree::Entry;

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
