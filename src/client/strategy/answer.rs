//! What has become of the application's commits.

use super::{Commit, Offsets};
use crate::client::network::{CommitPurpose, PendingCommit};
use crate::config::CommitMode;
use crate::ids::{Offset, TopicPartition};
use crate::protocol::{CommitPartition, ErrorCode};
use crate::trace::CommitError;

/// What has become of one commit.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// How it was made.
    pub mode: CommitMode,
    /// How many times it had failed before: 0 for a commit that is no repetition.
    pub attempt: u32,
    /// Why it failed, in the words of the Java client's exceptions; `None` if it was stored. A commit whose answer was lost
    /// has failed for the client, but the broker may have stored it.
    pub error: Option<CommitError>,
    /// The broker's code behind it; NONE if there was no answer, or no request.
    pub code: ErrorCode,
    offsets: &'a [CommitPartition],
}

impl<'a> Answer<'a> {
    /// An answer, for trying a strategy without a simulation.
    pub fn new(mode: CommitMode, attempt: u32, error: Option<CommitError>, offsets: &'a [CommitPartition]) -> Self {
        Answer { mode, attempt, error, code: ErrorCode::None, offsets }
    }

    /// What was to be committed.
    pub fn offsets(&self) -> impl Iterator<Item = (TopicPartition, Offset)> + 'a {
        self.offsets.iter().map(|p| (p.partition, p.offset))
    }

    /// The same commit once more, in the same way.
    pub fn again(&self) -> Commit {
        let offsets = Offsets::Listed(self.offsets().collect());
        match self.mode {
            CommitMode::Sync => Commit::Sync(offsets),
            CommitMode::Async => Commit::Async(offsets),
        }
    }
}

/// A commit of the application that is over.
#[derive(Debug)]
pub(crate) struct Answered {
    mode: CommitMode,
    attempt: u32,
    failed: Option<(CommitError, ErrorCode)>,
    offsets: Vec<CommitPartition>,
}

impl Answered {
    /// As the strategy sees it; `repeated` is how often the blocked commitSync had been repeated.
    pub fn answer(&self, repeated: u32) -> Answer<'_> {
        let attempt = if self.mode == CommitMode::Sync { repeated } else { self.attempt };
        let (error, code) = self.failed.map_or((None, ErrorCode::None), |(error, code)| (Some(error), code));
        Answer { mode: self.mode, attempt, error, code, offsets: &self.offsets }
    }

    /// Whether this is the commit that the application waited for.
    pub fn is_sync(&self) -> bool {
        self.mode == CommitMode::Sync
    }
}

/// Commits of the application that are over and that it has not heard of yet.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    queue: Vec<Answered>,
    spare: Vec<Vec<CommitPartition>>,
}

impl Answers {
    /// A commit is over; gives its list back if it was none of the application's.
    pub fn over(
        &mut self,
        commit: PendingCommit,
        failed: Option<(CommitError, ErrorCode)>,
    ) -> Option<Vec<CommitPartition>> {
        let (mode, attempt) = match commit.purpose {
            CommitPurpose::Sync => (CommitMode::Sync, 0),
            CommitPurpose::Async => (CommitMode::Async, 0),
            CommitPurpose::Retry(attempt) => (CommitMode::Async, attempt),
            _ => return Some(commit.offsets),
        };
        self.queue.push(Answered { mode, attempt, failed, offsets: commit.offsets });
        None
    }

    /// The commitSync that the application waits for is over.
    pub fn sync_over(&mut self, offsets: Vec<CommitPartition>, failed: Option<(CommitError, ErrorCode)>) {
        self.queue.push(Answered { mode: CommitMode::Sync, attempt: 0, failed, offsets });
    }

    /// Whether there is nothing to hear.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes all, in order; [`Answers::give_back`] takes the lists back.
    pub fn take(&mut self) -> Vec<Answered> {
        std::mem::take(&mut self.queue)
    }

    /// Takes the answer of the commitSync that has just returned.
    pub fn take_sync(&mut self) -> Option<Answered> {
        let last = self.queue.iter().rposition(Answered::is_sync)?;
        Some(self.queue.remove(last))
    }

    /// An answer has been heard.
    pub fn give_back(&mut self, answered: Answered) {
        let mut offsets = answered.offsets;
        if self.spare.len() < 4 {
            offsets.clear();
            self.spare.push(offsets);
        }
    }

    /// The emptied list of [`Answers::take`], with its room.
    pub fn restore(&mut self, emptied: Vec<Answered>) {
        if self.queue.is_empty() {
            self.queue = emptied;
        }
    }

    /// A list with room.
    pub fn spare(&mut self) -> Option<Vec<CommitPartition>> {
        self.spare.pop()
    }
}
