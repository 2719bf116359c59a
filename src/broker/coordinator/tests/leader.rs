//! LEAD and PROTO: leader and protocol choice.

use super::rig::*;
use crate::ids::*;
use crate::protocol::*;

#[test]
fn lead_01_the_first_member_leads_and_stays_leader() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b")]);
    assert_eq!(rig.leader(), Some(ids[0]));
    rig.join(join("b").id(ids[1]).protocols(&[("range", "new")]));
    let again = rig.join(join("a").id(ids[0]));
    assert_eq!((rig.joined(again).1.leader, rig.generation()), (ids[0], 2));
}

#[test]
fn lead_02_the_earliest_joined_member_succeeds() {
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a"), join("b"), join("c")]);
    rig.leaves(ids[0]);
    assert_eq!(rig.leader(), Some(ids[1]));
    let c = rig.join(join("c").id(ids[2]));
    rig.join(join("b").id(ids[1]));
    assert_eq!(rig.joined(c).1.leader, ids[1]);
    rig.leave(&[(ids[1], ""), (ids[2], "")]);
    assert_eq!(rig.leader(), None);

    // A leader that does not rejoin is removed at the end of the join phase.
    let mut rig = Rig::new();
    let ids = rig.stable(&[join("a").st(100_000), join("b").st(100_000), join("c").st(100_000)]);
    let c = rig.join(join("c").id(ids[2]).st(100_000).protocols(&[("range", "new")]));
    rig.at(66_000);
    assert_eq!((rig.joined(c).1.leader, rig.members()), (ids[2], vec![ids[2]]));
}

#[test]
fn lead_03_an_absent_static_leader_gives_way() {
    let mut rig = Rig::new();
    let long = |client| join(client).st(100_000);
    let ids = rig.stable(&[long("s").instance("i"), long("b"), long("c")]);
    assert_eq!(rig.leader(), Some(ids[0]));
    let c = rig.join(long("c").id(ids[2]).protocols(&[("range", "new")]));
    let b = rig.join(long("b").id(ids[1]));
    rig.at(66_000);
    for ticket in [b, c] {
        assert_eq!((rig.joined(ticket).1.leader, rig.joined_at(ticket)), (ids[1], (66_000, 2)));
    }
    assert_eq!(rig.joined(b).1.members.len(), 3, "the absent leader is still a member");
}

/// The protocol that a group of members with these lists chooses.
fn chosen(lists: &[&[(&'static str, &'static str)]]) -> String {
    let mut rig = Rig::new();
    let clients = ["a", "b", "c", "d"];
    let joins: Vec<Join> = lists.iter().zip(clients).map(|(list, client)| join(client).protocols(list)).collect();
    rig.stable(&joins);
    let name = rig.describe().protocol_name;
    rig.names.text(name).to_owned()
}

#[test]
fn proto_01_candidates_are_what_everyone_supports() {
    assert_eq!(chosen(&[&[("a", ""), ("b", "")], &[("b", "")]]), "b");

    // A static member that has not rejoined counts too.
    let mut rig = Rig::new();
    let long = |client| join(client).st(100_000);
    let ids = rig.stable(&[long("d"), long("s").instance("i")]);
    let again = rig.join(long("d").id(ids[0]).protocols(&[("better", "x"), ("range", "x")]));
    rig.at(66_000);
    let range = ProtocolName(rig.names.intern("range"));
    assert_eq!(rig.joined(again).1.protocol_name, Some(range));
}

#[test]
fn proto_02_everyone_votes_for_its_first_candidate() {
    let abc: &[_] = &[("a", ""), ("b", ""), ("c", "")];
    let cba: &[_] = &[("c", ""), ("b", ""), ("a", "")];
    assert_eq!(chosen(&[abc, abc, cba]), "a");
    assert_eq!(chosen(&[abc, cba, cba]), "c");
    assert_eq!(chosen(&[&[("x", ""), ("c", ""), ("a", "")], abc, cba]), "c", "x is nobody else's");
}

#[test]
fn proto_03_most_votes_win_and_ties_go_by_name() {
    let ab: &[_] = &[("a", ""), ("b", "")];
    let ba: &[_] = &[("b", ""), ("a", "")];
    assert_eq!(chosen(&[ba, ba, ab]), "b");
    assert_eq!(chosen(&[ba, ab]), "a");
    assert_eq!(chosen(&[ab, ba]), "a");
}

#[test]
fn proto_03_ties_of_kafkas_own_assignors_go_in_its_hash_order() {
    let order = ["sticky", "range", "roundrobin", "cooperative-sticky"];
    for (i, &first) in order.iter().enumerate() {
        for &second in &order[i + 1..] {
            let one: &[_] = &[(first, ""), (second, "")];
            let other: &[_] = &[(second, ""), (first, "")];
            assert_eq!(chosen(&[one, other]), first);
            assert_eq!(chosen(&[other, one]), first);
        }
    }
}

#[test]
fn proto_03_member_metadata_is_that_of_the_chosen_protocol() {
    let mut rig = Rig::new();
    let (_, first) = rig.join_twice(join("a").protocols(&[("x", "ax"), ("y", "ay")]));
    rig.join_twice(join("b").protocols(&[("y", "by")]));
    rig.at(2 * D);
    let list: Vec<Bytes> = rig.joined(first).1.members.into_iter().map(|m| m.metadata).collect();
    assert_eq!(list, [bytes("ay"), bytes("by")]);
}
