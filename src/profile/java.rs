//! Apache Kafka's Java consumer, classic protocol.

use super::{Row, Source, Table, at, auto_commit, built_in, fact, row};
use crate::config::ClientKind;

const CONFIG: &str = "clients/src/main/java/org/apache/kafka/clients/consumer/ConsumerConfig.java";
const COMMON: &str = "clients/src/main/java/org/apache/kafka/clients/CommonClientConfigs.java";
const ABSTRACT: &str = "clients/src/main/java/org/apache/kafka/clients/consumer/internals/AbstractCoordinator.java";
const COORDINATOR: &str = "clients/src/main/java/org/apache/kafka/clients/consumer/internals/ConsumerCoordinator.java";
const UTILS: &str = "clients/src/main/java/org/apache/kafka/clients/consumer/internals/ConsumerUtils.java";

const fn config(symbol: &'static str, text: &'static str) -> Source {
    at(CONFIG, symbol, text)
}

const fn same(key: &'static str, field: &'static str, source: Source) -> Row {
    row(key, key, field, source)
}

pub(super) const TABLE: Table = Table {
    client: ClientKind::Java,
    repository: "apache/kafka",
    commit: "1eb7644349cb07139d6a3c1ad1986979647cac99",
    date: "2024-10-25",
    rows: &[
        same("session.timeout.ms", "/client/session_timeout_ms", config(".define(SESSION_TIMEOUT_MS_CONFIG", "45000")),
        same(
            "heartbeat.interval.ms",
            "/client/heartbeat_interval_ms",
            config(".define(HEARTBEAT_INTERVAL_MS_CONFIG", "3000"),
        ),
        same(
            "max.poll.interval.ms",
            "/client/max_poll_interval_ms",
            config(".define(MAX_POLL_INTERVAL_MS_CONFIG", "300000"),
        ),
        same("max.poll.records", "/client/max_poll_records", config("DEFAULT_MAX_POLL_RECORDS", "= 500;")),
        same(
            "auto.offset.reset",
            "/client/auto_offset_reset",
            config(".define(AUTO_OFFSET_RESET_CONFIG", "OffsetResetStrategy.LATEST"),
        ),
        same(
            "partition.assignment.strategy",
            "/client/assignors",
            config(
                ".define(PARTITION_ASSIGNMENT_STRATEGY_CONFIG",
                "RangeAssignor.class, CooperativeStickyAssignor.class",
            ),
        ),
        auto_commit("enable.auto.commit", "enable.auto.commit", config(".define(ENABLE_AUTO_COMMIT_CONFIG", "true")),
        same(
            "auto.commit.interval.ms",
            "/commit/when/Auto/interval_ms",
            config(".define(AUTO_COMMIT_INTERVAL_MS_CONFIG", "5000"),
        ),
        row(
            "",
            "what auto-commit commits",
            "/commit/offset",
            at(COORDINATOR, "autoCommitOffsetsAsync() {", "subscriptions.allConsumed()"),
        ),
        row("client.id", "client.id", "/client/client_id", config("maybeOverrideClientId(Map", "\"consumer-%s-%s\"")),
        same("retry.backoff.ms", "/client/retry_backoff_ms", at(COMMON, "DEFAULT_RETRY_BACKOFF_MS", "= 100L;")),
        same(
            "retry.backoff.max.ms",
            "/client/retry_backoff_max_ms",
            at(COMMON, "DEFAULT_RETRY_BACKOFF_MAX_MS", "= 1000L;"),
        ),
        same(
            "reconnect.backoff.ms",
            "/client/reconnect_backoff_ms",
            config(".define(RECONNECT_BACKOFF_MS_CONFIG", "50L"),
        ),
        same(
            "reconnect.backoff.max.ms",
            "/client/reconnect_backoff_max_ms",
            config(".define(RECONNECT_BACKOFF_MAX_MS_CONFIG", "1000L"),
        ),
        same("request.timeout.ms", "/client/request_timeout_ms", config(".define(REQUEST_TIMEOUT_MS_CONFIG", "30000")),
        same(
            "default.api.timeout.ms",
            "/client/default_api_timeout_ms",
            config(".define(DEFAULT_API_TIMEOUT_MS_CONFIG", "60 * 1000"),
        ),
        same(
            "metadata.max.age.ms",
            "/client/metadata_max_age_ms",
            config(".define(METADATA_MAX_AGE_CONFIG", "5 * 60 * 1000"),
        ),
        same("fetch.min.bytes", "/client/fetch_min_bytes", config("DEFAULT_FETCH_MIN_BYTES", "= 1;")),
        same("fetch.max.wait.ms", "/client/fetch_max_wait_ms", config("DEFAULT_FETCH_MAX_WAIT_MS", "= 500;")),
        same("fetch.max.bytes", "/client/fetch_max_bytes", config("DEFAULT_FETCH_MAX_BYTES", "= 50 * 1024 * 1024;")),
        same(
            "max.partition.fetch.bytes",
            "/client/max_partition_fetch_bytes",
            config("DEFAULT_MAX_PARTITION_FETCH_BYTES", "= 1 * 1024 * 1024;"),
        ),
        built_in("time for close", at(UTILS, "DEFAULT_CLOSE_TIMEOUT_MS", "= 30 * 1000;")),
        built_in("grace of JoinGroup", at(ABSTRACT, "JOIN_GROUP_TIMEOUT_LAPSE", "= 5000;")),
    ],
    producer: super::producers::JAVA,
    facts: &[
        fact(
            "Heartbeats come from a thread of their own, whatever the handler does; the rebalance timeout that JoinGroup bears is max.poll.interval.ms.",
            at(ABSTRACT, "class HeartbeatThread", ""),
        ),
        fact(
            "The protocol is the highest one that all listed assignors have: range with cooperative-sticky runs eager.",
            at(
                COORDINATOR,
                "select the rebalance protocol such that",
                "protocols that are commonly supported, select the one with the highest id",
            ),
        ),
        fact(
            "A member joins again in poll() only: until its handler is back the others wait for it.",
            at(ABSTRACT, "boolean joinGroupIfNeeded(final Timer timer)", "if (needsJoinPrepare)"),
        ),
        fact(
            "A rejoin begins with an auto-commit, repeated until the rebalance timeout; then an eager member gives up all partitions, and only those of topics it has left if it is cooperative.",
            at(
                COORDINATOR,
                "async commit offsets prior to rebalance if auto-commit enabled",
                "maybeAutoCommitOffsetsAsync()",
            ),
        ),
        fact(
            "A handler that takes longer than max.poll.interval.ms is found out by the heartbeat thread: a dynamic member leaves the group, a static one only stops its heartbeats.",
            at(ABSTRACT, "protected void handlePollTimeoutExpiry()", "maybeLeaveGroup("),
        ),
        fact(
            "If the generation was reset meanwhile, partitions are given away as lost: no commit.",
            at(COORDINATOR, "Giving away all assigned partitions as lost", "invokePartitionsLost"),
        ),
        fact(
            "A static member never sends LeaveGroup; its session has to run out.",
            at(ABSTRACT, "only dynamic members will send LeaveGroupRequest", "isDynamicMember()"),
        ),
    ],
    left_out: &[
        "The consumer protocol of KIP-848 (group.protocol = consumer): planned.",
        "Interceptors, metrics, security, several bootstrap servers, racks: no effect on a group here.",
        "Transactions and isolation.level: every record is a plain one.",
        "Patterns over topics: planned.",
    ],
};
