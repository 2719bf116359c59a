//! The broker: logs and the group coordinator, sans-IO (floor 3).

pub mod coordinator;

use crate::config::BrokerConfig;
use crate::context::Context;
use crate::ids::{ActorId, ConnectionId, CorrelationId, Seq, TopicName, TopicPartition};
use crate::protocol::{Request, RequestHeader, Response};
use crate::time::Instant;

/// An answer that the broker wants sent.
#[derive(Debug)]
pub struct Answer {
    /// The connection of the request.
    pub connection: ConnectionId,
    /// Its correlation id.
    pub correlation: CorrelationId,
    /// The answer.
    pub response: Response,
    /// The trace event that caused it.
    pub cause: Seq,
}

/// The one broker of a run: partition logs, committed offsets and the group coordinator.
///
/// A pure state machine. The driver hands it requests and deadlines and sends the answers that it pushes to `out`. The
/// broker takes the requests of one connection one at a time: the driver hands over the next one only when the one
/// before has been answered.
pub struct Broker {}

impl Broker {
    /// A broker without topics or groups.
    pub fn new(_config: BrokerConfig) -> Self {
        Broker {}
    }

    /// Creates a topic, or gives an existing one more partitions (`partitions` is the new total; never shrinks).
    pub fn create_partitions(&mut self, _cx: &mut Context<'_>, _topic: TopicName, _partitions: u32) {}

    /// Number of partitions of a topic, if it exists.
    pub fn partitions(&self, _topic: TopicName) -> Option<u32> {
        None
    }

    /// Appends `count` records of `size` bytes each; parked fetches that this satisfies are answered.
    pub fn append(
        &mut self,
        _cx: &mut Context<'_>,
        _partition: TopicPartition,
        _count: u64,
        _size: u32,
        _producer: ActorId,
        _out: &mut Vec<Answer>,
    ) {
    }

    /// Takes up a request. Its answer may come at once or from a later call.
    pub fn handle_request(
        &mut self,
        _cx: &mut Context<'_>,
        _header: RequestHeader,
        _request: Request,
        _out: &mut Vec<Answer>,
    ) {
    }

    /// The connection is gone: answers to it go nowhere. A parked JoinGroup or SyncGroup stays parked and counts, as in
    /// Kafka; a parked fetch is forgotten.
    pub fn connection_closed(&mut self, _connection: ConnectionId) {}

    /// When [`Broker::handle_deadline`] wants to be called next.
    pub fn next_deadline(&self) -> Option<Instant> {
        None
    }

    /// Runs every timer that is due at `cx.now`.
    pub fn handle_deadline(&mut self, _cx: &mut Context<'_>, _out: &mut Vec<Answer>) {}
}
