//! Requests as bytes.

use crate::base64;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Encodable, Request, StrBytes};
use serde_json::Value;

/// The bytes of a request, header and all, without the length before them.
pub fn encode(api: &str, version: i64, correlation: i32, client_id: &str, body: &Value) -> Vec<u8> {
    let version = i16::try_from(version).expect("a small version");
    let ask = Asking { version, correlation, client_id };
    match api {
        "join_group" => ask.bytes(&join(version, body)),
        "sync_group" => ask.bytes(&sync(body)),
        "heartbeat" => ask.bytes(
            &HeartbeatRequest::default()
                .with_group_id(group(body))
                .with_generation_id(int(body, "generation_id", -1))
                .with_member_id(text(body, "member_id"))
                .with_group_instance_id(given(body, "group_instance_id")),
        ),
        "leave_group" => ask.bytes(&leave(version, body)),
        "offset_commit" => ask.bytes(&commit(body)),
        "offset_fetch" | "offset_fetch_all" => ask.bytes(&fetch(version, body)),
        "offset_delete" => ask.bytes(&offset_delete(body)),
        "describe_groups" => ask.bytes(&DescribeGroupsRequest::default().with_groups(groups(body, "groups"))),
        "list_groups" => ask.bytes(&ListGroupsRequest::default()),
        "delete_groups" => ask.bytes(&DeleteGroupsRequest::default().with_groups_names(groups(body, "groups_names"))),
        "find_coordinator" => ask.bytes(&find(version, body)),
        "api_versions" => ask.bytes(&ApiVersionsRequest::default()),
        "create_topics" => ask.bytes(&create(body)),
        other => panic!("unknown api {other}"),
    }
}

struct Asking<'a> {
    version: i16,
    correlation: i32,
    client_id: &'a str,
}

impl Asking<'_> {
    fn bytes<R: Request>(&self, request: &R) -> Vec<u8> {
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(self.version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_string(self.client_id.to_owned())));
        let mut bytes = Vec::new();
        header.encode(&mut bytes, R::header_version(self.version)).expect("a header can be written");
        request.encode(&mut bytes, self.version).expect("a fitted request can be written");
        bytes
    }
}

fn join(version: i16, body: &Value) -> JoinGroupRequest {
    use join_group_request::JoinGroupRequestProtocol;
    let protocol = |entry: &Value| {
        JoinGroupRequestProtocol::default()
            .with_name(text(entry, "name"))
            .with_metadata(bytes(entry, "metadata").into())
    };
    let request = JoinGroupRequest::default()
        .with_group_id(group(body))
        .with_session_timeout_ms(int(body, "session_timeout_ms", 0))
        .with_member_id(text(body, "member_id"))
        .with_group_instance_id(given(body, "group_instance_id"))
        .with_protocol_type(text(body, "protocol_type"))
        .with_protocols(list(body, "protocols").iter().map(protocol).collect());
    if version > 0 {
        return request.with_rebalance_timeout_ms(int(body, "rebalance_timeout_ms", -1));
    }
    request
}

fn sync(body: &Value) -> SyncGroupRequest {
    use sync_group_request::SyncGroupRequestAssignment;
    let assignment = |entry: &Value| {
        SyncGroupRequestAssignment::default()
            .with_member_id(text(entry, "member_id"))
            .with_assignment(bytes(entry, "assignment").into())
    };
    SyncGroupRequest::default()
        .with_group_id(group(body))
        .with_generation_id(int(body, "generation_id", -1))
        .with_member_id(text(body, "member_id"))
        .with_group_instance_id(given(body, "group_instance_id"))
        .with_protocol_type(given(body, "protocol_type"))
        .with_protocol_name(given(body, "protocol_name"))
        .with_assignments(list(body, "assignments").iter().map(assignment).collect())
}

fn leave(version: i16, body: &Value) -> LeaveGroupRequest {
    use leave_group_request::MemberIdentity;
    let request = LeaveGroupRequest::default().with_group_id(group(body));
    if version < 3 {
        return request.with_member_id(text(&body["members"][0], "member_id"));
    }
    let member = |entry: &Value| {
        MemberIdentity::default()
            .with_member_id(text(entry, "member_id"))
            .with_group_instance_id(given(entry, "group_instance_id"))
    };
    request.with_members(list(body, "members").iter().map(member).collect())
}

fn commit(body: &Value) -> OffsetCommitRequest {
    use offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
    let partition = |entry: &Value| {
        OffsetCommitRequestPartition::default()
            .with_partition_index(int(entry, "partition_index", 0))
            .with_committed_offset(entry["committed_offset"].as_i64().expect("an offset"))
            .with_committed_metadata(given(entry, "committed_metadata"))
    };
    let topic = |entry: &Value| {
        OffsetCommitRequestTopic::default()
            .with_name(text(entry, "name").into())
            .with_partitions(list(entry, "partitions").iter().map(partition).collect())
    };
    OffsetCommitRequest::default()
        .with_group_id(group(body))
        .with_generation_id_or_member_epoch(int(body, "generation_id", -1))
        .with_member_id(text(body, "member_id"))
        .with_group_instance_id(given(body, "group_instance_id"))
        .with_retention_time_ms(body["retention_time_ms"].as_i64().unwrap_or(-1))
        .with_topics(list(body, "topics").iter().map(topic).collect())
}

fn fetch(version: i16, body: &Value) -> OffsetFetchRequest {
    use offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics};
    let indexes = |entry: &Value| -> Vec<i32> {
        list(entry, "partition_indexes").iter().map(|i| i.as_i64().expect("a partition") as i32).collect()
    };
    let topics = body["topics"].as_array();
    let require_stable = version >= 7 && body["require_stable"].as_bool().unwrap_or(false);
    let request = OffsetFetchRequest::default().with_require_stable(require_stable);
    if version < 8 {
        let topic = |entry: &Value| {
            OffsetFetchRequestTopic::default()
                .with_name(text(entry, "name").into())
                .with_partition_indexes(indexes(entry))
        };
        let topics = topics.map(|topics| topics.iter().map(topic).collect());
        return request.with_group_id(group(body)).with_topics(topics);
    }
    let topic = |entry: &Value| {
        OffsetFetchRequestTopics::default().with_name(text(entry, "name").into()).with_partition_indexes(indexes(entry))
    };
    let one = |body: &Value| {
        let topics = body["topics"].as_array().map(|topics| topics.iter().map(topic).collect());
        OffsetFetchRequestGroup::default().with_group_id(group(body)).with_topics(topics)
    };
    // One group, flat, or several.
    let groups = body["groups"].as_array().map_or_else(|| vec![one(body)], |groups| groups.iter().map(one).collect());
    request.with_groups(groups)
}

fn offset_delete(body: &Value) -> OffsetDeleteRequest {
    use offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
    let partition =
        |entry: &Value| OffsetDeleteRequestPartition::default().with_partition_index(int(entry, "partition_index", 0));
    let topic = |entry: &Value| {
        OffsetDeleteRequestTopic::default()
            .with_name(text(entry, "name").into())
            .with_partitions(list(entry, "partitions").iter().map(partition).collect())
    };
    let topics = list(body, "topics").iter().map(topic).collect();
    OffsetDeleteRequest::default().with_group_id(group(body)).with_topics(topics)
}

fn find(version: i16, body: &Value) -> FindCoordinatorRequest {
    let keys = list(body, "coordinator_keys").iter();
    let mut keys: Vec<StrBytes> =
        keys.map(|key| StrBytes::from_string(key.as_str().expect("a key").to_owned())).collect();
    let request = FindCoordinatorRequest::default();
    if version >= 4 {
        return request.with_coordinator_keys(keys);
    }
    request.with_key(keys.remove(0))
}

fn create(body: &Value) -> CreateTopicsRequest {
    use create_topics_request::CreatableTopic;
    let topic = |entry: &Value| {
        CreatableTopic::default()
            .with_name(text(entry, "name").into())
            .with_num_partitions(int(entry, "num_partitions", 1))
            .with_replication_factor(1)
    };
    let topics = list(body, "topics").iter().map(topic).collect();
    CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(10_000)
}

fn list<'a>(body: &'a Value, field: &str) -> &'a [Value] {
    body[field].as_array().map_or(&[], Vec::as_slice)
}

fn text(body: &Value, field: &str) -> StrBytes {
    given(body, field).unwrap_or_default()
}

fn given(body: &Value, field: &str) -> Option<StrBytes> {
    body[field].as_str().map(|text| StrBytes::from_string(text.to_owned()))
}

fn int(body: &Value, field: &str, absent: i32) -> i32 {
    body[field].as_i64().map_or(absent, |number| i32::try_from(number).expect("32 bits"))
}

fn bytes(body: &Value, field: &str) -> Vec<u8> {
    base64::decode(body[field].as_str().unwrap_or(""))
}

fn group(body: &Value) -> GroupId {
    text(body, "group_id").into()
}

fn groups(body: &Value, field: &str) -> Vec<GroupId> {
    let text = |group: &Value| StrBytes::from_string(group.as_str().expect("a group id").to_owned()).into();
    list(body, field).iter().map(text).collect()
}
