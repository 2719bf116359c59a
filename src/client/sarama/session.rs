//! The session: from the assignment to the end of its release.

use super::Sarama;
use super::claims::Claim;
use super::group::Phase;
use crate::client::io::{Io, Timer};
use crate::ids::TopicPartition;
use crate::trace::Kind;

impl Sarama {
    /// `newConsumerGroupSession`: heartbeats start, then the committed offsets are asked for, one partition after the other.
    pub(super) fn begin_session(&mut self, io: &mut Io<'_, '_>, partitions: Vec<TopicPartition>) {
        let g = &mut self.group;
        (g.cancelled, g.lost, g.in_callback, g.failed) = (false, false, false, false);
        g.phase = Phase::Offsets;
        self.subscription.assign(partitions);
        self.claims.clear();
        self.claims.resize_with(self.subscription.partitions.len(), Claim::default);
        self.start_heartbeats(io);
        self.offsets.start_session(io);
    }

    /// `Setup`, then a goroutine for each claim. If the session has been cancelled by now, they return at once.
    pub(super) fn set_up(&mut self, io: &mut Io<'_, '_>) {
        let generation = self.group.id.generation;
        let runs: Vec<_> = self.subscription.runs().collect();
        for (first, length) in runs {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(Kind::Owned { topic, from, to, generation });
        }
        self.group.phase = Phase::Running;
        if !self.group.cancelled && !self.closing {
            self.start_claims(io);
        }
        self.check_partition_numbers(io);
    }

    /// The session ends before `Setup`: its error is that of `Consume`.
    pub(super) fn session_failed(&mut self) {
        self.group.failed = true;
        self.group.cancelled = true;
        self.group.phase = Phase::Releasing;
        self.beats.die();
    }

    /// The session is over: the application's handlers are to return, and `Cleanup` follows.
    pub(super) fn callback_wanted(&self) -> bool {
        let over = self.group.cancelled || self.closing;
        self.grouped && over && self.group.phase == Phase::Running && !self.group.in_callback
    }

    /// `Cleanup` has returned.
    pub fn callback_done(&mut self, io: &mut Io<'_, '_>) {
        if std::mem::take(&mut self.group.in_callback) {
            self.group.cancelled = true;
            self.group.phase = Phase::Releasing;
            self.group.check_at = Timer::NEVER;
            self.offsets.stop_ticker();
            self.serve(io);
        }
    }

    /// The end of the release, step by step: claims are closed (a fetch in flight is waited for), marked offsets are flushed,
    /// the heartbeat in flight is waited for.
    pub(super) fn serve_release(&mut self, io: &mut Io<'_, '_>) -> bool {
        if !self.claims_closed(io) || !self.flushed(io) {
            return false;
        }
        self.beats.die();
        if !self.beats.dead() {
            return false;
        }
        self.released(io);
        true
    }

    /// `Consume` returns, and the application calls it again.
    fn released(&mut self, io: &mut Io<'_, '_>) {
        if !self.group.failed {
            let runs: Vec<_> = self.subscription.runs().collect();
            for (first, length) in runs {
                let (topic, from, to) = (first.topic, first.partition, first.partition + length);
                io.emit(match self.group.lost {
                    false => Kind::Revoked { topic, from, to },
                    true => Kind::Lost { topic, from, to },
                });
            }
        }
        self.subscription.assign(Vec::new());
        self.claims.clear();
        self.fetcher.reset();
        self.end_flushes();
        self.group.leading = None;
        self.group.phase = Phase::Idle;
    }
}
