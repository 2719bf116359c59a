//! The summary for people: the verdict first, then what was promised, then what was measured.

use super::{Expectation, Fate, Quantiles, RunReport, Stopped, Verdict};
use crate::config::expect::{MetricKind, MetricName};
use crate::oracle::Metrics;
use crate::time::Duration;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const NOTE: Style = Style::new().dimmed();
const HEAD: Style = Style::new().bold();

pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// `HELD    [  0.012s]  scenarios/talk/redeploy.toml  seed 42  hash 0123456789abcdef`
pub fn verdict_line(report: &RunReport) -> String {
    let (style, word) = match report.verdict() {
        Verdict::Held => (GOOD, "HELD"),
        Verdict::Failed => (BAD, "FAILED"),
        Verdict::Undecided => (OPEN, "UNDECIDED"),
        Verdict::Broken => (BAD, "BROKEN"),
    };
    let mut line = format!(
        "{style}{word:<9}{style:#} [{:>8.3}s]  {}  seed {}  hash {}",
        report.wall.as_secs_f64(),
        report.file,
        report.seed,
        report.hash
    );
    match report.stopped {
        Stopped::AtTheEnd => {}
        Stopped::Until => {
            let _ = write!(line, "  stopped at {} of {}", report.virtual_time, report.run_for);
        }
        Stopped::Budget => {
            let _ = write!(line, "  --max-events ran out at {} of {}", report.virtual_time, report.run_for);
        }
        Stopped::Interrupted => {
            let _ = write!(line, "  interrupted at {} of {}", report.virtual_time, report.run_for);
        }
    }
    line
}

/// Everything below the verdict line.
pub fn details(report: &RunReport) -> String {
    let mut text = String::new();
    expectations(&mut text, &report.expectations);
    let total = &report.outcome.total;
    let _ = writeln!(
        text,
        "  {}  {} events in {} of virtual time, {} records processed",
        paint(HEAD, "run"),
        report.events,
        report.virtual_time,
        total.processed
    );
    records(&mut text, total);
    group_figures(&mut text, total);
    for (name, metrics) in &report.outcome.producers {
        producer(&mut text, name, metrics);
    }
    distributions(&mut text, total);
    if report.outcome.scopes.len() > 1 {
        scopes(&mut text, &report.outcome.scopes);
    }
    findings(&mut text, report);
    for (index, target) in &report.outcome.ignored_events {
        let event = index + 1;
        let _ = match target.as_str() {
            "driver" => writeln!(text, "  note: timeline event {event} found nobody to do anything to"),
            _ => writeln!(text, "  note: timeline event {event} did nothing to {target}: it was in no state to obey"),
        };
    }
    text
}

fn expectations(text: &mut String, expectations: &[Expectation]) {
    let width = expectations.iter().map(|e| e.judged.text.chars().count()).max().unwrap_or(0).min(60);
    for expectation in expectations {
        let judged = &expectation.judged;
        let tick = match expectation.fate {
            Fate::Held => paint(GOOD, "✓"),
            Fate::Broken => paint(BAD, "✗"),
            Fate::Undecided => paint(OPEN, "?"),
        };
        let _ = write!(text, "  {tick} {:<10}  {:<width$}  {}", judged.list, judged.text, judged.measured);
        match (expectation.fate, judged.first_broken, judged.seq) {
            (Fate::Broken, Some(at), Some(seq)) => {
                let _ = write!(text, "   first broken at t={at}  e{seq}");
            }
            (Fate::Broken, Some(at), None) => {
                let _ = write!(text, "   first broken at t={at}");
            }
            (Fate::Undecided, ..) => text.push_str("   not judged: the run ended early"),
            _ => {}
        }
        if let (Fate::Held, Some(note)) = (expectation.fate, &judged.note) {
            let _ = write!(text, "   {}", paint(NOTE, note));
        }
        text.push('\n');
    }
}

/// Records: lost, repeated and why.
fn records(text: &mut String, total: &Metrics) {
    let _ = write!(
        text,
        "  {}  lost {}, skipped {}, ",
        paint(HEAD, "records"),
        number(total, "lost"),
        number(total, "skipped")
    );
    let _ = write!(text, "duplicates {}", number(total, "duplicates"));
    by_label(text, &total.duplicates_by_cause);
    for name in
        ["producer_duplicates", "interrupted", "hazards", "undecided_hazards", "zombie_records", "order_inversions"]
    {
        some(text, total, name);
    }
    if total.before_start > 0 {
        let _ = write!(text, ", {} before the start that `latest` chose", total.before_start);
    }
    text.push('\n');
}

/// Rebalances and what they moved.
fn group_figures(text: &mut String, total: &Metrics) {
    let _ = write!(text, "  {}  rebalances {}", paint(HEAD, "group"), number(total, "rebalances"));
    if let Some(&us) = total.numbers.get("first_stable") {
        let _ = write!(text, ", first stable at {}", time(us));
    }
    for name in ["moved_partitions", "needless_moves", "commit_regressions"] {
        some(text, total, name);
    }
    let _ = write!(text, ", commit failures {}", number(total, "commit_failures"));
    by_label(text, &total.commit_failures_by_code);
    for name in ["lag", "position_lag", "unconverged", "undrained", "storms"] {
        some(text, total, name);
    }
    if let Some(state) = total.state {
        let _ = write!(text, ", {state} at the end");
    }
    text.push('\n');
}

/// One producer: what it wrote, in batches of what size, how late, and what went wrong.
fn producer(text: &mut String, name: &str, metrics: &Metrics) {
    let (records, batches) = (number(metrics, "produced"), number(metrics, "produce_batches"));
    let tenths = if batches > 0 { (records * 10 + batches / 2) / batches } else { 0 };
    let _ = write!(
        text,
        "  {}  {name}: {records} records in {batches} batches, {}.{} each",
        paint(HEAD, "producer"),
        tenths / 10,
        tenths % 10
    );
    if let Some(q) = metrics.samples.get("produce_latency").and_then(Quantiles::of) {
        let _ = write!(text, ", latency p50 {}, p99 {}", time(q.p50), time(q.p99));
    }
    let _ = write!(text, ", duplicates {}", number(metrics, "producer_duplicates"));
    for metric in ["producer_reordered", "producer_lost", "producer_failed", "producer_dropped"] {
        let n = number(metrics, metric);
        if n != 0 {
            let _ = write!(text, ", {} {n}", metric.trim_start_matches("producer_"));
        }
    }
    text.push('\n');
}

fn distributions(text: &mut String, total: &Metrics) {
    let rows: Vec<(&str, Quantiles)> = MetricName::ALL
        .iter()
        .filter(|row| row.2 == MetricKind::Distribution)
        .filter_map(|row| Some((row.1, Quantiles::of(total.samples.get(row.1)?)?)))
        .collect();
    if rows.is_empty() {
        return;
    }
    let header = ["count", "min", "p50", "p90", "p99", "max"];
    let _ = write!(text, "  {:<20}", "");
    for title in header {
        let _ = write!(text, " {title:>12}");
    }
    text.push('\n');
    for (name, q) in rows {
        let _ = write!(text, "  {name:<20} {:>12}", q.count);
        for us in [q.min, q.p50, q.p90, q.p99, q.max] {
            let _ = write!(text, " {:>12}", time(us));
        }
        text.push('\n');
    }
}

fn scopes(text: &mut String, scopes: &BTreeMap<String, Metrics>) {
    let width = scopes.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    let _ = writeln!(
        text,
        "  {:<width$} {:>10} {:>10} {:>10} {:>10} {:>10}  STATE",
        "GROUP", "PROCESSED", "DUPLICATES", "LOST", "LAG", "REBALANCES"
    );
    for (name, metrics) in scopes {
        let _ = writeln!(
            text,
            "  {name:<width$} {:>10} {:>10} {:>10} {:>10} {:>10}  {}",
            metrics.processed,
            number(metrics, "duplicates"),
            number(metrics, "lost"),
            number(metrics, "lag"),
            number(metrics, "rebalances"),
            metrics.state.unwrap_or("-")
        );
    }
}

/// How many findings are told one by one.
const FINDINGS_SHOWN: usize = 5;

fn findings(text: &mut String, report: &RunReport) {
    use crate::oracle::{Class, Finding};
    let told =
        |f: &&Finding| f.class == Class::Strategy || (f.class == Class::Measure && f.what.starts_with("producer"));
    let kept: Vec<_> = report.outcome.findings.iter().filter(told).collect();
    for finding in kept.iter().take(FINDINGS_SHOWN) {
        let place = finding.partition.as_deref().unwrap_or(&finding.scope);
        let _ = writeln!(text, "  {} {} t={} e{}: {}", finding.what, place, finding.at, finding.seq, finding.sentence);
    }
    if kept.len() > FINDINGS_SHOWN {
        let _ = writeln!(text, "  and {} more findings; `--json` lists them", kept.len() - FINDINGS_SHOWN);
    }
    if report.outcome.findings_left_out > 0 {
        let _ =
            writeln!(text, "  {} more findings were counted, their stories not kept", report.outcome.findings_left_out);
    }
}

fn number(metrics: &Metrics, name: &str) -> i64 {
    metrics.numbers.get(name).copied().unwrap_or(0)
}

/// `, name 3` unless it is 0.
fn some(text: &mut String, metrics: &Metrics, name: &str) {
    let n = number(metrics, name);
    if n != 0 {
        let _ = write!(text, ", {} {n}", name.replace('_', " "));
    }
}

/// ` = 12 revoked + 5 crash`
fn by_label(text: &mut String, parts: &BTreeMap<&'static str, i64>) {
    let parts: Vec<String> =
        parts.iter().filter(|part| *part.1 != 0).map(|(label, n)| format!("{n} {label}")).collect();
    if !parts.is_empty() {
        let _ = write!(text, " = {}", parts.join(" + "));
    }
}

/// Microseconds as a person writes them.
fn time(us: i64) -> String {
    Duration::from_us(u64::try_from(us).unwrap_or(0)).to_string()
}

/// `3 scenarios: 2 held, 1 failed`
pub fn tally(reports: &[RunReport]) -> String {
    let count = |verdict: Verdict| reports.iter().filter(|r| r.verdict() == verdict).count();
    let parts: Vec<String> = [Verdict::Held, Verdict::Failed, Verdict::Undecided, Verdict::Broken]
        .into_iter()
        .map(|verdict| (count(verdict), verdict.word()))
        .filter(|part| part.0 > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    format!("{} scenarios: {}", reports.len(), parts.join(", "))
}
