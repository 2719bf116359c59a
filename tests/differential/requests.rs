//! From the harness's JSON to our requests.

use crate::base64;
use crate::names::MemberNames;
use groupsim::ids::*;
use groupsim::protocol::*;
use serde_json::Value;

/// Reads request bodies, interning as it goes.
pub struct Reader<'a> {
    pub names: &'a mut Names,
    pub members: &'a mut MemberNames,
}

impl Reader<'_> {
    pub fn request(&mut self, api: &str, body: &Value) -> Request {
        match api {
            "join_group" => Request::JoinGroup(Box::new(self.join(body))),
            "sync_group" => Request::SyncGroup(Box::new(self.sync(body))),
            "heartbeat" => Request::Heartbeat(HeartbeatRequest {
                group: self.group(body),
                generation: generation(body),
                member: self.member(body),
                instance: self.text(body, "group_instance_id").into(),
            }),
            "leave_group" => Request::LeaveGroup(Box::new(self.leave(body))),
            "offset_commit" => Request::OffsetCommit(Box::new(self.commit(body))),
            "offset_fetch" | "offset_fetch_all" => Request::OffsetFetch(Box::new(OffsetFetchRequest {
                group: self.group(body),
                partitions: (api == "offset_fetch").then(|| self.partitions(body)),
                require_stable: false,
            })),
            "offset_delete" => Request::OffsetDelete(Box::new(OffsetDeleteRequest {
                group: self.group(body),
                partitions: self.partitions(body),
            })),
            "describe_groups" => Request::DescribeGroups(self.groups(body, "groups")),
            "list_groups" => Request::ListGroups,
            "delete_groups" => Request::DeleteGroups(self.groups(body, "groups_names")),
            other => panic!("unknown api {other}"),
        }
    }

    fn join(&mut self, body: &Value) -> JoinGroupRequest {
        let protocols = list(&body["protocols"]).iter().map(|protocol| JoinProtocol {
            name: self.text(protocol, "name").into(),
            metadata: bytes(&protocol["metadata"]),
        });
        let protocols = protocols.collect();
        JoinGroupRequest {
            group: self.group(body),
            session_timeout_ms: int(&body["session_timeout_ms"], 0),
            rebalance_timeout_ms: int(&body["rebalance_timeout_ms"], -1),
            member: self.member(body),
            instance: self.text(body, "group_instance_id").into(),
            protocol_type: self.text(body, "protocol_type"),
            protocols,
            reason: Symbol::EMPTY,
        }
    }

    fn sync(&mut self, body: &Value) -> SyncGroupRequest {
        let assignments = list(&body["assignments"]).iter();
        let assignments = assignments.map(|given| (self.member(given), bytes(&given["assignment"]))).collect();
        SyncGroupRequest {
            group: self.group(body),
            generation: generation(body),
            member: self.member(body),
            instance: self.text(body, "group_instance_id").into(),
            protocol_type: self.given(body, "protocol_type"),
            protocol_name: self.given(body, "protocol_name").map(ProtocolName),
            assignments,
        }
    }

    fn leave(&mut self, body: &Value) -> LeaveGroupRequest {
        let entry = |entry: &Value| LeavingMember {
            member: self.member(entry),
            instance: self.text(entry, "group_instance_id").into(),
            reason: Symbol::EMPTY,
        };
        let members = list(&body["members"]).iter().map(entry).collect();
        LeaveGroupRequest { group: self.group(body), members }
    }

    fn commit(&mut self, body: &Value) -> OffsetCommitRequest {
        let mut partitions = Vec::new();
        for topic in list(&body["topics"]) {
            for partition in list(&topic["partitions"]) {
                partitions.push(CommitPartition {
                    partition: self.partition(topic, &partition["partition_index"]),
                    offset: Offset(partition["committed_offset"].as_i64().expect("an offset")),
                    metadata: self.text(partition, "committed_metadata"),
                });
            }
        }
        OffsetCommitRequest {
            group: self.group(body),
            generation: generation(body),
            member: self.member(body),
            instance: self.text(body, "group_instance_id").into(),
            retention_ms: body["retention_time_ms"].as_i64().unwrap_or(-1),
            partitions,
        }
    }

    fn partitions(&mut self, body: &Value) -> Vec<TopicPartition> {
        let mut partitions = Vec::new();
        for topic in list(&body["topics"]) {
            for index in list(&topic["partition_indexes"]) {
                partitions.push(self.partition(topic, index));
            }
            for partition in list(&topic["partitions"]) {
                partitions.push(self.partition(topic, &partition["partition_index"]));
            }
        }
        partitions
    }

    fn partition(&mut self, topic: &Value, index: &Value) -> TopicPartition {
        let index = u32::try_from(index.as_u64().expect("a partition")).expect("a small partition");
        TopicPartition::new(self.text(topic, "name").into(), index)
    }

    fn group(&mut self, body: &Value) -> Option<GroupId> {
        body["group_id"].as_str().map(|group| GroupId(self.names.intern(group)))
    }

    fn groups(&mut self, body: &Value, field: &str) -> Vec<GroupId> {
        let text = |group: &Value| GroupId(self.names.intern(group.as_str().expect("a group id")));
        list(&body[field]).iter().map(text).collect()
    }

    fn member(&mut self, body: &Value) -> MemberId {
        let id = self.members.id_of(body["member_id"].as_str().unwrap_or(""));
        MemberId(self.names.intern(&id))
    }

    fn text(&mut self, body: &Value, field: &str) -> Symbol {
        self.given(body, field).unwrap_or(Symbol::EMPTY)
    }

    fn given(&mut self, body: &Value, field: &str) -> Option<Symbol> {
        body[field].as_str().map(|text| self.names.intern(text))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn int(value: &Value, absent: i32) -> i32 {
    value.as_i64().map_or(absent, |number| i32::try_from(number).expect("32 bits"))
}

fn generation(body: &Value) -> Generation {
    Generation(int(&body["generation_id"], -1))
}

fn bytes(value: &Value) -> Bytes {
    base64::decode(value.as_str().unwrap_or("")).into()
}
