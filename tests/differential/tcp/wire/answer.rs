//! Answers from bytes.

use crate::base64;
use groupsim::protocol::ErrorCode;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, HeaderVersion};
use serde_json::{Value, json};

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
        let group = |group: &offset_fetch_response::OffsetFetchResponseGroup| {
            let topics = group.topics.iter().map(|topic| {
                let partitions = topic.partitions.iter();
                let partitions = partitions
                    .map(|p| partition(p.partition_index, p.committed_offset, p.metadata.as_deref(), p.error_code));
                json!({ "name": topic.name.as_str(), "partitions": partitions.collect::<Vec<_>>() })
            });
            json!({
                "group_id": group.group_id.as_str(),
                "error_code": error(group.error_code),
                "topics": topics.collect::<Vec<_>>(),
            })
        };
        // One group, flat, or several.
        let mut groups: Vec<Value> = answer.groups.iter().map(group).collect();
        return if groups.len() == 1 { groups.remove(0) } else { json!({ "groups": groups }) };
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
