//! A group session (`setupAssignedAndHeartbeat`): what was lost is revoked, what is new is assigned and its offsets are
//! fetched, while heartbeats go on; until one of them, or anything else, ends it.

use super::FranzGo;
use super::calls::Want;
use super::group::Stage;
use super::revoke::What;
use crate::client::io::Io;
use crate::client::subscription::runs;
use crate::ids::TopicPartition;
use crate::protocol::ErrorCode;
use crate::trace::Kind;

/// What the heartbeat loop has seen.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// onAssigned has run.
    assigned: bool,
    /// The first error asked for a rebalance, so that the revoke at the end of the session runs, or has yet to; heartbeats go
    /// on meanwhile, and this is the last error that was seen.
    pub ending: Option<ErrorCode>,
    /// The first error was another: the loop is over.
    pub fatal: Option<ErrorCode>,
    /// The revoke at the end has been started.
    revoking: bool,
    /// The revoke at the end has run.
    pub revoked: bool,
}

impl FranzGo {
    /// SyncGroup has given these partitions (sorted).
    pub(super) fn begin_session(&mut self, io: &mut Io<'_, '_>, partitions: Vec<TopicPartition>) {
        let downgraded = std::mem::take(&mut self.group.downgraded);
        let before = std::mem::replace(&mut self.group.assigned, partitions);
        let now = &self.group.assigned;
        let lost: Vec<_> = if self.group.cooperative {
            before.into_iter().filter(|tp| now.binary_search(tp).is_err()).collect()
        } else if downgraded {
            before
        } else {
            Vec::new() // an eager member has revoked everything
        };
        self.group.stage = Stage::Session;
        self.group.session = Session::default();
        self.begin_beats(io);
        if lost.is_empty() {
            self.assign(io);
        } else if downgraded {
            self.start_job(io, What::Downgrade, lost);
        } else {
            self.start_job(io, What::Lost, lost);
        }
    }

    /// onAssigned; then the offsets of what is new are fetched.
    pub(super) fn assign(&mut self, io: &mut Io<'_, '_>) {
        let added = self.subscription.missing(&self.group.assigned);
        let generation = self.group.id.generation;
        for (first, length) in runs(added.iter().copied()) {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Owned { topic, from, to, generation });
        }
        self.commits.forget_elsewhere(&added);
        self.subscription.reassign(self.group.assigned.clone());
        self.group.session.assigned = true;
        self.start_reading(io);
        self.serve_session(io);
    }

    /// The heartbeat loop looks at its channels. It does not while a heartbeat is on its way.
    pub(super) fn serve_session(&mut self, io: &mut Io<'_, '_>) {
        if self.group.stage != Stage::Session || (self.calls.get(Want::Beat).sent && !self.group.closing) {
            return;
        }
        if self.group.closing && self.group.session.ending.is_none() && self.group.session.fatal.is_none() {
            self.group.session.fatal = Some(ErrorCode::None);
        }
        if self.group.rejoin && self.group.session.fatal.is_none() {
            self.group.rejoin = false;
            self.loop_error(io, ErrorCode::RebalanceInProgress);
        }
        let session = &mut self.group.session;
        if !session.assigned || self.group.job.is_some() {
            return;
        }
        if let Some(code) = session.fatal {
            return self.session_over(io, code);
        }
        match session.ending {
            Some(code) if session.revoked => self.session_over(io, code),
            Some(_) if !session.revoking => {
                session.revoking = true;
                let all = if self.group.cooperative { Vec::new() } else { std::mem::take(&mut self.group.assigned) };
                self.start_job(io, What::SessionEnd, all);
            }
            _ => {}
        }
    }

    /// Something has ended the session, or has happened while it ends.
    pub(super) fn loop_error(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        if self.group.stage != Stage::Session {
            return;
        }
        let session = &mut self.group.session;
        match (session.ending, code) {
            (Some(_), _) | (None, ErrorCode::RebalanceInProgress) => session.ending = Some(code),
            (None, _) => {
                session.fatal.get_or_insert(code);
                self.stop_beats();
            }
        }
        self.serve_session(io);
    }

    /// The heartbeat loop has returned, and what it had started with it.
    fn session_over(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.stop_beats();
        self.cancel_offset_fetch();
        if code == ErrorCode::RebalanceInProgress && !self.group.closing {
            self.group.failures = 0;
            self.join(io);
        } else {
            self.fail(io, code);
        }
    }

    /// The manage loop has met an error (`manageFailWait`): everything is lost, or, when it is the closing of the client,
    /// revoked.
    pub(super) fn fail(&mut self, io: &mut Io<'_, '_>, code: ErrorCode) {
        self.group.stage = Stage::Failing;
        self.stop_beats();
        let all = std::mem::take(&mut self.group.assigned);
        if self.group.closing {
            return self.start_job(io, What::Leaving, all);
        }
        self.group.failures += 1;
        self.group.leader = false;
        io.emit(Kind::GenerationReset { group: self.group.name, member: self.group.id.member, code });
        self.start_job(io, What::Failed, all);
    }
}
