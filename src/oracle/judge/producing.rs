//! What producers say, and what the broker says of their batches.

use super::super::book::Desk;
use super::super::producers::Values;
use super::super::view::Life;
use super::Judge;
use crate::config::expect::MetricName;
use crate::ids::{CorrelationId, Names, Offset, TopicPartition};
use crate::trace::{Event, Kind};

impl Judge {
    /// An event of a producer.
    pub(super) fn producer_event(&mut self, event: &Event, life: Life, scope: usize, names: &Names) {
        let values = |partition, from, to| Values { life, partition, from, to };
        let mut desk = desk!(self, scope, names);
        match event.kind {
            Kind::BatchSent { request, partition, from, to, .. } => {
                self.producers.sent(values(partition, from, to), request);
            }
            Kind::BatchAcked { partition, from, to, offset, latency } => {
                self.producers.acked(values(partition, from, to), offset, latency, &mut desk);
            }
            Kind::BatchFailed { partition, from, to, reason } => {
                self.producers.failed(values(partition, from, to), reason, &mut desk);
            }
            Kind::Unsent { partition, from, to } => self.producers.unsent(values(partition, from, to), &mut desk),
            Kind::Refused { records, .. } => {
                let records = i64::try_from(records).unwrap_or(i64::MAX);
                desk.count(MetricName::ProducerFailed, None, Some(life.0), None, records);
            }
            Kind::Returned { took, .. } => desk.sample_of(MetricName::CallTime, None, life.0, took.as_us()),
            _ => {}
        }
    }

    /// A request of a producer has ended.
    pub(super) fn producer_request_ended(&mut self, life: Life, request: CorrelationId, lost: bool) {
        self.producers.request_ended(life, request, lost, self.last);
    }

    /// A batch is in the log.
    pub(super) fn batch_appended(
        &mut self,
        life: Life,
        partition: TopicPartition,
        (from, to): (u64, u64),
        offset: Offset,
        names: &Names,
    ) {
        let Some(scope) = self.view.actor(life.0).scope else { return };
        let mut desk = desk!(self, scope, names);
        self.producers.written(Values { life, partition, from, to }, offset, self.appended, &mut desk);
    }
}
