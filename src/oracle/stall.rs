//! `partition_stall` (section 7): visible unfinished records, yet none is started or in the hand of a running handler that
//! finishes it within 1 s. Shorter than 1 s does not count. A record delivered at d and finished at f keeps its partition
//! from stalling in `[max(d, f - 1 s), f]`. Counted from the scope's Start on, and for partitions that come later from their
//! first record on; open intervals end with the run.

use super::book::{Desk, Tally};
use super::view::{Part, Run};
use crate::config::expect::MetricName;
use crate::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// There are visible unfinished records from now on, if there were none. `stable` says whether the scope has been Stable:
/// what comes then into a partition that nobody has taken yet waits too.
pub(crate) fn pending(part: &mut Part, stable: bool, now: Instant) {
    if part.start.is_some() || (part.wanted && stable) {
        part.stall_since.get_or_insert(now);
    }
}

/// The scope has its first position: what `latest` leaves before it was never waited for.
pub(crate) fn started(part: &mut Part, now: Instant) {
    if part.unfinished(part.log_start, part.log_end) > 0 {
        part.stall_since.get_or_insert(now);
    } else {
        part.stall_since = None;
    }
}

/// Records were delivered at `delivered` and finished one every `per_record`, the first at `first`, the last at `last`.
/// `left` is what is still unfinished.
pub(crate) fn finished(
    part: &mut Part,
    delivered: Instant,
    first: Instant,
    last: Instant,
    per_record: Duration,
    left: i64,
    desk: &mut Desk<'_>,
) {
    worked(part, delivered, first, desk);
    if per_record > SECOND + SECOND {
        let mut finish = first;
        while finish < last {
            finish += per_record;
            worked(part, delivered, finish.min(last), desk);
        }
    }
    part.stall_since = part.stall_since.filter(|_| left > 0).map(|since| since.max(last));
}

/// The oldest records are gone from the log: if nothing unfinished is left, nothing waits any more.
pub(crate) fn deleted(part: &mut Part, now: Instant, desk: &mut Desk<'_>) {
    if part.unfinished(part.log_start, part.log_end) > 0 {
        return;
    }
    if let Some(since) = part.stall_since.take() {
        sample(part, since, now, desk);
    }
}

/// A record delivered at `delivered` was finished at `at`.
fn worked(part: &mut Part, delivered: Instant, at: Instant, desk: &mut Desk<'_>) {
    let covered = delivered.max(Instant::from_us(at.as_us().saturating_sub(SECOND.as_us())));
    if let Some(since) = part.stall_since {
        sample(part, since, covered, desk);
    }
    // Of several workers one may be accounted for after another that has come further.
    part.stall_since = Some(part.stall_since.map_or(at, |since| since.max(at)));
}

/// The run is over.
pub(crate) fn finish(part: &mut Part, running: impl Fn(&super::view::Life) -> bool, desk: &mut Desk<'_>) {
    let Some(since) = part.stall_since else { return };
    let runs = part.intervals.iter().filter(|interval| running(&interval.life)).flat_map(|interval| {
        interval
            .runs
            .iter()
            .map(|run: &Run| (interval.in_hand.get(run.next).unwrap_or(run.start), run.finish(run.next)))
    });
    let working =
        runs.map(|(delivered, at)| delivered.max(Instant::from_us(at.as_us().saturating_sub(SECOND.as_us()))));
    let until = working.min().map_or(desk.at, |covered| covered.min(desk.at));
    sample(part, since, until, desk);
}

fn sample(part: &Part, since: Instant, until: Instant, desk: &mut Desk<'_>) {
    let length = until.since(since);
    if length >= SECOND {
        let tally = Tally {
            metric: MetricName::PartitionStall,
            scope: desk.scope,
            partition: Some(part.tp),
            actor: None,
            label: None,
            value: i64::try_from(length.as_us()).unwrap_or(i64::MAX),
            at: until,
            seq: desk.seq,
        };
        desk.book.sample(tally, desk.names);
    }
}
