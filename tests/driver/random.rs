//! Random timelines.

use groupsim::config::ClientKind;
use groupsim::oracle::{Class, Judge};
use groupsim::scenario::{Loaded, parse, parse_as};
use groupsim::sim::{RunOptions, run};
use proptest::prelude::*;

fn instants() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("0s".to_owned()),
        Just("4ms".to_owned()),
        Just("3s".to_owned()),
        Just("0s..6s".to_owned()),
        (0u64..12_000_000).prop_map(|us| format!("{us}us")),
    ]
}

fn targets() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["g-0", "g-1", "g-7", "g-*", "*", "any 1 of g", "any 9 of g", "all of g", "r-0"])
}

fn verb() -> impl Strategy<Value = String> {
    let length = || prop::sample::select(vec!["", ", for = \"1us\"", ", for = \"700ms\"", ", for = \"40s\""]);
    let grace = || prop::sample::select(vec!["", ", grace = \"0s\"", ", grace = \"1ms\""]);
    let down = prop::sample::select(vec![
        "",
        ", down-for = \"0s\"",
        ", down-for = \"2s\", one-every = \"1ms\"",
        ", one-every = \"0s\"",
    ]);
    prop_oneof![
        targets().prop_map(|who| format!("start = \"{who}\"")),
        (targets(), grace()).prop_map(|(who, grace)| format!("stop = \"{who}\"{grace}")),
        targets().prop_map(|who| format!("crash = \"{who}\"")),
        (targets(), down, grace()).prop_map(|(who, down, grace)| format!("restart = \"{who}\"{down}{grace}")),
        (targets(), length()).prop_map(|(who, length)| format!("pause = \"{who}\"{length}")),
        (targets(), length()).prop_map(|(who, length)| format!("slow = \"{who}\", per-record = \"300ms\"{length}")),
        (targets(), length()).prop_map(|(who, length)| format!("slow = \"{who}\", per-record = \"0s\"{length}")),
        (targets(), length()).prop_map(|(who, length)| format!("stuck = \"{who}\"{length}")),
        (targets(), length()).prop_map(|(who, length)| format!("cut = \"{who}\"{length}")),
        (0u32..6, grace()).prop_map(|(to, grace)| format!("scale = \"g\", to = {to}{grace}")),
        (3u32..9).prop_map(|to| format!("add-partitions = \"t\", to = {to}")),
        (1u32..900).prop_map(|records| format!("produce = \"t\", records = {records}")),
        prop::sample::select(vec!["", ", down-for = \"1us\"", ", down-for = \"600ms\"", ", down-for = \"9s\""])
            .prop_map(|down| format!("failover = \"g\"{down}")),
        (1u32..4).prop_map(|partitions| format!("create-topic = \"late\", partitions = {partitions}")),
        Just("expire-offsets = \"g\"".to_owned()),
        prop::sample::select(vec!["\"earliest\"", "\"latest\"", "7", "100_000"])
            .prop_map(|to| format!("reset-offsets = \"g\", to = {to}")),
        (1u32..400).prop_map(|before| format!("delete-records = \"t\", before = {before}")),
        (0u32..2).prop_map(|partition| format!("delete-records = \"t\", before = \"end\", partition = {partition}")),
    ]
}

fn event() -> impl Strategy<Value = String> {
    let every = prop::sample::select(vec![
        "",
        "",
        "",
        ", every = \"1ms\", times = 30",
        ", every = \"700ms\", until = \"9s\"",
        ", every = \"2s\", times = 4",
    ]);
    (instants(), verb(), every).prop_map(|(at, verb, every)| {
        let every = if at == "0s..6s" || at == "0s" || at == "4ms" || at == "3s" { every } else { "" };
        format!("at = \"{at}\", {verb}{every}")
    })
}

/// Properties that a library has.
fn configs(library: ClientKind) -> Vec<&'static str> {
    match library {
        ClientKind::KafkaGo => vec![
            "",
            "session.timeout.ms = 1_000\nheartbeat.interval.ms = 1",
            "CommitInterval = 300\nQueueCapacity = 3\nfetch.max.wait.ms = 1_100",
            "CommitInterval = 1\nWatchPartitionChanges = true\nPartitionWatchInterval = 700",
            "JoinGroupBackoff = 1\nsession.timeout.ms = 900\nheartbeat.interval.ms = 100\nrebalance.timeout.ms = 600",
            "WatchPartitionChanges = true\npartition.assignment.strategy = \"roundrobin\"\nfetch.max.wait.ms = 400",
            "fetch.max.wait.ms = 1\nReadBackoffMin = 1\nReadBackoffMax = 7",
        ],
        ClientKind::Sarama => vec![
            "",
            "session.timeout.ms = 1_000\nheartbeat.interval.ms = 1\npartition.assignment.strategy = \"sticky\"",
            "session.timeout.ms = 700\nheartbeat.interval.ms = 100\nrebalance.timeout.ms = 900",
            "ChannelBufferSize = 1\nConsumer.MaxProcessingTime = 20",
            "HeartbeatDuringRelease = false\nauto.commit.interval.ms = 50",
            "rebalance.timeout.ms = 900\nConsumer.Group.Rebalance.Retry.Max = 0",
            "Metadata.Retry.Max = 0\nConsumer.Offsets.Retry.Max = 0\nConsumer.Group.ResetInvalidOffsets = false",
            "Net.ReadTimeout = 400\nConsumer.Retry.Backoff = 0\nmetadata.max.age.ms = 300",
        ],
        _ => vec![
            "max.poll.records = 7",
            "max.poll.records = 7\nsession.timeout.ms = 1_000\nheartbeat.interval.ms = 1",
            "max.poll.records = 7\nrequest.timeout.ms = 500\ndefault.api.timeout.ms = 700\nreconnect.backoff.ms = 0\nretry.backoff.ms = 0",
            "max.poll.records = 7\nmax.poll.interval.ms = 50\npartition.assignment.strategy = \"sticky\"",
            "max.poll.records = 7\nmax.poll.interval.ms = 900\nsession.timeout.ms = 700\nheartbeat.interval.ms = 100",
            "max.poll.records = 7\npartition.assignment.strategy = \"cooperative-sticky\"",
            "max.poll.records = 7\npartition.assignment.strategy = \"cooperative-sticky\"\nsession.timeout.ms = 1_000\n\
             heartbeat.interval.ms = 100",
            "partition.assignment.strategy = \"cooperative-sticky\"\nmax.poll.interval.ms = 900\nsession.timeout.ms = 700\n\
             heartbeat.interval.ms = 100\nmax.poll.records = 7",
        ],
    }
}

fn commits(library: ClientKind) -> Vec<&'static str> {
    match library {
        ClientKind::KafkaGo => vec![
            "{ when = \"after-record\" }",
            "{ when = \"after-batch\" }",
            "{ when = \"before-record\" }",
            "{ when = \"every-n\", n = 3 }",
            "{ when = \"interval\", interval = \"200ms\" }",
            "{ when = \"never\" }",
        ],
        _ => vec![
            "{ when = \"after-batch\", mode = \"sync\", on-revoke = true }",
            "{ when = \"after-record\", mode = \"async\" }",
            "{ when = \"auto\", interval = \"100ms\" }",
            "{ when = \"before-record\", mode = \"sync\" }",
            "{ when = \"every-n\", n = 3, mode = \"sync\" }",
            "{ when = \"every-n\", n = 5, offset = \"done-max\", mode = \"async\", on-revoke = true }",
            "{ when = \"interval\", interval = \"90ms\", on-revoke = true }",
            "{ when = \"after-record\", offset = \"done-max\" }",
            "{ when = \"never\", on-revoke = true }",
            "{ when = \"after-record\", mode = \"async\", retry = 3, on-revoke = true }",
            "{ when = \"after-batch\", mode = \"sync\", offset = \"position\", retry = 2 }",
            "{ when = \"interval\", interval = \"300ms\", mode = \"async\", offset = \"done-max\", retry = 1 }",
            "{ when = \"never\", on-revoke = true, retry = 1 }",
            // Refused where it is not built.
            "{ when = \"never\", store = \"with-result\" }",
            "{ when = \"after-record\", mode = \"async\", retry = 1, store = \"with-result\" }",
        ],
    }
}

/// One worker as often as several.
fn workers(library: ClientKind) -> impl Strategy<Value = String> {
    let revoked = match library {
        ClientKind::KafkaGo => vec![""],
        _ => vec![
            "",
            ", when-revoked = \"finish-record\"",
            ", when-revoked = \"drain\"",
            ", when-revoked = \"ignore\"",
            ", when-revoked = \"ignore\"",
        ],
    };
    let several = (
        prop::sample::select(vec![2, 3, 20]),
        prop::sample::select(vec!["", ", order = \"partition\"", ", order = \"none\""]),
        prop::sample::select(vec!["", ", buffer = 1", ", buffer = 9", ", buffer = 100_000"]),
        prop::sample::select(revoked),
        prop::sample::select(vec!["", ", jitter-per = \"record\""]),
    );
    let several =
        several.prop_map(|(n, order, buffer, revoked, per)| format!(", workers = {n}{order}{buffer}{revoked}{per}"));
    prop_oneof![Just(String::new()), several]
}

pub fn scenario(library: ClientKind) -> impl Strategy<Value = String> {
    let latency = prop::sample::select(vec![
        "\"1us\"",
        "\"1ms\"",
        "\"1300us\"",
        "{ base = \"1ms\", jitter = \"100%\", loss = \"90%\" }",
        "{ base = \"1us\", jitter = \"100%\", loss = \"5%\" }",
        "{ base = \"200ms\", jitter = \"20%\" }",
    ]);
    let client = library.name();
    let config = prop::sample::select(configs(library));
    let commit = prop::sample::select(commits(library));
    let work = prop::sample::select(vec!["0s", "1ms", "70ms", "9s"]);
    let run_for = prop::sample::select(vec!["1us", "5ms", "4s", "15s", "15s"]);
    let fixed = if library == ClientKind::KafkaGo { vec![""] } else { vec!["", "static = true"] };
    let group = (0u32..4, prop::sample::select(fixed), 0u32..2_000);
    let more = (latency, config, commit, (work, workers(library)), run_for, group);
    (more, prop::collection::vec(event(), 0..9)).prop_map(move |(more, events)| {
        let (latency, config, commit, (work, workers), run_for, group) = more;
        let (members, fixed, delay) = group;
        let late = events.iter().any(|event| event.contains("create-topic"));
        let topics = if late { r#"["t", "late"]"# } else { r#"["t"]"# };
        let events = events.iter().map(|event| format!("  {{ {event} }},\n")).collect::<String>();
        format!(
            "name = \"random\"\nrun-for = \"{run_for}\"\n[broker.config]\ngroup.initial.rebalance.delay.ms = {delay}\n\
             group.min.session.timeout.ms = 0\n[network]\nlatency = {latency}\n\
             [topic.t]\npartitions = 2\nrecords = 400\nproduce = \"100/s\"\n\
             [group.g]\nclient = \"{client}\"\ntopics = {topics}\nmembers = {members}\n{fixed}\nprocess = {{ per-record = \"{work}\", jitter = \"30%\"{workers} }}\n\
             commit = {commit}\n[group.g.config]\nauto.offset.reset = \"earliest\"\n{config}\n\
             [group.r]\nassign = [\"t:0\"]\nfrom = \"beginning\"\n[timeline]\nevents = [\n{events}]\n"
        )
    })
}

/// The same scenario with franz-go's consumers: keys that it has not are left out, and some of its own are added.
fn franz_go(text: &str, own: &str, mixed: bool) -> String {
    let java = ["max.poll.interval.ms", "default.api.timeout.ms", "reconnect.backoff.ms", "retry.backoff.ms"];
    let lines = text.lines().filter(|line| !java.iter().any(|key| line.starts_with(key)));
    let lines = lines.map(|line| match line {
        "client = \"java\"" => "client = \"franz-go\"".to_owned(),
        "max.poll.records = 7" => format!("MaxPollRecords = 7\n{own}"),
        "[group.r]" if mixed => "[group.g.member.g-1]\nclient = \"java\"\n[group.r]".to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, max_shrink_iters: 200, max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a timeline says, with whichever client library, the run comes to its end, twice the same, and no invariant of ours breaks.
    #[test]
    fn timelines_end_and_break_nothing(text in scenario(ClientKind::Java), seed in 0u64..1_000, other in any::<bool>()) {
        // A file may be refused, with a sentence.
        let loaded = if other { parse_as("random.toml", &text, &[], ClientKind::Librdkafka) } else { parse("random.toml", &text, &[]) };
        ends_and_breaks_nothing(loaded.ok(), &text, seed)?;
    }

    /// The same with franz-go, by itself or mixed with others.
    #[test]
    fn timelines_of_franz_go_end_and_break_nothing(text in scenario(ClientKind::Java), seed in 0u64..1_000, own in 0usize..6, mixed in any::<bool>()) {
        let own = [
            "",
            "BlockRebalanceOnPoll = true",
            "GreedyAutoCommit = true",
            "AutoCommitMarks = true\nauto.commit.interval.ms = 50",
            "partition.assignment.strategy = \"range\"",
            "BlockRebalanceOnPoll = true\npartition.assignment.strategy = \"range\"\nrebalance.timeout.ms = 900",
        ][own];
        let text = franz_go(&text, own, mixed && own.contains("range"));
        ends_and_breaks_nothing(parse("random.toml", &text, &[]).ok(), &text, seed)?;
    }

    /// The same with kafka-go's Readers, by themselves or with a member of another library.
    #[test]
    fn timelines_of_kafka_go_end_and_break_nothing(text in scenario(ClientKind::KafkaGo), seed in 0u64..1_000, other in 0usize..6) {
        let text = match ["java", "librdkafka", "sarama", "franz-go"].get(other) {
            Some(other) => text.replace("[group.r]", &format!(
                "[group.g.member.\"g-1\"]\nclient = \"{other}\"\ncommit = {{ when = \"after-record\" }}\n\
                 config = {{ partition.assignment.strategy = \"range,roundrobin\" }}\n[group.r]"
            )),
            None => text,
        };
        ends_and_breaks_nothing(parse("random.toml", &text, &[]).ok(), &text, seed)?;
    }
}

/// The run comes to its end, twice the same, and no invariant of ours breaks.
pub fn ends_and_breaks_nothing(loaded: Option<Loaded>, text: &str, seed: u64) -> Result<(), TestCaseError> {
    prop_assume!(loaded.is_some());
    if let Some(loaded) = loaded {
        let scenario = loaded.scenario;
        let options = RunOptions { seed: Some(seed), event_budget: Some(400_000), ..RunOptions::default() };
        let mut judge = Judge::new(&scenario.expect, false, false);
        let end = run(&scenario, options, &mut [&mut judge]);
        prop_assert_eq!(end.hash, run(&scenario, options, &mut []).hash);
        let outcome = judge.finish(&end.names, end.virtual_time);
        let broken: Vec<_> = outcome.findings.iter().filter(|f| f.class == Class::Model).collect();
        prop_assert!(broken.is_empty(), "seed {}: {:#?}\n{}", seed, broken, text);
    }
    Ok(())
}
