//! L5, rebalance storm (MEASURE, metric `storms`): more than K = 3 generations started within W = 60 s, none of them within W
//! of a disturbance. Counted once until the window is calm again.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::Scope;
use crate::config::expect::MetricName;
use crate::time::Duration;

const WINDOW: Duration = Duration::from_secs(60);
const MOST: usize = 3;

/// A generation started.
pub(crate) fn generation(scope: &mut Scope, desk: &mut Desk<'_>) {
    if desk.at < scope.disturbed + WINDOW {
        scope.undisturbed.clear();
        return;
    }
    scope.undisturbed.push_back(desk.at);
    while scope.undisturbed.front().is_some_and(|&first| first + WINDOW <= desk.at) {
        scope.undisturbed.pop_front();
        scope.storming &= scope.undisturbed.len() > MOST;
    }
    if scope.undisturbed.len() > MOST && !scope.storming {
        scope.storming = true;
        desk.count(MetricName::Storms, None, None, None, 1);
        let sentence = format!(
            "{} started {} generations within {WINDOW}, with nothing from outside in the last {WINDOW}",
            desk.names.text(scope.name),
            scope.undisturbed.len()
        );
        desk.find("L5", Class::Measure, "storm", About::default(), sentence);
    }
}
