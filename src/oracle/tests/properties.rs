use crate::ids::ActorId;
use crate::oracle::forge::Forge;
use crate::trace::{Kind, RemovalReason};
use proptest::prelude::*;

/// What one step of a forged history does.
#[derive(Clone, Debug)]
enum Step {
    /// The owner handles so many more records.
    Handle(i64),
    /// The owner commits up to so many records below (or above) what it has finished.
    Commit(i64),
    /// The owner crashes and the other member takes over.
    Crash,
    /// The owner gives up and the other member takes over.
    Revoke,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1i64..6).prop_map(Step::Handle),
        3 => (-4i64..4).prop_map(Step::Commit),
        1 => Just(Step::Crash),
        1 => Just(Step::Revoke),
    ]
}

proptest! {
    #[test]
    fn o6_the_causes_add_up_and_o4_agrees_with_a_model_per_record(steps in prop::collection::vec(step(), 1..60)) {
        let mut forge = Forge::running();
        let mut times = [0u32; 400];
        let (mut hazard, mut owner, mut position, mut committed) = ([false; 400], 0, 0i64, 0i64);
        let mut now = 2_000;
        forge.append(0, 300);
        for step in steps {
            now += 10;
            forge.at(now);
            match step {
                Step::Handle(count) => {
                    forge.handles(owner, 0, position, position + count);
                    times[position as usize..(position + count) as usize].iter_mut().for_each(|n| *n += 1);
                    position += count;
                }
                Step::Commit(above) => {
                    committed = (position + above).max(0);
                    forge.commits(owner, 0, committed);
                    for (n, hazard) in times.iter().zip(&mut hazard).take(committed as usize) {
                        *hazard |= *n == 0;
                    }
                }
                Step::Crash | Step::Revoke => {
                    let other = 1 - owner;
                    if matches!(step, Step::Crash) {
                        forge.crash(owner).removed(owner, RemovalReason::Session).start(owner).added(owner);
                    } else {
                        forge.revoked(owner, 0..3);
                    }
                    forge.generation(&[(other, 0..3), (owner, 0..0)]).takes(other, 0, committed);
                    (owner, position) = (other, committed);
                }
            }
        }
        let outcome = forge.end(now + 1);
        let duplicates: i64 = times.iter().map(|&n| i64::from(n.max(1) - 1)).sum();
        prop_assert_eq!(outcome.number("duplicates"), duplicates);
        prop_assert_eq!(outcome.total.duplicates_by_cause.values().sum::<i64>(), duplicates);
        prop_assert_eq!(outcome.number("hazards"), hazard.iter().filter(|&&h| h).count() as i64);
        let lost = times.iter().zip(hazard).filter(|&(&n, hazard)| hazard && n == 0).count() as i64;
        prop_assert_eq!(outcome.number("lost") + outcome.number("undecided_hazards"), lost);
        prop_assert_eq!(outcome.total.processed, times.iter().map(|&n| i64::from(n)).sum::<i64>());
        prop_assert_eq!(outcome.wrong(), super::NONE);
    }

    #[test]
    fn o4_with_workers_out_of_order_agrees_with_a_model_per_record(
        order in Just((0..40usize).collect::<Vec<_>>()).prop_shuffle(),
        commits in prop::collection::vec((0usize..40, 0i64..41), 0..12),
        ended in 0usize..41,
    ) {
        let mut forge = Forge::running();
        forge.at(2_000).delivered(0, 0, 0, 40);
        let (mut done, mut hazard) = ([false; 40], [false; 40]);
        for (at, &record) in order.iter().enumerate().take(ended) {
            forge.done(0, 0, record as i64, record as i64 + 1);
            done[record] = true;
            for &(_, offset) in commits.iter().filter(|commit| commit.0 == at) {
                forge.commits(0, 0, offset);
                (0..offset as usize).filter(|&o| !done[o]).for_each(|o| hazard[o] = true);
            }
        }
        forge.at(3_000).by(0, Kind::Crash {});
        let outcome = forge.end(4_000);
        prop_assert_eq!(outcome.number("hazards"), hazard.iter().filter(|&&h| h).count() as i64);
        let lost = (0..40).filter(|&o| hazard[o] && !done[o]).count() as i64;
        prop_assert_eq!(outcome.number("lost"), lost);
        prop_assert_eq!((outcome.number("duplicates"), ActorId::FIRST_CLIENT), (0, Forge::actor(0)));
    }
}
