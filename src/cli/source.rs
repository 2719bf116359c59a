//! FILE of the commands that only read: a scenario, which is run first, or a trace.

use super::common::Common;
use super::exit::{Exit, Failure};
use super::interrupt;
use super::load::{Loaded, load_all, tell_warnings};
use super::panics::caught;
use crate::ids::{Names, Seq};
use crate::sim::{self, RunOptions, StopReason};
use crate::time::Instant;
use crate::trace::Observer;
use crate::trace::export::{Format, TraceReader};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// Where events come from.
pub enum Source {
    /// A scenario file.
    Scenario(Box<Loaded>),
    /// A trace file.
    Trace(PathBuf, Format),
}

impl Source {
    /// Reads the scenario, or takes note of the trace.
    ///
    /// # Errors
    /// Exit 2.
    pub fn open(path: &Path, common: &Common) -> Result<Source, Failure> {
        if path.is_dir() {
            return Err(Failure::usage(format!("{} is a directory; name one scenario or trace", path.display())));
        }
        if let Some(format) = Format::of(path) {
            if common.seed.is_some() || !common.set.is_empty() {
                return Err(Failure::usage(format!(
                    "{} is a trace, its run is over: --seed and --set change nothing",
                    path.display()
                )));
            }
            return Ok(Source::Trace(path.to_owned(), format));
        }
        let mut loaded = load_all(&[path.to_owned()], &common.set)?;
        match loaded.pop() {
            Some(scenario) => {
                if !common.quiet {
                    tell_warnings(&scenario, false);
                }
                Ok(Source::Scenario(Box::new(scenario)))
            }
            None => Err(Failure::new(Exit::Nothing, "nothing to run")),
        }
    }

    /// Shows the events up to and including `until` to an observer; the instant of the last one.
    ///
    /// # Errors
    /// A wrong trace, an interrupt, a panic.
    pub fn feed(
        &self,
        seed: Option<u64>,
        until: Option<Instant>,
        observer: &mut dyn Observer,
    ) -> Result<Instant, Failure> {
        self.feed_all(seed, until, &mut [observer]).map(|(last, _)| last)
    }

    /// The same for several observers, with the names that events refer to.
    ///
    /// # Errors
    /// As [`Source::feed`].
    pub fn feed_all(
        &self,
        seed: Option<u64>,
        until: Option<Instant>,
        observers: &mut [&mut dyn Observer],
    ) -> Result<(Instant, Names), Failure> {
        match self {
            Source::Scenario(loaded) => run(loaded, seed, until, observers),
            Source::Trace(path, format) => read(path, *format, until, observers),
        }
    }

    /// The end of the run: of a scenario its `run-for`, of a trace its last event.
    ///
    /// # Errors
    /// As [`Source::feed`].
    pub fn end(&self, seed: Option<u64>) -> Result<Instant, Failure> {
        match self {
            Source::Scenario(loaded) => Ok(Instant::ZERO + loaded.scenario.run_for),
            Source::Trace(..) => self.feed(seed, None, &mut Finder { seq: Seq::NONE, found: None }),
        }
    }

    /// The instant of an event.
    ///
    /// # Errors
    /// As [`Source::feed`]; and exit 2 if there is no such event.
    pub fn instant_of(&self, seed: Option<u64>, seq: Seq) -> Result<Instant, Failure> {
        let mut finder = Finder { seq, found: None };
        self.feed(seed, None, &mut finder)?;
        finder.found.ok_or_else(|| Failure::usage(format!("there is no event e{seq} in this run")))
    }
}

fn run(
    loaded: &Loaded,
    seed: Option<u64>,
    until: Option<Instant>,
    observers: &mut [&mut dyn Observer],
) -> Result<(Instant, Names), Failure> {
    // One microsecond more, so that events at the instant itself are in.
    let until = until.map(|t| Instant::from_us(t.as_us().saturating_add(1)));
    let options = RunOptions { seed, until, event_budget: None, interrupt: Some(interrupt::flag()) };
    let end = caught(|| sim::run(&loaded.scenario, options, observers)).map_err(|message| {
        let seed = seed.unwrap_or(loaded.scenario.seed);
        let replay = format!("groupsim run {} --seed {seed}", loaded.file);
        Failure::new(
            Exit::Broken,
            format!("groupsim itself broke; please report it: {message}\n  reproduce:  {replay}"),
        )
    })?;
    match end.stop {
        StopReason::Interrupted => Err(Failure::new(Exit::Interrupted, "interrupted")),
        _ => Ok((end.virtual_time, end.names)),
    }
}

fn read(
    path: &Path,
    format: Format,
    until: Option<Instant>,
    observers: &mut [&mut dyn Observer],
) -> Result<(Instant, Names), Failure> {
    let flag = interrupt::flag();
    let file = File::open(path).map_err(|e| Failure::usage(format!("cannot read {}: {e}", path.display())))?;
    let wrong = |error| Failure::usage(format!("{}: {error}", path.display()));
    let mut reader = TraceReader::new(BufReader::new(file), format).map_err(wrong)?;
    let mut last = Instant::ZERO;
    while let Some(event) = reader.next_event().map_err(wrong)? {
        if until.is_some_and(|until| event.t > until) {
            break;
        }
        if flag.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Failure::new(Exit::Interrupted, "interrupted"));
        }
        last = event.t;
        for observer in observers.iter_mut() {
            observer.observe(&event, reader.names());
        }
    }
    Ok((last, reader.into_names()))
}

struct Finder {
    seq: Seq,
    found: Option<Instant>,
}

impl Observer for Finder {
    fn observe(&mut self, event: &crate::trace::Event, _: &crate::ids::Names) {
        if event.seq == self.seq {
            self.found = Some(event.t);
        }
    }
}
