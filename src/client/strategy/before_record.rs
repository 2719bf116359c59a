//! `before-record`: at most once, record by record.

use super::policy::When;
use crate::time::{Duration, Instant};

/// Commits each record before it is handled.
pub(crate) struct BeforeRecord;

impl When for BeforeRecord {
    fn before_records(&mut self) -> bool {
        true
    }

    fn stride(&self, _now: Instant, _per_record: Duration, _available: u64) -> u64 {
        1
    }
}
