//! DELAY: group.initial.rebalance.delay.ms.

use super::rig::*;
use crate::ids::*;
use crate::protocol::GroupState::*;

#[test]
fn delay_01_the_first_window_counts_from_the_first_member() {
    let mut rig = Rig::new();
    rig.join(join("a"));
    rig.at(500);
    let (_, ticket) = rig.join_twice(join("a"));
    rig.at(500 + D - 1);
    assert!(rig.is_parked(ticket));
    rig.at(9_000);
    assert_eq!(rig.joined_at(ticket), (500 + D, 1));

    // R comes from the first member's RT: with 7000 there are 4000 ms beyond the first window.
    let mut rig = Rig::new();
    let (_, first) = rig.join_twice(join("a").rt(7_000));
    for (ms, client) in [(1_000, "b"), (4_000, "c"), (6_500, "d")] {
        rig.at(ms);
        rig.join_twice(join(client).rt(90_000));
    }
    rig.at(20_000);
    assert_eq!(rig.joined_at(first), (7_000, 1));
}

#[test]
fn delay_02_what_counts_as_a_new_member() {
    // A known member's retry, a static replacement and a MEMBER_ID_REQUIRED do not.
    let mut rig = Rig::new();
    let (a, _) = rig.join_twice(join("a"));
    let retry = rig.join(join("a").id(a));
    rig.join(join("p").st(30_000));
    rig.at(9_000);
    assert_eq!(rig.joined_at(retry), (D, 1));

    let mut rig = Rig::new();
    rig.join(join("s").instance("i"));
    let replaced = rig.join(join("s").instance("i"));
    rig.at(9_000);
    assert_eq!(rig.joined_at(replaced), (D, 1));

    // A second member does.
    let mut rig = Rig::new();
    rig.join_twice(join("a"));
    let (_, second) = rig.join_twice(join("b"));
    rig.at(9_000);
    assert_eq!(rig.joined_at(second), (2 * D, 1));
}

#[test]
fn delay_03_ticks_extend_while_somebody_joins_and_time_remains() {
    let mut rig = Rig::new();
    let (_, first) = rig.join_twice(join("a").rt(7_000));
    rig.at(100);
    rig.join_twice(join("b"));
    rig.at(D);
    // Flag cleared at the tick: nobody joins in the second window.
    rig.at(2 * D - 1);
    assert!(rig.is_parked(first));
    rig.at(20_000);
    assert_eq!(rig.joined_at(first), (2 * D, 1));

    // R: 4000 after the first window, so the third is min(3000, 1000) long; then nothing remains.
    let mut rig = Rig::new();
    let (_, first) = rig.join_twice(join("a").rt(7_000));
    for (ms, client) in [(1, "b"), (3_001, "c"), (6_001, "d")] {
        rig.at(ms);
        rig.join_twice(join(client));
    }
    rig.at(6_999);
    assert!(rig.is_parked(first));
    rig.at(20_000);
    assert_eq!(rig.joined_at(first), (7_000, 1));
}

#[test]
fn delay_04_consequences() {
    // Early and late in a window are the same.
    for ms in [1, D - 1] {
        let mut rig = Rig::new();
        let (_, first) = rig.join_twice(join("a"));
        rig.at(ms);
        rig.join_twice(join("b"));
        rig.at(20_000);
        assert_eq!(rig.joined_at(first), (2 * D, 1));
    }
    // RT < D: still D, and no extension.
    let mut rig = Rig::new();
    let (_, first) = rig.join_twice(join("a").rt(1_000));
    rig.at(1);
    rig.join_twice(join("b"));
    rig.at(20_000);
    assert_eq!(rig.joined_at(first), (D, 1));
}

#[test]
fn delay_05_no_delay_still_takes_a_timer() {
    let mut rig = Rig::with(|config| config.group_initial_rebalance_delay_ms = 0);
    rig.at(40);
    let (_, ticket) = rig.join_twice(join("a"));
    assert!(rig.is_parked(ticket), "not answered by the same call");
    rig.at(40);
    assert_eq!(rig.joined_at(ticket), (40, 1));
}

#[test]
fn delay_06_the_flag_leaks_when_no_time_remained() {
    let mut rig = Rig::new();
    let (_, a) = rig.join_twice(join("a").rt(D as i32));
    let (_, b) = rig.join_twice(join("b"));
    rig.at(D);
    assert_eq!(rig.joined_at(a), (D, 1), "R was 0, so the flag was never cleared");
    let ids: Vec<MemberId> = [a, b].map(|ticket| rig.joined(ticket).1.member).to_vec();
    rig.leave(&[(ids[0], ""), (ids[1], "")]);
    assert_eq!(rig.state(), Empty);
    rig.at(10_000);
    let (_, lone) = rig.join_twice(join("a"));
    rig.at(30_000);
    assert_eq!(rig.joined_at(lone), (10_000 + 2 * D, 3), "one extension for a lone member");
}
