//! What a process reads: as a member of a group, or given partitions.

use super::io::Io;
use crate::config::{MemberConfig, Membership};
use crate::ids::{GroupId, InstanceId, TopicName, TopicPartition};

/// A subscription, or an assignment by hand, with its names interned.
pub(crate) struct Interest {
    /// `group.id`, or empty.
    pub group: GroupId,
    /// `group.instance.id`, or empty.
    pub instance: InstanceId,
    /// Topics, each once; of a subscription by name.
    pub topics: Vec<TopicName>,
    /// The partitions of an assignment by hand.
    pub manual: Vec<TopicPartition>,
    /// Whether it is a member of a group.
    pub grouped: bool,
}

impl Interest {
    /// What `config` says.
    pub fn of(io: &mut Io<'_, '_>, config: &MemberConfig) -> Interest {
        let mut interest = Interest {
            group: GroupId::EMPTY,
            instance: InstanceId::EMPTY,
            topics: Vec::new(),
            manual: Vec::new(),
            grouped: matches!(config.membership, Membership::Subscribe { .. }),
        };
        match &config.membership {
            Membership::Subscribe { group, instance, topics } => {
                interest.group = GroupId(io.symbol(group));
                interest.instance = InstanceId(io.symbol(instance.as_deref().unwrap_or("")));
                let mut sorted: Vec<&str> = topics.iter().map(String::as_str).collect();
                sorted.sort_unstable();
                interest.topics.extend(sorted.into_iter().map(|topic| TopicName(io.symbol(topic))));
            }
            Membership::Assign(partitions) => {
                for (topic, partition) in partitions {
                    let topic = TopicName(io.symbol(topic));
                    interest.manual.push(TopicPartition::new(topic, *partition));
                    interest.topics.push(topic);
                }
                interest.topics.sort_unstable();
            }
        }
        interest.topics.dedup();
        interest
    }
}
