//! Reader.Close: the readers stop, the generation ends with its last commit, the member leaves.
//!
//! All of that is waited for: a Fetch in flight for up to MaxWait, and a member that is just joining joins first, to leave
//! then.

use super::KafkaGo;
use super::group::Phase;
use crate::client::io::Io;
use crate::client::library::Termination;

impl KafkaGo {
    /// A pass of Close.
    pub fn terminate(&mut self, io: &mut Io<'_, '_>) -> Termination {
        if !self.closed {
            self.close(io);
        }
        let over = matches!(self.group.phase, Phase::Closed) && self.readers.stopped();
        if over { Termination::Done } else { Termination::Wait }
    }

    fn close(&mut self, io: &mut Io<'_, '_>) {
        self.closed = true;
        self.group.closing = true;
        self.give_commit_up(io);
        match self.group.phase {
            Phase::Running => self.end_generation(io),
            Phase::Pausing(_) => self.group.phase = Phase::Closed,
            _ => self.stop_readers(io),
        }
    }
}
