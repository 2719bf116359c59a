//! Where labels and ticks go.

use super::model::Window;
use crate::time::{Duration, Instant};

/// Width of a text in pixels, near enough for a wide sans-serif font of this size (in plotters' unit).
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    text.chars().count() as i32 * size / 2
}

/// For each extent, in order, the first row where it does not touch what is there already; `None` if all rows are taken.
pub(super) fn rows(extents: &[(i32, i32)], max_rows: usize) -> Vec<Option<usize>> {
    let mut ends: Vec<i32> = Vec::new();
    extents
        .iter()
        .map(|&(from, to)| {
            let row = ends.iter().position(|&end| end + 8 <= from).unwrap_or(ends.len());
            if row >= max_rows {
                return None;
            }
            if row == ends.len() {
                ends.push(to);
            } else {
                ends[row] = to;
            }
            Some(row)
        })
        .collect()
}

/// Round steps between ticks, in milliseconds.
const STEPS_MS: [u64; 23] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000,
    1_800_000, 3_600_000, 7_200_000, 14_400_000,
];

/// About ten instants for the time axis, on a round step.
pub(super) fn ticks(window: &Window) -> Vec<Instant> {
    let length = window.until.since(window.from).as_us();
    let mut step = STEPS_MS.iter().map(|ms| ms * 1_000).find(|step| length / step <= 12).unwrap_or(86_400_000_000);
    while length / step > 12 {
        step *= 2;
    }
    let first = window.from.as_us().div_ceil(step);
    let last = window.until.as_us() / step;
    (first..=last).map(|n| Instant::from_us(n.saturating_mul(step))).collect()
}

/// `40s`, `1m20s`: all ticks in the same finest unit.
pub(super) fn tick_label(at: Instant) -> String {
    Duration::from_us(at.as_us()).to_string()
}

/// `text` in at most this many characters, its middle left out.
pub(super) fn shorten(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let (head, tail) = (most / 2, most - most / 2 - 1);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect()
}
