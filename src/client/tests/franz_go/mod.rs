//! franz-go's life cycle, to the millisecond, as its source has it (`pkg/kgo`).

mod close;
mod commit;
mod fetch;
mod join;
mod rebalance;
mod session;

use super::rig::Rig;
use crate::config::{ClientConfig, ClientKind, CommitMode, CommitOffset, CommitPolicy, CommitWhen, MemberConfig};
use crate::ids::{CorrelationId, ProtocolName};
use crate::protocol::{Api, ErrorCode, Request, Response};
use crate::time::Duration;

/// A member of franz-go with its defaults; a record takes a second.
pub(super) fn rig(change: impl FnOnce(&mut MemberConfig)) -> Rig {
    Rig::with(|config| {
        config.client = ClientConfig { client_id: "kgo".into(), ..ClientConfig::of(ClientKind::FranzGo) };
        config.process.per_record = Duration::from_ms(1_000);
        config.commit = automatic(5_000);
        change(config);
    })
}

/// What the library commits by itself.
pub(super) fn automatic(interval_ms: i64) -> CommitPolicy {
    CommitPolicy { when: CommitWhen::Auto { interval_ms }, offset: CommitOffset::Head, ..CommitPolicy::default() }
}

/// The application commits after each batch, and nobody else.
pub(super) fn by_hand(mode: CommitMode) -> CommitPolicy {
    super::rig::policy(CommitWhen::AfterBatch, CommitOffset::DoneContiguous, mode, false)
}

impl Rig {
    /// Started, topics and coordinator are known, and the coordinator has named the member: the second JoinGroup is out.
    pub(super) fn fz_started(&mut self) {
        self.start();
        self.reply_metadata();
        self.reply(Api::FindCoordinator, Response::FindCoordinator(ErrorCode::None));
        self.join_error(ErrorCode::MemberIdRequired);
    }

    /// The JoinGroup in flight is answered; the member follows.
    pub(super) fn fz_joined(&mut self, generation: i32, protocol: &str) {
        let mut response = self.join_response(generation, false);
        response.protocol_name = Some(ProtocolName(self.names.intern(protocol)));
        self.reply(Api::JoinGroup, Response::JoinGroup(Box::new(response)));
    }

    /// The JoinGroup in flight ends in an assignment, at once.
    pub(super) fn fz_assigned(&mut self, generation: i32, partitions: &[u32]) {
        self.fz_joined(generation, "cooperative-sticky");
        self.sync(partitions);
    }

    /// In generation 1 at 0 ms with these partitions, committed at `offset`; the fetch is out and taken.
    pub(super) fn fz_stable(&mut self, partitions: &[u32], offset: i64) -> CorrelationId {
        self.fz_started();
        self.fz_assigned(1, partitions);
        self.committed(offset);
        self.events();
        self.sent(Api::Fetch).0
    }

    /// What the JoinGroup that was sent says that the member owns, and since which generation.
    pub(super) fn fz_claims(&mut self) -> (Vec<u32>, i32) {
        let (_, request) = self.sent(Api::JoinGroup);
        let Request::JoinGroup(request) = request else { unreachable!() };
        let subscription =
            crate::protocol::consumer_protocol::decode_subscription(&request.protocols[0].metadata, &mut self.names);
        let subscription = subscription.unwrap();
        (subscription.owned.iter().map(|p| p.partition).collect(), subscription.generation.0)
    }
}
