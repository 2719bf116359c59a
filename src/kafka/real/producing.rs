//! Records: streams at a rate, records that are there from the start, and those of a timeline event.

use super::recording::{Item, Note};
use crate::ids::ActorId;
use crate::kafka::wire::Stamp;
use crate::scenario::Produce;
use crate::sim::produce::Stream;
use crate::time::Instant;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::util::Timeout;
use rdkafka::{ClientConfig, ClientContext, Message};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest nap between two looks at whether to stop.
const NAP: Duration = Duration::from_millis(50);
/// How long the producer may take to accept a record.
const ACCEPTANCE: Duration = Duration::from_secs(5);
/// How long records may wait in the producer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Notes down where and when records got into the log.
struct Delivered {
    to: Sender<(Stamp, Item)>,
    names: super::names::RunNames,
    failed: Arc<AtomicU64>,
    late_us: Arc<AtomicU64>,
}

impl ClientContext for Delivered {
    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, _: rdkafka::error::KafkaError, _: &str) {}
}

impl ProducerContext for Delivered {
    /// Who writes it, and when the scenario has it in the log.
    type DeliveryOpaque = Box<(ActorId, Stamp)>;

    fn delivery(&self, result: &DeliveryResult<'_>, of: Box<(ActorId, Stamp)>) {
        let (producer, due) = *of;
        self.late_us.fetch_max(Stamp::now().0.saturating_sub(due.0), Ordering::Relaxed);
        match result {
            Ok(message) => {
                let from = message.offset();
                let note = Note::Append {
                    topic: self.names.plain(message.topic()).to_owned(),
                    partition: message.partition().unsigned_abs(),
                    from,
                    to: from + 1,
                    producer,
                };
                let _ = self.to.send((Stamp::now(), Item::Note(note)));
            }
            Err(_) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The parent's producer.
#[derive(Clone)]
pub struct Producing {
    producer: Arc<ThreadedProducer<Delivered>>,
    failed: Arc<AtomicU64>,
    late_us: Arc<AtomicU64>,
}

impl Producing {
    /// A producer that notes down what it has written.
    pub fn new(
        bootstrap: &str,
        properties: &[(String, String)],
        names: &super::names::RunNames,
        to: Sender<(Stamp, Item)>,
    ) -> Result<Producing, String> {
        let (failed, late_us) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap).set("client.id", "groupsim").set("linger.ms", "0");
        // In order, as a simulated stream writes them.
        config.set("max.in.flight.requests.per.connection", "1").set("message.timeout.ms", "20000");
        config.set("socket.nagle.disable", "true");
        config.set("queue.buffering.max.messages", "1000000");
        for (key, value) in properties {
            config.set(key, value);
        }
        let context = Delivered { to, names: names.clone(), failed: failed.clone(), late_us: late_us.clone() };
        let producer = config.create_with_context(context).map_err(|error| error.to_string())?;
        Ok(Producing { producer: Arc::new(producer), failed, late_us })
    }

    /// Sends `count` records to a partition, `of` somebody and due at an instant, or fewer if told to stop.
    pub fn send(&self, to: (&str, u32), count: u64, size: u32, of: (ActorId, Stamp), stop: &AtomicBool) {
        let (topic, partition) = to;
        let value = vec![b'x'; size as usize];
        for _ in 0..count {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let mut record = BaseRecord::<(), [u8], Box<(ActorId, Stamp)>>::with_opaque_to(topic, Box::new(of))
                .partition(partition as i32)
                .payload(&value);
            let end = std::time::Instant::now() + ACCEPTANCE;
            while let Err((error, back)) = self.producer.send(record) {
                if std::time::Instant::now() > end {
                    self.failed.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                if error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownPartition) {
                    self.learn(topic);
                }
                // Or else the queue is full: it empties as fast as the cluster writes.
                std::thread::sleep(Duration::from_millis(1));
                record = back;
            }
        }
    }

    /// Looks up how many partitions a topic has.
    pub fn learn(&self, topic: &str) {
        // Without an answer the next record will tell.
        let _ = self.producer.client().fetch_metadata(Some(topic), ACCEPTANCE);
    }

    /// Waits until everything sent is in the log. Gives the number of records that are not.
    pub fn flush(&self) -> u64 {
        let unflushed = self.producer.flush(Timeout::After(PATIENCE)).is_err();
        self.failures() + u64::from(unflushed)
    }

    /// How many records could not be written so far.
    pub fn failures(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// How much later than due a record was in the log, at most.
    pub fn late(&self) -> Duration {
        Duration::from_micros(self.late_us.load(Ordering::Relaxed))
    }

    /// Produces a stream from t = 0 (`start`) on, in a thread, until told to stop.
    pub fn stream(
        &self,
        topic: String,
        produce: Produce,
        partitions: Arc<AtomicU32>,
        actor: ActorId,
        start: Stamp,
        stop: Arc<AtomicBool>,
    ) -> JoinHandle<()> {
        let producing = self.clone();
        std::thread::spawn(move || {
            let mut stream = Stream::new(produce);
            let (size, mut counts) = (stream.size(), Vec::new());
            let mut next = stream.first();
            while let Some(due) = next {
                let due_at = start.0.saturating_add(due.as_us());
                while let Some(left) = due_at.checked_sub(Stamp::now().0).filter(|left| *left > 0) {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    std::thread::sleep(Duration::from_micros(left).min(NAP));
                }
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let at = Instant::from_us(Stamp::now().0.saturating_sub(start.0)).max(due);
                next = stream.take(at, partitions.load(Ordering::Relaxed), &mut counts);
                for &(partition, count) in &counts {
                    producing.send((&topic, partition), count, size, (actor, Stamp(due_at)), &stop);
                }
            }
        })
    }
}
