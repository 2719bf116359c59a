//! The tables of a scenario file: which keys each has, of what kind, and what for. Validation, "did you mean" and the JSON
//! Schema all read these.

use crate::config::keys::Side;

/// A key of a table.
pub(super) struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub doc: &'static str,
}

/// What a key takes.
pub(super) enum Kind {
    Text,
    Integer(u64, u64),
    Boolean,
    Duration,
    Instants,
    Share,
    Size,
    Rate,
    Words(&'static [&'static str]),
    Texts,
    Table(&'static [Field]),
    /// A table whose keys are names.
    Map(&'static [Field]),
    List(&'static [Field]),
    /// Kafka's own property names.
    Properties(Side),
    OneOf(&'static [Kind]),
}

/// The names of a table's keys.
pub(super) fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|f| f.name).collect()
}

const fn field(name: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { name, kind, doc }
}

/// Limits, each named in its message.
pub(super) const MAX_MEMBERS: u64 = 10_000;
pub(super) const MAX_PARTITIONS: u64 = 100_000;
/// Partitions of all groups: one that two groups read counts twice.
pub(super) const MAX_READ: u64 = 100_000;
pub(super) const MAX_PRODUCED: u64 = 2_000_000_000;
pub(super) const MAX_PRELOADED: u64 = 1_000_000_000_000_000;
pub(super) const MAX_EXPANDED: u64 = 1_000_000;
pub(super) const MAX_CALLERS: u64 = 10_000;
pub(super) const MAX_PRODUCERS: u64 = 1_000;
pub(super) const MAX_KEYS: u64 = 1_000_000;
pub(super) const MAX_SIZE: u64 = 1 << 30;
pub(super) const MAX_WORKERS: u64 = 10_000;
pub(super) const MAX_BUFFER: u64 = 1_000_000;

pub(super) const CLIENTS: &[&str] = &["java", "librdkafka", "sarama", "kafka-go", "franz-go"];
/// How often a failed commit may be repeated.
pub(super) const MAX_RETRIES: u64 = 1_000;

pub(super) const WHENS: &[&str] =
    &["auto", "before-record", "before-batch", "after-record", "after-batch", "every-n", "interval", "never"];
pub(super) const ORDERS: &[&str] = &["partition", "none"];
pub(super) const WHEN_REVOKED: &[&str] = &["finish-record", "drain", "ignore"];
pub(super) const OFFSETS: &[&str] = &["position", "done-contiguous", "done-max", "stored"];

pub(super) const ROOT: &[Field] = &[
    field("name", Kind::Text, "A name for the scenario. Default: the file's name."),
    field("protocol", Kind::Words(&["classic", "consumer"]), "Group protocol; `consumer` (KIP-848) is planned."),
    field("run-for", Kind::Duration, "How long the run lasts, in virtual time."),
    field("seed", Kind::Integer(0, i64::MAX as u64), "Root of all random choices. Default: 0. `--seed` beats it."),
    field("broker", Kind::Table(BROKER), "The broker."),
    field("network", Kind::Table(NETWORK), "The network."),
    field("topic", Kind::Map(TOPIC), "Topics by name."),
    field("group", Kind::Map(GROUP), "Consumer groups, and readers with `assign`, by name."),
    field("producer", Kind::Map(PRODUCER), "Producer clients by name."),
    field("timeline", Kind::Table(TIMELINE), "What happens when."),
    field("expect", Kind::Table(EXPECT), "What must hold."),
];

pub(super) const BROKER: &[Field] =
    &[field("config", Kind::Properties(Side::Broker), "The broker's properties, under Kafka's names.")];

pub(super) const NETWORK: &[Field] = &[field(
    "latency",
    Kind::OneOf(&[Kind::Duration, Kind::Table(LATENCY)]),
    "One-way latency. Default: 1ms. Or a table with base, jitter and loss.",
)];

pub(super) const LATENCY: &[Field] = &[
    field("base", Kind::Duration, "One-way latency. Default: 1ms."),
    field("jitter", Kind::Share, "Uniform jitter around the base. Default: 0%."),
    field("loss", Kind::Share, "Share of messages that are late by 200 ms x 2^k; nothing vanishes. Default: 0%."),
];

pub(super) const TOPIC: &[Field] = &[
    field("partitions", Kind::Integer(1, MAX_PARTITIONS), "Number of partitions. Default: 1."),
    field(
        "produce",
        Kind::OneOf(&[Kind::Rate, Kind::Table(PRODUCE), Kind::List(PRODUCE)]),
        "Records that arrive: a rate such as \"200/s\", a table, or a list of tables.",
    ),
    field("records", Kind::Integer(0, MAX_PRELOADED), "Records that are in the log at the start. Default: 0."),
    field("size", Kind::Size, "Size of a record, unless `produce` says otherwise. Default: 1KiB."),
];

pub(super) const PRODUCE: &[Field] = &[
    field("rate", Kind::Rate, "Records per time: \"200/s\", \"3/m\", \"1/10s\"."),
    field("size", Kind::Size, "Size of a record: \"1KiB\", or bytes."),
    field("keys", Kind::Integer(1, MAX_KEYS), "Number of different keys; without, records go round robin."),
    field(
        "partitioner",
        Kind::Words(&["murmur2", "round-robin"]),
        "Follows from `keys`: murmur2 with, round-robin without.",
    ),
    field("from", Kind::Duration, "First record. Default: 0s."),
    field("until", Kind::Duration, "No record from this instant on. Default: the end."),
];

pub(super) const GROUP: &[Field] = &[
    field("topics", Kind::Texts, "Topics that members subscribe to. Default: the only one there is."),
    field("members", Kind::Integer(0, MAX_MEMBERS), "Members started at the start: NAME-0, NAME-1 ... Default: 1."),
    field("client", Kind::Words(CLIENTS), "Client library. Default: java."),
    field("process", Kind::Table(PROCESS), "How records are handled."),
    field("commit", Kind::Table(COMMIT), "When which offsets are committed. Default: enable.auto.commit."),
    field("static", Kind::Boolean, "Static membership: each member's name is its group.instance.id."),
    field("config", Kind::Properties(Side::Consumer), "The consumer's properties, under Kafka's names."),
    field(
        "from",
        Kind::OneOf(&[Kind::Words(&["beginning", "end"]), Kind::Integer(0, i64::MAX as u64)]),
        "Where to start reading: \"beginning\", \"end\" or an offset.",
    ),
    field("until", Kind::Words(&["end"]), "Leave when every partition has reached the end it had when it was taken."),
    field("assign", Kind::Texts, "Partitions such as \"orders:0\", read without group management."),
    field("member", Kind::Map(MEMBER), "Settings of single members, by name or glob."),
];

pub(super) const MEMBER: &[Field] = &[
    field("topics", Kind::Texts, "Instead of the group's."),
    field("client", Kind::Words(CLIENTS), "Instead of the group's."),
    field("process", Kind::Table(PROCESS), "Instead of the group's, as a whole."),
    field("commit", Kind::Table(COMMIT), "Instead of the group's, as a whole."),
    field(
        "static",
        Kind::OneOf(&[Kind::Boolean, Kind::Text]),
        "Instead of the group's; a text is the group.instance.id, which two members may share by mistake.",
    ),
    field("config", Kind::Properties(Side::Consumer), "Beside the group's; beats it key by key."),
];

pub(super) const PRODUCER: &[Field] = &[
    field("topic", Kind::Text, "Where its records go. Default: the only topic there is."),
    field("client", Kind::Words(CLIENTS), "Client library. Default: java."),
    field(
        "send",
        Kind::OneOf(&[Kind::Rate, Kind::Table(SEND)]),
        "What the application sends, and how: a rate such as \"200/s\", or a table.",
    ),
    field(
        "config",
        Kind::Properties(Side::Producer),
        "The producer's properties, under the names that the library has.",
    ),
];

pub(super) const SEND: &[Field] = &[
    field("rate", Kind::Rate, "Records per time: \"200/s\". Default: a call follows the one before it at once."),
    field("calls", Kind::Integer(1, MAX_PRODUCED), "Calls in all; needed without `rate`."),
    field("per-call", Kind::Integer(1, MAX_PRODUCED), "Records of one call. Default: 1."),
    field("callers", Kind::Integer(1, MAX_CALLERS), "Threads that call at the same time, with mode sync. Default: 1."),
    field(
        "mode",
        Kind::Words(&["sync", "async"]),
        "Whether a call waits until its records are answered for. Default: kafka-go sync, others async.",
    ),
    field("size", Kind::Size, "Size of a record. Default: the topic's."),
    field("keys", Kind::Integer(1, MAX_KEYS), "Number of different keys; without, records have none."),
    field("from", Kind::Duration, "First call. Default: 0s."),
    field("until", Kind::Duration, "No call from this instant on. Default: the end."),
];

pub(super) const PROCESS: &[Field] = &[
    field("per-record", Kind::Duration, "Time that one record takes. Default: 0."),
    field("jitter", Kind::Share, "Uniform jitter around per-record. Default: 0%."),
    field("jitter-per", Kind::Words(&["run", "record"]), "One draw for each delivered run (default), or each record."),
    field(
        "workers",
        Kind::Integer(1, MAX_WORKERS),
        "Number of workers. Default: 1, the thread that polls; sarama: one for each partition.",
    ),
    field("order", Kind::Words(ORDERS), "Whether several workers keep the order of a partition. Default: partition."),
    field(
        "buffer",
        Kind::Integer(1, MAX_BUFFER),
        "Records out to several workers at most while the poll thread polls on (sarama: that wait of each partition). Default: the library's.",
    ),
    field(
        "when-revoked",
        Kind::Words(WHEN_REVOKED),
        "What becomes of delivered records at a revoke, and on a clean close. Default: the library's.",
    ),
];

pub(super) const COMMIT: &[Field] = &[
    field("when", Kind::Words(WHENS), "When to commit. Default: as enable.auto.commit says."),
    field("n", Kind::Integer(1, i64::MAX as u64), "With every-n: after so many records."),
    field("interval", Kind::Duration, "With interval or auto: time between commits."),
    field("offset", Kind::Words(OFFSETS), "Which offset. Default: done-contiguous."),
    field("mode", Kind::Words(&["sync", "async"]), "commitSync (default) or commitAsync."),
    field(
        "on-revoke",
        Kind::Boolean,
        "Also in the revoke callback and on a clean close. Default: true for auto, else false.",
    ),
    field("retry", Kind::Integer(0, MAX_RETRIES), "How often the application repeats a failed commit. Default: 0."),
    field("store", Kind::Words(&["kafka", "with-result"]), "Where offsets are kept. Default: kafka."),
];

pub(super) const TIMELINE: &[Field] = &[field("events", Kind::List(EVENT), "Events, one table each.")];

pub(super) const EVENT: &[Field] = &[
    field("at", Kind::Instants, "When: \"60s\", or a range that is drawn from, \"60s..120s\"."),
    field("every", Kind::Duration, "Repeats the event; with `times` or `until`."),
    field("times", Kind::Integer(1, i64::MAX as u64), "How often in all."),
    field("until", Kind::Duration, "Until when (exclusive), with `every`."),
    field("start", Kind::Text, "Start members."),
    field("stop", Kind::Text, "Shut members down cleanly."),
    field("crash", Kind::Text, "Kill members."),
    field("restart", Kind::Text, "Stop members, then start them again."),
    field("pause", Kind::Text, "Freeze processes."),
    field("slow", Kind::Text, "Make handlers slow."),
    field("stuck", Kind::Text, "Make handlers hang."),
    field("cut", Kind::Text, "Cut members off the network."),
    field("scale", Kind::Text, "Change a group's number of members."),
    field("add-partitions", Kind::Text, "Add partitions to a topic."),
    field("create-topic", Kind::Text, "Create a topic that is not there from the start."),
    field("produce", Kind::Text, "Append records to a topic."),
    field("delete-records", Kind::Text, "Delete a topic's oldest records, as retention does."),
    field("failover", Kind::Text, "Move a group's coordinator to another broker."),
    field("expire-offsets", Kind::Text, "The retention of a group's committed offsets is over."),
    field("reset-offsets", Kind::Text, "Set a group's committed offsets, as kafka-consumer-groups.sh does."),
    field("with", Kind::Properties(Side::Consumer), "start, restart: properties that change."),
    field("one-every", Kind::Duration, "restart: one member after the other, so far apart."),
    field(
        "down-for",
        Kind::Duration,
        "restart: time until the new process starts; failover: time until the new coordinator has read its log. Default: 0s.",
    ),
    field("grace", Kind::Duration, "stop, restart, scale: killed if not gone by then. Default: 30s."),
    field(
        "as",
        Kind::Words(&["same", "new"]),
        "restart: under the same name (default), or under its group's next free number, as a Deployment's pod.",
    ),
    field(
        "surge",
        Kind::Boolean,
        "restart, as = \"new\": the new one starts first, the old one stops after `down-for`. Default: false.",
    ),
    field("for", Kind::Duration, "pause, slow, stuck, cut: how long. Default: to the end."),
    field("per-record", Kind::Duration, "slow: time that each record takes."),
    field(
        "to",
        Kind::OneOf(&[Kind::Integer(0, i64::MAX as u64), Kind::Words(&["earliest", "latest"])]),
        "scale: number of members; add-partitions: number of partitions; reset-offsets: \"earliest\", \"latest\" or an offset.",
    ),
    field("records", Kind::Integer(1, MAX_PRELOADED), "produce: how many."),
    field("size", Kind::Size, "produce: size of each. Default: the topic's."),
    field(
        "partition",
        Kind::Integer(0, MAX_PARTITIONS),
        "produce: into this one; default: round robin. delete-records: of this one; default: all.",
    ),
    field(
        "before",
        Kind::OneOf(&[Kind::Words(&["end"]), Kind::Integer(0, i64::MAX as u64)]),
        "delete-records: records below this offset, or all there are, \"end\".",
    ),
    field("partitions", Kind::Integer(1, MAX_PARTITIONS), "create-topic: number of partitions. Default: 1."),
];

/// Verbs, each with the keys that belong to it beside `at`, `every`, `times` and `until`, and whether it is built.
pub(super) const VERBS: &[(&str, &[&str], bool)] = &[
    ("start", &["with"], true),
    ("stop", &["grace"], true),
    ("crash", &[], true),
    ("restart", &["one-every", "down-for", "grace", "as", "surge", "with"], true),
    ("pause", &["for"], true),
    ("slow", &["per-record", "for"], true),
    ("stuck", &["for"], true),
    ("cut", &["for"], true),
    ("scale", &["to", "grace"], true),
    ("add-partitions", &["to"], true),
    ("create-topic", &["partitions"], true),
    ("produce", &["records", "size", "partition"], true),
    ("delete-records", &["before", "partition"], true),
    ("failover", &["down-for"], true),
    ("expire-offsets", &[], true),
    ("reset-offsets", &["to"], true),
];

pub(super) const EXPECT: &[Field] = &[
    field("must-see", Kind::Texts, "Trace events that must occur: \"rebalance >= 9\", \"member_removed(session)\"."),
    field("never", Kind::Texts, "Conditions that must not hold after any event."),
    field("at-the-end", Kind::Texts, "Checks at the end of the run."),
    field("overall", Kind::Texts, "Checks over the whole run."),
];
