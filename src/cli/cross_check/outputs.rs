//! `--trace DIR`: both traces of each scenario.

use crate::cli::exit::Failure;
use crate::cli::load::Loaded;
use crate::cli::output::{OutputFile, directory};
use crate::scenario::Scenario;
use crate::sim::{self, RunOptions};
use crate::trace::Trace;
use crate::trace::export::{JsonlSink, TraceSink, write_jsonl};
use std::path::{Path, PathBuf};

/// A place for each trace, opened before anything runs.
pub struct TraceFiles {
    simulated: OutputFile,
    real: Vec<OutputFile>,
}

impl TraceFiles {
    /// Opens them: `NAME.simulated.jsonl`, `NAME.real-1.jsonl` ...
    ///
    /// # Errors
    /// Exit 73.
    pub fn open(path: &Path, name: &str, repeat: usize) -> Result<TraceFiles, Failure> {
        directory(path)?;
        let file = |what: String| OutputFile::create(&path.join(format!("{name}.{what}.jsonl")));
        let real: Result<Vec<OutputFile>, Failure> =
            (1..=repeat).map(|number| file(format!("real-{number}"))).collect();
        Ok(TraceFiles { simulated: file("simulated".to_owned())?, real: real? })
    }

    /// Writes the simulated run of `seed`, and the real ones that there are.
    ///
    /// # Errors
    /// Exit 73.
    pub fn write(self, scenario: &Scenario, seed: u64, traces: &[Trace]) -> Result<(), Failure> {
        let mut simulated = self.simulated;
        let written = {
            let mut sink = JsonlSink::new(&mut simulated);
            sim::run(scenario, RunOptions { seed: Some(seed), ..RunOptions::default() }, &mut [&mut sink]);
            sink.finish()
        };
        written.map_err(|error| simulated.failure(&error))?;
        simulated.commit()?;
        for (mut file, trace) in self.real.into_iter().zip(traces) {
            write_jsonl(trace, &mut file).map_err(|error| file.failure(&error))?;
            file.commit()?;
        }
        Ok(())
    }
}

/// A name for each scenario: its file's, and a number where two would be the same.
pub fn names(scenarios: &[Loaded]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for loaded in scenarios {
        let stem = PathBuf::from(&loaded.file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let base = stem.unwrap_or_else(|| "scenario".to_owned());
        let mut name = base.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{base}-{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}
