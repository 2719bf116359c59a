//! The broker: logs and the group coordinator, sans-IO (floor 3).

pub mod coordinator;
mod log;
mod produce;
mod tap;

#[cfg(test)]
mod tests;

use crate::config::BrokerConfig;
use crate::context::Context;
use crate::ids::{ActorId, ConnectionId, CorrelationId, GroupId, Names, Offset, Seq, TopicName, TopicPartition};
use crate::protocol::{ErrorCode, FetchRequest, FetchResponse, GroupState, Request, RequestHeader, Response};
use crate::time::Instant;
use crate::trace::Kind;
use coordinator::Coordinator;
use log::{Purgatory, Topics};
pub use tap::{Intervention, Tap};

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

impl Answer {
    /// The answer to the request with this header, caused by it.
    pub fn to(header: &RequestHeader, response: Response) -> Answer {
        Answer { connection: header.connection, correlation: header.correlation, response, cause: header.cause }
    }
}

/// The one broker of a run: partition logs, committed offsets and the group coordinator.
///
/// A pure state machine. The driver hands it requests and deadlines and sends the answers that it pushes to `out`. The
/// broker takes the requests of one connection one at a time: the driver hands over the next one only when the one
/// before has been answered.
pub struct Broker {
    topics: Topics,
    purgatory: Purgatory,
    coordinator: Coordinator,
    tap: Option<Box<dyn Tap>>,
    /// Producer ids given out so far.
    producer_ids: i64,
}

impl Broker {
    /// A broker without topics or groups.
    pub fn new(config: BrokerConfig) -> Self {
        Broker {
            topics: Topics::default(),
            purgatory: Purgatory::default(),
            coordinator: Coordinator::new(config),
            tap: None,
            producer_ids: 0,
        }
    }

    /// Creates a topic, or gives an existing one more partitions (`partitions` is the new total; never shrinks). The
    /// `meta_topic` event is the caller's.
    pub fn create_partitions(&mut self, _cx: &mut Context<'_>, topic: TopicName, partitions: u32) {
        self.topics.create(topic, partitions);
    }

    /// Number of partitions of a topic, if it exists.
    pub fn partitions(&self, topic: TopicName) -> Option<u32> {
        self.topics.partitions(topic)
    }

    /// First offset that a partition's log still has; `None` if there is no such partition.
    pub fn log_start(&self, partition: TopicPartition) -> Option<Offset> {
        self.topics.log(partition).map(|log| log.start())
    }

    /// One past the last record of a partition, which is also its high watermark; `None` if there is no such partition.
    pub fn log_end(&self, partition: TopicPartition) -> Option<Offset> {
        self.topics.log(partition).map(|log| log.end())
    }

    /// The group coordinator, for tests and faults.
    pub fn coordinator_mut(&mut self) -> &mut Coordinator {
        &mut self.coordinator
    }

    /// Lets `tap` look on at the coordinator from now on.
    pub fn set_tap(&mut self, tap: Box<dyn Tap>) {
        self.tap = Some(tap);
    }

    /// Appends `count` records of `size` bytes each; parked fetches that this satisfies are answered. Without such a
    /// partition nothing happens.
    pub fn append(
        &mut self,
        cx: &mut Context<'_>,
        partition: TopicPartition,
        count: u64,
        size: u32,
        producer: ActorId,
        out: &mut Vec<Answer>,
    ) {
        let Some(log) = self.topics.log_mut(partition).filter(|_| count > 0) else { return };
        let (from, to) = log.append(count, size);
        let cause = cx.emit_broker(Kind::Append { partition, from, to, producer });
        self.answer_ripe(partition, cause, out);
    }

    /// Answers the parked fetches that have enough now that records came to `partition`.
    fn answer_ripe(&mut self, partition: TopicPartition, cause: Seq, out: &mut Vec<Answer>) {
        self.purgatory.take_ripe(&mut self.topics, partition, |topics, parked| {
            out.push(Answer { cause, ..fetched(topics, &parked.header, &parked.request) });
        });
    }

    /// Deletes the records before `before` (of -1, or beyond the end: all), as retention or DeleteRecords does. Emits
    /// `log_start` if there were any. Parked fetches learn of it when they end, as in Kafka.
    pub fn delete_records(&mut self, cx: &mut Context<'_>, partition: TopicPartition, before: Offset) {
        let Some(log) = self.topics.log_mut(partition) else { return };
        if log.delete_before(before) {
            let offset = log.start();
            cx.emit_broker(Kind::LogStart { partition, offset });
            self.purgatory.changed(&self.topics, partition);
        }
    }

    /// State of a group; `None` if there is no such group.
    pub fn group_state(&self, group: GroupId) -> Option<GroupState> {
        self.coordinator.group_state(group)
    }

    /// Whether the retention of a group's offsets can be over: whether [`Broker::expire_offsets`] would do anything.
    pub fn can_expire_offsets(&mut self, names: &mut Names, group: GroupId) -> bool {
        let (offsets, whole) = self.coordinator.expiring(names, group);
        whole || !offsets.is_empty()
    }

    /// The retention of a group's offsets is over now (OFF-21..23): they go, as far as the group's state lets them, and an
    /// Empty group without offsets goes too. Emits `offset_removed` and `group_removed`.
    pub fn expire_offsets(&mut self, cx: &mut Context<'_>, group: GroupId, out: &mut Vec<Answer>) {
        self.intervene(cx, Intervention::Expire(group), out, |coordinator, cx, out| {
            coordinator.expire_offsets(cx, group, out);
        });
    }

    /// Whether a group's new coordinator is still reading the log.
    pub fn is_loading(&self, group: GroupId) -> bool {
        self.coordinator.is_loading(group)
    }

    /// The coordinator of `group` moves to another broker (LOAD-11), which reads the log until
    /// [`Broker::finish_failover`]. Requests on connections older than `first_connection` still reach the old one.
    pub fn begin_failover(
        &mut self,
        cx: &mut Context<'_>,
        group: GroupId,
        first_connection: ConnectionId,
        out: &mut Vec<Answer>,
    ) {
        self.intervene(cx, Intervention::Unload(group), out, |coordinator, cx, out| {
            coordinator.begin_failover(cx, group, first_connection, out);
        });
    }

    /// The new coordinator of `group` has read the log (LOAD-05..09).
    pub fn finish_failover(&mut self, cx: &mut Context<'_>, group: GroupId, out: &mut Vec<Answer>) {
        self.intervene(cx, Intervention::Load(group), out, |coordinator, cx, out| {
            coordinator.finish_failover(cx, group, out);
        });
    }

    fn intervene(
        &mut self,
        cx: &mut Context<'_>,
        what: Intervention,
        out: &mut Vec<Answer>,
        act: impl FnOnce(&mut Coordinator, &mut Context<'_>, &mut Vec<Answer>),
    ) {
        let Broker { coordinator, tap, .. } = self;
        let given = out.len();
        if let Some(tap) = tap {
            tap.before_intervention(coordinator, cx, what);
        }
        act(coordinator, cx, out);
        if let Some(tap) = tap {
            tap.after(coordinator, cx, &mut out[given..]);
        }
    }

    /// Takes up a request. Its answer may come at once or from a later call.
    pub fn handle_request(
        &mut self,
        cx: &mut Context<'_>,
        header: RequestHeader,
        request: Request,
        out: &mut Vec<Answer>,
    ) {
        let response = match request {
            Request::Fetch(request) => return self.handle_fetch(cx, header, request, out),
            Request::ListOffsets(request) => Response::ListOffsets(Box::new(log::list_offsets(&self.topics, &request))),
            Request::Metadata(asked) => Response::Metadata(log::metadata(&self.topics, &asked)),
            Request::FindCoordinator(_) => Response::FindCoordinator(ErrorCode::None),
            Request::Produce(request) => return self.handle_produce(cx, &header, &request, out),
            Request::InitProducerId => self.init_producer_id(),
            request => return self.handle_group_request(cx, &header, request, out),
        };
        out.push(Answer::to(&header, response));
    }

    fn handle_group_request(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: Request,
        out: &mut Vec<Answer>,
    ) {
        let Broker { topics, coordinator, tap, .. } = self;
        let given = out.len();
        // Who looks on at a coordinator sees nothing of what another broker answers.
        let mut tap = tap.as_mut().filter(|_| !coordinator.is_elsewhere(header.connection, &request));
        if let Some(tap) = &mut tap {
            tap.before_request(coordinator, cx, header, &request);
        }
        coordinator.handle(cx, header, request, &|partition| topics.log(partition).is_some(), out);
        if let Some(tap) = tap {
            tap.after(coordinator, cx, &mut out[given..]);
        }
    }

    fn handle_fetch(
        &mut self,
        cx: &mut Context<'_>,
        header: RequestHeader,
        request: Box<FetchRequest>,
        out: &mut Vec<Answer>,
    ) {
        let found = log::fetch(&self.topics, &request);
        if found.enough {
            out.push(Answer::to(&header, Response::Fetch(Box::new(found.response))));
        } else {
            let nothing = found.response.partitions.is_empty();
            self.purgatory.park(&mut self.topics, cx.now, header, request, nothing);
        }
    }

    /// When [`Broker::handle_deadline`] wants to be called next.
    pub fn next_deadline(&self) -> Option<Instant> {
        match (self.purgatory.next_deadline(), self.coordinator.next_deadline()) {
            (Some(fetch), Some(group)) => Some(fetch.min(group)),
            (fetch, group) => fetch.or(group),
        }
    }

    /// Runs every timer that is due at `cx.now`.
    pub fn handle_deadline(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        while let Some(parked) = self.purgatory.take_due(&mut self.topics, cx.now) {
            out.push(if parked.nothing {
                Answer::to(&parked.header, Response::Fetch(Box::new(FetchResponse { partitions: Vec::new() })))
            } else {
                fetched(&self.topics, &parked.header, &parked.request)
            });
        }
        let Broker { coordinator, tap, .. } = self;
        let Some(tap) = tap else { return coordinator.handle_deadline(cx, out) };
        if coordinator.next_deadline().is_some_and(|at| at <= cx.now) {
            let given = out.len();
            tap.before_timers(coordinator, cx);
            coordinator.handle_deadline(cx, out);
            tap.after(coordinator, cx, &mut out[given..]);
        }
    }
}

/// The answer to a fetch with what the logs have now.
fn fetched(topics: &Topics, header: &RequestHeader, request: &FetchRequest) -> Answer {
    Answer::to(header, Response::Fetch(Box::new(log::fetch(topics, request).response)))
}
