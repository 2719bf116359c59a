//! The table for people.

use super::value::{range, seconds};
use super::{Comparison, Row};
use crate::time::Duration;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default();
const HEAD: Style = Style::new().bold();

/// A machine later than this is told of.
const LATE: Duration = Duration::from_ms(250);
/// Columns: figure, simulated, real, tolerance, verdict.
const TITLES: [&str; 5] = ["figure", "simulated", "real", "tolerance", ""];

/// The widest that values are printed; longer ones go on in the next line.
const WIDEST: usize = 40;

/// The rows of a scenario, and what could not be compared.
pub fn table(comparison: &Comparison) -> String {
    let mut text = String::new();
    let cells: Vec<[Vec<String>; 5]> =
        comparison.rows.iter().map(|row| cells(row).map(|cell| wrapped(&cell))).collect();
    let width = |column: usize| {
        let widths = cells.iter().flat_map(|row| &row[column]).map(|line| line.chars().count());
        widths.max().unwrap_or(0).max(TITLES[column].len())
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut group = "";
    for (row, cells) in comparison.rows.iter().zip(&cells) {
        if row.group != group {
            group = &row.group;
            let mut titles = TITLES.map(str::to_owned);
            titles[0] = format!("group {group}");
            let _ = writeln!(text, "  {HEAD}{}{HEAD:#}", line(&titles, widths, HEAD).trim_end());
        }
        let style = if row.agrees() { GOOD } else { BAD };
        let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
        for number in 0..lines {
            let parts = cells.each_ref().map(|cell| cell.get(number).cloned().unwrap_or_default());
            let _ = writeln!(text, "  {}", line(&parts, widths, style));
        }
    }
    for reason in comparison.not_comparable.iter().filter(|_| comparison.compared()) {
        let _ = writeln!(text, "  {OPEN}not comparable{OPEN:#}  {reason}");
    }
    text
}

/// Padded cells, and the verdict in its colour.
fn line(cells: &[String; 5], widths: [usize; 4], style: Style) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let _ = write!(line, "{cell:<width$}  ");
    }
    if cells[4].is_empty() {
        return line.trim_end().to_owned();
    }
    format!("{line}{style}{}{style:#}", cells[4])
}

/// A text in lines that fit, broken after commas and before alternatives.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in text.replace(" | ", " \u{0}| ").replace(", ", ", \u{0}").split('\u{0}') {
        let last = lines.last_mut().expect("there is always a line");
        if !last.is_empty() && last.chars().count() + piece.trim_end().chars().count() > WIDEST {
            lines.push(piece.to_owned());
        } else {
            last.push_str(piece);
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn cells(row: &Row) -> [String; 5] {
    let known: Vec<_> = row.real.iter().flatten().cloned().collect();
    let real = match (known.len(), row.real.len()) {
        (0, _) => "-".to_owned(),
        (known_here, all) => range(&known, known_here < all),
    };
    let verdict = match &row.distance {
        None => "agrees".to_owned(),
        Some(distance) => format!("DIFFERS: {distance}"),
    };
    [row.figure.clone(), row.simulated.to_string(), real, row.tolerance.to_string(), verdict]
}

/// `31 rows: 30 agree, 1 differs (20 simulated runs, 1 real)`
pub fn summary_line(comparison: &Comparison) -> String {
    if !comparison.compared() {
        let reasons = match comparison.not_comparable.join("; ") {
            none if none.is_empty() => "nothing of this scenario can be done for real".to_owned(),
            reasons => reasons,
        };
        return format!("{OPEN}NOT COMPARABLE{OPEN:#}: {reasons}");
    }
    let (rows, differ) = (comparison.rows.len(), comparison.differing());
    let style = if differ == 0 { GOOD } else { BAD };
    let mut text = format!("{style}{}{style:#}: ", if differ == 0 { "AGREES" } else { "DIFFERS" });
    let _ = write!(text, "{} of {rows} rows agree", rows - differ);
    if differ > 0 {
        let _ = write!(text, ", {differ} {}", if differ == 1 { "differs" } else { "differ" });
    }
    if !comparison.not_comparable.is_empty() {
        let _ = write!(text, ", {} not comparable", comparison.not_comparable.len());
    }
    let runs = if comparison.real == 1 { "1 real run".to_owned() } else { format!("{} real runs", comparison.real) };
    let _ = write!(text, "; {} simulated runs, {runs}", comparison.simulated);
    if !comparison.late.is_zero() {
        let _ = write!(text, ", at most {} late", seconds(comparison.late.as_us() as i64));
        if comparison.late > LATE {
            text.push_str(" (a busy machine: every tolerance is wider by that)");
        }
    }
    text
}

/// `total: 17 scenarios, 540 rows: 540 agree, 0 differ; 1 scenario not comparable`
pub fn total_line(comparisons: &[&Comparison]) -> String {
    let rows: usize = comparisons.iter().map(|comparison| comparison.rows.len()).sum();
    let differ: usize = comparisons.iter().map(|comparison| comparison.differing()).sum();
    let wholly = comparisons.iter().filter(|comparison| !comparison.compared()).count();
    let agreeing = comparisons.iter().filter(|c| c.compared() && c.differing() == 0).count();
    let mut text = format!(
        "total: {} scenarios, {agreeing} agree; {rows} rows, {} agree, {differ} differ",
        comparisons.len(),
        rows - differ
    );
    if wholly > 0 {
        let _ = write!(text, "; {wholly} not comparable at all");
    }
    text
}
