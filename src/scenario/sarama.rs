//! What is sarama's own in scenario files: its settings, what it refuses, and handlers that are too slow for it.

use super::codes::Code;
use super::group::Variant;
use super::report::{Report, Span};
use crate::config::{AssignorKind, ClientKind, Membership, SaramaConfig, WhenRevoked, Workers};
use crate::time::Duration;

/// `Config.Validate`.
pub(super) const HEARTBEAT_NOT_BELOW_SESSION: &str = "NewConsumerGroup returns an error: \
    \"Consumer.Group.Heartbeat.Interval must be < Consumer.Group.Session.Timeout\"";

/// Whether sarama, as far as it is modelled, takes these assignors.
pub(super) fn takes(report: &mut Report, span: Span, assignors: &[AssignorKind]) -> bool {
    let cooperative = assignors.contains(&AssignorKind::CooperativeSticky);
    if cooperative {
        let help = "sarama accepts the name, yet every rebalance still ends the whole session (its life cycle for cooperative \
                    rebalancing is not wired up as of 1.50): take range, roundrobin or sticky";
        report.add(Code::BadKafkaValue, span, "cooperative-sticky with sarama is not modelled", help.to_string());
    }
    !cooperative
}

/// Sets one of sarama's own numbers.
pub(super) fn set_integer(c: &mut SaramaConfig, name: &str, n: i64) {
    match name {
        "ChannelBufferSize" => c.channel_buffer_size = u32::try_from(n).unwrap_or(0),
        "Consumer.MaxProcessingTime" => c.max_processing_time_ms = n,
        "Consumer.Retry.Backoff" => c.consumer_retry_backoff_ms = n,
        "Consumer.Group.Rebalance.Retry.Max" => c.rebalance_retry_max = n,
        "Consumer.Group.Rebalance.Retry.Backoff" => c.rebalance_retry_backoff_ms = n,
        "Consumer.Offsets.Retry.Max" => c.offsets_retry_max = n,
        "Metadata.Retry.Max" => c.metadata_retry_max = n,
        "Metadata.Retry.Backoff" => c.metadata_retry_backoff_ms = n,
        _ => {}
    }
}

/// Sets one of sarama's own switches.
pub(super) fn set_boolean(c: &mut SaramaConfig, name: &str, yes: bool) {
    match name {
        "Consumer.Group.ResetInvalidOffsets" => c.reset_invalid_offsets = yes,
        "HeartbeatDuringRelease" => c.heartbeat_during_release = yes,
        _ => {}
    }
}

/// Lint: what a handler still does when its session ends, against the rebalance timeout.
pub(super) fn slow_handler(report: &mut Report, variant: &Variant) {
    let (config, Some(span)) = (&variant.config, variant.process_span) else { return };
    let grouped = matches!(config.membership, Membership::Subscribe { .. });
    if config.client.kind != ClientKind::Sarama || !grouped {
        return;
    }
    let drains =
        config.process.when_revoked == Some(WhenRevoked::Drain) && config.process.workers != Workers::PollThread;
    let buffer = config.process.buffer.unwrap_or(config.client.buffer());
    let records = if drains { u64::from(buffer) + 1 } else { 1 };
    let per_record = config.process.per_record;
    let work = per_record.saturating_mul(records);
    let limit = Duration::from_ms(config.client.rebalance_timeout_ms.unsigned_abs().into());
    if work > limit {
        let what = if drains {
            format!("{records} records x {per_record} = {work}")
        } else {
            format!("a record takes {work}")
        };
        let message =
            format!("a handler may hold a rebalance up for longer than rebalance.timeout.ms: {what} > {limit}");
        let help = "the member is dropped then, and what it handled since its last commit is handled again";
        report.add(Code::OutlastsRebalance, span, message, help.to_string());
    }
}
