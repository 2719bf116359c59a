//! Warnings about files that can be run, with the arithmetic shown.

use super::codes::Code;
use super::group::Variant;
use super::report::{Report, Span, clip};
use super::sarama;
use crate::config::keys;
use crate::config::{
    AssignorKind, BrokerConfig, ClientKind, CommitWhen, MemberConfig, Membership, OffsetStore, Workers,
};
use crate::time::Duration;
use std::collections::BTreeMap;

/// Heartbeat against session timeout, session timeout against the broker's range.
pub(super) fn timeouts(report: &mut Report, broker: &BrokerConfig, variant: &Variant) {
    let client = &variant.config.client;
    if !matches!(variant.config.membership, Membership::Subscribe { .. }) {
        return;
    }
    let session = variant.settings.get("session.timeout.ms");
    let heartbeat = variant.settings.get("heartbeat.interval.ms");
    let (session_ms, heartbeat_ms) = (client.session_timeout_ms, client.heartbeat_interval_ms);
    if let Some(written) = heartbeat.or(session) {
        let refuses = matches!(client.kind, ClientKind::Java | ClientKind::Sarama);
        if heartbeat_ms >= session_ms && refuses {
            let message = format!("heartbeat.interval.ms {heartbeat_ms} is not below session.timeout.ms {session_ms}");
            let help = match client.kind {
                ClientKind::Sarama => sarama::HEARTBEAT_NOT_BELOW_SESSION,
                _ => "the consumer's constructor throws: \"Heartbeat must be set lower than the session timeout\"",
            };
            report.add(Code::BadKafkaValue, written.span, message, help.to_string());
        } else if i64::from(heartbeat_ms) * 3 > i64::from(session_ms) {
            let message = format!(
                "heartbeat.interval.ms {heartbeat_ms} > session.timeout.ms {session_ms} / 3 = {}",
                session_ms / 3
            );
            let help = "one or two late heartbeats cost the membership".to_string();
            report.add(Code::HeartbeatTooSlow, written.span, message, help);
        }
    }
    let (max_poll_ms, poll) = (client.max_poll_interval_ms, variant.settings.get("max.poll.interval.ms"));
    if client.kind == ClientKind::Librdkafka && max_poll_ms < session_ms {
        let span = poll.or(session).map(|s| s.span).or(variant.fallback_span);
        let message = format!("max.poll.interval.ms {max_poll_ms} is below session.timeout.ms {session_ms}");
        let help = "librdkafka's constructor fails: \"`max.poll.interval.ms` must be >= `session.timeout.ms`\"";
        if let Some(span) = span {
            report.add(Code::BadKafkaValue, span, message, help.to_string());
        }
    }
    let (min, max) = (broker.group_min_session_timeout_ms, broker.group_max_session_timeout_ms);
    if session_ms < min || session_ms > max {
        let Some(written) = session.or(heartbeat).map(|s| s.span).or(variant.fallback_span) else { return };
        let message = format!("session.timeout.ms {session_ms} is outside the broker's range, {min} to {max}");
        let help = "every JoinGroup is answered with INVALID_SESSION_TIMEOUT; the range is \
                    group.min.session.timeout.ms and group.max.session.timeout.ms";
        report.add(Code::SessionOutOfRange, written, message, help.to_string());
    }
}

/// A full batch against max.poll.interval.ms.
pub(super) fn poll_interval(report: &mut Report, variant: &Variant) {
    let (config, Some(span)) = (&variant.config, variant.process_span) else { return };
    let Some(records) = records_in_a_row(config) else { return };
    let per_record = config.process.per_record;
    let batch = per_record.saturating_mul(records);
    let sum = format!("{} x {per_record} = {batch}", count(records));
    too_long(report, config, span, batch, &sum);
}

/// How many records stand between two polls, one after the other; `None` if nothing does: workers have them, and the poll
/// thread polls on.
fn records_in_a_row(config: &MemberConfig) -> Option<u64> {
    let records = u64::from(config.client.max_poll_records);
    match config.process.workers {
        Workers::PollThread => Some(records),
        Workers::Pool(n) if config.commit.when == CommitWhen::AfterBatch => Some(records.div_ceil(n.max(1).into())),
        Workers::Pool(_) | Workers::PerPartition => None,
    }
}

fn count(records: u64) -> String {
    if records == 1 { "1 record".to_string() } else { format!("{records} records") }
}

/// The same with a slow spell: records started in its window take `slow`, the others of the batch what they always take.
pub(super) fn slow_spell(
    report: &mut Report,
    config: &MemberConfig,
    span: Span,
    slow: Duration,
    window: Option<Duration>,
) -> bool {
    let Some(records) = records_in_a_row(config) else { return false };
    let usual = config.process.per_record;
    let in_window = match window {
        Some(window) => window.as_us().div_ceil(slow.as_us().max(1)).min(records),
        None => records,
    };
    let slow_part = slow.saturating_mul(in_window);
    let batch = slow_part + usual.saturating_mul(records - in_window);
    let sum = if in_window == records {
        format!("{} x {slow} = {batch}", count(records))
    } else {
        format!("{in_window} records x {slow} + {} x {usual} = {batch}", records - in_window)
    };
    too_long(report, config, span, batch, &sum)
}

fn too_long(report: &mut Report, config: &MemberConfig, span: Span, batch: Duration, sum: &str) -> bool {
    if !keys::client_has(config.client.kind, "max.poll.interval.ms") {
        return false;
    }
    let limit = Duration::from_ms(config.client.max_poll_interval_ms.unsigned_abs().into());
    let watched = matches!(config.client.kind, ClientKind::Java | ClientKind::Librdkafka);
    if batch <= limit || !watched || !matches!(config.membership, Membership::Subscribe { .. }) {
        return false; // the Go clients have no such interval
    }
    let (what, help) = match config.client.kind {
        ClientKind::Librdkafka => ("a record", "the member leaves in the middle of it; raise max.poll.interval.ms"),
        _ => {
            let help = "the member leaves in the middle of it; lower max.poll.records or raise max.poll.interval.ms";
            ("a full batch", help)
        }
    };
    let message = format!("{what} takes longer than max.poll.interval.ms: {sum} > {limit}");
    report.add(Code::PollIntervalTooShort, span, message, help.to_string());
    true
}

/// Members of a group that cannot be in it together.
pub(super) fn common_assignor(report: &mut Report, span: Span, variants: &[&Variant]) {
    let in_all = |assignor: &AssignorKind| variants.iter().all(|v| v.config.client.assignors.contains(assignor));
    if variants.is_empty() || AssignorKind::ALL.iter().any(in_all) {
        return;
    }
    let mut lists: Vec<String> = Vec::new();
    for variant in variants {
        let names: Vec<_> = variant.config.client.assignors.iter().map(|a| a.name()).collect();
        let list = format!("[{}]", names.join(", "));
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    let message = format!("its members have no assignor in common: {}", lists.join(" and "));
    let help = "whoever comes second gets INCONSISTENT_GROUP_PROTOCOL".to_string();
    report.add(Code::NoCommonAssignor, span, message, help);
}

/// Members of a group of which only some keep offsets beside their results.
pub(super) fn mixed_stores(report: &mut Report, span: Span, variants: &[&Variant]) {
    let keeps = |v: &&&Variant| v.config.commit.store == OffsetStore::WithResult;
    let keeping = variants.iter().filter(keeps).count();
    if keeping == 0 || keeping == variants.len() {
        return;
    }
    let message = "only some of its members keep offsets `with-result`";
    let help = "the others start from Kafka's committed offsets and write no result's: what they handle the store does not \
                know, and it is handled again";
    report.add(Code::MixedStores, span, message, help.to_string());
}

/// Members that run at the same time under one `group.instance.id`.
pub(super) fn one_name_twice<'c>(report: &mut Report, span: Span, members: impl Iterator<Item = &'c MemberConfig>) {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for member in members {
        let Membership::Subscribe { instance: Some(instance), .. } = &member.membership else { continue };
        if let Some(other) = names.insert(instance, &member.name) {
            let message =
                format!("`{other}` and `{}` start with one group.instance.id, `{}`", member.name, clip(instance));
            let help = "the second one fences the first one, which gives up: FENCED_INSTANCE_ID".to_string();
            report.add(Code::OneNameTwice, span, message, help);
            return;
        }
    }
}
