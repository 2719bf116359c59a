//! What comes later, to look ahead: answers to requests, ends of work, who was in a generation.

use crate::kafka::member::{Place, Told};
use crate::kafka::real::recording::Item;
use crate::kafka::wire::{Answered, Asked, Stamp, What};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// A request: life, connection, correlation id.
type Key = (usize, u64, i32);

/// What the answer to a leader says.
#[derive(Clone, Copy, Debug)]
pub struct Joined<'a> {
    /// The leader's member id.
    pub leader: &'a str,
    /// Member ids and instances.
    pub members: &'a [(String, Option<String>)],
}

/// Partitions by topic.
pub type Topics = Vec<(String, Vec<i32>)>;

/// Where a partition's records were delivered (with the offset), or the partition was given up.
type Course = Vec<(usize, Option<i64>)>;

/// Look-ups into the whole of what was noted down.
#[derive(Debug, Default)]
pub struct Tables<'a> {
    answers: FxHashMap<Key, &'a Answered>,
    finished: FxHashMap<usize, u64>,
    places: BTreeMap<(usize, &'a Place), Course>,
    joined: FxHashMap<(&'a str, i32), Joined<'a>>,
    given: FxHashMap<(&'a str, i32), &'a [(String, Topics)]>,
    taken: BTreeMap<&'a Place, Vec<(usize, usize)>>,
    described: FxHashMap<usize, Vec<(usize, &'a [String])>>,
}

impl<'a> Tables<'a> {
    /// Looks through everything.
    pub fn new(entries: &'a [(Stamp, Item)]) -> Tables<'a> {
        let mut tables = Tables::default();
        let mut groups: FxHashMap<Key, &'a str> = FxHashMap::default();
        let mut starts: FxHashMap<usize, Vec<(usize, Stamp)>> = FxHashMap::default();
        for (index, (at, item)) in entries.iter().enumerate() {
            match item {
                Item::Wire(life, What::Request { connection, correlation, request, .. }) => {
                    let key = (*life, *connection, *correlation);
                    match request {
                        Asked::Join { group, .. } => drop(groups.insert(key, group)),
                        Asked::Sync { group, generation, assignments, .. } if !assignments.is_empty() => {
                            tables.given.insert((group, *generation), assignments);
                        }
                        _ => {}
                    }
                }
                Item::Wire(life, What::Answer { connection, correlation, answer }) => {
                    let key = (*life, *connection, *correlation);
                    tables.answers.insert(key, answer);
                    if let Answered::Join { error: 0, generation, leader, members, .. } = answer
                        && !members.is_empty()
                        && let Some(group) = groups.get(&key)
                    {
                        tables.joined.insert((group, *generation), Joined { leader, members });
                    }
                }
                Item::Group(group, What::Described { members, .. }) => {
                    tables.described.entry(*group).or_default().push((index, members));
                }
                Item::Told(life, Told::ProcessStart(..)) => starts.entry(*life).or_default().push((index, *at)),
                Item::Told(life, Told::ProcessDone(..)) => {
                    for (start, since) in starts.remove(life).unwrap_or_default() {
                        tables.finished.insert(start, at.0 - since.0);
                    }
                }
                Item::Told(life, Told::Delivered(place, offset)) => tables.place(*life, place, index, Some(*offset)),
                Item::Told(life, Told::Owned(places)) => {
                    places.iter().for_each(|place| tables.taken.entry(place).or_default().push((index, *life)));
                }
                Item::Told(life, Told::Revoked(places) | Told::Lost(places)) => {
                    places.iter().for_each(|place| tables.place(*life, place, index, None));
                }
                _ => {}
            }
        }
        tables
    }

    fn place(&mut self, life: usize, place: &'a Place, index: usize, offset: Option<i64>) {
        self.places.entry((life, place)).or_default().push((index, offset));
    }

    /// The answer to a request, if it was ever seen.
    pub fn answer(&self, life: usize, connection: u64, correlation: i32) -> Option<&'a Answered> {
        self.answers.get(&(life, connection, correlation)).copied()
    }

    /// How long the record took whose handling began at entry `index`, in microseconds; `None` if it was never finished.
    pub fn worked_for(&self, index: usize) -> Option<u64> {
        self.finished.get(&index).copied()
    }

    /// The first record delivered from a place after entry `index`, before it was given up.
    pub fn first_delivered(&self, life: usize, place: &Place, index: usize) -> Option<i64> {
        let list = self.places.get(&(life, place))?;
        list.get(list.partition_point(|(entry, _)| *entry <= index))?.1
    }

    /// Who takes a place next after entry `index`, among the lives that `of` picks: where, and which life.
    pub fn next_taken(&self, place: &Place, index: usize, of: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
        let list = self.taken.get(place)?;
        list.iter().copied().find(|&(entry, life)| entry > index && of(life))
    }

    /// Who is in a generation.
    pub fn joined(&self, group: &str, generation: i32) -> Option<Joined<'a>> {
        self.joined.get(&(group, generation)).copied()
    }

    /// Who gets what in a generation.
    pub fn given(&self, group: &str, generation: i32) -> &'a [(String, Topics)] {
        self.given.get(&(group, generation)).copied().unwrap_or_default()
    }

    /// The first description of a group after entry `index`: where, and its members.
    pub fn described(&self, group: usize, index: usize) -> Option<(usize, &'a [String])> {
        let list = self.described.get(&group)?;
        list.get(list.partition_point(|(entry, _)| *entry <= index)).copied()
    }
}
