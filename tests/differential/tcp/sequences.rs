//! Random sequences, many at once.

use super::broker::Broker;
use super::peer::Tcp;
use super::play::{Play, Stop, leaders, seen};
use super::tally::Tally;
use crate::compare::difference;
use crate::generate::Generator;
use crate::kafka::Kafka;
use crate::number;
use crate::ours::Ours;
use crate::peer::Peer;
use crate::run::{Mismatch, Played, compare};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Steps of a sequence.
const STEPS: usize = 60;
/// The longest that a sequence may take.
const LONGEST: Duration = Duration::from_secs(25);
/// How often a sequence is played again if it was late.
const ATTEMPTS: u64 = 8;
/// Differences that are enough.
const MAX_FOUND: usize = 4;

/// Settings of a broker that sequences are played to: initial delay, size limit, metadata limit.
const BROKERS: [(u64, u64, usize); 3] = [(400, 2_147_483_647, 8), (0, 4, 4_096), (900, 2_147_483_647, 8)];

fn settings((delay_ms, max_size, metadata_max): (u64, u64, usize)) -> Vec<(&'static str, u64)> {
    vec![
        ("group.initial.rebalance.delay.ms", delay_ms),
        ("group.max.size", max_size),
        ("offset.metadata.max.bytes", metadata_max as u64),
        ("group.min.session.timeout.ms", 100),
        // Never within a run: its tick counts from the start of the broker.
        ("offsets.retention.check.interval.ms", 86_400_000),
    ]
}

/// What came of all sequences.
#[derive(Default)]
struct Outcome {
    tally: Tally,
    found: Vec<(u64, Box<Mismatch>)>,
    /// To be played to the harness: config and commands.
    played: Vec<(u64, Value, Vec<Played>)>,
}

#[test]
fn tcp_random_sequences_get_the_brokers_answers() {
    if !super::may_start() {
        return;
    }
    let (amount, seed) = (number("GROUPSIM_TCP_SEQUENCES", 60), number("GROUPSIM_DIFF_SEED", 1));
    let (first, at_once) = (number("GROUPSIM_DIFF_FIRST", 0), number("GROUPSIM_TCP_AT_ONCE", 40));
    let started = Instant::now();
    let outcome = Mutex::new(Outcome::default());
    for (index, of) in BROKERS.into_iter().enumerate() {
        let numbers: Vec<u64> = (first..first + amount).filter(|n| *n % BROKERS.len() as u64 == index as u64).collect();
        if !numbers.is_empty() {
            to_one_broker(of, seed, &numbers, at_once, &outcome);
        }
    }
    let Outcome { tally, found, played } = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    let last = first + amount;
    eprintln!(
        "over TCP: seed {seed}, sequences {first}..{last}, {at_once} at once, {:.0?}: {tally}",
        started.elapsed()
    );
    for (sequence, mismatch) in &found {
        crate::show(&format!("sequence {sequence}: {}", mismatch.difference.signature), mismatch);
    }
    assert!(found.is_empty(), "{} differences between the broker and us", found.len());
    let why = "agreed in no attempt; if this machine is too busy, set GROUPSIM_TCP_AT_ONCE lower";
    assert_eq!(tally.given_up, 0, "sequences {why}");
    if std::env::var_os("GROUPSIM_KAFKA_HARNESS").is_some() {
        with_the_harness(&played);
    }
}

fn to_one_broker(of: (u64, u64, usize), seed: u64, numbers: &[u64], at_once: u64, outcome: &Mutex<Outcome>) {
    let settings = settings(of);
    let lines: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let broker = Broker::start(&format!("random-{}", of.0), &lines);
    super::directed::prepare(&broker.address, &[("orders", 3), ("refunds", 2)]);
    let config: serde_json::Map<String, Value> =
        settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
    let config = json!({ "op": "config", "broker": config, "topics": { "orders": 3, "refunds": 2 }, "seed": seed });
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(numbers.len() as u64) {
            scope.spawn(|| {
                while let Some(sequence) = numbers.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    if lock(outcome).found.len() >= MAX_FOUND {
                        return;
                    }
                    one_sequence(&broker.address, &config, of.2, (seed, *sequence), outcome);
                }
            });
        }
    });
}

fn lock(outcome: &Mutex<Outcome>) -> std::sync::MutexGuard<'_, Outcome> {
    outcome.lock().unwrap_or_else(PoisonError::into_inner)
}

fn one_sequence(
    address: &str,
    config: &Value,
    metadata_max: usize,
    (seed, sequence): (u64, u64),
    outcome: &Mutex<Outcome>,
) {
    // A difference counts if it comes twice: a broker that was starved of time may answer anything once.
    let mut once = false;
    for attempt in 0..ATTEMPTS {
        let tcp = Tcp::new(address, format!("{sequence}.{attempt}-"));
        let mut generator = Generator::in_real_time(seed, sequence, metadata_max);
        let mut play = Play::new(tcp, config.clone(), seed ^ sequence << 16);
        let started = Instant::now();
        let mut stop = None;
        for _ in 0..STEPS {
            let step = generator.next(&play.view);
            stop = play.step(&step).err();
            if stop.is_some() || started.elapsed() > LONGEST {
                break;
            }
        }
        let mut outcome = lock(outcome);
        match stop {
            Some(Stop::Late(why)) => {
                eprintln!("sequence {sequence}: late, {why}");
                outcome.tally.late += 1;
                continue;
            }
            Some(Stop::Differs(mismatch)) => {
                if once {
                    outcome.found.push((sequence, mismatch));
                    return;
                }
                eprintln!("sequence {sequence}, played again: {}", mismatch.difference.signature);
                once = true;
                continue;
            }
            Some(Stop::Ended(reason)) => *outcome.tally.ended.entry(reason).or_default() += 1,
            None => {}
        }
        outcome.tally.sequences += 1;
        outcome.tally.only_once += u64::from(once);
        outcome.tally.doubtful += u64::from(play.doubtful.is_some());
        outcome.tally.add(&play.played);
        outcome.tally.lateness_ms.append(&mut play.lateness_ms);
        outcome.played.push((sequence, config.clone(), play.played));
        return;
    }
    lock(outcome).tally.given_up += 1;
}

/// The same commands to Kafka's coordinator on a virtual clock. It must give the broker's answers until the two take
/// different members for leader, and ours all the way.
fn with_the_harness(sequences: &[(u64, Value, Vec<Played>)]) {
    let started = Instant::now();
    let mut kafka = Kafka::start();
    let (mut same, mut parted, mut answers) = (0_u64, 0_u64, 0_u64);
    for (sequence, config, played) in sequences {
        kafka.command(config).unwrap_or_else(|error| panic!("{error}"));
        let mut ours = Ours::new();
        ours.command(config).expect("a fresh coordinator says nothing");
        let mut asked = HashMap::new();
        let mut together = true;
        for Played { command, kafka: broker } in played {
            if let (Some(id), Some(api)) = (command["id"].as_u64(), command["api"].as_str()) {
                asked.insert(id, (api.to_owned(), command["version"].as_i64().expect("a version")));
            }
            let said = match compare(&mut kafka, &mut ours, command) {
                Ok(Some(said)) => said,
                Ok(None) => break,
                Err(differs) => panic!("sequence {sequence}, harness and ours: {}", differs.1.signature),
            };
            together &= leaders(&said) == leaders(broker);
            if together {
                let project = |reply| seen(reply, |id| asked.get(&id).cloned());
                let found = difference(&project(&said), &project(broker));
                assert!(found.is_none(), "sequence {sequence}, harness and broker: {found:?}\n{command}");
                answers += broker.answers.len() as u64;
            }
        }
        same += u64::from(together);
        parted += u64::from(!together);
    }
    eprintln!(
        "with the harness, {:.0?}: {answers} answers the same as the broker's; {same} sequences to their end, {parted} until \
         the two took different leaders",
        started.elapsed()
    );
}
