//! Draws a timeline as SVG, with plotters and no font files. The same content gives the same bytes.

use super::canvas::*;
use super::model::*;
use super::place::{rows, shorten, text_width, tick_label, ticks};
use crate::protocol::GroupState;
use crate::time::Instant;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use std::fmt::Write;

const LEFT: i32 = 170;
const WIDTH: i32 = LEFT + PIXELS as i32 + 30;
const TOP: i32 = 34;
/// Most lanes of partitions, and of members, that are drawn.
const MAX_LANES: usize = 160;

/// The chart as SVG.
pub fn draw(timeline: &Timeline) -> String {
    let mut layout = Layout::of(timeline);
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH as u32, layout.height as u32)).into_drawing_area();
        let canvas = Canvas { area: &area };
        canvas.rect(0, 0, WIDTH, layout.height, WHITE);
        paint(&canvas, timeline, &mut layout);
    }
    describe(&mut text, timeline);
    // XML has no way to write control characters, and a scenario's name may hold any.
    if text.contains(forbidden) { text.replace(forbidden, "\u{fffd}") } else { text }
}

fn forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Adds what a screen reader says.
fn describe(text: &mut String, timeline: &Timeline) {
    let Some(at) = text.find("<svg").and_then(|start| Some(start + text[start..].find('>')? + 1)) else { return };
    let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut words = format!("\n<title>{}</title>\n<desc>", escape(&timeline.title));
    let _ = write!(words, "{} to {}. ", timeline.window.from, timeline.window.until);
    for lane in &timeline.coordinators {
        let _ = write!(words, "Group {}: {} rebalances began. ", escape(&lane.group), lane.reasons.len());
    }
    let _ = write!(words, "{} members, {} lanes of partitions, ", timeline.members.len(), timeline.partitions.len());
    let _ = write!(words, "{} faults.</desc>", timeline.faults.len());
    text.insert_str(at, &words);
}

/// Heights of everything, found before anything is drawn.
struct Layout {
    fault_rows: Vec<Option<usize>>,
    reason_rows: Vec<Vec<Option<usize>>>,
    /// Top of the lanes.
    lanes_top: i32,
    partition_height: i32,
    member_height: i32,
    lanes_bottom: i32,
    height: i32,
    notes: Vec<String>,
}

const COORDINATOR_HEIGHT: i32 = 22;
const SECTION: i32 = 24;

impl Layout {
    fn of(timeline: &Timeline) -> Layout {
        let mut notes = timeline.left_out.clone();
        let faults: Vec<(i32, i32)> =
            timeline.faults.iter().map(|f| label_extent(timeline, f.from, &f.label)).collect();
        let fault_rows = rows(&faults, 5);
        count_note(&mut notes, &fault_rows, "faults without a label");
        let reason_rows: Vec<Vec<Option<usize>>> = timeline
            .coordinators
            .iter()
            .map(|lane| {
                let extents: Vec<_> = lane.reasons.iter().map(|r| label_extent(timeline, r.0, &r.1)).collect();
                rows(&extents, 4)
            })
            .collect();
        reason_rows.iter().for_each(|rows| count_note(&mut notes, rows, "rebalances without a reason written out"));
        let lanes_top = TOP + depth(&fault_rows) * ROW + 18;
        let partition_height = lane_height(timeline.partitions.len());
        let member_height = lane_height(timeline.members.len());
        let mut y = lanes_top;
        if !timeline.coordinators.is_empty() {
            y += SECTION;
        }
        for rows in &reason_rows {
            y += COORDINATOR_HEIGHT + depth(rows) * ROW + 8;
        }
        for (count, height, what) in [
            (timeline.partitions.len(), partition_height, "lanes of partitions not drawn"),
            (timeline.members.len(), member_height, "members not drawn"),
        ] {
            if count > 0 {
                y += SECTION + count.min(MAX_LANES) as i32 * height;
            }
            if count > MAX_LANES {
                notes.push(format!("{} {what}", count - MAX_LANES));
            }
        }
        let lanes_bottom = y + 4;
        let height = lanes_bottom + 30 + 3 * 18 + wrapped(&notes).len() as i32 * ROW + 8;
        Layout { fault_rows, reason_rows, lanes_top, partition_height, member_height, lanes_bottom, height, notes }
    }
}

/// Thinner lanes the more there are.
fn lane_height(lanes: usize) -> i32 {
    match lanes.min(MAX_LANES) {
        0..=32 => 18,
        33..=64 => 12,
        _ => 6,
    }
}

fn depth(rows: &[Option<usize>]) -> i32 {
    rows.iter().flatten().max().map_or(0, |row| *row as i32 + 1)
}

fn count_note(notes: &mut Vec<String>, rows: &[Option<usize>], what: &str) {
    let missing = rows.iter().filter(|row| row.is_none()).count();
    if missing > 0 {
        notes.push(format!("{missing} {what}"));
    }
}

fn x(timeline: &Timeline, at: Instant) -> i32 {
    LEFT + timeline.window.pixel(at.max(timeline.window.from)) as i32
}

/// Where a label stands that belongs to an instant: to the right of it, or to its left at the right edge.
fn label_extent(timeline: &Timeline, at: Instant, text: &str) -> (i32, i32) {
    let (start, width) = (x(timeline, at) + 3, text_width(text, SMALL));
    let end = (start + width).min(WIDTH - 4);
    (end - width, end)
}

/// Notes in lines that fit.
fn wrapped(notes: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for note in notes {
        match lines.last_mut() {
            Some(line) if text_width(line, SMALL) + text_width(note, SMALL) < WIDTH - 120 => {
                let _ = write!(line, " · {note}");
            }
            _ => lines.push(note.clone()),
        }
    }
    lines
}

fn paint(canvas: &Canvas<'_, '_>, timeline: &Timeline, layout: &mut Layout) {
    let title = shorten(&timeline.title, 130);
    canvas.text(10, 16, &title, TITLE, INK, HPos::Left);
    axis(canvas, timeline, layout);
    fault_bands(canvas, timeline, layout);
    fault_lines(canvas, timeline, layout);
    let mut y = layout.lanes_top;
    if !timeline.coordinators.is_empty() {
        heading(canvas, &mut y, "coordinator");
    }
    for (lane, rows) in timeline.coordinators.iter().zip(&layout.reason_rows) {
        coordinator(canvas, timeline, lane, rows, &mut y);
    }
    if !timeline.partitions.is_empty() {
        heading(canvas, &mut y, "partitions: who has them");
    }
    for (i, lane) in timeline.partitions.iter().take(MAX_LANES).enumerate() {
        partition(canvas, timeline, lane, y, layout.partition_height, i);
        y += layout.partition_height;
    }
    if !timeline.members.is_empty() {
        heading(canvas, &mut y, "members: what they do");
    }
    for (i, lane) in timeline.members.iter().take(MAX_LANES).enumerate() {
        member(canvas, timeline, lane, y, layout.member_height, i);
        y += layout.member_height;
    }
    fault_labels(canvas, timeline, layout);
    if let Some((at, label)) = &timeline.mark {
        let x = x(timeline, *at);
        canvas.line((x, layout.lanes_top - 6), (x, layout.lanes_bottom), REJECTED);
        let anchor = if x > WIDTH - 160 { HPos::Right } else { HPos::Left };
        canvas.text(x + if x > WIDTH - 160 { -4 } else { 4 }, layout.lanes_top + 2, label, LABEL, REJECTED, anchor);
    }
    legend(canvas, timeline, layout);
}

fn heading(canvas: &Canvas<'_, '_>, y: &mut i32, text: &str) {
    canvas.text(10, *y + SECTION / 2 + 2, text, LABEL, FAINT, HPos::Left);
    *y += SECTION;
}

fn axis(canvas: &Canvas<'_, '_>, timeline: &Timeline, layout: &Layout) {
    for at in ticks(&timeline.window) {
        let x = x(timeline, at);
        canvas.line((x, layout.lanes_top), (x, layout.lanes_bottom), GRID);
        canvas.text(x, layout.lanes_bottom + 10, &tick_label(at), LABEL, INK, HPos::Center);
    }
    canvas.line((LEFT, layout.lanes_bottom), (LEFT + PIXELS as i32, layout.lanes_bottom), FAINT);
}

/// Where something is wrong; many faults at once are one band, or the chart below would drown.
fn fault_bands(canvas: &Canvas<'_, '_>, timeline: &Timeline, layout: &Layout) {
    let mut bands: Vec<(i32, i32)> = timeline.faults.iter().map(|f| (x(timeline, f.from), x(timeline, f.to))).collect();
    bands.sort_unstable();
    let mut drawn = i32::MIN;
    for (from, to) in bands {
        let from = from.max(drawn);
        if to > from {
            canvas.rect(from, layout.lanes_top, to, layout.lanes_bottom, FAULT.mix(0.08));
            drawn = to;
        }
    }
}

fn fault_lines(canvas: &Canvas<'_, '_>, timeline: &Timeline, layout: &Layout) {
    for (fault, row) in timeline.faults.iter().zip(&layout.fault_rows) {
        let top = row.map_or(layout.lanes_top - 8, |row| TOP + row as i32 * ROW + 2);
        if fault.from >= timeline.window.from {
            fault_line(canvas, x(timeline, fault.from), top, layout.lanes_bottom);
        }
    }
}

fn fault_labels(canvas: &Canvas<'_, '_>, timeline: &Timeline, layout: &Layout) {
    for (fault, row) in timeline.faults.iter().zip(&layout.fault_rows) {
        if let Some(row) = row {
            let (start, _) = label_extent(timeline, fault.from, &fault.label);
            canvas.note(start, TOP + *row as i32 * ROW + ROW / 2, &fault.label, FAULT);
        }
    }
}

fn fault_line(canvas: &Canvas<'_, '_>, x: i32, from: i32, to: i32) {
    let _ = canvas.area.draw(&PathElement::new([(x, from), (x, to)], FAULT.mix(0.5).stroke_width(1)));
}

fn coordinator(
    canvas: &Canvas<'_, '_>,
    timeline: &Timeline,
    lane: &CoordinatorLane,
    reasons: &[Option<usize>],
    y: &mut i32,
) {
    let (top, bottom) = (*y, *y + COORDINATOR_HEIGHT - 2);
    let middle = (top + bottom) / 2;
    canvas.text(LEFT - 8, middle, &shorten(&lane.group, 24), LABEL, INK, HPos::Right);
    for span in &lane.spans {
        let (from, to) = extent(timeline, span);
        let (color, words) = match span.what {
            StateSpan::One(GroupState::Stable, g) => {
                (STABLE, vec![format!("Stable, generation {g}"), format!("Stable g{g}"), format!("g{g}")])
            }
            StateSpan::One(GroupState::PreparingRebalance, _) => {
                (PREPARING, vec!["PreparingRebalance".into(), "Preparing".into()])
            }
            StateSpan::One(GroupState::CompletingRebalance, _) => {
                (COMPLETING, vec!["CompletingRebalance".into(), "Completing".into()])
            }
            StateSpan::One(GroupState::Empty, _) => (EMPTY, vec!["Empty".into()]),
            StateSpan::One(GroupState::Dead, _) => (EMPTY, vec!["Dead".into()]),
            StateSpan::Mixed => (PREPARING, vec!["several rebalances".into()]),
        };
        canvas.rect(from, top, to, bottom, color);
        if span.what == StateSpan::Mixed {
            canvas.hatch(from, top, to, bottom, FAINT);
        }
        if to - from >= 6 {
            canvas.frame(from, top, to, bottom, RGBColor(0xBB, 0xBB, 0xBB));
        }
        inscribe(canvas, (from, to), middle, &words, INK);
    }
    let placed: Vec<_> = lane.reasons.iter().zip(reasons).filter_map(|(reason, row)| Some((reason, (*row)?))).collect();
    let text_y = |row: usize| bottom + 3 + row as i32 * ROW + ROW / 2;
    for ((at, _), row) in &placed {
        let x = x(timeline, *at);
        canvas.line((x, bottom), (x, text_y(*row) + 4), REASON);
    }
    for ((at, reason), row) in &placed {
        canvas.note(label_extent(timeline, *at, reason).0, text_y(*row), reason, INK);
    }
    *y = bottom + 2 + depth(reasons) * ROW + 8;
}

/// Left and right of a span, at least a pixel apart.
fn extent<T>(timeline: &Timeline, span: &Span<T>) -> (i32, i32) {
    let from = x(timeline, span.from);
    (from, x(timeline, span.to).max(from + 1))
}

/// Writes the first of these texts that fits.
fn inscribe(canvas: &Canvas<'_, '_>, (from, to): (i32, i32), y: i32, texts: &[String], color: RGBColor) {
    if let Some(text) = texts.iter().find(|text| text_width(text, SMALL) + 6 <= to - from) {
        canvas.text(from + (to - from) / 2, y, text, SMALL, color, HPos::Center);
    }
}

fn color_of(number: u32) -> RGBColor {
    MEMBERS[number as usize % MEMBERS.len()]
}

/// Black or white, whichever is read more easily on a colour.
fn ink_on(color: RGBColor) -> RGBColor {
    let light = u32::from(color.0) * 299 + u32::from(color.1) * 587 + u32::from(color.2) * 114;
    if light > 115_000 { BLACK } else { WHITE }
}

/// From the ninth member on colours repeat; a light stripe tells them from the first eight.
fn stripe(canvas: &Canvas<'_, '_>, number: u32, (from, to): (i32, i32), (top, bottom): (i32, i32)) {
    let color = if ink_on(color_of(number)) == WHITE { WHITE } else { INK };
    match number as usize / MEMBERS.len() % 3 {
        0 => {}
        1 => canvas.line((from, top + 2), (to, top + 2), color),
        _ => {
            canvas.line((from, top + 2), (to, top + 2), color);
            canvas.line((from, bottom - 2), (to, bottom - 2), color);
        }
    }
}

/// The lane's label: every one if there is room, else every third or so.
fn lane_label(canvas: &Canvas<'_, '_>, y: i32, height: i32, index: usize, text: &str) {
    let every = if height >= 12 { 1 } else { 2 };
    if index.is_multiple_of(every) {
        let size = if height >= 18 { LABEL } else { SMALL };
        canvas.text(LEFT - 8, y + height / 2, &shorten(text, 24), size, INK, HPos::Right);
    }
}

fn partition(canvas: &Canvas<'_, '_>, timeline: &Timeline, lane: &PartitionLane, y: i32, height: i32, index: usize) {
    let label =
        if timeline.coordinators.len() > 1 { format!("{} {}", lane.scope, lane.label) } else { lane.label.clone() };
    lane_label(canvas, y, height, index, &label);
    let (top, bottom) = (y + 1, y + height - if height > 6 { 2 } else { 1 });
    canvas.line((LEFT, bottom), (LEFT + PIXELS as i32, bottom), GRID);
    let name = |number: u32| {
        timeline.members.iter().find(|m| m.number == number).map_or("another member".to_owned(), |m| m.name.clone())
    };
    for span in &lane.spans {
        let (from, to) = extent(timeline, span);
        let short = |number: u32| name(number).rsplit('-').next().unwrap_or_default().to_owned();
        match span.what {
            Owner::Member(number) => {
                let color = color_of(number);
                canvas.rect(from, top, to, bottom, color);
                if height >= 12 {
                    stripe(canvas, number, (from, to), (top, bottom));
                }
                if height >= 12 {
                    inscribe(canvas, (from, to), (top + bottom) / 2, &[name(number), short(number)], ink_on(color));
                }
            }
            Owner::Halted(number) => {
                canvas.rect(from, top, to, bottom, RGBColor(0xEE, 0xEE, 0xEE));
                canvas.hatch(from, top, to, bottom, FAINT);
                let text = format!("{} halted", name(number));
                if height >= 12 && text_width(&text, SMALL) + 10 <= to - from {
                    let half = text_width(&text, SMALL) / 2 + 3;
                    let middle = (from + to) / 2;
                    canvas.rect(middle - half, top - 1, middle + half, bottom, WHITE);
                    canvas.text(middle, (top + bottom) / 2, &text, SMALL, INK, HPos::Center);
                }
            }
            Owner::Mixed => canvas.rect(from, top, to, bottom, INK),
        }
    }
}

fn member(canvas: &Canvas<'_, '_>, timeline: &Timeline, lane: &MemberLane, y: i32, height: i32, index: usize) {
    lane_label(canvas, y, height, index, &lane.name);
    let (top, bottom) = (y + 1, y + height - if height > 6 { 2 } else { 1 });
    canvas.line((LEFT, bottom), (LEFT + PIXELS as i32, bottom), GRID);
    canvas.rect(LEFT - 5, top, LEFT - 1, bottom, color_of(lane.number));
    let ticks = if height >= 12 { 4 } else { 0 };
    for span in &lane.spans {
        let (from, to) = extent(timeline, span);
        let low = bottom - ticks;
        match span.what {
            Activity::Down => {}
            Activity::Idle => canvas.rect(from, top, to, low, IDLE),
            Activity::Processing => canvas.rect(from, top, to, low, color_of(lane.number)),
            Activity::Joining => canvas.rect(from, top, to, low, PREPARING),
            Activity::Stopping => canvas.rect(from, top, to, low, STOPPING),
            Activity::Paused => {
                canvas.rect(from, top, to, low, EMPTY);
                canvas.hatch(from, top, to, low, FAINT);
            }
        }
    }
    if height < 12 {
        return;
    }
    for (from, to) in runs(timeline, &lane.commits) {
        canvas.rect(from, bottom - 3, to, bottom, INK);
    }
    for (from, to) in runs(timeline, &lane.rejected) {
        canvas.rect(from - 1, top, to + 1, bottom, REJECTED);
    }
}

/// Ticks on neighbouring pixels as one.
fn runs(timeline: &Timeline, ticks: &[Instant]) -> Vec<(i32, i32)> {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for &at in ticks {
        let x = x(timeline, at);
        match runs.last_mut() {
            Some(last) if last.1 >= x => last.1 = x + 1,
            _ => runs.push((x, x + 1)),
        }
    }
    runs
}

fn legend(canvas: &Canvas<'_, '_>, timeline: &Timeline, layout: &Layout) {
    let mut y = layout.lanes_bottom + 34;
    let mut at = 10;
    let entry = |at: &mut i32, y: i32, text: &str, sample: &dyn Fn(i32, i32)| {
        sample(*at, y);
        canvas.text(*at + 22, y, text, SMALL, INK, HPos::Left);
        *at += 22 + text_width(text, SMALL) + 16;
    };
    let solid = |color: RGBColor| move |x: i32, y: i32| canvas.rect(x, y - 5, x + 16, y + 5, color);
    let hatched = |x: i32, y: i32| {
        canvas.rect(x, y - 5, x + 16, y + 5, EMPTY);
        canvas.hatch(x, y - 5, x + 16, y + 5, FAINT);
    };
    for (text, color) in
        [("Stable", STABLE), ("PreparingRebalance", PREPARING), ("CompletingRebalance", COMPLETING), ("Empty", EMPTY)]
    {
        entry(&mut at, y, text, &solid(color));
    }
    entry(&mut at, y, "owner or process halted (dead or frozen)", &hatched);
    entry(&mut at, y, "nobody, or no process", &|x, y| {
        canvas.frame(x, y - 5, x + 16, y + 5, RGBColor(0xBB, 0xBB, 0xBB))
    });
    (y, at) = (y + 18, 10);
    for (text, color) in [
        ("waiting in poll()", IDLE),
        ("processing: the member's colour", MEMBERS[0]),
        ("joining", PREPARING),
        ("stopping", STOPPING),
    ] {
        entry(&mut at, y, text, &solid(color));
    }
    entry(&mut at, y, "commit accepted", &|x, y| canvas.rect(x + 7, y + 1, x + 8, y + 5, INK));
    entry(&mut at, y, "commit rejected", &|x, y| canvas.rect(x + 6, y - 5, x + 9, y + 5, REJECTED));
    entry(&mut at, y, "fault", &|x, y| fault_line(canvas, x + 8, y - 6, y + 6));
    (y, at) = (y + 18, 10);
    for lane in &timeline.members {
        if at + 40 + text_width(&lane.name, SMALL) > WIDTH - 120 {
            canvas.text(at, y, "and more", SMALL, FAINT, HPos::Left);
            break;
        }
        let number = lane.number;
        entry(&mut at, y, &lane.name, &|x, y| {
            canvas.rect(x, y - 5, x + 16, y + 5, color_of(number));
            stripe(canvas, number, (x, x + 16), (y - 5, y + 5));
        });
    }
    for line in wrapped(&layout.notes) {
        y += ROW;
        canvas.text(10, y + 4, &line, SMALL, FAINT, HPos::Left);
    }
}
