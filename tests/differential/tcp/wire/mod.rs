//! Between the harness's JSON and the bytes of Kafka's protocol, which the crate kafka-protocol writes and reads.
//!
//! A body has the fields of the newest version whose topics go by name. [`fitted`] takes from it what a version does not
//! have, [`projected`] takes the same from an answer, so that two coordinators are compared by what a client of that
//! version gets to see.

mod answer;
mod request;

pub use answer::decode;
pub use request::encode;

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
