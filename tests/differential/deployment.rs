//! Random scenarios, as the text of their files: groups of clients that come, go, hang, crash and are cut off.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::fmt::Write;

const VERBS: [&str; 9] = ["restart", "stop", "crash", "pause", "slow", "stuck", "cut", "scale", "add-partitions"];
const COMMITS: [&str; 9] = [
    r#"{ when = "after-record", mode = "sync" }"#,
    r#"{ when = "after-record", mode = "async" }"#,
    r#"{ when = "after-batch", mode = "sync", on-revoke = true }"#,
    r#"{ when = "after-batch", mode = "async" }"#,
    r#"{ when = "every-n", n = 7, mode = "sync", on-revoke = true }"#,
    r#"{ when = "interval", interval = "2s", mode = "async" }"#,
    r#"{ when = "never", on-revoke = true }"#,
    r#"{ when = "auto", interval = "1s" }"#,
    r#"{ when = "before-batch", mode = "async", on-revoke = true }"#,
];

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    fn range(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from)
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

/// Scenario number `number` of a seed.
pub fn scenario_text(seed: u64, number: u64) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let mut dice = Dice(rng);
    let mut text = String::new();
    let run_for_s = dice.range(30, 200);
    let partitions = dice.range(1, 7);
    let groups = dice.range(1, 3);
    // Round delays and no jitter make requests and timers meet at one instant.
    let (delay, jitter) = (dice.pick(&["0", "500", "3000", "3000"]), dice.pick(&["0%", "0%", "20%", "60%"]));
    let (latency, loss) = (dice.pick(&["1ms", "500us", "3ms", "20ms"]), dice.pick(&["0%", "0%", "0%", "3%"]));
    let (most, retention) = (dice.pick(&["2147483647", "2147483647", "2147483647", "3"]), dice.pick(&["10080", "1"]));
    writeln!(
        text,
        "name = \"random {number}\"\nrun-for = \"{run_for_s}s\"\nseed = {number}\n[broker.config]\n\
         group.initial.rebalance.delay.ms = {delay}\ngroup.max.size = {most}\n\
         offsets.retention.minutes = {retention}\noffsets.retention.check.interval.ms = 7000\n\
         [network]\nlatency = {{ base = \"{latency}\", jitter = \"{jitter}\", loss = \"{loss}\" }}\n\
         [topic.t]\npartitions = {partitions}\nrecords = {}\nproduce = \"{}/s\"",
        dice.below(300),
        dice.range(1, 40)
    )
    .expect("a string takes text");
    let sizes: Vec<u64> = (0..groups).map(|group| one_group(&mut dice, group, &mut text)).collect();
    text.push_str("[timeline]\nevents = [\n");
    for _ in 0..dice.below(40) {
        let line = event(&mut dice, run_for_s * 1_000, partitions, &sizes);
        writeln!(text, "  {line},").expect("a string takes text");
    }
    // One in three with a group of its own also has its coordinator moved, and its offsets expire or be reset.
    if groups == 1 && number.is_multiple_of(3) {
        for _ in 0..dice.range(1, 6) {
            let at_ms = dice.range(2_000, run_for_s * 1_000 - 21_000);
            let for_ms = dice.pick(&["0", "1", "300", "2000", "9000"]);
            let to = dice.pick(&["\"earliest\"", "\"latest\"", "20"]);
            let verb = match dice.below(4) {
                0 => "expire-offsets = \"g0\"".to_owned(),
                1 => format!("reset-offsets = \"g0\", to = {to}"),
                _ => format!("failover = \"g0\", down-for = \"{for_ms}ms\""),
            };
            writeln!(text, "  {{ at = \"{at_ms}ms\", {verb} }},").expect("a string takes text");
        }
    }
    text.push_str("]\n");
    text
}

fn one_group(dice: &mut Dice, group: u64, text: &mut String) -> u64 {
    let members = dice.range(1, 7);
    let session = dice.pick(&["6000", "6000", "10000", "45000"]);
    let heartbeat = dice.pick(&["500", "1000", "2000", "3000"]);
    let assignor = dice.pick(&["range", "roundrobin", "sticky", "cooperative-sticky", "cooperative-sticky"]);
    writeln!(
        text,
        "[group.g{group}]\ntopics = [\"t\"]\nmembers = {members}\nstatic = {}\n\
         process = {{ per-record = \"{}ms\", jitter = \"20%\" }}\ncommit = {}\n[group.g{group}.config]\n\
         auto.offset.reset = \"earliest\"\nsession.timeout.ms = {session}\nheartbeat.interval.ms = {heartbeat}\n\
         max.poll.interval.ms = {}\nmax.poll.records = {}\npartition.assignment.strategy = \"{assignor}\"",
        dice.below(4) == 0,
        dice.below(40),
        dice.pick(&COMMITS),
        dice.pick(&["3000", "8000", "20000", "300000"]),
        dice.range(1, 60),
    )
    .expect("a string takes text");
    members
}

fn event(dice: &mut Dice, run_for_ms: u64, partitions: u64, sizes: &[u64]) -> String {
    let group = dice.below(sizes.len() as u64);
    let member = dice.below(sizes[group as usize]);
    let whole = dice.below(3) > 0;
    let unit = if whole { 1_000 } else { 1 };
    let for_ms = dice.range(100, 20_000);
    let at_ms = dice.range(2_000, run_for_ms - 21_000) / unit * unit;
    let one = format!("g{group}-{member}");
    let all = format!("g{group}-*");
    let who = if dice.below(4) == 0 { &all } else { &one };
    match dice.pick(&VERBS) {
        "restart" => format!(r#"{{ at = "{at_ms}ms", restart = "{who}", down-for = "{for_ms}ms" }}"#),
        verb @ ("stop" | "crash") => {
            let back_ms = at_ms + for_ms;
            format!("{{ at = \"{at_ms}ms\", {verb} = \"{who}\" }},\n  {{ at = \"{back_ms}ms\", start = \"{who}\" }}")
        }
        "slow" => format!(r#"{{ at = "{at_ms}ms", slow = "{who}", per-record = "700ms", for = "{for_ms}ms" }}"#),
        "scale" => format!(r#"{{ at = "{at_ms}ms", scale = "g{group}", to = {} }}"#, dice.below(8)),
        "add-partitions" => {
            format!(r#"{{ at = "{at_ms}ms", add-partitions = "t", to = {} }}"#, partitions + 1 + dice.below(3))
        }
        verb => format!(r#"{{ at = "{at_ms}ms", {verb} = "{who}", for = "{for_ms}ms" }}"#),
    }
}
