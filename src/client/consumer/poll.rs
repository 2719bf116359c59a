//! One inner pass of `KafkaConsumer.poll()`: coordinator part, auto-commit, positions, records.

use super::join::JoinStep;
use super::{Callback, Consumer, PollOutcome};
use crate::client::io::Io;
use crate::client::subscription::Run;
use crate::protocol::ErrorCode;
use crate::trace::Kind;

impl Consumer {
    /// A pass of poll. `Wait`: nothing more happens before the next answer or timer.
    pub fn poll(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        self.send_metadata(io);
        let blocked = if self.positions.blocked() { self.fetch_committed(io) } else { self.poll_coordinator(io) };
        if let Some(outcome) = blocked {
            return outcome;
        }
        if let Some(outcome) = self.collect(io, batch) {
            if matches!(outcome, PollOutcome::Records) {
                // The next fetch goes out before the records are returned, so that it is answered while they are handled.
                self.send_fetch(io);
            }
            return outcome;
        }
        // An error among the fetched partitions may have taken a position away: the next pass would follow at once.
        if let Some(outcome) = self.update_positions(io) {
            return outcome;
        }
        self.send_fetch(io);
        PollOutcome::Wait
    }

    fn poll_coordinator(&mut self, io: &mut Io<'_, '_>) -> Option<PollOutcome> {
        if self.grouped {
            if self.commits.async_fenced {
                return Some(PollOutcome::Error(ErrorCode::FencedInstanceId));
            }
            if let Some(code) = self.fatal {
                return Some(PollOutcome::Error(code));
            }
            if !self.ensure_coordinator(io) {
                return Some(PollOutcome::Wait);
            }
            if self.rejoin_needed_or_pending(io) {
                match self.join_if_needed(io) {
                    JoinStep::Done => {}
                    JoinStep::Wait => return Some(PollOutcome::Wait),
                    JoinStep::Outcome(outcome) => return Some(outcome),
                }
            }
            self.maybe_auto_commit(io);
        }
        self.update_positions(io)
    }

    /// The callback that poll asked for has returned: the partitions are gone.
    pub fn callback_done(&mut self, io: &mut Io<'_, '_>) {
        let Some(callback) = self.callback.take() else { return };
        self.disown(io, callback);
        self.join_prepared();
    }

    /// Gives everything up; the callback has run.
    pub fn disown(&mut self, io: &mut Io<'_, '_>, callback: Callback) {
        let runs: Vec<_> = self.subscription.runs().collect();
        for (first, length) in runs {
            let (topic, from, to) = (first.topic, first.partition, first.partition + length);
            io.emit(match callback {
                Callback::Revoked => Kind::Revoked { topic, from, to },
                Callback::Lost => Kind::Lost { topic, from, to },
            });
        }
        self.clear_fetched();
        self.subscription.assign(Vec::new());
    }
}
