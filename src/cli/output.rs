//! Output files that are whole or not there: written beside the target under another name, renamed at the end.

use super::exit::{Exit, Failure};
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

fn cannot_write(path: &Path, why: &str) -> Failure {
    Failure::new(Exit::CannotWrite, format!("cannot write {}: {why}", path.display()))
}

/// Makes a directory if it is not there.
///
/// # Errors
/// A sentence with exit code 73.
pub fn directory(path: &Path) -> Result<(), Failure> {
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
