//! ConsumerProtocol: a member's subscription and its assignment as bytes.
//!
//! The layout is that of Kafka's `ConsumerProtocolSubscription` and `ConsumerProtocolAssignment`, versions 0 to 3: an int16
//! version, then the fields in big-endian order. A reader of a newer version takes the fields that it knows and ignores
//! what follows, so bytes after the last known field are no error.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use read::{Reader, intern_partitions};
pub(crate) use write::Writer;

use super::Bytes;
use crate::ids::{Generation, Names, TopicName, TopicPartition};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::cmp::Ordering;

/// The version that encoders write: the highest that the Java client knows.
pub const VERSION: i16 = 3;

/// What a member tells the leader.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// Topics, in the order in which Kafka sends them (sorted by name).
    pub topics: Vec<TopicName>,
    /// The assignor's own bytes (sticky keeps its last assignment there).
    pub user_data: Option<Bytes>,
    /// Partitions that the member still owns (version 1).
    pub owned: Vec<TopicPartition>,
    /// The generation they are from, or -1 (version 2).
    pub generation: Generation,
}

/// What the leader gives a member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment {
    /// The partitions.
    pub partitions: Vec<TopicPartition>,
    /// The assignor's own bytes.
    pub user_data: Option<Bytes>,
}

/// The order of Java strings: by UTF-16 code unit. It differs from Rust's (by code point) only where a character beyond
/// U+FFFF meets one from U+E000 to U+FFFF.
pub fn java_order(a: &str, b: &str) -> Ordering {
    let differing = a.bytes().zip(b.bytes()).find(|(x, y)| x != y);
    match differing {
        None => a.len().cmp(&b.len()),
        Some((x, y)) if x >= 0xF0 && (0xEE..0xF0).contains(&y) => Ordering::Less,
        Some((x, y)) if y >= 0xF0 && (0xEE..0xF0).contains(&x) => Ordering::Greater,
        Some((x, y)) => x.cmp(&y),
    }
}

/// Encodes a subscription as the Java client does (version 3, no rack): topics by name, owned partitions by topic name and
/// number.
pub fn encode_subscription(subscription: &Subscription, names: &Names) -> Bytes {
    let by_name = |a: &TopicName, b: &TopicName| a == b || java_order(names.text(*a), names.text(*b)).is_le();
    let mut topics = std::borrow::Cow::Borrowed(&subscription.topics[..]);
    if !topics.is_sorted_by(by_name) {
        topics.to_mut().sort_by(|a, b| java_order(names.text(*a), names.text(*b)));
    }
    let in_order = |a: &TopicPartition, b: &TopicPartition| {
        if a.topic == b.topic { a.partition <= b.partition } else { by_name(&a.topic, &b.topic) }
    };
    let mut owned = std::borrow::Cow::Borrowed(&subscription.owned[..]);
    if !owned.is_sorted_by(in_order) {
        owned
            .to_mut()
            .sort_by(|a, b| java_order(names.text(a.topic), names.text(b.topic)).then(a.partition.cmp(&b.partition)));
    }

    let mut writer = Writer::with_capacity(64 + topics.len() * 24 + owned.len() * 4);
    writer.int16(VERSION);
    writer.length(topics.len());
    for &topic in topics.iter() {
        writer.string(names.text(topic));
    }
    writer.nullable_bytes(subscription.user_data.as_deref());
    writer.topic_partitions(&owned, names);
    writer.int32(subscription.generation.0);
    writer.null_string();
    writer.finish()
}

/// Reads a subscription of any version; `None` if the bytes are not one.
pub fn decode_subscription(bytes: &[u8], names: &mut Names) -> Option<Subscription> {
    let mut reader = Reader::new(bytes);
    let version = reader.version()?;
    let topics = reader.array(2, Reader::string)?;
    let user_data = reader.nullable_bytes()?;
    let owned = if version >= 1 { reader.topic_partitions()? } else { Vec::new() };
    let generation = if version >= 2 { reader.int32()? } else { Generation::NONE.0 };
    if version >= 3 {
        reader.nullable_string()?;
    }
    // Names are taken down only now: bytes that are no subscription leave no trace in the table.
    Some(Subscription {
        topics: topics.into_iter().map(|topic| TopicName(names.intern(topic))).collect(),
        user_data: user_data.map(Bytes::from),
        owned: intern_partitions(&owned, names),
        generation: Generation(generation),
    })
}

/// Encodes an assignment as the Java client does (version 3): topics in the order in which they first appear, partitions in
/// the order given.
pub fn encode_assignment(assignment: &Assignment, names: &Names) -> Bytes {
    let partitions = &assignment.partitions;
    let mut writer = Writer::with_capacity(32 + partitions.len() * 8);
    writer.int16(VERSION);
    if topics_are_contiguous(partitions) {
        writer.topic_partitions(partitions, names);
    } else {
        let mut by_topic: IndexMap<TopicName, Vec<TopicPartition>, FxBuildHasher> = IndexMap::default();
        for &partition in partitions {
            by_topic.entry(partition.topic).or_default().push(partition);
        }
        let grouped: Vec<TopicPartition> = by_topic.into_values().flatten().collect();
        writer.topic_partitions(&grouped, names);
    }
    writer.nullable_bytes(assignment.user_data.as_deref());
    writer.finish()
}

/// Reads an assignment of any version; `None` if the bytes are not one (empty bytes are not one).
pub fn decode_assignment(bytes: &[u8], names: &mut Names) -> Option<Assignment> {
    let mut reader = Reader::new(bytes);
    reader.version()?;
    let partitions = reader.topic_partitions()?;
    let user_data = reader.nullable_bytes()?;
    Some(Assignment { partitions: intern_partitions(&partitions, names), user_data: user_data.map(Bytes::from) })
}

/// Whether the partitions of every topic stand together, judged cheaply: "no" may be wrong for more than 16 topics.
fn topics_are_contiguous(partitions: &[TopicPartition]) -> bool {
    let mut seen = [TopicName::EMPTY; 16];
    for (count, run) in partitions.chunk_by(|a, b| a.topic == b.topic).enumerate() {
        let topic = run[0].topic;
        if count == seen.len() || seen[..count].contains(&topic) {
            return false;
        }
        seen[count] = topic;
    }
    true
}
