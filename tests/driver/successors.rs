//! Restarts under new names.

use crate::rig::*;

const THREE: Group = Group { members: 3, partitions: 3, ..IDLE };

/// `g-0 10s` for every start, by instant, then name.
fn starts(seen: &Seen) -> Vec<String> {
    let mut all: Vec<_> = seen.events.iter().filter(|e| e.kind.name() == "start").collect();
    all.sort_by_key(|e| (e.t, e.actor));
    all.into_iter().map(|e| format!("{} {}", seen.name(e.actor.0), e.t)).collect()
}

#[test]
fn a_new_name_is_the_next_number_that_the_group_has_not_used() {
    let seen = THREE.run(&[
        r#"at = "20s", restart = "g-*", as = "new", one-every = "10s", down-for = "3s""#,
        r#"at = "60s", restart = "g-1", as = "new""#,
        r#"at = "70s", restart = "any 1 of g", as = "new""#,
    ]);
    let later: Vec<String> = starts(&seen).split_off(3);
    assert_eq!(later[..3], ["g-3 23s", "g-4 33s", "g-5 43s"]);
    assert_eq!(later[3..], ["g-6 1m10.002s"]);
    // g-1 was replaced at 30 s, and nobody bears its name any more.
    assert_eq!(seen.show("driver", &["event_ignored"]), ["1m event_ignored g-1 restart 1"]);
    assert_eq!(seen.end.idle_lines, [1]);
}

#[test]
fn the_new_one_starts_after_down_for_or_when_the_old_one_is_gone() {
    // Four records are done, six seconds are left of the batch, and then it closes.
    let seen = ONE.run(&[r#"at = "4500ms", restart = "g-0", as = "new", down-for = "1s""#]);
    assert_eq!(
        (seen.at("g-0", "stop"), seen.at("g-0", "closed")),
        (vec!["4.500s".into()], vec!["10.018s".to_string()])
    );
    assert_eq!(seen.at("g-1", "start"), ["10.018s"]);
    assert_eq!(seen.show("driver", &["fault_start"]), ["4.500s fault_start g-0 restart 0"]);
    assert_eq!(seen.show("driver", &["fault_end"]), ["10.018s fault_end g-0 restart 0"]);
    let seen = ONE.run(&[r#"at = "4500ms", restart = "g-0", as = "new", grace = "2s", down-for = "9s""#]);
    assert_eq!(
        (seen.at("g-0", "killed"), seen.at("g-1", "start")),
        (vec!["6.500s".into()], vec!["13.500s".to_string()])
    );
}

#[test]
fn with_surge_the_new_one_starts_first() {
    let seen = THREE.run(&[
        r#"at = "20s", restart = "g-*", as = "new", surge = true, one-every = "10s", down-for = "4s", with = { max.poll.records = 7 }"#,
    ]);
    assert_eq!(starts(&seen)[3..], ["g-3 20s", "g-4 30s", "g-5 40s"]);
    for (old, stop) in [("g-0", "24s"), ("g-1", "34s"), ("g-2", "44s")] {
        assert_eq!(seen.at(old, "stop"), [stop]);
        assert_eq!(seen.at(old, "closed").len(), 1);
    }
    let ends: Vec<String> = seen.events("driver", &["fault_end"]).map(|e| seen.field(e, "target")).collect();
    assert_eq!(ends, ["g-0", "g-1", "g-2"]);
    // Each comes and each goes by a rebalance of its own.
    let sizes: Vec<String> = seen.events("broker", &["generation"]).map(|e| seen.field(e, "members")).collect();
    assert_eq!(sizes[sizes.len() - 6..], ["4", "3", "4", "3", "4", "3"]);
}

#[test]
fn a_surge_whose_old_process_crashes_is_over() {
    let seen = THREE.run(&[
        r#"at = "20s", restart = "g-0", as = "new", surge = true, down-for = "10s""#,
        r#"at = "25s", crash = "g-0""#,
        r#"at = "26s", start = "g-0""#,
    ]);
    assert_eq!(seen.show("driver", &["fault_end"]), ["25s fault_end g-0 restart 0"]);
    assert_eq!(seen.at("g-0", "stop"), [""; 0]);
    assert_eq!(seen.show("driver", &["event_ignored"]), ["26s event_ignored g-0 start 2"]);
}

#[test]
fn globs_and_groups_mean_those_that_are_there() {
    let seen = THREE.run(&[
        r#"at = "20s", restart = "g-0", as = "new", down-for = "5s""#,
        r#"at = "30s", pause = "g-*", for = "1s""#,
        r#"at = "40s", start = "all of g""#,
        r#"at = "50s", restart = "all of g", as = "new""#,
    ]);
    let paused: Vec<String> =
        seen.events.iter().filter(|e| e.kind.name() == "pause").map(|e| seen.name(e.actor.0).to_owned()).collect();
    assert_eq!(paused, ["g-1", "g-2", "g-3"]);
    // Names that nobody has had yet are not started by `start`.
    assert_eq!(starts(&seen)[3..], ["g-3 25s", "g-4 50.002s", "g-5 50.002s", "g-6 50.002s"]);
}

#[test]
fn scale_counts_those_that_are_there_and_gives_new_names_too() {
    let seen = THREE.run(&[
        r#"at = "20s", restart = "g-*", as = "new""#,
        r#"at = "40s", scale = "g", to = 5"#,
        r#"at = "60s", scale = "g", to = 4"#,
        r#"at = "80s", restart = "g-3", as = "new", surge = true, down-for = "10s""#,
        r#"at = "85s", scale = "g", to = 4"#,
    ]);
    let started = starts(&seen).split_off(3);
    let mut names: Vec<&str> = started.iter().map(|text| text.split(' ').next().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["g-3", "g-4", "g-5", "g-6", "g-7", "g-8"]);
    assert_eq!(seen.at("g-7", "stop"), ["1m"]);
    // During the surge there are four, the fifth is on its way out: nothing to do.
    assert_eq!(seen.show("driver", &["event_ignored"]), ["1m25s event_ignored driver scale 4"]);
    let sizes: Vec<String> = seen.events("broker", &["generation"]).map(|e| seen.field(e, "members")).collect();
    assert_eq!(sizes.last().unwrap(), "4");
}

#[test]
fn a_static_member_under_a_new_name_is_somebody_else() {
    let fixed = Group { group: "static = true", config: "session.timeout.ms = 10000", ..THREE };
    let seen = fixed.run(&[r#"at = "20s", restart = "g-1", as = "new", down-for = "1s""#]);
    // It did not leave, so the rebalance of the newcomer waits for it until its session is over.
    assert_eq!(seen.at("g-3", "start"), ["21s"]);
    let removed = seen.broker_shows(&["member_removed"]);
    assert_eq!(removed.len(), 1, "{removed:?}");
    assert!(removed[0].ends_with("session"), "{removed:?}");
    let hosts: Vec<String> = seen
        .events("driver", &["meta_text"])
        .filter(|e| seen.field(e, "key") == "group.instance.id" || seen.field(e, "key") == "host")
        .filter(|e| seen.field(e, "subject") == "5")
        .map(|e| seen.field(e, "value"))
        .collect();
    assert_eq!(hosts, ["g-3", "/10.0.0.4"]);
    let sizes: Vec<String> = seen.events("broker", &["generation"]).map(|e| seen.field(e, "members")).collect();
    assert_eq!(sizes[sizes.len() - 2..], ["3", "3"]);
    let last = seen.events("broker", &["generation"]).last().unwrap().t;
    assert_eq!(removed[0], format!("{last} member_removed session"));
}

#[test]
fn a_new_name_has_the_settings_of_the_one_it_replaces() {
    let text = IDLE.text(&[r#"at = "20s", restart = "g-0", as = "new""#]).replace(
        "[timeline]",
        "[group.g.member.g-0.config]\nclient.id = \"mine\"\nheartbeat.interval.ms = 1000\n[timeline]",
    );
    let seen = Seen::of(&text);
    let beats: Vec<String> = seen.at("g-1", "heartbeat_sent");
    assert!(beats.len() > 90, "a heartbeat every second: {}", beats.len());
    let told: Vec<String> = seen
        .events("driver", &["meta_text", "meta_number"])
        .filter(|e| {
            e.t.as_us() == 20_000_000 && ["client.id", "heartbeat.interval.ms"].contains(&&*seen.field(e, "key"))
        })
        .map(|e| seen.field(e, "value"))
        .collect();
    assert_eq!(told, ["1000", "mine"]);
}
