//! Frames made by `kafka-protocol` in every version, and frames made by nobody.

use bytes::BufMut;
use kafka_protocol::messages::consumer_protocol_assignment::TopicPartition;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{GroupId, TopicName};
use kafka_protocol::protocol::{Encodable, Request};
use proptest::prelude::*;

use super::*;

fn text(of: &str) -> StrBytes {
    StrBytes::from_string(of.to_owned())
}

fn group() -> GroupId {
    GroupId(text("g"))
}

fn topic() -> TopicName {
    TopicName(text("t"))
}

fn of<R: Request>(version: i16, asked: &R) -> Option<Asked> {
    let key = ApiKey::try_from(R::KEY).expect("a key");
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(i32::MAX)
        .with_client_id(Some(text("me")));
    let mut payload = Vec::new();
    header.encode(&mut payload, R::header_version(version)).expect("a header");
    asked.encode(&mut payload, version).expect("a request");
    request(key, version, Bytes::from(payload))
}

fn answered<T: Encodable>(key: ApiKey, version: i16, says: &T) -> Option<Answered> {
    let mut payload = Vec::new();
    let header = ResponseHeader::default().with_correlation_id(i32::MIN);
    header.encode(&mut payload, key.response_header_version(version)).expect("a header");
    says.encode(&mut payload, version).expect("an answer");
    answer(key, version, Bytes::from(payload))
}

fn assigned(version: i16) -> Bytes {
    let topics = vec![TopicPartition::default().with_topic(topic()).with_partitions(vec![0, 7])];
    let mut bytes = Vec::new();
    bytes.put_i16(version);
    let given = ConsumerProtocolAssignment::default().with_assigned_partitions(topics);
    given.with_user_data(Some(Bytes::from_static(b"xx"))).encode(&mut bytes, version.min(3)).expect("an assignment");
    Bytes::from(bytes)
}

#[test]
fn joins_are_read_in_every_version() {
    for version in JoinGroupRequest::VERSIONS.min..=JoinGroupRequest::VERSIONS.max {
        let instance = (version >= 5).then_some("i");
        let rebalance_timeout_ms = if version >= 1 { i32::MAX } else { -1 };
        let protocols = vec![JoinGroupRequestProtocol::default().with_name(text("range"))];
        let asked = JoinGroupRequest::default()
            .with_group_id(group())
            .with_member_id(text("m"))
            .with_group_instance_id(instance.map(text))
            .with_session_timeout_ms(i32::MAX)
            .with_rebalance_timeout_ms(rebalance_timeout_ms)
            .with_protocols(protocols);
        let expected = Asked::Join {
            group: "g".to_owned(),
            member: "m".to_owned(),
            instance: instance.map(str::to_owned),
            session_timeout_ms: i32::MAX,
            rebalance_timeout_ms,
            protocols: vec!["range".to_owned()],
        };
        assert_eq!(of(version, &asked), Some(expected), "{version}");

        let member = JoinGroupResponseMember::default().with_member_id(text("m"));
        let says = JoinGroupResponse::default()
            .with_error_code(3)
            .with_generation_id(5)
            .with_protocol_name(Some(text("range")))
            .with_leader(text("l"))
            .with_member_id(text("m"))
            .with_members(vec![member.with_group_instance_id(instance.map(text))]);
        let expected = Answered::Join {
            error: 3,
            generation: 5,
            protocol: "range".to_owned(),
            leader: "l".to_owned(),
            member: "m".to_owned(),
            members: vec![("m".to_owned(), instance.map(str::to_owned))],
        };
        assert_eq!(answered(ApiKey::JoinGroup, version, &says), Some(expected), "{version}");
    }
}

#[test]
fn syncs_are_read_in_every_version() {
    let partitions = vec![("t".to_owned(), vec![0, 7])];
    for version in SyncGroupRequest::VERSIONS.min..=SyncGroupRequest::VERSIONS.max {
        let given = SyncGroupRequestAssignment::default().with_member_id(text("n")).with_assignment(assigned(0));
        let asked = SyncGroupRequest::default()
            .with_group_id(group())
            .with_generation_id(4)
            .with_member_id(text("m"))
            .with_assignments(vec![given]);
        let expected = Asked::Sync {
            group: "g".to_owned(),
            generation: 4,
            member: "m".to_owned(),
            assignments: vec![("n".to_owned(), partitions.clone())],
        };
        assert_eq!(of(version, &asked), Some(expected), "{version}");

        for (bytes, assignment) in
            [(assigned(9), partitions.clone()), (Bytes::new(), vec![]), (Bytes::from_static(b"\0\0??"), vec![])]
        {
            let says = SyncGroupResponse::default().with_error_code(27).with_assignment(bytes);
            let expected = Answered::Sync { error: 27, assignment };
            assert_eq!(answered(ApiKey::SyncGroup, version, &says), Some(expected), "{version}");
        }
    }
}

#[test]
fn heartbeats_and_leaves_are_read_in_every_version() {
    for version in HeartbeatRequest::VERSIONS.min..=HeartbeatRequest::VERSIONS.max {
        let asked = HeartbeatRequest::default().with_group_id(group()).with_generation_id(6).with_member_id(text("m"));
        let expected = Asked::Heartbeat { group: "g".to_owned(), generation: 6, member: "m".to_owned() };
        assert_eq!(of(version, &asked), Some(expected), "{version}");
        let says = HeartbeatResponse::default().with_error_code(27);
        let expected = Answered::Heartbeat { error: 27 };
        assert_eq!(answered(ApiKey::Heartbeat, version, &says), Some(expected), "{version}");
    }
    for version in LeaveGroupRequest::VERSIONS.min..=LeaveGroupRequest::VERSIONS.max {
        let asked = LeaveGroupRequest::default().with_group_id(group());
        let (asked, members) = match version {
            0..=2 => (asked.with_member_id(text("m")), vec!["m"]),
            _ => {
                let member = |of| MemberIdentity::default().with_member_id(text(of));
                (asked.with_members(vec![member("m"), member("n")]), vec!["m", "n"])
            }
        };
        let expected =
            Asked::Leave { group: "g".to_owned(), members: members.into_iter().map(str::to_owned).collect() };
        assert_eq!(of(version, &asked), Some(expected), "{version}");
        let says = match version {
            0..=2 => LeaveGroupResponse::default().with_error_code(25),
            _ => LeaveGroupResponse::default()
                .with_members(vec![MemberResponse::default(), MemberResponse::default().with_error_code(25)]),
        };
        let expected = Answered::Leave { error: 25 };
        assert_eq!(answered(ApiKey::LeaveGroup, version, &says), Some(expected), "{version}");
    }
}

#[test]
fn commits_are_read_in_every_version() {
    for version in OffsetCommitRequest::VERSIONS.min..=OffsetCommitRequest::VERSIONS.max {
        let partition = OffsetCommitRequestPartition::default().with_partition_index(3).with_committed_offset(1 << 40);
        let topics = vec![OffsetCommitRequestTopic::default().with_name(topic()).with_partitions(vec![partition])];
        let asked = OffsetCommitRequest::default()
            .with_group_id(group())
            .with_generation_id_or_member_epoch(8)
            .with_member_id(text("m"))
            .with_topics(topics);
        let expected = Asked::Commit {
            group: "g".to_owned(),
            generation: 8,
            member: "m".to_owned(),
            partitions: vec![("t".to_owned(), 3, 1 << 40)],
        };
        assert_eq!(of(version, &asked), Some(expected), "{version}");
        let partition = OffsetCommitResponsePartition::default().with_partition_index(3).with_error_code(22);
        let topics = vec![OffsetCommitResponseTopic::default().with_name(topic()).with_partitions(vec![partition])];
        let says = OffsetCommitResponse::default().with_topics(topics);
        let expected = Answered::Commit { partitions: vec![("t".to_owned(), 3, 22)] };
        assert_eq!(answered(ApiKey::OffsetCommit, version, &says), Some(expected), "{version}");
    }
}

#[test]
fn an_array_that_cannot_be_there_takes_no_memory() {
    // JoinGroup version 5: no client id, group, timeouts, no member, no instance, no protocol type, then 2^31 - 1 protocols.
    let mut payload = Vec::new();
    payload.put_slice(&[0, 11, 0, 5, 0, 0, 0, 1, 0xff, 0xff, 0, 1, b'g']);
    payload.put_i32(i32::MAX);
    payload.put_i32(i32::MAX);
    payload.put_slice(&[0, 0, 0xff, 0xff, 0, 0]);
    payload.put_i32(i32::MAX);
    assert_eq!(request(ApiKey::JoinGroup, 5, Bytes::from(payload.clone())), None);
    // The same with none is a request: it is the number that was refused.
    let at = payload.len() - 4;
    payload.truncate(at);
    payload.put_i32(0);
    assert!(matches!(request(ApiKey::JoinGroup, 5, Bytes::from(payload)), Some(Asked::Join { .. })));
    // Heartbeat version 4, and a number of tagged fields in five bytes.
    let mut payload = vec![0, 12, 0, 4, 0, 0, 0, 1, 0xff, 0xff];
    payload.put_slice(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert_eq!(request(ApiKey::Heartbeat, 4, Bytes::from(payload)), None);
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), version in -1i16..12) {
        for key in [ApiKey::JoinGroup, ApiKey::SyncGroup, ApiKey::Heartbeat, ApiKey::LeaveGroup, ApiKey::OffsetCommit] {
            request(key, version, Bytes::from(bytes.clone()));
            answer(key, version, Bytes::from(bytes.clone()));
        }
    }
}
