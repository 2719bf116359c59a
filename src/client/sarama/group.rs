//! Where a member stands between two calls of `Consume`.

use super::Sarama;
use crate::client::consumer::membership::GenerationId;
use crate::client::io::{Io, Timer};
use crate::ids::{GroupId, MemberId};
use crate::protocol::ErrorCode;
use crate::trace::Kind;

/// What the goroutine that called `Consume` is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// In `NewConsumerGroup`.
    Connecting,
    /// Between two calls of `Consume`.
    Idle,
    /// `RefreshMetadata`.
    Refreshing,
    /// A JoinGroup is to be sent.
    Join,
    /// A JoinGroup is in flight.
    Joining,
    /// `Consumer.Group.Rebalance.Retry.Backoff`.
    Backoff(Timer),
    /// `RefreshCoordinator` after it.
    Finding,
    /// As leader: metadata of everybody's topics.
    Planning,
    /// A SyncGroup is to be sent, or is in flight.
    Syncing,
    /// `newConsumerGroupSession`: OffsetFetch of one partition after the other.
    Offsets,
    /// Handlers run, or (with the session cancelled) are waited for.
    Running,
    /// `Cleanup` is over: claims that are not closed yet, the final flush, the last heartbeat.
    Releasing,
    /// `Close` has been called and `Consume` has returned.
    Leaving,
    /// Nothing is left to do.
    Over,
}

/// The group as this member knows it.
#[derive(Debug)]
pub(super) struct Group {
    /// The group's id.
    pub name: GroupId,
    /// Member id, generation, protocol.
    pub id: GenerationId,
    /// What `Consume` is doing.
    pub phase: Phase,
    /// How often joining may still be tried again (`Consumer.Group.Rebalance.Retry.Max`).
    pub retries: i64,
    /// As leader: what every member subscribes to, until the metadata has come.
    pub leading: Option<super::leader::Leading>,
    /// This member leads the generation: its session looks at the numbers of partitions.
    pub leads: bool,
    /// The session's context is cancelled.
    pub cancelled: bool,
    /// The coordinator no longer knows the member, or its generation.
    pub lost: bool,
    /// The application is in the callback of the session's end.
    pub in_callback: bool,
    /// The session did not come to `Setup`: its error is that of `Consume`.
    pub failed: bool,
    /// The leader's next look at the numbers of partitions.
    pub check_at: Timer,
}

impl Group {
    pub fn new(name: GroupId) -> Self {
        Group {
            name,
            id: GenerationId::NONE,
            phase: Phase::Connecting,
            retries: 0,
            leading: None,
            leads: false,
            cancelled: false,
            lost: false,
            in_callback: false,
            failed: false,
            check_at: Timer::NEVER,
        }
    }
}

impl Sarama {
    /// The member id is of no use any more.
    pub(super) fn forget_member(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        let had = std::mem::replace(&mut self.group.id, GenerationId::NONE);
        if !had.member.is_empty() {
            io.emit(Kind::GenerationReset { group: self.group.name, member: MemberId::EMPTY, code });
        }
    }

    /// The coordinator named the member.
    pub(super) fn learn_member(&mut self, io: &mut Io<'_, '_>, member: MemberId) {
        if member != self.group.id.member && !member.is_empty() {
            io.emit(Kind::MemberIdLearned { group: self.group.name, member });
        }
        self.group.id.member = member;
    }
}
