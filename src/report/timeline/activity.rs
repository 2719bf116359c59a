//! What a process does, summed up pixel by pixel so that ten million polls need no more memory than ten.

use super::model::{Activity, MemberLane, PIXELS, Span, Window};
use crate::ids::{Offset, TopicPartition};
use crate::time::Instant;
use std::collections::BTreeMap;

const ACTIVITIES: [Activity; 6] =
    [Activity::Down, Activity::Idle, Activity::Processing, Activity::Joining, Activity::Stopping, Activity::Paused];

/// Follows one process.
#[derive(Clone, Debug)]
pub(super) struct ProcessTrack {
    pub(super) name: String,
    pub(super) scope: String,
    pub(super) up: bool,
    pub(super) paused: bool,
    pub(super) joining: bool,
    pub(super) stopping: bool,
    /// Runs of records in the hand of a handler, with their ends.
    pub(super) runs: BTreeMap<TopicPartition, Offset>,
    current: Activity,
    since: Instant,
    /// Microseconds of each activity, by pixel.
    time: Vec<[u64; ACTIVITIES.len()]>,
    commits: Vec<bool>,
    rejected: Vec<bool>,
    /// Commits that fell on a pixel which had one.
    pub(super) commits_merged: u64,
}

impl ProcessTrack {
    pub(super) fn new(name: String, scope: String) -> Self {
        ProcessTrack {
            name,
            scope,
            up: false,
            paused: false,
            joining: false,
            stopping: false,
            runs: BTreeMap::new(),
            current: Activity::Down,
            since: Instant::ZERO,
            time: vec![[0; ACTIVITIES.len()]; PIXELS],
            commits: vec![false; PIXELS + 1],
            rejected: vec![false; PIXELS + 1],
            commits_merged: 0,
        }
    }

    fn activity(&self) -> Activity {
        if !self.up {
            Activity::Down
        } else if self.paused {
            Activity::Paused
        } else if self.joining {
            Activity::Joining
        } else if !self.runs.is_empty() {
            Activity::Processing
        } else if self.stopping {
            Activity::Stopping
        } else {
            Activity::Idle
        }
    }

    /// The process has come to its end.
    pub(super) fn end(&mut self) {
        self.up = false;
        self.paused = false;
        self.joining = false;
        self.stopping = false;
        self.runs.clear();
    }

    /// Takes note of what changed at `at`.
    pub(super) fn update(&mut self, window: &Window, at: Instant) {
        let now = self.activity();
        if now != self.current {
            self.account(window, at);
            self.current = now;
        }
    }

    /// Books the time since the last change.
    fn account(&mut self, window: &Window, at: Instant) {
        let (mut from, to) = (self.since.max(window.from), at.min(window.until));
        self.since = at;
        while from < to {
            let pixel = window.pixel(from).min(PIXELS - 1);
            let end = window.instant(pixel + 1).max(Instant::from_us(from.as_us() + 1)).min(to);
            self.time[pixel][self.current as usize] += end.since(from).as_us();
            from = end;
        }
    }

    pub(super) fn commit(&mut self, window: &Window, at: Instant, accepted: bool) {
        if !window.contains(at) {
            return;
        }
        let ticks = if accepted { &mut self.commits } else { &mut self.rejected };
        let tick = &mut ticks[window.pixel(at)];
        self.commits_merged += u64::from(*tick);
        *tick = true;
    }

    /// The lane; `number` is the member's.
    pub(super) fn finish(mut self, window: &Window, end: Instant, number: u32) -> MemberLane {
        self.account(window, end);
        let mut spans: Vec<Span<Activity>> = Vec::new();
        for (pixel, time) in self.time.iter().enumerate() {
            let Some(what) = dominant(time) else { continue };
            let (from, to) = (window.instant(pixel), window.instant(pixel + 1));
            match spans.last_mut() {
                Some(last) if last.what == what && last.to == from => last.to = to,
                _ => spans.push(Span { from, to, what }),
            }
        }
        let instants = |ticks: &[bool]| {
            ticks.iter().enumerate().filter(|tick| *tick.1).map(|tick| window.instant(tick.0)).collect()
        };
        MemberLane {
            name: self.name,
            number,
            scope: self.scope,
            spans,
            commits: instants(&self.commits),
            rejected: instants(&self.rejected),
        }
    }
}

/// What takes most of a pixel; being down, frozen or joining shows as soon as it takes a fifth.
fn dominant(time: &[u64; ACTIVITIES.len()]) -> Option<Activity> {
    let total: u64 = time.iter().sum();
    if total == 0 {
        return None;
    }
    let rare = [Activity::Paused, Activity::Down, Activity::Joining];
    let noticed = rare.into_iter().find(|&a| time[a as usize] * 5 >= total);
    noticed.or_else(|| ACTIVITIES.into_iter().max_by_key(|&a| time[a as usize]))
}
