//! Every timer of the library, and what its firing does.

use super::FranzGo;
use super::group::Stage;
use crate::client::io::{Io, Timer};
use crate::trace::Channel;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// A request was not answered in time on this connection.
    RequestTimeout(Channel),
    /// A connection may be opened again.
    Reconnect(Channel),
    /// A heartbeat.
    Heartbeat,
    /// The interval of auto-commit.
    AutoCommit,
    /// A request may be made again; the pass that follows does so.
    Again,
    /// The manage loop's pause after a failure is over.
    Pause,
    /// ListOffsets may be sent again.
    Query,
    /// A fetch may be sent again.
    Fetch,
    /// Metadata is too old.
    MetadataAge,
    /// Metadata may be asked for again.
    MetadataBackoff,
}

impl FranzGo {
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
        consider(self.offsets.query_at, Due::Query);
        if self.grouped {
            consider(self.beats.due, Due::Heartbeat);
            consider(self.beats.fast, Due::Heartbeat);
            consider(self.commits.next_auto, Due::AutoCommit);
            consider(self.calls.first_backoff(), Due::Again);
            consider(self.group.pause, Due::Pause);
        }
        next
    }

    /// A timer has fired.
    pub fn fire(&mut self, io: &mut Io<'_, '_>, due: Due) {
        match due {
            Due::RequestTimeout(channel) => self.disconnect(io, channel),
            Due::Reconnect(channel) => self.network.unblock(channel),
            Due::Heartbeat => self.beat(io),
            Due::AutoCommit => self.auto_commit(io),
            Due::Again => self.calls.unblock(io.now()),
            Due::Pause => {
                self.group.pause = Timer::NEVER;
                if self.group.stage == Stage::Pausing {
                    self.join(io);
                }
            }
            Due::Query => self.offsets.query_at = Timer::NEVER,
            Due::Fetch => self.fetcher.backoff = Timer::NEVER,
            Due::MetadataAge => {
                self.metadata.refresh = io.timer_ms(self.config.metadata_max_age_ms);
                self.metadata.wanted = true;
            }
            Due::MetadataBackoff => self.metadata.backoff = Timer::NEVER,
        }
    }
}
