//! `moved_partitions` and `needless_moves` (section 7): per generation, partitions whose owner changed by name, and how many
//! of those moves a balanced assignment did not need. The least is found from the owners before: partitions of owners that
//! are gone must move, and so must what an owner has above its fair share (the largest owners get the larger shares).

use super::book::Desk;
use super::view::Scope;
use crate::config::expect::MetricName;
use crate::ids::ActorId;
use std::collections::BTreeMap;

/// The assignment of a generation is complete.
pub(crate) fn settled(scope: &mut Scope, desk: &mut Desk<'_>) {
    let mut before: BTreeMap<ActorId, i64> = scope.members.values().map(|member| (member.life.0, 0)).collect();
    let (mut orphans, mut partitions, mut moved) = (0, 0, 0);
    for part in scope.parts.iter_mut().flatten() {
        let now = part.given.last().map(|given| given.life.0);
        if now.is_none() && part.last_owner.is_none() {
            continue;
        }
        partitions += 1;
        if let Some(owner) = part.last_owner {
            match before.get_mut(&owner) {
                Some(count) => *count += 1,
                None => orphans += 1,
            }
        }
        if let Some(now) = now {
            if part.last_owner.is_some_and(|owner| owner != now) {
                moved += 1;
                desk.count(MetricName::MovedPartitions, Some(part.tp), Some(now), None, 1);
            }
            part.last_owner = Some(now);
        }
    }
    let least = orphans + surplus(before.into_values().collect(), partitions);
    if moved > least {
        desk.count(MetricName::NeedlessMoves, None, None, None, moved - least);
    }
}

/// How many partitions members have above their fair shares.
fn surplus(mut counts: Vec<i64>, partitions: i64) -> i64 {
    let members = counts.len() as i64;
    if members == 0 {
        return 0;
    }
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let share = |place: usize| partitions / members + i64::from((place as i64) < partitions % members);
    counts.iter().enumerate().map(|(place, &count)| (count - share(place)).max(0)).sum()
}
