//! One inner pass of `KafkaConsumer.poll()`: coordinator part, auto-commit, positions, records.

use super::cooperative::{Giving, emit_given_up};
use super::join::JoinStep;
use super::{Callback, Consumer, PollOutcome};
use crate::client::io::Io;
use crate::client::subscription::{Run, runs};
use crate::protocol::ErrorCode;

impl Consumer {
    /// A pass of poll. `Wait`: nothing more happens before the next answer or timer.
    pub fn poll(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        self.read_unread(io);
        self.send_metadata(io);
        let mut joining = false;
        let blocked =
            if self.positions.blocked() { self.fetch_committed(io) } else { self.poll_coordinator(io, &mut joining) };
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
        if let Some(outcome) = (!joining).then(|| self.update_positions(io)).flatten() {
            return outcome;
        }
        self.send_fetch(io);
        PollOutcome::Wait
    }

    fn poll_coordinator(&mut self, io: &mut Io<'_, '_>, joining: &mut bool) -> Option<PollOutcome> {
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
                    JoinStep::Wait if self.cooperative => {
                        *joining = true; // what is owned is read on (CLIENT-14); positions are not looked up
                        return None;
                    }
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
        match self.callback.take() {
            None => {}
            Some(Giving::All(callback)) => {
                self.disown(io, callback);
                self.join_prepared();
            }
            Some(Giving::Some { partitions, then }) => {
                emit_given_up(io, runs(partitions.into_iter()), Callback::Revoked);
                self.membership.request_rejoin(io, "need to revoke partitions and re-join");
                self.take_over(io, then);
            }
        }
    }

    /// Gives everything up; the callback has run.
    pub fn disown(&mut self, io: &mut Io<'_, '_>, callback: Callback) {
        emit_given_up(io, self.subscription.runs(), callback);
        self.clear_fetched();
        self.subscription.assign(Vec::new());
    }
}
