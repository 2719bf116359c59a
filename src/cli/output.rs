//! Output files that are whole or not there: written beside the target under another name, renamed at the end.

use super::exit::{Exit, Failure};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file being written.
#[derive(Debug)]
pub struct OutputFile {
    /// As the user wrote it, for messages.
    shown: PathBuf,
    /// What is renamed to what at the end; `None` for devices and pipes, which are written directly.
    rename: Option<(PathBuf, PathBuf)>,
    file: Option<BufWriter<File>>,
}

impl OutputFile {
    /// Opens the output, so that a place that cannot be written is known before any work is done.
    ///
    /// # Errors
    /// A sentence with exit code 73.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let cannot = |error: io::Error| cannot_write(path, &error.to_string());
        // A symbolic link stays one: its target is replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&target) {
            Ok(meta) if meta.is_dir() => return Err(cannot_write(path, "it is a directory")),
            Ok(meta) if meta.permissions().readonly() => return Err(cannot_write(path, "it is read-only")),
            Ok(meta) if !meta.is_file() => {
                let file = OpenOptions::new().write(true).open(&target).map_err(cannot)?;
                return Ok(OutputFile { shown: path.to_owned(), rename: None, file: Some(BufWriter::new(file)) });
            }
            _ => {}
        }
        let Some(name) = target.file_name() else { return Err(cannot_write(path, "it names no file")) };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.tmp", std::process::id()));
        let temporary = target.with_file_name(hidden);
        let file = File::create(&temporary).map_err(cannot)?;
        let file = Some(BufWriter::with_capacity(1 << 16, file));
        Ok(OutputFile { shown: path.to_owned(), rename: Some((temporary, target)), file })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// A sentence with exit code 73.
    pub fn commit(mut self) -> Result<(), Failure> {
        let shown = self.shown.clone();
        let cannot = |error: io::Error| cannot_write(&shown, &error.to_string());
        if let Some(mut file) = self.file.take() {
            file.flush().map_err(cannot)?;
        }
        if let Some((temporary, target)) = &self.rename {
            fs::rename(temporary, target).map_err(cannot)?;
            self.rename = None;
        }
        Ok(())
    }

    /// The failure that a failed write to this file is.
    pub fn failure(&self, error: &io::Error) -> Failure {
        cannot_write(&self.shown, &error.to_string())
    }

    /// Writes a whole text and puts the file in its place.
    ///
    /// # Errors
    /// A sentence with exit code 73.
    pub fn write_whole(mut self, text: &str) -> Result<(), Failure> {
        match self.write_all(text.as_bytes()) {
            Ok(()) => self.commit(),
            Err(error) => Err(self.failure(&error)),
        }
    }
}

/// Refuses two outputs in one place, and an output in the place of an input, before anything is opened.
///
/// # Errors
/// A sentence with exit code 2.
pub fn different_places(outputs: &[PathBuf], inputs: &[PathBuf]) -> Result<(), Failure> {
    let mut taken: BTreeMap<PathBuf, &str> =
        inputs.iter().filter_map(|input| Some((place(input)?, "it is read by this very command"))).collect();
    for output in outputs {
        let Some(place) = place(output) else { continue };
        if let Some(why) = taken.insert(place, "two outputs would go there") {
            return Err(Failure::usage(format!("will not write {}: {why}", output.display())));
        }
    }
    Ok(())
}

/// Where a path leads; nothing for devices and pipes, which several may share.
fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(real) = fs::canonicalize(path) {
        return fs::metadata(&real).is_ok_and(|meta| meta.is_file()).then_some(real);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).or_else(|_| std::path::absolute(parent)).ok()?;
    Some(parent.join(path.file_name()?))
}

fn cannot_write(path: &Path, why: &str) -> Failure {
    Failure::new(Exit::CannotWrite, format!("cannot write {}: {why}", path.display()))
}

/// Makes a directory if it is not there.
///
/// # Errors
/// A sentence with exit code 73.
pub fn directory(path: &Path) -> Result<(), Failure> {
    if path.exists() && !path.is_dir() {
        return Err(cannot_write(path, "it is not a directory"));
    }
    fs::create_dir_all(path).map_err(|error| cannot_write(path, &error.to_string()))
}

impl Write for OutputFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.write(buffer),
            None => Ok(buffer.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.rename {
            let _ = fs::remove_file(temporary);
        }
    }
}
