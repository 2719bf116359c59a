//! Every timer of the library, and what its firing does.

use super::Librdkafka;
use crate::client::io::{Io, Timer};
use crate::protocol::Api;
use crate::trace::Channel;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// A request was not answered in time on this connection.
    RequestTimeout(Channel),
    /// A connection may be opened again.
    Reconnect(Channel),
    /// heartbeat.interval.ms.
    Heartbeat,
    /// session.timeout.ms at the client.
    Session,
    /// max.poll.interval.ms.
    PollTimeout,
    /// Something may be tried again; the pass that follows does so.
    Again,
    /// auto.commit.interval.ms.
    AutoCommit,
    /// A commit has waited for a coordinator for too long.
    CommitTimeout,
    /// OffsetFetch may be tried again.
    OffsetFetch,
    /// ListOffsets are due.
    Queries,
    /// fetch.queue.backoff.ms or fetch.error.backoff.ms is over.
    Fetch,
    /// topic.metadata.refresh.interval.ms.
    MetadataAge,
    /// Metadata may be asked for again.
    MetadataBackoff,
}

impl Librdkafka {
    /// The earliest timer; ties go to the one listed first.
    pub fn next_timer(&self) -> (Timer, Due) {
        let mut next = (Timer::NEVER, Due::RequestTimeout(Channel::Node));
        let mut consider = |timer: Timer, due: Due| {
            if timer.at < next.0.at {
                next = (timer, due);
            }
        };
        if let Some((timer, channel)) = self.network.first_timeout() {
            consider(timer, Due::RequestTimeout(channel));
        }
        consider(self.network.reconnect(Channel::Node), Due::Reconnect(Channel::Node));
        consider(self.network.reconnect(Channel::Coordinator), Due::Reconnect(Channel::Coordinator));
        consider(self.metadata.refresh, Due::MetadataAge);
        consider(self.metadata.backoff, Due::MetadataBackoff);
        consider(self.fetcher.backoff, Due::Fetch);
        consider(self.offsets.fetch_retry, Due::OffsetFetch);
        consider(self.offsets.query_at, Due::Queries);
        if self.grouped {
            self.consider_group(&mut consider);
        }
        next
    }

    fn consider_group(&self, consider: &mut impl FnMut(Timer, Due)) {
        consider(self.commits.next_auto, Due::AutoCommit);
        consider(self.commits.given_up_at(), Due::CommitTimeout);
        if !self.coordinator.found {
            if !self.network.waits_for(Api::FindCoordinator) {
                consider(self.coordinator.query_at, Due::Again);
            }
        } else if self.joins() {
            consider(self.wakes_for(self.group.join_at), Due::Again);
        }
        if self.session_watched() {
            consider(self.beats.session, Due::Session);
        }
        if !self.in_poll {
            consider(self.beats.poll_timeout(), Due::PollTimeout);
        }
        if self.beats() && self.coordinator.found && !self.network.reconnect(Channel::Coordinator).is_armed() {
            consider(self.beats.due, Due::Heartbeat);
        }
    }

    /// A pause is over: of looking the coordinator up, or of joining.
    fn try_again(&mut self, io: &Io<'_, '_>) {
        for timer in [&mut self.coordinator.query_at, &mut self.group.join_at] {
            if timer.at <= io.now() {
                *timer = Timer::NEVER;
            }
        }
    }

    /// A timer has fired.
    pub fn fire(&mut self, io: &mut Io<'_, '_>, due: Due) {
        match due {
            Due::RequestTimeout(channel) => self.disconnect(io, channel),
            Due::Reconnect(channel) => self.network.unblock(channel),
            Due::Heartbeat => self.serve_heartbeats(io),
            Due::Session => self.session_expired(io),
            Due::PollTimeout => self.poll_timeout_expired(io),
            Due::Again => self.try_again(io),
            Due::AutoCommit => self.auto_commit(io),
            Due::CommitTimeout => self.give_commits_up(io),
            Due::OffsetFetch => self.offsets.fetch_retry = Timer::NEVER,
            Due::Queries => self.send_queries(io),
            Due::Fetch => self.fetcher.backoff = Timer::NEVER,
            Due::MetadataAge => {
                self.metadata.refresh = io.timer_ms(self.config.metadata_max_age_ms);
                self.metadata.wanted = true;
            }
            Due::MetadataBackoff => self.metadata.backoff = Timer::NEVER,
        }
    }
}
