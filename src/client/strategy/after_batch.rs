//! `after-batch`.

use super::CommitStrategy;

/// Commits once everything that poll returned has been handled.
pub(crate) struct AfterBatch;

impl CommitStrategy for AfterBatch {
    fn after_batch(&mut self) -> bool {
        true
    }
}
