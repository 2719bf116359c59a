//! A simulated run and a real one side by side: figure by figure, agrees, differs or cannot be compared.

mod bounds;
mod figures;
mod json;
mod pace;
mod simulate;
mod table;
mod value;

pub use bounds::Bounds;
pub use figures::{Figure, figures};
pub use json::document;
pub use simulate::simulate;
pub use table::{summary_line, table, total_line};
pub use value::{Simulated, Tolerance, Value};

use super::observed::Observed;
use crate::scenario::Scenario;
use crate::time::Duration;
use std::collections::BTreeSet;

/// A scenario, compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// The rows, by group.
    pub rows: Vec<Row>,
    /// What cannot be compared, and why.
    pub not_comparable: Vec<String>,
    /// How many simulated runs.
    pub simulated: usize,
    /// How many real ones.
    pub real: usize,
    /// The most that a real run's timeline was late.
    pub late: Duration,
    /// What the oracles say of the real runs that Kafka cannot do.
    pub contradictions: Vec<String>,
}

/// One figure, simulated and real.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The group, or stand-alone reader.
    pub group: String,
    /// What.
    pub figure: String,
    /// The simulated values.
    pub simulated: Simulated,
    /// The real ones, a run each.
    pub real: Vec<Option<Value>>,
    /// How far a real one may be outside the simulated range.
    pub tolerance: Tolerance,
    /// How far the farthest real one is outside, if one is too far.
    pub distance: Option<String>,
}

impl Row {
    /// Whether every real value is within the simulated range widened by the tolerance.
    pub fn agrees(&self) -> bool {
        self.distance.is_none()
    }
}

impl Comparison {
    /// How many rows differ.
    pub fn differing(&self) -> usize {
        self.rows.iter().filter(|row| !row.agrees()).count()
    }

    /// Whether anything could be compared at all.
    pub fn compared(&self) -> bool {
        !self.rows.is_empty()
    }
}

/// Compares the real runs of a scenario with its simulated runs.
pub fn compare(
    scenario: &Scenario,
    simulated: &[Observed],
    real: &[Observed],
    mut not_comparable: Vec<String>,
) -> Comparison {
    let late = real.iter().map(|run| run.late).max().unwrap_or(Duration::ZERO);
    let mut rows = Vec::new();
    let groups: BTreeSet<&String> = simulated.iter().chain(real).flat_map(|run| run.groups.keys()).collect();
    if !real.is_empty() {
        for group in groups {
            let bounds = Bounds::new(scenario, group, late);
            let mut of_group = rows_of(group, &bounds, simulated, real);
            if let Some(why) = pace::slow(group, &bounds, simulated, real) {
                of_group.retain(|row| !pace::OF_THE_MACHINE.contains(&row.figure.as_str()));
                not_comparable.push(why);
            }
            rows.extend(of_group);
        }
    }
    let mut contradictions: Vec<String> = real.iter().flat_map(|run| run.contradictions.iter().cloned()).collect();
    contradictions.dedup();
    Comparison { rows, not_comparable, simulated: simulated.len(), real: real.len(), late, contradictions }
}

fn rows_of(group: &str, bounds: &Bounds, simulated: &[Observed], real: &[Observed]) -> Vec<Row> {
    let of = |run: &Observed| run.groups.get(group).map(|seen| figures(seen, bounds, run.end)).unwrap_or_default();
    let simulated: Vec<Vec<Figure>> = simulated.iter().map(of).collect();
    let real: Vec<Vec<Figure>> = real.iter().map(of).collect();
    let mut rows = Vec::new();
    for template in every_figure(simulated.iter().chain(&real)) {
        let value = |run: &Vec<Figure>| {
            run.iter()
                .find(|figure| figure.name == template.name)
                .map_or_else(|| nothing(&template.value), |figure| Some(figure.value.clone()))
        };
        let mut range = Simulated::default();
        simulated.iter().for_each(|run| range.add(value(run).as_ref()));
        let real: Vec<Option<Value>> = real.iter().map(value).collect();
        let distance = real.iter().find_map(|real| range.distance(real.as_ref(), template.tolerance));
        rows.push(Row {
            group: group.to_owned(),
            figure: template.name.clone(),
            simulated: range,
            real,
            tolerance: template.tolerance,
            distance,
        });
    }
    rows
}

/// One figure of each name, each in the place that it has in the runs that have it.
fn every_figure<'a>(runs: impl Iterator<Item = &'a Vec<Figure>>) -> Vec<&'a Figure> {
    let mut all: Vec<&Figure> = Vec::new();
    for run in runs {
        let mut place = 0;
        for figure in run {
            match all.iter().position(|known| known.name == figure.name) {
                Some(known) => place = known + 1,
                None => {
                    all.insert(place, figure);
                    place += 1;
                }
            }
        }
    }
    all
}

/// What a run that does not have a figure has of it.
fn nothing(like: &Value) -> Option<Value> {
    match like {
        Value::Count(_) => Some(Value::Count(0)),
        Value::Counts(_) => Some(Value::Counts(Vec::new())),
        Value::Times(_) => Some(Value::Times(Vec::new())),
        Value::Time(_) | Value::Word(_) => None,
    }
}

#[cfg(test)]
mod tests;
