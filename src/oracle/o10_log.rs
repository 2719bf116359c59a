//! O10, log sanity (MODEL), as far as the trace shows it: appended offsets are dense (a range begins where the log ended), the
//! log's start never falls and never passes its end, and nothing is fetched or delivered beyond the end.

use super::book::{About, Book, Desk};
use super::outcome::Class;
use super::view::Log;
use crate::ids::Names;
use crate::trace::Event;

/// Records `[from, to)` were appended; the log does not know yet.
pub(crate) fn appended(log: &Log, from: i64, to: i64, desk: &mut Desk<'_>) {
    if from != log.end || to <= from {
        let sentence =
            format!("records {from} to {to} were appended to {}, whose log ended at {}", desk.place(log.tp), log.end);
        desk.find("O10", Class::Model, "log", About::records(log.tp, from, to), sentence);
    }
}

/// The log starts at `offset` now; the log does not know yet.
pub(crate) fn started(log: &Log, offset: i64, desk: &mut Desk<'_>) {
    if offset < log.start || offset > log.end {
        let sentence =
            format!("the start of {} moved from {} to {offset}, its end is {}", desk.place(log.tp), log.start, log.end);
        desk.find("O10", Class::Model, "log", About::partition(log.tp), sentence);
    }
}

/// A client got records up to `to`.
pub(crate) fn read(log: &Log, to: i64, desk: &mut Desk<'_>) {
    if to > log.end {
        let sentence = format!("record {} of {} was read before it was written", to - 1, desk.place(log.tp));
        desk.find("O10", Class::Model, "log", About::partition(log.tp), sentence);
    }
}

/// A desk for events that belong to no scope.
pub(crate) fn desk<'a>(book: &'a mut Book, names: &'a Names, event: &Event) -> Desk<'a> {
    Desk { book, names, scope: usize::MAX, managed: false, at: event.t, seq: event.seq }
}
