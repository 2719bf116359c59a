//! The leader's part: Metadata of every member's topics, and kafka-go's own balancers, which divide otherwise than those of
//! the Java client that bear the same names.

use super::KafkaGo;
use super::group::Phase;
use crate::client::io::Io;
use crate::client::network::Pending;
use crate::config::AssignorKind;
use crate::ids::{MemberId, Names, TopicName, TopicPartition};
use crate::protocol::consumer_protocol::{Assignment, decode_subscription, encode_assignment};
use crate::protocol::{ErrorCode, JoinGroupResponse, Request, TopicMetadata};

/// A leader that waits for metadata: members by id, each with its topics.
#[derive(Debug)]
pub(super) struct Leading {
    members: Vec<(MemberId, Vec<TopicName>)>,
}

impl KafkaGo {
    /// This member leads: it asks for metadata first, always.
    pub(super) fn lead(&mut self, io: &mut Io<'_, '_>, response: &JoinGroupResponse) {
        let mut topics: Vec<TopicName> = Vec::new();
        let mut members = Vec::with_capacity(response.members.len());
        for m in &response.members {
            let Some(subscription) = decode_subscription(&m.metadata, io.cx.names) else {
                return self.generation_failed(io, ErrorCode::None);
            };
            let wanted: Vec<TopicName> = subscription.topics;
            topics.extend(wanted.iter().copied());
            members.push((m.member, wanted));
        }
        sort_by_text(&mut topics, io.cx.names, |topic| topic.0);
        topics.dedup();
        sort_by_text(&mut members, io.cx.names, |member| member.0.0);
        self.group.phase = Phase::Leading(Leading { members });
        let (version, timeout_ms) = (self.profile.metadata_version, self.timeout_ms());
        self.send_to_coordinator(io, version, timeout_ms, Request::Metadata(topics), Pending::Metadata);
    }

    /// The metadata has come. One topic that does not exist leaves all of them without partitions: the call gives nothing
    /// but the error, and that is passed over.
    pub(super) fn on_leader_metadata(&mut self, io: &mut Io<'_, '_>, topics: &[TopicMetadata]) {
        let Phase::Leading(leading) = &mut self.group.phase else { return };
        let members = std::mem::take(&mut leading.members);
        let missing = topics.iter().any(|t| !t.error.is_none());
        let counts: Vec<_> = topics.iter().filter(|_| !missing).map(|t| (t.topic, t.partitions)).collect();
        let protocol = io.cx.names.text(self.group.id.protocol);
        let balance = match AssignorKind::from_name(protocol) {
            Some(AssignorKind::Range) => range,
            Some(AssignorKind::RoundRobin) => round_robin,
            _ => return self.generation_failed(io, ErrorCode::None),
        };
        let shares = shares(&members, &counts, balance);
        let encode = |partitions| encode_assignment(&Assignment { partitions, user_data: None }, io.cx.names);
        let assignments = shares.into_iter().map(|(member, partitions)| (member, encode(partitions))).collect();
        self.send_sync(io, assignments);
    }
}

fn sort_by_text<T>(items: &mut [T], names: &Names, symbol: impl Fn(&T) -> crate::ids::Symbol) {
    items.sort_by(|a, b| names.text(symbol(a)).cmp(names.text(symbol(b))));
}

/// Whether, of `partitions` among `members`, the one numbered `partition` goes to the member numbered `member`.
type Balance = fn(member: u64, members: u64, partition: u64, partitions: u64) -> bool;

/// RangeGroupBalancer: the later members get the larger shares.
fn range(member: u64, members: u64, partition: u64, partitions: u64) -> bool {
    (member * partitions / members..(member + 1) * partitions / members).contains(&partition)
}

/// RoundRobinGroupBalancer: every topic starts with the first member anew.
fn round_robin(member: u64, members: u64, partition: u64, _: u64) -> bool {
    partition % members == member
}

/// What every member gets, topic by topic.
fn shares(
    members: &[(MemberId, Vec<TopicName>)],
    counts: &[(TopicName, u32)],
    balance: Balance,
) -> Vec<(MemberId, Vec<TopicPartition>)> {
    let mut shares: Vec<(MemberId, Vec<TopicPartition>)> = members.iter().map(|m| (m.0, Vec::new())).collect();
    for &(topic, partitions) in counts {
        let wanting: Vec<usize> = (0..members.len()).filter(|&m| members[m].1.contains(&topic)).collect();
        for (rank, &place) in wanting.iter().enumerate() {
            let mine = |&p: &u32| balance(rank as u64, wanting.len() as u64, p.into(), partitions.into());
            shares[place].1.extend((0..partitions).filter(mine).map(|p| TopicPartition::new(topic, p)));
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Symbol;

    fn given(members: u32, partitions: u32, balance: Balance) -> Vec<Vec<u32>> {
        let topic = TopicName(Symbol(9));
        let members: Vec<_> = (0..members).map(|m| (MemberId(Symbol(100 + m)), vec![topic])).collect();
        let shares = shares(&members, &[(topic, partitions)], balance);
        shares.into_iter().map(|share| share.1.iter().map(|p| p.partition).collect()).collect()
    }

    /// Its documentation gives C0 the three of five: the code does not.
    #[test]
    fn kafka_go_range_gives_the_last_members_more() {
        assert_eq!(given(2, 5, range), [vec![0, 1], vec![2, 3, 4]]);
        assert_eq!(given(3, 6, range), [vec![0, 1], vec![2, 3], vec![4, 5]]);
        assert_eq!(given(3, 1, range), [vec![], vec![], vec![0]]);
    }

    #[test]
    fn kafka_go_roundrobin_starts_every_topic_with_the_first_member() {
        assert_eq!(given(2, 5, round_robin), [vec![0, 2, 4], vec![1, 3]]);
        let (a, b) = (TopicName(Symbol(1)), TopicName(Symbol(2)));
        let members = [(MemberId(Symbol(3)), vec![a, b]), (MemberId(Symbol(4)), vec![b, a])];
        let shares = shares(&members, &[(a, 1), (b, 1)], round_robin);
        assert_eq!((shares[0].1.len(), shares[1].1.len()), (2, 0));
    }
}
