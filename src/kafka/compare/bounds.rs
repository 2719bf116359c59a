//! How far reality may be from the simulated range, worked out from the scenario.

use super::simulate::phases;
use crate::config::{AssignorKind, CommitWhen, MemberConfig, Membership};
use crate::scenario::{Action, Group, Scenario};
use crate::time::Duration;

/// What a machine that is not a clock adds to every time: process starts, signals, timers of librdkafka's main loop.
const TIME: Duration = Duration::from_ms(500);

/// What the start of a process takes beyond the simulated one, which takes no time: it is loaded, connects, finds the
/// coordinator. With dozens of processes at once on a small machine that is most of a second.
const START: Duration = Duration::from_ms(1_000);

/// How exactly an instant of the coordinator is seen from outside: it is asked every 50 ms, through a proxy.
const SIGHT: Duration = Duration::from_ms(250);

/// The tolerances of one group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Of every time.
    pub time: Duration,
    /// Of the time that a process needs to start.
    pub start: Duration,
    /// Of a time between two things that the coordinator did.
    pub sight: Duration,
    /// What the simulated runs leave out of the phases of heartbeats, on which it depends when a member hears of a
    /// rebalance. Of the second one of a cooperative group it hears from the heartbeat that follows its SyncGroup, or from
    /// the next one: that is a race of a millisecond, which the runs do not show.
    pub phase: Duration,
    /// Of a number of records of the whole group.
    pub records: i64,
    /// The same, of one partition.
    pub records_per_partition: i64,
    /// Of the records produced into one partition: the last ones may not have arrived yet, at a broker that is busy.
    pub produced_per_partition: i64,
    /// Of the number of commits.
    pub commits: i64,
    /// Records that a killed, frozen or stuck member may have had open, beyond what the simulated range shows.
    pub open_work: i64,
    /// Commits of members that were frozen or cut off: one comes too late if it was due meanwhile. A member that is frozen
    /// between two records (a few milliseconds in each) learns that it is out before it has anything to commit.
    pub late_commits: i64,
}

impl Bounds {
    /// Of a group (or a stand-alone reader). `late`: the most that the real run's timeline was late.
    pub fn new(scenario: &Scenario, group: &str, late: Duration) -> Bounds {
        let time = TIME + late;
        let found = scenario.groups.iter().find(|found| found.name == group);
        let topics = found.map(topics).unwrap_or_default();
        let (mut all, mut one, mut produced) = (0, 0, 0);
        for topic in scenario.topics.iter().filter(|topic| topics.contains(&topic.name.as_str())) {
            let in_time = |time: Duration| {
                topic.produce.iter().map(|stream| per_time(stream.count, stream.per, time)).sum::<i64>()
            };
            let partitions = i64::from(topic.partitions.max(1));
            all += in_time(time);
            one = one.max(in_time(time).div_euclid(partitions) + 1);
            produced = produced.max(in_time(SIGHT + late).div_euclid(partitions) + 1);
        }
        let members = found.map_or(1, |group| i64::from(group.members)).max(1);
        let configs = || found.into_iter().flat_map(|group| &group.member_configs);
        let periodic = configs().any(|config| periodic_ms(config).is_some());
        let faults = scenario.timeline.iter().filter(|event| abrupt(&event.action)).count() as i64;
        let cooperative = configs().any(|config| config.client.assignors == [AssignorKind::CooperativeSticky]);
        let heartbeat = configs().map(|config| config.client.heartbeat_interval_ms.max(0)).max().unwrap_or(0);
        Bounds {
            time,
            start: START + late,
            sight: SIGHT + late,
            phase: Duration::from_ms(heartbeat as u64) - if cooperative { Duration::ZERO } else { phases(scenario) },
            records: all + members,
            records_per_partition: one,
            produced_per_partition: produced,
            commits: if periodic { members } else { all + members },
            late_commits: scenario.timeline.iter().filter(|event| freezes(&event.action)).count() as i64,
            open_work: faults * if periodic { all + 1 } else { 1 },
        }
    }
}

/// Records that a stream of `count` in `per` gives in `time`, rounded up.
fn per_time(count: u64, per: Duration, time: Duration) -> i64 {
    let records = u128::from(count) * u128::from(time.as_us());
    i64::try_from(records.div_ceil(u128::from(per.as_us().max(1)))).unwrap_or(i64::MAX)
}

/// The interval of commits that come with time and not with work.
pub fn periodic_ms(config: &MemberConfig) -> Option<i64> {
    match config.commit.when {
        CommitWhen::Auto { interval_ms } => Some(interval_ms),
        CommitWhen::Interval(interval) => Some(i64::try_from(interval.as_ms()).unwrap_or(i64::MAX)),
        _ => config.commit.also_auto_ms,
    }
}

/// Whether a process is stopped in the middle of something, so that it is luck what it had open.
fn abrupt(action: &Action) -> bool {
    matches!(
        action,
        Action::Crash { .. } | Action::Pause { .. } | Action::Slow { .. } | Action::Stuck { .. } | Action::Cut { .. }
    )
}

/// Whether a process goes on later as if nothing had been.
fn freezes(action: &Action) -> bool {
    matches!(action, Action::Pause { .. } | Action::Cut { .. })
}

fn topics(group: &Group) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for config in group.member_configs.iter().chain([&group.template]) {
        match &config.membership {
            Membership::Subscribe { topics, .. } => all.extend(topics.iter().map(String::as_str)),
            Membership::Assign(partitions) => all.extend(partitions.iter().map(|(topic, _)| topic.as_str())),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::compare::{Tolerance, figures};
    use crate::kafka::observed::GroupObserved;
    use crate::time::Instant;

    fn rejected(event: &str) -> Tolerance {
        let text =
            format!("run-for = \"20s\"\n[topic.t]\n[group.g]\n[timeline]\nevents = [{{ at = \"6s\", {event} }}]\n");
        let scenario = crate::scenario::parse("test.toml", &text, &[]).unwrap().scenario;
        let bounds = Bounds::new(&scenario, "g", Duration::ZERO);
        let mut seen = GroupObserved::default();
        seen.commits_rejected.insert("UNKNOWN_MEMBER_ID", 1);
        let all = figures(&seen, &bounds, Instant::from_ms(20_000));
        all.iter().find(|figure| figure.name.starts_with("commits rejected")).expect("a row").tolerance
    }

    #[test]
    fn a_commit_of_a_frozen_member_may_or_may_not_come_too_late_and_one_of_a_stuck_member_does() {
        assert_eq!(rejected("pause = \"g-0\", for = \"10s\""), Tolerance::Count(1));
        assert_eq!(rejected("stuck = \"g-0\", for = \"10s\""), Tolerance::Exact);
    }
}
