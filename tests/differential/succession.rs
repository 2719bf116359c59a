//! Who may be leader. Kafka takes "some" member where the leader is gone, in the order of a Java hash map (LEAD-02,
//! LEAD-03). From our trace this works out everyone whom Kafka may have taken, so that its choice can be checked.

use groupsim::broker::coordinator::Coordinator;
use groupsim::ids::*;
use groupsim::protocol::{Api, GroupState};
use groupsim::trace::{Event, Kind, StateReason};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Default)]
struct Group {
    members: BTreeSet<MemberId>,
    /// Everyone who may be leader now.
    candidates: BTreeSet<MemberId>,
}

/// A generation that began in this command.
struct Begun {
    group: GroupId,
    generation: Generation,
    leader: MemberId,
    candidates: BTreeSet<MemberId>,
    joined: BTreeSet<MemberId>,
}

#[derive(Default)]
pub struct Succession {
    groups: BTreeMap<GroupId, Group>,
    /// Generations whose leader was one of several that it could have been.
    pub open: u64,
}

impl Succession {
    /// Takes up a command's events. The error says which leader was not possible.
    pub fn observe(&mut self, events: &[Event], coordinator: &Coordinator) -> Result<(), String> {
        let mut begun: Vec<Begun> = Vec::new();
        for event in events {
            match event.kind {
                Kind::MemberAdded { group, member, .. } => {
                    let group = self.groups.entry(group).or_default();
                    if group.members.is_empty() {
                        group.candidates = BTreeSet::from([member]);
                    }
                    group.members.insert(member);
                }
                Kind::MemberRemoved { group, member, .. } => {
                    let group = self.groups.entry(group).or_default();
                    group.members.remove(&member);
                    if group.candidates.remove(&member) {
                        group.candidates.extend(&group.members);
                    }
                }
                Kind::MemberReplaced { group, old, new, .. } => {
                    let Group { members, candidates } = self.groups.entry(group).or_default();
                    for set in [members, candidates] {
                        if set.remove(&old) {
                            set.insert(new);
                        }
                    }
                }
                Kind::GenerationStarted { group, generation, leader, .. } => {
                    let of = self.groups.entry(group).or_default();
                    if !of.members.is_empty() {
                        let candidates = std::mem::replace(&mut of.candidates, BTreeSet::from([leader]));
                        begun.push(Begun { group, generation, leader, candidates, joined: BTreeSet::new() });
                    }
                }
                Kind::RequestApplied { api: Api::JoinGroup, group, member, generation, .. } => {
                    let of = begun.iter_mut().find(|b| b.group == group && b.generation == generation);
                    if let Some(begun) = of {
                        begun.joined.insert(member);
                    }
                }
                Kind::GroupRemoved { group } | Kind::GroupStateChanged { group, to: GroupState::Dead, .. } => {
                    self.groups.remove(&group);
                }
                Kind::GroupStateChanged { group, reason: StateReason::Loaded, .. } => {
                    let members = coordinator.group_members(group).collect();
                    let candidates = coordinator.group_leader(group).into_iter().collect();
                    self.groups.insert(group, Group { members, candidates });
                }
                _ => {}
            }
        }
        self.open += begun.iter().filter(|begun| begun.is_open()).count() as u64;
        match begun.iter().find(|begun| !begun.is_possible()) {
            Some(begun) => Err(format!("leader of generation {} was not possible", begun.generation)),
            None => Ok(()),
        }
    }
}

impl Begun {
    fn is_open(&self) -> bool {
        let absent_led = !self.candidates.is_subset(&self.joined);
        self.candidates.len() > 1 || absent_led && self.joined.len() > 1
    }

    fn is_possible(&self) -> bool {
        let absent_led = !self.candidates.is_subset(&self.joined);
        self.joined.contains(&self.leader) && (absent_led || self.candidates.contains(&self.leader))
    }
}
