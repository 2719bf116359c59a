//! Who comes in the place of members that are restarted under new names: how many names a file can need.

use super::codes::Code;
use super::report::{Report, Span, grouped};
use super::selector::{Crews, glob_matches, is_glob, split_name};
use super::shape::MAX_MEMBERS;
use super::timeline::peek_instant;
use super::tree::{Node, Table};
use crate::time::Instant;
use std::collections::BTreeMap;

/// Notes in `crews` how many members under new names restarts with `as = "new"` can call up at most. After such a restart
/// the old names do not come back, so what a `scale` calls up needs new ones too.
pub(super) fn census(report: &mut Report, events: &[(&Table, Span)], end: Instant, crews: &mut Crews) {
    let mut needed: BTreeMap<String, (u64, Span)> = BTreeMap::new();
    for (table, _) in events.iter().filter(|(table, _)| text(table, "as") == Some("new")) {
        let Some(who) = table.entry("restart") else { continue };
        let Some(selector) = text(table, "restart") else { continue };
        for (group, count) in reach(selector, crews) {
            let entry = needed.entry(group).or_insert((0, who.value.span));
            entry.0 = entry.0.saturating_add(count.saturating_mul(times(table, end)));
        }
    }
    for (table, _) in events {
        let Some(entry) = text(table, "scale").and_then(|group| needed.get_mut(group)) else { continue };
        if let Some(Node::Integer(Some(to))) = table.get("to").map(|v| &v.node) {
            let to = u64::try_from(*to).unwrap_or(0);
            entry.0 = entry.0.saturating_add(to.saturating_mul(times(table, end)));
        }
    }
    for (group, (count, span)) in needed {
        let Some(crew) = crews.by_group.get_mut(&group) else { continue };
        if crew.own_len().saturating_add(count) > MAX_MEMBERS {
            let (all, limit) = (grouped(crew.own_len().saturating_add(count)), grouped(MAX_MEMBERS));
            let message =
                format!("restarts under new names may take group `{group}` to {all} names; the limit is {limit}");
            report.error(Code::OverLimit, span, message);
            crew.open = true;
        } else {
            crew.fresh = count as u32;
        }
    }
}

fn text<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    match &table.get(key)?.node {
        Node::Text(text) => Some(text.trim()),
        _ => None,
    }
}

/// The groups that a selector may be for, with the most members of each.
fn reach(selector: &str, crews: &Crews) -> Vec<(String, u64)> {
    let size = |group: &str| crews.by_group.get(group).map_or(0, |crew| crew.own_len());
    let words: Vec<&str> = selector.split_whitespace().collect();
    match words[..] {
        [glob] if is_glob(glob) => {
            // Numbers that are still to be given may fit where today's do not.
            let may_fit = |group: &str| {
                let prefix = format!("{group}-");
                let text = glob.split(['*', '?']).next().unwrap_or("");
                prefix.starts_with(text) || text.starts_with(&prefix) || glob_matches(glob, &prefix)
            };
            let groups = crews.by_group.keys().filter(|group| may_fit(group));
            groups.map(|group| (group.clone(), size(group))).collect()
        }
        [name] => split_name(name).map(|(group, _)| (group.to_string(), 1)).into_iter().collect(),
        ["any", number, "of", group] => {
            let count = number.parse::<u64>().unwrap_or(0).min(size(group));
            vec![(group.to_string(), count)]
        }
        ["all", "of", group] => vec![(group.to_string(), size(group))],
        _ => Vec::new(),
    }
}

/// How often an event happens at most.
fn times(table: &Table, end: Instant) -> u64 {
    let Some(every) = table.get("every").and_then(peek_instant).map(|at| at.as_us()).filter(|&us| us > 0) else {
        return 1;
    };
    let at = table.get("at").and_then(peek_instant).unwrap_or(Instant::ZERO);
    let until = table.get("until").and_then(peek_instant).map_or(end, |until| until.min(end));
    let room = until.since(at).as_us().div_ceil(every).max(1);
    match table.get("times").map(|v| &v.node) {
        Some(Node::Integer(Some(n))) => u64::try_from(*n).unwrap_or(1).min(room),
        _ => room,
    }
}
