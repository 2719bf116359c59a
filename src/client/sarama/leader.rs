//! The leader's part: metadata of everybody's topics, the plan, and (while its session lasts) a look at the numbers of
//! partitions every `Metadata.RefreshFrequency`.

use super::Sarama;
use super::cluster::Purpose;
use super::group::Phase;
use crate::assignor::{AssignorMember, assign};
use crate::client::io::Io;
use crate::config::AssignorKind;
use crate::ids::TopicName;
use crate::protocol::consumer_protocol::{Assignment, decode_subscription, encode_assignment};
use crate::protocol::{ErrorCode, JoinGroupResponse};

/// What the leader knows of its group.
#[derive(Debug)]
pub(super) struct Leading {
    members: Vec<AssignorMember>,
    topics: Vec<TopicName>,
    /// What it planned with.
    counts: Vec<(TopicName, u32)>,
}

impl Sarama {
    /// This member leads.
    pub(super) fn lead(&mut self, io: &mut Io<'_, '_>, response: JoinGroupResponse) {
        let mut topics = Vec::new();
        let mut members = Vec::with_capacity(response.members.len());
        for m in &response.members {
            let Some(subscription) = decode_subscription(&m.metadata, io.cx.names) else { continue };
            for &topic in &subscription.topics {
                if !topics.contains(&topic) {
                    topics.push(topic);
                }
            }
            members.push(AssignorMember { member: m.member, instance: m.instance, subscription });
        }
        self.group.phase = Phase::Planning;
        self.group.leading = Some(Leading { members, topics: topics.clone(), counts: Vec::new() });
        self.refresh_topics(Purpose::Plan, topics);
    }

    /// The metadata is there: assigns and hands the result in.
    pub(super) fn plan(&mut self, io: &mut Io<'_, '_>) {
        let Some(leading) = &mut self.group.leading else { return };
        let kind = AssignorKind::from_name(io.cx.names.text(self.group.id.protocol));
        let Some(kind) = kind.filter(|kind| self.config.assignors.contains(kind)) else {
            return self.consume_failed(ErrorCode::InconsistentGroupProtocol);
        };
        leading.counts = self.cluster.counts(&leading.topics);
        let assigned = assign(kind, &leading.members, &leading.counts, io.cx.names);
        let encode = |partitions| encode_assignment(&Assignment { partitions, user_data: None }, io.cx.names);
        let assignments = assigned.into_iter().map(|(member, partitions)| (member, encode(partitions))).collect();
        self.send_sync(io, assignments);
    }

    /// `loopCheckPartitionNumbers`: what is cached against what was planned with.
    pub(super) fn check_partition_numbers(&mut self, io: &mut Io<'_, '_>) {
        self.group.check_at = crate::client::io::Timer::NEVER;
        let Some(leading) = self.group.leading.as_ref().filter(|_| self.config.metadata_max_age_ms > 0) else { return };
        if self.group.cancelled {
            return;
        }
        if self.cluster.counts(&leading.topics) == leading.counts {
            self.group.check_at = io.timer_ms(self.config.metadata_max_age_ms);
        } else {
            self.group.cancelled = true;
        }
    }
}
