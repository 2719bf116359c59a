//! Where the member stands in its group (`groupConsumer`).

use super::FranzGo;
use super::revoke::Job;
use crate::client::consumer::membership::GenerationId;
use crate::client::io::{Io, Timer};
use crate::ids::{Generation, GroupId, MemberId, TopicName, TopicPartition};
use crate::protocol::ErrorCode;
use crate::trace::Kind;

/// What the manage loop is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Not started: none of the topics exists, as far as is known.
    Idle,
    /// Waits for commits to be over, then for JoinGroup.
    Joining,
    /// The leader waits for metadata of topics that only others consume.
    Leading,
    /// Waits for SyncGroup.
    Syncing,
    /// In the heartbeat loop.
    Session,
    /// The session or the join failed: onLost has yet to run.
    Failing,
    /// Pauses after a failure.
    Pausing,
    /// Out of it, for good.
    Left,
}

/// The group as this member knows it.
#[derive(Debug)]
pub(super) struct Group {
    /// `group.id`.
    pub name: GroupId,
    /// What the manage loop is doing.
    pub stage: Stage,
    /// Member id, generation, protocol (`memberGen`).
    pub id: GenerationId,
    /// The protocol in use is cooperative.
    pub cooperative: bool,
    /// The group has gone from a cooperative protocol to an eager one.
    pub downgraded: bool,
    /// What the last SyncGroup gave, sorted; none after everything was revoked or lost.
    pub assigned: Vec<TopicPartition>,
    /// The heartbeat loop's own affairs.
    pub session: super::session::Session,
    /// The rebalance callback that runs, or waits for the application.
    pub job: Option<Job>,
    /// The heartbeat loop is to end in a rejoin (`rejoinCh`).
    pub rejoin: bool,
    /// Failures of the manage loop in a row.
    pub failures: u32,
    /// The pause after a failure.
    pub pause: Timer,
    /// This member leads, as far as it knows.
    pub leader: bool,
    /// As leader: members' subscriptions, until the metadata has come.
    pub leading: Option<super::leader::Leading>,
    /// What the leader hands in with its SyncGroup.
    pub plan: Vec<(MemberId, crate::protocol::Bytes)>,
    /// What a leader that must not assign (KIP-814) would have given itself.
    pub own_plan: Option<crate::protocol::Bytes>,
    /// Partitions of the topics in use.
    pub using: Vec<(TopicName, u32)>,
    /// The client is being closed.
    pub closing: bool,
    /// The application's thread may go on.
    pub news: bool,
}

impl Group {
    pub fn new(name: GroupId) -> Self {
        Group {
            name,
            stage: Stage::Idle,
            id: GenerationId::NONE,
            cooperative: false,
            downgraded: false,
            assigned: Vec::new(),
            session: super::session::Session::default(),
            job: None,
            rejoin: false,
            failures: 0,
            pause: Timer::NEVER,
            leader: false,
            leading: None,
            plan: Vec::new(),
            own_plan: None,
            using: Vec::new(),
            closing: false,
            news: false,
        }
    }
}

impl FranzGo {
    /// The coordinator named the member.
    pub(super) fn learn_member(&mut self, io: &mut Io<'_, '_>, member: MemberId) {
        if member != self.group.id.member && !member.is_empty() {
            io.emit(Kind::MemberIdLearned { group: self.group.name, member });
        }
        self.group.id.member = member;
    }

    /// The member id is of no use any more. Generation and partitions are kept.
    pub(super) fn forget_member(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        if !self.group.id.member.is_empty() {
            self.group.id.member = MemberId::EMPTY;
            io.emit(Kind::GenerationReset { group: self.group.name, member: MemberId::EMPTY, code });
        }
    }

    /// The generation that a member in no session states: none if it never had one.
    pub(super) fn generation(&self) -> Generation {
        self.group.id.generation
    }

    /// The manage loop goes on where it has stopped.
    pub(super) fn serve_group(&mut self, io: &mut Io<'_, '_>) {
        self.serve_session(io);
        self.serve_job(io);
        if self.group.stage == Stage::Joining {
            self.join_when_unlocked(io);
        }
        if self.group.stage == Stage::Pausing && self.group.closing {
            self.manage_ended(io);
        }
    }
}
