//! A real librdkafka consumer through the proxy.

use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use groupsim::kafka::cluster::Cluster;
use groupsim::kafka::wire::{Answered, Asked, Proxy, Seen, Watcher, What};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;

use crate::cluster::{PATIENCE, broker_with_rights, connect, sasl};
use crate::kafka_broker::Broker;

/// Longest wait for anything to happen.
const LONG: Duration = Duration::from_secs(20);

fn consumer(bootstrap: &str, group: &str, properties: &[(String, String)]) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("group.id", group)
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "500")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false");
    for (key, value) in properties {
        config.set(key, value);
    }
    config.create().expect("a consumer")
}

/// Polls until so many records have come; gives their offsets.
fn read(consumer: &BaseConsumer, count: usize) -> Vec<i64> {
    let (begin, mut offsets) = (Instant::now(), Vec::new());
    while offsets.len() < count {
        assert!(begin.elapsed() < LONG, "{} of {count} records", offsets.len());
        if let Some(message) = consumer.poll(Duration::from_millis(50)) {
            offsets.push(message.expect("a record").offset());
        }
    }
    offsets
}

#[test]
fn a_consumer_joins_commits_is_cut_and_healed() {
    let Some(broker) = Broker::start(&["group.initial.rebalance.delay.ms=0"]) else { return };
    let cluster = connect(&broker);
    cluster.create_topics(&[("t", 1)]).expect("a topic");
    cluster.preload("t", 1, 10, 100).expect("records");
    // Makes the coordinator's topic, so that the first join finds it.
    assert_eq!(cluster.committed("g", &[("t", 1)]).expect("a coordinator"), []);
    let (sender, seen) = mpsc::channel();
    let _watcher = Watcher::start(broker.address(), 1, "g", sender.clone()).expect("a watcher");
    let proxy = Proxy::start(broker.address(), 0, sender).expect("a proxy");
    let member = consumer(&proxy.address().to_string(), "g", &[]);
    member.subscribe(&["t"]).expect("subscribed");
    assert_eq!(read(&member, 10), (0..10).collect::<Vec<_>>());
    member.commit_consumer_state(CommitMode::Sync).expect("committed");

    proxy.cut(true);
    let before: Vec<Seen> = seen.try_iter().collect();
    cluster.produce("t", 0, 5, 100).expect("records");
    assert!(member.poll(Duration::from_secs(2)).is_none(), "nothing comes through");
    let during: Vec<Seen> = seen.try_iter().filter(|seen| seen.source == 0).collect();
    assert_eq!(during, [], "nothing is seen while the proxy is cut");
    proxy.cut(false);
    assert_eq!(read(&member, 5), (10..15).collect::<Vec<_>>());
    drop(member);
    std::thread::sleep(Duration::from_millis(200));
    let after: Vec<Seen> = seen.try_iter().collect();
    let all: Vec<Seen> = before.into_iter().chain(after).collect();
    let from = |source: usize| all.iter().filter(move |seen| seen.source == source);
    assert!(from(0).is_sorted_by_key(|seen| seen.at), "in order of time");
    let described = from(1).filter_map(|seen| match &seen.what {
        What::Described { state, members, .. } => Some((state.as_str(), members.len())),
        _ => None,
    });
    let described: Vec<_> = described.collect();
    assert!(described.ends_with(&[("Stable", 1), ("Empty", 0)]), "{described:?}");
    let story = from(0).filter_map(|seen| match &seen.what {
        What::Request { request: Asked::Join { group, protocols, .. }, .. } => {
            Some(format!("join {group} {protocols:?}"))
        }
        What::Request { request: Asked::Sync { generation, assignments, .. }, .. } => {
            Some(format!("sync {generation} {:?}", assignments[0].1))
        }
        What::Request { request: Asked::Commit { partitions, .. }, .. } => Some(format!("commit {partitions:?}")),
        What::Request { request: Asked::Leave { members, .. }, .. } => Some(format!("leave {}", members.len())),
        What::Answer { answer: Answered::Join { error, generation, .. }, .. } => {
            Some(format!("joined {error} {generation}"))
        }
        What::Answer { answer: Answered::Sync { error, assignment }, .. } => {
            Some(format!("synced {error} {assignment:?}"))
        }
        What::Answer { answer: Answered::Commit { partitions }, .. } => Some(format!("committed {partitions:?}")),
        What::Answer { answer: Answered::Leave { error }, .. } => Some(format!("left {error}")),
        _ => None,
    });
    let join = "join g [\"range\", \"roundrobin\"]";
    let expected = [
        join,
        "joined 79 -1",
        join,
        "joined 0 1",
        "sync 1 [(\"t\", [0])]",
        "synced 0 [(\"t\", [0])]",
        "commit [(\"t\", 0, 10)]",
        "committed [(\"t\", 0, 0)]",
        "leave 1",
        "left 0",
    ];
    assert_eq!(story.collect::<Vec<_>>(), expected);
}

/// Where a member that is a process of its own finds its proxy; no test of its own.
const CHILD: &str = "GROUPSIM_TEST_MEMBER";

#[test]
fn member_process() {
    let Ok(address) = std::env::var(CHILD) else { return };
    let member = consumer(&address, "g", &[]);
    member.subscribe(&["t"]).expect("subscribed");
    // Commits every record that comes, without waiting for answers.
    loop {
        if let Some(message) = member.poll(Duration::from_millis(10)) {
            let _ = member.commit_message(&message.expect("a record"), CommitMode::Async);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn what_a_killed_member_had_sent_arrives() {
    let Some(broker) = Broker::start(&["group.initial.rebalance.delay.ms=0"]) else { return };
    let cluster = connect(&broker);
    cluster.create_topics(&[("t", 1)]).expect("a topic");
    cluster.preload("t", 1, 10_000, 10).expect("records");
    assert_eq!(cluster.committed("g", &[("t", 1)]).expect("a coordinator"), []);
    let (sender, seen) = mpsc::channel();
    let proxy = Proxy::start(broker.address(), 0, sender).expect("a proxy");
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "proxy::member_process"])
        .env(CHILD, proxy.address().to_string())
        .stdout(Stdio::null())
        .spawn()
        .expect("a child");
    let commit = |seen: Seen| match seen.what {
        What::Request { request: Asked::Commit { partitions, .. }, .. } => partitions.first().map(|first| first.2),
        _ => None,
    };
    let begin = Instant::now();
    let until = |wanted: i64| {
        while seen.recv_timeout(LONG).ok().and_then(commit).is_none_or(|offset| offset < wanted) {
            assert!(begin.elapsed() < LONG, "commits come");
        }
    };
    until(20);
    proxy.cut(true);
    let last = seen.try_iter().filter_map(commit).last().unwrap_or(20);
    std::thread::sleep(Duration::from_secs(1));
    child.kill().expect("killed");
    child.wait().expect("gone");
    let there = cluster.committed("g", &[("t", 1)]).expect("offsets")[0].2;
    assert!(there <= last, "{there} is committed, {last} was seen");
    proxy.cut(false);
    until(last + 2);
    let arrived = |wanted: i64| {
        while cluster.committed("g", &[("t", 1)]).expect("offsets")[0].2 < wanted {
            assert!(begin.elapsed() < LONG, "what was sent is applied");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    arrived(last + 2);
    let closed = |seen: Seen| matches!(seen.what, What::Closed { .. });
    while !seen.recv_timeout(LONG).map(closed).expect("its connections end") {}
}

#[test]
fn a_member_with_a_password_passes_too() {
    let Some((_broker, address)) = broker_with_rights() else { return };
    let cluster = Cluster::connect(&address, &sasl("bob", "b"), PATIENCE).expect("bob is known");
    cluster.create_topics(&[("t", 1)]).expect("a topic");
    cluster.preload("t", 1, 3, 10).expect("records");
    assert_eq!(cluster.committed("g", &[("t", 1)]).expect("a coordinator"), []);
    let (sender, seen) = mpsc::channel();
    let _watcher = cluster.watch(1, "g", sender.clone()).expect("a watcher");
    let proxy = Proxy::start(&address, 0, sender).expect("a proxy");
    let member = consumer(&proxy.address().to_string(), "g", &sasl("bob", "b"));
    member.subscribe(&["t"]).expect("subscribed");
    assert_eq!(read(&member, 3), [0, 1, 2]);
    drop(member);
    let (mut joined, mut described, begin) = (false, false, Instant::now());
    while !(joined && described) {
        assert!(begin.elapsed() < LONG, "joined: {joined}, described: {described}");
        match seen.recv_timeout(LONG).expect("more").what {
            What::Request { request: Asked::Join { .. }, .. } => joined = true,
            What::Described { state, .. } => described |= state == "Stable",
            _ => {}
        }
    }
}
