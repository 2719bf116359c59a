//! L4, drain (MEASURE, metric `undrained`): producers stopped, so by T + B + work / throughput the committed position is the
//! visible end of every partition and every record is done. T is the later of the last disturbance and the last append; work
//! is what was unfinished then, throughput that of one handler at the slowest pace seen. `undrained` counts the records
//! that are not committed or not done, whichever is more, per partition. A run that ends sooner is not judged.

use super::book::{About, Desk};
use super::gauges;
use super::outcome::Class;
use super::view::Scope;
use crate::config::expect::MetricName;
use crate::time::Duration;

/// Judges a scope at the end of the run.
pub(crate) fn judge(scope: &Scope, bound: Duration, desk: &mut Desk<'_>) {
    let unfinished = |part: &super::view::Part| part.unfinished(part.log_start, part.log_end);
    let work = scope.parts().map(unfinished).sum::<i64>() + scope.finished_since;
    let time = Duration::from_us(scope.slowest_record_us) * work.max(0) as u64;
    if desk.at < scope.disturbed.max(scope.last_append) + bound + time {
        return;
    }
    for part in scope.parts() {
        // What is no longer in the log need not be committed any more.
        let there = part.log_end - part.log_start;
        let uncommitted = if scope.managed { gauges::lag(part, part.log_end).min(there) } else { 0 };
        let left = uncommitted.max(unfinished(part));
        if left > 0 {
            desk.count(MetricName::Undrained, Some(part.tp), None, None, left);
            let sentence = format!(
                "{left} records of {} are not done or not committed, long after the last was written",
                desk.place(part.tp)
            );
            desk.find("L4", Class::Measure, "undrained", About::partition(part.tp), sentence);
        }
    }
}
