//! What the consumer owns, with positions and the application's progress (SubscriptionState).

use super::io::Io;
use super::results::Results;
use super::strategy::Answers;
use crate::ids::{Offset, Symbol, TopicPartition};
use crate::protocol::{CommitPartition, ListOffsetsResponse, ListOffsetsTarget};
use crate::trace::{Kind, PositionOrigin, ResetReason};

/// How a position is to be found by ListOffsets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lookup {
    /// Which end of the log.
    pub target: ListOffsetsTarget,
    /// What the `position` event says.
    pub origin: PositionOrigin,
    /// For `reset` events.
    pub reason: Option<ResetReason>,
}

/// Whether a partition has a position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FetchState {
    /// Needs its committed offset.
    Initializing,
    /// Needs an end of the log.
    AwaitReset(Lookup),
    /// Has a position.
    Fetching,
}

/// A partition that the consumer owns.
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    /// Which.
    pub tp: TopicPartition,
    /// Whether it has a position.
    pub state: FetchState,
    /// The next offset that poll returns; -1 without one.
    pub position: Offset,
    /// The offset that the fetch in flight asked for.
    pub requested: Offset,
    /// Records of it are buffered: it is not fetched (AbstractFetch.fetchablePartitions).
    pub buffered: bool,
    /// CLIENT-20.
    pub pending_revocation: bool,
    /// Where reading began.
    pub first: Offset,
    /// One past the last record that the application has handled.
    pub done: Offset,
    /// One past the highest record that the application has handled.
    pub done_max: Offset,
    /// What several workers have handled above `done`, lowest first, never touching it.
    above: Vec<(Offset, Offset)>,
    /// Goes up each time a partition is taken: tells this ownership from an earlier one of the same partition.
    pub ownership: u32,
    /// How many more records of it the application takes now; a library that has a buffer for each partition (sarama) hands
    /// over no more, and counts down what it has handed over. The application sets it before each poll.
    pub room: i64,
    /// librdkafka: the next offset to fetch, ahead of what has been handed out.
    pub fetch_at: Offset,
    /// librdkafka: the stored offset, which auto-commit takes; -1 if nothing was stored.
    pub stored: Offset,
    /// What the last successful commit stored, or where reading started.
    pub committed: Offset,
    /// In the list of partitions with uncommitted progress.
    dirty: bool,
    /// `until = "end"`: the end that it had when it was taken.
    pub end: Option<Offset>,
    /// That end has been reached.
    pub reached: bool,
}

impl Partition {
    fn new(tp: TopicPartition, ownership: u32) -> Self {
        Partition {
            tp,
            state: FetchState::Initializing,
            position: Offset::NONE,
            requested: Offset::NONE,
            buffered: false,
            pending_revocation: false,
            first: Offset::NONE,
            done: Offset::NONE,
            done_max: Offset::NONE,
            above: Vec::new(),
            ownership,
            room: i64::MAX,
            fetch_at: Offset::NONE,
            stored: Offset::NONE,
            committed: Offset::NONE,
            dirty: false,
            end: None,
            reached: false,
        }
    }

    /// Whether poll may return its records.
    pub fn fetchable(&self) -> bool {
        self.state == FetchState::Fetching && !self.pending_revocation
    }

    /// Sets the position, other than by reading on.
    fn seek(&mut self, offset: Offset) {
        self.state = FetchState::Fetching;
        self.position = offset;
        self.fetch_at = offset;
        self.first = offset;
        self.done = offset;
        self.done_max = offset;
        self.above.clear();
        self.committed = offset;
    }

    /// Records `[from, to)` are handled, in whatever order.
    fn handled_apart(&mut self, from: Offset, to: Offset) {
        let (mut from, mut to) = (from.max(self.done), to);
        if from >= to {
            return;
        }
        let low = self.above.partition_point(|range| range.1 < from);
        let high = low + self.above[low..].partition_point(|range| range.0 <= to);
        if let (Some(first), Some(last)) = (self.above[low..high].first(), self.above[low..high].last()) {
            (from, to) = (from.min(first.0), to.max(last.1));
        }
        if from == self.done {
            self.done = to;
            self.above.drain(..high);
        } else {
            self.above.splice(low..high, [(from, to)]);
        }
    }
}

/// Records that poll returned: `[from, to)` of one partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    /// Where the partition stood among the owned ones when they were handed out.
    pub index: usize,
    /// The partition.
    pub tp: TopicPartition,
    /// First record.
    pub from: Offset,
    /// One past the last.
    pub to: Offset,
}

/// Everything that the consumer owns, sorted.
#[derive(Debug, Default)]
pub(crate) struct Subscription {
    /// The partitions.
    pub partitions: Vec<Partition>,
    /// Indexes of partitions whose handled records may not all be committed.
    dirty: Vec<u32>,
    /// How many partitions are not `Fetching`.
    pub without_position: usize,
    /// Several workers handle records: those of a partition may be done out of order.
    pub out_of_order: bool,
    /// How many partitions have been taken so far.
    taken: u32,
    /// The application's commits that are over.
    pub answers: Answers,
    /// kafka-go: what is committed is messages, whoever has their partition by now. One past the highest of each partition
    /// that the application has handled since it last committed; `None` for other libraries.
    messages: Option<Vec<CommitPartition>>,
    /// The application keeps its offsets with its results.
    pub results: Option<Results>,
}

impl Subscription {
    /// One of a library whose application commits messages, not positions of partitions that it owns.
    pub fn of_messages() -> Self {
        Subscription { messages: Some(Vec::new()), ..Subscription::default() }
    }

    /// Replaces everything owned (EAGER: nothing is carried over, CLIENT-34).
    pub fn assign(&mut self, mut partitions: Vec<TopicPartition>) {
        partitions.sort_unstable();
        partitions.dedup();
        self.partitions.clear();
        self.dirty.clear();
        for tp in partitions {
            let taken = self.take(tp);
            self.partitions.push(taken);
        }
        self.without_position = self.partitions.len();
    }

    /// Replaces everything owned; what stays keeps its position and state (CLIENT-34, SubscriptionState.assignFromSubscribed).
    pub fn reassign(&mut self, mut partitions: Vec<TopicPartition>) {
        partitions.sort_unstable();
        partitions.dedup();
        let mut before = std::mem::take(&mut self.partitions).into_iter().peekable();
        for tp in partitions {
            while before.next_if(|p| p.tp < tp).is_some() {}
            let kept_or_new = before.next_if(|p| p.tp == tp).unwrap_or_else(|| self.take(tp));
            self.partitions.push(kept_or_new);
        }
        self.dirty = (0u32..).zip(&self.partitions).filter(|(_, p)| p.dirty).map(|(index, _)| index).collect();
        self.without_position = self.partitions.iter().filter(|p| p.state != FetchState::Fetching).count();
    }

    fn take(&mut self, tp: TopicPartition) -> Partition {
        self.taken = self.taken.wrapping_add(1);
        Partition::new(tp, self.taken)
    }

    /// Where a partition stands in the list.
    #[inline]
    pub fn find(&self, tp: TopicPartition) -> Option<usize> {
        self.partitions.binary_search_by(|p| p.tp.cmp(&tp)).ok()
    }

    /// Gives a partition its position.
    pub fn seek(&mut self, index: usize, offset: Offset) {
        let p = &mut self.partitions[index];
        if p.state != FetchState::Fetching {
            self.without_position -= 1;
        }
        p.seek(offset);
    }

    /// Takes a partition's position away until ListOffsets has given it another.
    pub fn await_reset(&mut self, index: usize, lookup: Lookup) {
        let p = &mut self.partitions[index];
        if p.state == FetchState::Fetching {
            self.without_position += 1;
        }
        p.state = FetchState::AwaitReset(lookup);
    }

    /// Where the partition of records that were handed out stands now; `None` if it is not owned any more.
    #[inline]
    pub fn place(&self, run: &Run) -> Option<usize> {
        match self.partitions.get(run.index) {
            Some(p) if p.tp == run.tp => Some(run.index),
            _ => self.find(run.tp),
        }
    }

    /// Which ownership records that were handed out just now belong to; `None` if their partition is not owned.
    pub fn ownership(&self, run: &Run) -> Option<u32> {
        if self.messages.is_some() {
            return Some(0); // a message is committed whoever owns its partition
        }
        self.place(run).map(|index| self.partitions[index].ownership)
    }

    /// The application has handled records of `run` up to `to`.
    #[inline]
    pub fn handled(&mut self, run: &Run, to: Offset) {
        if let Some(messages) = &mut self.messages {
            let message = CommitPartition { partition: run.tp, offset: to, metadata: Symbol::EMPTY };
            match messages.binary_search_by(|known| known.partition.cmp(&run.tp)) {
                Ok(at) => messages[at].offset = messages[at].offset.max(to),
                Err(at) => messages.insert(at, message),
            }
        }
        let Some(index) = self.place(run) else { return };
        let p = &mut self.partitions[index];
        if self.out_of_order {
            p.handled_apart(run.from, to);
        } else {
            p.done = to;
        }
        p.done_max = p.done_max.max(to);
        if !p.dirty {
            p.dirty = true;
            self.dirty.push(index as u32);
        }
    }

    /// ListOffsets has answered for the ends of `until = "end"`; true if some must be asked for again.
    pub fn ends(&mut self, response: &ListOffsetsResponse) -> bool {
        let mut again = false;
        for &(tp, offset, code) in &response.partitions {
            if !code.is_none() {
                again = true;
            } else if let Some(index) = self.find(tp) {
                self.partitions[index].end = Some(offset);
            }
        }
        again
    }

    /// Whether every partition has reached the end that it had when it was taken.
    pub fn reached_ends(&mut self, io: &mut Io<'_, '_>) -> bool {
        let mut all = !self.partitions.is_empty();
        for p in &mut self.partitions {
            let position = (p.state == FetchState::Fetching).then_some(p.position);
            let newly = p.end.filter(|&end| !p.reached && position.is_some_and(|at| at >= end));
            if let Some(offset) = newly {
                p.reached = true;
                io.emit(Kind::ReachedEnd { partition: p.tp, offset });
            }
            all &= p.reached;
        }
        all
    }

    /// A commit was stored.
    pub fn stored(&mut self, offsets: &[CommitPartition]) {
        for stored in offsets {
            if let Some(index) = self.find(stored.partition) {
                self.partitions[index].committed = stored.offset;
            }
        }
    }

    /// What is handled, without a gap, but not committed.
    pub fn uncommitted(&mut self, into: &mut Vec<CommitPartition>) {
        if let Some(messages) = self.messages.as_mut().filter(|_| !self.out_of_order) {
            return into.append(messages);
        }
        self.uncommitted_up_to(into, |p| p.done);
    }

    /// The highest that is handled but not committed.
    pub fn uncommitted_max(&mut self, into: &mut Vec<CommitPartition>) {
        if let Some(messages) = &mut self.messages {
            return into.append(messages);
        }
        self.uncommitted_up_to(into, |p| p.done_max);
    }

    fn uncommitted_up_to(&mut self, into: &mut Vec<CommitPartition>, mark: impl Fn(&Partition) -> Offset) {
        let partitions = &mut self.partitions;
        self.dirty.retain(|&index| {
            let p = &mut partitions[index as usize];
            let offset = mark(p);
            if offset > p.committed {
                into.push(CommitPartition { partition: p.tp, offset, metadata: Symbol::EMPTY });
            }
            p.dirty = p.done_max > p.committed;
            p.dirty
        });
    }

    /// librdkafka: stored offsets that are not committed yet.
    pub fn unstored(&self, into: &mut Vec<CommitPartition>) {
        self.stored_offsets(into, |p| p.stored > p.committed);
    }

    /// librdkafka: every stored offset.
    pub fn all_stored(&self, into: &mut Vec<CommitPartition>) {
        self.stored_offsets(into, |p| p.stored != Offset::NONE);
    }

    fn stored_offsets(&self, into: &mut Vec<CommitPartition>, wanted: impl Fn(&Partition) -> bool) {
        for p in self.partitions.iter().filter(|&p| wanted(p)) {
            into.push(CommitPartition { partition: p.tp, offset: p.stored, metadata: Symbol::EMPTY });
        }
    }

    /// The positions of everything owned (allConsumed).
    pub fn positions(&self, into: &mut Vec<CommitPartition>) {
        for p in self.partitions.iter().filter(|p| p.state == FetchState::Fetching) {
            into.push(CommitPartition { partition: p.tp, offset: p.position, metadata: Symbol::EMPTY });
        }
    }

    /// Runs of consecutive partitions of one topic: the first, and how many.
    pub fn runs(&self) -> impl Iterator<Item = (TopicPartition, u32)> + '_ {
        runs(self.partitions.iter().map(|p| p.tp))
    }

    /// Those of `partitions` that are not owned, sorted.
    pub fn missing(&self, partitions: &[TopicPartition]) -> Vec<TopicPartition> {
        let mut missing: Vec<_> = partitions.iter().copied().filter(|&tp| self.find(tp).is_none()).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Owned partitions that are not among `partitions`, sorted.
    pub fn outside(&self, partitions: &[TopicPartition]) -> Vec<TopicPartition> {
        let kept: std::collections::BTreeSet<_> = partitions.iter().collect();
        self.partitions.iter().map(|p| p.tp).filter(|tp| !kept.contains(tp)).collect()
    }
}

/// Runs of consecutive partitions of one topic among sorted ones: the first, and how many.
pub(crate) fn runs(partitions: impl Iterator<Item = TopicPartition>) -> impl Iterator<Item = (TopicPartition, u32)> {
    let mut rest = partitions.peekable();
    std::iter::from_fn(move || {
        let first = rest.next()?;
        let mut length = 1;
        while rest.next_if(|tp| tp.topic == first.topic && tp.partition == first.partition + length).is_some() {
            length += 1;
        }
        Some((first, length))
    })
}
