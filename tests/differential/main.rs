//! Our group coordinator against Kafka's, answer by answer and millisecond by millisecond (docs/fidelity.md).
//!
//! `cargo test` replays recordings of Kafka's answers. With `GROUPSIM_KAFKA_HARNESS=1` it also plays random sequences to a
//! live one: `GROUPSIM_DIFF_REQUESTS` commands from seed `GROUPSIM_DIFF_SEED`.

mod answers;
mod base64;
mod compare;
mod generate;
mod kafka;
mod names;
mod ours;
mod peer;
mod requests;
mod resolve;
mod run;
mod step;
mod succession;
mod tally;
mod view;

use generate::Generator;
use kafka::Kafka;
use peer::Peer;
use run::{Mismatch, Run, shrink};
use std::collections::BTreeMap;
use std::time::Instant;
use tally::Tally;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: not a number")))
}

/// Different differences that are shrunk before the test gives up.
const MAX_FOUND: usize = 8;
/// Steps of a sequence.
const STEPS: usize = 200;

#[test]
fn random_sequences_get_kafkas_answers() {
    if std::env::var_os("GROUPSIM_KAFKA_HARNESS").is_none() {
        eprintln!("SKIPPED: no live Kafka coordinator; set GROUPSIM_KAFKA_HARNESS=1 (needs Java 17 and Maven)");
        return;
    }
    let (amount, seed) = (number("GROUPSIM_DIFF_REQUESTS", 200_000), number("GROUPSIM_DIFF_SEED", 1));
    let first = number("GROUPSIM_DIFF_FIRST", 0);
    let mut kafka = Kafka::start();
    let mut found: BTreeMap<String, Box<Mismatch>> = BTreeMap::new();
    let (started, mut tally, mut sequence) = (Instant::now(), Tally::default(), first);
    while tally.commands < amount && found.len() < MAX_FOUND {
        one_sequence(&mut kafka, (seed, sequence), &mut tally, &mut found);
        sequence += 1;
    }
    eprintln!("seed {seed}, sequences {first}..{sequence}, {:.0?}: {tally}", started.elapsed());
    for (signature, mismatch) in &found {
        show(signature, mismatch);
    }
    assert!(found.is_empty(), "{} differences between Kafka and us", found.len());
}

/// Plays the sequence of a seed and number.
fn one_sequence(
    kafka: &mut dyn Peer,
    (seed, sequence): (u64, u64),
    tally: &mut Tally,
    found: &mut BTreeMap<String, Box<Mismatch>>,
) {
    let (mut generator, config) = Generator::new(seed, sequence);
    let mut run = Run::new(kafka, &config);
    let mut steps = Vec::new();
    for _ in 0..STEPS {
        let step = generator.next(&run.view);
        steps.push(step.clone());
        if let Err(mismatch) = run.step(&step) {
            tally.add(&mismatch.played);
            if !found.contains_key(&mismatch.difference.signature) {
                eprintln!("sequence {sequence}: {}", mismatch.difference.signature);
                let mismatch = shrink(kafka, &config, steps, mismatch);
                found.insert(mismatch.difference.signature.clone(), mismatch);
            }
            return;
        }
    }
    tally.add(&run.played);
}

fn show(signature: &str, mismatch: &Mismatch) {
    eprintln!("\n--- {signature}");
    for played in &mismatch.played {
        eprintln!("{}", played.command);
        for answer in &played.kafka.answers {
            eprintln!("    {} #{} {}", answer.t, answer.id, answer.body);
        }
    }
    eprintln!("kafka {:?}\nours  {:?}", mismatch.difference.kafka, mismatch.difference.ours);
}
