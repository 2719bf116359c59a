//! Random requests, failing appends, reloads and time: nothing panics and the books balance.

use super::rig::*;
use crate::choice::{Choice, Purpose, RandomChoice};
use crate::ids::*;
use crate::protocol::*;

struct Dice(RandomChoice);

impl Dice {
    fn roll(&mut self, bound: u64) -> u64 {
        self.0.draw(Purpose::Generator, ActorId::DRIVER, bound)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.roll(of.len() as u64) as usize]) }
    }
}

/// What must hold of a group between any two inputs.
fn check(rig: &mut Rig) {
    let id = rig.group();
    let Some(group) = rig.c.groups.get(&id) else { return };
    let joined = group.members.values().filter(|m| m.awaiting_join.is_some()).count();
    assert_eq!(group.awaiting_join, joined);
    assert_eq!(group.leader.is_none(), group.members.is_empty());
    assert!(group.leader.is_none_or(|leader| group.members.contains_key(&leader)));
    let fixed = group.members.values().filter(|m| m.is_static());
    assert_eq!(fixed.clone().count(), group.static_members.len());
    assert!(fixed.into_iter().all(|m| group.static_members[&m.instance] == m.id));
    assert!(group.members.keys().all(|member| !group.pending.contains_key(member)));
    for name in ["range", "sticky"] {
        let Some(name) = rig.names.find(name).map(ProtocolName) else { continue };
        let offered = group.members.values().filter(|m| m.protocols.iter().any(|p| p.name == name)).count();
        assert_eq!(group.tally.count(name), offered);
    }
    match group.state {
        GroupState::Empty => assert!(group.members.is_empty()),
        GroupState::PreparingRebalance => assert!(group.join_timer.is_armed()),
        GroupState::CompletingRebalance | GroupState::Stable => {
            assert!(!group.members.is_empty() && group.awaiting_join == 0);
            assert!(group.pending_sync.is_empty() || group.sync_timer.is_armed());
        }
        GroupState::Dead => panic!("dead groups are not kept"),
    }
    for member in group.members.values() {
        let parked = member.awaiting_join.is_some() || member.awaiting_sync.is_some();
        assert!(parked || member.session.is_armed(), "nobody lives for ever");
    }
}

fn step(rig: &mut Rig, dice: &mut Dice, ids: &mut Vec<MemberId>) {
    let generation = if rig.exists() { rig.generation() } else { 0 } - i32::from(dice.roll(12) == 0);
    let member = dice.pick(ids).unwrap_or(MemberId::EMPTY);
    let instance = dice.pick(&["", "", "", "i", "j"]).unwrap_or("");
    let lists: [&[(&str, &str)]; 4] =
        [&[("range", "x")], &[("range", "x"), ("sticky", "x")], &[("sticky", "x"), ("range", "y")], &[("range", "y")]];
    let list = dice.pick(&lists).unwrap_or(&[]);
    match dice.roll(24) {
        0..=5 => {
            let fresh = dice.roll(3) == 0;
            let timeouts = (6_000 + dice.roll(20_000) as i32, dice.roll(30_000) as i32 - 1);
            let version = dice.pick(&[3, 8, 9]).unwrap_or(9);
            let request = join("c").id(if fresh { MemberId::EMPTY } else { member }).instance(instance).protocols(list);
            let ticket = rig.join(request.st(timeouts.0).rt(timeouts.1).version(version));
            if let Some((_, Response::JoinGroup(answer))) = rig.answer(ticket) {
                ids.push(answer.member);
            }
        }
        6..=9 => {
            let assignments: Vec<(MemberId, &str)> = ids.iter().map(|id| (*id, "part")).collect();
            rig.sync(member, generation, &assignments);
        }
        10..=15 => drop(rig.heartbeat(member, generation)),
        16 => drop(rig.leave(&[(member, instance), (MemberId::EMPTY, instance)])),
        17..=18 => drop(rig.commit(member, generation, 5)),
        19 => {
            let error = dice.pick(&[ErrorCode::NotEnoughReplicas, ErrorCode::NotLeaderOrFollower]);
            rig.fail_appends(error.unwrap_or_default(), 1);
        }
        20 if dice.roll(10) == 0 => rig.reload(),
        20 if dice.roll(10) == 0 => drop(rig.delete_group()),
        21 => {
            let known = rig.members();
            ids.retain(|id| known.contains(id));
            ids.extend(known);
            ids.sort_unstable();
            ids.dedup();
        }
        _ => {
            let later = rig.now_ms() + dice.roll(4_000);
            rig.at(later);
        }
    }
}

#[test]
fn random_requests_keep_the_books_balanced() {
    for seed in 0..60 {
        let mut rig = Rig::with(|config| config.group_max_size = 6);
        let mut dice = Dice(RandomChoice::new(seed));
        let mut ids = Vec::new();
        for _ in 0..600 {
            step(&mut rig, &mut dice, &mut ids);
            check(&mut rig);
        }
        // Left alone, every group empties and is cleaned up in the end.
        let end = rig.now_ms() + 40 * 60_000;
        rig.at(end);
        assert!(!rig.exists() || rig.committed() >= 0, "seed {seed}: {:?}", rig.state());
        assert!(!rig.exists() || rig.state() == GroupState::Empty);
    }
}
