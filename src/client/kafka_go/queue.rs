//! The channel of messages that all partitions share (QueueCapacity), and FetchMessage.
//!
//! Nothing empties it when a generation ends. FetchMessage drops what is older than the generation that runs, so between two
//! generations it goes on handing out what the older one has fetched.

use super::KafkaGo;
use crate::client::io::Io;
use crate::client::library::PollOutcome;
use crate::client::subscription::Run;
use crate::ids::{Offset, TopicPartition};
use crate::trace::Kind;
use std::collections::VecDeque;

/// Messages of one partition that stand one behind the other.
#[derive(Clone, Copy, Debug)]
struct Messages {
    /// Which generation has fetched them.
    version: u32,
    tp: TopicPartition,
    /// Where the partition stands among the generation's.
    index: usize,
    from: i64,
    to: i64,
}

/// The channel.
#[derive(Debug)]
pub(super) struct Queue {
    messages: VecDeque<Messages>,
    held: i64,
    capacity: i64,
    /// Readers that wait for room, first come first served.
    waiting: VecDeque<u32>,
    /// Which generation's messages are good.
    pub version: u32,
}

impl Queue {
    pub fn new(capacity: u32) -> Self {
        let capacity = capacity.max(1).into();
        Queue { messages: VecDeque::new(), held: 0, capacity, waiting: VecDeque::new(), version: 0 }
    }

    /// Nobody waits for room any more.
    pub fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    fn push(&mut self, message: Messages) {
        self.held += message.to - message.from;
        match self.messages.back_mut() {
            Some(last) if (last.version, last.tp, last.to) == (message.version, message.tp, message.from) => {
                last.to = message.to;
            }
            _ => self.messages.push_back(message),
        }
    }

    /// The next message that is not too old.
    fn take(&mut self) -> Option<(TopicPartition, usize, i64)> {
        while let Some(first) = self.messages.front_mut() {
            let good = first.version >= self.version;
            let (tp, index, offset) = (first.tp, first.index, first.from);
            let taken = if good { 1 } else { first.to - first.from };
            first.from += taken;
            if first.from == first.to {
                self.messages.pop_front();
            }
            self.held -= taken;
            if good {
                return Some((tp, index, offset));
            }
        }
        None
    }
}

impl KafkaGo {
    /// A reader has messages for the channel.
    pub(super) fn queue_up(&mut self, io: &mut Io<'_, '_>, reader: usize) {
        self.queue.waiting.push_back(reader as u32);
        self.fill_queue(io);
    }

    /// Lets readers put their messages into the channel as far as there is room: each one, then the next.
    fn fill_queue(&mut self, io: &mut Io<'_, '_>) {
        while self.queue.held < self.queue.capacity {
            let Some(place) = self.queue.waiting.pop_front() else { return };
            let reader = &mut self.readers.all[place as usize];
            let left = reader.held.1 - reader.held.0;
            let room = self.queue.capacity - self.queue.held;
            let count = if self.queue.waiting.is_empty() { left.min(room) } else { left.min(1) };
            let (version, from) = (self.queue.version, reader.held.0);
            self.queue.push(Messages { version, tp: reader.tp, index: place as usize, from, to: from + count });
            reader.held.0 += count;
            reader.offset = Offset(reader.held.0);
            if count < left {
                self.queue.waiting.push_back(place);
            } else {
                self.fetch(io, place as usize);
            }
        }
    }

    /// FetchMessage: one message.
    pub fn poll(&mut self, io: &mut Io<'_, '_>, batch: &mut Vec<Run>) -> PollOutcome {
        let taken = self.queue.take();
        if !self.queue.waiting.is_empty() {
            self.fill_queue(io);
        }
        let Some((tp, index, offset)) = taken.or_else(|| self.queue.take()) else { return PollOutcome::Wait };
        let (from, to) = (Offset(offset), Offset(offset + 1));
        self.subscription.partitions[index].position = to;
        self.ends_changed = true;
        io.emit_cause(Kind::Delivered { partition: tp, from, to });
        batch.push(Run { index, tp, from, to });
        PollOutcome::Records
    }
}
