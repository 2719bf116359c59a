//! O5, silent skip (STRATEGY): records passed over by a reset, a seek or the start of the log, after Start, and never done.
//! Start(p) is the committed offset found, else the position that the first reset of the scope gave; what `latest` left
//! before it is neither lost nor skipped but `before_start`. What `latest` resolves again for a second owner before the
//! first commit is skipped. So is what an administrator sets the committed position beyond, unless it is set back in time.
//! What a live, running process still has in hand at the end it may yet finish: that is not passed over.

use super::book::{About, Desk, Tally};
use super::outcome::Class;
use super::view::{Actor, Part, Skip};
use crate::config::expect::MetricName;
use crate::ids::ActorId;
use crate::trace::{PositionOrigin, ResetReason};

/// Why records were passed over when it was an administrator's doing.
const RESET_OFFSETS: &str = "reset-offsets";

/// `who` was given position `to`.
pub(crate) fn positioned(
    part: &mut Part,
    who: ActorId,
    to: i64,
    origin: PositionOrigin,
    why: &'static str,
    desk: &Desk<'_>,
) {
    if !matches!(origin, PositionOrigin::Committed | PositionOrigin::Result) {
        pass_over(part, who, to, why, desk);
    }
}

/// An administrator set the committed position to `to`: what nobody has done below is passed over; what is above will be
/// read, whatever was passed over before.
pub(crate) fn administered(part: &mut Part, who: ActorId, to: i64, desk: &Desk<'_>) {
    part.skips.remove(to, i64::MAX);
    pass_over(part, who, to, RESET_OFFSETS, desk);
}

fn pass_over(part: &mut Part, who: ActorId, to: i64, why: &'static str, desk: &Desk<'_>) {
    let Some(start) = part.start.filter(|&start| to > start && !part.done.covers(start, to)) else { return };
    let skip = Skip { who, why, at: desk.at, seq: desk.seq };
    for (from, to) in part.done.gaps(start.max(part.folded_below), to) {
        for (from, to) in part.hazards.gaps(from, to) {
            for (from, to) in part.skips.gaps(from, to) {
                part.skips.insert(from, to, skip);
            }
        }
    }
}

/// Why a position jumps, in words.
pub(crate) fn why(origin: PositionOrigin, reset: Option<ResetReason>) -> &'static str {
    match (origin, reset) {
        (PositionOrigin::Reset, Some(reason)) => reason.label(),
        (origin, _) => origin.label(),
    }
}

/// What is still passed over at the end.
pub(crate) fn finish(part: &Part, actors: &[Actor]) -> Vec<(i64, i64, Skip)> {
    let mut skips = part.skips.clone();
    for interval in part.intervals.iter().filter(|interval| actors[interval.life.0.0 as usize].runs()) {
        for (from, to, _) in interval.in_hand.iter() {
            skips.remove(from, to);
        }
    }
    skips.iter().collect()
}

/// Writes down what is still passed over at the end.
pub(crate) fn report(part: &Part, (from, to, skip): (i64, i64, Skip), desk: &mut Desk<'_>) {
    let (count, place) = (to - from, desk.place(part.tp));
    let sentence = if skip.why == RESET_OFFSETS {
        format!("{count} records of {place} were passed over when an administrator moved the committed offset")
    } else {
        let who = desk.who(skip.who);
        format!("{count} records of {place} were passed over when {who} was given position {to} ({})", skip.why)
    };
    let about = About::records(part.tp, from, to).cause(skip.why);
    desk.find_at("O5", Class::Strategy, "skipped", about, sentence, (skip.at, skip.seq));
    let tally = Tally {
        metric: MetricName::Skipped,
        scope: desk.scope,
        partition: Some(part.tp),
        actor: Some(skip.who),
        label: Some(skip.why),
        value: to - from,
        at: skip.at,
        seq: skip.seq,
    };
    desk.book.count(tally, desk.names);
}
