//! Scenario files as the commands take them: found, read, and their diagnostics told.

use super::exit::{Exit, Failure};
use super::terminal::talk;
use crate::scenario::{self, FindError, Scenario};
use std::path::{Path, PathBuf};

/// A scenario that can be run.
#[derive(Debug)]
pub struct Loaded {
    /// The file as the user wrote it.
    pub file: String,
    /// The same, for the system.
    pub path: PathBuf,
    /// What is in it.
    pub scenario: Scenario,
    /// Lints: rendered with colours, and in one line.
    pub warnings: Vec<(String, String)>,
    /// Kafka keys that are known and have no effect here.
    pub ignored_keys: Vec<String>,
    /// Those that the library which plays all clients does not have.
    #[cfg(feature = "kafka")]
    pub dropped_keys: Vec<String>,
}

/// All scenario files among files and directories.
///
/// # Errors
/// Exit 2 for a path that cannot be read, 4 if there is no scenario at all.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    scenario::find_files(paths).map_err(|error| match error {
        FindError::Unreadable { path, why } => Failure::usage(format!("cannot read {}: {why}", path.display())),
        FindError::NothingToRun => Failure::new(Exit::Nothing, error.to_string()),
    })
}

/// What reads a file: [`scenario::load`], or one that takes every client for another library.
pub type Loader = fn(&Path, &[(&str, &str)]) -> Result<scenario::Loaded, scenario::ScenarioErrors>;

/// Reads one scenario; `Err` holds its diagnostics, rendered with colours.
pub fn load(path: &Path, sets: &[String]) -> Result<Loaded, Vec<String>> {
    load_with(path, sets, scenario::load)
}

fn load_with(path: &Path, sets: &[String], loader: Loader) -> Result<Loaded, Vec<String>> {
    let sets: Vec<(&str, &str)> = sets.iter().filter_map(|set| set.split_once('=')).collect();
    match loader(path, &sets) {
        Ok(loaded) => Ok(Loaded {
            file: path.display().to_string(),
            path: path.to_owned(),
            scenario: loaded.scenario,
            warnings: loaded.lints.iter().map(|lint| (lint.render(true), lint.one_line())).collect(),
            ignored_keys: loaded.ignored_keys.into_iter().map(|key| key.key).collect(),
            #[cfg(feature = "kafka")]
            dropped_keys: loaded.dropped_keys.into_iter().map(|key| key.key).collect(),
        }),
        Err(errors) => {
            let mut rendered: Vec<String> = errors.diagnostics.iter().map(|d| d.render(true)).collect();
            if errors.left_out > 0 {
                rendered.push(format!("... and {} more in {}", errors.left_out, path.display()));
            }
            Err(rendered)
        }
    }
}

/// Reads all of them; if one is wrong, tells everything that is wrong with any.
///
/// # Errors
/// Exit 2 with the number of wrong files; exit 4 if there is none to read.
pub fn load_all(paths: &[PathBuf], sets: &[String]) -> Result<Vec<Loaded>, Failure> {
    load_all_with(paths, sets, scenario::load)
}

/// As [`load_all`], with another reader.
///
/// # Errors
/// The same.
pub fn load_all_with(paths: &[PathBuf], sets: &[String], loader: Loader) -> Result<Vec<Loaded>, Failure> {
    let files = find(paths)?;
    let (mut loaded, mut wrong) = (Vec::new(), 0);
    for file in &files {
        match load_with(file, sets, loader) {
            Ok(scenario) => loaded.push(scenario),
            Err(diagnostics) => {
                wrong += 1;
                diagnostics.iter().for_each(|text| talk(text.trim_end()));
            }
        }
    }
    match (wrong, files.len()) {
        (0, _) => Ok(loaded),
        (_, 1) => Err(Failure::usage("the scenario file is wrong; nothing was run")),
        (_, all) => Err(Failure::usage(format!("{wrong} of {all} scenario files are wrong; nothing was run"))),
    }
}

/// Tells lints and ignored keys; in one line each if there are several files to tell about.
pub fn tell_warnings(loaded: &Loaded, briefly: bool) {
    for (full, line) in &loaded.warnings {
        talk(if briefly { line } else { full.trim_end() });
    }
    if !loaded.ignored_keys.is_empty() {
        talk(&format!("note: {}: no effect here: {}", loaded.file, loaded.ignored_keys.join(", ")));
    }
}
