//! Gauges of section 7: values that the bookkeeping has at every instant.

use super::view::{Part, Scope, View};
use crate::config::expect::{Filter, MetricName};
use crate::ids::{ActorId, Names};
use crate::protocol::GroupState;

/// The gauge's value; `None` if there is none yet (no Stable so far, no such scope).
pub(crate) fn value(
    view: &View,
    names: &Names,
    actor_names: &[crate::ids::Symbol],
    metric: MetricName,
    filter: &Filter,
) -> Option<i64> {
    let mut found: Option<i64> = None;
    for scope in view.scopes.iter().filter(|scope| in_scope(scope, names, filter)) {
        let Some(value) = scope_value(view, scope, names, actor_names, metric, filter) else { continue };
        found = Some(match (metric, found) {
            (_, None) => value,
            // An instant and a maximum do not add up over scopes.
            (MetricName::FirstStable | MetricName::OwnersPerPartition, Some(before)) => before.max(value),
            (_, Some(before)) => before + value,
        });
    }
    found
}

/// States of the groups that the filter names.
pub(crate) fn states<'v>(
    view: &'v View,
    names: &'v Names,
    filter: &'v Filter,
) -> impl Iterator<Item = GroupState> + 'v {
    let groups = view.scopes.iter().filter(|scope| scope.managed && in_scope(scope, names, filter));
    groups.map(|scope| scope.state.unwrap_or(GroupState::Empty))
}

fn in_scope(scope: &Scope, names: &Names, filter: &Filter) -> bool {
    filter.group.as_ref().is_none_or(|group| names.text(scope.name) == group)
}

fn scope_value(
    view: &View,
    scope: &Scope,
    names: &Names,
    actor_names: &[crate::ids::Symbol],
    metric: MetricName,
    filter: &Filter,
) -> Option<i64> {
    let whole = filter.topic.is_none() && filter.partition.is_none() && filter.member.is_none();
    let holder = match &filter.member {
        None => None,
        Some(name) => {
            let named = |actor: &&ActorId| actor_names.get(actor.0 as usize).is_some_and(|&n| names.text(n) == name);
            Some(*scope.actors.iter().find(named)?)
        }
    };
    let chosen = || {
        scope.parts().filter(move |part| {
            filter.topic.as_ref().is_none_or(|topic| names.text(part.tp.topic) == topic)
                && filter.partition.is_none_or(|number| part.tp.partition == number)
                && holder.is_none_or(|actor| part.intervals.iter().any(|i| i.end.is_none() && i.life.0 == actor))
        })
    };
    match metric {
        MetricName::Lag if whole => Some(scope.lag),
        MetricName::PositionLag if whole => Some(scope.position_lag),
        MetricName::Lag => Some(chosen().map(|part| lag(part, view.logs[part.log].end)).sum()),
        MetricName::PositionLag => Some(chosen().map(|part| position_lag(part, view.logs[part.log].end)).sum()),
        MetricName::OwnersPerPartition if whole => Some(scope.most_owners()),
        MetricName::OwnersPerPartition => Some(chosen().map(|part| part.given.len() as i64).max().unwrap_or(0)),
        MetricName::Members => Some(scope.members.len() as i64),
        MetricName::FirstStable => scope.first_stable.map(|at| i64::try_from(at.as_us()).unwrap_or(i64::MAX)),
        _ => None,
    }
}

/// Log end minus committed (Start where nothing is committed; nothing before Start is known).
pub(crate) fn lag(part: &Part, log_end: i64) -> i64 {
    part.committed.or(part.start).map_or(0, |from| log_end - from)
}

/// Log end minus the newest position.
pub(crate) fn position_lag(part: &Part, log_end: i64) -> i64 {
    part.position.map_or(0, |from| log_end - from)
}
