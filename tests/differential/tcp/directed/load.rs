//! A coordinator that is not there, or not there yet.

use super::{ask, create_topics, prepare, tried};
use crate::ours::Ours;
use crate::peer::Peer;
use crate::tcp::broker::Broker;
use crate::tcp::peer::Tcp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Every request of a group, in its newest version that we have.
fn requests(group: &str) -> Vec<(&'static str, i64, Value)> {
    let member = json!({
        "group_id": group, "member_id": "somebody", "generation_id": 1, "protocol_type": "consumer",
        "protocol_name": "range", "assignments": [],
    });
    let topics = json!([{ "name": "orders", "partition_indexes": [0] }]);
    let committed = json!([{ "name": "orders", "partitions": [{ "partition_index": 0, "committed_offset": 1 }] }]);
    vec![
        ("join_group", 9, super::join(group, 45_000)),
        ("sync_group", 5, member.clone()),
        ("heartbeat", 4, json!({ "group_id": group, "member_id": "somebody", "generation_id": 1 })),
        ("leave_group", 2, json!({ "group_id": group, "members": [{ "member_id": "somebody" }] })),
        ("leave_group", 5, json!({ "group_id": group, "members": [{ "member_id": "somebody" }] })),
        ("offset_commit", 9, json!({ "group_id": group, "topics": committed })),
        ("offset_fetch", 1, json!({ "group_id": group, "topics": topics })),
        ("offset_fetch", 9, json!({ "group_id": group, "topics": topics })),
        ("offset_fetch_all", 9, json!({ "group_id": group })),
        ("offset_delete", 0, json!({ "group_id": group, "topics": committed })),
        ("describe_groups", 6, json!({ "groups": [group] })),
        ("list_groups", 5, json!({})),
        ("delete_groups", 2, json!({ "groups_names": [group] })),
    ]
}

/// The first error of an answer: its own, else that of an entry.
fn error_of(answer: &Value) -> String {
    let entries = ["members", "groups", "results", "partitions"].map(|list| &answer[list][0]);
    let nested = [&answer["topics"][0]["partitions"][0]];
    let own = answer["error_code"].as_str().filter(|own| *own != "NONE");
    let entry = entries.into_iter().chain(nested).find_map(|entry| entry["error_code"].as_str());
    own.or(entry).unwrap_or("NONE").to_owned()
}

fn label(api: &str, version: i64) -> String {
    format!("{api} v{version}")
}

#[test]
fn load_02_not_coordinator_over_tcp() {
    if !crate::tcp::may_start() {
        return;
    }
    let broker = Broker::start("nowhere", &[]);
    let mut tcp = Tcp::new(&broker.address, String::new());
    create_topics(&mut tcp, &[("orders", 1)]);
    // Nobody has looked for a coordinator yet, so that there is no topic for groups and nobody coordinates any.
    let mut said = BTreeMap::new();
    for (api, version, body) in requests("g") {
        said.insert(label(api, version), error_of(&ask(&mut tcp, api, version, body)));
    }
    for (request, error) in said {
        let expected = match request.as_str() {
            "list_groups v5" => "NONE",
            _ => "NOT_COORDINATOR",
        };
        assert_eq!(error, expected, "{request}");
    }
    let found = ask(&mut tcp, "find_coordinator", 6, json!({ "coordinator_keys": ["g"] }));
    assert_eq!(found["coordinators"][0]["error_code"], "COORDINATOR_NOT_AVAILABLE");
}

/// Partitions in a commit, and commits, so that the log of the groups takes seconds to read.
const WIDE: u32 = 100;
const COMMITS: u64 = 3_000;
/// The longest wait for a broker that starts again.
const START_WAIT: Duration = Duration::from_secs(60);

/// Commits to group "g" until its log is long.
fn fill(address: &str) {
    prepare(address, &[("orders", 1), ("wide", WIDE)]);
    let mut tcp = Tcp::new(address, String::new());
    let partition =
        |index| json!({ "partition_index": index, "committed_offset": 1, "committed_metadata": "x".repeat(40) });
    let partitions: Vec<Value> = (0..WIDE).map(partition).collect();
    let body = json!({ "group_id": "g", "topics": [{ "name": "wide", "partitions": partitions }] });
    for _ in 0..COMMITS {
        let answer = ask(&mut tcp, "offset_commit", 8, body.clone());
        assert_eq!(error_of(&answer), "NONE");
    }
}

/// Asks a broker that starts, again and again; what it said to each request while it was loading group "g" before and
/// after.
fn asked_while_loading(address: &str) -> BTreeMap<String, BTreeSet<String>> {
    let until = Instant::now() + START_WAIT;
    let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut tcp = Tcp::new(address, String::new());
    let probe = json!({ "group_id": "g", "topics": [{ "name": "orders", "partition_indexes": [0] }] });
    let probed = |tcp: &mut Tcp| tried(tcp, "offset_fetch", 9, probe.clone()).map(|answer| error_of(&answer));
    // It is asked from before it stops.
    let mut went = false;
    while Instant::now() < until {
        for (api, version, body) in requests("g") {
            let before = probed(&mut tcp);
            went |= before.is_err();
            if went && before.as_deref() == Ok("NONE") {
                return said;
            }
            let answer = tried(&mut tcp, api, version, body);
            let after = probed(&mut tcp);
            if let (Ok(before), Ok(answer), Ok(after)) = (before, answer, after)
                && before == "COORDINATOR_LOAD_IN_PROGRESS"
                && after == before
            {
                said.entry(label(api, version)).or_default().insert(error_of(&answer));
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the broker does not come back");
}

#[test]
fn load_03_load_04_and_hb_07_answers_while_loading_over_tcp() {
    if !crate::tcp::may_start() {
        return;
    }
    let mut broker = Broker::start("loading", &[]);
    let address = broker.address.clone();
    fill(&address);
    let said = std::thread::scope(|scope| {
        let asking = scope.spawn(|| asked_while_loading(&address));
        // Read in small pieces, which takes longer.
        broker.restart(&["offsets.load.buffer.size=100".to_owned()]);
        asking.join().expect("the broker was asked")
    });
    let mut ours = Ours::new();
    ours.command(&json!({ "op": "config", "topics": { "orders": 1 } })).expect("a fresh coordinator");
    ours.command(&json!({ "op": "unload" })).expect("it has something to unload");
    for (number, (api, version, body)) in requests("g").into_iter().enumerate() {
        let request = label(api, version);
        let expected = if api == "heartbeat" { "NONE" } else { "COORDINATOR_LOAD_IN_PROGRESS" };
        let broker = said.get(&request).unwrap_or_else(|| panic!("{request}: not answered while loading"));
        assert_eq!(broker.iter().collect::<Vec<_>>(), [expected], "{request}");
        let command = json!({ "op": "request", "id": number, "api": api, "version": version, "body": body });
        let answer = ours.command(&command).expect("an answer").answers.remove(0).body;
        // Our ListGroups has no room for an error.
        let expected = if api == "list_groups" { "NONE" } else { expected };
        assert_eq!(error_of(&answer), expected, "ours, {request}");
    }
}
