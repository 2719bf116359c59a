//! Our group coordinator against Kafka's, answer by answer and millisecond by millisecond (docs/fidelity.md).
//!
//! `cargo test` replays recordings of Kafka's answers. With `GROUPSIM_KAFKA_HARNESS=1` it also plays random sequences to a
//! live one: `GROUPSIM_DIFF_REQUESTS` commands from seed `GROUPSIM_DIFF_SEED`, starting with sequence
//! `GROUPSIM_DIFF_FIRST`. With `GROUPSIM_DIFF_RECORD=1` it takes all recordings anew, for another version of Kafka say; those
//! of the unit tests of rules (`rules.rs`) are taken anew by `tests/kafka/rules.sh`.

mod answers;
mod assign;
mod base64;
mod compare;
mod deployment;
mod generate;
mod kafka;
mod names;
mod ours;
mod peer;
mod recorded;
mod requests;
mod resolve;
mod rules;
mod run;
mod scenarios;
mod sent;
mod shadow;
mod step;
mod succession;
mod tally;
#[cfg(feature = "kafka")]
mod tcp;
mod view;

use generate::Generator;
use kafka::Kafka;
use peer::Peer;
use recorded::Recording;
use run::{Mismatch, Run, shrink};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;
use tally::Tally;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: not a number")))
}

/// Whether there is a live Kafka coordinator; says so if there is none.
fn is_live() -> bool {
    let live = std::env::var_os("GROUPSIM_KAFKA_HARNESS").is_some();
    if !live {
        // Not eprintln!, which the test harness swallows where a test passes.
        let text = "SKIPPED: no live Kafka coordinator; set GROUPSIM_KAFKA_HARNESS=1 (needs Java 17 and Maven)";
        writeln!(std::io::stderr(), "{text}").expect("stderr takes a line");
    }
    live
}

/// Different differences that are shrunk before the test gives up.
const MAX_FOUND: usize = 8;
/// Steps of a sequence.
const STEPS: usize = 200;
/// The standing corpus: how many sequences, of which seed, how long.
const RANDOM_RECORDINGS: u64 = 36;
const RECORDED_SEED: u64 = 4_400;
const RECORDED_STEPS: usize = 26;

#[test]
fn recorded_answers_of_kafka_are_ours_too() {
    let files = recorded::files();
    assert!(files.len() > RANDOM_RECORDINGS as usize, "{} recordings", files.len());
    let check = |path: &std::path::PathBuf| {
        let checked = Recording::read(path).check();
        checked.err().map(|error| format!("{}: {error}", path.display()))
    };
    let wrong: Vec<String> = files.iter().filter_map(check).collect();
    assert!(wrong.is_empty(), "{} of {} recordings differ\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

#[test]
fn recordings_are_taken_anew() {
    if std::env::var_os("GROUPSIM_DIFF_RECORD").is_none() {
        return;
    }
    let mut kafka = Kafka::start();
    for path in recorded::files() {
        let mut recording = Recording::read(&path);
        recording.record(&mut kafka);
        recording.write(&path);
    }
    for sequence in 0..RANDOM_RECORDINGS {
        let (mut generator, config) = Generator::new(RECORDED_SEED, sequence);
        let mut run = Run::new(&mut kafka, &config);
        for _ in 0..RECORDED_STEPS {
            let step = generator.next(&run.view);
            run.step(&step).unwrap_or_else(|mismatch| panic!("{}", mismatch.difference.signature));
        }
        let about = format!("random sequence {sequence} of seed {RECORDED_SEED}");
        let path = recorded::folder().join(format!("random-{sequence:02}.jsonl"));
        Recording { about, played: std::mem::take(&mut run.played) }.write(&path);
    }
}

#[test]
fn random_sequences_get_kafkas_answers() {
    if !is_live() {
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
