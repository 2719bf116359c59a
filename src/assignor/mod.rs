//! Pure partition assignors (floor 2).

use crate::config::AssignorKind;
use crate::ids::{InstanceId, MemberId, Names, TopicName, TopicPartition};
use crate::protocol::consumer_protocol::Subscription;

/// A member as an assignor sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssignorMember {
    /// Member id.
    pub member: MemberId,
    /// `group.instance.id`, or empty.
    pub instance: InstanceId,
    /// Its subscription.
    pub subscription: Subscription,
}

/// Assigns partitions as `kind` does in the Java client. `topics` gives the partition count of every topic that exists
/// (missing ones are skipped, ASSIGN-COMMON-01). Every member gets an entry, in the order of `members`; partitions within
/// an entry are sorted by topic name, then number.
pub fn assign(
    _kind: AssignorKind,
    _members: &[AssignorMember],
    _topics: &[(TopicName, u32)],
    _names: &mut Names,
) -> Vec<(MemberId, Vec<TopicPartition>)> {
    unreachable!("not built yet")
}
