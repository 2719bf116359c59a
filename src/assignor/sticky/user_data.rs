//! What the sticky assignors put into a subscription's user data.

use crate::ids::{Generation, Names, TopicPartition};
use crate::protocol::Bytes;
use crate::protocol::consumer_protocol::{Reader, Writer, intern_partitions};

/// The user data that a member with the sticky assignor sends: the assignment that it got last and its generation
/// (`StickyAssignorUserData` version 1). Before the first assignment it sends none.
///
/// Java writes topics in hash order; here they come as they stand in `assignment`, whose topics must stand together.
pub fn sticky_user_data(assignment: &[TopicPartition], generation: Generation, names: &Names) -> Bytes {
    let mut writer = Writer::with_capacity(16 + assignment.len() * 8);
    writer.topic_partitions(assignment, names);
    writer.int32(generation.0);
    writer.finish()
}

/// Reads [`sticky_user_data`]; `None` if the bytes are something else. Version 0 had no generation.
pub fn decode_sticky_user_data(bytes: &[u8], names: &mut Names) -> Option<(Vec<TopicPartition>, Option<Generation>)> {
    let mut reader = Reader::new(bytes);
    let partitions = reader.topic_partitions()?;
    let generation = reader.int32().map(Generation);
    Some((intern_partitions(&partitions, names), generation))
}

/// The user data that a member with the cooperative sticky assignor always sends: the generation of its last assignment, or
/// -1. Leaders read it only from members that do not state the generation in the subscription itself.
pub fn cooperative_user_data(generation: Generation) -> Bytes {
    Bytes::from(generation.0.to_be_bytes())
}

/// Reads [`cooperative_user_data`]; -1 if the bytes are something else.
pub(super) fn cooperative_generation(bytes: &[u8]) -> Generation {
    Reader::new(bytes).int32().map_or(Generation::NONE, Generation)
}
