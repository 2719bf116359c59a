//! O1a, one owner per generation (MODEL): for each generation g and partition p, at each instant at most one member has p in
//! assignment(g). A static member's replacement takes over the same p in the same g (STATIC-05).
//!
//! Here also: coordinator intervals. One begins when a generation's assignment gives p to a member and ends when the
//! assignment of a later generation is written without it, when the member is removed, or when the group empties.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::{Given, Part, Scope};
use super::work;
use crate::config::expect::MetricName;
use crate::ids::{Generation, MemberId};

/// Coordinator intervals of a partition that are remembered after their end.
const PAST: usize = 4;

/// The assignment of `given.generation` has partition `place` for `given.member`.
pub(crate) fn assigned(scope: &mut Scope, place: usize, given: Given, desk: &mut Desk<'_>) {
    let Some(part) = scope.parts[place].as_mut() else { return };
    if let Some(same) = part.given.iter_mut().find(|before| before.member == given.member) {
        let older = same.generation != given.generation;
        same.generation = given.generation;
        if older {
            end_older(part, given.generation, desk);
        }
    } else {
        work::advance(part, desk);
        end_older(part, given.generation, desk);
        if let Some(&other) = part.given.first() {
            let sentence = format!(
                "generation {} gives {} to both {} and {}",
                given.generation,
                desk.place(part.tp),
                desk.who(other.life.0),
                desk.who(given.life.0)
            );
            desk.find("O1a", Class::Model, "two-owners", About::partition(part.tp), sentence);
        }
        part.given.push(given);
    }
    recount(scope, place, desk);
}

fn end_older(part: &mut Part, generation: Generation, desk: &mut Desk<'_>) {
    end_where(part, desk, |given| given.generation < generation);
}

fn end_where(part: &mut Part, desk: &mut Desk<'_>, ends: impl Fn(&Given) -> bool) -> bool {
    if !part.given.iter().any(&ends) {
        return false;
    }
    work::advance(part, desk);
    for given in part.given.iter().filter(|given| ends(given)) {
        part.past.retain(|past| past.0 != given.life);
        part.past.push((given.life, desk.at));
    }
    part.given.retain(|given| !ends(given));
    let surplus = part.past.len().saturating_sub(PAST);
    part.past.drain(..surplus);
    true
}

/// Ends the coordinator intervals that `ends` picks, in the whole scope.
pub(crate) fn end_all(scope: &mut Scope, desk: &mut Desk<'_>, ends: impl Fn(&Given) -> bool) {
    for place in 0..scope.parts.len() {
        let Some(part) = scope.parts[place].as_mut() else { continue };
        if end_where(part, desk, &ends) {
            recount(scope, place, desk);
        }
    }
}

/// A static member came back under a new member id and takes over.
pub(crate) fn replaced(scope: &mut Scope, old: MemberId, new: MemberId, life: super::view::Life, desk: &mut Desk<'_>) {
    for part in scope.parts.iter_mut().flatten() {
        if part.given.iter().any(|given| given.member == old) {
            work::advance(part, desk);
            for given in part.given.iter_mut().filter(|given| given.member == old) {
                part.past.retain(|past| past.0 != given.life);
                if given.life != life {
                    part.past.push((given.life, desk.at));
                }
                (given.member, given.life) = (new, life);
            }
        }
    }
}

fn recount(scope: &mut Scope, place: usize, desk: &mut Desk<'_>) {
    let Some(part) = scope.parts[place].as_mut() else { return };
    let owners = part.given.len();
    if part.counted_given != (owners > 0) {
        part.counted_given = owners > 0;
        scope.given = if owners > 0 { scope.given + 1 } else { scope.given.saturating_sub(1) };
    }
    if owners > 1 {
        scope.given_twice.insert(place);
    } else if !scope.given_twice.is_empty() {
        scope.given_twice.remove(&place);
    }
    desk.book.changed(MetricName::OwnersPerPartition);
}
