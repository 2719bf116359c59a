//! Records into topics, as fast as it goes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};

use super::error::code_of;
use super::{Cluster, ClusterError};
use crate::kafka::wire::Stamp;
use crate::sim::produce::round_robin;

/// Records that are in the log now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Topic, by its name on the cluster.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// First offset.
    pub from: i64,
    /// The offset after the last.
    pub to: i64,
    /// When they were handed to the client library: nobody read them before.
    pub sent: Stamp,
    /// When the last of them was acknowledged: nobody need have been able to read it before.
    pub acknowledged: Stamp,
}

impl Cluster {
    /// Appends `records` records of `size` bytes, spread round robin over `partitions` partitions, as fast as it goes.
    ///
    /// # Errors
    /// [`ClusterError`]; some may be in the log then.
    pub fn preload(
        &self,
        topic: &str,
        partitions: u32,
        records: u64,
        size: u32,
    ) -> Result<Vec<Appended>, ClusterError> {
        let mut counts = Vec::new();
        round_robin(0, records, partitions, &mut counts);
        self.append(topic, &counts, size)
    }

    /// Appends so many records of `size` bytes to a partition, as fast as it goes.
    ///
    /// # Errors
    /// [`ClusterError`]; some may be in the log then.
    pub fn produce(&self, topic: &str, partition: u32, records: u64, size: u32) -> Result<Vec<Appended>, ClusterError> {
        self.append(topic, &[(partition, records)], size)
    }

    fn append(&self, topic: &str, counts: &[(u32, u64)], size: u32) -> Result<Vec<Appended>, ClusterError> {
        let outlet = Outlet::new(self, topic, size, "5")?;
        outlet.send(counts, Stamp::now())?;
        outlet.flush()?;
        Ok(outlet.take())
    }
}

/// A producer for one topic.
struct Outlet {
    producer: BaseProducer<Deliveries>,
    topic: String,
    payload: Vec<u8>,
    patience: Duration,
}

/// What has been acknowledged.
struct Deliveries {
    topic: String,
    state: Mutex<Delivered>,
}

#[derive(Default)]
struct Delivered {
    appended: Vec<Appended>,
    failed: Option<RDKafkaErrorCode>,
}

impl ClientContext for Deliveries {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, _: KafkaError, _: &str) {}
}

impl ProducerContext for Deliveries {
    /// When it was sent.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(message) => state.add(&self.topic, message.partition(), message.offset(), Stamp(sent as u64)),
            Err((error, _)) => state.failed = state.failed.or(code_of(error)),
        }
    }
}

impl Delivered {
    fn add(&mut self, topic: &str, partition: i32, offset: i64, sent: Stamp) {
        let acknowledged = Stamp::now();
        // Reports come partition by partition, in order of offsets.
        let follows = |last: &&mut Appended| (last.partition, last.to, last.sent) == (partition, offset, sent);
        if let Some(last) = self.appended.last_mut().filter(follows) {
            last.to += 1;
            last.acknowledged = acknowledged;
            return;
        }
        let topic = topic.to_owned();
        self.appended.push(Appended { topic, partition, from: offset, to: offset + 1, sent, acknowledged });
    }
}

impl Outlet {
    fn new(cluster: &Cluster, topic: &str, size: u32, linger_ms: &str) -> Result<Outlet, ClusterError> {
        let mut config = cluster.config.clone();
        // Each record once and in order, whatever happens on the way.
        config.set("enable.idempotence", "true").set("linger.ms", linger_ms);
        config.set("message.timeout.ms", cluster.patience.as_millis().max(1).to_string());
        let deliveries = Deliveries { topic: topic.to_owned(), state: Mutex::default() };
        let producer = config.create_with_context(deliveries);
        let producer = producer.map_err(|error| ClusterError::of("connecting", &error))?;
        let payload = vec![b'.'; usize::try_from(size).unwrap_or(usize::MAX)];
        Ok(Outlet { producer, topic: topic.to_owned(), payload, patience: cluster.patience })
    }

    fn doing(&self) -> String {
        format!("sending records to {}", self.topic)
    }

    fn send(&self, counts: &[(u32, u64)], sent: Stamp) -> Result<(), ClusterError> {
        let opaque = usize::try_from(sent.0).unwrap_or(usize::MAX);
        for &(partition, count) in counts {
            let partition = i32::try_from(partition).unwrap_or(i32::MAX);
            for _ in 0..count {
                let record = BaseRecord::<(), _, _>::with_opaque_to(&self.topic, opaque);
                self.enqueue(record.partition(partition).payload(self.payload.as_slice()))?;
            }
        }
        Ok(())
    }

    /// Hands one record over; while the queue is full, waits. Messages that nobody takes time out, so that this ends.
    fn enqueue(&self, mut record: BaseRecord<'_, (), [u8], usize>) -> Result<(), ClusterError> {
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((error, refused)) if code_of(&error) == Some(RDKafkaErrorCode::QueueFull) => {
                    self.poll(Duration::from_millis(5));
                    self.check()?;
                    record = refused;
                }
                Err((error, _)) => return Err(ClusterError::of(&self.doing(), &error)),
            }
        }
    }

    fn poll(&self, wait: Duration) {
        self.producer.poll(wait);
    }

    fn check(&self) -> Result<(), ClusterError> {
        let failed = self.delivered(|state| state.failed);
        failed.map_or(Ok(()), |code| Err(ClusterError::of_code(&self.doing(), code)))
    }

    /// Waits until everything is acknowledged.
    fn flush(&self) -> Result<(), ClusterError> {
        let flushed = self.producer.flush(self.patience + Duration::from_secs(1));
        self.check()?;
        flushed.map_err(|error| ClusterError::of(&self.doing(), &error))
    }

    fn take(&self) -> Vec<Appended> {
        self.delivered(|state| std::mem::take(&mut state.appended))
    }

    fn delivered<T>(&self, with: impl FnOnce(&mut Delivered) -> T) -> T {
        let context = self.producer.context();
        with(&mut context.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
