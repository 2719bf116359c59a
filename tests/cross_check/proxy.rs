//! A real librdkafka consumer through the proxy.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use groupsim::kafka::wire::{Answered, Asked, Proxy, Seen, Watcher, What};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;

use crate::cluster::connect;
use crate::kafka_broker::Broker;

/// Longest wait for anything to happen.
const LONG: Duration = Duration::from_secs(20);

fn consumer(proxy: &Proxy, group: &str) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", proxy.address().to_string())
        .set("group.id", group)
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "500")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer")
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
    let (sender, seen) = mpsc::channel();
    let _watcher = Watcher::start(broker.address(), 1, "g", sender.clone()).expect("a watcher");
    let proxy = Proxy::start(broker.address(), 0, sender).expect("a proxy");
    let member = consumer(&proxy, "g");
    member.subscribe(&["t"]).expect("subscribed");
    assert_eq!(read(&member, 10), (0..10).collect::<Vec<_>>());
    member.commit_consumer_state(CommitMode::Sync).expect("committed");

    proxy.cut(true);
    let before = seen.try_iter().collect::<Vec<Seen>>();
    before.iter().for_each(|seen| eprintln!("{seen:?}"));
    cluster.produce("t", 0, 5, 100).expect("records");
    assert!(member.poll(Duration::from_secs(2)).is_none(), "nothing comes through");
    let during = seen.try_iter().filter(|seen| seen.source == 0).collect::<Vec<Seen>>();
    assert_eq!(during, [], "nothing is seen while the proxy is cut");
    proxy.cut(false);
    assert_eq!(read(&member, 5), (10..15).collect::<Vec<_>>());
    drop(member);
    let after = seen.try_iter().collect::<Vec<Seen>>();
    after.iter().for_each(|seen| eprintln!("{seen:?}"));
    let all = before.iter().chain(&after);
    assert!(
        all.clone()
            .any(|seen| matches!(&seen.what, What::Request { request: Asked::Join { group, .. }, .. } if group == "g"))
    );
    assert!(all.clone().any(|seen| matches!(&seen.what, What::Answer { answer: Answered::Commit { partitions }, .. } if *partitions == [("t".to_owned(), 0, 0)])));
}
