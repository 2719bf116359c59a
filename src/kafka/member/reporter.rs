//! Reports to the parent, a line each, written at once: a process that is killed leaves nothing unsaid.

use super::talk::{Report, Told};
use crate::kafka::wire::Stamp;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes reports. Clones write to the same place.
#[derive(Clone)]
pub struct Reporter(Arc<Mutex<Box<dyn Write + Send>>>);

impl Reporter {
    /// Reports to stdout.
    pub fn stdout() -> Reporter {
        Reporter(Arc::new(Mutex::new(Box::new(std::io::stdout()))))
    }

    /// Tells something that happens now. Without anybody to tell it to, the process ends.
    pub fn say(&self, told: Told) {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(mut line) = serde_json::to_vec(&Report { at: Stamp::now().0, told }) else { return };
        line.push(b'\n');
        if out.write_all(&line).and_then(|()| out.flush()).is_err() {
            std::process::exit(0);
        }
    }
}
