//! Every timer of the consumer, and what its firing does.

use super::Consumer;
use super::membership::MemberState;
use crate::client::io::{Io, Timer};
use crate::trace::Channel;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// A request was not answered in time on this connection.
    RequestTimeout(Channel),
    /// heartbeat.interval.ms.
    Heartbeat,
    /// session.timeout.ms at the client (CLIENT-04).
    Session,
    /// max.poll.interval.ms (CLIENT-05).
    PollTimeout,
    /// FindCoordinator may be tried again.
    Lookup,
    /// A connection may be opened again.
    Reconnect(Channel),
    /// Joining goes on.
    Join,
    /// auto.commit.interval.ms, seen by a waiting poll.
    AutoCommit,
    /// OffsetFetch may be tried again.
    OffsetFetch,
    /// ListOffsets may be tried again.
    Positions,
    /// commitSync goes on.
    CommitSync,
    /// metadata.max.age.ms.
    MetadataAge,
    /// Metadata may be asked for again.
    MetadataBackoff,
}

impl Consumer {
    /// The earliest timer; ties go to the one listed first.
    pub fn next_timer(&self) -> (Timer, Due) {
        let mut next = (Timer::NEVER, Due::RequestTimeout(Channel::Node));
        let mut consider = |timer: Timer, due: Due| {
            if timer.at < next.0.at {
                next = (timer, due);
            }
        };
        if let Some((timer, channel)) = self.network.first_timeout().filter(|_| !self.nobody_reads()) {
            consider(timer, Due::RequestTimeout(channel));
        }
        consider(self.network.reconnect(Channel::Node), Due::Reconnect(Channel::Node));
        consider(self.network.reconnect(Channel::Coordinator), Due::Reconnect(Channel::Coordinator));
        consider(self.metadata.refresh, Due::MetadataAge);
        consider(self.metadata.backoff, Due::MetadataBackoff);
        consider(self.lookup.backoff, Due::Lookup);
        consider(self.commits.timer(), Due::CommitSync);
        if self.in_poll {
            consider(self.join.timer(), Due::Join);
            consider(self.positions.timer(), Due::OffsetFetch);
            consider(self.positions.retry, Due::Positions);
            if self.auto_commit_runs() {
                consider(self.commits.next_auto, Due::AutoCommit);
            }
        }
        if self.heartbeats_run() {
            consider(self.heartbeat.session, Due::Session);
            if !self.in_poll {
                consider(self.heartbeat.poll, Due::PollTimeout);
            }
            consider(self.heartbeat.due, Due::Heartbeat);
        }
        next
    }

    /// Whether passes of poll reach the auto-commit (CLIENT-27).
    fn auto_commit_runs(&self) -> bool {
        let m = &self.membership;
        self.commits.next_auto.is_armed()
            && self.lookup.known
            && m.state == MemberState::Stable
            && !m.rejoin_needed
            && !self.positions.blocked()
            && !self.subscription.partitions.is_empty()
    }

    /// A timer has fired.
    pub fn fire(&mut self, io: &mut Io<'_, '_>, due: Due) {
        match due {
            Due::RequestTimeout(channel) => self.disconnect(io, channel),
            Due::Heartbeat => self.send_heartbeat(io),
            Due::Session => self.session_expired(io),
            Due::PollTimeout => self.poll_timeout_expired(io),
            Due::Lookup => self.lookup.backoff = Timer::NEVER,
            Due::Reconnect(channel) => self.network.unblock(channel),
            Due::Join => self.join_timer_fired(io.now()),
            Due::AutoCommit => self.maybe_auto_commit(io),
            Due::OffsetFetch => self.positions.backoff_over(),
            Due::Positions => self.positions.retry = Timer::NEVER,
            Due::CommitSync => {
                self.step_commit_sync(io);
            }
            Due::MetadataAge => {
                self.metadata.refresh = Timer::NEVER;
                self.metadata.wanted = true;
            }
            Due::MetadataBackoff => self.metadata.backoff = Timer::NEVER,
        }
    }
}
