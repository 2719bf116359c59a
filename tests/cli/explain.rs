//! `groupsim explain`: the story of a run, and the profile of a library.

use super::{GOOD, Place};

#[test]
fn the_story_of_a_run_is_told() {
    let place = Place::new();
    place.file("good.toml", GOOD);
    let run = place.groupsim(&["explain", "good.toml"]).exits(0);
    assert!(run.out.starts_with("two members, quiet\n\n"), "{}", run.out);
    assert!(run.out.contains("billing is Stable for the first time: generation 1, 2 members"), "{}", run.out);
    assert!(run.out.contains(" 0 lost, 0 skipped, 0 duplicates, 0 rebalances.\n"), "{}", run.out);
    let event = run.out.lines().find(|line| line.contains("is Stable")).and_then(|line| line.rsplit_once("(e"));
    let event = format!("e{}", event.expect("an event").1.trim_end_matches(')'));
    let chain = place.groupsim(&["explain", "good.toml", "--event", &event]).exits(0);
    assert!(chain.out.lines().next().is_some_and(|first| first.contains("billing-")), "{}", chain.out);
    assert!(chain.out.lines().last().is_some_and(|last| last.contains(&event) && last.contains("group_state")));
    place.groupsim(&["run", "good.toml", "--trace", "t.jsonl"]).exits(0);
    let of_trace = place.groupsim(&["explain", "t.jsonl"]).exits(0);
    assert_eq!(of_trace.out.lines().skip(1).collect::<Vec<_>>(), run.out.lines().skip(1).collect::<Vec<_>>());
    assert!(place.groupsim(&["explain", "good.toml", "--event", "e99999999"]).exits(2).err.contains("no event"));
    assert!(place.groupsim(&["explain", "ILLEGAL_GENERATION", "--seed", "4"]).exits(2).err.contains("go with"));
}

#[test]
fn a_profile_is_explained() {
    let place = Place::new();
    let run = place.groupsim(&["explain", "--profile", "java"]).exits(0);
    assert!(run.out.contains("session.timeout.ms") && run.out.contains("ConsumerConfig.java"), "{}", run.out);
    let run = place.groupsim(&["explain", "--profile", "librdkafka", "--json"]).exits(0);
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&document["profile"], &document["schema"]), (&"librdkafka".into(), &1.into()));
    let run = place.groupsim(&["explain", "--profile", "kafka"]).exits(2);
    assert!(run.err.contains("there are java, librdkafka, sarama, kafka-go, franz-go"), "{}", run.err);
    place.groupsim(&["explain", "--json"]).exits(2);
    for option in ["--seed=3", "--set=members=3", "--until=9s"] {
        assert!(place.groupsim(&["explain", "--profile", "java", option]).exits(2).err.contains("go with"), "{option}");
    }
    place.groupsim(&["explain", "GS012", "--profile", "java"]).exits(2);
}
