//! Requests and answers of the group protocol, read with `kafka-protocol`.

use bytes::{Buf, Bytes};
use kafka_protocol::messages::consumer_protocol_assignment::ConsumerProtocolAssignment;
use kafka_protocol::messages::{
    ApiKey, HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeaveGroupResponse, OffsetCommitRequest, OffsetCommitResponse, RequestHeader, ResponseHeader, SyncGroupRequest,
    SyncGroupResponse,
};
use kafka_protocol::protocol::{Decodable, Message, StrBytes};

use super::guard::Guarded;
use super::{Answered, Asked, Assignment};

/// Where arrays have their length as a varint, a number of four bytes may be anything.
const ANY: u32 = u32::MAX;

/// Whether requests of this kind, and their answers, are read.
pub fn is_group_request(key: ApiKey) -> bool {
    matches!(key, ApiKey::JoinGroup | ApiKey::SyncGroup | ApiKey::Heartbeat | ApiKey::LeaveGroup | ApiKey::OffsetCommit)
}

/// What a request asks; `payload` begins with its header. None if it cannot be read.
pub fn request(key: ApiKey, version: i16, payload: Bytes) -> Option<Asked> {
    let header = key.request_header_version(version);
    // Before the first array there are the correlation id; session timeout and, since version 1, rebalance timeout; generation.
    let mut bytes = Guarded::new(payload, 1);
    RequestHeader::decode(&mut bytes, header).ok()?;
    let numbers = match key {
        _ if header >= 2 => ANY,
        ApiKey::Heartbeat => ANY,
        ApiKey::JoinGroup => 1 + u32::from(version >= 1),
        ApiKey::SyncGroup | ApiKey::OffsetCommit => 1,
        _ => 0,
    };
    let bytes = &mut Guarded::new(bytes.rest(), numbers);
    Some(match key {
        ApiKey::JoinGroup => join(JoinGroupRequest::decode(bytes, version).ok()?),
        ApiKey::SyncGroup => sync(SyncGroupRequest::decode(bytes, version).ok()?),
        ApiKey::Heartbeat => {
            let asked = HeartbeatRequest::decode(bytes, version).ok()?;
            Asked::Heartbeat {
                group: text(&asked.group_id),
                generation: asked.generation_id,
                member: text(&asked.member_id),
            }
        }
        ApiKey::LeaveGroup => leave(LeaveGroupRequest::decode(bytes, version).ok()?, version),
        ApiKey::OffsetCommit => commit(OffsetCommitRequest::decode(bytes, version).ok()?),
        _ => return None,
    })
}

/// What an answer says; `payload` begins with its header. None if it cannot be read.
pub fn answer(key: ApiKey, version: i16, payload: Bytes) -> Option<Answered> {
    let bytes = &mut answer_body(key, version, payload)?;
    Some(match key {
        ApiKey::JoinGroup => {
            let answered = JoinGroupResponse::decode(bytes, version).ok()?;
            let members = answered.members.iter();
            Answered::Join {
                error: answered.error_code,
                generation: answered.generation_id,
                protocol: answered.protocol_name.as_ref().map_or_else(String::new, text),
                leader: text(&answered.leader),
                member: text(&answered.member_id),
                members: members.map(|m| (text(&m.member_id), m.group_instance_id.as_ref().map(text))).collect(),
            }
        }
        ApiKey::SyncGroup => {
            let answered = SyncGroupResponse::decode(bytes, version).ok()?;
            Answered::Sync { error: answered.error_code, assignment: assignment(answered.assignment) }
        }
        ApiKey::Heartbeat => Answered::Heartbeat { error: HeartbeatResponse::decode(bytes, version).ok()?.error_code },
        ApiKey::LeaveGroup => {
            let answered = LeaveGroupResponse::decode(bytes, version).ok()?;
            let mut errors = [answered.error_code].into_iter().chain(answered.members.iter().map(|m| m.error_code));
            Answered::Leave { error: errors.find(|&error| error != 0).unwrap_or(0) }
        }
        ApiKey::OffsetCommit => {
            let answered = OffsetCommitResponse::decode(bytes, version).ok()?;
            let partitions = answered.topics.iter().flat_map(|topic| {
                topic.partitions.iter().map(|p| (text(&topic.name), p.partition_index, p.error_code))
            });
            Answered::Commit { partitions: partitions.collect() }
        }
        _ => return None,
    })
}

/// The body of an answer, behind its header.
pub fn answer_body(key: ApiKey, version: i16, payload: Bytes) -> Option<Guarded> {
    let header = key.response_header_version(version);
    // Before the first array there are the correlation id; throttle time, since some version; generation.
    let mut bytes = Guarded::new(payload, 1);
    ResponseHeader::decode(&mut bytes, header).ok()?;
    let numbers = match key {
        _ if header >= 1 => ANY,
        // No arrays.
        ApiKey::SyncGroup | ApiKey::Heartbeat | ApiKey::FindCoordinator => ANY,
        ApiKey::JoinGroup => 1 + u32::from(version >= 2),
        ApiKey::LeaveGroup => u32::from(version >= 1),
        ApiKey::OffsetCommit | ApiKey::Metadata => u32::from(version >= 3),
        // The header of its answers has no tagged fields, whatever the version.
        ApiKey::ApiVersions if version >= 3 => ANY,
        _ => 0,
    };
    Some(Guarded::new(bytes.rest(), numbers))
}

fn text(bytes: &StrBytes) -> String {
    bytes.as_str().to_owned()
}

fn join(asked: JoinGroupRequest) -> Asked {
    Asked::Join {
        group: text(&asked.group_id),
        member: text(&asked.member_id),
        instance: asked.group_instance_id.as_ref().map(text),
        session_timeout_ms: asked.session_timeout_ms,
        rebalance_timeout_ms: asked.rebalance_timeout_ms,
        protocols: asked.protocols.iter().map(|protocol| text(&protocol.name)).collect(),
    }
}

fn sync(asked: SyncGroupRequest) -> Asked {
    let assignments = asked.assignments.into_iter();
    Asked::Sync {
        group: text(&asked.group_id),
        generation: asked.generation_id,
        member: text(&asked.member_id),
        assignments: assignments.map(|given| (text(&given.member_id), assignment(given.assignment))).collect(),
    }
}

fn leave(asked: LeaveGroupRequest, version: i16) -> Asked {
    let members = match version {
        0..=2 => vec![text(&asked.member_id)],
        _ => asked.members.iter().map(|member| text(&member.member_id)).collect(),
    };
    Asked::Leave { group: text(&asked.group_id), members }
}

fn commit(asked: OffsetCommitRequest) -> Asked {
    let partitions = asked
        .topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|p| (text(&topic.name), p.partition_index, p.committed_offset)));
    Asked::Commit {
        group: text(&asked.group_id),
        generation: asked.generation_id_or_member_epoch,
        member: text(&asked.member_id),
        partitions: partitions.collect(),
    }
}

/// An assignment of the consumer protocol; nothing if it is empty or of another protocol.
fn assignment(mut bytes: Bytes) -> Assignment {
    // A version that is too new reads like the newest known one: fields are only ever added at the end.
    let newest = ConsumerProtocolAssignment::VERSIONS.max;
    let Ok(version) = bytes.try_get_i16() else { return Vec::new() };
    let Ok(given) = ConsumerProtocolAssignment::decode(&mut Guarded::new(bytes, 0), version.min(newest)) else {
        return Vec::new();
    };
    given.assigned_partitions.into_iter().map(|topic| (text(&topic.topic), topic.partitions)).collect()
}

#[cfg(test)]
mod tests;
