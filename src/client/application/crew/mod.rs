//! Several workers beside the thread that polls: a pool over one buffer, or one worker for each partition.
//!
//! With a pool the poll thread goes on polling while at most `buffer` records are out to workers, and makes the
//! application's commits: a consumer of Java or librdkafka belongs to one thread. When something is done that the commit
//! strategy commits on, the poll thread is woken (`Consumer.wakeup()`). A library that feeds its workers itself (sarama) has a
//! buffer for each partition, nobody polls, and a worker commits by itself and waits for the answer.
//!
//! A worker takes a run of one partition and works through it by arithmetic, as the poll thread does when it is the only one;
//! without an order among workers each takes one record at a time, which costs that much more.

mod buffer;
mod faults;
mod settling;
mod shift;

use super::handler::Work;
use crate::client::io::Timer;
use crate::client::strategy::Commit;
use crate::config::{ClientKind, CommitWhen, MemberConfig, WhenRevoked, WorkerOrder, Workers};
use crate::ids::{Seq, TopicPartition};
use crate::time::{Duration, Instant};
use buffer::Buffer;
pub(super) use settling::Settling;
use std::collections::BTreeSet;

/// What a worker is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Waiting for records.
    Idle,
    /// In a stretch of records.
    Working,
    /// Waiting for its own commit, with the rest of its run in hand.
    Committing,
}

/// A worker.
#[derive(Debug)]
struct Worker {
    state: State,
    /// The stretch in work; `work.run` is what the worker has taken and not finished.
    work: Work,
    /// Which lane that is of.
    lane: usize,
    /// Which ownership of the partition it belongs to.
    ownership: Option<u32>,
    /// Time for each record of the run, without faults.
    time: Duration,
    /// Each record of the run has a draw of its own.
    one_by_one: bool,
}

/// The workers of a process.
#[derive(Debug)]
pub(super) struct Crew {
    /// How many there may be.
    most: usize,
    /// The library hands records over as there is room, partition by partition; nobody polls.
    feeds: bool,
    /// The poll thread waits until its batch is done.
    waits_for_batch: bool,
    /// The poll thread polls while no more records than this are out; of each partition if the library feeds.
    limit: u64,
    order: WorkerOrder,
    when_revoked: WhenRevoked,
    jitters: bool,
    jitter_per_record: bool,
    buffer: Buffer,
    workers: Vec<Worker>,
    idle: Vec<usize>,
    /// When stretches end, by worker; of those that end together the one that was started first comes first.
    ends: BTreeSet<(Instant, Seq, usize)>,
    /// Records handed to workers and not reported as done or dropped.
    out: u64,
    /// Records reported as done of which the strategy has not heard.
    untold: u64,
    /// Workers in stretches of more than one record.
    long: usize,
    /// When records inside of stretches matter: to the strategy, or to a poll thread that waits for room.
    look: Timer,
    /// A handler is to be stuck, and no record was in work: the next one started will be.
    stuck_next: bool,
    /// What the poll thread is to commit.
    commit_wanted: Option<Commit>,
    /// Something has been handed out since the strategy was asked about a batch.
    batch_open: bool,
    /// What waits of each lane, as last counted.
    waiting: Vec<u64>,
}

impl Crew {
    /// The workers of a process, if it has any.
    pub fn of(config: &MemberConfig) -> Option<Box<Crew>> {
        let process = &config.process;
        let feeds = config.client.kind == ClientKind::Sarama;
        let most = match process.workers {
            Workers::PollThread => return None,
            Workers::Pool(n) => n.max(1) as usize,
            Workers::PerPartition => usize::MAX,
        };
        let order = if process.workers == Workers::PerPartition { WorkerOrder::Partition } else { process.order };
        let jitters = process.jitter_percent > 0;
        Some(Box::new(Crew {
            most,
            feeds,
            waits_for_batch: !feeds && config.commit.when == CommitWhen::AfterBatch,
            limit: process.buffer.unwrap_or_else(|| config.client.buffer()).into(),
            order,
            when_revoked: process.when_revoked.unwrap_or_else(|| config.client.kind.when_revoked()),
            jitters,
            jitter_per_record: process.jitter_per_record,
            buffer: Buffer::new(order, !jitters),
            workers: Vec::new(),
            idle: Vec::new(),
            ends: BTreeSet::new(),
            out: 0,
            untold: 0,
            long: 0,
            look: Timer::NEVER,
            stuck_next: false,
            commit_wanted: None,
            batch_open: false,
            waiting: Vec::new(),
        }))
    }

    /// Whether nobody polls.
    pub fn feeds(&self) -> bool {
        self.feeds
    }

    /// The earliest timer of the workers.
    pub fn timer(&self) -> Timer {
        match self.ends.first() {
            Some(&(at, by, _)) if at <= self.look.at => Timer { at, by },
            _ => self.look,
        }
    }

    /// A worker that has nothing to do, if there is or may be one.
    fn free_worker(&mut self) -> Option<usize> {
        if let Some(worker) = self.idle.pop() {
            return Some(worker);
        }
        let next = self.workers.len();
        (next < self.most).then(|| {
            let (work, ownership, time) = (Work::default(), None, Duration::ZERO);
            self.workers.push(Worker { state: State::Idle, work, lane: 0, ownership, time, one_by_one: false });
            next
        })
    }

    /// Workers in a record, lowest number first.
    fn working(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.workers.len()).filter(|&worker| self.workers[worker].state == State::Working)
    }

    /// Counts what waits of each partition.
    fn count_waiting(&mut self, now: Instant) {
        self.waiting.clear();
        self.waiting.extend(self.buffer.waiting());
        // What a worker has taken waits all the same, but for the record that it is in.
        for worker in self.workers.iter().filter(|worker| worker.state != State::Idle) {
            let (work, in_work) = (&worker.work, worker.state == State::Working);
            let next = if in_work { work.from.0 + work.ended(now) as i64 + 1 } else { work.run.from.0 };
            self.waiting[worker.lane] += u64::try_from(work.run.to.0 - next).unwrap_or(0);
        }
    }

    /// How many more records of a partition the library may hand over, by the last count.
    fn room(&self, partition: TopicPartition) -> i64 {
        let waiting = self.buffer.place(partition).map_or(0, |place| self.waiting[place]);
        i64::try_from(self.limit.saturating_sub(waiting)).unwrap_or(i64::MAX)
    }

    /// A stretch is no longer to end at the instant that it was to end at.
    fn forget_end(&mut self, worker: usize) {
        let work = &self.workers[worker].work;
        if !work.stuck {
            self.ends.remove(&(work.end(), work.start, worker));
        }
        self.long -= usize::from(work.records() > 1);
    }

    /// A stretch ends when its work says.
    fn note_end(&mut self, worker: usize) {
        let work = &self.workers[worker].work;
        if !work.stuck {
            self.ends.insert((work.end(), work.start, worker));
        }
        self.long += usize::from(work.records() > 1);
    }

    /// When `count` more records than have been reported will have ended.
    fn when_ended(&self, count: u64, now: Instant) -> Timer {
        let by = self.working().next().map_or(Seq::NONE, |worker| self.workers[worker].work.start);
        let ended = |at: Instant| -> u64 { self.working().map(|w| self.workers[w].work.unreported(at)).sum() };
        let (mut low, mut high) = (now, self.ends.last().map_or(now, |end| end.0).max(now));
        if ended(high) < count {
            return Timer::NEVER; // a stretch will end before
        }
        while low < high {
            let middle = Instant::from_us(low.as_us() + high.since(low).as_us() / 2);
            if ended(middle) >= count {
                high = middle;
            } else {
                low = Instant::from_us(middle.as_us() + 1);
            }
        }
        Timer { at: high, by }
    }
}
