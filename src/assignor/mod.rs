//! Pure partition assignors (floor 2), as the Java client has them, without racks.
//!
//! Where Java's result depends on the order in which a hash map gives members, ours follows the same order, for it can be
//! had (who keeps the larger share when more members own it than may, ASSIGN-STICKY-05; which claim is visited first,
//! ASSIGN-STICKY-02; which of several partitions that went the other way is taken back, ASSIGN-STICKY-09). One order is our
//! own: a member's topics come by name (ASSIGN-RANGE-03).

mod problem;
mod range;
mod roundrobin;
mod sticky;

#[cfg(test)]
mod rig;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_librdkafka;

pub use sticky::{cooperative_user_data, decode_sticky_user_data, sticky_user_data};

use crate::config::AssignorKind;
use crate::ids::{InstanceId, MemberId, Names, TopicName, TopicPartition};
use crate::protocol::consumer_protocol::Subscription;
use problem::{MemberOrder, Problem};

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
    kind: AssignorKind,
    members: &[AssignorMember],
    topics: &[(TopicName, u32)],
    names: &mut Names,
) -> Vec<(MemberId, Vec<TopicPartition>)> {
    if members.is_empty() {
        return Vec::new();
    }
    let order = match kind {
        AssignorKind::Range | AssignorKind::RoundRobin => MemberOrder::StaticFirst,
        AssignorKind::Sticky | AssignorKind::CooperativeSticky => MemberOrder::ByMemberId,
    };
    let problem = Problem::new(members, topics, order, names);
    let shares = match kind {
        AssignorKind::Range => range::assign(&problem),
        AssignorKind::RoundRobin => roundrobin::assign(&problem),
        AssignorKind::Sticky => sticky::assign(&problem, members, names),
        AssignorKind::CooperativeSticky => sticky::assign_cooperative(&problem, members, names),
    };
    problem.answer(members, shares)
}

/// As [`assign`], for a leader that runs librdkafka: its cooperative-sticky is not the Java client's. `members` come in the
/// order of JoinGroup's answer.
pub fn assign_as_librdkafka(
    kind: AssignorKind,
    members: &[AssignorMember],
    topics: &[(TopicName, u32)],
    names: &mut Names,
) -> Vec<(MemberId, Vec<TopicPartition>)> {
    if kind != AssignorKind::CooperativeSticky || members.is_empty() {
        return assign(kind, members, topics, names);
    }
    let problem = Problem::new(members, topics, MemberOrder::ByMemberId, names);
    let shares = sticky::librdkafka::assign(&problem, members);
    problem.answer(members, shares)
}
