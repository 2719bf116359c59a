//! segmentio/kafka-go.

use super::{Source, Table, at, built_in, fact, row};
use crate::config::ClientKind;

const fn group(symbol: &'static str, text: &'static str) -> Source {
    at("consumergroup.go", symbol, text)
}

const fn reader(symbol: &'static str, text: &'static str) -> Source {
    at("reader.go", symbol, text)
}

pub(super) const TABLE: Table = Table {
    client: ClientKind::KafkaGo,
    repository: "segmentio/kafka-go",
    commit: "3ce29796ef96c7f55bfb64b505c0fcb3c2fd233e",
    date: "2026-01-15",
    rows: &[
        row(
            "session.timeout.ms",
            "SessionTimeout",
            "/client/session_timeout_ms",
            group("defaultSessionTimeout", "= 30 * time.Second"),
        ),
        row(
            "heartbeat.interval.ms",
            "HeartbeatInterval",
            "/client/heartbeat_interval_ms",
            group("defaultHeartbeatInterval", "= 3 * time.Second"),
        ),
        row(
            "rebalance.timeout.ms",
            "RebalanceTimeout",
            "/client/rebalance_timeout_ms",
            group("defaultRebalanceTimeout", "= 30 * time.Second"),
        ),
        row(
            "auto.offset.reset",
            "StartOffset",
            "/client/auto_offset_reset",
            group("if config.StartOffset == 0 {", "config.StartOffset = FirstOffset"),
        ),
        row(
            "partition.assignment.strategy",
            "GroupBalancers",
            "/client/assignors",
            group("config.GroupBalancers = []GroupBalancer{", "RangeGroupBalancer{}, RoundRobinGroupBalancer{}"),
        ),
        row("fetch.min.bytes", "MinBytes", "/client/fetch_min_bytes", reader("defaultFetchMinBytes", "= 1")),
        row(
            "fetch.max.wait.ms",
            "MaxWait",
            "/client/fetch_max_wait_ms",
            reader("if config.MaxWait == 0 {", "config.MaxWait = 10 * time.Second"),
        ),
        row(
            "fetch.max.bytes",
            "MaxBytes",
            "/client/fetch_max_bytes",
            reader("if config.MaxBytes == 0 {", "config.MaxBytes = 1e6"),
        ),
        row(
            "client.id",
            "ClientID",
            "/client/client_id",
            at("conn.go", "DefaultClientID = fmt.Sprintf(", "(github.com/segmentio/kafka-go)"),
        ),
        row(
            "",
            "messages of one FetchMessage",
            "/client/max_poll_records",
            reader("func (r *Reader) FetchMessage", ""),
        ),
        row("", "Timeout", "/client/request_timeout_ms", group("defaultTimeout", "= 5 * time.Second")),
        row(
            "CommitInterval",
            "CommitInterval",
            "/client/kafka_go/commit_interval_ms",
            reader("CommitInterval indicates the interval", "Default: 0"),
        ),
        row(
            "QueueCapacity",
            "QueueCapacity",
            "/client/kafka_go/queue_capacity",
            reader("if config.QueueCapacity == 0 {", "config.QueueCapacity = 100"),
        ),
        row(
            "WatchPartitionChanges",
            "WatchPartitionChanges",
            "/client/kafka_go/watch_partition_changes",
            reader("WatchPartitionChanges bool", ""),
        ),
        row(
            "PartitionWatchInterval",
            "PartitionWatchInterval",
            "/client/kafka_go/partition_watch_interval_ms",
            group("defaultPartitionWatchTime", "= 5 * time.Second"),
        ),
        row(
            "JoinGroupBackoff",
            "JoinGroupBackoff",
            "/client/kafka_go/join_group_backoff_ms",
            group("defaultJoinGroupBackoff", "= 5 * time.Second"),
        ),
        row(
            "ReadBackoffMin",
            "ReadBackoffMin",
            "/client/kafka_go/read_backoff_min_ms",
            reader("defaultReadBackoffMin", "= 100 * time.Millisecond"),
        ),
        row(
            "ReadBackoffMax",
            "ReadBackoffMax",
            "/client/kafka_go/read_backoff_max_ms",
            reader("defaultReadBackoffMax", "= 1 * time.Second"),
        ),
        built_in("defaultCommitRetries", reader("defaultCommitRetries", "= 3")),
        built_in("deadline of ListOffsets", reader("conn.SetDeadline(time.Now().Add(10 * time.Second))", "")),
        built_in("defaultRTT", at("time.go", "defaultRTT", "= 1 * time.Second")),
    ],
    producer: super::producers::KAFKA_GO,
    facts: &[
        fact(
            "A generation ends with the first of its goroutines, a failed heartbeat among them; it never waits for the application.",
            at(
                "consumergroup.go",
                "func (g *Generation) Start",
                "shut down the generation as soon as one function exits",
            ),
        ),
        fact(
            "What waits in the queue of messages stays there: messages of an older generation are dropped only once the next one reads.",
            at("reader.go", "func (r *Reader) FetchMessage", "m.version >= version"),
        ),
    ],
    left_out: &[
        "The default client.id: in the library it names the program and its host.",
        "Readers without a GroupID, and ConsumerGroup used directly.",
        "Transactions and isolation levels: every record is a plain one.",
    ],
};
