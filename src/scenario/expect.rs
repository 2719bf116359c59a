//! `[expect]`: lists of texts, each with a grammar of its own.

use super::expect_parser::{self, Mistake};
use super::plan::{Group, Promises, Topic};
use super::report::{Report, Span};
use super::selector::Crews;
use super::shape;
use super::tree::{Table, Value};
use crate::config::expect::{Check, Expectations, MetricName};
use std::collections::BTreeMap;

/// Which list a check stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum List {
    Never,
    AtTheEnd,
    Overall,
}

/// What filters may name.
pub(super) struct Cast<'a> {
    pub crews: &'a Crews,
    pub topics: &'a [Topic],
    pub groups: &'a [Group],
    pub grown: &'a BTreeMap<String, u32>,
}

/// Reads all lists.
pub(super) fn expect(report: &mut Report, table: Option<&Table>, cast: &Cast<'_>) -> (Expectations, Promises) {
    let (mut all, mut promises) = (Expectations::default(), Promises::default());
    let Some(table) = table else { return (all, promises) };
    report.known_keys(table, "[expect]", &shape::names(shape::EXPECT));
    for (text, span) in texts(report, table, "must-see") {
        match expect_parser::mark(text) {
            Ok(mark) => {
                promises.lost_mentioned |= mark.kind == "lost";
                promises.skipped_mentioned |= mark.kind == "skip";
                all.must_see.push(mark);
            }
            Err(mistake) => note(report, text, span, mistake),
        }
    }
    for (key, list) in [("never", List::Never), ("at-the-end", List::AtTheEnd), ("overall", List::Overall)] {
        for (text, span) in texts(report, table, key) {
            let check = match expect_parser::check(text, list, cast) {
                Ok(check) => check,
                Err(mistake) => {
                    note(report, text, span, mistake);
                    continue;
                }
            };
            promises.lost_mentioned |= check.query.metric == MetricName::Lost;
            promises.skipped_mentioned |= check.query.metric == MetricName::Skipped;
            push(&mut all, list, check);
        }
    }
    (all, promises)
}

fn push(all: &mut Expectations, list: List, check: Check) {
    match list {
        List::Never => all.never.push(check),
        List::AtTheEnd => all.at_the_end.push(check),
        List::Overall => all.overall.push(check),
    }
}

fn texts<'t>(report: &mut Report, table: &'t Table, key: &str) -> Vec<(&'t str, Span)> {
    let Some(values) = table.get(key).and_then(|v| report.array(v, key)) else { return Vec::new() };
    let one = |v: &'t Value| report.text(v, key).map(|text| (text, v.span));
    values.iter().filter_map(one).collect()
}

/// Puts the caret under the wrong word inside the text, if the text stands in the file as it is (no escapes).
fn note(report: &mut Report, text: &str, span: Span, mistake: Mistake) {
    let source = &report.sources[span.source as usize].text;
    let raw = source.get(span.start as usize..span.end as usize).unwrap_or_default();
    let quotes = raw.len().checked_sub(text.len()).map_or(0, |n| n / 2);
    let as_it_is = raw.get(quotes..quotes + text.len()) == Some(text);
    let span = if as_it_is { span.part(quotes + mistake.at.start, quotes + mistake.at.end) } else { span };
    report.add(mistake.code, span, mistake.message, mistake.help);
}
