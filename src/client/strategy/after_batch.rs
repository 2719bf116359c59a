//! `after-batch`.

use super::policy::When;

/// Commits once everything that poll returned has been handled.
pub(crate) struct AfterBatch;

impl When for AfterBatch {
    fn after_batch(&mut self) -> bool {
        true
    }
}
