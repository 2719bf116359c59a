//! Requests that our coordinator does not have in this form: which versions the broker takes, and FindCoordinator.

use super::{Needs, Place, ask};
use crate::tcp::peer::Tcp;
use crate::tcp::wire::versions;
use kafka_protocol::messages::ApiKey;
use serde_json::json;

#[test]
fn tcp_versions_are_all_that_the_broker_takes() {
    let Some(place) = Place::find(Needs::Own) else { return };
    let mut tcp = Tcp::new(&place.address, String::new());
    let answer = ask(&mut tcp, "api_versions", 2, json!({}));
    // Where the broker takes one more, topics go by id (OffsetCommit, OffsetFetch), or the crate is older.
    for (key, api, newer) in [
        (ApiKey::JoinGroup, "join_group", 0),
        (ApiKey::SyncGroup, "sync_group", 0),
        (ApiKey::Heartbeat, "heartbeat", 0),
        (ApiKey::LeaveGroup, "leave_group", 0),
        (ApiKey::OffsetCommit, "offset_commit", 1),
        (ApiKey::OffsetFetch, "offset_fetch", 1),
        (ApiKey::OffsetDelete, "offset_delete", 0),
        (ApiKey::DescribeGroups, "describe_groups", 0),
        (ApiKey::ListGroups, "list_groups", 0),
        (ApiKey::DeleteGroups, "delete_groups", 1),
        (ApiKey::FindCoordinator, "find_coordinator", 0),
    ] {
        let ours = versions(api);
        let taken = json!([key as i16, ours.start(), ours.end() + newer]);
        let keys = answer["api_keys"].as_array().expect("a list");
        assert!(keys.contains(&taken), "{api}: {taken} is not in {answer}");
    }
}

#[test]
fn find_coordinator_in_every_version_over_tcp() {
    let Some(place) = Place::find(Needs::Own) else { return };
    let port: i64 = place.address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let mut tcp = Tcp::new(&place.address, String::new());
    for version in versions("find_coordinator") {
        for key in ["orders-service", ""] {
            let answer = ask(&mut tcp, "find_coordinator", version, json!({ "coordinator_keys": [key] }));
            let found = if version < 4 { answer } else { answer["coordinators"][0].clone() };
            assert_eq!(
                (&found["error_code"], &found["node_id"], &found["port"]),
                (&json!("NONE"), &json!(1), &json!(port)),
                "version {version}"
            );
        }
    }
    let answer = ask(&mut tcp, "find_coordinator", 6, json!({ "coordinator_keys": ["a", "b"] }));
    let keys: Vec<&serde_json::Value> =
        answer["coordinators"].as_array().expect("a list").iter().map(|c| &c["key"]).collect();
    assert_eq!(keys, ["a", "b"]);
}

#[test]
fn off_16_several_groups_in_one_fetch_over_tcp() {
    let Some(place) = Place::find(Needs::Own) else { return };
    let mut tcp = Tcp::new(&place.address, format!("several-{}-", std::process::id()));
    let committed = json!([{ "name": "orders", "partitions": [{ "partition_index": 2, "committed_offset": 9 }] }]);
    ask(&mut tcp, "offset_commit", 8, json!({ "group_id": "known", "topics": committed }));
    let topics = json!([{ "name": "orders", "partition_indexes": [2] }]);
    for version in 8..=9 {
        let groups = json!([
            { "group_id": "known", "topics": topics },
            { "group_id": "nobody's", "topics": topics },
            { "group_id": "known", "topics": null },
        ]);
        let answer = ask(&mut tcp, "offset_fetch", version, json!({ "groups": groups }));
        let entry = |group: &str, offset: i64| {
            let partition =
                json!({ "partition_index": 2, "committed_offset": offset, "metadata": "", "error_code": "NONE" });
            json!({ "group_id": group, "error_code": "NONE", "topics": [{ "name": "orders", "partitions": [partition] }] })
        };
        let expected = [entry("known", 9), entry("nobody's", -1), entry("known", 9)];
        assert_eq!(answer["groups"].as_array().map(Vec::as_slice), Some(&expected[..]), "version {version}");
    }
}
