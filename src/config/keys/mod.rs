//! The table of Kafka's property names: which exist, for whom, with what default and range, and what groupsim does with them.

mod ignored;
mod producer;

pub use ignored::{IGNORED_BROKER, IGNORED_CONSUMER};
pub use producer::{PRODUCER, ignored_producer, producer, producer_names, producer_of};

use super::ClientKind::{self, FranzGo, Java, KafkaGo, Librdkafka, Sarama};

/// Whose property it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Side {
    /// A consumer's.
    Consumer,
    /// The broker's.
    Broker,
    /// A producer's.
    Producer,
}

/// What values a property takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyType {
    /// `true` or `false`.
    Boolean,
    /// A whole number in this range (Kafka's INT or LONG with its validator).
    Integer(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list, as an array or as one string with commas.
    List,
    /// Any text.
    Text,
    /// Not looked at: the property has no effect here.
    Any,
}

/// What groupsim does with a property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It does what it does in Kafka.
    Modelled,
    /// Known to Kafka, without effect here.
    Ignored,
    /// Refused, for this reason.
    Refused(&'static str),
}

/// One property of Kafka.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KafkaKey {
    /// Its name, as in a properties file.
    pub name: &'static str,
    /// What it takes.
    pub value: KeyType,
    /// Kafka's default as text; for a consumer key, the Java client's. Empty: none.
    pub default: &'static str,
    /// Which libraries have it, under this name or with this meaning; empty for broker keys.
    pub clients: &'static [ClientKind],
    /// What groupsim does with it.
    pub effect: Effect,
    /// Whether it is about membership of a group, and so makes no sense for a reader with `assign`.
    pub group_only: bool,
    /// One line about it.
    pub doc: &'static str,
}

const INT: i64 = i32::MAX as i64;
const LONG: i64 = i64::MAX / 1_000_000;
const ALL: &[ClientKind] = &ClientKind::ALL;
const JAVA: &[ClientKind] = &[Java];
const RD: &[ClientKind] = &[Librdkafka];
const FRANZ: &[ClientKind] = &[FranzGo];
const SARAMA: &[ClientKind] = &[Sarama];
const KAFKA_GO: &[ClientKind] = &[KafkaGo];
const GO: &[ClientKind] = &[Sarama, KafkaGo, FranzGo];
const JAVA_RD: &[ClientKind] = &[Java, Librdkafka];
const NOT_KAFKA_GO: &[ClientKind] = &[Java, Librdkafka, Sarama, FranzGo];

const fn modelled(
    name: &'static str,
    value: KeyType,
    default: &'static str,
    clients: &'static [ClientKind],
    doc: &'static str,
) -> KafkaKey {
    KafkaKey { name, value, default, clients, effect: Effect::Modelled, group_only: false, doc }
}

const fn group(mut key: KafkaKey) -> KafkaKey {
    key.group_only = true;
    key
}

const fn refused(name: &'static str, clients: &'static [ClientKind], why: &'static str) -> KafkaKey {
    KafkaKey {
        name,
        value: KeyType::Any,
        default: "",
        clients,
        effect: Effect::Refused(why),
        group_only: false,
        doc: why,
    }
}

/// Consumer properties that groupsim models or refuses. Those without effect are in [`IGNORED_CONSUMER`].
pub const CONSUMER: &[KafkaKey] = &[
    group(modelled(
        "session.timeout.ms",
        KeyType::Integer(i32::MIN as i64, INT),
        "45000",
        ALL,
        "The broker removes a member from which it has heard nothing for this long.",
    )),
    group(modelled(
        "heartbeat.interval.ms",
        KeyType::Integer(1, INT),
        "3000",
        ALL,
        "Time between heartbeats; at most a third of session.timeout.ms.",
    )),
    group(modelled(
        "max.poll.interval.ms",
        KeyType::Integer(1, INT),
        "300000",
        JAVA_RD,
        "A member that does not poll for this long leaves; also the time that others wait for it in a rebalance.",
    )),
    group(modelled(
        "rebalance.timeout.ms",
        KeyType::Integer(1, INT),
        "60000",
        GO,
        "How long others wait for the member in a rebalance; Java and librdkafka take max.poll.interval.ms.",
    )),
    modelled("max.poll.records", KeyType::Integer(1, INT), "500", JAVA, "Most records that one poll() returns."),
    modelled(
        "auto.offset.reset",
        KeyType::Word(&["earliest", "latest", "none"]),
        "latest",
        ALL,
        "Where to start if nothing is committed, or the position is outside the log.",
    ),
    group(modelled(
        "partition.assignment.strategy",
        KeyType::List,
        "range,cooperative-sticky",
        ALL,
        "Assignors in order of preference: range, roundrobin, sticky, cooperative-sticky, or Kafka's class names.",
    )),
    group(modelled(
        "enable.auto.commit",
        KeyType::Boolean,
        "true",
        NOT_KAFKA_GO,
        "Commit in the background; `commit = { when = \"auto\" }` is the same switch.",
    )),
    group(modelled(
        "auto.commit.interval.ms",
        KeyType::Integer(0, INT),
        "5000",
        NOT_KAFKA_GO,
        "Time between automatic commits.",
    )),
    group(modelled(
        "enable.auto.offset.store",
        KeyType::Boolean,
        "true",
        RD,
        "Whether librdkafka stores an offset just before it hands the record over.",
    )),
    modelled("client.id", KeyType::Text, "", ALL, "First part of the member id; the default is the library's own."),
    modelled(
        "retry.backoff.ms",
        KeyType::Integer(0, LONG),
        "100",
        JAVA_RD,
        "First pause before a request is repeated.",
    ),
    modelled("retry.backoff.max.ms", KeyType::Integer(0, LONG), "1000", JAVA_RD, "Longest such pause."),
    modelled("reconnect.backoff.ms", KeyType::Integer(0, LONG), "50", JAVA_RD, "First pause before a reconnect."),
    modelled("reconnect.backoff.max.ms", KeyType::Integer(0, LONG), "1000", JAVA_RD, "Longest such pause."),
    modelled(
        "request.timeout.ms",
        KeyType::Integer(0, INT),
        "30000",
        &[Java, FranzGo],
        "A client drops the connection when an answer takes longer.",
    ),
    modelled(
        "default.api.timeout.ms",
        KeyType::Integer(0, INT),
        "60000",
        JAVA,
        "Deadline of commitSync and other blocking calls.",
    ),
    modelled(
        "metadata.max.age.ms",
        KeyType::Integer(0, LONG),
        "300000",
        &[Java, Sarama, FranzGo],
        "How often topics and partitions are looked up; new partitions are seen then.",
    ),
    modelled(
        "topic.metadata.refresh.interval.ms",
        KeyType::Integer(1, INT),
        "300000",
        RD,
        "How often topics and partitions are looked up; new partitions are seen then.",
    ),
    modelled(
        "socket.timeout.ms",
        KeyType::Integer(10, 300_000),
        "60000",
        RD,
        "A client drops the connection when an answer takes longer.",
    ),
    modelled(
        "queued.min.messages",
        KeyType::Integer(1, 10_000_000),
        "100000",
        RD,
        "Records that librdkafka fetches ahead, over all partitions.",
    ),
    modelled("fetch.wait.max.ms", KeyType::Integer(0, 300_000), "500", RD, "... but at most so long."),
    modelled(
        "fetch.message.max.bytes",
        KeyType::Integer(1, 1_000_000_000),
        "1048576",
        RD,
        "max.partition.fetch.bytes.",
    ),
    modelled("fetch.min.bytes", KeyType::Integer(0, INT), "1", ALL, "A fetch waits until so much is there."),
    modelled(
        "fetch.max.wait.ms",
        KeyType::Integer(0, INT),
        "500",
        &[Java, Sarama, KafkaGo, FranzGo],
        "... but at most so long.",
    ),
    modelled(
        "fetch.max.bytes",
        KeyType::Integer(0, INT),
        "52428800",
        &[Java, Librdkafka, KafkaGo, FranzGo],
        "Most bytes of one fetch.",
    ),
    modelled(
        "max.partition.fetch.bytes",
        KeyType::Integer(0, INT),
        "1048576",
        NOT_KAFKA_GO,
        "Most bytes of one partition in one fetch.",
    ),
    modelled(
        "MaxPollRecords",
        KeyType::Integer(1, INT),
        "all that is buffered",
        FRANZ,
        "Most records that one poll returns: PollRecords(MaxPollRecords) instead of PollFetches.",
    ),
    group(modelled(
        "BlockRebalanceOnPoll",
        KeyType::Boolean,
        "false",
        FRANZ,
        "Rebalance callbacks wait until the application, which has polled, comes back to poll (AllowRebalance).",
    )),
    group(modelled(
        "GreedyAutoCommit",
        KeyType::Boolean,
        "false",
        FRANZ,
        "Auto-commit takes everything that was polled, not only the polls before the last.",
    )),
    group(modelled(
        "AutoCommitMarks",
        KeyType::Boolean,
        "false",
        FRANZ,
        "Auto-commit takes only records that the application has marked, which it does when it has handled them.",
    )),
    modelled(
        "ChannelBufferSize",
        KeyType::Integer(1, 1_000_000),
        "256",
        SARAMA,
        "Messages that wait in the channel of each claim.",
    ),
    modelled(
        "Consumer.MaxProcessingTime",
        KeyType::Integer(1, INT),
        "100",
        SARAMA,
        "A claim whose handler takes no message for one to two times this (ms) is not fetched for until it does.",
    ),
    modelled(
        "Consumer.Retry.Backoff",
        KeyType::Integer(0, INT),
        "2000",
        SARAMA,
        "Pause (ms) before a partition consumer that met an error looks for its leader again.",
    ),
    group(modelled(
        "Consumer.Group.Rebalance.Retry.Max",
        KeyType::Integer(0, INT),
        "4",
        SARAMA,
        "How often joining is tried again before Consume returns an error.",
    )),
    group(modelled(
        "Consumer.Group.Rebalance.Retry.Backoff",
        KeyType::Integer(0, INT),
        "2000",
        SARAMA,
        "Pause (ms) before each such attempt.",
    )),
    group(modelled(
        "Consumer.Group.ResetInvalidOffsets",
        KeyType::Boolean,
        "true",
        SARAMA,
        "Whether a claim whose committed offset is out of range starts at auto.offset.reset (Offsets.Initial).",
    )),
    group(modelled(
        "Consumer.Offsets.Retry.Max",
        KeyType::Integer(0, INT),
        "3",
        SARAMA,
        "How often the last flush of AutoCommit, at the end of a session, is repeated.",
    )),
    modelled(
        "Metadata.Retry.Max",
        KeyType::Integer(0, INT),
        "3",
        SARAMA,
        "How often Metadata, FindCoordinator, OffsetFetch and heartbeats are repeated after an error.",
    ),
    modelled("Metadata.Retry.Backoff", KeyType::Integer(0, INT), "250", SARAMA, "Pause (ms) before each of these."),
    modelled(
        "Net.ReadTimeout",
        KeyType::Integer(1, INT),
        "30000",
        SARAMA,
        "The connection is dropped when an answer takes longer (ms); also that of a JoinGroup that waits for others.",
    ),
    group(modelled(
        "HeartbeatDuringRelease",
        KeyType::Boolean,
        "true",
        SARAMA,
        "groupsim's own: false is sarama before 1.31, whose heartbeats stopped as soon as a rebalance was seen.",
    )),
    group(modelled(
        "CommitInterval",
        KeyType::Integer(0, INT),
        "0",
        KAFKA_GO,
        "With 0 CommitMessages waits for the answer; else it returns at once, and offsets are committed every so many ms.",
    )),
    modelled(
        "QueueCapacity",
        KeyType::Integer(1, 10_000_000),
        "100",
        KAFKA_GO,
        "Messages that wait for FetchMessage, of all partitions together.",
    ),
    group(modelled(
        "WatchPartitionChanges",
        KeyType::Boolean,
        "false",
        KAFKA_GO,
        "Whether members look for new partitions of their topics.",
    )),
    group(modelled(
        "PartitionWatchInterval",
        KeyType::Integer(1, INT),
        "5000",
        KAFKA_GO,
        "How often they look, in ms.",
    )),
    group(modelled(
        "JoinGroupBackoff",
        KeyType::Integer(1, INT),
        "5000",
        KAFKA_GO,
        "Pause before a member joins again after an error, in ms.",
    )),
    modelled(
        "ReadBackoffMin",
        KeyType::Integer(1, INT),
        "100",
        KAFKA_GO,
        "First pause of a partition's reader after an error, in ms; the n-th is n x n times as long.",
    ),
    modelled("ReadBackoffMax", KeyType::Integer(1, INT), "1000", KAFKA_GO, "Longest such pause."),
    refused("group.id", ALL, "the group's id is its name in the file, [group.NAME]"),
    refused("group.instance.id", ALL, "write `static = true`: each member's name is its group.instance.id then"),
    KafkaKey {
        name: "group.protocol",
        value: KeyType::Word(&["classic", "consumer"]),
        default: "classic",
        clients: JAVA_RD,
        effect: Effect::Refused("it is the same for a whole file: write `protocol` at its top"),
        group_only: true,
        doc: "Must be the file's `protocol`.",
    },
    refused("group.remote.assignor", JAVA_RD, "Kafka refuses it with group.protocol = classic"),
    refused("internal.leave.group.on.close", JAVA, "it is internal to Kafka Streams and not modelled"),
];

const fn broker(name: &'static str, min: i64, max: i64, default: &'static str, doc: &'static str) -> KafkaKey {
    modelled(name, KeyType::Integer(min, max), default, &[], doc)
}

/// Broker properties that groupsim models.
pub const BROKER: &[KafkaKey] = &[
    broker("group.min.session.timeout.ms", 0, INT, "6000", "Smallest session timeout that a member may ask for."),
    broker("group.max.session.timeout.ms", 0, INT, "1800000", "Largest session timeout that a member may ask for."),
    broker(
        "group.initial.rebalance.delay.ms",
        0,
        INT,
        "3000",
        "How long the first rebalance of an empty group waits for more members; extended while they keep coming.",
    ),
    broker("group.max.size", 1, INT, "2147483647", "Most members of a group."),
    broker("offset.metadata.max.bytes", 0, INT, "4096", "Longest metadata string of a commit."),
    broker("offsets.retention.minutes", 1, INT, "10080", "Committed offsets of an empty group are kept this long."),
    broker("offsets.retention.check.interval.ms", 1, LONG, "600000", "How often expired offsets are looked for."),
];

/// The property `name` of a consumer, modelled, ignored or refused, of whatever library.
pub fn consumer(name: &str) -> Option<KafkaKey> {
    if let Some(key) = CONSUMER.iter().find(|key| key.name == name) {
        return Some(*key);
    }
    let mut found: Option<KafkaKey> = None;
    for (clients, names) in IGNORED_CONSUMER {
        if let Some(&name) = names.iter().find(|&&n| n == name) {
            // Of two rows with the same name the one for more libraries is enough for the name; who has it is asked
            // with `client_has`.
            found.get_or_insert(ignored(name, clients));
        }
    }
    found
}

/// The property `name` of the broker.
pub fn broker_key(name: &str) -> Option<KafkaKey> {
    BROKER
        .iter()
        .find(|key| key.name == name)
        .copied()
        .or_else(|| IGNORED_BROKER.iter().find(|&&n| n == name).map(|&name| ignored(name, &[])))
}

/// Whether the library `client` has the consumer property `name`.
pub fn client_has(client: ClientKind, name: &str) -> bool {
    CONSUMER.iter().any(|key| key.name == name && key.clients.contains(&client))
        || IGNORED_CONSUMER.iter().any(|(clients, names)| clients.contains(&client) && names.contains(&name))
}

/// Every property name that `side` knows, for "did you mean"; of consumers, those of `client`.
pub fn names(side: Side, client: ClientKind) -> Vec<&'static str> {
    match side {
        Side::Producer => producer_names(client),
        Side::Broker => BROKER.iter().map(|key| key.name).chain(IGNORED_BROKER.iter().copied()).collect(),
        Side::Consumer => {
            let modelled = CONSUMER.iter().filter(|key| key.clients.contains(&client)).map(|key| key.name);
            let ignored = IGNORED_CONSUMER.iter().filter(|(clients, _)| clients.contains(&client));
            modelled.chain(ignored.flat_map(|(_, names)| names.iter().copied())).collect()
        }
    }
}

const fn ignored(name: &'static str, clients: &'static [ClientKind]) -> KafkaKey {
    KafkaKey {
        name,
        value: KeyType::Any,
        default: "",
        clients,
        effect: Effect::Ignored,
        group_only: false,
        doc: "Known to Kafka; without effect in groupsim.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BrokerConfig, ClientConfig};

    #[test]
    fn names_are_unique_for_every_library_and_for_the_broker() {
        for client in ClientKind::ALL {
            let mut all = names(Side::Consumer, client);
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{client:?}");
        }
        let mut all = names(Side::Broker, Java);
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_tables_defaults_are_those_of_the_settings() {
        let default = |name: &str| consumer(name).or_else(|| broker_key(name)).unwrap().default.to_string();
        let (client, server) = (ClientConfig::default(), BrokerConfig::default());
        assert_eq!(default("session.timeout.ms"), client.session_timeout_ms.to_string());
        assert_eq!(default("heartbeat.interval.ms"), client.heartbeat_interval_ms.to_string());
        assert_eq!(default("max.poll.interval.ms"), client.max_poll_interval_ms.to_string());
        assert_eq!(default("max.poll.records"), client.max_poll_records.to_string());
        assert_eq!(default("fetch.max.bytes"), client.fetch_max_bytes.to_string());
        assert_eq!(default("max.partition.fetch.bytes"), client.max_partition_fetch_bytes.to_string());
        let assignors: Vec<_> = client.assignors.iter().map(|a| a.name()).collect();
        assert_eq!(default("partition.assignment.strategy"), assignors.join(","));
        assert_eq!(default("group.max.size"), server.group_max_size.to_string());
        assert_eq!(default("offsets.retention.minutes"), server.offsets_retention_minutes.to_string());
    }

    #[test]
    fn what_a_library_lacks_is_known() {
        assert!(client_has(Java, "max.poll.records"));
        assert!(!client_has(Librdkafka, "max.poll.records"));
        assert!(!client_has(Sarama, "max.poll.interval.ms"));
        assert_eq!(consumer("bootstrap.servers").unwrap().effect, Effect::Ignored);
        assert_eq!(consumer("sesion.timeout.ms"), None);
    }
}
