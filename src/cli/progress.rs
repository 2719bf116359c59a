//! A progress bar on a terminal, for what takes longer than a second.

use crate::ids::Names;
use crate::time::Duration;
use crate::trace::{Event, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration as WallDuration, Instant as WallInstant};

const AFTER: WallDuration = WallDuration::from_secs(1);

/// How many events pass between two looks at the wall clock.
const EVENTS_BETWEEN: u64 = 1 << 14;

/// A bar that shows itself after a second, and only on a terminal.
pub struct Progress {
    bar: ProgressBar,
    started: WallInstant,
    seen: u64,
    wanted: bool,
}

impl Progress {
    /// Of a run that is this long in virtual time.
    pub fn of_run(name: &str, length: Duration, quiet: bool) -> Self {
        Progress::new(length.as_ms(), &format!("{name}  {{bar:40}} {{percent}} % of {length}, {{elapsed}}"), quiet)
    }

    /// Of this many scenarios.
    pub fn of_files(count: usize, quiet: bool) -> Self {
        Progress::new(count as u64, "{bar:40} {pos} of {len} scenarios, {elapsed}", quiet)
    }

    /// Of work in real time that takes about this long; positions are milliseconds.
    #[cfg(feature = "kafka")]
    pub fn of_real_time(length: WallDuration, quiet: bool) -> Self {
        let length = length.as_millis() as u64;
        Progress::new(length, "cross-check  {bar:40}  {elapsed}, about {eta} left", quiet)
    }

    fn new(length: u64, template: &str, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Progress { bar, started: WallInstant::now(), seen: 0, wanted: !quiet && std::io::stderr().is_terminal() }
    }

    /// Whether it is worth calling at all.
    pub fn wanted(&self) -> bool {
        self.wanted
    }

    /// Moves the bar.
    pub fn set(&mut self, position: u64) {
        if !self.wanted || self.started.elapsed() < AFTER {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(position);
    }

    /// Does something to the terminal while the bar is out of the way.
    pub fn suspend<T>(&self, f: impl FnOnce() -> T) -> T {
        self.bar.suspend(f)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn observe(&mut self, event: &Event, _: &Names) {
        self.seen += 1;
        if self.seen.is_multiple_of(EVENTS_BETWEEN) {
            self.set(event.t.as_ms());
        }
    }
}
