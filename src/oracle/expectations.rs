//! Expectations (scenario files, section 8): `never` after every event, `at-the-end`, `overall`, `must-see`, and the
//! promises that hold without being written down.

use super::book::Tally;
use super::gauges;
use super::outcome::{Finding, Judged};
use super::quantiles;
use super::view::View;
use crate::config::expect::*;
use crate::ids::{GroupId, Names, Seq, Symbol};
use crate::time::{Duration, Instant};
use crate::trace::field::FieldValue;
use crate::trace::{Event, Kind};
use std::collections::BTreeMap;

/// Fields whose text is a label, for the note of an unmet mark.
const LABELS: [&str; 8] = ["reason", "code", "origin", "error", "verb", "to", "channel", "role"];

/// A check of one of the three lists, with what it has seen.
#[derive(Debug)]
struct Watch {
    list: &'static str,
    check: Check,
    counter: i64,
    samples: Vec<i64>,
    longest: Option<Tally>,
    gauge: GaugeHistory,
    broken: Option<(Instant, Seq, i64)>,
}

/// What a gauge was over the run.
#[derive(Debug, Default)]
struct GaugeHistory {
    now: Option<(i64, Instant)>,
    max: Option<i64>,
    min: Option<i64>,
    /// Microseconds at each value.
    time_at: BTreeMap<i64, u64>,
}

impl GaugeHistory {
    fn set(&mut self, value: i64, at: Instant) {
        if let Some((before, since)) = self.now {
            if before == value {
                return;
            }
            *self.time_at.entry(before).or_default() += at.since(since).as_us();
        }
        self.now = Some((value, at));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
    }

    /// The value lasts until the end of the run.
    fn close(&mut self, end: Instant) {
        if let Some((value, since)) = self.now {
            *self.time_at.entry(value).or_default() += end.since(since).as_us();
            self.now = Some((value, end));
        }
    }

    fn summed(&self, op: Op) -> Option<i64> {
        let total: u64 = self.time_at.values().sum();
        let rank = |percent: u64| {
            let wanted = (total * percent).div_ceil(100);
            let mut seen = 0;
            for (&value, &time) in &self.time_at {
                seen += time;
                if seen >= wanted {
                    return Some(value);
                }
            }
            self.now.map(|now| now.0)
        };
        match op {
            Op::Max => self.max,
            Op::Min => self.min,
            Op::Mean if total == 0 => self.now.map(|now| now.0),
            Op::Mean => {
                let sum: i128 = self.time_at.iter().map(|(&value, &time)| i128::from(value) * i128::from(time)).sum();
                i64::try_from(sum / i128::from(total)).ok()
            }
            Op::P50 => rank(50),
            Op::P90 => rank(90),
            Op::P95 => rank(95),
            Op::P99 => rank(99),
            Op::Sum | Op::Count => self.now.map(|now| now.0),
        }
    }
}

/// A coverage mark, with what was seen.
#[derive(Debug)]
struct Mark {
    must: MustSee,
    /// The counter behind `rebalance`, `duplicate`, `lost`, `hazard`, `skip`.
    metric: Option<MetricName>,
    count: i64,
    of_kind: i64,
    labels: BTreeMap<String, i64>,
    /// Events whose names begin alike.
    near: BTreeMap<&'static str, i64>,
}

/// All expectations of a run.
#[derive(Debug)]
pub(crate) struct Watches {
    watches: Vec<Watch>,
    marks: Vec<Mark>,
    by_metric: Vec<Vec<usize>>,
    /// Gauges that some check looks at.
    pub(crate) gauges: u64,
    count_kinds: bool,
    /// By the code of a kind, whether a mark looks at it, once that is known.
    looked_at: Vec<Option<bool>>,
}

impl Watches {
    pub(crate) fn new(expect: &Expectations) -> Self {
        let mut watches = Vec::new();
        let lists = [("never", &expect.never), ("at-the-end", &expect.at_the_end), ("overall", &expect.overall)];
        for (list, checks) in lists {
            watches.extend(checks.iter().map(|check| Watch {
                list,
                check: check.clone(),
                counter: 0,
                samples: Vec::new(),
                longest: None,
                gauge: GaugeHistory::default(),
                broken: None,
            }));
        }
        let mut by_metric = vec![Vec::new(); MetricName::ALL.len()];
        let mut gauges = 0;
        for (place, watch) in watches.iter().enumerate() {
            let metric = watch.check.query.metric;
            by_metric[metric as usize].push(place);
            if metric.kind() == MetricKind::Gauge {
                gauges |= 1 << metric as u64;
            }
        }
        let marks: Vec<_> = expect.must_see.iter().map(Mark::new).collect();
        let count_kinds = marks.iter().any(|mark| mark.metric.is_none());
        Watches { watches, marks, by_metric, gauges, count_kinds, looked_at: vec![None; Kind::CODES] }
    }

    /// Looks at an event for `must-see`.
    pub(crate) fn observe(&mut self, event: &Event, names: &Names) {
        if !self.count_kinds {
            return;
        }
        let marks = &self.marks;
        let looked_at = self.looked_at[event.kind.code()].get_or_insert_with(|| {
            let kind = event.kind.name();
            marks.iter().any(|mark| mark.metric.is_none() && kind.starts_with(mark.stem()))
        });
        if !*looked_at {
            return;
        }
        let kind = event.kind.name();
        for mark in self.marks.iter_mut().filter(|mark| mark.metric.is_none() && kind.starts_with(mark.stem())) {
            if mark.must.kind != kind {
                *mark.near.entry(kind).or_default() += 1;
                continue;
            }
            mark.of_kind += 1;
            let Some(label) = &mark.must.label else {
                mark.count += 1;
                continue;
            };
            let mut matches = false;
            for (field, value) in event.kind.fields(names) {
                let FieldValue::Text(text) = value else { continue };
                matches |= text == *label;
                if LABELS.contains(&field) {
                    *mark.labels.entry(text).or_default() += 1;
                }
            }
            mark.count += i64::from(matches);
        }
    }

    /// A counter went up.
    pub(crate) fn tally(&mut self, tally: &Tally, scopes: &[GroupId], actors: &[Symbol], names: &Names) {
        for mark in self.marks.iter_mut().filter(|mark| mark.metric == Some(tally.metric)) {
            mark.of_kind += tally.value;
            if let Some(label) = tally.label {
                *mark.labels.entry(label.to_owned()).or_default() += tally.value;
            }
            if mark.must.label.as_deref().is_none_or(|wanted| tally.label == Some(wanted)) {
                mark.count += tally.value;
            }
        }
        for &place in &self.by_metric[tally.metric as usize] {
            let watch = &mut self.watches[place];
            if matches(&watch.check.query.filter, tally, scopes, actors, names) {
                watch.counter += tally.value;
                watch.note_counter(tally);
            }
        }
    }

    /// A distribution got a sample.
    pub(crate) fn sample(&mut self, tally: &Tally, scopes: &[GroupId], actors: &[Symbol], names: &Names) {
        for &place in &self.by_metric[tally.metric as usize] {
            let watch = &mut self.watches[place];
            if matches(&watch.check.query.filter, tally, scopes, actors, names) {
                watch.samples.push(tally.value);
                if watch.longest.is_none_or(|longest| longest.value < tally.value) {
                    watch.longest = Some(*tally);
                    if watch.check.query.op == Some(Op::Max) && watch.breaks_upwards(tally.value) {
                        watch.broken.get_or_insert((tally.at, tally.seq, tally.value));
                    }
                }
            }
        }
    }

    /// Gauges may have changed.
    pub(crate) fn gauges_changed(
        &mut self,
        dirty: u64,
        view: &View,
        names: &Names,
        actors: &[Symbol],
        at: Instant,
        seq: Seq,
    ) {
        let mut left = dirty & self.gauges;
        while left != 0 {
            let metric = left.trailing_zeros() as usize;
            left &= left - 1;
            for &place in &self.by_metric[metric] {
                self.watches[place].gauge_changed(view, names, actors, at, seq);
            }
        }
    }

    /// What became of every expectation. `findings` are there to tell why.
    pub(crate) fn finish(
        mut self,
        view: &View,
        names: &Names,
        actors: &[Symbol],
        findings: &[Finding],
        end: Instant,
    ) -> Vec<Judged> {
        let mut judged: Vec<_> = self.marks.iter().map(|mark| mark.judge()).collect();
        for watch in &mut self.watches {
            judged.push(watch.judge(view, names, actors, findings, end));
        }
        judged
    }
}

impl Watch {
    fn literal(&self) -> i64 {
        match &self.check.literal {
            Literal::Number(n) | Literal::Time(n) => *n,
            Literal::State(_) => 0,
        }
    }

    fn holds(&self, value: i64) -> bool {
        self.check.comparison.holds(value, self.literal())
    }

    /// Whether a figure that only goes up is past saving.
    fn breaks_upwards(&self, value: i64) -> bool {
        let upper = matches!(self.check.comparison, Comparison::Less | Comparison::LessOrEqual | Comparison::Equal);
        self.list != "never" && upper && value >= self.literal() && !self.holds(value)
    }

    fn note_counter(&mut self, tally: &Tally) {
        let broken = if self.list == "never" { self.holds(self.counter) } else { self.breaks_upwards(self.counter) };
        if broken {
            self.broken.get_or_insert((tally.at, tally.seq, self.counter));
        }
    }

    fn gauge_changed(&mut self, view: &View, names: &Names, actors: &[Symbol], at: Instant, seq: Seq) {
        if self.broken.is_some() && self.list == "never" {
            return;
        }
        if let Literal::State(state) = &self.check.literal {
            let equal = self.check.comparison == Comparison::Equal;
            let filter = &self.check.query.filter;
            if self.list == "never" && gauges::states(view, names, filter).any(|s| (s.name() == state) == equal) {
                self.broken = Some((at, seq, 0));
            }
            return;
        }
        let query = &self.check.query;
        let Some(value) = gauges::value(view, names, actors, query.metric, &query.filter) else { return };
        if self.list == "never" && self.holds(value) {
            self.broken = Some((at, seq, value));
        }
        if query.op.is_some() {
            self.gauge.set(value, at);
            if query.op == Some(Op::Max) && self.breaks_upwards(value) {
                self.broken.get_or_insert((at, seq, value));
            }
        }
    }

    fn judge(&mut self, view: &View, names: &Names, actors: &[Symbol], findings: &[Finding], end: Instant) -> Judged {
        let (held, measured, mut note) = match &self.check.literal {
            Literal::State(state) => self.judge_state(view, names, &state.clone()),
            _ => self.judge_number(view, names, actors, end),
        };
        let broken = if held { None } else { self.broken };
        if !held && note.is_none() {
            note = self.why(findings, names);
        }
        Judged {
            list: self.list,
            text: self.check.text.clone(),
            held,
            measured,
            first_broken: if held { None } else { Some(broken.map_or(end, |b| b.0)) },
            seq: broken.map(|b| b.1),
            note,
        }
    }

    fn judge_state(&self, view: &View, names: &Names, state: &str) -> (bool, String, Option<String>) {
        let mut now: Vec<_> = gauges::states(view, names, &self.check.query.filter).map(|s| s.name()).collect();
        let equal = self.check.comparison == Comparison::Equal;
        let held = match self.list {
            "never" => self.broken.is_none(),
            _ => !now.is_empty() && now.iter().all(|&s| (s == state) == equal),
        };
        now.dedup();
        let measured = if now.is_empty() { "no group".to_owned() } else { now.join(", ") };
        (held, measured, None)
    }

    fn judge_number(
        &mut self,
        view: &View,
        names: &Names,
        actors: &[Symbol],
        end: Instant,
    ) -> (bool, String, Option<String>) {
        let query = self.check.query.clone();
        let metric = query.metric;
        let is_time = is_time(metric) && query.op != Some(Op::Count);
        let mut note = None;
        let value = match (metric.kind(), query.op) {
            (MetricKind::Distribution, op) => {
                if self.samples.is_empty() {
                    note = Some("no sample".to_owned());
                }
                Some(quantiles::summed(&mut self.samples, op.unwrap_or(Op::Max)))
            }
            (MetricKind::Gauge, Some(op)) => {
                self.gauge.close(end);
                self.gauge.summed(op)
            }
            (MetricKind::Gauge, None) => gauges::value(view, names, actors, metric, &query.filter),
            (MetricKind::Counter, _) => Some(self.counter),
        };
        let empty = metric.kind() == MetricKind::Distribution && self.samples.is_empty();
        let held = match (self.list, value) {
            ("never", _) => self.broken.is_none(),
            (_, None) => false,
            (_, Some(value)) => empty || self.holds(value),
        };
        let shown = match (self.list, self.broken) {
            ("never", Some(broken)) => Some(broken.2),
            _ => value,
        };
        let measured = shown.map_or_else(|| "never".to_owned(), |value| show(value, is_time));
        (held, measured, note)
    }

    /// One sentence of cause, from the first finding that is about the same thing.
    fn why(&self, findings: &[Finding], names: &Names) -> Option<String> {
        let metric = self.check.query.metric;
        if let Some(longest) = self.longest {
            let place = longest.partition.map(|tp| format!("{}-{}", names.text(tp.topic), tp.partition));
            let length = Duration::from_us(longest.value.max(0) as u64);
            return Some(match place {
                Some(place) => format!("the longest, {length}, is {place}'s and ended at {}", longest.at),
                None => format!("the longest, {length}, ended at {}", longest.at),
            });
        }
        let what = match metric {
            MetricName::Lost => "lost",
            MetricName::Skipped => "skipped",
            MetricName::Hazards => "hazard",
            MetricName::UndecidedHazards => "undecided",
            MetricName::Duplicates => "duplicate",
            MetricName::ZombieRecords => "zombie",
            MetricName::OrderInversions => "inversion",
            MetricName::CommitRegressions => "regression",
            MetricName::OwnersPerPartition => "two-owners",
            MetricName::Unconverged => "unconverged",
            MetricName::Undrained => "undrained",
            MetricName::Storms => "storm",
            MetricName::ProducerDuplicates => "producer-duplicate",
            MetricName::ProducerReordered => "producer-reordered",
            MetricName::ProducerLost => "producer-lost",
            MetricName::ProducerFailed => "producer-failed",
            MetricName::ProducerDropped => "producer-dropped",
            _ => return None,
        };
        let cause = self.check.query.filter.cause.as_deref();
        let first = findings.iter().find(|f| f.what == what && (cause.is_none() || f.cause == cause))?;
        Some(first.sentence.clone())
    }
}

impl Mark {
    fn new(must: &MustSee) -> Mark {
        let metric = match must.kind.as_str() {
            "rebalance" => Some(MetricName::Rebalances),
            "duplicate" => Some(MetricName::Duplicates),
            "lost" => Some(MetricName::Lost),
            "hazard" => Some(MetricName::Hazards),
            "skip" => Some(MetricName::Skipped),
            _ => None,
        };
        Mark { must: must.clone(), metric, count: 0, of_kind: 0, labels: BTreeMap::new(), near: BTreeMap::new() }
    }

    /// `member` of `member_removed`.
    fn stem(&self) -> &str {
        self.must.kind.split('_').next().unwrap_or_default()
    }

    fn judge(&self) -> Judged {
        let held = self.must.comparison.holds(self.count, self.must.count);
        let note = if held { None } else { Some(self.seen_instead()) };
        Judged {
            list: "must-see",
            text: self.must.text.clone(),
            held,
            measured: self.count.to_string(),
            first_broken: None,
            seq: None,
            note,
        }
    }

    fn seen_instead(&self) -> String {
        let kind = &self.must.kind;
        if self.of_kind > 0 && self.must.label.is_some() {
            let labels: Vec<_> = self.labels.iter().map(|(label, n)| format!("{label} {n}")).collect();
            return format!("{} {kind} were seen: {}", self.of_kind, labels.join(", "));
        }
        if self.of_kind > 0 {
            return format!("{} {kind} were seen", self.of_kind);
        }
        let near: Vec<_> = self.near.iter().map(|(name, n)| format!("{n} {name}")).collect();
        if near.is_empty() {
            format!("no {kind} was seen")
        } else {
            format!("no {kind} was seen, but {}", near.join(", "))
        }
    }
}

/// Whether a metric is a time, in microseconds.
pub(crate) fn is_time(metric: MetricName) -> bool {
    metric.kind() == MetricKind::Distribution || metric == MetricName::FirstStable
}

fn show(value: i64, is_time: bool) -> String {
    if is_time { Duration::from_us(value.max(0) as u64).to_string() } else { value.to_string() }
}

fn matches(filter: &Filter, tally: &Tally, scopes: &[GroupId], actors: &[Symbol], names: &Names) -> bool {
    let partition_is = |wanted: &dyn Fn(crate::ids::TopicPartition) -> bool| tally.partition.is_some_and(wanted);
    filter.group.as_ref().is_none_or(|group| names.text(scopes[tally.scope]) == group)
        && filter.topic.as_ref().is_none_or(|topic| partition_is(&|tp| names.text(tp.topic) == topic))
        && filter.partition.is_none_or(|number| partition_is(&|tp| tp.partition == number))
        && filter.member.as_ref().is_none_or(|member| {
            let name = tally.actor.and_then(|actor| actors.get(actor.0 as usize));
            name.is_some_and(|&name| names.text(name) == member)
        })
        && filter.cause.as_ref().is_none_or(|cause| tally.label == Some(cause))
        && filter.code.as_ref().is_none_or(|code| tally.label == Some(code))
}
