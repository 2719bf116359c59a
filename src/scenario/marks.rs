//! What `must-see` may name: kinds of trace events and their labels.

use super::expect_parser::CAUSES;
use crate::config::AssignorKind;
use crate::protocol::{ErrorCode, GroupState};
use crate::trace::{
    Channel, CommitError, CommitOrigin, DropReason, Kind, PendingEnd, PositionOrigin, RemovalReason, ResetReason,
    SendFailure, StateReason, Verb,
};

/// Kinds that are made from several events.
const DERIVED: [&str; 5] = ["rebalance", "duplicate", "lost", "hazard", "skip"];

/// Every kind that can be named.
pub(super) fn kinds() -> Vec<&'static str> {
    let mut kinds = DERIVED.to_vec();
    kinds.extend(Kind::all_names().into_iter().filter(|name| !DERIVED.contains(name)));
    kinds
}

macro_rules! labels_of {
    ($($label:ident)*) => {{
        let mut all: Vec<&'static str> = Vec::new();
        $(all.extend($label::ALL.iter().map(|l| l.label()));)*
        all
    }};
}

/// The labels of a kind; empty if it has none.
pub(super) fn labels(kind: &str) -> Vec<&'static str> {
    let codes = || ErrorCode::ALL.iter().map(|c| c.name());
    match kind {
        "duplicate" => CAUSES.to_vec(),
        "member_removed" => labels_of!(RemovalReason),
        "pending_ended" => labels_of!(PendingEnd),
        "group_state" => labels_of!(StateReason).into_iter().chain(GroupState::ALL.iter().map(|s| s.name())).collect(),
        "commit_partition_sent" => labels_of!(CommitOrigin),
        "commit_failed" => labels_of!(CommitError CommitOrigin).into_iter().chain(codes()).collect(),
        "position" => labels_of!(PositionOrigin),
        "reset" => labels_of!(ResetReason),
        "dropped" => labels_of!(DropReason),
        "batch_failed" => labels_of!(SendFailure),
        "disconnected" => labels_of!(Channel),
        "fault_start" | "fault_end" | "event_ignored" => labels_of!(Verb),
        "joined" | "generation" => AssignorKind::ALL.iter().map(|a| a.name()).collect(),
        "failed" | "generation_reset" => codes().collect(),
        _ if kind.ends_with("_rejected") || kind.ends_with("_reply_seen") => codes().collect(),
        _ => Vec::new(),
    }
}
