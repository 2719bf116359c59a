//! What producers did to the log, as far as the trace shows it.
//!
//! A value is a record by its producer's own number: (producer, life, partition, number). MEASURE: `producer_duplicates` (a
//! value at more than one offset), `producer_reordered` (a value that stands behind a later one of the same producer and
//! partition), `producer_failed` (records given back with an error), `producer_dropped` (records that died with the process).
//! STRATEGY: `producer_lost` (the application was told, but the value is not in the log). MODEL (O10): a batch in the log is the
//! append just before; nothing is answered for twice, or before it was sent; what is acknowledged with an offset is in the log;
//! of an idempotent producer no value is there twice or behind a later one.

use super::book::{About, Desk};
use super::outcome::Class;
use super::ranges::RangeSet;
use crate::config::expect::MetricName;
use crate::ids::{ActorId, CorrelationId, Incarnation, Offset, Seq, TopicPartition};
use crate::time::{Duration, Instant};
use crate::trace::SendFailure;
use std::collections::{BTreeMap, VecDeque};

/// Batches whose offsets are remembered, for the story of a duplicate.
const REMEMBERED: usize = 1_000;

/// What one life of a producer did in one partition.
#[derive(Debug, Default)]
struct Stream {
    /// One past the highest value that was sent.
    sent: i64,
    written: RangeSet,
    acked: RangeSet,
    failed: RangeSet,
    /// One past the highest value in the log.
    highest: i64,
    /// The newest batches in the log: values and first offset.
    newest: VecDeque<(i64, i64, i64)>,
    /// When a request that nobody answers was last lost with its connection.
    cut_off: Option<(Instant, Seq)>,
}

/// A batch that nobody answers (`acks = 0`), in a request without an end.
type Travelling = (CorrelationId, TopicPartition, i64, i64);

type Key = (ActorId, Incarnation, TopicPartition);

/// All producers of a run.
#[derive(Debug, Default)]
pub(crate) struct Producers {
    streams: BTreeMap<Key, Stream>,
    travelling: BTreeMap<(ActorId, Incarnation), VecDeque<Travelling>>,
    /// By actor: whether it is idempotent, whether anybody answers it.
    settings: BTreeMap<ActorId, (bool, bool)>,
}

/// Values of one producer in one partition.
#[derive(Clone, Copy)]
pub(crate) struct Values {
    pub(crate) life: (ActorId, Incarnation),
    pub(crate) partition: TopicPartition,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Values {
    fn key(self) -> Key {
        (self.life.0, self.life.1, self.partition)
    }

    fn range(self) -> (i64, i64) {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        (number(self.from), number(self.to))
    }
}

impl Producers {
    /// A setting of a producer.
    pub(crate) fn configured(&mut self, actor: ActorId, key: &str, value: i64) {
        let settings = self.settings.entry(actor).or_insert((false, true));
        match key {
            "enable.idempotence" => settings.0 = value != 0,
            "acks" => settings.1 = value != 0,
            _ => {}
        }
    }

    fn is_idempotent(&self, actor: ActorId) -> bool {
        self.settings.get(&actor).is_some_and(|settings| settings.0)
    }

    fn is_answered(&self, actor: ActorId) -> bool {
        self.settings.get(&actor).is_none_or(|settings| settings.1)
    }

    /// A batch went out.
    pub(crate) fn sent(&mut self, values: Values, request: CorrelationId) {
        let answered = self.is_answered(values.life.0);
        let stream = self.streams.entry(values.key()).or_default();
        let (from, to) = values.range();
        stream.sent = stream.sent.max(to);
        if !answered {
            let travelling = self.travelling.entry(values.life).or_default();
            travelling.push_back((request, values.partition, from, to));
        }
    }

    /// A request of a life has ended; `lost`: its connection is gone, and nobody knows how much of it arrived.
    pub(crate) fn request_ended(
        &mut self,
        life: (ActorId, Incarnation),
        request: CorrelationId,
        lost: bool,
        at: (Instant, Seq),
    ) {
        let Some(travelling) = self.travelling.get_mut(&life) else { return };
        let streams = &mut self.streams;
        travelling.retain(|&(of, partition, ..)| {
            if of == request
                && lost
                && let Some(stream) = streams.get_mut(&(life.0, life.1, partition))
            {
                stream.cut_off = Some(at);
            }
            of != request
        });
    }

    /// A batch is in the log at `offset`; `appended` is the append just before it.
    pub(crate) fn written(
        &mut self,
        values: Values,
        offset: Offset,
        appended: Option<(TopicPartition, i64, i64)>,
        desk: &mut Desk<'_>,
    ) {
        let (from, to) = values.range();
        let (actor, partition) = (values.life.0, values.partition);
        if appended != Some((partition, offset.0, offset.0 + (to - from))) {
            let (who, place) = (desk.who(actor), desk.place(partition));
            let sentence = format!("the batch of {who} at offset {offset} of {place} is not what was appended there");
            desk.find("O10", Class::Model, "log", About::partition(partition), sentence);
        }
        let idempotent = self.is_idempotent(actor);
        let (oracle, class) = if idempotent { ("O10", Class::Model) } else { ("D1", Class::Measure) };
        let about = About::records(partition, offset.0, offset.0 + (to - from));
        let stream = self.streams.entry(values.key()).or_default();
        if to > stream.sent {
            let (who, place) = (desk.who(actor), desk.place(partition));
            let sentence = format!("record {} of {who} is in {place} before it was sent", to - 1);
            desk.find("O10", Class::Model, "log", About::partition(partition), sentence);
        }
        desk.count(MetricName::Produced, Some(partition), Some(actor), None, to - from);
        desk.count(MetricName::ProduceBatches, Some(partition), Some(actor), None, 1);
        let again: i64 = stream.written.overlaps(from, to).map(|(a, b, ())| b.min(to) - a.max(from)).sum();
        if again > 0 {
            let (who, place) = (desk.who(actor), desk.place(partition));
            let first = stream.newest.iter().find(|known| known.0 < to && from < known.1);
            let first =
                first.map_or_else(|| "an earlier one".to_owned(), |known| (known.2 + from - known.0).to_string());
            let what = match to - from {
                1 => format!("record {from}"),
                _ => format!("records {from} to {}", to - 1),
            };
            let why = match idempotent {
                true => "although the producer is idempotent",
                false => {
                    "the first write was not answered, and without idempotence the broker takes the second for new"
                }
            };
            let sentence =
                format!("{what} of {who} stand in {place} at offset {first} and again at offset {offset}: {why}");
            desk.find(oracle, class, "producer-duplicate", about, sentence);
            desk.count(MetricName::ProducerDuplicates, Some(partition), Some(actor), None, again);
        }
        let behind = (to.min(stream.highest) - from).max(0) - again;
        if behind > 0 {
            let sentence = format!(
                "records {from} to {} of {} stand in {} at offset {offset}, behind record {}, which the application sent after them",
                to - 1,
                desk.who(actor),
                desk.place(partition),
                stream.highest - 1
            );
            desk.find(oracle, class, "producer-reordered", about, sentence);
            desk.count(MetricName::ProducerReordered, Some(partition), Some(actor), None, behind);
        }
        stream.written.insert(from, to, ());
        stream.highest = stream.highest.max(to);
        if stream.newest.len() == REMEMBERED {
            stream.newest.pop_front();
        }
        stream.newest.push_back((from, to, offset.0));
    }

    /// The application was told that records are written.
    pub(crate) fn acked(&mut self, values: Values, offset: Offset, latency: Duration, desk: &mut Desk<'_>) {
        let (from, to) = values.range();
        let stream = self.streams.entry(values.key()).or_default();
        answered_once(stream, values, desk);
        if offset != Offset::NONE && !stream.written.covers(from, to) {
            let who = desk.who(values.life.0);
            let sentence = format!("records {from} to {} of {who} were acknowledged and are not in the log", to - 1);
            desk.find("O10", Class::Model, "log", About::partition(values.partition), sentence);
        }
        stream.acked.insert(from, to, ());
        let (actor, partition) = (values.life.0, values.partition);
        desk.sample_of(MetricName::ProduceLatency, Some(partition), actor, latency.as_us());
    }

    /// The application got records back with an error.
    pub(crate) fn failed(&mut self, values: Values, reason: SendFailure, desk: &mut Desk<'_>) {
        let (from, to) = values.range();
        let stream = self.streams.entry(values.key()).or_default();
        answered_once(stream, values, desk);
        stream.failed.insert(from, to, ());
        let there = match stream.written.touches(from, to) {
            true => "; they are in the log all the same",
            false => "",
        };
        let who = desk.who(values.life.0);
        let sentence = format!("records {from} to {} came back to {who} with an error ({reason}){there}", to - 1);
        desk.find("D1", Class::Measure, "producer-failed", About::partition(values.partition), sentence);
        desk.count(
            MetricName::ProducerFailed,
            Some(values.partition),
            Some(values.life.0),
            Some(reason.label()),
            to - from,
        );
    }

    /// The process ended with records that were never sent.
    pub(crate) fn unsent(&mut self, values: Values, desk: &mut Desk<'_>) {
        let (from, to) = values.range();
        dropped(values.life.0, values.partition, to - from, desk);
    }

    /// The end of the run: what was told to the application and is not in the log, and what died with its process.
    /// `alive` tells whether a life still runs; `scope` the scope of an actor.
    pub(crate) fn finish(&self, alive: impl Fn(ActorId, Incarnation) -> bool, mut desk: impl FnMut(ActorId, Finish)) {
        for (&(actor, incarnation, partition), stream) in &self.streams {
            let mut missing = RangeSet::default();
            for (from, to, ()) in stream.acked.iter() {
                for (from, to) in stream.written.gaps(from, to) {
                    missing.insert(from, to, ());
                }
            }
            if let Some(travelling) = self.travelling.get(&(actor, incarnation)).filter(|_| alive(actor, incarnation)) {
                let of_stream = travelling.iter().filter(|batch| batch.1 == partition);
                of_stream.for_each(|&(_, _, from, to)| missing.remove(from, to));
            }
            for (from, to, ()) in missing.iter() {
                desk(actor, Finish::Lost { partition, from, to, at: stream.cut_off });
            }
            if !alive(actor, incarnation) {
                let mut left = RangeSet::default();
                left.insert(0, stream.sent, ());
                for set in [&stream.written, &stream.acked, &stream.failed] {
                    set.iter().for_each(|(from, to, ())| left.remove(from, to));
                }
                if left.total() > 0 {
                    desk(actor, Finish::Dropped { partition, records: left.total() });
                }
            }
        }
    }
}

/// What the end of the run shows.
pub(crate) enum Finish {
    /// Records that were told to be written and are not in the log.
    Lost { partition: TopicPartition, from: i64, to: i64, at: Option<(Instant, Seq)> },
    /// Records in flight that died with their process.
    Dropped { partition: TopicPartition, records: i64 },
}

impl Finish {
    /// Takes it down.
    pub(crate) fn report(&self, actor: ActorId, desk: &mut Desk<'_>) {
        match *self {
            Finish::Lost { partition, from, to, at } => {
                let (who, place) = (desk.who(actor), desk.place(partition));
                let sentence = format!(
                    "records {from} to {} of {who} were taken for written (acks = 0) and are not in {place}: they went down with \
                     a connection",
                    to - 1
                );
                let at = at.unwrap_or((desk.at, desk.seq));
                desk.find_at("D1", Class::Strategy, "producer-lost", About::partition(partition), sentence, at);
                desk.count(MetricName::ProducerLost, Some(partition), Some(actor), None, to - from);
            }
            Finish::Dropped { partition, records } => dropped(actor, partition, records, desk),
        }
    }
}

fn dropped(actor: ActorId, partition: TopicPartition, records: i64, desk: &mut Desk<'_>) {
    let sentence =
        format!("{} ended with {records} records for {} in its hands", desk.who(actor), desk.place(partition));
    desk.find("D1", Class::Measure, "producer-dropped", About::partition(partition), sentence);
    desk.count(MetricName::ProducerDropped, Some(partition), Some(actor), None, records);
}

fn answered_once(stream: &Stream, values: Values, desk: &mut Desk<'_>) {
    let (from, to) = values.range();
    if !stream.acked.touches(from, to) && !stream.failed.touches(from, to) {
        return;
    }
    let sentence = format!("record {from} of {} was answered for twice", desk.who(values.life.0));
    desk.find("O10", Class::Model, "log", About::partition(values.partition), sentence);
}
