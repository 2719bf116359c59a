//! Quantiles by nearest rank (scenario files, section 7).

use crate::oracle::Samples;

/// The smallest value such that at least `percent` of 100 of the values are not above it; 0 of nothing.
pub fn nearest_rank(sorted: &[i64], percent: usize) -> i64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

/// What is printed of a distribution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantiles {
    /// Number of samples.
    pub count: usize,
    /// Smallest.
    pub min: i64,
    /// Median.
    pub p50: i64,
    /// 90 of 100 are not above it.
    pub p90: i64,
    /// 99 of 100 are not above it.
    pub p99: i64,
    /// Largest.
    pub max: i64,
}

impl Quantiles {
    /// Of these samples; `None` if there are none.
    pub fn of(samples: &Samples) -> Option<Quantiles> {
        let mut sorted = samples.values.clone();
        sorted.sort_unstable();
        Some(Quantiles {
            count: sorted.len(),
            min: *sorted.first()?,
            p50: nearest_rank(&sorted, 50),
            p90: nearest_rank(&sorted, 90),
            p99: nearest_rank(&sorted, 99),
            max: *sorted.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank_is_a_value_that_was_measured() {
        let values: Vec<i64> = (1..=10).collect();
        assert_eq!(nearest_rank(&values, 50), 5);
        assert_eq!(nearest_rank(&values, 90), 9);
        assert_eq!(nearest_rank(&values, 99), 10);
        assert_eq!(nearest_rank(&[7], 1), 7);
        assert_eq!(nearest_rank(&[], 99), 0);
        let samples = Samples { values: vec![30, 10, 20] };
        let q = Quantiles::of(&samples).unwrap();
        assert_eq!((q.count, q.min, q.p50, q.max), (3, 10, 20, 30));
        assert_eq!(Quantiles::of(&Samples::default()), None);
    }
}
