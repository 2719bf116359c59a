//! Every timer of the library, and what its firing does.

use super::Sarama;
use super::cluster::Purpose;
use super::group::Phase;
use crate::client::io::{Io, Timer};
use crate::trace::Channel;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// A request was not answered in time on this connection (`Net.ReadTimeout`).
    RequestTimeout(Channel),
    /// A connection may be opened again.
    Reconnect(Channel),
    /// A tick of the heartbeat loop, or the end of its backoff.
    Heartbeat,
    /// A tick of AutoCommit.
    AutoCommit,
    /// A tick of a feeder that is blocked.
    Feeder,
    /// New subscriptions have been collected.
    Batch,
    /// Partition consumers look for their leader again.
    Redispatch,
    /// The pause before JoinGroup is tried again.
    JoinBackoff,
    /// OffsetFetch may be tried again.
    OffsetFetch,
    /// FindCoordinator may be tried again.
    FindRetry,
    /// Metadata may be asked for again.
    MetadataRetry,
    /// The updater in the background.
    MetadataAge,
    /// The leader looks at the numbers of partitions.
    PartitionNumbers,
}

impl Sarama {
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
        consider(self.beats.timer, Due::Heartbeat);
        consider(self.cluster.updater, Due::MetadataAge);
        consider(self.group.check_at, Due::PartitionNumbers);
        consider(self.feeder_tick(), Due::Feeder);
        consider(self.fetcher.batch, Due::Batch);
        consider(self.fetcher.redispatch, Due::Redispatch);
        if let Phase::Backoff(timer) = self.group.phase {
            consider(timer, Due::JoinBackoff);
        }
        consider(self.offsets.fetch_retry, Due::OffsetFetch);
        consider(self.coordinator.retry_at, Due::FindRetry);
        consider(self.cluster.retry(), Due::MetadataRetry);
        consider(self.offsets.ticker, Due::AutoCommit);
        next
    }

    /// A timer has fired.
    pub fn fire(&mut self, io: &mut Io<'_, '_>, due: Due) {
        match due {
            Due::RequestTimeout(channel) => self.disconnect(io, channel),
            Due::Reconnect(channel) => self.network.unblock(channel),
            Due::Heartbeat => self.beats.due(),
            Due::AutoCommit => self.auto_commit(io),
            Due::Feeder => self.tick_feeders(io),
            Due::Batch => self.batch_over(),
            Due::Redispatch => self.redispatch(io),
            Due::JoinBackoff => self.backoff_over(),
            Due::OffsetFetch => self.offsets.fetch_retry = Timer::NEVER,
            Due::FindRetry => self.coordinator.retry_at = Timer::NEVER,
            Due::MetadataRetry => self.cluster.retry_due(io),
            Due::MetadataAge => {
                self.start_updater(io);
                self.refresh_metadata(Purpose::Background);
            }
            Due::PartitionNumbers => self.check_partition_numbers(io),
        }
        self.serve(io);
    }
}
