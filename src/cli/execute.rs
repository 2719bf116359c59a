//! One run of one scenario, judged, with whatever else watches it.

use super::exit::Failure;
use super::interrupt;
use super::load::Loaded;
use super::output::OutputFile;
use super::panics::caught;
use crate::oracle::Judged;
use crate::report::{Expectation, RunReport, Stopped};
use crate::scenario::TimelineEvent;
use crate::sim::{self, RunEnd, RunOptions, StopReason};
use crate::time::Instant;
use crate::trace::Observer;
use crate::trace::export::{CsvSink, Format, JsonlSink, TraceSink};
use crate::trace::hash::TraceHash;

/// What is asked of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// `--seed`.
    pub seed: Option<u64>,
    /// `--until`.
    pub until: Option<Instant>,
    /// `--max-events`.
    pub max_events: Option<u64>,
    /// `--set`, for the replay line.
    pub sets: &'a [String],
    /// `--check-determinism`.
    pub twice: bool,
}

impl Request<'_> {
    fn options(&self) -> RunOptions<'static> {
        RunOptions {
            seed: self.seed,
            until: self.until,
            event_budget: self.max_events,
            interrupt: Some(interrupt::flag()),
        }
    }
}

/// Runs a scenario. A panic in it becomes a report of what broke.
///
/// # Errors
/// If a trace cannot be written.
pub fn execute(
    loaded: &Loaded,
    request: Request<'_>,
    traces: Vec<(OutputFile, Format)>,
    watchers: &mut [&mut dyn Observer],
) -> Result<RunReport, Failure> {
    let started = std::time::Instant::now();
    let mut report = match caught(|| judged(loaded, request, traces, watchers)) {
        Ok(report) => report?,
        Err(message) => broken(loaded, request, message),
    };
    report.wall = started.elapsed();
    Ok(report)
}

fn judged(
    loaded: &Loaded,
    request: Request<'_>,
    mut traces: Vec<(OutputFile, Format)>,
    watchers: &mut [&mut dyn Observer],
) -> Result<RunReport, Failure> {
    let scenario = &loaded.scenario;
    let mut judge = crate::oracle::Judge::new(
        &scenario.expect,
        scenario.promises.lost_mentioned,
        scenario.promises.skipped_mentioned,
    );
    let (end, written) = {
        let mut sinks: Vec<Box<dyn TraceSink + '_>> =
            traces.iter_mut().map(|(file, format)| sink(file, *format)).collect();
        let mut observers: Vec<&mut dyn Observer> = vec![&mut judge];
        observers.extend(watchers.iter_mut().map(|watcher| &mut **watcher as &mut dyn Observer));
        observers.extend(sinks.iter_mut().map(|sink| &mut **sink as &mut dyn Observer));
        let end = sim::run(scenario, request.options(), &mut observers);
        let written: Vec<std::io::Result<()>> = sinks.iter_mut().map(|sink| sink.finish()).collect();
        (end, written)
    };
    for ((file, _), written) in traces.into_iter().zip(written) {
        written.map_err(|error| file.failure(&error))?;
        // A trace of an interrupted run would look like a whole one.
        if end.stop != StopReason::Interrupted {
            file.commit()?;
        }
    }
    let breakage =
        if request.twice && end.stop == StopReason::Horizon { difference(loaded, request, &end) } else { None };
    let mut outcome = judge.finish(&end.names, end.virtual_time);
    // A run that was cut short does not tell: the line may have another turn.
    if end.virtual_time == Instant::ZERO + scenario.run_for {
        outcome.expectations.extend(end.idle_lines.iter().map(|&line| idle(&scenario.timeline[line as usize])));
    }
    let stopped = match end.stop {
        StopReason::Interrupted => Stopped::Interrupted,
        StopReason::EventBudget => Stopped::Budget,
        StopReason::Horizon if request.until.is_some_and(|until| until < Instant::ZERO + scenario.run_for) => {
            Stopped::Until
        }
        StopReason::Horizon => Stopped::AtTheEnd,
    };
    Ok(RunReport {
        file: loaded.file.clone(),
        sets: request.sets.to_vec(),
        name: scenario.name.clone(),
        seed: end.seed,
        hash: end.hash,
        events: end.events,
        virtual_time: end.virtual_time,
        run_for: scenario.run_for,
        stopped,
        wall: std::time::Duration::ZERO,
        expectations: Expectation::all(&outcome, &scenario.expect, stopped),
        outcome,
        breakage,
    })
}

/// A line of the timeline that never did anything to anybody: the scenario does not test what its author thinks.
fn idle(event: &TimelineEvent) -> Judged {
    let verb = event.action.verb();
    let turns = if event.repeat.is_some_and(|(_, times)| times > 1) { "at any of its turns" } else { "at its turn" };
    Judged {
        list: "timeline",
        text: format!("line {}: `{verb}` does something", event.line),
        held: false,
        measured: "nothing".to_owned(),
        first_broken: None,
        seq: None,
        note: Some(format!(
            "line {} of the file, `{verb}`, did nothing: nobody was in a state to obey it {turns}",
            event.line
        )),
    }
}

fn sink<'f>(file: &'f mut OutputFile, format: Format) -> Box<dyn TraceSink + 'f> {
    match format {
        Format::Jsonl => Box::new(JsonlSink::new(file)),
        Format::Csv => Box::new(CsvSink::new(file)),
    }
}

/// Runs once more and says how the second run differs.
fn difference(loaded: &Loaded, request: Request<'_>, first: &RunEnd) -> Option<String> {
    let second = sim::run(&loaded.scenario, request.options(), &mut []);
    if second.stop == StopReason::Interrupted || (second.hash, second.events) == (first.hash, first.events) {
        return None;
    }
    Some(format!(
        "two runs of one scenario and seed differ: hash {} after {} events, then hash {} after {} events",
        first.hash, first.events, second.hash, second.events
    ))
}

fn broken(loaded: &Loaded, request: Request<'_>, message: String) -> RunReport {
    let scenario = &loaded.scenario;
    RunReport {
        file: loaded.file.clone(),
        sets: request.sets.to_vec(),
        name: scenario.name.clone(),
        seed: request.seed.unwrap_or(scenario.seed),
        hash: TraceHash(0),
        events: 0,
        virtual_time: Instant::ZERO,
        run_for: scenario.run_for,
        stopped: Stopped::AtTheEnd,
        wall: std::time::Duration::ZERO,
        outcome: Default::default(),
        expectations: Vec::new(),
        breakage: Some(message),
    }
}
