//! twmb/franz-go.

use super::{Source, Table, at, auto_commit, built_in, fact, row};
use crate::config::ClientKind;

const fn config(symbol: &'static str, text: &'static str) -> Source {
    at("pkg/kgo/config.go", symbol, text)
}

pub(super) const TABLE: Table = Table {
    client: ClientKind::FranzGo,
    repository: "twmb/franz-go",
    commit: "adb3a18abe14bdb230f1cd738d03623301013d42",
    date: "2026-08-04",
    rows: &[
        row(
            "session.timeout.ms",
            "SessionTimeout",
            "/client/session_timeout_ms",
            config("sessionTimeout:", "45000 * time.Millisecond"),
        ),
        row(
            "heartbeat.interval.ms",
            "HeartbeatInterval",
            "/client/heartbeat_interval_ms",
            config("heartbeatInterval:", "3000 * time.Millisecond"),
        ),
        row(
            "rebalance.timeout.ms",
            "RebalanceTimeout",
            "/client/rebalance_timeout_ms",
            config("rebalanceTimeout:", "60000 * time.Millisecond"),
        ),
        row(
            "auto.offset.reset",
            "ConsumeResetOffset",
            "/client/auto_offset_reset",
            config("resetOffset:", "NewOffset().AtStart()"),
        ),
        row(
            "partition.assignment.strategy",
            "Balancers",
            "/client/assignors",
            config("balancers: []GroupBalancer{", "CooperativeStickyBalancer()"),
        ),
        auto_commit("enable.auto.commit", "DisableAutoCommit", at("pkg/kgo/config.go", "autocommitDisable", "")),
        row(
            "auto.commit.interval.ms",
            "AutoCommitInterval",
            "/commit/when/Auto/interval_ms",
            config("autocommitInterval:", "5 * time.Second"),
        ),
        row(
            "",
            "what auto-commit commits",
            "/commit/offset",
            at("pkg/kgo/consumer_group.go", "func (g *groupConsumer) undirtyUncommitted()", ""),
        ),
        row("client.id", "ClientID", "/client/client_id", config("defaultID :=", "\"kgo\"")),
        row(
            "request.timeout.ms",
            "RequestTimeoutOverhead",
            "/client/request_timeout_ms",
            config("requestTimeoutOverhead:", "10 * time.Second"),
        ),
        row(
            "metadata.max.age.ms",
            "MetadataMaxAge",
            "/client/metadata_max_age_ms",
            config("metadataMaxAge:", "5 * time.Minute"),
        ),
        row("fetch.min.bytes", "FetchMinBytes", "/client/fetch_min_bytes", config("minBytes:", "1,")),
        row(
            "fetch.max.wait.ms",
            "FetchMaxWait",
            "/client/fetch_max_wait_ms",
            at("pkg/kgo/config.go", "cfg.maxWait == math.MinInt32", "5000"),
        ),
        row("fetch.max.bytes", "FetchMaxBytes", "/client/fetch_max_bytes", config("maxBytes:", "50 << 20")),
        row(
            "max.partition.fetch.bytes",
            "FetchMaxPartitionBytes",
            "/client/max_partition_fetch_bytes",
            config("maxPartBytes:", "1 << 20"),
        ),
        row(
            "MaxPollRecords",
            "PollRecords",
            "/client/max_poll_records",
            at("pkg/kgo/consumer.go", "func (cl *Client) PollFetches", "cl.PollRecords(ctx, 0)"),
        ),
        row(
            "BlockRebalanceOnPoll",
            "BlockRebalanceOnPoll",
            "/client/block_rebalance_on_poll",
            at("pkg/kgo/config.go", "blockRebalanceOnPoll bool", ""),
        ),
        row(
            "GreedyAutoCommit",
            "GreedyAutoCommit",
            "/client/greedy_auto_commit",
            at("pkg/kgo/config.go", "autocommitGreedy bool", ""),
        ),
        row(
            "AutoCommitMarks",
            "AutoCommitMarks",
            "/client/auto_commit_marks",
            at("pkg/kgo/config.go", "autocommitMarks bool", ""),
        ),
        built_in("RetryBackoffFn, first", config("retryBackoff: func()", "min = 250 * time.Millisecond")),
        built_in("RetryBackoffFn, longest", config("retryBackoff: func()", "max = 5 * time.Second")),
        built_in(
            "RetryTimeout",
            at("pkg/kgo/client.go", "cfg.retryTimeout = func(key int16)", "return 30 * time.Second"),
        ),
        built_in("MetadataMinAge", config("metadataMinAge:", "5 * time.Second")),
        built_in(
            "early heartbeat of a cooperative member",
            at("pkg/kgo/consumer_group.go", "var cooperativeFastCheck", "500 * time.Millisecond"),
        ),
        built_in(
            "pause after a failed ListOffsets",
            at("pkg/kgo/consumer.go", "after := time.NewTimer(time.Second)", ""),
        ),
    ],
    producer: super::producers::FRANZ_GO,
    facts: &[
        fact(
            "Heartbeats, joins and rebalance callbacks go on in the background, whatever the application does; with BlockRebalanceOnPoll the callbacks wait until it is back in poll.",
            at("pkg/kgo/config.go", "func BlockRebalanceOnPoll()", ""),
        ),
        fact(
            "There is no max.poll.interval.ms: a stuck handler is never dropped for itself.",
            at("pkg/kgo/consumer_group.go", "func (g *groupConsumer) heartbeat(", ""),
        ),
        fact(
            "A poll's records are committed automatically only when the next poll begins.",
            at("pkg/kgo/consumer_group.go", "func (g *groupConsumer) undirtyUncommitted()", ""),
        ),
    ],
    left_out: &["Transactional sessions and share groups.", "The consumer protocol of KIP-848: planned."],
};
