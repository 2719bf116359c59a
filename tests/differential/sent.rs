//! From the requests of our clients to the harness's commands: the way back from [`crate::requests`].

use super::base64;
use super::names::MemberNames;
use groupsim::config::BrokerConfig;
use groupsim::ids::*;
use groupsim::protocol::*;
use serde_json::{Map, Value, json};

/// Names versions that the harness does not have; it has the newest that goes by topic names.
const NEWEST_BY_NAME: i16 = 9;

pub struct Sender<'a> {
    pub names: &'a Names,
    pub members: &'a mut MemberNames,
}

impl Sender<'_> {
    /// The command that hands over a request under this id.
    pub fn command(&mut self, id: u64, header: &RequestHeader, request: &Request) -> Value {
        let (api, body) = self.body(request);
        json!({
            "op": "request",
            "id": id,
            "api": api,
            "version": header.api_version.min(NEWEST_BY_NAME),
            "client_id": self.names.text(header.client.client_id),
            "client_host": self.names.text(header.client.host),
            "body": body,
        })
    }

    fn body(&mut self, request: &Request) -> (&'static str, Value) {
        match request {
            Request::JoinGroup(request) => ("join_group", self.join(request)),
            Request::SyncGroup(request) => ("sync_group", self.sync(request)),
            Request::Heartbeat(r) => {
                ("heartbeat", Value::Object(self.from(r.group, Some(r.generation), r.member, r.instance)))
            }
            Request::LeaveGroup(request) => ("leave_group", self.leave(request)),
            Request::OffsetCommit(request) => ("offset_commit", self.commit(request)),
            Request::OffsetFetch(request) => self.fetch(request),
            Request::OffsetDelete(request) => ("offset_delete", self.offset_delete(request)),
            Request::DescribeGroups(groups) => ("describe_groups", json!({ "groups": self.groups(groups) })),
            Request::ListGroups => ("list_groups", json!({})),
            Request::DeleteGroups(groups) => ("delete_groups", json!({ "groups_names": self.groups(groups) })),
            other => panic!("nothing for a group coordinator: {:?}", other.api()),
        }
    }

    fn join(&mut self, request: &JoinGroupRequest) -> Value {
        let mut body = self.from(request.group, None, request.member, request.instance);
        let protocol = |protocol: &JoinProtocol| json!({ "name": self.names.text(protocol.name), "metadata": base64::encode(&protocol.metadata) });
        let protocols: Vec<Value> = request.protocols.iter().map(protocol).collect();
        body.insert("session_timeout_ms".into(), request.session_timeout_ms.into());
        body.insert("rebalance_timeout_ms".into(), request.rebalance_timeout_ms.into());
        body.insert("protocol_type".into(), self.names.text(request.protocol_type).into());
        body.insert("protocols".into(), protocols.into());
        body.insert("reason".into(), self.names.text(request.reason).into());
        Value::Object(body)
    }

    fn sync(&mut self, request: &SyncGroupRequest) -> Value {
        let mut body = self.from(request.group, Some(request.generation), request.member, request.instance);
        let entry = |(member, assignment): &(MemberId, Bytes)| json!({ "member_id": self.member(*member), "assignment": base64::encode(assignment) });
        let assignments: Vec<Value> = request.assignments.iter().map(entry).collect();
        body.insert("protocol_type".into(), request.protocol_type.map(|text| self.names.text(text)).into());
        body.insert("protocol_name".into(), request.protocol_name.map(|text| self.names.text(text)).into());
        body.insert("assignments".into(), assignments.into());
        Value::Object(body)
    }

    fn leave(&mut self, request: &LeaveGroupRequest) -> Value {
        let entry = |entry: &LeavingMember| {
            json!({
                "member_id": self.member(entry.member),
                "group_instance_id": self.instance(entry.instance),
                "reason": self.names.text(entry.reason),
            })
        };
        let members: Vec<Value> = request.members.iter().map(entry).collect();
        json!({ "group_id": self.group(request.group), "members": members })
    }

    fn commit(&mut self, request: &OffsetCommitRequest) -> Value {
        let mut body = self.from(request.group, Some(request.generation), request.member, request.instance);
        let topic = |commit: &CommitPartition| {
            json!({ "name": self.names.text(commit.partition.topic), "partitions": [{
                "partition_index": commit.partition.partition,
                "committed_offset": commit.offset.0,
                "committed_metadata": self.names.text(commit.metadata),
            }]})
        };
        body.insert("topics".into(), request.partitions.iter().map(topic).collect::<Vec<_>>().into());
        body.insert("retention_time_ms".into(), request.retention_ms.into());
        Value::Object(body)
    }

    fn fetch(&mut self, request: &OffsetFetchRequest) -> (&'static str, Value) {
        let group = self.group(request.group);
        let stable = request.require_stable;
        let Some(partitions) = &request.partitions else {
            return ("offset_fetch_all", json!({ "group_id": group, "require_stable": stable }));
        };
        let topic =
            |p: &TopicPartition| json!({ "name": self.names.text(p.topic), "partition_indexes": [p.partition] });
        let topics: Vec<Value> = partitions.iter().map(topic).collect();
        ("offset_fetch", json!({ "group_id": group, "topics": topics, "require_stable": stable }))
    }

    fn offset_delete(&self, request: &OffsetDeleteRequest) -> Value {
        let topic = |p: &TopicPartition| json!({ "name": self.names.text(p.topic), "partitions": [{ "partition_index": p.partition }] });
        let topics: Vec<Value> = request.partitions.iter().map(topic).collect();
        json!({ "group_id": self.group(request.group), "topics": topics })
    }

    fn groups(&self, groups: &[GroupId]) -> Vec<Value> {
        groups.iter().map(|group| self.names.text(*group).into()).collect()
    }

    /// The fields that most requests begin with.
    fn from(
        &mut self,
        group: Option<GroupId>,
        generation: Option<Generation>,
        member: MemberId,
        instance: InstanceId,
    ) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("group_id".into(), self.group(group));
        if let Some(generation) = generation {
            body.insert("generation_id".into(), generation.0.into());
        }
        body.insert("member_id".into(), self.member(member).into());
        body.insert("group_instance_id".into(), self.instance(instance));
        body
    }

    fn group(&self, group: Option<GroupId>) -> Value {
        group.map(|group| self.names.text(group)).into()
    }

    fn member(&mut self, member: MemberId) -> String {
        self.members.sent(self.names.text(member))
    }

    fn instance(&self, instance: InstanceId) -> Value {
        (!instance.is_empty()).then(|| self.names.text(instance)).into()
    }
}

/// A broker's settings under Kafka's keys, as far as the coordinator goes by them.
pub fn settings(config: &BrokerConfig) -> Value {
    json!({
        "group.min.session.timeout.ms": config.group_min_session_timeout_ms,
        "group.max.session.timeout.ms": config.group_max_session_timeout_ms,
        "group.initial.rebalance.delay.ms": config.group_initial_rebalance_delay_ms,
        "group.max.size": config.group_max_size,
        "offset.metadata.max.bytes": config.offset_metadata_max_bytes,
        "offsets.retention.minutes": config.offsets_retention_minutes,
        "offsets.retention.check.interval.ms": config.offsets_retention_check_interval_ms,
    })
}
