//! Nearest-rank quantiles and the other operators over samples.

use crate::config::expect::Op;

/// `op(samples)`; of nothing: 0. Sorts the samples.
pub(crate) fn summed(samples: &mut [i64], op: Op) -> i64 {
    samples.sort_unstable();
    let (Some(&least), Some(&most)) = (samples.first(), samples.last()) else { return 0 };
    let sum: i128 = samples.iter().map(|&value| i128::from(value)).sum();
    let rank = |percent: usize| samples[(samples.len() * percent).div_ceil(100).max(1) - 1];
    match op {
        Op::Max => most,
        Op::Min => least,
        Op::Mean => (sum / samples.len() as i128) as i64,
        Op::Sum => i64::try_from(sum).unwrap_or(i64::MAX),
        Op::Count => samples.len() as i64,
        Op::P50 => rank(50),
        Op::P90 => rank(90),
        Op::P95 => rank(95),
        Op::P99 => rank(99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_nearest_rank() {
        let mut samples = vec![50, 15, 20, 35, 40];
        let expected = [
            (Op::P50, 35),
            (Op::P90, 50),
            (Op::Max, 50),
            (Op::Min, 15),
            (Op::Mean, 32),
            (Op::Sum, 160),
            (Op::Count, 5),
        ];
        for (op, value) in expected {
            assert_eq!(summed(&mut samples, op), value, "{op:?}");
        }
        let mut hundred: Vec<i64> = (1..=100).collect();
        assert_eq!(summed(&mut hundred, Op::P99), 99);
        assert_eq!(summed(&mut hundred, Op::P95), 95);
        assert_eq!(summed(&mut [], Op::P99), 0);
    }
}
