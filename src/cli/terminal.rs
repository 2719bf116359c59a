//! stdout for data, stderr for talk; colours only on a terminal, and `NO_COLOR` is honoured (anstream does both).

use super::exit::{Exit, Failure};
use std::io::{self, Write};

/// One line, or several, on stderr. That nobody listens is no mistake.
pub fn talk(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// stdout. When its reader has gone, the rest is dropped in silence; other errors are told at the end.
#[derive(Default)]
pub struct Stdout {
    closed: bool,
    error: Option<io::Error>,
}

impl Stdout {
    /// Writes data.
    pub fn data(&mut self, text: &str) {
        if self.closed {
            return;
        }
        let mut out = anstream::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.error = Some(error);
            }
        }
    }

    /// Ends the output.
    ///
    /// # Errors
    /// If it could not be written for another reason than that the reader has gone.
    pub fn finish(self) -> Result<(), Failure> {
        match self.error {
            None => Ok(()),
            Some(error) => Err(Failure::new(Exit::CannotWrite, format!("cannot write to stdout: {error}"))),
        }
    }
}
