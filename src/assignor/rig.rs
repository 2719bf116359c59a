//! A group in a few words, for the tests of assignors.

use super::{AssignorMember, assign, sticky_user_data};
use crate::asked::{base64, settled};
use crate::config::AssignorKind;
use crate::ids::{Generation, InstanceId, MemberId, Names, TopicName, TopicPartition};
use crate::protocol::consumer_protocol::{Subscription, encode_subscription};
use serde_json::{Map, Value, json};

/// Topics and members under construction.
pub(super) struct Rig {
    pub(super) names: Names,
    pub(super) topics: Vec<(TopicName, u32)>,
    pub(super) members: Vec<AssignorMember>,
    /// The same for Kafka's assignors.
    commands: Vec<Value>,
    ours_only: bool,
}

impl Drop for Rig {
    fn drop(&mut self) {
        if std::thread::panicking() || self.ours_only || self.commands.is_empty() {
            return;
        }
        let Some(test) = settled::test_of_a_rule() else { return };
        settled::settle(&test, &self.commands).unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Rig {
    /// A cluster with these topics, written `t1:3 t2:4`.
    pub(super) fn new(topics: &str) -> Self {
        let mut names = Names::new();
        let topics = topics
            .split_whitespace()
            .map(|topic| {
                let (name, partitions) = topic.split_once(':').expect("name:partitions");
                (TopicName(names.intern(name)), partitions.parse().expect("a number"))
            })
            .collect();
        Rig { names, topics, members: Vec::new(), commands: Vec::new(), ours_only: false }
    }

    /// A dynamic member with its topics, written `t1 t2`.
    pub(super) fn member(mut self, id: &str, topics: &str) -> Self {
        let topics = topics.split_whitespace().map(|topic| TopicName(self.names.intern(topic))).collect();
        self.members.push(AssignorMember {
            member: MemberId(self.names.intern(id)),
            instance: InstanceId::EMPTY,
            subscription: Subscription { topics, user_data: None, owned: Vec::new(), generation: Generation::NONE },
        });
        self
    }

    /// Makes the member added last a static one.
    pub(super) fn instance(mut self, instance: &str) -> Self {
        self.last().instance = InstanceId(self.names.clone().intern(instance));
        self.names.intern(instance);
        self
    }

    /// The member added last owns these partitions, written `t1-0 t1-1`, of that generation.
    pub(super) fn owns(mut self, partitions: &str, generation: i32) -> Self {
        let partitions = self.partitions(partitions);
        let user_data = sticky_user_data(&partitions, Generation(generation), &self.names);
        let subscription = &mut self.last().subscription;
        subscription.user_data = Some(user_data);
        subscription.owned = partitions;
        subscription.generation = Generation(generation);
        self
    }

    fn last(&mut self) -> &mut AssignorMember {
        self.members.last_mut().expect("a member was added")
    }

    fn partitions(&mut self, text: &str) -> Vec<TopicPartition> {
        let read = |word: &str| {
            let (topic, number) = word.rsplit_once('-').expect("topic-number");
            TopicPartition::new(TopicName(self.names.intern(topic)), number.parse().expect("a number"))
        };
        text.split_whitespace().map(read).collect()
    }

    pub(super) fn assign(&mut self, kind: AssignorKind) -> Vec<(MemberId, Vec<TopicPartition>)> {
        let command = self.command(kind);
        self.commands.push(command);
        assign(kind, &self.members, &self.topics, &mut self.names)
    }

    fn command(&self, kind: AssignorKind) -> Value {
        let names = &self.names;
        let counts: Map<String, Value> = self
            .topics
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(topic, count)| (names.text(*topic).to_owned(), (*count).into()))
            .collect();
        let member = |member: &AssignorMember| {
            let instance = (!member.instance.is_empty()).then(|| names.text(member.instance));
            let subscription = base64::encode(&encode_subscription(&member.subscription, names));
            json!({ "member_id": names.text(member.member), "group_instance_id": instance, "subscription": subscription })
        };
        json!({
            "op": "assign",
            "id": self.commands.len() + 1,
            "assignor": kind.name(),
            "topics": counts,
            "members": self.members.iter().map(member).collect::<Vec<_>>(),
        })
    }

    /// Kafka's assignors do something else here; nothing of it is compared.
    pub(super) fn ours_only(&mut self) {
        self.ours_only = true;
    }

    /// The assignment, written `C1: t1-0 t1-1 | C2: t1-2`.
    pub(super) fn show(&mut self, kind: AssignorKind) -> String {
        let assignment = self.assign(kind);
        let show = |(member, partitions): &(MemberId, Vec<TopicPartition>)| {
            let list: String =
                partitions.iter().map(|p| format!(" {}-{}", self.names.text(p.topic), p.partition)).collect();
            format!("{}:{list}", self.names.text(*member))
        };
        assignment.iter().map(show).collect::<Vec<_>>().join(" | ")
    }
}
