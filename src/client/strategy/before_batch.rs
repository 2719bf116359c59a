//! `before-batch`: at most once.

use super::CommitStrategy;

/// Commits what poll returned before any of it is handled.
pub(crate) struct BeforeBatch;

impl CommitStrategy for BeforeBatch {
    fn before_batch(&mut self) -> bool {
        true
    }
}
