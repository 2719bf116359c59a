//! librdkafka's life cycle, to the millisecond. What is not of the source was seen of librdkafka 2.12.1 on a real broker.

mod commit;
mod cooperative;
mod fetch;
mod group;
mod join;
mod rebalance;

use super::rig::Rig;
use crate::config::{AutoOffsetReset, ClientConfig, ClientKind, MemberConfig};
use crate::ids::CorrelationId;
use crate::protocol::{Api, ErrorCode, Response};
use crate::time::Duration;

/// A member of librdkafka with its defaults, but reading from the beginning; a record takes a second; commits after each.
pub(super) fn rig(change: impl FnOnce(&mut MemberConfig)) -> Rig {
    Rig::with(|config| {
        config.client = ClientConfig {
            client_id: "rdkafka".into(),
            auto_offset_reset: AutoOffsetReset::Earliest,
            ..ClientConfig::of(ClientKind::Librdkafka)
        };
        config.process.per_record = Duration::from_ms(1_000);
        change(config);
    })
}

impl Rig {
    /// Started, coordinator and topics are known: the first JoinGroup is out.
    pub(super) fn rd_started(&mut self) {
        self.start();
        self.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
        self.reply_metadata();
    }

    /// Steady in generation 1 at 0 ms with these partitions, committed at `offset`; the first heartbeat is answered, the
    /// fetch is out and taken.
    pub(super) fn rd_steady(&mut self, partitions: &[u32], offset: i64) -> CorrelationId {
        self.rd_started();
        self.rd_assigned(1, partitions, offset)
    }

    /// The JoinGroup in flight ends in an assignment, at once.
    pub(super) fn rd_assigned(&mut self, generation: i32, partitions: &[u32], offset: i64) -> CorrelationId {
        self.join(generation);
        self.sync(partitions);
        self.heartbeat_reply(ErrorCode::None);
        self.committed(offset);
        self.events();
        self.sent(Api::Fetch).0
    }
}
