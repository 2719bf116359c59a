//! What a version of a request decides about membership.

use super::{DELAY_MS, Needs, join, join_as, proved, stable};
use crate::tcp::wire::versions;
use serde_json::{Value, json};

#[test]
fn join_10_and_join_12_member_id_is_required_from_version_4_on_over_tcp() {
    proved("join-10", Needs::Own, |play, _| {
        for version in versions("join_group") {
            let group = format!("g{version}");
            let answer = play.ask("join_group", version, &join(&group, 20_000))?;
            if version < 4 {
                assert_eq!(answer, Value::Null, "version {version}: parked");
            } else {
                assert_eq!(answer["error_code"], "MEMBER_ID_REQUIRED", "version {version}");
                assert_ne!(answer["member_id"], "", "version {version}");
            }
        }
        let answers = play.wait(DELAY_MS)?;
        assert_eq!(answers.len(), 4);
        assert!(answers.iter().all(|answer| answer.body["error_code"] == "NONE"));
        Ok(())
    });
}

#[test]
fn static_01_instance_ids_count_from_version_5_on_over_tcp() {
    proved("static-01", Needs::Own, |play, _| {
        let mut body = join("g", 20_000);
        body["group_instance_id"] = "i".into();
        // Version 4 has no field for it.
        assert_eq!(play.ask("join_group", 4, &body)?["error_code"], "MEMBER_ID_REQUIRED");
        assert_eq!(play.ask("join_group", 5, &body)?, Value::Null);
        Ok(())
    });
}

#[test]
fn join_version_0_rebalances_for_as_long_as_a_session_over_tcp() {
    proved("join-v0", Needs::Own, |play, _| {
        // The rebalance timeout of 2 s is not in the request.
        assert_eq!(play.ask("join_group", 0, &join("g", 1_200))?, Value::Null);
        assert_eq!(play.wait(DELAY_MS)?.len(), 1);
        let sync = json!({ "group_id": "g", "generation_id": 1, "member_id": "m1", "assignments": [] });
        assert_eq!(play.ask("sync_group", 0, &sync)?["error_code"], "NONE");
        let before = play.view.now;
        assert_eq!(play.ask("join_group", 0, &join("g", 1_000))?, Value::Null);
        let second = play.last();
        let began = play.view.now;
        assert!(began - before < 1_000);
        // Member 1 lives on but does not join again, so that the join timer decides: 1,200 ms, the longer session.
        play.wait(500)?;
        let beat = json!({ "group_id": "g", "generation_id": 1, "member_id": "m1" });
        assert_eq!(play.ask("heartbeat", 0, &beat)?["error_code"], "REBALANCE_IN_PROGRESS");
        let answers = play.wait(900)?;
        let answer = answers.iter().find(|answer| answer.id == second).expect("the second member is in");
        assert_eq!((answer.t - began, &answer.body["generation_id"]), (1_200, &json!(2)));
        Ok(())
    });
}

#[test]
fn leave_02_one_entry_before_version_3_over_tcp() {
    proved("leave-02", Needs::Own, |play, _| {
        for version in versions("leave_group") {
            let group = format!("g{version}");
            let required = play.ask("join_group", 9, &join(&group, 20_000))?;
            let member = required["member_id"].as_str().expect("an id").to_owned();
            let body = json!({ "group_id": group, "members": [{ "member_id": member }] });
            let answer = play.ask("leave_group", version, &body)?;
            let mut entry = json!({ "error_code": "NONE", "member_id": member, "group_instance_id": null });
            if version < 3 {
                assert_eq!(answer, json!({ "error_code": "NONE" }), "version {version}");
            } else {
                assert_eq!(answer, json!({ "error_code": "NONE", "members": [entry] }), "version {version}");
            }
            // Gone, now; an answer of version 3 or later says so of the entry.
            let answer = play.ask("leave_group", version, &body)?;
            entry["error_code"] = "UNKNOWN_MEMBER_ID".into();
            if version < 3 {
                assert_eq!(answer, json!({ "error_code": "UNKNOWN_MEMBER_ID" }), "version {version}");
            } else {
                assert_eq!(answer, json!({ "error_code": "NONE", "members": [entry] }), "version {version}");
            }
        }
        Ok(())
    });
}

#[test]
fn static_08_and_static_09_returning_leader_by_version_over_tcp() {
    proved("static-08", Needs::Own, |play, _| {
        let mut body = join("g", 20_000);
        body["group_instance_id"] = "i".into();
        assert_eq!(play.ask("join_group", 9, &body)?, Value::Null);
        assert_eq!(play.wait(DELAY_MS)?.len(), 1);
        let sync = json!({
            "group_id": "g", "generation_id": 1, "member_id": "m1", "group_instance_id": "i",
            "protocol_type": "consumer", "protocol_name": "range",
            "assignments": [{ "member_id": "m1", "assignment": "AQID" }],
        });
        assert_eq!(play.ask("sync_group", 5, &sync)?["error_code"], "NONE");
        for (version, leader, listed) in [(8, "m1", 0), (9, "m3", 1)] {
            let answer = play.ask("join_group", version, &body)?;
            assert_eq!(answer["generation_id"], 1);
            assert_eq!(answer["leader"], leader, "version {version}");
            assert_eq!(answer["members"].as_array().map(Vec::len), Some(listed), "version {version}");
        }
        Ok(())
    });
}

#[test]
fn state_12_describe_in_every_version_and_state_over_tcp() {
    proved("state-12", Needs::Own, |play, _| {
        stable(play, "g")?;
        for version in versions("describe_groups") {
            let answer = play.ask("describe_groups", version, &json!({ "groups": ["g", "nobody's"] }))?;
            let (known, unknown) = (&answer["groups"][0], &answer["groups"][1]);
            assert_eq!(known["group_state"], "Stable", "version {version}");
            assert_eq!(known["members"][0]["client_host"], "/127.0.0.1");
            assert_eq!(known["members"][0]["member_metadata"], "AAAAAAABAAZvcmRlcnP/////");
            assert_eq!(known["members"][0].get("group_instance_id").is_some(), version >= 4, "version {version}");
            let error = if version >= 6 { "GROUP_ID_NOT_FOUND" } else { "NONE" };
            assert_eq!((&unknown["error_code"], &unknown["group_state"]), (&json!(error), &json!("Dead")));
        }
        // A second member: its join is parked, and the first one's metadata shows no more.
        assert_eq!(play.ask("join_group", 3, &join("g", 20_000))?, Value::Null);
        let answer = play.ask("describe_groups", 5, &json!({ "groups": ["g"] }))?;
        assert_eq!(answer["groups"][0]["group_state"], "PreparingRebalance");
        assert_eq!(answer["groups"][0]["members"][0]["member_metadata"], "");
        assert_eq!(play.ask("join_group", 3, &join_as("g", "m1", 20_000))?["generation_id"], 2);
        let answer = play.ask("describe_groups", 5, &json!({ "groups": ["g"] }))?;
        assert_eq!(answer["groups"][0]["group_state"], "CompletingRebalance");
        let leave = json!({ "group_id": "g", "members": [{ "member_id": "m1" }, { "member_id": "m2" }] });
        assert_eq!(play.ask("leave_group", 3, &leave)?["members"][1]["error_code"], "NONE");
        let answer = play.ask("describe_groups", 5, &json!({ "groups": ["g"] }))?;
        assert_eq!(
            (&answer["groups"][0]["group_state"], &answer["groups"][0]["protocol_type"]),
            (&json!("Empty"), &json!("consumer"))
        );
        Ok(())
    });
}

#[test]
fn state_13_delete_in_every_version_over_tcp() {
    proved("state-13", Needs::Own, |play, _| {
        stable(play, "g")?;
        for version in versions("delete_groups") {
            let group = format!("h{version}");
            let topics = json!([{ "name": "orders", "partitions": [{ "partition_index": 0, "committed_offset": 1 }] }]);
            play.ask("offset_commit", 8, &json!({ "group_id": group, "topics": topics }))?;
            let answer = play.ask("delete_groups", version, &json!({ "groups_names": ["g", group, "nobody's"] }))?;
            let errors: Vec<&Value> =
                answer["results"].as_array().expect("a list").iter().map(|r| &r["error_code"]).collect();
            assert_eq!(errors, ["NON_EMPTY_GROUP", "NONE", "GROUP_ID_NOT_FOUND"], "version {version}");
        }
        Ok(())
    });
}

#[test]
fn list_groups_in_every_version_over_tcp() {
    proved("list", Needs::Own, |play, _| {
        stable(play, "g")?;
        for version in versions("list_groups") {
            let answer = play.ask("list_groups", version, &json!({}))?;
            let mut group = json!({ "group_id": "g", "protocol_type": "consumer" });
            if version >= 4 {
                group["group_state"] = "Stable".into();
            }
            assert_eq!(answer["groups"], json!([group]), "version {version}");
        }
        Ok(())
    });
}
