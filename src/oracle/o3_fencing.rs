//! O3a, commit fencing, accept side (MODEL): an applied commit's sender is a member at that instant, its generation is the
//! current one, and the group is not in CompletingRebalance (OFF-04..06); or its generation is below 0 and the group is
//! empty or unknown (OFF-01, OFF-02). A replaced static member's old id is no member any more (STATIC-02).
//!
//! O3c, commit for a partition not owned (MEASURE): p outside the committer's coordinator interval. Brokers accept it (OFF-10).
//!
//! O3d, durable commit (MODEL): what was stored before the coordinator moved is what the new one reads from the log, to the
//! record, unless it expired or was deleted meanwhile.

use super::book::{About, Desk};
use super::outcome::Class;
use super::view::{Part, Scope};
use crate::ids::{ActorId, Generation, MemberId};
use crate::protocol::GroupState;

/// A commit that the broker stored.
#[derive(Clone, Copy)]
pub(crate) struct Applied {
    pub(crate) member: MemberId,
    pub(crate) generation: Generation,
    pub(crate) client: ActorId,
    pub(crate) offset: i64,
}

impl Applied {
    /// Whether it is nobody's of the group: an administrator set the position (OFF-01, OFF-02).
    pub(crate) fn is_administrative(&self) -> bool {
        self.generation.0 < 0
    }
}

/// Judges an applied commit.
pub(crate) fn applied(scope: &Scope, place: usize, commit: Applied, desk: &mut Desk<'_>) {
    let Some(part) = scope.parts[place].as_ref() else { return };
    let wrong = wrong(scope, commit);
    if let Some(wrong) = wrong {
        let sentence = format!(
            "a commit of {} by {} for {} with generation {} was stored although {wrong}",
            commit.offset,
            desk.who(commit.client),
            desk.place(part.tp),
            commit.generation
        );
        desk.find("O3a", Class::Model, "unfenced-commit", About::partition(part.tp), sentence);
        return;
    }
    if commit.generation.0 >= 0 && !part.given.iter().any(|given| given.member == commit.member) {
        let owner = part.given.first().map_or("nobody".to_owned(), |given| desk.who(given.life.0));
        let sentence = format!(
            "{} committed {} for {}, which belongs to {owner}; Kafka accepts it",
            desk.who(commit.client),
            commit.offset,
            desk.place(part.tp)
        );
        desk.find("O3c", Class::Measure, "foreign-commit", About::partition(part.tp), sentence);
    }
}

fn wrong(scope: &Scope, commit: Applied) -> Option<String> {
    if commit.is_administrative() {
        return match scope.state {
            None | Some(GroupState::Empty | GroupState::Dead) => None,
            Some(state) => Some(format!("the group is {}", state.name())),
        };
    }
    if !scope.members.contains_key(&commit.member) {
        return Some("its sender is no member".to_owned());
    }
    if commit.generation != scope.generation {
        return Some(format!("the generation is {}", scope.generation));
    }
    if scope.state == Some(GroupState::CompletingRebalance) {
        return Some("the group is in CompletingRebalance".to_owned());
    }
    None
}

/// O3d: the new coordinator has read a committed offset from the log.
pub(crate) fn loaded(part: &mut Part, offset: i64, desk: &mut Desk<'_>) {
    part.unconfirmed = false;
    if part.committed != Some(offset) {
        let before = part.committed.map_or("nothing".to_owned(), |offset| offset.to_string());
        let place = desk.place(part.tp);
        let sentence = format!("the new coordinator reads {offset} for {place} where {before} was committed");
        desk.find("O3d", Class::Model, "commit-not-durable", About::partition(part.tp), sentence);
    }
}

/// O3d: somebody was given a position; `moving` says whether a new coordinator is still reading the log.
pub(crate) fn positioned(part: &mut Part, moving: bool, desk: &mut Desk<'_>) {
    if !moving && std::mem::take(&mut part.unconfirmed) {
        let (place, before) = (desk.place(part.tp), part.committed.unwrap_or(-1));
        let sentence = format!("{before} was committed for {place}, and the new coordinator has nothing for it");
        desk.find("O3d", Class::Model, "commit-not-durable", About::partition(part.tp), sentence);
    }
}
