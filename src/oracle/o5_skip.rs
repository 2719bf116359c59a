//! O5, silent skip (STRATEGY): records passed over by a reset, a seek or the start of the log, after Start, and never done.
//! Start(p) is the committed offset found, else the position that the first reset of the scope gave; what `latest` left
//! before it is neither lost nor skipped but `before_start`. What `latest` resolves again for a second owner before the
//! first commit is skipped.

use super::book::{About, Desk, Tally};
use super::outcome::Class;
use super::view::{Part, Skip};
use crate::config::expect::MetricName;
use crate::ids::ActorId;
use crate::trace::{PositionOrigin, ResetReason};

/// `who` was given position `to`.
pub(crate) fn positioned(
    part: &mut Part,
    who: ActorId,
    to: i64,
    origin: PositionOrigin,
    why: &'static str,
    desk: &Desk<'_>,
) {
    let Some(start) = part.start else { return };
    if origin == PositionOrigin::Committed || to <= start || part.done.covers(start, to) {
        return;
    }
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

/// Writes down what is still passed over at the end.
pub(crate) fn report(part: &Part, (from, to, skip): (i64, i64, Skip), desk: &mut Desk<'_>) {
    let sentence = format!(
        "{} records of {} were passed over when {} was given position {to} ({})",
        to - from,
        desk.place(part.tp),
        desk.who(skip.who),
        skip.why
    );
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
