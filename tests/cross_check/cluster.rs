//! Topics, offsets and records on a real cluster, and what is said when there is none.

use std::io::{Read, Write};
use std::net::TcpListener;
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

#[test]
fn every_call_tells_that_the_cluster_is_lost() {
    let Some(broker) = Broker::start(&[]) else { return };
    let patience = Duration::from_secs(3);
    let cluster = Cluster::connect(broker.address(), &[], patience).expect("a cluster");
    cluster.create_topics(&[("t", 1)]).expect("a topic");
    broker.stop();
    let begin = Instant::now();
    for failed in [
        cluster.committed("g", &[("t", 1)]).map(drop),
        cluster.commit("g", &[("t".to_owned(), 0, 0)]),
        cluster.end_offsets("t", 1).map(drop),
        cluster.broker_settings().map(drop),
        cluster.add_partitions("t", 2),
        cluster.delete_records("t", 0, 1),
        cluster.delete_topics(&["t"]),
        cluster.delete_groups(&["g"]),
        cluster.produce("t", 0, 1, 1).map(drop),
    ] {
        let failed = failed.expect_err("nobody there");
        eprintln!("{failed}");
        assert!(matches!(failed, ClusterError::Lost { .. }), "{failed:?}");
    }
    assert!(begin.elapsed() < patience * 20, "{:?}", begin.elapsed());
}

/// What is said when nobody useful is at an address, and how long that took.
fn unreachable(address: &str) -> (String, Duration) {
    let begin = Instant::now();
    let Err(error) = Cluster::connect(address, &[], Duration::from_secs(4)) else { panic!("nobody is there") };
    assert!(matches!(error, ClusterError::Unreachable { .. }), "{error:?}");
    eprintln!("{:?} {error}", begin.elapsed());
    (error.to_string(), begin.elapsed())
}

#[test]
fn without_a_cluster_one_sentence_says_so_in_time() {
    // Nobody; somebody who says nothing; somebody who speaks otherwise; somebody who hangs up; a name that is none.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let (said, took) = unreachable(&free.to_string());
    assert_eq!(said, format!("no Kafka cluster at {free}: Connect to {free} failed: Connection refused"));
    assert!(took < Duration::from_secs(4), "{took:?}");

    let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = mute.local_addr().expect("an address").to_string();
    let (said, took) = unreachable(&address);
    assert_eq!(said, format!("no Kafka cluster at {address}: nothing there answers as a Kafka broker does within 4 s"));
    assert!(took < Duration::from_secs(6), "{took:?}");

    for words in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let other = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = other.local_addr().expect("an address").to_string();
        std::thread::spawn(move || {
            for stream in other.incoming().flatten() {
                let _ = (&stream).read(&mut [0; 100]);
                let _ = (&stream).write_all(words.as_bytes());
            }
        });
        let (_, took) = unreachable(&address);
        assert!(took < Duration::from_secs(6), "{took:?}");
    }
    unreachable("no.invalid:9092");
}

#[test]
fn settings_that_are_wrong_are_named() {
    let wrong = |key: &str, value: &str| {
        let properties = [(key.to_owned(), value.to_owned())];
        let Err(error) = Cluster::connect("127.0.0.1:9", &properties, PATIENCE) else { panic!("that is no setting") };
        assert!(matches!(error, ClusterError::Setting { .. }), "{error:?}");
        error.to_string()
    };
    eprintln!("{}", wrong("security.protocl", "plaintext"));
    eprintln!("{}", wrong("security.protocol", "plain"));
    eprintln!("{}", wrong("security.protocol", "ssl"));
}

/// A broker with a listener for its own kind and one where clients say who they are: alice, who may do nothing, and bob, who may
/// do everything. Gives the address of the latter.
pub fn broker_with_rights() -> Option<(Broker, String)> {
    let ports = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    let [plain, sasl, controller] = ports.map(|listener| listener.local_addr().expect("an address").to_string());
    let broker = Broker::start(&[
        &format!("listeners=PLAINTEXT://{plain},SASL_PLAINTEXT://{sasl},CONTROLLER://{controller}"),
        &format!("advertised.listeners=PLAINTEXT://{plain},SASL_PLAINTEXT://{sasl}"),
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        &format!("controller.quorum.voters=1@{controller}"),
        "sasl.enabled.mechanisms=PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
         required username=\"x\" password=\"x\" user_alice=\"a\" user_bob=\"b\";",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS;User:bob",
    ])?;
    Some((broker, sasl))
}

pub fn sasl(user: &str, password: &str) -> Vec<(String, String)> {
    let settings = [
        ("security.protocol", "sasl_plaintext"),
        ("sasl.mechanisms", "PLAIN"),
        ("sasl.username", user),
        ("sasl.password", password),
    ];
    settings.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec()
}

#[test]
fn a_missing_right_is_named() {
    let Some((_broker, address)) = broker_with_rights() else { return };
    let bob = Cluster::connect(&address, &sasl("bob", "b"), PATIENCE).expect("bob is known");
    bob.create_topics(&[("t", 1)]).expect("bob may");
    let Err(wrong) = Cluster::connect(&address, &sasl("bob", "c"), PATIENCE) else { panic!("that is not bob") };
    let bad = "SASL authentication error: Authentication failed: Invalid username or password";
    assert_eq!(wrong.to_string(), format!("no Kafka cluster at {address}: {bad}"));
    let alice = Cluster::connect(&address, &sasl("alice", "a"), PATIENCE).expect("alice is known");
    for (failed, doing, what) in [
        (alice.create_topics(&[("u", 1)]), "making topic u", "topic"),
        (alice.delete_topics(&["t"]), "deleting topic t", "topic"),
        (alice.committed("g", &[("t", 1)]).map(drop), "asking what group g has committed", "group"),
        (alice.commit("g", &[("t".to_owned(), 0, 0)]), "setting offsets of group g", "group"),
        (alice.broker_settings().map(drop), "asking for the brokers' settings", "cluster"),
        (alice.delete_groups(&["g"]), "deleting group g", "group"),
        (alice.produce("t", 0, 1, 1).map(drop), "sending records to t", "topic"),
    ] {
        let said = failed.expect_err("alice may not").to_string();
        assert_eq!(said, format!("the cluster does not allow {doing}: this user lacks a right on the {what}"));
    }
    bob.commit("g", &[("t".to_owned(), 0, 0)]).expect("bob may");
    assert_eq!(bob.committed("g", &[("t", 1)]).expect("bob may"), [("t".to_owned(), 0, 0)]);
}
