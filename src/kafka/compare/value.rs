//! What a figure can be, and when a real value is among the simulated ones.

use crate::time::Duration;
use std::fmt;

/// One figure of one run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Value {
    /// A number of things.
    Count(i64),
    /// A length of time, in microseconds.
    Time(i64),
    /// A word: it is one of the simulated ones, or it is not.
    Word(String),
    /// A number for each of several things, in order.
    Counts(Vec<i64>),
    /// A time for each of several things, in order.
    Times(Vec<i64>),
}

/// How far a value may lie outside the simulated range and still agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tolerance {
    /// Not at all.
    Exact,
    /// By this many.
    Count(i64),
    /// By this time.
    Time(Duration),
}

impl Tolerance {
    /// The figure's own unit: a number, or microseconds.
    fn amount(self) -> i64 {
        match self {
            Tolerance::Exact => 0,
            Tolerance::Count(count) => count,
            Tolerance::Time(time) => i64::try_from(time.as_us()).unwrap_or(i64::MAX),
        }
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tolerance::Exact => f.pad("exact"),
            Tolerance::Count(count) => f.pad(&format!("± {count}")),
            Tolerance::Time(time) => f.pad(&format!("± {}", seconds(time.as_us() as i64))),
        }
    }
}

/// The values that simulated runs gave for one figure.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Simulated {
    values: Vec<Value>,
    /// Some run had no such figure.
    sometimes_absent: bool,
}

impl Simulated {
    /// Takes the value of one more run.
    pub fn add(&mut self, value: Option<&Value>) {
        match value {
            Some(value) => self.values.push(value.clone()),
            None => self.sometimes_absent = true,
        }
    }

    /// How far a real value lies outside the range widened by the tolerance; `None` if it agrees.
    pub fn distance(&self, real: Option<&Value>, tolerance: Tolerance) -> Option<String> {
        let Some(real) = real else {
            return (!self.sometimes_absent).then(|| "it did not happen".to_owned());
        };
        if self.values.is_empty() {
            return Some("it never happens in the simulator".to_owned());
        }
        match real {
            Value::Count(value) => outside(&self.singles(), *value, tolerance).map(|by| format!("{by:+}")),
            Value::Time(value) => outside(&self.singles(), *value, tolerance).map(signed_seconds),
            Value::Word(_) => (!self.values.contains(real)).then(|| "never so in the simulator".to_owned()),
            Value::Counts(values) => self.lists_distance(values, tolerance, |by| format!("{by:+}")),
            Value::Times(values) => self.lists_distance(values, tolerance, signed_seconds),
        }
    }

    fn singles(&self) -> Vec<i64> {
        let single = |value: &Value| match value {
            Value::Count(value) | Value::Time(value) => Some(*value),
            _ => None,
        };
        self.values.iter().filter_map(single).collect()
    }

    fn lists_distance(&self, real: &[i64], tolerance: Tolerance, show: impl Fn(i64) -> String) -> Option<String> {
        let lists: Vec<&Vec<i64>> = self.lists().filter(|list| list.len() == real.len()).collect();
        if lists.is_empty() {
            return Some(format!("{} of them, never so many in the simulator", real.len()));
        }
        let apart = |(place, &value): (usize, &i64)| {
            let at_place: Vec<i64> = lists.iter().map(|list| list[place]).collect();
            outside(&at_place, value, tolerance)
        };
        let farthest = real.iter().enumerate().filter_map(apart).max_by_key(|by| by.abs());
        farthest.map(show)
    }

    fn lists(&self) -> impl Iterator<Item = &Vec<i64>> {
        self.values.iter().filter_map(|value| match value {
            Value::Counts(list) | Value::Times(list) => Some(list),
            _ => None,
        })
    }
}

/// How far a value is outside the range of the others, beyond the tolerance; positive if it is above.
fn outside(others: &[i64], value: i64, tolerance: Tolerance) -> Option<i64> {
    let (low, high) = (*others.iter().min()?, *others.iter().max()?);
    let tolerance = tolerance.amount();
    if value > high.saturating_add(tolerance) {
        return Some(value - high);
    }
    (value < low.saturating_sub(tolerance)).then(|| value - low)
}

/// The range as a person would write it: `3`, `3 .. 5`, `4.006 .. 6.012 s`.
impl fmt::Display for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&range(&self.values, self.sometimes_absent))
    }
}

/// Several values as one text, as those of the simulated runs are shown.
pub fn range(values: &[Value], sometimes_absent: bool) -> String {
    let mut text = match values.first() {
        None => return "-".to_owned(),
        Some(Value::Word(_)) => words(values),
        Some(Value::Count(_) | Value::Time(_)) => span(values),
        Some(Value::Counts(_) | Value::Times(_)) => lists(values),
    };
    if sometimes_absent {
        text.push_str(", or not at all");
    }
    text
}

fn span(values: &[Value]) -> String {
    let (Some(low), Some(high)) = (values.iter().min(), values.iter().max()) else { return String::new() };
    if low.to_string() == high.to_string() { low.to_string() } else { joined(low, high) }
}

fn joined(low: &Value, high: &Value) -> String {
    match (low, high) {
        (Value::Time(low), Value::Time(high)) => {
            format!("{} .. {}", seconds(*low).trim_end_matches(" s"), seconds(*high))
        }
        _ => format!("{low} .. {high}"),
    }
}

/// The words that occurred, the commonest first; the rest is counted.
fn words(values: &[Value]) -> String {
    const SHOWN: usize = 2;
    let mut counted: std::collections::BTreeMap<&Value, usize> = Default::default();
    values.iter().for_each(|value| *counted.entry(value).or_default() += 1);
    let mut counted: Vec<(&Value, usize)> = counted.into_iter().collect();
    counted.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), (*value).clone()));
    let shown: Vec<String> = counted.iter().take(SHOWN).map(|(value, _)| value.to_string()).collect();
    let rest = counted.len().saturating_sub(SHOWN);
    let rest = if rest > 0 { format!(" | {rest} others") } else { String::new() };
    format!("{}{rest}", shown.join(" | "))
}

fn lists(values: &[Value]) -> String {
    let list = |value: &Value| match value {
        Value::Counts(list) => Some((false, list.clone())),
        Value::Times(list) => Some((true, list.clone())),
        _ => None,
    };
    let all: Vec<(bool, Vec<i64>)> = values.iter().filter_map(list).collect();
    let mut lengths: Vec<usize> = all.iter().map(|(_, list)| list.len()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let of_length = |&length: &usize| {
        let one = |place: usize| {
            let at: Vec<Value> = all
                .iter()
                .filter(|(_, list)| list.len() == length)
                .map(|(time, list)| if *time { Value::Time(list[place]) } else { Value::Count(list[place]) })
                .collect();
            span(&at)
        };
        shortened((0..length).map(one).collect())
    };
    lengths.iter().map(of_length).collect::<Vec<_>>().join(" | ")
}

/// A list that fits into a table.
fn shortened(items: Vec<String>) -> String {
    const SHOWN: usize = 8;
    if items.is_empty() {
        return "none".to_owned();
    }
    let left_out = items.len().saturating_sub(SHOWN);
    let mut text = items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if left_out > 0 {
        text.push_str(&format!(", {left_out} more"));
    }
    text
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Count(count) => f.pad(&count.to_string()),
            Value::Time(us) => f.pad(&seconds(*us)),
            Value::Word(word) => f.pad(word),
            Value::Counts(list) => f.pad(&shortened(list.iter().map(i64::to_string).collect())),
            Value::Times(list) => f.pad(&shortened(list.iter().map(|us| seconds(*us)).collect())),
        }
    }
}

/// `5.007 s`: to the millisecond, which is as exact as two clocks compare.
pub fn seconds(us: i64) -> String {
    let ms = (us + us.signum() * 500) / 1_000;
    let sign = if ms < 0 { "-" } else { "" };
    format!("{sign}{}.{:03} s", ms.abs() / 1_000, ms.abs() % 1_000)
}

fn signed_seconds(us: i64) -> String {
    let sign = if us < 0 { "" } else { "+" };
    format!("{sign}{}", seconds(us))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[Value]) -> Simulated {
        let mut all = Simulated::default();
        values.iter().for_each(|value| all.add(Some(value)));
        all
    }

    #[test]
    fn a_count_agrees_within_the_range_and_the_tolerance_and_no_further() {
        let range = of(&[Value::Count(5), Value::Count(3)]);
        assert_eq!(range.to_string(), "3 .. 5");
        for (real, tolerance, distance) in [
            (3, Tolerance::Exact, None),
            (5, Tolerance::Exact, None),
            (6, Tolerance::Exact, Some("+1")),
            (2, Tolerance::Exact, Some("-1")),
            (7, Tolerance::Count(2), None),
            (8, Tolerance::Count(2), Some("+3")),
            (0, Tolerance::Count(2), Some("-3")),
        ] {
            assert_eq!(range.distance(Some(&Value::Count(real)), tolerance).as_deref(), distance, "{real}");
        }
    }

    #[test]
    fn times_are_shown_to_the_millisecond_and_compared_to_the_microsecond() {
        let range = of(&[Value::Time(4_006_000), Value::Time(6_011_600)]);
        assert_eq!(range.to_string(), "4.006 .. 6.012 s");
        let half = Tolerance::Time(Duration::from_ms(500));
        assert_eq!(half.to_string(), "± 0.500 s");
        assert_eq!(range.distance(Some(&Value::Time(6_511_600)), half), None);
        assert_eq!(range.distance(Some(&Value::Time(6_511_601)), half).as_deref(), Some("+0.500 s"));
        assert_eq!(range.distance(Some(&Value::Time(3_000_000)), half).as_deref(), Some("-1.006 s"));
        assert_eq!(seconds(-400), "0.000 s");
    }

    #[test]
    fn a_word_is_one_of_the_simulated_ones() {
        let word = |text: &str| Value::Word(text.to_owned());
        let range = of(&[word("b"), word("a"), word("b"), word("c")]);
        assert_eq!(range.to_string(), "b | a | 1 others");
        assert_eq!(range.distance(Some(&word("c")), Tolerance::Exact), None);
        assert!(range.distance(Some(&word("d")), Tolerance::Exact).is_some());
    }

    #[test]
    fn lists_are_compared_place_by_place_with_those_of_their_length() {
        let range = of(&[Value::Counts(vec![1, 5]), Value::Counts(vec![2, 7]), Value::Counts(vec![9])]);
        assert_eq!(range.to_string(), "9 | 1 .. 2, 5 .. 7");
        let distance = |list: &[i64]| range.distance(Some(&Value::Counts(list.to_vec())), Tolerance::Count(1));
        assert_eq!(distance(&[3, 4]), None);
        assert_eq!(distance(&[4, 4]).as_deref(), Some("+2"));
        assert_eq!(distance(&[0, 3]).as_deref(), Some("-2"));
        assert_eq!(distance(&[8]), None);
        assert!(distance(&[1, 2, 3]).is_some());
    }

    #[test]
    fn what_happens_on_one_side_only_differs() {
        let mut range = Simulated::default();
        assert_eq!(range.to_string(), "-");
        assert!(range.distance(Some(&Value::Count(1)), Tolerance::Exact).is_some());
        range.add(Some(&Value::Count(1)));
        assert!(range.distance(None, Tolerance::Exact).is_some());
        range.add(None);
        assert_eq!(range.distance(None, Tolerance::Exact), None);
        assert_eq!(range.to_string(), "1, or not at all");
    }
}
