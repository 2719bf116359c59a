//! Which files a command line means.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// Why there is nothing to load.
#[derive(Debug)]
pub enum FindError {
    /// A path does not exist or cannot be read: a wrong command line (exit code 2).
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// The directories have no `*.toml` in them: nothing to run (exit code 4).
    NothingToRun,
}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FindError::Unreadable { path, why } => write!(f, "{}: {why}", path.display()),
            FindError::NothingToRun => f.write_str("nothing to run: no *.toml there"),
        }
    }
}

impl std::error::Error for FindError {}

/// Directories inside directories that are looked into.
const MAX_DEPTH: usize = 32;

/// Files as given; directories recursively for `*.toml`, sorted by name, without hidden ones. No file comes twice.
///
/// # Errors
/// A path that cannot be read, or nothing found at all.
pub fn find_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FindError> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let meta = std::fs::metadata(path).map_err(|why| FindError::Unreadable { path: path.clone(), why })?;
        if meta.is_dir() {
            walk(path, MAX_DEPTH, &mut found, &mut seen)?;
        } else if seen.insert(path.clone()) {
            found.push(path.clone());
        }
    }
    if found.is_empty() { Err(FindError::NothingToRun) } else { Ok(found) }
}

fn walk(dir: &Path, depth: usize, found: &mut Vec<PathBuf>, seen: &mut BTreeSet<PathBuf>) -> Result<(), FindError> {
    let failed = |why| FindError::Unreadable { path: dir.to_path_buf(), why };
    let mut entries = std::fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // A link to a directory is not followed: it may lead back here.
        if kind.is_dir() && depth > 0 {
            walk(&path, depth - 1, found, seen)?;
        } else if !kind.is_dir()
            && path.extension().is_some_and(|e| e == "toml")
            && path.is_file()
            && seen.insert(path.clone())
        {
            found.push(path);
        }
    }
    Ok(())
}
