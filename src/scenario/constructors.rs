//! What the constructors of the Go libraries make of values that Kafka's own ranges let through: what they refuse, with the
//! sentence, and what a 0 stands for.

use super::codes::Code;
use super::kafka::{Parsed, Settings};
use super::report::{Report, Span};
use crate::config::keys::{KafkaKey, Side};
use crate::config::{ClientConfig, ClientKind, CommitWhen, MemberConfig, ProducerSettings};

/// franz-go's limits: name, least and greatest value, what `validate` calls it (pkg/kgo/config.go). 0 of
/// `RecordDeliveryTimeout` means none, and is checked apart.
const FRANZ_GO: &[(&str, i64, i64, &str)] = &[
    ("session.timeout.ms", 100, i64::MAX, "session timeout"),
    ("rebalance.timeout.ms", 100, i64::MAX, "rebalance timeout"),
    ("auto.commit.interval.ms", 100, i64::MAX, "autocommit interval"),
    ("fetch.max.wait.ms", 10, i64::MAX, "max fetch wait"),
    ("request.timeout.ms", 100, 900_000, "request timeout overhead"),
    ("fetch.max.bytes", 0, 100 << 20, "max fetch bytes"),
    // Below: MetadataMinAge.
    ("metadata.max.age.ms", 5_000, 3_600_000, "metadata max age"),
    ("ProducerLinger", 0, 60_000, "linger"),
    ("linger.ms", 0, 60_000, "linger"),
    ("ProducerBatchMaxBytes", 512, 100 << 20, "max record batch bytes"),
    ("ProduceRequestTimeout", 100, i32::MAX as i64, "produce timeout"),
    ("RecordDeliveryTimeout", 1_000, i64::MAX, "record timeout"),
];

/// sarama's least values (`Config.Validate`).
const SARAMA: &[(&str, i64, &str)] = &[
    ("session.timeout.ms", 3, "Consumer.Group.Session.Timeout must be >= 2ms"),
    ("rebalance.timeout.ms", 2, "Consumer.Group.Rebalance.Timeout must be >= 1ms"),
    ("auto.commit.interval.ms", 1, "Consumer.Offsets.AutoCommit.Interval must be > 0"),
    ("fetch.max.wait.ms", 1, "Consumer.MaxWaitTime must be >= 1ms"),
    ("fetch.min.bytes", 1, "Consumer.Fetch.Min must be > 0"),
    ("max.partition.fetch.bytes", 1, "Consumer.Fetch.Default must be > 0"),
];

/// What the constructor says to `n`, if it refuses it.
pub(super) fn refuses(client: ClientKind, name: &str, n: i64) -> Option<String> {
    match client {
        ClientKind::FranzGo if name == "RecordDeliveryTimeout" && n == 0 => None,
        ClientKind::FranzGo => {
            let (_, min, max, what) = FRANZ_GO.iter().find(|limit| limit.0 == name)?;
            let (cmp, limit) = if n < *min {
                ("less", min)
            } else if n > *max {
                ("larger", max)
            } else {
                return None;
            };
            Some(format!("NewClient returns an error: {what} {n} is {cmp} than allowed {limit}"))
        }
        ClientKind::Sarama => {
            let (_, min, says) = SARAMA.iter().find(|limit| limit.0 == name)?;
            (n < *min).then(|| format!("Config.Validate returns an error: \"{says}\""))
        }
        ClientKind::KafkaGo if name == "session.timeout.ms" && n < 0 => {
            Some("NewReader panics: \"SessionTimeout out of bounds\"".to_owned())
        }
        _ => None,
    }
}

/// What a 0 stands for in a kafka-go Reader: the default (reader.go, consumergroup.go).
pub(super) fn zero(client: ClientKind, name: &str) -> Option<i64> {
    if client != ClientKind::KafkaGo {
        return None;
    }
    let c = ClientConfig::of(client);
    match name {
        "session.timeout.ms" => Some(c.session_timeout_ms.into()),
        "heartbeat.interval.ms" => Some(c.heartbeat_interval_ms.into()),
        "rebalance.timeout.ms" => Some(c.rebalance_timeout_ms.into()),
        "fetch.min.bytes" => Some(c.fetch_min_bytes.into()),
        "fetch.max.bytes" => Some(c.fetch_max_bytes.into()),
        "fetch.max.wait.ms" => Some(c.fetch_max_wait_ms.into()),
        "QueueCapacity" => Some(c.kafka_go.queue_capacity.into()),
        "PartitionWatchInterval" => Some(c.kafka_go.partition_watch_interval_ms),
        "JoinGroupBackoff" => Some(c.kafka_go.join_group_backoff_ms),
        "ReadBackoffMin" => Some(c.kafka_go.read_backoff_min_ms),
        "ReadBackoffMax" => Some(c.kafka_go.read_backoff_max_ms),
        _ => None,
    }
}

/// "Kafka's default is 5000", or the library's.
pub(super) fn default(client: ClientKind, side: Side, key: &KafkaKey) -> Option<String> {
    let of_java = side == Side::Broker || client == ClientKind::Java;
    if of_java {
        return (!key.default.is_empty()).then(|| format!("Kafka's default is {}", key.default));
    }
    let (c, p) = (ClientConfig::of(client), ProducerSettings::of(client));
    let text = match (side, key.name) {
        (Side::Consumer, "session.timeout.ms") => c.session_timeout_ms.to_string(),
        (Side::Consumer, "rebalance.timeout.ms") => c.rebalance_timeout_ms.to_string(),
        (Side::Consumer, "auto.commit.interval.ms") if client == ClientKind::Sarama => "1000".to_owned(),
        (Side::Consumer, "request.timeout.ms") => c.request_timeout_ms.to_string(),
        (Side::Consumer, "metadata.max.age.ms") => c.metadata_max_age_ms.to_string(),
        (Side::Consumer, "reconnect.backoff.ms") => c.reconnect_backoff_ms.to_string(),
        (Side::Consumer, "reconnect.backoff.max.ms") => c.reconnect_backoff_max_ms.to_string(),
        (Side::Consumer, "fetch.max.wait.ms") => c.fetch_max_wait_ms.to_string(),
        (Side::Consumer, "fetch.max.bytes") => c.fetch_max_bytes.to_string(),
        (Side::Producer, "linger.ms") => p.linger_ms.to_string(),
        (Side::Producer, "batch.size") => p.batch_bytes.to_string(),
        (Side::Producer, "max.in.flight.requests.per.connection") => p.max_in_flight.to_string(),
        (Side::Producer, "delivery.timeout.ms") => p.delivery_timeout_ms.to_string(),
        (Side::Producer, "metadata.max.age.ms") => p.metadata_max_age_ms.to_string(),
        (Side::Producer, "reconnect.backoff.ms") => p.reconnect_backoff_ms.to_string(),
        (Side::Producer, "reconnect.backoff.max.ms") => p.reconnect_backoff_max_ms.to_string(),
        _ => key.default.to_owned(),
    };
    (!text.is_empty()).then(|| format!("{}'s default is {text}", client.name()))
}

/// Settings of a consumer that its constructor does not take together.
pub(super) fn together(report: &mut Report, config: &MemberConfig, settings: &Settings) {
    let client = &config.client;
    let on = |name: &str| settings.get(name).filter(|s| s.value == Parsed::Boolean(true)).map(|s| s.span);
    let mut refuse = |span: Span, message: String, says: &str| {
        report.add(Code::BadKafkaValue, span, message, format!("{says}\""));
    };
    match client.kind {
        ClientKind::FranzGo => {
            let (greedy, marks) = (on("GreedyAutoCommit"), on("AutoCommitMarks"));
            if let (Some(_), Some(span)) = (greedy, marks) {
                let says =
                    "NewClient returns an error: \"cannot enable both greedy autocommitting and marked autocommitting";
                refuse(span, "`AutoCommitMarks` beside `GreedyAutoCommit`".to_owned(), says);
            }
            let off = !matches!(config.commit.when, CommitWhen::Auto { .. }) && config.commit.also_auto_ms.is_none();
            for (name, span, word) in [("GreedyAutoCommit", greedy, "greedy"), ("AutoCommitMarks", marks, "marked")] {
                let Some(span) = span.filter(|_| off) else { continue };
                let says = format!(
                    "NewClient returns an error: \"cannot both disable autocommitting and enable {word} autocommitting"
                );
                refuse(span, format!("`{name}` without auto-commit"), &says);
            }
            let (heartbeat, session) = (client.heartbeat_interval_ms, client.session_timeout_ms);
            let written = settings.get("heartbeat.interval.ms").or(settings.get("session.timeout.ms"));
            if let Some(written) = written.filter(|_| heartbeat > session) {
                let message = format!("heartbeat.interval.ms {heartbeat} is above session.timeout.ms {session}");
                let says =
                    "NewClient returns an error: \"heartbeat interval is erroneously larger than the session timeout";
                refuse(written.span, message, says);
            }
        }
        ClientKind::KafkaGo => {
            let (min, max) = (client.fetch_min_bytes, client.fetch_max_bytes);
            let written = settings.get("fetch.min.bytes").or(settings.get("fetch.max.bytes"));
            if let Some(written) = written.filter(|_| min > max) {
                let message = format!("fetch.min.bytes {min} is above fetch.max.bytes {max}");
                let says = "NewReader panics: \"minimum batch size greater than the maximum";
                refuse(written.span, message, says);
            }
        }
        _ => {}
    }
}
