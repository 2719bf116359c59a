//! `before-batch`: at most once.

use super::policy::When;

/// Commits what poll returned before any of it is handled.
pub(crate) struct BeforeBatch;

impl When for BeforeBatch {
    fn before_batch(&mut self) -> bool {
        true
    }
}
