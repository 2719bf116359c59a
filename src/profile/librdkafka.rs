//! librdkafka, and what is built on it.

use super::{Row, Source, Table, at, auto_commit, built_in, fact, row};
use crate::config::ClientKind;

const CONF: &str = "src/rdkafka_conf.c";
const CGRP: &str = "src/rdkafka_cgrp.c";

const fn conf(symbol: &'static str, text: &'static str) -> Source {
    at(CONF, symbol, text)
}

const fn same(key: &'static str, field: &'static str, source: Source) -> Row {
    row(key, key, field, source)
}

pub(super) const TABLE: Table = Table {
    client: ClientKind::Librdkafka,
    repository: "confluentinc/librdkafka",
    commit: "4c3b017c3de8d9c10de12b9eec0ea688e8d5787d",
    date: "2026-07-02",
    rows: &[
        same(
            "session.timeout.ms",
            "/client/session_timeout_ms",
            conf("\"session.timeout.ms\", _RK_C_INT", "45 * 1000}"),
        ),
        same(
            "heartbeat.interval.ms",
            "/client/heartbeat_interval_ms",
            conf("\"heartbeat.interval.ms\", _RK_C_INT", "3 * 1000}"),
        ),
        same(
            "max.poll.interval.ms",
            "/client/max_poll_interval_ms",
            conf("\"max.poll.interval.ms\", _RK_C_INT", "300000}"),
        ),
        row(
            "",
            "records of one consumer_poll",
            "/client/max_poll_records",
            at("src/rdkafka.h", "rd_kafka_consumer_poll(rd_kafka_t *rk", ""),
        ),
        same(
            "auto.offset.reset",
            "/client/auto_offset_reset",
            conf("\"auto.offset.reset\", _RK_C_S2I", ".vdef = RD_KAFKA_OFFSET_END"),
        ),
        same(
            "partition.assignment.strategy",
            "/client/assignors",
            conf("\"partition.assignment.strategy\", _RK_C_STR", ".sdef = \"range,roundrobin\""),
        ),
        auto_commit("enable.auto.commit", "enable.auto.commit", conf("\"enable.auto.commit\", _RK_C_BOOL", "0, 1, 1}")),
        same(
            "auto.commit.interval.ms",
            "/commit/when/Auto/interval_ms",
            conf("\"auto.commit.interval.ms\", _RK_C_INT", "5 * 1000}"),
        ),
        row(
            "",
            "what auto-commit commits",
            "/commit/offset",
            at("src/rdkafka_op.c", "void rd_kafka_fetch_op_app_prepare", "rd_kafka_update_app_pos"),
        ),
        same(
            "enable.auto.offset.store",
            "/client/enable_auto_offset_store",
            conf("\"enable.auto.offset.store\", _RK_C_BOOL", "0, 1, 1}"),
        ),
        same("client.id", "/client/client_id", conf("\"client.id\", _RK_C_STR", ".sdef = \"rdkafka\"")),
        same(
            "retry.backoff.ms",
            "/client/retry_backoff_ms",
            conf("\"retry.backoff.ms\", _RK_C_INT", "1, 300 * 1000, 100}"),
        ),
        same(
            "retry.backoff.max.ms",
            "/client/retry_backoff_max_ms",
            conf("\"retry.backoff.max.ms\", _RK_C_INT", "1, 300 * 1000, 1000}"),
        ),
        same(
            "reconnect.backoff.ms",
            "/client/reconnect_backoff_ms",
            conf("\"reconnect.backoff.ms\", _RK_C_INT", "0, 60 * 60 * 1000, 100}"),
        ),
        same(
            "reconnect.backoff.max.ms",
            "/client/reconnect_backoff_max_ms",
            conf("\"reconnect.backoff.max.ms\", _RK_C_INT", "0, 60 * 60 * 1000, 10 * 1000}"),
        ),
        same(
            "socket.timeout.ms",
            "/client/request_timeout_ms",
            conf("\"socket.timeout.ms\", _RK_C_INT", "10, 300 * 1000, 60 * 1000}"),
        ),
        same(
            "topic.metadata.refresh.interval.ms",
            "/client/metadata_max_age_ms",
            conf("\"topic.metadata.refresh.interval.ms\", _RK_C_INT", "-1, 3600 * 1000, 5 * 60 * 1000}"),
        ),
        same(
            "queued.min.messages",
            "/client/queued_min_messages",
            conf("\"queued.min.messages\", _RK_C_INT", "1, 10000000, 100000}"),
        ),
        same("fetch.min.bytes", "/client/fetch_min_bytes", conf("\"fetch.min.bytes\", _RK_C_INT", "0, INT_MAX, 1}")),
        same(
            "fetch.wait.max.ms",
            "/client/fetch_max_wait_ms",
            conf("\"fetch.wait.max.ms\", _RK_C_INT", "0, 300 * 1000, 500}"),
        ),
        same("fetch.max.bytes", "/client/fetch_max_bytes", conf("\"fetch.max.bytes\", _RK_C_INT", "50 * 1024 * 1024")),
        same(
            "fetch.message.max.bytes",
            "/client/max_partition_fetch_bytes",
            conf("\"fetch.message.max.bytes\", _RK_C_INT", "1, 1000000000, 1024 * 1024}"),
        ),
        row(
            "max.partition.fetch.bytes",
            "alias of fetch.message.max.bytes",
            "/client/max_partition_fetch_bytes",
            conf("\"max.partition.fetch.bytes\",", ".sdef = \"fetch.message.max.bytes\""),
        ),
        built_in("fetch.queue.backoff.ms", conf("\"fetch.queue.backoff.ms\", _RK_C_INT", "0, 300 * 1000, 1000}")),
        built_in("fetch.error.backoff.ms", conf("\"fetch.error.backoff.ms\", _RK_C_INT", "0, 300 * 1000, 500}")),
        built_in("join interval", at(CGRP, "rd_interval_immediate(&rkcg->rkcg_join_intvl", "1000 * 1000")),
        built_in("check of max.poll.interval.ms", at(CGRP, "The timer interval is 2 hz.", "500 * 1000ll /* 500ms */")),
        built_in(
            "grace of JoinGroup and SyncGroup",
            at("src/rdkafka_request.c", "This is a blocking request", "3000 /* 3s grace period*/"),
        ),
        built_in(
            "time for LeaveGroup",
            at(
                "src/rdkafka_request.c",
                "LeaveGroupRequests are best-effort",
                "rd_kafka_buf_set_abs_timeout(rkbuf, 5000, 0)",
            ),
        ),
        built_in(
            "pause before a reset",
            at("src/rdkafka_offset.c", "BEGINNING / END logical offsets.", "err ? 100 : 0"),
        ),
        built_in(
            "pause after a failed ListOffsets",
            at("src/rdkafka_partition.c", "rd_kafka_toppar_offset_retry(rktp, 500", ""),
        ),
    ],
    producer: super::producers::LIBRDKAFKA,
    facts: &[
        fact(
            "A record's offset is stored just before the record is handed to the application; the auto-commit timer commits what is stored, whether the application polls or not.",
            at("src/rdkafka_op.c", "void rd_kafka_fetch_op_app_prepare", "rkm_rkmessage.offset + 1"),
        ),
        fact(
            "Heartbeats and rebalances go on in a thread of the library; only a rebalance callback needs the application to poll, and until it does the others wait.",
            at(CGRP, "rd_kafka_rebalance_op(", ""),
        ),
        fact(
            "When partitions are taken away, what is stored is committed, and the member joins again when that is answered.",
            at(
                "src/rdkafka_assignment.c",
                "rk->rk_cgrp && rk->rk_conf.enable_auto_commit",
                "rd_kafka_cgrp_assigned_offsets_commit",
            ),
        ),
        fact(
            "A handler that takes longer than max.poll.interval.ms: a dynamic member leaves at once and forgets its member id, the partitions are lost, and it joins again when the application polls.",
            at(CGRP, "rd_kafka_cgrp_max_poll_interval_check_tmr_cb", "rd_kafka_cgrp_leave(rkcg)"),
        ),
        fact(
            "After max.poll.interval.ms no heartbeat is sent.",
            at(CGRP, "Don't send heartbeats if max.poll.interval.ms was exceeded", "return;"),
        ),
        fact(
            "A static member does not send LeaveGroup.",
            at(CGRP, "KIP-345: static group members should continue to respect", "should not send a"),
        ),
    ],
    left_out: &[
        "group.protocol = consumer (KIP-848): planned.",
        "queued.max.messages.kbytes, the 64 MiB over all partitions: only queued.min.messages limits what is fetched ahead.",
        "The jitter of reconnects (-25 % to +50 %).",
        "The legacy simple consumer, batch calls (rd_kafka_consume_batch_queue), bindings' own queues.",
        "Transactions and isolation.level = read_committed: every record is a plain one.",
        "Patterns over topics: planned.",
    ],
};
