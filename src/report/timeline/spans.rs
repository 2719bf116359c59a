//! A lane of spans being built: clipped to the window, and merged where several fall on one pixel.

use super::model::{Span, Window};
use crate::time::Instant;

/// Collects spans of one lane in order of time.
#[derive(Clone, Debug)]
pub(super) struct SpanList<T> {
    pub(super) spans: Vec<Span<T>>,
    open: Option<(Instant, T)>,
    mixed: T,
    /// How many spans went into a mixed one.
    pub(super) merged: u64,
}

impl<T: Copy + PartialEq> SpanList<T> {
    /// An empty list; `mixed` stands for several spans on one pixel.
    pub(super) fn new(mixed: T) -> Self {
        SpanList { spans: Vec::new(), open: None, mixed, merged: 0 }
    }

    /// What is going on.
    pub(super) fn current(&self) -> Option<T> {
        self.open.map(|open| open.1)
    }

    /// From `at` on it is this, or nothing.
    pub(super) fn set(&mut self, window: &Window, at: Instant, what: Option<T>) {
        if self.current() == what {
            return;
        }
        self.close(window, at);
        self.open = what.map(|what| (at, what));
    }

    /// Ends what is going on.
    pub(super) fn close(&mut self, window: &Window, at: Instant) {
        let Some((from, what)) = self.open.take() else { return };
        let (from, to) = (from.max(window.from), at.min(window.until));
        if from >= to && !(from == to && window.contains(from) && window.contains(at)) {
            return;
        }
        if let Some(last) = self.spans.last_mut() {
            let same = last.to == from && last.what == what;
            // A third span that begins and ends on the pixel where the last one began.
            let crowded = window.pixel(last.from) == window.pixel(to);
            if crowded && !same {
                self.merged += 1;
                last.what = self.mixed;
            }
            if same || crowded {
                last.to = to;
                return;
            }
        }
        self.spans.push(Span { from, to, what });
    }
}
