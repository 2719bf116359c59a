//! librdkafka's members: what a file may say of them, and the shipped scenarios played by them instead of Java's.

use groupsim::config::{AssignorKind, ClientKind, CommitOffset, CommitWhen};
use groupsim::oracle::{Class, Judge};
use groupsim::scenario::{Loaded, ScenarioErrors, find_files, load_as, parse, parse_as};
use groupsim::sim::{RunOptions, run};
use std::path::Path;

/// A file that is written for a Go library is not for others to play.
fn for_a_go_library(path: &Path) -> bool {
    let loaded = groupsim::scenario::load(path, &[]).expect("a valid file");
    let mut members = loaded.scenario.groups.iter().flat_map(|group| &group.member_configs);
    members.any(|m| !matches!(m.client.kind, ClientKind::Java | ClientKind::Librdkafka))
}

/// What librdkafka cannot play is refused with a reason of librdkafka's; whatever it plays breaks no invariant of ours.
#[test]
fn librdkafka_plays_the_shipped_scenarios() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut refused = Vec::new();
    for path in find_files(&[root]).expect("the scenarios").into_iter().filter(|path| !for_a_go_library(path)) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let scenario = match load_as(&path, &[], ClientKind::Librdkafka) {
            Ok(loaded) => loaded.scenario,
            Err(errors) => {
                refused.push((name, errors.diagnostics[0].message.clone()));
                continue;
            }
        };
        let mut judge = Judge::new(&scenario.expect, false, false);
        let end = run(&scenario, RunOptions::default(), &mut [&mut judge]);
        let outcome = judge.finish(&end.names, end.virtual_time);
        let broken: Vec<_> = outcome.findings.iter().filter(|f| f.class == Class::Model).take(3).collect();
        assert!(broken.is_empty(), "{name}: {broken:#?}");
    }
    let reasons = [
        ("commit-failed", "max.poll.interval.ms 10000 is below session.timeout.ms 45000"),
        // It cannot be upgraded so: "online migration between assignors with different protocol types is not supported".
        ("eager-to-cooperative", "librdkafka does not take eager and cooperative assignors in one list"),
    ];
    assert_eq!(refused, reasons.map(|(name, reason)| (name.to_owned(), reason.to_owned())));
}

/// The row of librdkafka in the table of stuck handlers: heartbeats go on, others wait, and after max.poll.interval.ms it
/// leaves by itself; its commit comes too late.
#[test]
fn librdkafka_shipped_answers_hold() {
    for file in ["librdkafka-auto-store", "librdkafka-stuck-handler"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/questions").join(file).with_extension("toml");
        let scenario = groupsim::scenario::load(&path, &[]).expect("a valid file").scenario;
        let mut judge = Judge::new(&scenario.expect, true, true);
        let end = run(&scenario, RunOptions::default(), &mut [&mut judge]);
        let outcome = judge.finish(&end.names, end.virtual_time);
        let broken: Vec<_> = outcome.expectations.iter().filter(|judged| !judged.held).collect();
        assert!(broken.is_empty(), "{file}: {broken:#?}");
        assert!(outcome.findings.iter().all(|finding| finding.class != Class::Model), "{file}");
    }
}

fn text(group: &str, config: &str) -> String {
    format!(
        "run-for = \"10s\"\n[topic.orders]\npartitions = 2\n[group.billing]\n{group}\n[group.billing.config]\n{config}\n"
    )
}

fn read(group: &str, config: &str) -> Result<Loaded, ScenarioErrors> {
    parse("test.toml", &text(&format!("client = \"librdkafka\"\n{group}"), config), &[])
}

fn recast(group: &str, config: &str) -> Result<Loaded, ScenarioErrors> {
    parse_as("test.toml", &text(group, config), &[], ClientKind::Librdkafka)
}

fn refusal(read: Result<Loaded, ScenarioErrors>) -> String {
    read.expect_err("a refusal").diagnostics[0].message.clone()
}

#[test]
fn librdkafka_has_defaults_of_its_own() {
    let loaded = read("", "").expect("a valid file");
    let member = &loaded.scenario.groups[0].template;
    let client = &member.client;
    assert_eq!((client.client_id.as_str(), client.kind), ("rdkafka", ClientKind::Librdkafka));
    assert_eq!(client.assignors, [AssignorKind::Range, AssignorKind::RoundRobin]);
    assert_eq!((client.session_timeout_ms, client.heartbeat_interval_ms), (45_000, 3_000));
    assert_eq!((client.max_poll_interval_ms, client.request_timeout_ms), (300_000, 60_000));
    assert_eq!((client.reconnect_backoff_ms, client.reconnect_backoff_max_ms), (100, 10_000));
    assert_eq!((client.queued_min_messages, client.enable_auto_offset_store), (100_000, true));
    assert_eq!(
        (member.commit.when, member.commit.offset),
        (CommitWhen::Auto { interval_ms: 5_000 }, CommitOffset::Stored)
    );
}

#[test]
fn librdkafka_has_properties_of_its_own() {
    let config = "queued.min.messages = 5\nsocket.timeout.ms = 700\nfetch.wait.max.ms = 90\n\
                  topic.metadata.refresh.interval.ms = 4_000\nenable.auto.offset.store = false\n\
                  auto.offset.reset = \"smallest\"\nmetadata.max.age.ms = 1";
    let loaded = read("", config).expect("a valid file");
    let client = &loaded.scenario.groups[0].template.client;
    assert_eq!((client.queued_min_messages, client.request_timeout_ms, client.fetch_max_wait_ms), (5, 700, 90));
    assert_eq!((client.metadata_max_age_ms, client.enable_auto_offset_store), (4_000, false));
    assert_eq!(client.auto_offset_reset, groupsim::config::AutoOffsetReset::Earliest);
    assert_eq!(refusal(read("", "max.poll.records = 5")), "librdkafka has no `max.poll.records`");
    assert_eq!(refusal(read("", "request.timeout.ms = 5")), "librdkafka has no `request.timeout.ms`");
    for (java, own) in [
        ("request.timeout.ms", "it calls it `socket.timeout.ms`"),
        ("fetch.max.wait.ms", "it calls it `fetch.wait.max.ms`"),
    ] {
        let refused = read("", &format!("{java} = 5")).expect_err("a refusal");
        assert_eq!(refused.diagnostics[0].help.as_deref(), Some(own));
    }
}

#[test]
fn librdkafka_refuses_what_its_constructor_refuses() {
    let refused = refusal(read("", "partition.assignment.strategy = \"sticky\""));
    assert_eq!(refused, "librdkafka has no assignor `sticky`");
    let refused = refusal(read("", "partition.assignment.strategy = \"range,cooperative-sticky\""));
    assert_eq!(refused, "librdkafka does not take eager and cooperative assignors in one list");
    let refused = refusal(read("", "max.poll.interval.ms = 44_999"));
    assert_eq!(refused, "max.poll.interval.ms 44999 is below session.timeout.ms 45000");
}

#[test]
fn librdkafka_record_longer_than_the_poll_interval_is_a_lint() {
    let loaded = read("process = { per-record = \"310s\" }", "").expect("a valid file");
    let lints: Vec<_> = loaded.lints.iter().map(|lint| lint.message.as_str()).collect();
    assert_eq!(lints, ["a record takes longer than max.poll.interval.ms: 1 record x 5m10s = 5m10s > 5m"]);
}

#[test]
fn stored_offsets_are_librdkafkas_alone() {
    let loaded = read("commit = { when = \"after-record\", offset = \"stored\" }", "").expect("a valid file");
    assert_eq!(loaded.scenario.groups[0].template.commit.offset, CommitOffset::Stored);
    let java = text("commit = { when = \"after-record\", offset = \"stored\" }", "");
    assert_eq!(refusal(parse("test.toml", &java, &[])), "`offset = \"stored\"` with java");
}

#[test]
fn a_file_played_by_librdkafka_keeps_what_means_the_same_and_says_what_is_dropped() {
    let config = "max.poll.records = 50\nrequest.timeout.ms = 9_000\nfetch.max.wait.ms = 70\n\
                  metadata.max.age.ms = 8_000\ndefault.api.timeout.ms = 10\n\
                  partition.assignment.strategy = \"range,cooperative-sticky\"";
    let loaded =
        recast("members = 2\n[group.billing.member.billing-1]\nclient = \"java\"", config).expect("a valid file");
    let dropped: Vec<_> = loaded.dropped_keys.iter().map(|key| (key.owner, key.key.as_str())).collect();
    assert_eq!(
        dropped,
        [
            ("java", "default.api.timeout.ms"),
            ("java", "max.poll.records"),
            ("java", "partition.assignment.strategy = cooperative-sticky"),
        ]
    );
    for member in &loaded.scenario.groups[0].member_configs {
        let client = &member.client;
        assert_eq!((client.kind, client.client_id.as_str()), (ClientKind::Librdkafka, "rdkafka"));
        assert_eq!(
            (client.request_timeout_ms, client.fetch_max_wait_ms, client.metadata_max_age_ms),
            (9_000, 70, 8_000)
        );
        assert_eq!(client.assignors, [AssignorKind::Range]);
        assert_eq!(client.max_poll_records, 1);
    }
    let refused = refusal(recast("", "partition.assignment.strategy = \"sticky\""));
    assert_eq!(refused, "librdkafka has no assignor `sticky`");
    let refused = refusal(recast("", "partition.assignment.strategy = \"cooperative-sticky,range\""));
    assert_eq!(refused, "librdkafka does not take eager and cooperative assignors in one list");
}
