//! The readers: one goroutine for each partition, with a connection of its own, which fetches and puts what it gets into the
//! channel, message by message. While the channel is full it fetches nothing.
//!
//! A reader that is told to stop does so where it sleeps or waits for room; while a Fetch is in flight it waits for the
//! answer, for up to MaxWait, and with it the next generation.

use super::KafkaGo;
use crate::client::io::{Io, Timer};
use crate::client::network::{Call, Pending, Routine, Sender};
use crate::config::{AutoOffsetReset, StartAt};
use crate::ids::{Offset, TopicName, TopicPartition};
use crate::protocol::{
    ErrorCode, FetchPartition, FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsTarget, Request, Response,
};
use crate::trace::{Channel, Kind, PositionOrigin, ResetReason};

/// How long the answer to ListOffsets is waited for.
pub(super) const OFFSETS_TIMEOUT_MS: i64 = 10_000;
/// Looking a leader up has no deadline.
const NO_TIMEOUT_MS: i64 = i32::MAX as i64;
/// Longest pause between two look-ups of a leader.
const LOOK_UP_BACKOFF_MAX_MS: i64 = 10_000;
/// What it takes off MaxWait for the way there and back, if there is so much.
pub(super) const ROUND_TRIP_MS: i64 = 1_000;

/// What the reader goes on with after a pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    /// Looking the leader up.
    LookUp,
    /// Fetching.
    Fetch,
}

/// What a reader is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    /// DialLeader: Metadata is in flight.
    LookingUp,
    /// ListOffsets of a start is in flight: first, last, and both again to check the offset.
    Starting(u8),
    /// Fetch is in flight.
    Fetching,
    /// ListOffsets is in flight because a Fetch was out of range: first, then last.
    OutOfRange(u8),
    /// It waits for room in the channel.
    Holding,
    /// It sleeps.
    Sleeping(Timer, Next),
    /// It has ended.
    Stopped,
}

/// Where a reader begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Start {
    First,
    Last,
    At(Offset),
}

/// The reader of one partition.
#[derive(Debug)]
pub(super) struct Reader {
    pub tp: TopicPartition,
    start: Start,
    origin: PositionOrigin,
    doing: Doing,
    /// The next offset to fetch; -1 before it is known.
    pub offset: Offset,
    /// The committed offset, which is known before the reader has started.
    known: Offset,
    /// Fetched, and not in the channel yet: `[from, to)`.
    pub held: (i64, i64),
    /// Failed starts in a row.
    attempt: i64,
    /// Failed look-ups of the leader in a row.
    look_ups: i64,
    /// Failed fetches in a row.
    errors: i64,
    /// What ListOffsets gave.
    first: Offset,
    last: Offset,
}

impl Reader {
    const NEW: Reader = Reader {
        tp: TopicPartition { topic: TopicName::EMPTY, partition: 0 },
        start: Start::First,
        origin: PositionOrigin::Reset,
        doing: Doing::LookingUp,
        offset: Offset::NONE,
        known: Offset::NONE,
        held: (0, 0),
        attempt: 0,
        look_ups: 0,
        errors: 0,
        first: Offset::NONE,
        last: Offset::NONE,
    };
}

/// The readers of a generation.
#[derive(Debug)]
pub(super) struct Readers {
    pub all: Vec<Reader>,
    running: usize,
    stopping: bool,
    /// The first of their timers.
    pub wake: (Timer, u32),
}

impl Default for Readers {
    fn default() -> Self {
        Readers { all: Vec::new(), running: 0, stopping: false, wake: (Timer::NEVER, 0) }
    }
}

impl Readers {
    /// All have ended.
    pub fn stopped(&self) -> bool {
        self.running == 0
    }

    fn sleep(&mut self, place: usize, timer: Timer, next: Next) {
        self.all[place].doing = Doing::Sleeping(timer, next);
        if timer.at < self.wake.0.at {
            self.wake = (timer, place as u32);
        }
    }

    fn find_wake(&mut self) {
        let timers = self.all.iter().enumerate().filter_map(|(place, reader)| match reader.doing {
            Doing::Sleeping(timer, _) => Some((timer, place as u32)),
            _ => None,
        });
        self.wake = timers.min_by_key(|t| t.0.at).unwrap_or((Timer::NEVER, 0));
    }
}

/// `backoff`: the n-th pause is n x n times the first.
fn backoff_ms(attempt: i64, min_ms: i64, max_ms: i64) -> i64 {
    attempt.saturating_mul(attempt).saturating_mul(min_ms).min(max_ms)
}

/// The connection of a reader; 0 is for looking coordinators up.
fn lane(place: usize) -> u32 {
    place as u32 + 1
}

impl KafkaGo {
    /// A reader for each partition, from its committed offset, else from StartOffset.
    pub(super) fn start_readers(&mut self, io: &mut Io<'_, '_>, committed: &[(TopicPartition, Offset)]) {
        self.queue.forget_waiting();
        let fallback = match (self.from, self.config.auto_offset_reset) {
            (StartAt::Committed, AutoOffsetReset::Latest) => (Start::Last, PositionOrigin::Reset),
            (StartAt::Committed, _) => (Start::First, PositionOrigin::Reset),
            (StartAt::Beginning, _) => (Start::First, PositionOrigin::Beginning),
            (StartAt::End, _) => (Start::Last, PositionOrigin::End),
            (StartAt::Offset(offset), _) => (Start::At(Offset(offset)), PositionOrigin::Seek),
        };
        let start = |tp: TopicPartition| match committed.binary_search_by_key(&tp, |c| c.0) {
            Ok(at) if committed[at].1.0 >= 0 => (Start::At(committed[at].1), PositionOrigin::Committed),
            _ => fallback,
        };
        let reader = |tp: TopicPartition| {
            let (start, origin) = start(tp);
            let known =
                if let (Start::At(at), PositionOrigin::Committed) = (start, origin) { at } else { Offset::NONE };
            Reader { tp, start, origin, known, ..Reader::NEW }
        };
        let all: Vec<_> = self.subscription.partitions.iter().map(|p| reader(p.tp)).collect();
        self.readers = Readers { running: all.len(), all, stopping: false, wake: (Timer::NEVER, 0) };
        for place in 0..self.readers.all.len() {
            // A committed offset is known from here on; what is committed while the reader finds its leader it does not see.
            let known = self.readers.all[place].known;
            if known != Offset::NONE {
                self.positioned(io, place, known, PositionOrigin::Committed);
            }
            self.look_leader_up(io, place);
        }
    }

    /// The readers are told to stop.
    pub(super) fn stop_readers(&mut self, io: &mut Io<'_, '_>) {
        self.readers.stopping = true;
        self.queue.forget_waiting();
        for place in 0..self.readers.all.len() {
            if matches!(self.readers.all[place].doing, Doing::LookingUp | Doing::Holding | Doing::Sleeping(..)) {
                self.stop_reader(io, place);
            }
        }
        self.readers.wake = (Timer::NEVER, 0);
    }

    fn stop_reader(&mut self, io: &mut Io<'_, '_>, place: usize) {
        self.readers.all[place].doing = Doing::Stopped;
        self.readers.running -= 1;
        self.network.hang_up(io, Channel::Node, lane(place));
    }

    fn send_of_reader(&mut self, io: &mut Io<'_, '_>, place: usize, version: i16, timeout_ms: i64, request: Request) {
        let call = Call { channel: Channel::Node, version, timeout_ms };
        let pending = Pending::Routine(Routine::Reader(place as u32));
        self.network.send_on_lane(io, lane(place), call, Sender::NOBODY, request, pending);
    }

    fn look_leader_up(&mut self, io: &mut Io<'_, '_>, place: usize) {
        self.readers.all[place].doing = Doing::LookingUp;
        let request = Request::Metadata(vec![self.readers.all[place].tp.topic]);
        self.send_of_reader(io, place, self.profile.metadata_version, NO_TIMEOUT_MS, request);
    }

    fn list_offsets(&mut self, io: &mut Io<'_, '_>, place: usize, doing: Doing, step: u8) {
        let reader = &mut self.readers.all[place];
        reader.doing = doing;
        let target = if step.is_multiple_of(2) { ListOffsetsTarget::Earliest } else { ListOffsetsTarget::Latest };
        let request = Request::ListOffsets(Box::new(ListOffsetsRequest { partitions: vec![(reader.tp, target)] }));
        self.send_of_reader(io, place, self.profile.list_offsets_version, OFFSETS_TIMEOUT_MS, request);
    }

    /// The next Fetch, at once.
    pub(super) fn fetch(&mut self, io: &mut Io<'_, '_>, place: usize) {
        let reader = &mut self.readers.all[place];
        reader.doing = Doing::Fetching;
        let max_bytes = self.config.fetch_max_bytes;
        let max_wait_ms = match i64::from(self.config.fetch_max_wait_ms) {
            0 => 10_000, // the default
            ms => ms,
        };
        let asked_ms = max_wait_ms - if max_wait_ms < ROUND_TRIP_MS { max_wait_ms / 4 } else { ROUND_TRIP_MS };
        let request = FetchRequest {
            max_wait_ms: asked_ms as i32,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes,
            partitions: vec![FetchPartition { partition: reader.tp, offset: reader.offset, max_bytes }],
        };
        let request = Request::Fetch(Box::new(request));
        self.send_of_reader(io, place, self.profile.fetch_version, max_wait_ms, request);
    }

    /// A pause is over.
    pub(super) fn wake_reader(&mut self, io: &mut Io<'_, '_>, place: usize) {
        let Doing::Sleeping(_, next) = self.readers.all[place].doing else { return };
        match next {
            Next::LookUp => self.look_leader_up(io, place),
            Next::Fetch => self.fetch(io, place),
        }
        self.readers.find_wake();
    }

    /// A reader has its answer.
    pub(super) fn on_reader_answer(&mut self, io: &mut Io<'_, '_>, place: usize, response: Response) {
        let Some(reader) = self.readers.all.get(place) else { return };
        match (reader.doing, response) {
            (Doing::LookingUp, Response::Metadata(topics)) => {
                let found = topics.first().is_some_and(|t| t.error.is_none() && reader.tp.partition < t.partitions);
                self.looked_up(io, place, found);
            }
            (doing, Response::ListOffsets(r)) => {
                let Some(&(_, offset, code)) = r.partitions.first() else { return };
                match doing {
                    _ if !code.is_none() => self.start_failed(io, place),
                    Doing::Starting(step) => self.on_start_offset(io, place, step, offset),
                    Doing::OutOfRange(0) => {
                        self.readers.all[place].first = offset;
                        self.list_offsets(io, place, Doing::OutOfRange(1), 1);
                    }
                    Doing::OutOfRange(_) => self.out_of_range(io, place, offset),
                    _ => {}
                }
            }
            (Doing::Fetching, Response::Fetch(r)) => self.on_fetch(io, place, &r),
            _ => {}
        }
    }

    fn looked_up(&mut self, io: &mut Io<'_, '_>, place: usize, found: bool) {
        let reader = &mut self.readers.all[place];
        if found {
            reader.look_ups = 0;
            return self.list_offsets(io, place, Doing::Starting(0), 0);
        }
        reader.look_ups += 1;
        let ms = backoff_ms(reader.look_ups, 100, LOOK_UP_BACKOFF_MAX_MS);
        self.readers.sleep(place, io.timer_ms(ms), Next::LookUp);
    }

    fn on_start_offset(&mut self, io: &mut Io<'_, '_>, place: usize, step: u8, offset: Offset) {
        let reader = &mut self.readers.all[place];
        if step.is_multiple_of(2) {
            reader.first = offset;
        }
        let first = reader.first;
        match step {
            0 | 2 => return self.list_offsets(io, place, Doing::Starting(step + 1), step + 1),
            1 => {
                reader.last = offset;
                return self.list_offsets(io, place, Doing::Starting(2), 2);
            }
            _ => {}
        }
        // The offset was chosen by the first look at the log, and is checked by the second.
        let wanted = if reader.offset == Offset::NONE { reader.start } else { Start::At(reader.offset) };
        let chosen = match wanted {
            Start::First => first,
            Start::Last => reader.last,
            Start::At(at) => at.max(first),
        };
        if chosen > offset || chosen < first {
            return self.start_failed(io, place); // it waits for the log to come so far
        }
        (reader.attempt, reader.errors) = (0, 0);
        if self.readers.stopping {
            self.stop_reader(io, place);
            return self.next_if_ended(io);
        }
        self.started(io, place, wanted, chosen);
        self.fetch(io, place);
    }

    /// A start has come to an offset: news only if it is another than is known.
    fn started(&mut self, io: &mut Io<'_, '_>, place: usize, wanted: Start, chosen: Offset) {
        let reader = &mut self.readers.all[place];
        let before = std::mem::replace(&mut reader.offset, chosen);
        let before = if before == Offset::NONE { reader.known } else { before };
        let (origin, last) = (reader.origin, reader.last);
        self.subscription.partitions[place].end.get_or_insert(last);
        if before == chosen {
            return;
        }
        match wanted {
            Start::At(at) if at < chosen => self.reset(io, place, at, chosen, ResetReason::OutOfRangeEarliest),
            Start::First if origin == PositionOrigin::Reset => {
                self.reset(io, place, Offset::NONE, chosen, ResetReason::NoOffsetEarliest);
            }
            Start::Last if origin == PositionOrigin::Reset => {
                self.reset(io, place, Offset::NONE, chosen, ResetReason::NoOffsetLatest);
            }
            _ => self.positioned(io, place, chosen, origin),
        }
    }

    fn reset(&mut self, io: &mut Io<'_, '_>, place: usize, from: Offset, to: Offset, reason: ResetReason) {
        let partition = self.readers.all[place].tp;
        io.emit(Kind::Reset { partition, from, to, reason });
        self.positioned(io, place, to, PositionOrigin::Reset);
    }

    fn positioned(&mut self, io: &mut Io<'_, '_>, place: usize, offset: Offset, origin: PositionOrigin) {
        self.subscription.seek(place, offset);
        self.ends_changed = true;
        let partition = self.readers.all[place].tp;
        io.emit(Kind::Position { partition, offset, origin });
    }

    /// A start has failed: the next one follows after a pause, over a new connection.
    fn start_failed(&mut self, io: &mut Io<'_, '_>, place: usize) {
        if self.readers.stopping {
            self.stop_reader(io, place);
            return self.next_if_ended(io);
        }
        self.network.hang_up(io, Channel::Node, lane(place));
        let reader = &mut self.readers.all[place];
        reader.attempt += 1;
        let k = &self.config.kafka_go;
        let ms = backoff_ms(reader.attempt, k.read_backoff_min_ms, k.read_backoff_max_ms);
        self.readers.sleep(place, io.timer_ms(ms), Next::LookUp);
    }

    fn on_fetch(&mut self, io: &mut Io<'_, '_>, place: usize, response: &FetchResponse) {
        let fetched = response.partitions.first().copied();
        if let Some(f) = fetched.filter(|f| f.to > f.from) {
            io.emit(Kind::Fetched { partition: f.partition, from: f.from, to: f.to });
        }
        match fetched.map(|f| f.error) {
            Some(ErrorCode::OffsetOutOfRange) => return self.list_offsets(io, place, Doing::OutOfRange(0), 0),
            Some(code) if !code.is_none() => return self.start_failed(io, place),
            _ => self.readers.all[place].errors = 0,
        }
        if self.readers.stopping {
            // Which of two things that are ready it takes, room in the channel or the signal, is a coin's toss there.
            self.stop_reader(io, place);
            return self.next_if_ended(io);
        }
        match fetched.filter(|f| f.to > f.from) {
            None => self.fetch(io, place),
            Some(f) => {
                let reader = &mut self.readers.all[place];
                (reader.held, reader.doing) = ((f.from.0, f.to.0), Doing::Holding);
                self.queue_up(io, place);
            }
        }
    }

    /// A Fetch was out of range, and both ends of the log are known: below the first it goes on from there, beyond the last
    /// it waits.
    fn out_of_range(&mut self, io: &mut Io<'_, '_>, place: usize, last: Offset) {
        let reader = &mut self.readers.all[place];
        (reader.last, reader.errors) = (last, reader.errors + 1);
        let (at, first) = (reader.offset, reader.first);
        if self.readers.stopping {
            self.stop_reader(io, place);
            return self.next_if_ended(io);
        }
        if at >= last && at >= first {
            let k = &self.config.kafka_go;
            let ms = backoff_ms(reader.errors, k.read_backoff_min_ms, k.read_backoff_max_ms);
            return self.readers.sleep(place, io.timer_ms(ms), Next::Fetch);
        }
        reader.errors = 0;
        if at < first {
            reader.offset = first;
            self.reset(io, place, at, first, ResetReason::OutOfRangeEarliest);
        }
        self.fetch(io, place);
    }

    /// A reader's connection has failed.
    pub(super) fn reader_lost(&mut self, io: &mut Io<'_, '_>, place: usize) {
        if self.readers.all.get(place).is_some_and(|reader| reader.doing != Doing::Stopped) {
            self.start_failed(io, place);
        }
    }
}
