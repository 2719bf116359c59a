//! IBM/sarama.

use super::{Source, Table, at, auto_commit, built_in, fact, row};
use crate::config::ClientKind;

const fn config(symbol: &'static str) -> Source {
    at("config.go", symbol, "")
}

pub(super) const TABLE: Table = Table {
    client: ClientKind::Sarama,
    repository: "IBM/sarama",
    commit: "bd98b3aec67780cf514f219ed0342c5c1d9e1b75",
    date: "2026-08-18",
    rows: &[
        row(
            "session.timeout.ms",
            "Consumer.Group.Session.Timeout",
            "/client/session_timeout_ms",
            config("c.Consumer.Group.Session.Timeout = 10 * time.Second"),
        ),
        row(
            "heartbeat.interval.ms",
            "Consumer.Group.Heartbeat.Interval",
            "/client/heartbeat_interval_ms",
            config("c.Consumer.Group.Heartbeat.Interval = 3 * time.Second"),
        ),
        row(
            "rebalance.timeout.ms",
            "Consumer.Group.Rebalance.Timeout",
            "/client/rebalance_timeout_ms",
            config("c.Consumer.Group.Rebalance.Timeout = 60 * time.Second"),
        ),
        row(
            "auto.offset.reset",
            "Consumer.Offsets.Initial",
            "/client/auto_offset_reset",
            config("c.Consumer.Offsets.Initial = OffsetNewest"),
        ),
        row(
            "partition.assignment.strategy",
            "Consumer.Group.Rebalance.GroupStrategies",
            "/client/assignors",
            config("[]BalanceStrategy{NewBalanceStrategyRange()}"),
        ),
        auto_commit(
            "enable.auto.commit",
            "Consumer.Offsets.AutoCommit.Enable",
            config("c.Consumer.Offsets.AutoCommit.Enable = true"),
        ),
        row(
            "auto.commit.interval.ms",
            "Consumer.Offsets.AutoCommit.Interval",
            "/commit/when/Auto/interval_ms",
            config("c.Consumer.Offsets.AutoCommit.Interval = 1 * time.Second"),
        ),
        row(
            "",
            "what auto-commit commits",
            "/commit/offset",
            at("offset_manager.go", "func (pom *partitionOffsetManager) MarkOffset", "if offset > pom.offset"),
        ),
        row("client.id", "ClientID", "/client/client_id", at("config.go", "defaultClientID", "= \"sarama\"")),
        row(
            "metadata.max.age.ms",
            "Metadata.RefreshFrequency",
            "/client/metadata_max_age_ms",
            at("config.go", "defaultMetadataRefreshFrequency", "= 10 * time.Minute"),
        ),
        row("fetch.min.bytes", "Consumer.Fetch.Min", "/client/fetch_min_bytes", config("c.Consumer.Fetch.Min = 1")),
        row(
            "fetch.max.wait.ms",
            "Consumer.MaxWaitTime",
            "/client/fetch_max_wait_ms",
            config("c.Consumer.MaxWaitTime = 500 * time.Millisecond"),
        ),
        row(
            "max.partition.fetch.bytes",
            "Consumer.Fetch.Default",
            "/client/max_partition_fetch_bytes",
            config("c.Consumer.Fetch.Default = 1024 * 1024"),
        ),
        row(
            "",
            "messages that a handler takes at once",
            "/client/max_poll_records",
            at("consumer_group_session.go", "type ConsumerGroupClaim interface", "Messages() <-chan *ConsumerMessage"),
        ),
        row(
            "ChannelBufferSize",
            "ChannelBufferSize",
            "/client/sarama/channel_buffer_size",
            config("c.ChannelBufferSize = 256"),
        ),
        row(
            "Consumer.MaxProcessingTime",
            "Consumer.MaxProcessingTime",
            "/client/sarama/max_processing_time_ms",
            config("c.Consumer.MaxProcessingTime = 100 * time.Millisecond"),
        ),
        row(
            "Consumer.Retry.Backoff",
            "Consumer.Retry.Backoff",
            "/client/sarama/consumer_retry_backoff_ms",
            config("c.Consumer.Retry.Backoff = 2 * time.Second"),
        ),
        row(
            "Consumer.Group.Rebalance.Retry.Max",
            "Consumer.Group.Rebalance.Retry.Max",
            "/client/sarama/rebalance_retry_max",
            config("c.Consumer.Group.Rebalance.Retry.Max = 4"),
        ),
        row(
            "Consumer.Group.Rebalance.Retry.Backoff",
            "Consumer.Group.Rebalance.Retry.Backoff",
            "/client/sarama/rebalance_retry_backoff_ms",
            config("c.Consumer.Group.Rebalance.Retry.Backoff = 2 * time.Second"),
        ),
        row(
            "Consumer.Group.ResetInvalidOffsets",
            "Consumer.Group.ResetInvalidOffsets",
            "/client/sarama/reset_invalid_offsets",
            config("c.Consumer.Group.ResetInvalidOffsets = true"),
        ),
        row(
            "Consumer.Offsets.Retry.Max",
            "Consumer.Offsets.Retry.Max",
            "/client/sarama/offsets_retry_max",
            config("c.Consumer.Offsets.Retry.Max = 3"),
        ),
        row(
            "Metadata.Retry.Max",
            "Metadata.Retry.Max",
            "/client/sarama/metadata_retry_max",
            config("c.Metadata.Retry.Max = 3"),
        ),
        row(
            "Metadata.Retry.Backoff",
            "Metadata.Retry.Backoff",
            "/client/sarama/metadata_retry_backoff_ms",
            config("c.Metadata.Retry.Backoff = 250 * time.Millisecond"),
        ),
        row(
            "Net.ReadTimeout",
            "Net.ReadTimeout",
            "/client/request_timeout_ms",
            config("c.Net.ReadTimeout = 30 * time.Second"),
        ),
        row(
            "HeartbeatDuringRelease",
            "heartbeats during a release (groupsim's own flag)",
            "/client/sarama/heartbeat_during_release",
            at("consumer_group_session.go", "func (s *consumerGroupSession) release", "close(s.hbDying)"),
        ),
        built_in(
            "partitionConsumersBatchTimeout",
            at("consumer.go", "const partitionConsumersBatchTimeout", "= 100 * time.Millisecond"),
        ),
    ],
    producer: super::producers::SARAMA,
    facts: &[
        fact(
            "At the end of a session every ConsumeClaim is waited for, without a deadline; heartbeats go on meanwhile, and then Cleanup and the last commit follow.",
            at("consumer_group_session.go", "func (s *consumerGroupSession) release", "s.waitGroup.Wait()"),
        ),
        fact(
            "There is no max.poll.interval.ms: a stuck handler keeps its place in the group until a rebalance has waited for it for the rebalance timeout.",
            at(
                "consumer_group_session.go",
                "func (s *consumerGroupSession) heartbeatLoop",
                "case ErrRebalanceInProgress",
            ),
        ),
    ],
    left_out: &[
        "The cooperative assignor: at this commit the session is torn down all the same.",
        "Transactions and isolation levels: every record is a plain one.",
    ],
};
