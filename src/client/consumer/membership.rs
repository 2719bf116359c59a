//! Member state, generation and the wish to rejoin (AbstractCoordinator's fields).

use crate::client::io::Io;
use crate::ids::{Generation, GroupId, MemberId, ProtocolName, Symbol};
use crate::protocol::ErrorCode;
use crate::trace::{CommitError, Kind};

/// CLIENT-01.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MemberState {
    /// Not part of a group.
    Unjoined,
    /// A JoinGroup is in flight.
    PreparingRebalance,
    /// A SyncGroup is in flight.
    CompletingRebalance,
    /// Joined and synced.
    Stable,
}

/// Java's `Generation`: generation id, member id and protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GenerationId {
    /// Generation, or -1.
    pub generation: Generation,
    /// Member id, or empty.
    pub member: MemberId,
    /// Chosen protocol, or empty.
    pub protocol: ProtocolName,
}

impl GenerationId {
    /// NO_GENERATION.
    pub const NONE: GenerationId =
        GenerationId { generation: Generation::NONE, member: MemberId::EMPTY, protocol: ProtocolName::EMPTY };

    /// Whether the generation was reset (the member id may have been kept).
    pub fn is_reset(self) -> bool {
        self.generation == Generation::NONE && self.protocol.is_empty()
    }
}

/// Where the member stands in its group.
#[derive(Debug)]
pub(crate) struct Membership {
    /// The group.
    pub group: GroupId,
    /// CLIENT-01.
    pub state: MemberState,
    /// Generation, member id, protocol.
    pub id: GenerationId,
    /// The next poll has to rejoin.
    pub rejoin_needed: bool,
    /// Why; goes into the JoinGroup (KIP-800).
    pub rejoin_reason: Symbol,
    /// onJoinPrepare has to run before the next JoinGroup.
    pub needs_join_prepare: bool,
}

impl Membership {
    pub fn new(group: GroupId) -> Self {
        Membership {
            group,
            state: MemberState::Unjoined,
            id: GenerationId::NONE,
            rejoin_needed: true,
            rejoin_reason: Symbol::EMPTY,
            needs_join_prepare: true,
        }
    }

    /// Whether heartbeats are sent in this state (CLIENT-02).
    #[inline]
    pub fn beats(&self) -> bool {
        matches!(self.state, MemberState::CompletingRebalance | MemberState::Stable)
    }

    /// Whether the client knows that it is in a rebalance.
    pub fn rebalancing(&self) -> bool {
        matches!(self.state, MemberState::PreparingRebalance | MemberState::CompletingRebalance)
    }

    /// Whether OffsetCommit may be sent: outside STABLE it fails without a request (CLIENT-28).
    pub fn may_commit(&self) -> Result<(), CommitError> {
        match self.state {
            MemberState::Stable => Ok(()),
            _ if self.rebalancing() => Err(CommitError::RebalanceInProgress),
            _ => Err(CommitError::CommitFailed),
        }
    }

    /// The next poll has to rejoin.
    pub fn request_rejoin(&mut self, io: &mut Io<'_, '_>, reason: &str) {
        self.rejoin_reason = io.symbol(reason);
        self.rejoin_needed = true;
    }

    /// resetStateAndRejoin: gives up the generation, and the member id if `and_member`.
    pub fn reset(&mut self, io: &mut Io<'_, '_>, reason: &str, and_member: bool, code: ErrorCode) {
        self.state = MemberState::Unjoined;
        let member = if and_member { MemberId::EMPTY } else { self.id.member };
        self.id = GenerationId { member, ..GenerationId::NONE };
        self.needs_join_prepare = true;
        io.emit(Kind::GenerationReset { group: self.group, member, code });
        self.request_rejoin(io, reason);
    }

    /// The coordinator named the member.
    pub fn learn(&mut self, io: &mut Io<'_, '_>, member: MemberId) {
        if member != self.id.member && !member.is_empty() {
            io.emit(Kind::MemberIdLearned { group: self.group, member });
        }
    }
}
