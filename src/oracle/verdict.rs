//! The end of a run: what is open is decided, figures are summed up, expectations are judged.

use super::book::{Book, Desk, Figures, Tally};
use super::expectations::is_time;
use super::judge::Judge;
use super::outcome::{Class, Judged, Metrics, Outcome, Samples};
use super::view::View;
use super::*;
use crate::config::expect::{Filter, MetricKind, MetricName};
use crate::ids::{ActorId, Incarnation, Names, Seq};
use crate::time::Instant;

/// Everything that the judge has to say.
pub(super) fn finish(mut judge: Judge, names: &Names, end: Instant) -> Outcome {
    if let Some(scope) = judge.settling {
        judge.settle(scope, names);
    }
    judge.last.0 = end.max(judge.last.0);
    let (end, seq) = judge.last;
    for scope in 0..judge.view.scopes.len() {
        close_scope(&mut judge, scope, names, (end, seq));
    }
    settle_losses(&mut judge, names, (end, seq));
    settle_producers(&mut judge, names, (end, seq));
    let Judge { view, mut book, promises, ignored, .. } = judge;
    book.watches.gauges_changed(u64::MAX, &view, names, &book.actor_names, end, seq);
    let who = |actor: crate::ids::ActorId| {
        book.actor_names.get(actor.0 as usize).map(|&name| names.text(name).to_owned()).unwrap_or_default()
    };
    let ignored_events = ignored.iter().map(|&(index, actor)| (index, who(actor))).collect();
    let actor_names = std::mem::take(&mut book.actor_names);
    let (findings, findings_left_out, watches, figures) = book.into_findings();
    let mut outcome = Outcome { findings, findings_left_out, ignored_events, ..Outcome::default() };
    for (scope, figures) in view.scopes.iter().zip(&figures) {
        let metrics = metrics(&view, names, scope, figures);
        add(&mut outcome.total, &metrics);
        let name = names.text(scope.name).to_owned();
        if scope.producer {
            outcome.producers.insert(name, metrics)
        } else {
            outcome.scopes.insert(name, metrics)
        };
    }
    outcome.expectations = watches.finish(&view, names, &actor_names, &outcome.findings, end);
    promise(&mut outcome, promises);
    outcome
}

/// Accounts for work that time has finished, and for intervals that are open.
fn close_scope(judge: &mut Judge, scope: usize, names: &Names, (at, seq): (Instant, Seq)) {
    let View { actors, scopes, .. } = &mut judge.view;
    let managed = scopes[scope].managed;
    let mut desk = Desk { book: &mut judge.book, names, scope, managed, at, seq };
    for part in scopes[scope].parts.iter_mut().flatten() {
        work::advance(part, &mut desk);
        stall::finish(part, |life| actors[life.0.0 as usize].runs(), &mut desk);
        downtime::finish(part, &mut desk);
        if let Some(since) = part.overlap_since {
            desk.sample(MetricName::ClientOverlap, Some(part.tp), since);
        }
    }
    let bound = l1_convergence::bound(&judge.view, &judge.view.scopes[scope], names);
    let mut desk = Desk { book: &mut judge.book, names, scope, managed, at, seq };
    let scope = &judge.view.scopes[scope];
    l1_convergence::judge(scope, &judge.view.actors, bound, &mut desk);
    l4_drain::judge(scope, bound, &mut desk);
}

/// Decides hazards and skips; losses are counted in the order of their dates.
fn settle_losses(judge: &mut Judge, names: &Names, (at, seq): (Instant, Seq)) {
    let (mut losses, mut skips, mut undecided) = (Vec::new(), Vec::new(), Vec::new());
    for (index, scope) in judge.view.scopes.iter().enumerate() {
        for part in scope.parts() {
            let (lost, open) = o4_loss::finish(part, &judge.view.actors);
            losses.extend(lost.into_iter().map(|loss| (loss.3.seq, index, part.log, loss)));
            let passed_over = o5_skip::finish(part, &judge.view.actors);
            skips.extend(passed_over.into_iter().map(|skip| (skip.2.seq, index, part.log, skip)));
            undecided.push((index, part.tp, open));
        }
    }
    losses.sort_by_key(|loss| (loss.0, loss.1, loss.2, loss.3.0));
    skips.sort_by_key(|skip| (skip.0, skip.1, skip.2, skip.3.0));
    let Judge { view, book, .. } = judge;
    for (_, scope, place, loss) in losses {
        let mut desk = Desk { book, names, scope, managed: true, at, seq };
        if let Some(part) = &view.scopes[scope].parts[place] {
            o4_loss::report(part, loss, &mut desk);
        }
    }
    for (_, scope, place, skip) in skips {
        let mut desk = Desk { book, names, scope, managed: true, at, seq };
        if let Some(part) = &view.scopes[scope].parts[place] {
            o5_skip::report(part, skip, &mut desk);
        }
    }
    for (scope, tp, value) in undecided.into_iter().filter(|open| open.2 > 0) {
        let mut desk = Desk { book, names, scope, managed: true, at, seq };
        desk.count(MetricName::UndecidedHazards, Some(tp), None, None, value);
    }
    folded(view, book, names);
}

/// Decides what of the producers' records is missing.
fn settle_producers(judge: &mut Judge, names: &Names, (at, seq): (Instant, Seq)) {
    let Judge { view, book, producers, .. } = judge;
    let alive = |actor: ActorId, incarnation: Incarnation| {
        view.actors.get(actor.0 as usize).is_some_and(|process| process.live && process.incarnation == incarnation)
    };
    producers.finish(alive, |actor, what| {
        if let Some(scope) = view.actors.get(actor.0 as usize).and_then(|process| process.scope) {
            what.report(actor, &mut Desk { book: &mut *book, names, scope, managed: false, at, seq });
        }
    });
}

/// Says what was given up to stay within memory, and counts what of it is lost.
fn folded(view: &View, book: &mut Book, names: &Names) {
    for (scope, state) in view.scopes.iter().enumerate() {
        for part in state.parts() {
            let (true, Some((at, seq))) = (part.folded.holes > 0, part.folded.since) else { continue };
            let mut desk = Desk { book: &mut *book, names, scope, managed: true, at, seq };
            let sentence = format!(
                "{} had more than 100,000 holes: the {} oldest are only counted, {} lost records among them",
                desk.place(part.tp),
                part.folded.holes,
                part.folded.lost
            );
            desk.find("O4", Class::Measure, "folded", super::book::About::partition(part.tp), sentence);
            let (partition, value) = (Some(part.tp), part.folded.lost);
            let lost = Tally { metric: MetricName::Lost, scope, partition, actor: None, label: None, value, at, seq };
            if value > 0 {
                desk.book.count(lost, names);
            }
        }
    }
}

fn metrics(view: &View, names: &Names, scope: &view::Scope, figures: &Figures) -> Metrics {
    let mut metrics = Metrics {
        duplicates_by_cause: figures.by_cause.clone(),
        commit_failures_by_code: figures.by_code.clone(),
        before_start: figures.before_start,
        state: scope.state.filter(|_| scope.managed).map(|state| state.name()),
        processed: figures.processed,
        ..Metrics::default()
    };
    let filter = Filter { group: Some(names.text(scope.name).to_owned()), ..Filter::default() };
    for &(metric, name, kind) in MetricName::ALL {
        match kind {
            MetricKind::Counter => drop(metrics.numbers.insert(name, figures.counter(metric))),
            MetricKind::Gauge => {
                if let Some(value) = gauges::value(view, names, &[], metric, &filter) {
                    metrics.numbers.insert(name, value);
                }
            }
            MetricKind::Distribution => {
                let values = figures.samples.get(&metric).cloned().unwrap_or_default();
                metrics.samples.insert(name, Samples { values });
            }
        }
    }
    metrics
}

/// Adds a scope's figures to the run's.
fn add(total: &mut Metrics, scope: &Metrics) {
    for (&name, &value) in &scope.numbers {
        let sum = total.numbers.entry(name).or_insert(0);
        let largest = MetricName::from_name(name)
            .is_some_and(|metric| is_time(metric) || metric == MetricName::OwnersPerPartition);
        *sum = if largest { (*sum).max(value) } else { *sum + value };
    }
    for (&name, samples) in &scope.samples {
        total.samples.entry(name).or_default().values.extend_from_slice(&samples.values);
    }
    for (&cause, &n) in &scope.duplicates_by_cause {
        *total.duplicates_by_cause.entry(cause).or_default() += n;
    }
    for (&code, &n) in &scope.commit_failures_by_code {
        *total.commit_failures_by_code.entry(code).or_default() += n;
    }
    total.before_start += scope.before_start;
    total.processed += scope.processed;
    total.state = match (total.state, scope.state) {
        (None, state) | (state, None) => state,
        (Some(a), Some(b)) if a == b => Some(a),
        _ => None,
    };
}

/// The promises that hold without being written down, and that groupsim itself is right.
fn promise(outcome: &mut Outcome, (lost_mentioned, skipped_mentioned): (bool, bool)) {
    for (mentioned, name, text) in
        [(lost_mentioned, "lost", "lost == 0"), (skipped_mentioned, "skipped", "skipped == 0")]
    {
        if mentioned {
            continue;
        }
        let value = outcome.total.numbers.get(name).copied().unwrap_or(0);
        let first = outcome.findings.iter().find(|finding| finding.what == name).filter(|_| value > 0);
        outcome.expectations.push(Judged {
            list: "default",
            text: text.to_owned(),
            held: value == 0,
            measured: value.to_string(),
            first_broken: first.map(|finding| finding.at),
            seq: first.map(|finding| finding.seq),
            note: first.map(|finding| finding.sentence.clone()),
        });
    }
    let wrong = outcome.findings.iter().filter(|finding| finding.class == Class::Model).count();
    if let Some(first) = outcome.findings.iter().find(|finding| finding.class == Class::Model) {
        outcome.expectations.push(Judged {
            list: "model",
            text: "groupsim keeps its own invariants".to_owned(),
            held: false,
            measured: format!("{wrong} findings"),
            first_broken: Some(first.at),
            seq: Some(first.seq),
            note: Some(format!("{}: {}", first.oracle, first.sentence)),
        });
    }
}
