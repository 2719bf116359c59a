//! What has been handed to workers and not been taken up yet.

use crate::client::subscription::Run;
use crate::config::WorkerOrder;
use crate::ids::{Offset, TopicPartition};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Records of one partition that poll returned together, with the ownership that they belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub run: Run,
    /// `None`: their partition was not owned when they were handed out (a queue outlived the assignment).
    pub ownership: Option<u32>,
    /// Each record was a run of its own, with a draw of its own.
    pub singly: bool,
}

impl Item {
    pub fn records(&self) -> u64 {
        (self.run.to.0 - self.run.from.0).unsigned_abs()
    }
}

/// What waits of one partition.
#[derive(Debug)]
struct Lane {
    tp: TopicPartition,
    items: VecDeque<Item>,
    /// Records that wait, wherever they stand.
    waiting: u64,
    /// A worker is at work on it, and no other may be.
    taken: bool,
}

/// The workers' buffer: a queue for each partition, or one for all.
#[derive(Debug)]
pub(super) struct Buffer {
    order: WorkerOrder,
    /// A poll's run may grow by the next one: nothing tells them apart.
    merges: bool,
    lanes: Vec<Lane>,
    places: FxHashMap<TopicPartition, usize>,
    /// Order by partition: lanes with something to do that nobody works on, longest waiting first.
    ready: VecDeque<usize>,
    /// No order: everything, as it came.
    line: VecDeque<(usize, Item)>,
}

impl Buffer {
    pub fn new(order: WorkerOrder, merges: bool) -> Self {
        Buffer {
            order,
            merges,
            lanes: Vec::new(),
            places: FxHashMap::default(),
            ready: VecDeque::new(),
            line: VecDeque::new(),
        }
    }

    fn lane(&mut self, tp: TopicPartition) -> usize {
        let next = self.lanes.len();
        let place = *self.places.entry(tp).or_insert(next);
        if place == next {
            self.lanes.push(Lane { tp, items: VecDeque::new(), waiting: 0, taken: false });
        }
        place
    }

    /// Records that poll returned.
    pub fn push(&mut self, item: Item) {
        let place = self.lane(item.run.tp);
        let lane = &mut self.lanes[place];
        lane.waiting += item.records();
        let last = match self.order {
            WorkerOrder::Partition => lane.items.back_mut(),
            WorkerOrder::None => self.line.back_mut().map(|last| &mut last.1),
        };
        // Runs that nothing tells apart, and single records that keep their draws, are kept together.
        if let Some(last) = last.filter(|last| self.merges || (last.singly && item.singly))
            && last.run.tp == item.run.tp
            && last.run.to == item.run.from
            && last.ownership == item.ownership
        {
            last.run.to = item.run.to;
            return;
        }
        match self.order {
            WorkerOrder::None => self.line.push_back((place, item)),
            WorkerOrder::Partition => {
                if lane.items.is_empty() && !lane.taken {
                    self.ready.push_back(place);
                }
                lane.items.push_back(item);
            }
        }
    }

    /// What a worker takes up next, with the place of its lane: a run of a partition that nobody works on, or a record.
    pub fn take(&mut self) -> Option<(usize, Item)> {
        let (place, item) = match self.order {
            WorkerOrder::Partition => {
                let place = self.ready.pop_front()?;
                self.lanes[place].taken = true;
                (place, self.lanes[place].items.pop_front()?)
            }
            WorkerOrder::None => {
                let (place, first) = self.line.front_mut()?;
                let (place, mut item) = (*place, *first);
                item.run.to = Offset(item.run.from.0 + 1);
                first.run.from = item.run.to;
                if first.run.from == first.run.to {
                    self.line.pop_front();
                }
                (place, item)
            }
        };
        self.lanes[place].waiting -= item.records();
        Some((place, item))
    }

    /// A worker is through with what it took.
    pub fn release(&mut self, place: usize) {
        let lane = &mut self.lanes[place];
        lane.taken = false;
        if !lane.items.is_empty() {
            self.ready.push_back(place);
        }
    }

    /// How many records of each lane wait here.
    pub fn waiting(&self) -> impl Iterator<Item = u64> + '_ {
        self.lanes.iter().map(|lane| lane.waiting)
    }

    /// The place of a partition's lane.
    pub fn place(&self, tp: TopicPartition) -> Option<usize> {
        self.places.get(&tp).copied()
    }

    /// Takes out what waits of some partitions.
    pub fn take_out(&mut self, of: impl Fn(TopicPartition) -> bool) -> Vec<Item> {
        let mut out = Vec::new();
        let lanes = &mut self.lanes;
        self.line.retain(|&(place, item)| {
            let goes = of(item.run.tp);
            if goes {
                lanes[place].waiting -= item.records();
                out.push(item);
            }
            !goes
        });
        for lane in lanes.iter_mut().filter(|lane| !lane.items.is_empty() && of(lane.tp)) {
            lane.waiting = 0;
            out.extend(lane.items.drain(..));
        }
        self.ready.retain(|&place| !lanes[place].items.is_empty());
        out
    }

    /// Whether anything waits of some partitions.
    pub fn holds(&self, of: impl Fn(TopicPartition) -> bool) -> bool {
        self.lanes.iter().any(|lane| lane.waiting > 0 && of(lane.tp))
    }
}
