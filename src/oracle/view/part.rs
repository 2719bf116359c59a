//! One partition as one scope sees it: who holds it, what is committed, done, in hand, doubtful.

use crate::ids::{ActorId, Generation, Incarnation, MemberId, Seq, TopicPartition};
use crate::oracle::ranges::{RangeMap, RangeSet};
use crate::protocol::ErrorCode;
use crate::time::{Duration, Instant};
use crate::trace::RemovalReason;

/// One life of a process.
pub(crate) type Life = (ActorId, Incarnation);

/// How a client interval ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// onPartitionsRevoked.
    Revoked,
    /// onPartitionsLost.
    Lost,
    /// The process ended cleanly, or on an error of its own.
    Closed,
    /// The process was killed.
    Crash,
}

/// A handler working through records one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// First record not accounted for.
    pub(crate) next: i64,
    pub(crate) start: Instant,
    pub(crate) per_record: Duration,
    /// The process is frozen, or gone: time finishes nothing.
    pub(crate) halted: bool,
}

impl Run {
    /// When the record at `offset` is finished if nothing comes between.
    pub(crate) fn finish(&self, offset: i64) -> Instant {
        self.start + self.per_record.saturating_mul((offset - self.from + 1) as u64)
    }

    /// One past the last record that was finished before `t`.
    pub(crate) fn reached(&self, t: Instant) -> i64 {
        if self.halted || self.per_record.as_us() >= i64::MAX as u64 {
            return self.next;
        }
        let elapsed = t.since(self.start).as_us();
        let count = if self.per_record.is_zero() {
            if elapsed > 0 { u64::MAX } else { 0 }
        } else {
            elapsed.saturating_sub(1) / self.per_record.as_us()
        };
        let reached = self.from.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        reached.min(self.to).max(self.next)
    }
}

/// A client interval: from `owned` to the first of revoked, lost, crash, close.
#[derive(Clone, Debug)]
pub(crate) struct Interval {
    pub(crate) id: u32,
    pub(crate) life: Life,
    /// Counted among the running holders.
    pub(crate) running: bool,
    pub(crate) end: Option<(End, Instant)>,
    /// Its holder may be handed records of it although it has ended.
    pub(crate) lingers: bool,
    /// The next offset that poll() will return.
    pub(crate) next: Option<i64>,
    /// What `next` was when the poll numbered `poll` began.
    pub(crate) next_before: Option<i64>,
    /// Where resets put the fetching of a library with a queue of its own, in order: the next offsets once the queue has come
    /// so far.
    pub(crate) jumps: Vec<i64>,
    pub(crate) poll: u64,
    /// One past what its process still had in hand, when it began, of the time that it was owned before.
    pub(crate) held_before: Option<i64>,
    /// Delivered and not finished, with the instant of delivery.
    pub(crate) in_hand: RangeMap<Instant>,
    pub(crate) runs: Vec<Run>,
    /// One past what a rejected commit covered, and why it was rejected.
    pub(crate) rejected: Option<(i64, ErrorCode)>,
    /// One past what a commit covered whose fate the client never learnt.
    pub(crate) commit_lost: Option<i64>,
    /// The coordinator took the member out while the client still held the partition.
    pub(crate) removed: Option<RemovalReason>,
    /// Its member joined again without giving it up.
    pub(crate) unrevoked: bool,
    /// Finding that grows as this holder goes on as a zombie.
    pub(crate) zombie_finding: Option<usize>,
    /// Records finished since another client view overlapped.
    pub(crate) done_in_overlap: i64,
}

/// To whom the current generation gives a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Given {
    pub(crate) member: MemberId,
    pub(crate) life: Life,
    pub(crate) generation: Generation,
}

/// A commit above an unfinished record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hazard {
    pub(crate) committer: ActorId,
    pub(crate) at: Instant,
    pub(crate) seq: Seq,
    /// Nobody has had it in hand since; `None` while somebody has.
    pub(crate) let_go: Option<LetGo>,
}

/// Why nobody has a record in hand any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LetGo {
    pub(crate) who: ActorId,
    pub(crate) why: &'static str,
    pub(crate) at: Instant,
    pub(crate) seq: Seq,
}

/// Records passed over by a reset, a seek or the start of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Skip {
    pub(crate) who: ActorId,
    pub(crate) why: &'static str,
    pub(crate) at: Instant,
    pub(crate) seq: Seq,
}

/// Records that will be delivered again, and why the commit lagged behind.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) cause: Cause,
    /// Who had finished them.
    pub(crate) before: ActorId,
    pub(crate) code: Option<ErrorCode>,
    pub(crate) removed: Option<RemovalReason>,
    /// Who will see them again, in which client interval.
    pub(crate) interval: u32,
    pub(crate) finding: Option<usize>,
}

/// Causes of duplicates, first match wins. `truncation`, first of all, is not here: no log of this version truncates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Cause {
    Seek,
    Reset,
    Rewind,
    Zombie,
    CommitRejected,
    CommitLost,
    Crash,
    Revoked,
    SameInterval,
    Unattributed,
}

impl Cause {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Cause::Seek => "seek",
            Cause::Reset => "reset",
            Cause::Rewind => "rewind",
            Cause::Zombie => "zombie",
            Cause::CommitRejected => "commit-rejected",
            Cause::CommitLost => "commit-lost",
            Cause::Crash => "crash",
            Cause::Revoked => "revoked",
            Cause::SameInterval => "same-interval",
            Cause::Unattributed => "unattributed",
        }
    }
}

/// Holes that were given up to stay within memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Folded {
    pub(crate) holes: i64,
    pub(crate) lost: i64,
    pub(crate) since: Option<(Instant, Seq)>,
}

/// One partition of one scope.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) tp: TopicPartition,
    pub(crate) log: usize,
    /// Someone of the scope subscribes to it or was assigned it.
    pub(crate) wanted: bool,
    pub(crate) start: Option<i64>,
    pub(crate) committed: Option<i64>,
    /// Committed before the coordinator moved, and not read back since (O3d).
    pub(crate) unconfirmed: bool,
    /// The highest position ever committed.
    pub(crate) commit_high: i64,
    /// Newest position of anyone in the scope.
    pub(crate) position: Option<i64>,
    pub(crate) done: RangeSet,
    /// Holes below this were folded into a count.
    pub(crate) folded_below: i64,
    pub(crate) folded: Folded,
    pub(crate) log_start: i64,
    pub(crate) log_end: i64,
    /// One past the highest record ever delivered or finished.
    pub(crate) highest_seen: i64,
    pub(crate) hazards: RangeMap<Hazard>,
    pub(crate) hazard_finding: Option<usize>,
    pub(crate) inversion_finding: Option<usize>,
    pub(crate) skips: RangeMap<Skip>,
    /// Finished and not committed, with the client interval that finished them.
    pub(crate) uncommitted: RangeMap<u32>,
    /// Last finished by a zombie.
    pub(crate) zombies: RangeSet,
    pub(crate) intervals: Vec<Interval>,
    next_interval: u32,
    pub(crate) marks: Vec<Mark>,
    /// Finding that grows with duplicates that have no mark.
    pub(crate) zombie_duplicates: Option<usize>,
    pub(crate) given: Vec<Given>,
    /// Whether the scope counts it among the given ones.
    pub(crate) counted_given: bool,
    /// Coordinator intervals that ended, newest last.
    pub(crate) past: Vec<(Life, Instant)>,
    /// By name: for `moved_partitions`.
    pub(crate) last_owner: Option<ActorId>,
    pub(crate) down_since: Option<Instant>,
    /// Client views that are open, and those among them whose process runs.
    pub(crate) open: u32,
    pub(crate) running: u32,
    pub(crate) overlap_since: Option<Instant>,
    pub(crate) stall_since: Option<Instant>,
}

impl Part {
    pub(crate) fn new(tp: TopicPartition, log: usize) -> Self {
        Part {
            tp,
            log,
            wanted: false,
            start: None,
            committed: None,
            unconfirmed: false,
            commit_high: i64::MIN,
            position: None,
            done: RangeSet::default(),
            folded_below: i64::MIN,
            folded: Folded::default(),
            log_start: 0,
            log_end: 0,
            highest_seen: i64::MIN,
            hazards: RangeMap::default(),
            hazard_finding: None,
            inversion_finding: None,
            skips: RangeMap::default(),
            uncommitted: RangeMap::default(),
            zombies: RangeSet::default(),
            intervals: Vec::new(),
            next_interval: 0,
            marks: Vec::new(),
            zombie_duplicates: None,
            given: Vec::new(),
            counted_given: false,
            past: Vec::new(),
            last_owner: None,
            down_since: None,
            open: 0,
            running: 0,
            overlap_since: None,
            stall_since: None,
        }
    }

    /// Opens a client interval; gives its place.
    pub(crate) fn open_interval(&mut self, life: Life, running: bool) -> usize {
        self.forget_intervals();
        self.next_interval += 1;
        let before = self.intervals.iter().filter(|interval| interval.life == life);
        let held_before = before.filter_map(|interval| interval.in_hand.end().max(interval.held_before)).max();
        self.intervals.push(Interval {
            id: self.next_interval,
            life,
            running,
            end: None,
            lingers: false,
            next: None,
            next_before: None,
            jumps: Vec::new(),
            poll: 0,
            held_before,
            in_hand: RangeMap::default(),
            runs: Vec::new(),
            rejected: None,
            commit_lost: None,
            removed: None,
            unrevoked: false,
            zombie_finding: None,
            done_in_overlap: 0,
        });
        self.open += 1;
        self.running += u32::from(running);
        self.intervals.len() - 1
    }

    /// The newest interval of a process may linger; its older ones do not any more.
    pub(crate) fn let_linger(&mut self, place: usize, lingers: bool) {
        if lingers {
            let life = self.intervals[place].life;
            for interval in self.intervals.iter_mut().filter(|interval| interval.life == life) {
                interval.lingers = false;
            }
            self.intervals[place].lingers = true;
        }
    }

    /// The process of an open interval froze, or goes on.
    pub(crate) fn set_running(&mut self, place: usize, running: bool) {
        let interval = &mut self.intervals[place];
        if interval.running != running {
            interval.running = running;
            self.running = if running { self.running + 1 } else { self.running - 1 };
        }
    }

    /// Drops ended intervals that nothing refers to.
    pub(crate) fn forget_intervals(&mut self) {
        if self.intervals.iter().any(|interval| interval.end.is_some()) {
            let uncommitted = &self.uncommitted;
            self.intervals.retain(|interval| {
                interval.end.is_none()
                    || interval.lingers
                    || !interval.in_hand.is_empty()
                    || interval.runs.iter().any(|run| !run.halted)
                    || uncommitted.iter().any(|(_, _, id)| id == interval.id)
            });
        }
    }

    /// The open interval of a process.
    pub(crate) fn open_of(&self, life: Life) -> Option<usize> {
        self.intervals.iter().rposition(|interval| interval.life == life && interval.end.is_none())
    }

    /// The newest interval of a process, open or not.
    pub(crate) fn newest_of(&self, life: Life) -> Option<usize> {
        self.intervals.iter().rposition(|interval| interval.life == life)
    }

    /// Whether the current generation gives it to this process.
    pub(crate) fn is_given_to(&self, life: Life) -> bool {
        self.given.iter().any(|given| given.life == life)
    }

    /// Visible records that nobody has finished and that are neither passed over nor committed away.
    pub(crate) fn unfinished(&self, log_start: i64, log_end: i64) -> i64 {
        let Some(start) = self.start else { return 0 };
        let start = start.max(log_start);
        let settled = self.done.total() + self.hazards.total() + self.skips.total();
        if self.done.runs() <= 1 && self.hazards.is_empty() && self.skips.is_empty() {
            let done_to = self.done.end().map_or(start, |end| end.max(start));
            return (log_end - done_to).max(0);
        }
        let below: i64 = self.done.overlaps(i64::MIN, start).map(|(a, b, _)| b - a).sum::<i64>()
            + self.hazards.overlaps(i64::MIN, start).map(|(a, b, _)| b - a).sum::<i64>()
            + self.skips.overlaps(i64::MIN, start).map(|(a, b, _)| b - a).sum::<i64>();
        (log_end - start - (settled - below)).max(0)
    }
}
