//! Scenario files as the commands take them: found, read, and their diagnostics rendered.

use super::exit::{Exit, Failure};
use super::terminal::talk;
use crate::scenario::{self, Scenario};
use std::path::{Path, PathBuf};

/// A scenario that can be run.
#[derive(Debug)]
pub struct Loaded {
    /// The file as the user wrote it.
    pub file: String,
    /// What is in it.
    pub scenario: Scenario,
    /// Lints, rendered with colours.
    pub warnings: Vec<String>,
    /// Kafka keys that are known and have no effect here.
    pub ignored_keys: Vec<String>,
}

/// All scenario files among files and directories.
///
/// # Errors
/// A path that is not there: exit 2.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        find_in(path, &mut found).map_err(|e| Failure::usage(format!("cannot read {}: {e}", path.display())))?;
    }
    Ok(found)
}

fn find_in(path: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|e| e == "toml") {
            find_in(&entry, found)?;
        }
    }
    Ok(())
}

/// Reads one scenario; `Err` holds its diagnostics, rendered with colours.
pub fn load(path: &Path, sets: &[String]) -> Result<Loaded, Vec<String>> {
    let sets: Vec<(&str, &str)> = sets.iter().map(|set| set.split_once('=').unwrap_or((set, ""))).collect();
    let render = |diagnostic: &scenario::Diagnostic| diagnostic.render(true);
    let loaded = scenario::load(path, &sets).map_err(|errors| errors.diagnostics.iter().map(render).collect::<Vec<_>>())?;
    Ok(Loaded {
        file: path.display().to_string(),
        warnings: loaded.lints.iter().map(render).collect(),
        ignored_keys: loaded.ignored_keys.iter().map(|key| key.key.to_string()).collect(),
        scenario: loaded.scenario,
    })
}

/// Reads all of them; if one is wrong, tells everything that is wrong with any.
///
/// # Errors
/// Exit 2 with the number of wrong files; exit 4 if there is none to read.
pub fn load_all(paths: &[PathBuf], sets: &[String]) -> Result<Vec<Loaded>, Failure> {
    let files = find(paths)?;
    if files.is_empty() {
        return Err(Failure::new(Exit::Nothing, "nothing to run: no .toml file found"));
    }
    let (mut loaded, mut wrong) = (Vec::new(), 0);
    for file in &files {
        match load(file, sets) {
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

/// Tells lints and ignored keys.
pub fn tell_warnings(loaded: &Loaded) {
    loaded.warnings.iter().for_each(|text| talk(text.trim_end()));
    if !loaded.ignored_keys.is_empty() {
        talk(&format!("note: {}: no effect here: {}", loaded.file, loaded.ignored_keys.join(", ")));
    }
}

/// The text behind the code of a diagnostic.
pub fn explain_code(code: &str) -> Option<&'static str> {
    let _ = code;
    None
}
