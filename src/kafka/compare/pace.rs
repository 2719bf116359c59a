//! A machine that is too slow for the load: how many records were handled says something of the machine, nothing of Kafka.

use super::bounds::Bounds;
use crate::kafka::observed::{GroupObserved, Observed};

/// The rows that depend on it.
pub const OF_THE_MACHINE: [&str; 3] = ["commits accepted", "committed at the end", "records handled"];

/// Whether a group was behind at the end of a real run and a record took longer there than it should have, by so much that the
/// records that might have been handled in that time are more than the tolerance. Says so in one sentence.
pub fn slow(group: &str, bounds: &Bounds, simulated: &[Observed], real: &[Observed]) -> Option<String> {
    let of = |run: &'_ Observed| run.groups.get(group).cloned();
    let longest = simulated.iter().filter_map(of).filter_map(|seen| round_us(&seen)).max()?;
    for seen in real.iter().filter_map(of) {
        let Some(took) = round_us(&seen).filter(|took| *took > longest) else { continue };
        let more = (took - longest).saturating_mul(seen.rounds) / longest.max(1);
        let tolerated = u64::try_from(bounds.records).unwrap_or(0);
        if behind(&seen) > bounds.records && more > tolerated {
            let ms = |us: u64| format!("{}.{} ms", us / 1_000, us / 100 % 10);
            return Some(format!(
                "{} of {group}, which was behind at the end: a record with its commit took {} of this machine's time, {} \
                 simulated",
                OF_THE_MACHINE.join(", "),
                ms(took),
                ms(longest)
            ));
        }
    }
    None
}

/// What a record takes on average, with its commit.
fn round_us(seen: &GroupObserved) -> Option<u64> {
    seen.busy.as_us().checked_div(seen.rounds)
}

/// Records that are not committed.
fn behind(seen: &GroupObserved) -> i64 {
    seen.partitions.values().map(|end| end.log_end - end.committed.unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::observed::PartitionEnd;
    use crate::time::Duration;

    fn run(ms: u64, rounds: u64, committed: i64) -> Observed {
        let mut seen = GroupObserved { busy: Duration::from_ms(ms * rounds), rounds, ..GroupObserved::default() };
        seen.partitions.insert("orders-0".to_owned(), PartitionEnd { committed: Some(committed), log_end: 1_000 });
        let mut run = Observed::default();
        run.groups.insert("app".to_owned(), seen);
        run
    }

    #[test]
    fn a_group_that_is_behind_on_a_slow_machine_is_not_judged_by_its_records() {
        let text = "run-for = \"20s\"\n[topic.t]\nproduce = \"50/s\"\n[group.app]\ntopics = [\"t\"]\n";
        let scenario = crate::scenario::parse("test.toml", text, &[]).unwrap().scenario;
        let bounds = Bounds::new(&scenario, "app", Duration::ZERO);
        assert_eq!(bounds.records, 26);
        let judged = |real: Observed| slow("app", &bounds, &[run(12, 1_000, 1_000)], &[run(12, 990, 990), real]);
        let sentence = "commits accepted, committed at the end, records handled of app, which was behind at the end: a record \
                        with its commit took 18.0 ms of this machine's time, 12.0 ms simulated";
        assert_eq!(judged(run(18, 700, 700)).as_deref(), Some(sentence));
        // Behind, but not for the machine's sake; slow, but not behind; a little slower than it should be.
        assert_eq!(judged(run(12, 700, 700)), None);
        assert_eq!(judged(run(18, 1_000, 980)), None);
        assert_eq!(judged(run(18, 40, 700)), None);
    }
}
