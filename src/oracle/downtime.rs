//! `partition_downtime` (section 7): maximal time, after the scope's first Stable, in which no live, running member holds the
//! partition: no client interval is open, or every holder has crashed or is frozen. Open intervals end with the run.

use super::book::Desk;
use super::view::{Part, Scope};
use crate::config::expect::MetricName;
use crate::time::Instant;

/// The number of running holders of a partition changed.
pub(crate) fn changed(part: &mut Part, first_stable: Option<Instant>, desk: &mut Desk<'_>) {
    if part.running > 0 {
        if let Some(since) = part.down_since.take() {
            desk.sample(MetricName::PartitionDowntime, Some(part.tp), since);
        }
    } else if part.wanted && first_stable.is_some() {
        part.down_since.get_or_insert(desk.at);
    }
}

/// The scope is Stable for the first time.
pub(crate) fn first_stable(scope: &mut Scope, desk: &mut Desk<'_>) {
    let first = scope.first_stable;
    for part in scope.parts.iter_mut().flatten() {
        changed(part, first, desk);
    }
}

/// The run is over.
pub(crate) fn finish(part: &Part, desk: &mut Desk<'_>) {
    if let Some(since) = part.down_since {
        desk.sample(MetricName::PartitionDowntime, Some(part.tp), since);
    }
}
