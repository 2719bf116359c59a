//! O4, no loss: with c the committed position and o visible, Start <= o, a *hazard* is an o that is not done by anyone when a
//! commit with c > o is applied; one per (p, o). It ends harmless when anyone finishes o later. *lost* (STRATEGY) are hazards
//! still not done at the end, unless a live, running process still has o in hand (`undecided_hazards`). A loss is dated at
//! the crash, revoke or drop after which nobody had o in hand. What O5 counts as passed over is no hazard.

use super::book::{About, Desk, Tally};
use super::outcome::Class;
use super::view::{Actor, Hazard, LetGo, Part};
use crate::config::expect::MetricName;
use crate::ids::ActorId;

/// A commit of `offset` by `committer` was applied; `log_start` is the oldest visible record.
pub(crate) fn applied(part: &mut Part, offset: i64, committer: ActorId, log_start: i64, desk: &mut Desk<'_>) {
    let Some(start) = part.start else { return };
    let low = start.max(log_start);
    if offset <= low || (part.done.runs() == 1 && part.done.covers(low, offset)) {
        return;
    }
    super::work::advance(part, desk);
    for (from, to) in part.done.gaps(low.max(part.folded_below), offset) {
        for (from, to) in part.skips.gaps(from, to) {
            for (from, to) in part.hazards.gaps(from, to) {
                begin(part, from, to, committer, desk);
            }
        }
    }
}

fn begin(part: &mut Part, from: i64, to: i64, committer: ActorId, desk: &mut Desk<'_>) {
    desk.count(MetricName::Hazards, Some(part.tp), Some(committer), None, to - from);
    let hazard = |let_go| Hazard { committer, at: desk.at, seq: desk.seq, let_go };
    let nobody = LetGo { who: committer, why: "nobody had them in hand", at: desk.at, seq: desk.seq };
    part.hazards.insert(from, to, hazard(Some(nobody)));
    let held: Vec<_> =
        part.intervals.iter().flat_map(|i| i.in_hand.overlaps(from, to)).map(|(a, b, _)| (a, b)).collect();
    for (a, b) in held {
        part.hazards.insert(a, b, hazard(None));
    }
    if part.hazard_finding.is_some_and(|finding| desk.book.grow(finding, from, to)) {
        return;
    }
    let sentence =
        format!("{} committed {} beyond records that nobody had finished", desk.who(committer), desk.place(part.tp));
    part.hazard_finding = desk.find("O4", Class::Measure, "hazard", About::records(part.tp, from, to), sentence);
}

/// Records `[from, to)` are in somebody's hand (again).
pub(crate) fn taken(part: &mut Part, from: i64, to: i64) {
    let again: Vec<_> = part.hazards.overlaps(from, to).filter(|(_, _, hazard)| hazard.let_go.is_some()).collect();
    for (a, b, hazard) in again {
        part.hazards.insert(a, b, Hazard { let_go: None, ..hazard });
    }
}

/// `who` has `[from, to)` no longer in hand, unfinished; `in_hand` of its interval is already cut.
pub(crate) fn let_go(part: &mut Part, from: i64, to: i64, who: ActorId, why: &'static str, desk: &Desk<'_>) {
    if part.hazards.is_empty() {
        return;
    }
    let dated: Vec<_> = part.hazards.overlaps(from, to).filter(|(_, _, hazard)| hazard.let_go.is_none()).collect();
    for (a, b, hazard) in dated {
        let mut held = super::ranges::RangeSet::default();
        for (x, y, _) in part.intervals.iter().flat_map(|i| i.in_hand.overlaps(a, b)) {
            held.insert(x, y, ());
        }
        let gone = LetGo { who, why, at: desk.at, seq: desk.seq };
        for (x, y) in held.gaps(a, b) {
            part.hazards.insert(x, y, Hazard { let_go: Some(gone), ..hazard });
        }
    }
}

/// What became of the hazards, at the end: losses with their dates, and how many records are undecided.
pub(crate) fn finish(part: &Part, actors: &[Actor]) -> (Vec<(i64, i64, Hazard, LetGo)>, i64) {
    let (mut lost, mut undecided) = (Vec::new(), 0);
    for (from, to, hazard) in part.hazards.iter() {
        let mut held = super::ranges::RangeSet::default();
        let mut frozen = None;
        for interval in &part.intervals {
            let actor = &actors[interval.life.0.0 as usize];
            for (a, b, _) in interval.in_hand.overlaps(from, to) {
                if actor.runs() {
                    held.insert(a, b, ());
                } else {
                    frozen = Some((interval.life.0, actor.halted_at));
                }
            }
        }
        undecided += held.total();
        let gone = hazard.let_go.unwrap_or_else(|| {
            let (who, at) = frozen.unwrap_or((hazard.committer, hazard.at));
            LetGo { who, why: "froze", at: at.max(hazard.at), seq: hazard.seq }
        });
        lost.extend(held.gaps(from, to).into_iter().map(|(a, b)| (a, b, hazard, gone)));
    }
    (lost, undecided)
}

/// Writes a loss down, with its date.
pub(crate) fn report(part: &Part, (from, to, hazard, gone): (i64, i64, Hazard, LetGo), desk: &mut Desk<'_>) {
    let end = if gone.why.starts_with("nobody") {
        gone.why.to_owned()
    } else {
        format!("{} {}", desk.who(gone.who), gone.why)
    };
    let (what, were, them) = if to - from == 1 { ("record", "was", "it") } else { ("records", "were", "them") };
    let sentence = format!(
        "{} {what} of {} {were} never finished: {} committed beyond {them} at {} and {end} at {}",
        to - from,
        desk.place(part.tp),
        desk.who(hazard.committer),
        hazard.at,
        gone.at
    );
    desk.find_at("O4", Class::Strategy, "lost", About::records(part.tp, from, to), sentence, (gone.at, gone.seq));
    let tally = Tally {
        metric: MetricName::Lost,
        scope: desk.scope,
        partition: Some(part.tp),
        actor: Some(gone.who),
        label: None,
        value: to - from,
        at: gone.at,
        seq: gone.seq,
    };
    desk.book.count(tally, desk.names);
}
