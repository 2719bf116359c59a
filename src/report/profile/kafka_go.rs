//! segmentio/kafka-go.

use super::{Source, Table, at, fact, row};
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
    ],
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
        "Readers without a GroupID, and ConsumerGroup used directly.",
        "Transactions and isolation levels: every record is a plain one.",
    ],
};
