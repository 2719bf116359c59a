//! `interval`.

use super::policy::When;
use crate::time::{Duration, Instant};

/// Commits at the first finished record after this time since the last commit (or the start of the process).
pub(crate) struct Interval {
    interval: Duration,
    last: Instant,
}

impl Interval {
    /// Every `interval`, counted from `now`.
    pub fn new(interval: Duration, now: Instant) -> Self {
        Interval { interval, last: now }
    }
}

impl When for Interval {
    fn stride(&self, now: Instant, per_record: Duration, available: u64) -> u64 {
        let left = (self.last + self.interval).since(now).as_us();
        if left == 0 {
            return 1;
        }
        match per_record.as_us() {
            0 => available,
            us => available.min(left.div_ceil(us)),
        }
    }

    fn after_records(&mut self, now: Instant, _count: u64) -> bool {
        let due = now.since(self.last) >= self.interval;
        if due {
            self.last = now;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stride_ends_with_the_record_that_is_due() {
        let mut strategy = Interval::new(Duration::from_ms(100), Instant::ZERO);
        assert_eq!(strategy.stride(Instant::ZERO, Duration::from_ms(30), 500), 4);
        assert!(!strategy.after_records(Instant::from_ms(90), 3));
        assert_eq!(strategy.stride(Instant::from_ms(90), Duration::from_ms(30), 500), 1);
        assert!(strategy.after_records(Instant::from_ms(120), 1));
        assert_eq!(strategy.stride(Instant::from_ms(120), Duration::ZERO, 500), 500);
        assert_eq!(strategy.stride(Instant::from_ms(220), Duration::ZERO, 500), 1);
    }
}
