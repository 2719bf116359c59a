//! Stories of small runs, told.

use super::{Teller, story};
use crate::oracle::Judge;
use crate::scenario;
use crate::sim::{RunOptions, run};

fn told(text: &str) -> String {
    let scenario = scenario::parse("story.toml", text, &[]).expect("a valid file").scenario;
    let (mut judge, mut teller) = (Judge::new(&scenario.expect, true, true), Teller::default());
    let end = run(&scenario, RunOptions::default(), &mut [&mut judge, &mut teller]);
    story(&scenario.name, teller, &judge.finish(&end.names, end.virtual_time))
}

const GROUP: &str = "name = \"one\"\nrun-for = \"3m\"\n[topic.t]\nproduce = \"10/s\"\n[group.g]\nmembers = 2\n\
     process = { per-record = \"1ms\" }\n";

#[test]
fn a_crash_is_told_with_its_rebalance_and_the_old_process_by_its_name() {
    let story = told(&format!(
        "{GROUP}[timeline]\nevents = [{{ at = \"60s\", crash = \"g-0\" }}, {{ at = \"70s\", start = \"g-0\" }}]\n"
    ));
    let lines: Vec<&str> = story.lines().collect();
    assert_eq!(lines[0], "one");
    assert!(lines[3].contains("g is Stable for the first time: generation 1, 2 members"), "{story}");
    assert!(story.contains("timeline: crash g-0"), "{story}");
    assert!(story.contains("a rebalance of g begins: g-0 joins"), "{story}");
    assert!(
        story.contains("the coordinator drops the earlier g-0: session.timeout.ms without a sign of life"),
        "{story}"
    );
    assert!(story.contains("rebalance 1: g is Stable after "), "{story}");
    assert!(story.contains(", 1 rebalance.\n"), "{story}");
}

#[test]
fn turns_are_told_however_much_else_happens() {
    let restarts = "[timeline]\nevents = [{ at = \"20s\", restart = \"g-0\", every = \"5s\", times = 30 },\n\
                    { at = \"175s\", crash = \"g-1\" }]\n";
    let story = told(&format!("{GROUP}{restarts}"));
    assert!(story.contains("timeline: crash g-1"), "{story}");
    assert!(story.contains("more rebalances"), "{story}");
    assert!(story.lines().count() < 120, "{story}");
}

#[test]
fn a_producer_has_a_line_of_its_own() {
    let story = told(
        "name = \"p\"\nrun-for = \"20s\"\n[topic.t]\n[producer.w]\ntopic = \"t\"\nclient = \"kafka-go\"\nsend = { calls = 2 }\n",
    );
    assert!(story.contains("w wrote 2 records in 2 batches; 2 calls took 2.00"), "{story}");
}
