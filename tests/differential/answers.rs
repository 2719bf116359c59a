//! From our responses to JSON in the form that [`crate::compare::canonical`] brings Kafka's answers into.

use crate::base64;
use crate::names::MemberNames;
use groupsim::ids::*;
use groupsim::protocol::*;
use serde_json::{Value, json};

pub struct Writer<'a> {
    pub names: &'a Names,
    pub members: &'a mut MemberNames,
}

impl Writer<'_> {
    pub fn answer(&mut self, response: &Response) -> Value {
        match response {
            Response::JoinGroup(response) => self.join(response),
            Response::SyncGroup(response) => json!({
                "error_code": response.error.name(),
                "protocol_type": self.given(response.protocol_type),
                "protocol_name": self.given(response.protocol_name.map(Symbol::from)),
                "assignment": base64::encode(&response.assignment),
            }),
            Response::Heartbeat(error) => json!({ "error_code": error.name() }),
            Response::LeaveGroup(response) => {
                let member = |&(member, instance, error): &(MemberId, InstanceId, ErrorCode)| {
                    json!({
                        "member_id": self.member(member),
                        "group_instance_id": self.optional(instance),
                        "error_code": error.name(),
                    })
                };
                let members: Vec<Value> = response.members.iter().map(member).collect();
                json!({ "error_code": response.error.name(), "members": members })
            }
            Response::OffsetCommit(response) => json!({ "partitions": self.errors(&response.partitions) }),
            Response::OffsetFetch(response) => {
                let partition = |fetched: &FetchedOffset| {
                    json!({
                        "name": self.names.text(fetched.partition.topic),
                        "partition_index": fetched.partition.partition,
                        "committed_offset": fetched.offset.0,
                        "metadata": self.names.text(fetched.metadata),
                        "error_code": fetched.error.name(),
                    })
                };
                let partitions: Vec<Value> = response.partitions.iter().map(partition).collect();
                json!({ "error_code": response.error.name(), "partitions": partitions })
            }
            Response::OffsetDelete(response) => json!({
                "error_code": response.error.name(),
                "partitions": self.errors(&response.partitions),
            }),
            Response::DescribeGroups(groups) => {
                let groups: Vec<Value> = groups.iter().map(|group| self.described(group)).collect();
                json!({ "groups": groups })
            }
            Response::ListGroups(error, groups) => {
                let group = |&(group, protocol_type, state): &(GroupId, Symbol, GroupState)| {
                    json!({
                        "group_id": self.names.text(group),
                        "protocol_type": self.names.text(protocol_type),
                        "group_state": state.name(),
                    })
                };
                json!({ "error_code": error.name(), "groups": groups.iter().map(group).collect::<Vec<_>>() })
            }
            Response::DeleteGroups(groups) => {
                let result = |&(group, error): &(GroupId, ErrorCode)| json!({ "group_id": self.names.text(group), "error_code": error.name() });
                json!({ "results": groups.iter().map(result).collect::<Vec<_>>() })
            }
            other => panic!("not an answer of the coordinator: {other:?}"),
        }
    }

    fn join(&mut self, response: &JoinGroupResponse) -> Value {
        let leader = self.member(response.leader);
        let member = self.member(response.member);
        let entry = |entry: &JoinGroupMember| {
            json!({
                "member_id": self.members.name_of(self.names.text(entry.member)),
                "group_instance_id": optional(self.names, entry.instance),
                "metadata": base64::encode(&entry.metadata),
            })
        };
        let members: Vec<Value> = response.members.iter().map(entry).collect();
        json!({
            "error_code": response.error.name(),
            "generation_id": response.generation.0,
            "protocol_type": self.given(response.protocol_type),
            "protocol_name": self.given(response.protocol_name.map(Symbol::from)),
            "leader": leader,
            "skip_assignment": response.skip_assignment,
            "member_id": member,
            "members": members,
        })
    }

    fn described(&mut self, group: &DescribedGroup) -> Value {
        let member = |member: &DescribedMember| {
            json!({
                "member_id": self.members.name_of(self.names.text(member.member)),
                "group_instance_id": optional(self.names, member.instance),
                "client_id": self.names.text(member.client_id),
                "client_host": self.names.text(member.host),
                "member_metadata": base64::encode(&member.metadata),
                "member_assignment": base64::encode(&member.assignment),
            })
        };
        let members: Vec<Value> = group.members.iter().map(member).collect();
        json!({
            "error_code": group.error.name(),
            "group_id": self.names.text(group.group),
            "group_state": group.state.map_or("", |state| state.name()),
            "protocol_type": self.names.text(group.protocol_type),
            "protocol_data": self.names.text(group.protocol_name),
            "members": members,
        })
    }

    fn errors(&self, partitions: &[(TopicPartition, ErrorCode)]) -> Vec<Value> {
        let partition = |&(partition, error): &(TopicPartition, ErrorCode)| {
            json!({
                "name": self.names.text(partition.topic),
                "partition_index": partition.partition,
                "error_code": error.name(),
            })
        };
        partitions.iter().map(partition).collect()
    }

    fn member(&mut self, member: MemberId) -> String {
        self.members.name_of(self.names.text(member))
    }

    fn optional(&self, instance: InstanceId) -> Value {
        optional(self.names, instance)
    }

    fn given(&self, text: Option<Symbol>) -> Value {
        text.map_or(Value::Null, |symbol| self.names.text(symbol).into())
    }
}

fn optional(names: &Names, instance: InstanceId) -> Value {
    if instance.is_empty() { Value::Null } else { names.text(instance).into() }
}
