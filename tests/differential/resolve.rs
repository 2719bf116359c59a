//! From a step and what is known to a command of the harness.

use crate::base64;
use crate::step::*;
use crate::view::{FIRST_STATIC, View};
use serde_json::{Value, json};

/// The lists of protocols that members offer.
pub const PROTOCOLS: [&[&str]; 8] = [
    &["range"],
    &["range", "roundrobin"],
    &["roundrobin", "range"],
    &["range", "cooperative-sticky"],
    &["cooperative-sticky", "range"],
    &["sticky", "roundrobin", "range"],
    &["sticky"],
    &[],
];

pub const TOPICS: [&str; 3] = ["orders", "refunds", "missing"];
pub const METADATA: usize = 7;
const GROUP_IDS: [&str; crate::view::GROUPS] = ["billing", "audit", ""];

/// A command, and the client that it is from.
pub struct Resolved {
    pub command: Value,
    /// A second one that belongs to it.
    pub then: Option<Value>,
    /// For joins and syncs, whose answers the client waits for: group, slot, whether it is a join.
    pub from: Option<(Group, Slot)>,
}

/// The command that a step amounts to; `None` if it cannot be said now.
pub fn resolve(step: &Step, view: &mut View) -> Option<Resolved> {
    let command = match step {
        Step::Advance(ms) => return op(json!({ "op": "advance", "ms": ms })),
        Step::AdvanceToNext(further) => {
            let ms = view.next?.checked_sub(view.now)?.checked_add_signed(*further)?;
            return op(json!({ "op": "advance", "ms": ms }));
        }
        Step::FailAppends { error, count } => {
            return op(json!({ "op": "fail_appends", "error": error, "count": count }));
        }
        Step::Reload => return op(json!({ "op": "reload" })),
        Step::StartLoad => {
            let load = json!({ "op": "start_load" });
            return Some(Resolved { command: json!({ "op": "unload" }), then: Some(load), from: None });
        }
        Step::FinishLoad => return op(json!({ "op": "finish_load" })),
        other => request(other, view)?,
    };
    Some(command)
}

fn op(command: Value) -> Option<Resolved> {
    Some(Resolved { command, then: None, from: None })
}

fn request(step: &Step, view: &mut View) -> Option<Resolved> {
    let id = view.requests + 1;
    let ask = |api: &str, version: i64, body: Value| json!({ "op": "request", "id": id, "api": api, "version": version, "body": body });
    let mut from = None;
    let command = match step {
        Step::Join {
            from: sender,
            version,
            protocol_type,
            protocols,
            metadata,
            session_timeout_ms,
            rebalance_timeout_ms,
        } => {
            from = Some((sender.group, sender.slot));
            let mut body = sender_body(sender, view);
            let offered = PROTOCOLS[*protocols].iter().enumerate();
            let offered = offered.map(|(i, name)| json!({ "name": name, "metadata": metadata_bytes(*metadata, i) }));
            body["session_timeout_ms"] = json!(session_timeout_ms);
            body["rebalance_timeout_ms"] = json!(rebalance_timeout_ms);
            body["protocol_type"] = json!(protocol_type);
            body["protocols"] = offered.collect::<Vec<_>>().into();
            let nameless = body["member_id"] == "" && (*version < 4 || !body["group_instance_id"].is_null());
            let client = &mut view.clients[sender.group][sender.slot];
            client.protocols = *protocols;
            client.metadata = *metadata;
            client.protocol_type_sent = protocol_type;
            client.rebalance_timeout_ms = *rebalance_timeout_ms;
            view.asked(id, sender.group, sender.slot, true, nameless);
            let mut command = ask("join_group", *version, body);
            command["client_id"] = format!("c{}", sender.slot).into();
            command["client_host"] = format!("/10.0.0.{}", sender.slot).into();
            command
        }
        Step::Sync { from: sender, version, generation, protocol, assignments } => {
            from = Some((sender.group, sender.slot));
            let mut body = sender_body(sender, view);
            body["generation_id"] = generation_id(*generation, sender, view).into();
            let client = view.client(sender.group, sender.slot);
            let (right_type, right_name) = (client.protocol_type.as_str(), client.protocol_name.as_str());
            let (protocol_type, protocol_name) = match protocol {
                ProtocolRef::Absent if *version < 5 => (Value::Null, Value::Null),
                ProtocolRef::Right | ProtocolRef::Absent => (json!(right_type), json!(right_name)),
                ProtocolRef::WrongType => (json!("connect"), json!(right_name)),
                ProtocolRef::WrongName => (json!(right_type), json!("sticky2")),
            };
            body["protocol_type"] = protocol_type;
            body["protocol_name"] = protocol_name;
            let given = client.members.iter().enumerate().map(|(i, member)| {
                let bytes = [client.generation as u8, i as u8, id as u8];
                json!({ "member_id": member, "assignment": base64::encode(&bytes) })
            });
            let mut given: Vec<Value> = given.collect();
            match assignments {
                Assignments::None => given.clear(),
                Assignments::All => {}
                Assignments::Partial => given = given.split_off(given.len().min(1)),
                Assignments::WithBogus => given.push(json!({ "member_id": "nobody", "assignment": "AAEC" })),
            }
            body["assignments"] = given.into();
            view.asked(id, sender.group, sender.slot, false, false);
            ask("sync_group", *version, body)
        }
        Step::Heartbeat { from: sender, generation } => {
            from = Some((sender.group, sender.slot));
            let mut body = sender_body(sender, view);
            body["generation_id"] = generation_id(*generation, sender, view).into();
            ask("heartbeat", 4, body)
        }
        Step::Leave { group, version, members } => {
            let entry = |&(slot, member, instance): &(Slot, MemberRef, InstanceRef)| {
                let mut entry = sender_body(&Sender { group: *group, slot, member, instance }, view);
                entry.as_object_mut().expect("an object").remove("group_id");
                entry
            };
            let entries: Vec<Value> = members.iter().map(entry).collect();
            ask("leave_group", *version, json!({ "group_id": GROUP_IDS[*group], "members": entries }))
        }
        Step::Commit { from: sender, version, generation, retention_ms, partitions } => {
            from = Some((sender.group, sender.slot));
            let mut body = sender_body(sender, view);
            body["generation_id"] = generation_id(*generation, sender, view).into();
            if let Some(retention_ms) = retention_ms {
                body["retention_time_ms"] = json!(retention_ms);
            }
            let topic = |commit: &Commit| {
                let unit = if commit.wide { "é" } else { "x" };
                json!({ "name": TOPICS[commit.topic], "partitions": [{
                    "partition_index": commit.partition,
                    "committed_offset": commit.offset,
                    "committed_metadata": unit.repeat(commit.metadata),
                }]})
            };
            body["topics"] = partitions.iter().map(topic).collect::<Vec<_>>().into();
            ask("offset_commit", *version, body)
        }
        Step::Fetch { group, all: true } => ask("offset_fetch_all", 9, json!({ "group_id": GROUP_IDS[*group] })),
        Step::Fetch { group, all: false } => {
            let topic = |name: &&str| json!({ "name": name, "partition_indexes": [0, 1, 2] });
            let topics: Vec<Value> = TOPICS.iter().map(topic).collect();
            ask("offset_fetch", 9, json!({ "group_id": GROUP_IDS[*group], "topics": topics }))
        }
        Step::OffsetDelete { group, partitions } => {
            let topic = |&(topic, partition): &(usize, u32)| json!({ "name": TOPICS[topic], "partitions": [{ "partition_index": partition }] });
            let topics: Vec<Value> = partitions.iter().map(topic).collect();
            ask("offset_delete", 0, json!({ "group_id": GROUP_IDS[*group], "topics": topics }))
        }
        Step::Describe { groups, version } => {
            if groups.iter().any(|group| view.has_nameless(*group)) {
                return None;
            }
            let groups: Vec<&str> = groups.iter().map(|group| GROUP_IDS[*group]).collect();
            ask("describe_groups", *version, json!({ "groups": groups }))
        }
        Step::List => ask("list_groups", 5, json!({})),
        Step::Delete { groups } => {
            let groups: Vec<&str> = groups.iter().map(|group| GROUP_IDS[*group]).collect();
            ask("delete_groups", 2, json!({ "groups_names": groups }))
        }
        Step::Advance(_) | Step::AdvanceToNext(_) | Step::FailAppends { .. } => return None,
        Step::Reload | Step::StartLoad | Step::FinishLoad => return None,
    };
    view.requests = id;
    Some(Resolved { command, then: None, from })
}

fn sender_body(sender: &Sender, view: &View) -> Value {
    let client = view.client(sender.group, sender.slot);
    let member = match sender.member {
        MemberRef::Own => client.member.as_str(),
        MemberRef::Former => client.former.as_str(),
        MemberRef::Empty => "",
        MemberRef::Of(slot) => view.client(sender.group, slot).member.as_str(),
        MemberRef::Bogus => "nobody",
    };
    let instance = match sender.instance {
        InstanceRef::Own => instance_of(sender.slot),
        InstanceRef::Absent => None,
        InstanceRef::Of(slot) => instance_of(slot),
        InstanceRef::Unknown => Some("stranger".to_owned()),
    };
    json!({ "group_id": GROUP_IDS[sender.group], "member_id": member, "group_instance_id": instance })
}

fn instance_of(slot: Slot) -> Option<String> {
    (slot >= FIRST_STATIC).then(|| format!("i{slot}"))
}

fn generation_id(generation: GenerationRef, sender: &Sender, view: &View) -> i64 {
    match generation {
        GenerationRef::Seen(more) => view.client(sender.group, sender.slot).generation + i64::from(more),
        GenerationRef::Newest => view.newest_generation[sender.group],
        GenerationRef::Absent => -1,
    }
}

/// Metadata number `which` for the `i`th protocol: subscriptions of the consumer protocol, some of them broken.
fn metadata_bytes(which: usize, i: usize) -> String {
    let subscription = |version: u8, topics: &[&str]| {
        let mut bytes = vec![0, version];
        bytes.extend((topics.len() as u32).to_be_bytes());
        for topic in topics {
            bytes.extend((topic.len() as u16).to_be_bytes());
            bytes.extend(topic.as_bytes());
        }
        bytes.extend((-1i32).to_be_bytes());
        if version >= 1 {
            bytes.extend(0i32.to_be_bytes());
        }
        if version >= 2 {
            bytes.extend((i as i32).to_be_bytes());
        }
        if version >= 3 {
            bytes.extend((-1i16).to_be_bytes());
        }
        bytes
    };
    let bytes = match which {
        0 => subscription(0, &["orders"]),
        1 => subscription(1, &["orders", "refunds"]),
        2 => subscription(3, &["refunds"]),
        3 => subscription(2, &[]),
        4 => vec![0, 1, 2],
        5 => Vec::new(),
        // A version yet to come, with a field more.
        _ => [&[0, 9][..], &subscription(3, &["orders"])[2..], &[7, 7]].concat(),
    };
    base64::encode(&bytes)
}
