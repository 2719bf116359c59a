//! `after-record`.

use super::CommitStrategy;
use crate::time::{Duration, Instant};

/// Commits after each record.
pub(crate) struct AfterRecord;

impl CommitStrategy for AfterRecord {
    fn stride(&self, _now: Instant, _per_record: Duration, _available: u64) -> u64 {
        1
    }

    fn after_records(&mut self, _now: Instant, _count: u64) -> bool {
        true
    }
}
