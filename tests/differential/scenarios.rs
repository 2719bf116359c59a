//! Whole scenarios with Kafka's coordinator beside ours: our clients, our clock, and the same answers from both.

use crate::kafka::Kafka;
use crate::shadow::shadow;
use groupsim::scenario;
use std::io::Write;
use std::path::Path;

#[test]
fn shipped_scenarios_get_the_same_answers_from_kafka() {
    if !crate::is_live() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = scenario::find_files(&[root.join("scenarios")]).unwrap_or_else(|error| panic!("{error}"));
    let mut kafka = Kafka::start();
    let mut wrong = 0;
    for path in &files {
        let loaded = scenario::load(path, &[]).unwrap_or_else(|errors| panic!("{errors:?}"));
        let shadowed;
        (kafka, shadowed) = shadow(kafka, &loaded.scenario);
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        writeln!(std::io::stderr(), "{name:<60} {shadowed}").expect("stderr takes a line");
        wrong += u32::from(shadowed.difference.is_some());
    }
    assert_eq!(wrong, 0, "of {} scenarios", files.len());
}
