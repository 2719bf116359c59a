//! ConsumerProtocol: a member's subscription and its assignment as bytes.

use super::Bytes;
use crate::ids::{Generation, Names, TopicName, TopicPartition};

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

/// Encodes a subscription as the Java client does (version 3).
pub fn encode_subscription(_subscription: &Subscription, _names: &Names) -> Bytes {
    unreachable!("not built yet")
}

/// Reads a subscription of any version; `None` if the bytes are not one.
pub fn decode_subscription(_bytes: &[u8], _names: &mut Names) -> Option<Subscription> {
    unreachable!("not built yet")
}

/// Encodes an assignment as the Java client does.
pub fn encode_assignment(_assignment: &Assignment, _names: &Names) -> Bytes {
    unreachable!("not built yet")
}

/// Reads an assignment of any version; `None` if the bytes are not one (empty bytes are not one).
pub fn decode_assignment(_bytes: &[u8], _names: &mut Names) -> Option<Assignment> {
    unreachable!("not built yet")
}
