//! Produce and InitProducerId.
//!
//! There is one replica, so `acks = 1` and `acks = all` are the same, and min.insync.replicas is not modelled.

use super::log::Place;
use super::{Answer, Broker};
use crate::context::Context;
use crate::ids::Offset;
use crate::protocol::{ErrorCode, ProduceBatch, ProduceRequest, ProduceResponse, RequestHeader, Response};
use crate::trace::Kind;

impl Broker {
    /// Hands out the next producer id, with epoch 0.
    pub(super) fn init_producer_id(&mut self) -> Response {
        let id = self.producer_ids;
        self.producer_ids += 1;
        Response::InitProducerId(id)
    }

    /// Appends the batches of a request and answers.
    pub(super) fn handle_produce(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        request: &ProduceRequest,
        out: &mut Vec<Answer>,
    ) {
        let mut partitions = Vec::with_capacity(request.batches.len());
        for batch in &request.batches {
            let (error, offset) = self.take_batch(cx, header, batch, out);
            partitions.push((batch.partition, error, offset));
        }
        out.push(Answer::to(header, Response::Produce(Box::new(ProduceResponse { partitions }))));
    }

    fn take_batch(
        &mut self,
        cx: &mut Context<'_>,
        header: &RequestHeader,
        batch: &ProduceBatch,
        out: &mut Vec<Answer>,
    ) -> (ErrorCode, Offset) {
        let ProduceBatch { partition, from, to, size, sequence } = *batch;
        let (client, client_incarnation) = (header.client.actor, header.client.incarnation);
        let count = to.saturating_sub(from);
        let place = match (self.topics.log(partition), sequence) {
            (None, _) => Place::Refused(ErrorCode::UnknownTopicOrPartition),
            (Some(log), Some(sequence)) => log.producers.place(sequence, count),
            (Some(_), None) => Place::Next,
        };
        match (place, self.topics.log_mut(partition)) {
            (Place::Known(offset), _) => {
                cx.emit_broker(Kind::BatchKnown { partition, offset, from, to, client, client_incarnation });
                (ErrorCode::None, offset)
            }
            (Place::Next, Some(log)) if count > 0 => {
                let (offset, end) = log.append(count, size);
                if let Some(sequence) = sequence {
                    log.producers.appended(sequence, count, offset);
                }
                cx.emit_broker(Kind::Append { partition, from: offset, to: end, producer: client });
                let cause =
                    cx.emit_broker(Kind::BatchAppended { partition, offset, from, to, client, client_incarnation });
                self.answer_ripe(partition, cause, out);
                (ErrorCode::None, offset)
            }
            (place, _) => {
                let code = match place {
                    Place::Refused(code) => code,
                    _ => ErrorCode::InvalidRequest,
                };
                cx.emit_broker(Kind::BatchRejected { partition, from, to, client, client_incarnation, code });
                (code, Offset::NONE)
            }
        }
    }
}
