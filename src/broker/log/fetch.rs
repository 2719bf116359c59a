//! Fetch: what the logs have for a request, and whether that is enough to answer at once.

use super::{FETCH_MAX_BYTES, Topics};
use crate::ids::Offset;
use crate::protocol::{ErrorCode, FetchPartition, FetchRequest, FetchResponse, FetchedPartition};

/// What a fetch finds.
pub(in crate::broker) struct Found {
    /// The answer.
    pub(in crate::broker) response: FetchResponse,
    /// Whether Kafka answers at once, or waits for more until `fetch.max.wait.ms` is over.
    pub(in crate::broker) enough: bool,
}

/// Reads the partitions in the order of the request. The first partition that has records gives at least one, however large;
/// a request's `fetch.max.bytes` and `max.partition.fetch.bytes` bound the rest.
///
/// It is enough when the request does not want to wait, reads no existing partition, has `fetch.min.bytes`, or meets
/// OFFSET_OUT_OF_RANGE. (A partition that does not exist is answered with its error, but only together with the others.)
pub(in crate::broker) fn fetch(topics: &Topics, request: &FetchRequest) -> Found {
    let mut left = u64::from(request.max_bytes.min(FETCH_MAX_BYTES));
    let mut bytes = 0;
    let mut reads_something = false;
    let mut out_of_range = false;
    let mut behind = false;
    let mut partitions = Vec::new();
    for wanted in &request.partitions {
        let Some(log) = topics.log(wanted.partition) else {
            partitions.push(failed(wanted, ErrorCode::UnknownTopicOrPartition, Offset::NONE, Offset::NONE));
            continue;
        };
        reads_something = true;
        if !log.covers(wanted.offset) {
            out_of_range = true;
            partitions.push(failed(wanted, ErrorCode::OffsetOutOfRange, log.start(), log.end()));
            continue;
        }
        behind |= wanted.offset < log.end();
        let read = log.read(wanted.offset, left.min(u64::from(wanted.max_bytes)), bytes == 0);
        left = left.saturating_sub(read.bytes);
        bytes += read.bytes;
        if read.to > wanted.offset {
            partitions.push(FetchedPartition {
                partition: wanted.partition,
                error: ErrorCode::None,
                from: wanted.offset,
                to: read.to,
                log_start: log.start(),
                high_watermark: log.end(),
            });
        }
    }
    let at_once = request.max_wait_ms <= 0 || !reads_something || out_of_range || bytes >= least_bytes(request);
    Found { response: FetchResponse { partitions }, enough: at_once || (behind && is_ripe(topics, request)) }
}

/// Whether a parked fetch has waited long enough: the logs have `fetch.min.bytes` for it. Kafka counts here what each log
/// has up to the partition's own limit, whatever the limit of the whole answer.
pub(super) fn is_ripe(topics: &Topics, request: &FetchRequest) -> bool {
    let least = least_bytes(request);
    let mut bytes = 0;
    request.partitions.iter().any(|wanted| {
        if let Some(log) = topics.log(wanted.partition) {
            bytes += log.bytes(wanted.offset, u64::from(wanted.max_bytes));
        }
        bytes >= least
    })
}

/// `fetch.min.bytes`, which cannot be more than the answer may have.
fn least_bytes(request: &FetchRequest) -> u64 {
    u64::from(request.min_bytes.min(request.max_bytes).min(FETCH_MAX_BYTES))
}

fn failed(wanted: &FetchPartition, error: ErrorCode, log_start: Offset, high_watermark: Offset) -> FetchedPartition {
    let FetchPartition { partition, offset, .. } = *wanted;
    FetchedPartition { partition, error, from: offset, to: offset, log_start, high_watermark }
}
