//! Consumer settings that groupsim models, and the profiles of client libraries.

use super::{CommitPolicy, KafkaGoConfig, ProcessPolicy, SaramaConfig};
use serde::{Deserialize, Serialize};

/// Which client library a member runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum ClientKind {
    /// Apache Kafka's Java client, classic consumer.
    Java,
    /// librdkafka and what is built on it (kcat, confluent-kafka-go ...).
    Librdkafka,
    /// IBM/sarama.
    Sarama,
    /// segmentio/kafka-go.
    KafkaGo,
    /// twmb/franz-go.
    FranzGo,
}

impl ClientKind {
    /// All profiles.
    pub const ALL: [ClientKind; 5] =
        [ClientKind::Java, ClientKind::Librdkafka, ClientKind::Sarama, ClientKind::KafkaGo, ClientKind::FranzGo];

    /// The name in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            ClientKind::Java => "java",
            ClientKind::Librdkafka => "librdkafka",
            ClientKind::Sarama => "sarama",
            ClientKind::KafkaGo => "kafka-go",
            ClientKind::FranzGo => "franz-go",
        }
    }
}

/// `auto.offset.reset` (CLIENT-35).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AutoOffsetReset {
    /// The log's start.
    Earliest,
    /// The log's end.
    Latest,
    /// An exception.
    None,
}

/// The assignors that ship with clients.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum AssignorKind {
    /// ASSIGN-RANGE-*.
    Range,
    /// ASSIGN-RR-*.
    RoundRobin,
    /// ASSIGN-STICKY-*, eager.
    Sticky,
    /// ASSIGN-COOP-*.
    CooperativeSticky,
}

impl AssignorKind {
    /// All of them.
    pub const ALL: [AssignorKind; 4] =
        [AssignorKind::Range, AssignorKind::RoundRobin, AssignorKind::Sticky, AssignorKind::CooperativeSticky];

    /// The protocol name on the wire and in `partition.assignment.strategy`.
    pub const fn name(self) -> &'static str {
        match self {
            AssignorKind::Range => "range",
            AssignorKind::RoundRobin => "roundrobin",
            AssignorKind::Sticky => "sticky",
            AssignorKind::CooperativeSticky => "cooperative-sticky",
        }
    }

    /// The assignor with this name.
    pub fn from_name(name: &str) -> Option<AssignorKind> {
        AssignorKind::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// Settings of a consumer; names are Kafka's keys with dots as underscores. Defaults are the Java client's (ConsumerConfig).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClientConfig {
    /// The library.
    pub kind: ClientKind,
    /// `client.id`.
    pub client_id: String,
    /// `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// `heartbeat.interval.ms`.
    pub heartbeat_interval_ms: i32,
    /// `max.poll.interval.ms`; sent as the rebalance timeout.
    pub max_poll_interval_ms: i32,
    /// The rebalance timeout that the Go clients send in JoinGroup; the others send `max.poll.interval.ms`.
    pub rebalance_timeout_ms: i32,
    /// `max.poll.records`; 1 for a library that hands out one record at a time.
    pub max_poll_records: u32,
    /// `auto.offset.reset`.
    pub auto_offset_reset: AutoOffsetReset,
    /// `partition.assignment.strategy`, in order of preference (CLIENT-17).
    pub assignors: Vec<AssignorKind>,
    /// `retry.backoff.ms`.
    pub retry_backoff_ms: i64,
    /// `retry.backoff.max.ms`.
    pub retry_backoff_max_ms: i64,
    /// `reconnect.backoff.ms`.
    pub reconnect_backoff_ms: i64,
    /// `reconnect.backoff.max.ms`.
    pub reconnect_backoff_max_ms: i64,
    /// `request.timeout.ms`.
    pub request_timeout_ms: i32,
    /// `default.api.timeout.ms`: deadline of commitSync and close.
    pub default_api_timeout_ms: i32,
    /// `metadata.max.age.ms`.
    pub metadata_max_age_ms: i64,
    /// `fetch.min.bytes`.
    pub fetch_min_bytes: u32,
    /// `fetch.max.wait.ms`.
    pub fetch_max_wait_ms: i32,
    /// `fetch.max.bytes`.
    pub fetch_max_bytes: u32,
    /// `max.partition.fetch.bytes`.
    pub max_partition_fetch_bytes: u32,
    /// `enable.auto.offset.store` of librdkafka: a record's offset is stored just before it is handed over; otherwise the
    /// application stores it when it has handled it.
    pub enable_auto_offset_store: bool,
    /// `queued.min.messages` of librdkafka: it fetches ahead until so many records wait.
    pub queued_min_messages: i64,
    /// `BlockRebalanceOnPoll` of franz-go: rebalance callbacks wait until the application polls again.
    pub block_rebalance_on_poll: bool,
    /// `GreedyAutoCommit` of franz-go: auto-commit takes everything that was polled.
    pub greedy_auto_commit: bool,
    /// `AutoCommitMarks` of franz-go: auto-commit takes only what the application marks, when it has handled it.
    pub auto_commit_marks: bool,
    /// Settings that only sarama has.
    pub sarama: SaramaConfig,
    /// What only kafka-go has.
    pub kafka_go: KafkaGoConfig,
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig {
            kind: ClientKind::Java,
            client_id: String::new(),
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 3_000,
            max_poll_interval_ms: 300_000,
            rebalance_timeout_ms: 60_000,
            max_poll_records: 500,
            auto_offset_reset: AutoOffsetReset::Latest,
            assignors: vec![AssignorKind::Range, AssignorKind::CooperativeSticky],
            retry_backoff_ms: 100,
            retry_backoff_max_ms: 1_000,
            reconnect_backoff_ms: 50,
            reconnect_backoff_max_ms: 1_000,
            request_timeout_ms: 30_000,
            default_api_timeout_ms: 60_000,
            metadata_max_age_ms: 300_000,
            fetch_min_bytes: 1,
            fetch_max_wait_ms: 500,
            fetch_max_bytes: 52_428_800,
            max_partition_fetch_bytes: 1_048_576,
            enable_auto_offset_store: true,
            queued_min_messages: 100_000,
            block_rebalance_on_poll: false,
            greedy_auto_commit: false,
            auto_commit_marks: false,
            sarama: SaramaConfig::default(),
            kafka_go: KafkaGoConfig::default(),
        }
    }
}

/// Where a reader, or a member without a committed offset, starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum StartAt {
    /// At the committed offset, else by auto.offset.reset. (A stand-alone reader has nothing committed.)
    Committed,
    /// `from = "beginning"`.
    Beginning,
    /// `from = "end"`.
    End,
    /// `from = N`.
    Offset(i64),
}

/// How a process gets its partitions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Membership {
    /// It subscribes to topics as a member of a group.
    Subscribe {
        /// `group.id`.
        group: String,
        /// `group.instance.id` of a static member.
        instance: Option<String>,
        /// Topics.
        topics: Vec<String>,
    },
    /// It reads given partitions, without group management.
    Assign(Vec<(String, u32)>),
}

/// Everything that a process (a group member or a stand-alone reader) is started with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MemberConfig {
    /// Its name in the scenario, `billing-0`.
    pub name: String,
    /// Its scope: the group's id, or a stand-alone reader's group name in the file.
    pub scope: String,
    /// Its host as Kafka prints it, `/10.0.0.1`.
    pub host: String,
    /// How it gets partitions.
    pub membership: Membership,
    /// Client library settings.
    pub client: ClientConfig,
    /// How it handles records.
    pub process: ProcessPolicy,
    /// When it commits what.
    pub commit: CommitPolicy,
    /// Where it starts reading.
    pub from: StartAt,
    /// Close cleanly once every partition has reached the end that it had when it was taken.
    pub until_end: bool,
}
