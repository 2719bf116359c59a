//! What settings default to in each client library.

use super::{AssignorKind, ClientConfig, ClientKind};

impl ClientConfig {
    /// The defaults of a library.
    pub fn of(kind: ClientKind) -> ClientConfig {
        match kind {
            ClientKind::Librdkafka => ClientConfig {
                kind,
                // One record for each consumer_poll.
                max_poll_records: 1,
                assignors: vec![AssignorKind::Range, AssignorKind::RoundRobin],
                reconnect_backoff_ms: 100,
                reconnect_backoff_max_ms: 10_000,
                // socket.timeout.ms
                request_timeout_ms: 60_000,
                ..ClientConfig::default()
            },
            _ => ClientConfig { kind, ..ClientConfig::default() },
        }
    }
}
