//! `after-record`.

use super::policy::When;
use crate::time::{Duration, Instant};

/// Commits after each record.
pub(crate) struct AfterRecord;

impl When for AfterRecord {
    fn stride(&self, _now: Instant, _per_record: Duration, _available: u64) -> u64 {
        1
    }

    fn after_records(&mut self, _now: Instant, _count: u64) -> bool {
        true
    }
}
