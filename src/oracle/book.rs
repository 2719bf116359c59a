//! What the oracles write down while they judge: findings, counters and samples per scope.

use super::expectations::Watches;
use super::outcome::{Class, Finding};
use crate::config::expect::MetricName;
use crate::ids::{ActorId, GroupId, Names, Offset, Seq, TopicPartition};
use crate::time::Instant;
use std::collections::BTreeMap;

/// Findings kept of MEASURE, and again of the other classes; the rest is counted.
const KEPT: usize = 10_000;

/// The figures of one scope.
#[derive(Debug)]
pub(crate) struct Figures {
    counters: [i64; MetricName::ALL.len()],
    pub(crate) samples: BTreeMap<MetricName, Vec<i64>>,
    pub(crate) by_cause: BTreeMap<&'static str, i64>,
    pub(crate) by_code: BTreeMap<&'static str, i64>,
    pub(crate) before_start: i64,
    pub(crate) processed: i64,
}

impl Default for Figures {
    fn default() -> Self {
        Figures {
            counters: [0; MetricName::ALL.len()],
            samples: BTreeMap::new(),
            by_cause: BTreeMap::new(),
            by_code: BTreeMap::new(),
            before_start: 0,
            processed: 0,
        }
    }
}

impl Figures {
    pub(crate) fn counter(&self, metric: MetricName) -> i64 {
        self.counters[metric as usize]
    }
}

/// One increment of a counter, or one sample of a distribution, with everything that a filter may ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    pub(crate) metric: MetricName,
    pub(crate) scope: usize,
    pub(crate) partition: Option<TopicPartition>,
    pub(crate) actor: Option<ActorId>,
    /// Cause of a duplicate or skip, code of a rejected commit.
    pub(crate) label: Option<&'static str>,
    pub(crate) value: i64,
    pub(crate) at: Instant,
    pub(crate) seq: Seq,
}

/// Everything found so far.
#[derive(Debug)]
pub(crate) struct Book {
    findings: Vec<Finding>,
    measures: usize,
    left_out: u64,
    pub(crate) figures: Vec<Figures>,
    pub(crate) scope_names: Vec<GroupId>,
    pub(crate) actor_names: Vec<crate::ids::Symbol>,
    pub(crate) watches: Watches,
    /// Gauges that the event may have changed, one bit each.
    pub(crate) dirty: u64,
}

impl Book {
    pub(crate) fn new(watches: Watches) -> Self {
        Book {
            findings: Vec::new(),
            measures: 0,
            left_out: 0,
            figures: Vec::new(),
            scope_names: Vec::new(),
            actor_names: Vec::new(),
            watches,
            dirty: 0,
        }
    }

    /// Keeps a finding if there is room; gives its place, so that it can grow.
    pub(crate) fn keep(&mut self, finding: Finding) -> Option<usize> {
        let measure = finding.class == Class::Measure;
        let kept = if measure { self.measures } else { self.findings.len() - self.measures };
        if kept >= KEPT {
            self.left_out += 1;
            return None;
        }
        self.measures += usize::from(measure);
        self.findings.push(finding);
        Some(self.findings.len() - 1)
    }

    /// Extends a finding's records to `to` if they end at `from`.
    pub(crate) fn grow(&mut self, finding: usize, from: i64, to: i64) -> bool {
        match &mut self.findings[finding].records {
            Some((_, end)) if end.0 == from => {
                *end = Offset(to);
                true
            }
            _ => false,
        }
    }

    /// Counts.
    pub(crate) fn count(&mut self, tally: Tally, names: &Names) {
        let figures = &mut self.figures[tally.scope];
        figures.counters[tally.metric as usize] += tally.value;
        match (tally.metric, tally.label) {
            (MetricName::Duplicates, Some(cause)) => *figures.by_cause.entry(cause).or_default() += tally.value,
            (MetricName::CommitFailures, Some(code)) => *figures.by_code.entry(code).or_default() += tally.value,
            _ => {}
        }
        self.watches.tally(&tally, &self.scope_names, &self.actor_names, names);
    }

    /// Takes a sample of a distribution.
    pub(crate) fn sample(&mut self, tally: Tally, names: &Names) {
        self.figures[tally.scope].samples.entry(tally.metric).or_default().push(tally.value);
        self.watches.sample(&tally, &self.scope_names, &self.actor_names, names);
    }

    /// The event may have changed this gauge.
    pub(crate) fn changed(&mut self, metric: MetricName) {
        self.dirty |= 1 << metric as u64;
    }

    /// All findings in order of their events, and how many are missing.
    pub(crate) fn into_findings(mut self) -> (Vec<Finding>, u64, Watches, Vec<Figures>) {
        self.findings.sort_by_key(|finding| finding.seq);
        (self.findings, self.left_out, self.watches, self.figures)
    }
}

/// What an oracle is handed with an event, beside the bookkeeping that it judges.
pub(crate) struct Desk<'a> {
    pub(crate) book: &'a mut Book,
    pub(crate) names: &'a Names,
    pub(crate) scope: usize,
    /// Whether the scope is a group (and not a stand-alone reader).
    pub(crate) managed: bool,
    pub(crate) at: Instant,
    pub(crate) seq: Seq,
}

/// The subject of a finding.
#[derive(Clone, Copy, Default)]
pub(crate) struct About {
    pub(crate) partition: Option<TopicPartition>,
    pub(crate) records: Option<(i64, i64)>,
    pub(crate) cause: Option<&'static str>,
}

impl About {
    pub(crate) fn partition(partition: TopicPartition) -> About {
        About { partition: Some(partition), ..About::default() }
    }

    pub(crate) fn records(partition: TopicPartition, from: i64, to: i64) -> About {
        About { partition: Some(partition), records: Some((from, to)), cause: None }
    }

    pub(crate) fn cause(self, cause: &'static str) -> About {
        About { cause: Some(cause), ..self }
    }
}

impl Desk<'_> {
    /// `billing-0`.
    pub(crate) fn who(&self, actor: ActorId) -> String {
        match self.book.actor_names.get(actor.0 as usize) {
            Some(&name) if !name.is_empty() => self.names.text(name).to_owned(),
            _ => format!("actor {actor}"),
        }
    }

    /// `orders-3`.
    pub(crate) fn place(&self, tp: TopicPartition) -> String {
        format!("{}-{}", self.names.text(tp.topic), tp.partition)
    }

    /// Keeps a finding dated now.
    pub(crate) fn find(
        &mut self,
        oracle: &'static str,
        class: Class,
        what: &'static str,
        about: About,
        sentence: String,
    ) -> Option<usize> {
        let (at, seq) = (self.at, self.seq);
        self.find_at(oracle, class, what, about, sentence, (at, seq))
    }

    /// Keeps a finding dated at another event.
    pub(crate) fn find_at(
        &mut self,
        oracle: &'static str,
        class: Class,
        what: &'static str,
        about: About,
        sentence: String,
        (at, seq): (Instant, Seq),
    ) -> Option<usize> {
        let scope = self.book.scope_names.get(self.scope).map(|&name| self.names.text(name).to_owned());
        let partition = about.partition.map(|tp| self.place(tp));
        self.book.keep(Finding {
            oracle,
            class,
            what,
            cause: about.cause,
            scope: scope.unwrap_or_default(),
            partition,
            records: about.records.map(|(from, to)| (Offset(from), Offset(to))),
            at,
            seq,
            sentence,
        })
    }

    /// Adds to a counter of the scope.
    pub(crate) fn count(
        &mut self,
        metric: MetricName,
        partition: Option<TopicPartition>,
        actor: Option<ActorId>,
        label: Option<&'static str>,
        value: i64,
    ) {
        let tally = Tally { metric, scope: self.scope, partition, actor, label, value, at: self.at, seq: self.seq };
        self.book.count(tally, self.names);
    }

    /// Samples a time of a producer, which may be none at all.
    pub(crate) fn sample_of(&mut self, metric: MetricName, partition: Option<TopicPartition>, actor: ActorId, us: u64) {
        let value = i64::try_from(us).unwrap_or(i64::MAX);
        let (scope, at, seq) = (self.scope, self.at, self.seq);
        let tally = Tally { metric, scope, partition, actor: Some(actor), label: None, value, at, seq };
        self.book.sample(tally, self.names);
    }

    /// Samples the time from `since` until now, if it is any.
    pub(crate) fn sample(&mut self, metric: MetricName, partition: Option<TopicPartition>, since: Instant) {
        let value = i64::try_from(self.at.since(since).as_us()).unwrap_or(i64::MAX);
        if value > 0 {
            let tally = Tally {
                metric,
                scope: self.scope,
                partition,
                actor: None,
                label: None,
                value,
                at: self.at,
                seq: self.seq,
            };
            self.book.sample(tally, self.names);
        }
    }
}
