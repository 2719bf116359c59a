//! Sorted, disjoint ranges of offsets, each with a value: the sets that oracles keep instead of single records.

/// Ranges `[from, to)` with a value each; neighbours with equal values are one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RangeMap<T> {
    runs: Vec<(i64, i64, T)>,
    total: i64,
}

/// Ranges without a value.
pub(crate) type RangeSet = RangeMap<()>;

impl<T> Default for RangeMap<T> {
    fn default() -> Self {
        RangeMap { runs: Vec::new(), total: 0 }
    }
}

impl<T: Copy + PartialEq> RangeMap<T> {
    /// Puts `value` on `[from, to)`, over whatever was there.
    pub(crate) fn insert(&mut self, from: i64, to: i64, value: T) {
        if from >= to {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if from > last.1 || (from == last.1 && last.2 != value) => self.runs.push((from, to, value)),
            Some(last) if from == last.1 => last.1 = to,
            None => self.runs.push((from, to, value)),
            Some(_) => return self.insert_inside(from, to, value),
        }
        self.total += to - from;
    }

    fn insert_inside(&mut self, from: i64, to: i64, value: T) {
        self.remove(from, to);
        self.total += to - from;
        let at = self.runs.partition_point(|run| run.0 < from);
        let joins_left = at > 0 && self.runs[at - 1].1 == from && self.runs[at - 1].2 == value;
        let joins_right = at < self.runs.len() && self.runs[at].0 == to && self.runs[at].2 == value;
        match (joins_left, joins_right) {
            (true, true) => {
                self.runs[at - 1].1 = self.runs[at].1;
                self.runs.remove(at);
            }
            (true, false) => self.runs[at - 1].1 = to,
            (false, true) => self.runs[at].0 = from,
            (false, false) => self.runs.insert(at, (from, to, value)),
        }
    }

    /// Takes `[from, to)` out.
    pub(crate) fn remove(&mut self, from: i64, to: i64) {
        let low = self.runs.partition_point(|run| run.1 <= from);
        if from >= to || low == self.runs.len() || self.runs[low].0 >= to {
            return;
        }
        let high = low + self.runs[low..].partition_point(|run| run.0 < to);
        self.total -= self.runs[low..high].iter().map(|run| run.1.min(to) - run.0.max(from)).sum::<i64>();
        let (first, last) = (self.runs[low], self.runs[high - 1]);
        match (first.0 < from, last.1 > to) {
            (false, false) => drop(self.runs.drain(low..high)),
            (true, false) => {
                self.runs[low].1 = from;
                self.runs.drain(low + 1..high);
            }
            (false, true) => {
                self.runs[high - 1].0 = to;
                self.runs.drain(low..high - 1);
            }
            (true, true) if low + 1 == high => {
                self.runs[low].1 = from;
                self.runs.insert(high, (to, last.1, last.2));
            }
            (true, true) => {
                self.runs[low].1 = from;
                self.runs[high - 1].0 = to;
                self.runs.drain(low + 1..high - 1);
            }
        }
    }

    /// The runs that lie in `[from, to)`, cut to it.
    pub(crate) fn overlaps(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, i64, T)> + '_ {
        let low = self.runs.partition_point(|run| run.1 <= from);
        self.runs[low..]
            .iter()
            .take_while(move |run| run.0 < to)
            .map(move |run| (run.0.max(from), run.1.min(to), run.2))
    }

    /// What of `[from, to)` has no value.
    pub(crate) fn gaps(&self, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut gaps = Vec::new();
        let mut next = from;
        for (a, b, _) in self.overlaps(from, to) {
            if a > next {
                gaps.push((next, a));
            }
            next = b;
        }
        if next < to {
            gaps.push((next, to));
        }
        gaps
    }

    /// The value at an offset.
    pub(crate) fn get(&self, offset: i64) -> Option<T> {
        self.overlaps(offset, offset + 1).next().map(|run| run.2)
    }

    /// Whether any of `[from, to)` has a value.
    pub(crate) fn touches(&self, from: i64, to: i64) -> bool {
        self.overlaps(from, to).next().is_some()
    }

    /// Whether all of `[from, to)` has a value.
    pub(crate) fn covers(&self, from: i64, to: i64) -> bool {
        from >= to || self.overlaps(from, to).map(|(a, b, _)| b - a).sum::<i64>() == to - from
    }

    /// All runs, lowest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, i64, T)> + '_ {
        self.runs.iter().copied()
    }

    /// One past the highest offset.
    pub(crate) fn end(&self) -> Option<i64> {
        self.runs.last().map(|run| run.1)
    }

    /// How many offsets have a value.
    pub(crate) fn total(&self) -> i64 {
        self.total
    }

    /// How many runs there are.
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        self.runs.clear();
        self.total = 0;
    }
}

impl RangeSet {
    /// Closes the lowest holes until at most `runs` runs are left. Gives what was closed.
    pub(crate) fn close_lowest_holes(&mut self, runs: usize) -> Vec<(i64, i64)> {
        let surplus = self.runs.len().saturating_sub(runs.max(1));
        if surplus == 0 {
            return Vec::new();
        }
        let holes: Vec<_> = self.runs[..=surplus].windows(2).map(|pair| (pair[0].1, pair[1].0)).collect();
        self.runs[surplus].0 = self.runs[0].0;
        self.runs.drain(..surplus);
        self.total += holes.iter().map(|hole| hole.1 - hole.0).sum::<i64>();
        holes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn holes_are_closed_from_below() {
        let mut set = RangeSet::default();
        for from in [0, 10, 20, 30] {
            set.insert(from, from + 1, ());
        }
        assert_eq!(set.close_lowest_holes(2), vec![(1, 10), (11, 20)]);
        assert_eq!(set.iter().collect::<Vec<_>>(), vec![(0, 21, ()), (30, 31, ())]);
        assert_eq!(set.total(), 22);
        assert_eq!(set.close_lowest_holes(2), vec![]);
    }

    proptest! {
        #[test]
        fn ranges_agree_with_single_offsets(ops in prop::collection::vec((0i64..60, 0i64..12, 0u8..4), 1..60)) {
            let mut map = RangeMap::default();
            let mut naive: Vec<Option<u8>> = vec![None; 80];
            for (from, length, value) in ops {
                let to = from + length;
                let put = if value == 3 { map.remove(from, to); None } else { map.insert(from, to, value); Some(value) };
                naive[from as usize..to as usize].fill(put);
                for (offset, expected) in naive.iter().enumerate() {
                    prop_assert_eq!(map.get(offset as i64), *expected);
                }
                prop_assert_eq!(map.total(), naive.iter().flatten().count() as i64);
                prop_assert!(map.runs.windows(2).all(|w| w[0].1 < w[1].0 || (w[0].1 == w[1].0 && w[0].2 != w[1].2)));
                let gaps: i64 = map.gaps(0, 80).iter().map(|gap| gap.1 - gap.0).sum();
                prop_assert_eq!(gaps + map.total(), 80);
            }
        }
    }
}
