//! Topics, offsets and records on a real cluster, and what is said when there is none.

use std::time::{Duration, Instant};

use groupsim::kafka::cluster::{Cluster, ClusterError};

use crate::kafka_broker::Broker;

/// Longest wait for any one answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub fn connect(broker: &Broker) -> Cluster {
    Cluster::connect(broker.address(), &[], PATIENCE).expect("a cluster")
}

#[test]
fn topics_are_made_and_found_and_deleted() {
    let Some(broker) = Broker::start(&["group.min.session.timeout.ms=1234", "group.max.size=77"]) else { return };
    let cluster = connect(&broker);
    cluster.create_topics(&[("a", 3), ("b", 1)]).expect("topics");
    let exists = ClusterError::TopicExists { topic: "b".to_owned() };
    assert_eq!(cluster.create_topics(&[("b", 1)]), Err(exists.clone()));
    assert_eq!(exists.to_string(), "topic b is there already, and what is in it is not touched");

    let preloaded = cluster.preload("a", 3, 10_001, 100).expect("records");
    assert_eq!(preloaded.iter().map(|appended| appended.to - appended.from).sum::<i64>(), 10_001);
    assert_eq!(cluster.end_offsets("a", 3).expect("offsets"), [3334, 3334, 3333]);
    cluster.add_partitions("a", 4).expect("a partition");
    let one = cluster.produce("a", 3, 5, 1).expect("records");
    assert_eq!(
        one.iter().map(|appended| (appended.partition, appended.from, appended.to)).collect::<Vec<_>>(),
        [(3, 0, 5)]
    );
    cluster.delete_records("a", 3, 2).expect("deleted");
    assert_eq!(cluster.bounds("a", 3).expect("bounds"), (2, 5));

    assert_eq!(cluster.committed("g", &[("a", 4)]).expect("nothing"), []);
    cluster.commit("g", &[("a".to_owned(), 1, 17)]).expect("a commit");
    assert_eq!(cluster.committed("g", &[("a", 4)]).expect("one"), [("a".to_owned(), 1, 17)]);
    cluster.delete_groups(&["g", "nobody"]).expect("deleted");
    assert_eq!(cluster.committed("g", &[("a", 4)]).expect("nothing"), []);

    let settings = cluster.broker_settings().expect("settings");
    assert_eq!((settings.group_min_session_timeout_ms, settings.group_max_size), (1234, 77));
    cluster.delete_topics(&["a", "b", "c"]).expect("deleted");
    assert!(cluster.is_alive());
    broker.stop();
    let begin = Instant::now();
    assert!(!cluster.is_alive());
    let lost = cluster.create_topics(&[("a", 1)]).expect_err("nobody there");
    assert!(lost.is_absence(), "{lost}");
    assert!(begin.elapsed() < PATIENCE * 3, "{:?}", begin.elapsed());
    eprintln!("{lost}");
}
