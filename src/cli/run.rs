//! `groupsim run FILE|DIR...`: run scenarios, judge them, report.

use super::common::Common;
use super::execute::{Request, execute};
use super::exit::{Exit, Failure};
use super::interrupt::interrupted;
use super::load::{Loaded, load_all, tell_warnings};
use super::output::{OutputFile, different_places, directory};
use super::progress::Progress;
use super::terminal::{Stdout, talk};
use crate::report::timeline::{Options as ChartOptions, TimelineBuilder, Window, svg};
use crate::report::{RunReport, Verdict, epilogue, json, junit, summary};
use crate::time::Instant;
use crate::trace::export::Format;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// Run scenarios and judge what they promise
///
/// All files are read first; if one is wrong, nothing runs. A line per scenario goes to stdout, with the details if there
/// is one scenario only or if it did not hold. A failure ends, on stderr, with what broke first and commands to paste.
///
/// With --until a run is cut short: what must `never` happen is judged as usual, and so is an upper bound that is already
/// exceeded (it can only get worse); everything else is undecided, and so is the run (exit 3) if nothing failed.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  groupsim run deploy.toml
  groupsim run deploy.toml --seed 7 --set group.billing.members=8
  groupsim run scenarios --json --junit junit.xml > results.json
  groupsim run deploy.toml --report out            out/deploy.svg, out/deploy.jsonl, out/deploy.json

Exit codes: 0 all held, 1 something failed, 2 a file is wrong, 3 undecided, 4 nothing to run, 70 groupsim itself broke,
73 an output cannot be written, 130 interrupted (what was complete is printed).")]
pub struct Args {
    /// Scenario files, or directories of them
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    common: Common,
    /// Print one JSON document on stdout instead of the summary (docs/json.md)
    #[arg(long)]
    json: bool,
    /// Write JUnit XML: a suite for each scenario, a case for each expectation
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the trace of a single scenario, as .jsonl or .csv (docs/trace.md)
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Write chart, trace and JSON of each scenario into a directory
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Run everything twice and compare the trace hashes; a difference is a fault of groupsim (exit 70)
    #[arg(long)]
    check_determinism: bool,
    /// Stop a run, undecided, after this many trace events: the guard against scenarios that never come to an end
    #[arg(long, value_name = "N", default_value_t = 1_000_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    max_events: u64,
}

/// The files that one run writes, opened before it starts.
#[derive(Default)]
struct Outputs {
    traces: Vec<(OutputFile, Format)>,
    chart: Option<OutputFile>,
    json: Option<OutputFile>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let trace_format = args.trace.as_deref().map(trace_format).transpose()?;
    let scenarios = load_all(&args.files, &args.common.set)?;
    if args.trace.is_some() && scenarios.len() > 1 {
        return Err(Failure::usage("--trace takes one scenario; for several, --report DIR writes a trace of each"));
    }
    if !args.common.quiet {
        let briefly = scenarios.len() > 1;
        scenarios.iter().for_each(|loaded| tell_warnings(loaded, briefly));
    }
    let names = report_names(&scenarios);
    let mut places: Vec<PathBuf> = args.trace.iter().chain(&args.junit).cloned().collect();
    if let Some(directory) = &args.report {
        places.extend(names.iter().flat_map(|name| ENDINGS.map(|ending| report_file(directory, name, ending))));
    }
    different_places(&places, &scenarios.iter().map(|loaded| loaded.path.clone()).collect::<Vec<_>>())?;
    let mut outputs = open_outputs(args, &names)?;
    if let (Some(path), Some(format)) = (&args.trace, trace_format) {
        outputs[0].traces.push((OutputFile::create(path)?, format));
    }
    let junit_file = args.junit.as_deref().map(OutputFile::create).transpose()?;

    let mut printer = Printer { out: Stdout::default(), args, many: scenarios.len() > 1 };
    let (reports, mut failures) = run_all(args, &scenarios, outputs, &mut printer);

    if args.json {
        printer.out.data(&format!("{:#}\n", json::document(&reports)));
    } else if reports.len() > 1 && !args.common.quiet {
        printer.out.data(&format!("{}\n", summary::tally(&reports)));
    }
    for report in &reports {
        if let Some(text) = epilogue::epilogue(report) {
            talk(&format!("\n{}", text.trim_end()));
        }
    }
    if let Some(file) = junit_file {
        failures.extend(file.write_whole(&junit::document(&reports)).err());
    }
    failures.extend(printer.out.finish().err());
    Ok(exit_code(&scenarios, &reports, &failures))
}

fn exit_code(scenarios: &[Loaded], reports: &[RunReport], failures: &[Failure]) -> Exit {
    failures.iter().for_each(|failure| talk(&format!("error: {}", failure.message)));
    if interrupted() {
        talk(&format!("interrupted: {} of {} scenarios are complete", reports.len(), scenarios.len()));
    }
    let verdicts = reports.iter().map(|report| match report.verdict() {
        Verdict::Held => Exit::Held,
        Verdict::Failed => Exit::Failed,
        Verdict::Undecided => Exit::Undecided,
        Verdict::Broken => Exit::Broken,
    });
    let interrupt = interrupted().then_some(Exit::Interrupted);
    Exit::heaviest(verdicts.chain(failures.iter().map(|failure| failure.exit)).chain(interrupt))
}

/// Prints reports in the order of the files, as soon as they are there.
struct Printer<'a> {
    out: Stdout,
    args: &'a Args,
    many: bool,
}

impl Printer<'_> {
    fn print(&mut self, report: &RunReport) {
        let held = report.verdict() == Verdict::Held;
        if self.args.json || (self.args.common.quiet && held) {
            return;
        }
        let mut text = format!("{}\n", summary::verdict_line(report));
        if !self.many || !held {
            text.push_str(&summary::details(report));
        }
        self.out.data(&text);
    }
}

/// Runs all scenarios, several at a time; those that came to their end, in order, and what could not be written.
fn run_all(
    args: &Args,
    scenarios: &[Loaded],
    outputs: Vec<Outputs>,
    printer: &mut Printer<'_>,
) -> (Vec<RunReport>, Vec<Failure>) {
    let (sender, receiver) = mpsc::channel();
    let mut progress = Progress::of_files(scenarios.len(), args.common.quiet || scenarios.len() == 1);
    let (mut reports, mut failures) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let jobs: Vec<_> = scenarios.iter().zip(outputs).enumerate().collect();
            jobs.into_par_iter().for_each_with(sender, |sender, (index, (loaded, outputs))| {
                let result =
                    if interrupted() { None } else { Some(run_one(args, loaded, outputs, scenarios.len() == 1)) };
                // The receiver lives until all senders are gone.
                let _ = sender.send((index, result));
            });
        });
        let mut waiting = std::collections::BTreeMap::new();
        let (mut next, mut done) = (0, 0);
        for (index, result) in receiver {
            waiting.insert(index, result);
            done += 1;
            progress.set(done);
            while let Some(result) = waiting.remove(&next) {
                next += 1;
                match result {
                    Some(Ok(report)) if report.stopped != crate::report::Stopped::Interrupted => {
                        progress.suspend(|| printer.print(&report));
                        reports.push(report);
                    }
                    Some(Err(failure)) => failures.push(failure),
                    _ => {}
                }
            }
        }
    });
    (reports, failures)
}

fn run_one(args: &Args, loaded: &Loaded, outputs: Outputs, alone: bool) -> Result<RunReport, Failure> {
    let request = Request {
        seed: args.common.seed,
        until: args.common.until,
        max_events: Some(args.max_events),
        sets: &args.common.set,
        twice: args.check_determinism,
    };
    let run_for = loaded.scenario.run_for;
    let end = Instant::ZERO + run_for;
    let window = Window { from: Instant::ZERO, until: args.common.until.unwrap_or(end).min(end) };
    let mut chart = outputs.chart.as_ref().map(|_| TimelineBuilder::new(window, ChartOptions::default()));
    let mut progress = Progress::of_run(&loaded.file, run_for, args.common.quiet || !alone);
    let report = {
        let mut watchers: Vec<&mut dyn crate::trace::Observer> = Vec::new();
        if progress.wanted() {
            watchers.push(&mut progress);
        }
        if let Some(chart) = &mut chart {
            watchers.push(chart);
        }
        execute(loaded, request, outputs.traces, &mut watchers)?
    };
    drop(progress);
    if report.breakage.is_none() && !interrupted() {
        if let (Some(file), Some(chart)) = (outputs.chart, chart) {
            file.write_whole(&svg::draw(&chart.finish()))?;
        }
        if let Some(file) = outputs.json {
            file.write_whole(&format!("{:#}\n", json::document(std::slice::from_ref(&report))))?;
        }
    }
    Ok(report)
}

fn trace_format(path: &Path) -> Result<Format, Failure> {
    Format::of(path).ok_or_else(|| {
        Failure::usage(format!("--trace {}: name it .jsonl or .csv, which is its format", path.display()))
    })
}

/// What `--report` writes of each scenario.
const ENDINGS: [&str; 3] = ["svg", "jsonl", "json"];

fn report_file(directory: &Path, name: &str, ending: &str) -> PathBuf {
    directory.join(format!("{name}.{ending}"))
}

/// Opens what `--report` writes; a place that cannot be written is told before anything runs.
fn open_outputs(args: &Args, names: &[String]) -> Result<Vec<Outputs>, Failure> {
    let mut all: Vec<Outputs> = names.iter().map(|_| Outputs::default()).collect();
    let Some(path) = &args.report else { return Ok(all) };
    directory(path)?;
    for (outputs, name) in all.iter_mut().zip(names) {
        let [chart, trace, json] = ENDINGS.map(|ending| OutputFile::create(&report_file(path, name, ending)));
        outputs.chart = Some(chart?);
        outputs.traces.push((trace?, Format::Jsonl));
        outputs.json = Some(json?);
    }
    Ok(all)
}

/// The file's own name; with its directories, and then a number, where two would be the same.
fn report_names(scenarios: &[Loaded]) -> Vec<String> {
    let stem = |file: &str| Path::new(file).file_stem().map_or("scenario".into(), |s| s.to_string_lossy().into_owned());
    let stems: Vec<String> = scenarios.iter().map(|loaded| stem(&loaded.file)).collect();
    let mut names: Vec<String> = Vec::new();
    for (loaded, short) in scenarios.iter().zip(&stems) {
        let mut name = short.clone();
        if stems.iter().filter(|other| *other == short).count() > 1 {
            let path = Path::new(&loaded.file).with_extension("");
            let parts: Vec<String> = path
                .components()
                .filter(|c| matches!(c, std::path::Component::Normal(_)))
                .map(|c| c.as_os_str().to_string_lossy().into_owned())
                .collect();
            name = parts.join("-");
        }
        let base = name.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{base}-{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}
