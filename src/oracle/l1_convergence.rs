//! L1, convergence (MEASURE, metric `unconverged`): by T + B the group is Stable, every live member has the current
//! generation and owns what the coordinator gives it, every partition is given to one, and no generation starts later. T is
//! the last disturbance: fault, membership, subscription or metadata change. B = max(session timeout, cap of the initial
//! delay) + rebalance timeout + heartbeat interval + backoff + 4 x the longest one-way delay, all but the first again for a
//! cooperative group, which may need one more round. A run that ends before T + B is not judged.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::{Actor, Life, Scope, View};
use crate::config::expect::MetricName;
use crate::ids::{ActorId, Names};
use crate::protocol::GroupState;
use crate::time::{Duration, Instant};
use std::collections::BTreeSet;

/// B.
pub(crate) fn bound(view: &View, scope: &Scope, names: &Names) -> Duration {
    let largest = |key: &str, default: i64| {
        let values = scope.actors.iter().filter_map(|&actor| view.number(actor, key, names));
        Duration::from_ms(values.max().unwrap_or(default).max(0) as u64)
    };
    let any = |key: &str| scope.actors.iter().any(|&actor| view.number(actor, key, names).is_some());
    let rebalance = match (any("max.poll.interval.ms"), any("rebalance.timeout.ms")) {
        (true, true) => largest("max.poll.interval.ms", 0).max(largest("rebalance.timeout.ms", 0)),
        (false, true) => largest("rebalance.timeout.ms", 60_000), // the Go clients
        _ => largest("max.poll.interval.ms", 300_000),
    };
    let delay = view.number(ActorId::BROKER, "group.initial.rebalance.delay.ms", names).unwrap_or(3_000);
    let delay_us = view.number(ActorId::DRIVER, "network.max.delay.us", names).unwrap_or(0);
    let round = rebalance
        + largest("heartbeat.interval.ms", 3_000)
        + largest("retry.backoff.max.ms", 1_000)
        + Duration::from_us(delay_us.max(0) as u64) * 4;
    let cap = rebalance.max(Duration::from_ms(delay.max(0) as u64));
    let first = largest("session.timeout.ms", 45_000).max(cap);
    first + if scope.cooperative { round * 2 } else { round }
}

/// Judges a group at the end of the run.
pub(crate) fn judge(scope: &Scope, actors: &[Actor], bound: Duration, desk: &mut Desk<'_>) {
    let by = scope.disturbed + bound;
    if !scope.managed || desk.at < by {
        return;
    }
    let Some(why) = why_not(scope, actors, by) else { return };
    desk.count(MetricName::Unconverged, None, None, None, 1);
    let sentence = format!(
        "{} did not settle within {bound} of the last disturbance at {}: {why}",
        desk.names.text(scope.name),
        scope.disturbed
    );
    desk.find("L1", Class::Measure, "unconverged", About::default(), sentence);
}

fn why_not(scope: &Scope, actors: &[Actor], by: Instant) -> Option<String> {
    let alive = |&&id: &&ActorId| actors.get(id.0 as usize).is_some_and(|actor| actor.runs() && !actor.failed);
    let live: Vec<Life> =
        scope.actors.iter().filter(alive).map(|&id| (id, actors[id.0 as usize].incarnation)).collect();
    if live.is_empty() {
        return None;
    }
    if scope.state != Some(GroupState::Stable) {
        return Some(format!("its state is {}", scope.state.unwrap_or(GroupState::Empty).name()));
    }
    if scope.last_generation > by {
        return Some(format!("generation {} started at {}", scope.generation, scope.last_generation));
    }
    let current: BTreeSet<Life> =
        scope.members.values().filter(|member| member.joined == scope.generation).map(|member| member.life).collect();
    if let Some(missing) = live.iter().find(|life| !current.contains(life)) {
        return Some(format!("actor {} is not in generation {}", missing.0, scope.generation));
    }
    for part in scope.parts().filter(|part| part.wanted) {
        let holders: BTreeSet<Life> = part.intervals.iter().filter(|i| i.end.is_none()).map(|i| i.life).collect();
        let owners: BTreeSet<Life> = part.given.iter().map(|given| given.life).collect();
        if owners.len() != 1 || holders != owners {
            return Some(format!(
                "partition {} is given to {} members and held by {}",
                part.tp.partition,
                owners.len(),
                holders.len()
            ));
        }
    }
    None
}
