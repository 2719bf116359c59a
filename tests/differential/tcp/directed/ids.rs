//! What is checked before a group is looked at: ids, the session timeout, SyncGroup's protocol.

use super::{Needs, join, join_as, proved, stable};
use crate::tcp::wire::versions;
use serde_json::json;

#[test]
fn join_01_empty_group_id_is_invalid_over_tcp() {
    proved("join-01", Needs::Nothing, |play, _| {
        for version in versions("join_group") {
            let answer = play.ask("join_group", version, &join_as("", "somebody", 45_000))?;
            assert_eq!(answer["error_code"], "INVALID_GROUP_ID", "version {version}");
            assert_eq!(answer["member_id"], "somebody", "version {version}");
            assert_eq!(answer["generation_id"], -1, "version {version}");
        }
        Ok(())
    });
}

#[test]
fn join_02_session_timeout_has_a_range_over_tcp() {
    proved("join-02", Needs::Nothing, |play, place| {
        let least = place.least_session_ms();
        for version in versions("join_group") {
            for refused in [-1, 0, least - 1, 1_800_001, i64::from(i32::MAX)] {
                // Looked at before the group: nobody knows this one.
                let answer = play.ask("join_group", version, &join_as("g", "somebody", refused))?;
                assert_eq!(answer["error_code"], "INVALID_SESSION_TIMEOUT", "version {version}, {refused} ms");
                assert_eq!(answer["member_id"], "somebody");
            }
            for allowed in [least, 1_800_000] {
                let answer = play.ask("join_group", version, &join_as("g", "somebody", allowed))?;
                assert_eq!(answer["error_code"], "UNKNOWN_MEMBER_ID", "version {version}, {allowed} ms");
            }
        }
        Ok(())
    });
}

#[test]
fn join_01_comes_before_join_02_over_tcp() {
    proved("join-01-02", Needs::Nothing, |play, _| {
        let answer = play.ask("join_group", 9, &join("", 0))?;
        assert_eq!(answer["error_code"], "INVALID_GROUP_ID");
        Ok(())
    });
}

#[test]
fn join_03_member_id_of_an_unknown_group_is_unknown_over_tcp() {
    proved("join-03", Needs::Nothing, |play, _| {
        for version in versions("join_group") {
            let answer = play.ask("join_group", version, &join_as("g", "somebody", 45_000))?;
            assert_eq!(answer["error_code"], "UNKNOWN_MEMBER_ID", "version {version}");
            assert_eq!(answer["member_id"], "somebody");
        }
        Ok(())
    });
}

#[test]
fn sync_01_empty_group_id_is_invalid_over_tcp() {
    proved("sync-01-id", Needs::Nothing, |play, _| {
        for version in versions("sync_group") {
            let body = json!({
                "group_id": "", "generation_id": 1, "member_id": "m", "protocol_type": "consumer",
                "protocol_name": "range", "assignments": [],
            });
            let answer = play.ask("sync_group", version, &body)?;
            assert_eq!(answer["error_code"], "INVALID_GROUP_ID", "version {version}");
        }
        Ok(())
    });
}

#[test]
fn sync_01_version_5_demands_type_and_name_over_tcp() {
    proved("sync-01", Needs::Own, |play, _| {
        stable(play, "g")?;
        let body = |protocol_type, protocol_name| {
            let (protocol_type, protocol_name): (Option<&str>, Option<&str>) = (protocol_type, protocol_name);
            json!({
                "group_id": "g", "generation_id": 1, "member_id": "m1", "protocol_type": protocol_type,
                "protocol_name": protocol_name, "assignments": [],
            })
        };
        for (protocol_type, protocol_name, error) in [
            (None, None, "INCONSISTENT_GROUP_PROTOCOL"),
            (Some("consumer"), None, "INCONSISTENT_GROUP_PROTOCOL"),
            (None, Some("range"), "INCONSISTENT_GROUP_PROTOCOL"),
            (Some("connect"), Some("range"), "INCONSISTENT_GROUP_PROTOCOL"),
            (Some("consumer"), Some("sticky"), "INCONSISTENT_GROUP_PROTOCOL"),
            (Some(""), Some("range"), "INCONSISTENT_GROUP_PROTOCOL"),
            (Some("consumer"), Some("range"), "NONE"),
        ] {
            let answer = play.ask("sync_group", 5, &body(protocol_type, protocol_name))?;
            assert_eq!(answer["error_code"], error, "{protocol_type:?} {protocol_name:?}");
        }
        for version in 0..5 {
            let answer = play.ask("sync_group", version, &body(None, None))?;
            assert_eq!((&answer["error_code"], &answer["assignment"]), (&json!("NONE"), &json!("AQID")));
        }
        // Before the group id is looked at.
        let mut nowhere = body(None, None);
        nowhere["group_id"] = "".into();
        assert_eq!(play.ask("sync_group", 5, &nowhere)?["error_code"], "INCONSISTENT_GROUP_PROTOCOL");
        Ok(())
    });
}

#[test]
fn sync_02_unknown_group_is_an_unknown_member_over_tcp() {
    proved("sync-02", Needs::Nothing, |play, _| {
        for version in versions("sync_group") {
            let body = json!({
                "group_id": "g", "generation_id": 1, "member_id": "m", "protocol_type": "consumer",
                "protocol_name": "range", "assignments": [],
            });
            let answer = play.ask("sync_group", version, &body)?;
            assert_eq!(answer["error_code"], "UNKNOWN_MEMBER_ID", "version {version}");
        }
        Ok(())
    });
}

#[test]
fn hb_01_unknown_and_empty_group_over_tcp() {
    proved("hb-01", Needs::Nothing, |play, _| {
        for version in versions("heartbeat") {
            for (group, error) in [("", "INVALID_GROUP_ID"), ("g", "UNKNOWN_MEMBER_ID")] {
                let body = json!({ "group_id": group, "generation_id": 1, "member_id": "m" });
                let answer = play.ask("heartbeat", version, &body)?;
                assert_eq!(answer["error_code"], error, "version {version}, group {group:?}");
            }
        }
        Ok(())
    });
}

#[test]
fn leave_01_unknown_and_empty_group_over_tcp() {
    proved("leave-01", Needs::Nothing, |play, _| {
        for version in versions("leave_group") {
            let body = json!({ "group_id": "", "members": [{ "member_id": "m" }] });
            let answer = play.ask("leave_group", version, &body)?;
            assert_eq!(answer["error_code"], "INVALID_GROUP_ID", "version {version}");
            let body = json!({ "group_id": "g", "members": [{ "member_id": "m" }, { "member_id": "n" }] });
            let answer = play.ask("leave_group", version, &body)?;
            if version < 3 {
                assert_eq!(answer, json!({ "error_code": "UNKNOWN_MEMBER_ID" }), "version {version}");
            } else {
                assert_eq!(answer["error_code"], "NONE", "version {version}");
                for entry in 0..2 {
                    assert_eq!(answer["members"][entry]["error_code"], "UNKNOWN_MEMBER_ID", "version {version}");
                }
            }
        }
        Ok(())
    });
}
