//! Offsets: topics and partitions that do not exist, and the shapes of versions.

use super::{Needs, proved, stable};
use crate::tcp::wire::versions;
use serde_json::{Value, json};

fn commit(group: &str, topics: &[(&str, i64)]) -> Value {
    let topic = |&(name, partition): &(&str, i64)| {
        let partition = json!({ "partition_index": partition, "committed_offset": 7, "committed_metadata": "here" });
        json!({ "name": name, "partitions": [partition] })
    };
    json!({ "group_id": group, "topics": topics.iter().map(topic).collect::<Vec<_>>() })
}

/// Errors by partition, in order of topic and partition.
fn errors(answer: &Value) -> Vec<&str> {
    let partitions = answer["partitions"].as_array().expect("a list");
    partitions.iter().map(|partition| partition["error_code"].as_str().expect("an error")).collect()
}

#[test]
fn off_09_unknown_partitions_are_refused_alone_over_tcp() {
    proved("off-09", Needs::Own, |play, _| {
        let topics = [("missing", 0), ("orders", 0), ("orders", 3), ("refunds", 1)];
        for version in versions("offset_commit") {
            let group = format!("g{version}");
            let answer = play.ask("offset_commit", version, &commit(&group, &topics))?;
            let unknown = "UNKNOWN_TOPIC_OR_PARTITION";
            assert_eq!(errors(&answer), [unknown, "NONE", unknown, "NONE"], "version {version}");
            // With nothing that exists, the coordinator hears nothing: the group does not come to be.
            let nowhere = format!("n{version}");
            let answer = play.ask("offset_commit", version, &commit(&nowhere, &topics[..1]))?;
            assert_eq!(errors(&answer), [unknown], "version {version}");
            let answer = play.ask("describe_groups", 6, &json!({ "groups": [nowhere] }))?;
            assert_eq!(answer["groups"][0]["error_code"], "GROUP_ID_NOT_FOUND", "version {version}");
        }
        Ok(())
    });
}

#[test]
fn off_09_metadata_too_large_is_refused_alone_over_tcp() {
    proved("off-09-metadata", Needs::Own, |play, _| {
        // UTF-16 units count, not bytes.
        for (unit, count, error) in [
            ("x", 4_096, "NONE"),
            ("x", 4_097, "OFFSET_METADATA_TOO_LARGE"),
            ("é", 4_096, "NONE"),
            ("😀", 2_048, "NONE"),
            ("😀", 2_049, "OFFSET_METADATA_TOO_LARGE"),
        ] {
            let mut body = commit("g", &[("orders", 0), ("refunds", 0)]);
            body["topics"][0]["partitions"][0]["committed_metadata"] = unit.repeat(count).into();
            let answer = play.ask("offset_commit", 8, &body)?;
            assert_eq!(errors(&answer), [error, "NONE"], "{count} times {unit}");
        }
        Ok(())
    });
}

#[test]
fn off_01_unknown_group_by_version_over_tcp() {
    proved("off-01", Needs::Own, |play, _| {
        for version in versions("offset_commit") {
            let mut body = commit("g", &[("orders", 0)]);
            body["generation_id"] = 1.into();
            body["member_id"] = "somebody".into();
            let answer = play.ask("offset_commit", version, &body)?;
            let error = if version >= 9 { "GROUP_ID_NOT_FOUND" } else { "ILLEGAL_GENERATION" };
            assert_eq!(errors(&answer), [error], "version {version}");
        }
        Ok(())
    });
}

#[test]
fn off_07_the_empty_string_is_a_group_over_tcp() {
    proved("off-07", Needs::Own, |play, _| {
        assert_eq!(errors(&play.ask("offset_commit", 8, &commit("", &[("orders", 0)]))?), ["NONE"]);
        for version in versions("offset_fetch") {
            let topics = json!([{ "name": "orders", "partition_indexes": [0] }]);
            let answer = play.ask("offset_fetch", version, &json!({ "group_id": "", "topics": topics }))?;
            assert_eq!(answer["partitions"][0]["committed_offset"], 7, "version {version}");
        }
        Ok(())
    });
}

#[test]
fn off_16_fetch_in_every_version_over_tcp() {
    proved("off-16", Needs::Own, |play, _| {
        play.ask("offset_commit", 8, &commit("g", &[("orders", 1)]))?;
        for version in versions("offset_fetch") {
            let topics = json!([
                { "name": "missing", "partition_indexes": [0] },
                { "name": "orders", "partition_indexes": [0, 1, 3] },
            ]);
            let answer = play.ask("offset_fetch", version, &json!({ "group_id": "g", "topics": topics }))?;
            assert_eq!(answer.get("error_code").is_some(), version >= 2, "version {version}");
            // Nobody asks here whether a partition exists.
            assert_eq!(errors(&answer), ["NONE"; 4], "version {version}");
            let offsets: Vec<&Value> =
                answer["partitions"].as_array().expect("a list").iter().map(|p| &p["committed_offset"]).collect();
            assert_eq!(offsets, [-1, -1, 7, -1], "version {version}");
            let answer = play.ask("offset_fetch", version, &json!({ "group_id": "nobody's", "topics": topics }))?;
            assert_eq!(errors(&answer), ["NONE"; 4], "version {version}");
            // No topics at all is not the same as all topics.
            let answer = play.ask("offset_fetch", version, &json!({ "group_id": "g", "topics": [] }))?;
            assert_eq!(answer["partitions"], json!([]), "version {version}");
        }
        for version in versions("offset_fetch_all") {
            let answer = play.ask("offset_fetch_all", version, &json!({ "group_id": "g" }))?;
            let stored = json!([{ "name": "orders", "partition_index": 1, "committed_offset": 7, "metadata": "here", "error_code": "NONE" }]);
            assert_eq!(answer["partitions"], stored, "version {version}");
            let answer = play.ask("offset_fetch_all", version, &json!({ "group_id": "nobody's" }))?;
            assert_eq!(answer["partitions"], json!([]), "version {version}");
        }
        Ok(())
    });
}

#[test]
fn off_19_delete_and_what_does_not_exist_over_tcp() {
    proved("off-19", Needs::Own, |play, _| {
        let delete = |group: &str, topics: &[(&str, i64)]| {
            let topic = |&(name, partition): &(&str, i64)| json!({ "name": name, "partitions": [{ "partition_index": partition }] });
            json!({ "group_id": group, "topics": topics.iter().map(topic).collect::<Vec<_>>() })
        };
        // Of an unknown group nothing is said about partitions, whether they exist or not.
        let answer = play.ask("offset_delete", 0, &delete("nobody's", &[("missing", 0), ("orders", 0)]))?;
        assert_eq!(answer["error_code"], "GROUP_ID_NOT_FOUND");
        play.ask("offset_commit", 8, &commit("g", &[("orders", 1)]))?;
        let topics = [("missing", 0), ("orders", 0), ("orders", 1), ("orders", 3)];
        let unknown = "UNKNOWN_TOPIC_OR_PARTITION";
        let answer = play.ask("offset_delete", 0, &delete("g", &topics))?;
        assert_eq!((&answer["error_code"], errors(&answer)), (&json!("NONE"), vec![unknown, "NONE", "NONE", unknown]));
        let answer = play.ask("offset_fetch_all", 8, &json!({ "group_id": "g" }))?;
        assert_eq!(answer["partitions"], json!([]));
        stable(play, "live")?;
        let answer = play.ask("offset_delete", 0, &delete("live", &[("missing", 0), ("orders", 0), ("refunds", 0)]))?;
        assert_eq!(errors(&answer), [unknown, "GROUP_SUBSCRIBED_TO_TOPIC", "NONE"]);
        Ok(())
    });
}

#[test]
fn off_19_delete_of_nothing_that_exists_over_tcp() {
    proved("off-19-nothing", Needs::Own, |play, _| {
        for (group, error) in [("nobody's", "GROUP_ID_NOT_FOUND"), ("", "INVALID_GROUP_ID")] {
            let missing = json!([{ "name": "missing", "partitions": [{ "partition_index": 0 }] }]);
            let there = json!([{ "name": "orders", "partitions": [{ "partition_index": 0 }] }]);
            for topics in [missing, there, json!([])] {
                let answer = play.ask("offset_delete", 0, &json!({ "group_id": group, "topics": topics }))?;
                assert_eq!(answer, json!({ "error_code": error, "partitions": [] }), "group {group:?}");
            }
        }
        Ok(())
    });
}
