//! kafka-go's life cycle, to the millisecond.

mod close;
mod commit;
mod fetch;
mod group;

use super::rig::{Rig, policy};
use crate::config::{ClientConfig, ClientKind, CommitMode, CommitOffset, CommitWhen, MemberConfig};
use crate::ids::{CorrelationId, Offset};
use crate::protocol::{Api, ErrorCode, ListOffsetsResponse, Request, Response};
use crate::time::Duration;

/// A Reader with its defaults; a message takes a second and is committed then.
pub(super) fn rig(change: impl FnOnce(&mut MemberConfig)) -> Rig {
    Rig::with(|config| {
        config.client = ClientConfig { client_id: "kafka-go".into(), ..ClientConfig::of(ClientKind::KafkaGo) };
        config.process.per_record = Duration::from_ms(1_000);
        config.commit = policy(CommitWhen::AfterRecord, CommitOffset::DoneContiguous, CommitMode::Sync, false);
        change(config);
    })
}

/// Nothing is committed.
pub(super) fn never(config: &mut MemberConfig) {
    config.commit = policy(CommitWhen::Never, CommitOffset::DoneContiguous, CommitMode::Sync, false);
}

impl Rig {
    /// The coordinator is found: JoinGroup is out.
    pub(super) fn kg_found(&mut self) {
        self.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    }

    /// Answers the oldest ListOffsets, of one partition.
    pub(super) fn kg_offset(&mut self, offset: i64) {
        let (id, request) = self.sent(Api::ListOffsets);
        let Request::ListOffsets(request) = request else { unreachable!() };
        let partitions = request.partitions.iter().map(|p| (p.0, Offset(offset), ErrorCode::None)).collect();
        self.answer(id, Response::ListOffsets(Box::new(ListOffsetsResponse { partitions })));
    }

    /// The reader whose look-up is the oldest request starts on a log `[first, last)`, and fetches.
    pub(super) fn kg_reads(&mut self, first: i64, last: i64) {
        self.reply_metadata();
        for offset in [first, last, first, last] {
            self.kg_offset(offset);
        }
    }

    /// The JoinGroup in flight ends in a generation with partition 0, committed at `offset`, at once; gives its Fetch.
    pub(super) fn kg_generation(&mut self, generation: i32, offset: i64) -> CorrelationId {
        self.join(generation);
        self.sync(&[0]);
        self.committed(offset);
        self.kg_reads(0, 1_000);
        self.sent(Api::Fetch).0
    }

    /// Generation 1 with partition 0, committed at `offset`, at 0 ms; gives its Fetch.
    pub(super) fn kg_running(&mut self, offset: i64) -> CorrelationId {
        self.start();
        self.kg_found();
        let fetch = self.kg_generation(1, offset);
        self.events();
        fetch
    }

    /// The next heartbeat is sent at `ms`, and hears of a rebalance.
    pub(super) fn kg_rebalance_at(&mut self, ms: u64) {
        self.fires_at(ms);
        self.heartbeat_reply(ErrorCode::RebalanceInProgress);
    }
}
