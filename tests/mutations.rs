//! Scenario files with mistakes that nobody thought of: an answer, never a panic, and never a run without end.

use groupsim::oracle::Judge;
use groupsim::scenario::{self, Severity};
use groupsim::sim::{self, RunOptions, StopReason};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Numbers from a seed (SplitMix64): the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.below(among.len())]
    }
}

const SEEDS: &[&str] = &[
    include_str!("../scenarios/rolling-deploy.toml"),
    include_str!("../scenarios/talk/low-level.toml"),
    include_str!("../scenarios/talk/stuck-app.toml"),
    include_str!("../scenarios/talk/auto-commit.toml"),
    include_str!("../scenarios/talk/two-groups.toml"),
    include_str!("../scenarios/questions/one-slow-member.toml"),
    include_str!("../scenarios/questions/new-partitions.toml"),
    include_str!("../scenarios/questions/rebalance-for-ever.toml"),
    include_str!("../scenarios/questions/which-session-timeout.toml"),
    include_str!("../scenarios/questions/coordinator-moves.toml"),
    include_str!("../scenarios/questions/records-expired.toml"),
    include_str!("../scenarios/questions/offsets-expired.toml"),
];

/// What stands where a number or a duration stood.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "100",
    "100_000",
    "2147483647",
    "2147483648",
    "-2147483648",
    "9223372036854775807",
    "1e9",
    "nan",
    "\"0\"",
    "\"1us\"",
    "\"1ms\"",
    "\"999ms\"",
    "\"1s\"",
    "\"10s\"",
    "\"60s\"",
    "\"10000h\"",
    "\"100%\"",
    "\"1000000/s\"",
    "\"1/1us\"",
    "true",
    "[]",
    "{}",
];

/// Lines that may stand anywhere.
const LINES: &[&str] = &[
    "[network]\nlatency = { base = \"1us\", jitter = \"100%\", loss = \"90%\" }",
    "[network]\nlatency = \"10h\"",
    "fetch.max.wait.ms = 0",
    "fetch.min.bytes = 2147483647",
    "fetch.max.bytes = 0",
    "max.partition.fetch.bytes = 0",
    "max.poll.records = 1",
    "max.poll.records = 2147483647",
    "max.poll.interval.ms = 1",
    "retry.backoff.ms = 0",
    "retry.backoff.max.ms = 0",
    "reconnect.backoff.ms = 0",
    "reconnect.backoff.max.ms = 0",
    "request.timeout.ms = 1",
    "default.api.timeout.ms = 1",
    "auto.commit.interval.ms = 0",
    "enable.auto.commit = true",
    "auto.offset.reset = \"none\"",
    "heartbeat.interval.ms = 1",
    "session.timeout.ms = 2",
    "metadata.max.age.ms = 0",
    "static = true",
    "client = \"librdkafka\"",
    "commit = { when = \"interval\", interval = \"1us\" }",
    "commit = { when = \"every-n\", n = 1, mode = \"async\" }",
    "commit = { when = \"before-record\", mode = \"sync\", on-revoke = true }",
    "process = { per-record = \"0\" }",
    "process = { per-record = \"10h\", jitter = \"100%\" }",
    "  { at = \"0s\", every = \"1us\", times = 1000, crash = \"*\" },",
    "  { at = \"1s..50s\", every = \"1s\", times = 60, restart = \"*\", down-for = \"0\" },",
    "  { at = \"1s\", cut = \"*\", for = \"10h\" },",
    "  { at = \"1s\", every = \"100ms\", times = 100, cut = \"*\", for = \"99ms\" },",
    "  { at = \"2s\", pause = \"*\", for = \"1us\" },",
    "  { at = \"2s\", slow = \"*\", per-record = \"0\" },",
    "  { at = \"2s\", stuck = \"*\" },",
];

fn mutated(dice: &mut Dice) -> String {
    let seed = SEEDS[dice.below(SEEDS.len())];
    let mut lines: Vec<String> =
        seed.lines().filter(|line| !line.trim_start().starts_with('#')).map(str::to_owned).collect();
    for _ in 0..=dice.below(3) {
        let at = dice.below(lines.len());
        match dice.below(12) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let other = dice.below(lines.len());
                lines.swap(at, other);
            }
            3 => {
                // Cut a line in the middle, or repeat a piece of it.
                let chars: Vec<char> = lines[at].chars().collect();
                let (a, b) = (dice.below(chars.len() + 1), dice.below(chars.len() + 1));
                lines[at] = chars[..a].iter().chain(&chars[b..]).collect();
            }
            4..=6 => {
                let line = dice.pick(LINES);
                let at = place_for(line, &lines, dice).unwrap_or(at);
                lines.insert(at, line.to_owned());
            }
            _ => {
                // A value becomes another one.
                let with_numbers: Vec<usize> =
                    (0..lines.len()).filter(|&i| lines[i].bytes().any(|b| b.is_ascii_digit())).collect();
                let Some(&at) = with_numbers.get(dice.below(with_numbers.len())) else { continue };
                lines[at] = other_value(&lines[at], dice);
            }
        }
    }
    lines.join("\n") + "\n"
}

/// After a line where this one makes sense.
fn place_for(line: &str, lines: &[String], dice: &mut Dice) -> Option<usize> {
    let fits = |before: &String| match line.split_whitespace().next() {
        Some("{") => before.trim_start().starts_with("events = ["),
        Some(key) if key.starts_with('[') => false,
        Some(key) if key.contains('.') => before.starts_with("[group.") && before.contains(".config]"),
        _ => before.starts_with("[group.") && !before.contains(".config]"),
    };
    let places: Vec<usize> = (0..lines.len()).filter(|&i| fits(&lines[i])).map(|i| i + 1).collect();
    places.get(dice.below(places.len())).copied()
}

/// Replaces one word that has a digit in it, with its quotes.
fn other_value(line: &str, dice: &mut Dice) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "\"._%/".contains(c);
    let mut words = Vec::new();
    let mut from = None;
    for (i, c) in line.char_indices().chain([(line.len(), ' ')]) {
        match (is_word(c), from) {
            (true, None) => from = Some(i),
            (false, Some(start)) => {
                let word = &line[start..i];
                if word.trim_start_matches('"').starts_with(|c: char| c.is_ascii_digit()) {
                    words.push(start..i);
                }
                from = None;
            }
            _ => {}
        }
    }
    let Some(word) = words.get(dice.below(words.len())).cloned() else { return line.to_owned() };
    // Mostly something of the same kind, or hardly any mutant would get as far as a run.
    let old = &line[word.clone()];
    let new = match dice.below(8) {
        0 => dice.pick(NUMBERS),
        _ if old.starts_with('"') => {
            dice.pick(&["\"0\"", "\"1us\"", "\"1ms\"", "\"999ms\"", "\"1s\"", "\"9s\"", "\"40s\"", "\"2h\""])
        }
        _ => dice.pick(&["0", "1", "2", "3", "7", "100", "5_000", "45_000", "2147483647"]),
    };
    format!("{}{new}{}", &line[..word.start], &line[word.end..])
}

/// Whether the file could be run.
fn answers(text: &str) -> bool {
    let loaded = match scenario::parse("mutant.toml", text, &[]) {
        Ok(loaded) => loaded,
        Err(errors) => {
            assert!(errors.diagnostics.iter().any(|d| d.severity == Severity::Error), "exit 2 without a reason");
            assert!(errors.diagnostics.iter().all(|d| !d.render(false).is_empty()));
            return false;
        }
    };
    let scenario = loaded.scenario;
    let mut judge = Judge::new(&scenario.expect, scenario.promises.lost_mentioned, scenario.promises.skipped_mentioned);
    let options = RunOptions { event_budget: Some(3_000), ..RunOptions::default() };
    let end = sim::run(&scenario, options, &mut [&mut judge]);
    assert!(end.stop != StopReason::Interrupted && end.events < 1_000_000, "{} events", end.events);
    let outcome = judge.finish(&end.names, end.virtual_time);
    assert!(
        !outcome.model_broken(),
        "{:?}",
        outcome.findings.iter().find(|f| f.class == groupsim::oracle::Class::Model)
    );
    true
}

#[test]
fn mutants_of_shipped_scenarios_are_answered_without_panic_and_in_bounded_time() {
    let (first, count) = match std::env::var("GROUPSIM_MUTANTS").ok().and_then(|n| n.parse().ok()) {
        Some(n) => (1_000_000, n),
        None => (0, 2_000),
    };
    let (mut ran, mut bad) = (0, Vec::new());
    for number in first..first + count {
        let text = mutated(&mut Dice(number));
        let started = std::time::Instant::now();
        match catch_unwind(AssertUnwindSafe(|| answers(&text))) {
            Ok(runs) => ran += u64::from(runs),
            Err(_) => bad.push(format!("mutant {number} panics:\n{text}")),
        }
        if started.elapsed().as_secs() >= 5 {
            bad.push(format!("mutant {number} takes {:?}:\n{text}", started.elapsed()));
        }
    }
    assert!(bad.is_empty(), "{} of {count}\n{}", bad.len(), bad.join("\n----\n"));
    assert!(ran > count / 5, "only {ran} of {count} mutants are files that can be run");
}
