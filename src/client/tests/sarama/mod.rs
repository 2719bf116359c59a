//! sarama's life cycle, to the millisecond, as its source has it.

mod claims;
mod commit;
mod fetch;
mod group;
mod join;
mod release;

use super::rig::Rig;
use crate::config::{
    AutoOffsetReset, ClientConfig, ClientKind, CommitMode, CommitOffset, CommitWhen, MemberConfig, Workers,
};
use crate::ids::{CorrelationId, Offset};
use crate::protocol::{Api, ErrorCode, ListOffsetsResponse, ListOffsetsTarget, Request, Response};
use crate::time::Duration;

/// A member of sarama with its defaults, but reading from the beginning; a record takes a second; handlers mark what they have
/// handled, and AutoCommit is enabled.
pub(super) fn rig(change: impl FnOnce(&mut MemberConfig)) -> Rig {
    Rig::with(|config| {
        config.client = ClientConfig {
            client_id: "sarama".into(),
            auto_offset_reset: AutoOffsetReset::Earliest,
            ..ClientConfig::of(ClientKind::Sarama)
        };
        config.process.per_record = Duration::from_ms(1_000);
        config.process.workers = Workers::PerPartition;
        config.commit.when = CommitWhen::Auto { interval_ms: 1_000 };
        config.commit.offset = CommitOffset::DoneMax;
        config.commit.on_revoke = true;
        change(config);
    })
}

/// AutoCommit disabled: the application commits by itself.
pub(super) fn manual(config: &mut MemberConfig, when: CommitWhen, on_revoke: bool) {
    (config.commit.when, config.commit.mode) = (when, CommitMode::Sync);
    (config.commit.offset, config.commit.on_revoke) = (CommitOffset::DoneMax, on_revoke);
}

impl Rig {
    pub(super) fn found(&mut self) {
        self.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
    }

    /// `NewConsumerGroup` and the first `Consume` have their metadata, the coordinator is found: the first JoinGroup is out.
    pub(super) fn sa_started(&mut self) {
        self.start();
        self.reply_metadata();
        self.reply_metadata();
        self.found();
    }

    /// Joined as a follower: the session has begun; FindCoordinator of its offset manager and the first heartbeat are out.
    pub(super) fn sa_joined(&mut self, partitions: &[u32]) {
        self.sa_started();
        self.join(1);
        self.sync(partitions);
    }

    /// Answers both look-ups of every claim with these ends.
    pub(super) fn ends(&mut self, claims: usize, oldest: i64, newest: i64) {
        for _ in 0..2 * claims {
            let (id, request) = self.sent(Api::ListOffsets);
            let Request::ListOffsets(request) = request else { unreachable!() };
            let (tp, target) = request.partitions[0];
            let offset = if target == ListOffsetsTarget::Earliest { oldest } else { newest };
            let partitions = vec![(tp, Offset(offset), ErrorCode::None)];
            self.answer(id, Response::ListOffsets(Box::new(ListOffsetsResponse { partitions })));
        }
    }

    /// The session's first requests are answered, with this committed offset: the claims have been collected at 100 ms, and
    /// the first fetch is out and taken.
    pub(super) fn sa_claims(&mut self, claims: usize, committed: i64) -> CorrelationId {
        self.found();
        self.heartbeat_reply(ErrorCode::None);
        for _ in 0..claims {
            self.committed(committed);
        }
        self.ends(claims, 0, 1_000);
        self.fires_at(self.now.as_ms() + 100);
        self.events();
        self.sent(Api::Fetch).0
    }

    /// In generation 1 since 0 ms with these partitions, committed at `offset`; the fetch that was sent at 100 ms is taken.
    pub(super) fn sa_running(&mut self, partitions: &[u32], offset: i64) -> CorrelationId {
        self.sa_joined(partitions);
        self.sa_claims(partitions.len(), offset)
    }
}
