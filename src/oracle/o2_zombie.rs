//! O2, zombie processing: process_done(m, p, o) at t with p not in m's coordinator interval at t. MEASURE: age of the
//! record's end against the end of the interval, and whether another owner had begun (harmful) or not (idle).

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::Part;
use crate::config::expect::MetricName;

/// Records `[from, to)` were finished by interval `holder`. Says whether as a zombie.
pub(crate) fn finished(part: &mut Part, holder: usize, from: i64, to: i64, desk: &mut Desk<'_>) -> bool {
    let life = part.intervals[holder].life;
    if !desk.managed || part.is_given_to(life) {
        return false;
    }
    desk.count(MetricName::ZombieRecords, Some(part.tp), Some(life.0), None, to - from);
    if part.intervals[holder].zombie_finding.is_some_and(|finding| desk.book.grow(finding, from, to)) {
        return true;
    }
    let age = part.past.iter().rev().find(|past| past.0 == life).map(|past| desk.at.since(past.1));
    let other = part.intervals.iter().find(|interval| interval.end.is_none() && interval.life != life);
    let mut sentence = match age {
        Some(age) => format!(
            "{} went on with {} {age} after the coordinator had taken it away",
            desk.who(life.0),
            desk.place(part.tp)
        ),
        None => {
            format!("{} handled {} that the coordinator had not given to it", desk.who(life.0), desk.place(part.tp))
        }
    };
    match other {
        Some(other) => sentence.push_str(&format!(", when {} already had it", desk.who(other.life.0))),
        None => sentence.push_str(", when nobody else had it yet"),
    }
    let about = About::records(part.tp, from, to).cause(if other.is_some() { "harmful" } else { "idle" });
    part.intervals[holder].zombie_finding = desk.find("O2", Class::Measure, "zombie", about, sentence);
    true
}
