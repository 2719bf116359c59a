//! Random timelines with sarama's consumer groups.

use super::random::{ends_and_breaks_nothing, scenario};
use groupsim::config::ClientKind;
use groupsim::scenario::parse;
use proptest::prelude::*;

/// Settings of its own.
const OWN: [&str; 6] = [
    "",
    "ChannelBufferSize = 1\nConsumer.MaxProcessingTime = 20",
    "HeartbeatDuringRelease = false\nauto.commit.interval.ms = 50",
    "rebalance.timeout.ms = 900\nConsumer.Group.Rebalance.Retry.Max = 0",
    "Metadata.Retry.Max = 0\nConsumer.Offsets.Retry.Max = 0\nConsumer.Group.ResetInvalidOffsets = false",
    "Net.ReadTimeout = 400\nConsumer.Retry.Backoff = 0\nmetadata.max.age.ms = 300",
];

/// What its handlers do when their session ends, or how many there are.
const HANDLERS: [&str; 5] =
    ["", ", when-revoked = \"drain\"", ", workers = 3", ", workers = 3, order = \"none\"", ", buffer = 2"];

/// The same scenario with sarama in the place of every client, or of all but one.
fn sarama(text: &str, own: &str, handlers: &str, mixed: Option<&str>) -> String {
    let java = ["max.poll", "default.api.timeout.ms", "re"];
    let lines =
        text.lines().filter(|line| !java.iter().any(|key| line.starts_with(key) && !line.starts_with("records")));
    let lines = lines.map(|line| match (line, mixed) {
        ("[group.g]", _) => "[group.g]\nclient = \"sarama\"".to_owned(),
        ("[group.r]", Some(other)) => {
            format!("{own}\n[group.g.member.g-1]\nclient = \"{other}\"\nprocess = {{}}\n[group.r]\nclient = \"sarama\"")
        }
        ("[group.r]", None) => format!("{own}\n[group.r]\nclient = \"sarama\""),
        _ if line.starts_with("process") => {
            line.replace(", jitter = \"30%\"", &format!(", jitter = \"30%\"{handlers}"))
        }
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, max_shrink_iters: 200, max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a timeline says: the run comes to its end, twice the same, and no invariant of ours breaks.
    #[test]
    fn timelines_of_sarama_end_and_break_nothing(
        text in scenario(ClientKind::Java), seed in 0u64..1_000, own in 0usize..6, handlers in 0usize..5, mixed in 0usize..6,
    ) {
        let mixed = ["java", "librdkafka"].get(mixed).copied();
        let text = sarama(&text, OWN[own], HANDLERS[handlers], mixed);
        ends_and_breaks_nothing(parse("random.toml", &text, &[]).ok(), &text, seed)?;
    }
}
