//! Every timer of the library, and what its firing does.

use super::KafkaGo;
use super::group::Phase;
use crate::client::io::Io;
use crate::client::io::Timer;
use crate::trace::Channel;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Due {
    /// A request was not answered in time on this connection.
    RequestTimeout(Channel, u32),
    /// HeartbeatInterval.
    Heartbeat,
    /// PartitionWatchInterval.
    Watch(u32),
    /// CommitInterval.
    Commit,
    /// A commit is tried again.
    CommitRetry,
    /// JoinGroupBackoff is over.
    Join,
    /// A reader has slept enough.
    Reader(u32),
}

impl KafkaGo {
    /// The earliest timer; ties go to the one listed first.
    pub fn next_timer(&self) -> (Timer, Due) {
        let mut next = (Timer::NEVER, Due::Heartbeat);
        let mut consider = |timer: Timer, due: Due| {
            if timer.at < next.0.at {
                next = (timer, due);
            }
        };
        if let Some((timer, channel, lane)) = self.network.first_timeout_on_lane() {
            consider(timer, Due::RequestTimeout(channel, lane));
        }
        consider(self.readers.wake.0, Due::Reader(self.readers.wake.1));
        if let Phase::Pausing(timer) = self.group.phase {
            consider(timer, Due::Join);
        }
        consider(self.commits.retry(), Due::CommitRetry);
        consider(self.commits.ticker.next, Due::Commit);
        consider(self.generation.beats.next, Due::Heartbeat);
        if let Phase::Running = self.group.phase {
            for (place, watcher) in self.generation.watchers.iter().enumerate() {
                consider(watcher.ticker.next, Due::Watch(place as u32));
            }
        }
        next
    }

    /// A timer has fired.
    pub fn fire(&mut self, io: &mut Io<'_, '_>, due: Due) {
        match due {
            Due::RequestTimeout(channel, lane) => self.disconnect(io, channel, lane),
            Due::Heartbeat => self.beat(io),
            Due::Watch(place) => self.watch(io, place as usize),
            Due::Commit => self.commit_tick(io),
            Due::CommitRetry => self.retry_commit(io),
            Due::Join => self.next_generation(io),
            Due::Reader(place) => self.wake_reader(io, place as usize),
        }
    }
}
