//! Random timelines with sarama's consumer groups.

use super::random::{ends_and_breaks_nothing, scenario};
use groupsim::config::ClientKind;
use groupsim::scenario::parse;
use proptest::prelude::*;

/// What the handlers of claims do when their session ends, and how much waits for them.
const HANDLERS: [&str; 4] = ["", ", when-revoked = \"drain\"", ", when-revoked = \"finish-record\"", ", buffer = 2"];

/// With these handlers, if there are no others, and another library in the place of one client.
fn sarama(text: &str, handlers: &str, mixed: Option<&str>) -> String {
    let other = mixed.map(|other| format!("[group.g.member.g-1]\nclient = \"{other}\"\nprocess = {{}}\n"));
    text.replace("jitter = \"30%\" }", &format!("jitter = \"30%\"{handlers} }}"))
        .replace("[group.r]", &format!("{}[group.r]\nclient = \"sarama\"", other.unwrap_or_default()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, max_shrink_iters: 200, max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a timeline says: the run comes to its end, twice the same, and no invariant of ours breaks.
    #[test]
    fn timelines_of_sarama_end_and_break_nothing(
        text in scenario(ClientKind::Sarama), seed in 0u64..1_000, handlers in 0usize..4, mixed in 0usize..8,
    ) {
        let mixed = ["java", "franz-go", "kafka-go"].get(mixed).copied();
        let text = sarama(&text, HANDLERS[handlers], mixed);
        ends_and_breaks_nothing(parse("random.toml", &text, &[]).ok(), &text, seed)?;
    }
}
