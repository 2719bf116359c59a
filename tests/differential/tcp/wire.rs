//! Between the harness's JSON and the bytes of Kafka's protocol, which the crate kafka-protocol writes and reads.
//!
//! A body has the fields of the newest version whose topics go by name. [`fitted`] takes from it what a version does not
//! have, [`projected`] takes the same from an answer, so that two coordinators are compared by what a client of that
//! version gets to see.

use crate::base64;
use groupsim::protocol::ErrorCode;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use serde_json::{Map, Value, json};
use std::ops::RangeInclusive;

/// The versions in which Kafka 4.4 takes a request and the crate can write it. Kafka also has OffsetCommit and OffsetFetch
/// 10, where topics go by id, and DeleteGroups 3, which the crate does not know.
pub fn versions(api: &str) -> RangeInclusive<i64> {
    match api {
        "join_group" => 0..=9,
        "sync_group" | "leave_group" | "list_groups" => 0..=5,
        "heartbeat" => 0..=4,
        "offset_commit" => 2..=9,
        "offset_fetch" => 1..=9,
        // Version 1 cannot ask for all topics.
        "offset_fetch_all" => 2..=9,
        "describe_groups" | "find_coordinator" => 0..=6,
        "delete_groups" => 0..=2,
        "offset_delete" => 0..=0,
        "api_versions" => 0..=2,
        "create_topics" => 5..=7,
        other => panic!("unknown api {other}"),
    }
}

/// Takes from a request's body what its version does not have.
pub fn fitted(api: &str, version: i64, body: &Value) -> Value {
    let mut fields = body.as_object().expect("a body is an object").clone();
    let mut drop = |name: &str| {
        fields.shift_remove(name);
    };
    match api {
        "join_group" => {
            if version < 1 {
                drop("rebalance_timeout_ms");
            }
            if version < 5 {
                drop("group_instance_id");
            }
        }
        "sync_group" => {
            if version < 3 {
                drop("group_instance_id");
            }
            if version < 5 {
                drop("protocol_type");
                drop("protocol_name");
            }
        }
        "heartbeat" if version < 3 => drop("group_instance_id"),
        "offset_commit" => {
            if version < 7 {
                drop("group_instance_id");
            }
            if version > 4 {
                drop("retention_time_ms");
            }
        }
        "leave_group" if version < 3 => {
            // One member, without an instance id.
            let member = body["members"][0]["member_id"].as_str().unwrap_or("");
            fields.insert("members".into(), json!([{ "member_id": member }]));
        }
        _ => {}
    }
    Value::Object(fields)
}

/// What a client of this version sees of a canonical answer.
pub fn projected(api: &str, version: i64, body: &Value) -> Value {
    let Value::Object(fields) = body else { return body.clone() };
    let mut fields = fields.clone();
    match api {
        "join_group" => {
            if version < 9 {
                fields.shift_remove("skip_assignment");
            }
            if version < 7 {
                fields.shift_remove("protocol_type");
            }
            if version < 5 {
                strip(&mut fields, "members", "group_instance_id");
            }
        }
        "sync_group" if version < 5 => {
            fields.shift_remove("protocol_type");
            fields.shift_remove("protocol_name");
        }
        "leave_group" if version < 3 => {
            // The one member's error is the answer's.
            let members = fields.shift_remove("members");
            if fields["error_code"] == "NONE"
                && let Some(error) = members.as_ref().and_then(|members| members[0].get("error_code"))
            {
                fields.insert("error_code".into(), error.clone());
            }
        }
        "offset_fetch" | "offset_fetch_all" if version < 2 => {
            fields.shift_remove("error_code");
        }
        "describe_groups" if version < 4 => {
            for group in fields.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten() {
                strip(group.as_object_mut().expect("a group is an object"), "members", "group_instance_id");
            }
        }
        "list_groups" if version < 4 => strip(&mut fields, "groups", "group_state"),
        _ => {}
    }
    Value::Object(fields)
}

fn strip(of: &mut Map<String, Value>, list: &str, field: &str) {
    for entry in of.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
        entry.as_object_mut().expect("an entry is an object").shift_remove(field);
    }
}

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
    let topics = topics.map(|topics| topics.iter().map(topic).collect());
    request.with_groups(vec![OffsetFetchRequestGroup::default().with_group_id(group(body)).with_topics(topics)])
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

/// An answer from its bytes: correlation id and body.
pub fn decode(api: &str, version: i64, mut bytes: &[u8]) -> (i32, Value) {
    let version = i16::try_from(version).expect("a small version");
    let bytes = &mut bytes;
    match api {
        "join_group" => told(bytes, version, joined),
        "sync_group" => told(bytes, version, |answer: SyncGroupResponse| {
            json!({
                "error_code": error(answer.error_code),
                "protocol_type": answer.protocol_type.as_deref(),
                "protocol_name": answer.protocol_name.as_deref(),
                "assignment": base64::encode(&answer.assignment),
            })
        }),
        "heartbeat" => {
            told(bytes, version, |answer: HeartbeatResponse| json!({ "error_code": error(answer.error_code) }))
        }
        "leave_group" => told(bytes, version, left),
        "offset_commit" => told(bytes, version, committed),
        "offset_fetch" | "offset_fetch_all" => told(bytes, version, move |answer| fetched(version, answer)),
        "offset_delete" => told(bytes, version, offsets_deleted),
        "describe_groups" => told(bytes, version, described),
        "list_groups" => told(bytes, version, listed),
        "delete_groups" => told(bytes, version, |answer: DeleteGroupsResponse| {
            let result = |result: &delete_groups_response::DeletableGroupResult| json!({ "group_id": result.group_id.as_str(), "error_code": error(result.error_code) });
            json!({ "results": answer.results.iter().map(result).collect::<Vec<_>>() })
        }),
        "find_coordinator" => told(bytes, version, found),
        "api_versions" => told(bytes, version, |answer: ApiVersionsResponse| {
            let range =
                |key: &api_versions_response::ApiVersion| json!([key.api_key, key.min_version, key.max_version]);
            json!({ "error_code": error(answer.error_code), "api_keys": answer.api_keys.iter().map(range).collect::<Vec<_>>() })
        }),
        "create_topics" => told(bytes, version, |answer: CreateTopicsResponse| {
            let topic = |topic: &create_topics_response::CreatableTopicResult| error(topic.error_code);
            json!({ "errors": answer.topics.iter().map(topic).collect::<Vec<_>>() })
        }),
        other => panic!("unknown api {other}"),
    }
}

fn told<A: Decodable + HeaderVersion>(bytes: &mut &[u8], version: i16, write: impl FnOnce(A) -> Value) -> (i32, Value) {
    let header = ResponseHeader::decode(bytes, A::header_version(version)).expect("a header can be read");
    let answer = A::decode(bytes, version).expect("an answer can be read");
    assert!(bytes.is_empty(), "{} bytes are left over", bytes.len());
    (header.correlation_id, write(answer))
}

fn joined(answer: JoinGroupResponse) -> Value {
    let member = |entry: &join_group_response::JoinGroupResponseMember| {
        json!({
            "member_id": entry.member_id.as_str(),
            "group_instance_id": entry.group_instance_id.as_deref(),
            "metadata": base64::encode(&entry.metadata),
        })
    };
    json!({
        "error_code": error(answer.error_code),
        "generation_id": answer.generation_id,
        "protocol_type": answer.protocol_type.as_deref(),
        "protocol_name": answer.protocol_name.as_deref(),
        "leader": answer.leader.as_str(),
        "skip_assignment": answer.skip_assignment,
        "member_id": answer.member_id.as_str(),
        "members": answer.members.iter().map(member).collect::<Vec<_>>(),
    })
}

fn left(answer: LeaveGroupResponse) -> Value {
    let member = |entry: &leave_group_response::MemberResponse| {
        json!({
            "member_id": entry.member_id.as_str(),
            "group_instance_id": entry.group_instance_id.as_deref(),
            "error_code": error(entry.error_code),
        })
    };
    let members: Vec<Value> = answer.members.iter().map(member).collect();
    json!({ "error_code": error(answer.error_code), "members": members })
}

fn committed(answer: OffsetCommitResponse) -> Value {
    let partition = |entry: &offset_commit_response::OffsetCommitResponsePartition| json!({ "partition_index": entry.partition_index, "error_code": error(entry.error_code) });
    let topic = |entry: &offset_commit_response::OffsetCommitResponseTopic| json!({ "name": entry.name.as_str(), "partitions": entry.partitions.iter().map(partition).collect::<Vec<_>>() });
    json!({ "topics": answer.topics.iter().map(topic).collect::<Vec<_>>() })
}

fn fetched(version: i16, answer: OffsetFetchResponse) -> Value {
    let partition = |index: i32, offset: i64, metadata: Option<&str>, code: i16| {
        json!({
            "partition_index": index,
            "committed_offset": offset,
            "metadata": metadata,
            "error_code": error(code),
        })
    };
    if version >= 8 {
        let group = answer.groups.first().expect("an answer for the one group");
        let topics = group.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter();
            let partitions = partitions
                .map(|p| partition(p.partition_index, p.committed_offset, p.metadata.as_deref(), p.error_code));
            json!({ "name": topic.name.as_str(), "partitions": partitions.collect::<Vec<_>>() })
        });
        return json!({
            "group_id": group.group_id.as_str(),
            "error_code": error(group.error_code),
            "topics": topics.collect::<Vec<_>>(),
        });
    }
    let topics = answer.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter();
        let partitions =
            partitions.map(|p| partition(p.partition_index, p.committed_offset, p.metadata.as_deref(), p.error_code));
        json!({ "name": topic.name.as_str(), "partitions": partitions.collect::<Vec<_>>() })
    });
    json!({ "error_code": error(answer.error_code), "topics": topics.collect::<Vec<_>>() })
}

fn offsets_deleted(answer: OffsetDeleteResponse) -> Value {
    let partition = |entry: &offset_delete_response::OffsetDeleteResponsePartition| json!({ "partition_index": entry.partition_index, "error_code": error(entry.error_code) });
    let topic = |entry: &offset_delete_response::OffsetDeleteResponseTopic| json!({ "name": entry.name.as_str(), "partitions": entry.partitions.iter().map(partition).collect::<Vec<_>>() });
    json!({
        "error_code": error(answer.error_code),
        "topics": answer.topics.iter().map(topic).collect::<Vec<_>>(),
    })
}

fn described(answer: DescribeGroupsResponse) -> Value {
    let member = |entry: &describe_groups_response::DescribedGroupMember| {
        json!({
            "member_id": entry.member_id.as_str(),
            "group_instance_id": entry.group_instance_id.as_deref(),
            "client_id": entry.client_id.as_str(),
            "client_host": entry.client_host.as_str(),
            "member_metadata": base64::encode(&entry.member_metadata),
            "member_assignment": base64::encode(&entry.member_assignment),
        })
    };
    let group = |entry: &describe_groups_response::DescribedGroup| {
        json!({
            "error_code": error(entry.error_code),
            "group_id": entry.group_id.as_str(),
            "group_state": entry.group_state.as_str(),
            "protocol_type": entry.protocol_type.as_str(),
            "protocol_data": entry.protocol_data.as_str(),
            "members": entry.members.iter().map(member).collect::<Vec<_>>(),
        })
    };
    json!({ "groups": answer.groups.iter().map(group).collect::<Vec<_>>() })
}

fn listed(answer: ListGroupsResponse) -> Value {
    let group = |entry: &list_groups_response::ListedGroup| {
        json!({
            "group_id": entry.group_id.as_str(),
            "protocol_type": entry.protocol_type.as_str(),
            "group_state": entry.group_state.as_str(),
        })
    };
    json!({
        "error_code": error(answer.error_code),
        "groups": answer.groups.iter().map(group).collect::<Vec<_>>(),
    })
}

fn found(answer: FindCoordinatorResponse) -> Value {
    let coordinator = |entry: &find_coordinator_response::Coordinator| json!({ "key": entry.key.as_str(), "node_id": entry.node_id.0, "port": entry.port, "error_code": error(entry.error_code) });
    json!({
        "error_code": error(answer.error_code),
        "node_id": answer.node_id.0,
        "port": answer.port,
        "coordinators": answer.coordinators.iter().map(coordinator).collect::<Vec<_>>(),
    })
}

/// The name of an error; its number if we have none.
fn error(code: i16) -> String {
    ErrorCode::from_code(code).map_or_else(|| code.to_string(), |error| error.name().to_owned())
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
