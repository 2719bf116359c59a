//! Puts what was noted down in the order in which it happened.

use crate::ids::ActorId;
use crate::kafka::member::Told;
use crate::kafka::real::names::RunNames;
use crate::kafka::real::recording::{Item, Note, Recording};
use crate::kafka::wire::{Stamp, What};
use std::collections::BTreeMap;

/// When a life was frozen, and when it ended.
#[derive(Clone, Debug, Default)]
struct Span {
    frozen: Vec<(Stamp, Stamp)>,
    end: Option<Stamp>,
}

impl Span {
    /// When something that came from the process at `at` was on its way.
    fn sent(&self, at: Stamp) -> Stamp {
        let frozen = self.frozen.iter().find(|(from, to)| *from < at && at < *to);
        let at = frozen.map_or(at, |(from, _)| *from);
        self.end.map_or(at, |end| at.min(end))
    }
}

/// All items in order. What was there before `start` is shown at `start`.
pub fn ordered(recording: &Recording, names: &RunNames, start: Stamp) -> Vec<(Stamp, Item)> {
    let spans = spans(recording);
    let mut all: Vec<(Stamp, u8, Item)> = Vec::with_capacity(recording.items.len());
    for (at, item) in &recording.items {
        let (at, rank) = match item {
            Item::Note(Note::Append { .. }) | Item::Told(_, Told::Ready | Told::Remark { .. }) => continue,
            Item::Told(life, Told::Closed) => (spans[*life].sent(*at), 2),
            Item::Told(life, _) | Item::Wire(life, What::Request { .. }) => (spans[*life].sent(*at), 1),
            Item::Wire(..) | Item::Group(..) => (*at, 1),
            Item::Note(Note::Crash(_) | Note::Killed(_) | Note::Gone(_) | Note::Pause(_)) => (*at, 2),
            Item::Note(_) => (*at, 0),
        };
        all.push((at.max(start), rank, item.clone()));
    }
    all.extend(appends(recording, names, start).into_iter().map(|(at, note)| (at, 0, Item::Note(note))));
    all.sort_by_key(|(at, rank, _)| (*at, *rank));
    all.into_iter().map(|(at, _, item)| (at, item)).collect()
}

fn spans(recording: &Recording) -> Vec<Span> {
    let mut spans = vec![Span::default(); recording.lives.len()];
    for (at, item) in &recording.items {
        match item {
            Item::Note(Note::Pause(life)) => spans[*life].frozen.push((*at, Stamp(u64::MAX))),
            Item::Note(Note::Resume(life)) => {
                if let Some(window) = spans[*life].frozen.last_mut() {
                    window.1 = *at;
                }
            }
            Item::Note(Note::Crash(life) | Note::Killed(life) | Note::Gone(life)) | Item::Told(life, Told::Closed) => {
                spans[*life].end.get_or_insert(*at);
            }
            _ => {}
        }
    }
    spans
}

/// One past the last record of an append, when it was there, and who wrote it.
type Appended = (i64, i64, Stamp, ActorId);

/// Appends in order of offsets, none later than somebody has read it, neighbours of one instant together.
fn appends(recording: &Recording, names: &RunNames, start: Stamp) -> Vec<(Stamp, Note)> {
    let mut logs: BTreeMap<(&str, u32), Vec<Appended>> = BTreeMap::new();
    let mut read: BTreeMap<(&str, u32, i64), Stamp> = BTreeMap::new();
    for (at, item) in &recording.items {
        match item {
            Item::Note(Note::Append { topic, partition, from, to, producer }) => {
                logs.entry((topic, *partition)).or_default().push((*from, *to, *at, *producer));
            }
            Item::Told(_, Told::Delivered((topic, partition), offset)) => {
                let first = read.entry((names.plain(topic), *partition, *offset)).or_insert(*at);
                *first = (*first).min(*at);
            }
            _ => {}
        }
    }
    let mut notes = Vec::new();
    for ((topic, partition), mut log) in logs {
        log.sort_unstable_by_key(|append| append.0);
        let mut bound = Stamp(u64::MAX);
        for append in log.iter_mut().rev() {
            let seen = read.get(&(topic, partition, append.0)).copied().unwrap_or(bound);
            bound = append.2.min(seen).min(bound);
            append.2 = bound.max(start);
        }
        let mut merged: Vec<Appended> = Vec::new();
        for append in log {
            match merged.last_mut() {
                Some(last) if (last.1, last.2, last.3) == (append.0, append.2, append.3) => last.1 = append.1,
                _ => merged.push(append),
            }
        }
        notes.extend(merged.into_iter().map(|(from, to, at, producer)| {
            (at, Note::Append { topic: topic.to_owned(), partition, from, to, producer })
        }));
    }
    notes
}
