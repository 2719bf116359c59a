//! What the application has done and what it has committed of it.

use super::reporter::Reporter;
use super::talk::{Place, Told, origin_text};
use crate::config::{CommitMode, CommitOffset, CommitPolicy, CommitWhen};
use crate::trace::CommitOrigin;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;

/// `RD_KAFKA_RESP_ERR__NO_OFFSET`: there was nothing to commit.
const NO_OFFSET: i32 = -168;

/// Per partition: one past what is done, and what is committed.
#[derive(Debug, Default)]
pub struct Marks {
    done: BTreeMap<Place, i64>,
    stored: BTreeMap<Place, i64>,
}

impl Marks {
    /// A record is handled.
    pub fn done(&mut self, place: &Place, offset: i64) {
        self.done.insert(place.clone(), offset + 1);
    }

    /// These positions are committed.
    pub fn stored(&mut self, offsets: &[(Place, i64)]) {
        self.stored.extend(offsets.iter().cloned());
    }

    /// What is done and not committed.
    pub fn uncommitted(&self) -> Vec<(Place, i64)> {
        let done = self.done.iter().filter(|(place, offset)| self.stored.get(*place) != Some(offset));
        done.map(|(place, offset)| (place.clone(), *offset)).collect()
    }

    /// The partitions are somebody else's now.
    pub fn forget(&mut self, places: &[Place]) {
        for place in places {
            self.done.remove(place);
            self.stored.remove(place);
        }
    }
}

/// Whether the revoke callback commits by itself; auto-commit does so in the library.
pub fn on_revoke(policy: &CommitPolicy) -> bool {
    policy.on_revoke && !matches!(policy.when, CommitWhen::Auto { .. })
}

/// What the policy commits now. `None`: what the library has stored.
pub fn wanted<C: ConsumerContext>(
    policy: &CommitPolicy,
    consumer: &BaseConsumer<C>,
    marks: &Marks,
) -> Option<Vec<(Place, i64)>> {
    match policy.offset {
        CommitOffset::Stored => None,
        CommitOffset::Position => {
            Some(consumer.position().map(|positions| positions_of(&positions)).unwrap_or_default())
        }
        // With one worker nothing is out of order, so the gap-free mark and the highest one are the same.
        _ => Some(marks.uncommitted()),
    }
}

fn positions_of(positions: &TopicPartitionList) -> Vec<(Place, i64)> {
    let elements = positions.elements().into_iter();
    elements
        .filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some((place_of(element.topic(), element.partition()), offset)),
            _ => None,
        })
        .collect()
}

/// A partition of the library's lists.
pub fn place_of(topic: &str, partition: i32) -> Place {
    (topic.to_owned(), partition.unsigned_abs())
}

/// The partitions of a list.
pub fn places_of(list: &TopicPartitionList) -> Vec<Place> {
    list.elements().iter().map(|element| place_of(element.topic(), element.partition())).collect()
}

/// Commits. An asynchronous commit is only sent: its end comes in a callback. Gives whether it is stored.
pub fn commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    offsets: Option<&[(Place, i64)]>,
    mode: CommitMode,
    origin: CommitOrigin,
    reporter: &Reporter,
) -> bool {
    if offsets.is_some_and(<[_]>::is_empty) {
        return true;
    }
    reporter.say(Told::Commits { origin: origin_text(origin), offsets: offsets.unwrap_or_default().to_vec() });
    let native = match mode {
        CommitMode::Sync => rdkafka::consumer::CommitMode::Sync,
        CommitMode::Async => rdkafka::consumer::CommitMode::Async,
    };
    let result = match offsets {
        Some(offsets) => list_of(offsets).and_then(|list| consumer.commit(&list, native)),
        None => consumer.commit_consumer_state(native),
    };
    if mode == CommitMode::Sync || result.is_err() {
        committed(&result, origin, reporter);
    }
    mode == CommitMode::Sync && result.is_ok()
}

/// Tells how a commit ended.
pub fn committed(result: &Result<(), KafkaError>, origin: CommitOrigin, reporter: &Reporter) {
    let (code, text) = match result {
        Ok(()) => (0, String::new()),
        Err(error) => (code_of(error), error.to_string()),
    };
    let code = if code == NO_OFFSET { 0 } else { code };
    reporter.say(Told::Committed { origin: origin_text(origin), code, text });
}

/// librdkafka's number for an error; -1 if it has none.
pub fn code_of(error: &KafkaError) -> i32 {
    error.rdkafka_error_code().map_or(-1, |code| code as i32)
}

fn list_of(offsets: &[(Place, i64)]) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for ((topic, partition), offset) in offsets {
        list.add_partition_offset(topic, *partition as i32, Offset::Offset(*offset))?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_uncommitted_until_it_is_stored_or_gone() {
        let (a, b) = (("orders".to_owned(), 0), ("orders".to_owned(), 1));
        let mut marks = Marks::default();
        marks.done(&a, 4);
        marks.done(&b, 9);
        assert_eq!(marks.uncommitted(), [(a.clone(), 5), (b.clone(), 10)]);
        marks.stored(&[(a.clone(), 5)]);
        assert_eq!(marks.uncommitted(), [(b.clone(), 10)]);
        marks.forget(&[b]);
        assert_eq!(marks.uncommitted(), []);
        marks.done(&a, 5);
        assert_eq!(marks.uncommitted(), [(a, 6)]);
    }
}
