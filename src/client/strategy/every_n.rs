//! `every-n`.

use super::policy::When;
use crate::time::{Duration, Instant};

/// Commits after every n-th record of the process.
pub(crate) struct EveryN {
    n: u64,
    handled: u64,
}

impl EveryN {
    /// Every `n` records, at least 1.
    pub fn new(n: u64) -> Self {
        EveryN { n: n.max(1), handled: 0 }
    }
}

impl When for EveryN {
    fn stride(&self, _now: Instant, _per_record: Duration, available: u64) -> u64 {
        available.min(self.n - self.handled)
    }

    fn after_records(&mut self, _now: Instant, count: u64) -> bool {
        self.handled += count;
        let due = self.handled >= self.n;
        if due {
            self.handled = 0;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_end_at_every_nth_record() {
        let mut strategy = EveryN::new(3);
        assert_eq!(strategy.stride(Instant::ZERO, Duration::ZERO, 2), 2);
        assert!(!strategy.after_records(Instant::ZERO, 2));
        assert_eq!(strategy.stride(Instant::ZERO, Duration::ZERO, 10), 1);
        assert!(strategy.after_records(Instant::ZERO, 1));
        assert_eq!(strategy.stride(Instant::ZERO, Duration::ZERO, 10), 3);
    }
}
