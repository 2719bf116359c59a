//! The command: files are read, simulated runs made, the cluster asked, everything played there, and compared.

use super::batch::{Job, estimate, play_all};
use super::cluster::{About, connect};
use super::outputs::{TraceFiles, names};
use super::play::{Played, Player, Unplayed};
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupt::{flag, interrupted};
use crate::cli::load::{Loaded, load_all_with, tell_warnings};
use crate::cli::panics::caught;
use crate::cli::progress::Progress;
use crate::cli::terminal::{Stdout, talk};
use crate::config::ClientKind;
use crate::kafka::compare::{Comparison, compare, document, simulate, summary_line, table, total_line};
use crate::kafka::observed::Observed;
use crate::kafka::real::LONGEST_TOPIC;
use crate::scenario::{ScenarioErrors, load, load_as};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Hold scenarios against a real cluster: play them with real librdkafka consumers, in real time, and compare
///
/// Each scenario is simulated on many seeds, with librdkafka in the place of every client and with the cluster's own broker
/// settings, and played on the cluster with one process for each member. A table shows both: a row agrees if the real value
/// lies within the range of the simulated ones, widened by the tolerance that the row states (docs/cross-check.md).
///
/// Several scenarios are played at a time. Topics and groups get names of their own and are removed at the end, also after
/// Ctrl-C. Topics and groups that are there already are not touched.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  groupsim cross-check scenarios/talk/redeploy.toml --bootstrap-servers localhost:9092
  groupsim cross-check scenarios/talk --bootstrap-servers localhost:9092 --repeat 3 --json > results.json
  groupsim cross-check a.toml --bootstrap-servers kafka:9093 -X security.protocol=sasl_plaintext -X sasl.mechanisms=PLAIN \\
      -X sasl.username=me -X sasl.password=secret

Exit codes: 0 everything agrees, 2 a file or the command line is wrong (nothing was played), 3 the cluster was lost
half-way, 4 nothing of any scenario could be compared, 5 something differs, 69 no usable cluster at the start, 73 an output
cannot be written, 130 interrupted (what was complete is printed).")]
pub struct Args {
    /// Scenario files, or directories of them
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// The cluster, as in localhost:9092
    #[arg(long, value_name = "HOST:PORT[,HOST:PORT...]", value_parser = bootstrap)]
    bootstrap_servers: String,
    /// A property of librdkafka for every connection, as in -X client.dns.lookup=use_all_dns_ips (repeatable)
    #[arg(short = 'X', value_name = "KEY=VALUE", value_parser = property)]
    property: Vec<(String, String)>,
    /// Play each scenario so many times: all must agree
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    repeat: u16,
    /// Simulate each scenario on so many seeds
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Play at most so many scenarios at a time (default: all, up to 60 members)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// First seed; beats the file's `seed`, which beats 0
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Change the scenarios before they run, as in --set group.billing.members=6 (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = crate::cli::common::key_value)]
    set: Vec<String>,
    /// Print one JSON document on stdout instead of the tables
    #[arg(long)]
    json: bool,
    /// Write the traces of both sides into a directory, as .jsonl
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
    /// Say less: no warnings, no progress, no tables of what agrees
    #[arg(long, short)]
    quiet: bool,
}

/// One scenario on its way.
struct Case {
    loaded: Loaded,
    /// Why it is neither simulated nor played.
    impossible: Option<String>,
    seed: u64,
    simulated: Vec<Observed>,
    traces: Option<TraceFiles>,
    played: Vec<Option<Played>>,
}

/// What has been said and what went wrong.
struct Report<'a> {
    args: &'a Args,
    about: &'a About,
    out: Stdout,
    done: Vec<Option<Comparison>>,
    documents: Vec<Option<Value>>,
    exits: Vec<Exit>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let scenarios = load_all_with(&args.files, &args.set, as_librdkafka)?;
    scenarios.iter().try_for_each(names_fit)?;
    let reasons: Vec<Option<String>> = scenarios.iter().map(|loaded| impossible(args, loaded)).collect();
    let mut traces = Vec::new();
    for (name, reason) in names(&scenarios).iter().zip(&reasons) {
        let path = args.trace.as_deref().filter(|_| reason.is_none());
        traces.push(path.map(|path| TraceFiles::open(path, name, usize::from(args.repeat))).transpose()?);
    }
    // From here on Ctrl-C leaves nothing behind on the cluster.
    flag();
    let (player, about) = connect(&args.bootstrap_servers, &args.property)?;
    if !args.quiet {
        let briefly = scenarios.len() > 1;
        scenarios.iter().for_each(|loaded| tell_warnings(loaded, briefly));
        about.tell(scenarios.iter().zip(&reasons).filter(|(_, reason)| reason.is_none()).map(|(loaded, _)| loaded));
    }
    let mut cases = Vec::new();
    for ((mut loaded, traces), reason) in scenarios.into_iter().zip(traces).zip(reasons) {
        about.apply(&mut loaded.scenario);
        cases.push(match reason {
            None => simulated(args, loaded, traces)?,
            reason => {
                let seed = args.seed.unwrap_or(loaded.scenario.seed);
                Case { loaded, impossible: reason, seed, simulated: Vec::new(), traces, played: Vec::new() }
            }
        });
    }
    played(args, &*player, &about, cases)
}

/// Topics get names of their own on the cluster, which are longer.
fn names_fit(loaded: &Loaded) -> Result<(), Failure> {
    match loaded.scenario.topics.iter().find(|topic| topic.name.len() > LONGEST_TOPIC) {
        None => Ok(()),
        Some(topic) => Err(Failure::usage(format!(
            "{}: topic {}: at most {LONGEST_TOPIC} characters, as its name on the cluster begins with groupsim- and a number",
            loaded.file, topic.name
        ))),
    }
}

/// A file with librdkafka for every client; one that is right but nothing for librdkafka, as it is.
fn as_librdkafka(path: &Path, sets: &[(&str, &str)]) -> Result<crate::scenario::Loaded, ScenarioErrors> {
    load_as(path, sets, ClientKind::Librdkafka).or_else(|errors| load(path, sets).map_err(|_| errors))
}

/// The Go library that a file is written for, if it is.
fn a_go_library(scenario: &crate::scenario::Scenario) -> Option<ClientKind> {
    let kinds = scenario.groups.iter().flat_map(|group| &group.member_configs).map(|config| config.client.kind);
    kinds.into_iter().find(|kind| !matches!(kind, ClientKind::Java | ClientKind::Librdkafka))
}

/// Why a scenario cannot be played for real at all.
fn impossible(args: &Args, loaded: &Loaded) -> Option<String> {
    let sets: Vec<(&str, &str)> = args.set.iter().filter_map(|set| set.split_once('=')).collect();
    if let Some(library) = load(&loaded.path, &sets).ok().and_then(|written| a_go_library(&written.scenario)) {
        let name = library.name();
        return Some(format!(
            "it is about {name}, and the real members are librdkafka's: they would show something else"
        ));
    }
    let mut configs = loaded.scenario.groups.iter().flat_map(|group| &group.member_configs);
    if configs.any(|config| config.client.kind != ClientKind::Librdkafka) {
        let refused = load_as(&loaded.path, &sets, ClientKind::Librdkafka).err()?;
        let why = refused.diagnostics.first().map_or("", |diagnostic| diagnostic.message.as_str());
        return Some(format!("librdkafka does not take what the file gives its clients: {why}"));
    }
    crate::kafka::real::impossible(&loaded.scenario)
}

/// The simulated side of a scenario.
fn simulated(args: &Args, loaded: Loaded, traces: Option<TraceFiles>) -> Result<Case, Failure> {
    let seed = args.seed.unwrap_or(loaded.scenario.seed);
    let simulated = caught(|| simulate(&loaded.scenario, seed, args.seeds, flag())).map_err(|message| {
        let replay = format!("groupsim cross-check {} --seed {seed} --seeds {}", loaded.file, args.seeds);
        let told = format!("groupsim itself broke; please report it: {message}\n  reproduce:  {replay}");
        Failure::new(Exit::Broken, told)
    })?;
    let Some(simulated) = simulated else { return Err(Failure::new(Exit::Interrupted, "interrupted")) };
    let played = (0..args.repeat).map(|_| None).collect();
    Ok(Case { loaded, impossible: None, seed, simulated, traces, played })
}

/// The real side, and the comparison, in the order of the files as far as they are complete.
fn played(args: &Args, player: &dyn Player, about: &About, cases: Vec<Case>) -> Result<Exit, Failure> {
    let plans: Vec<(crate::scenario::Scenario, u64)> =
        cases.iter().map(|case| (case.loaded.scenario.clone(), case.seed)).collect();
    let to_play: Vec<bool> = cases.iter().map(|case| case.impossible.is_none()).collect();
    let (plans, to_play) = (&plans, &to_play);
    let jobs: Vec<Job<'_>> = (0..usize::from(args.repeat))
        .flat_map(move |repetition| {
            let possible = plans.iter().enumerate().filter(|(index, _)| to_play[*index]);
            possible.map(move |(index, (scenario, seed))| Job {
                index,
                repetition,
                scenario,
                seed: seed.wrapping_add(repetition as u64),
            })
        })
        .collect();
    let at_a_time = args.jobs.map_or(usize::MAX, usize::from);
    let mut report = Report {
        args,
        about,
        out: Stdout::default(),
        done: cases.iter().map(|_| None).collect(),
        documents: cases.iter().map(|_| None).collect(),
        exits: Vec::new(),
    };
    let mut cases: Vec<Option<Case>> = cases.into_iter().map(Some).collect();
    let mut progress = Progress::of_real_time(estimate(&jobs, at_a_time), args.quiet);
    let started = Instant::now();
    play_all(player, &jobs, at_a_time, flag(), |results| {
        let mut next = 0;
        loop {
            match results.recv_timeout(Duration::from_millis(250)) {
                Ok((index, repetition, result)) => {
                    progress.suspend(|| report.take(&mut cases[index], repetition, result));
                    while let Some(Some(case)) = cases.get_mut(next)
                        && case.played.iter().all(Option::is_some)
                    {
                        progress.suspend(|| report.compare(next, cases[next].take()));
                        next += 1;
                    }
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
            }
            progress.set(started.elapsed().as_millis() as u64);
        }
    });
    drop(progress);
    // What stands behind one that was not completed.
    for (index, case) in cases.into_iter().enumerate() {
        if case.as_ref().is_some_and(|case| case.played.iter().all(Option::is_some)) {
            report.compare(index, case);
        }
    }
    report.finish()
}

impl Report<'_> {
    /// A job has ended.
    fn take(&mut self, case: &mut Option<Case>, repetition: usize, result: Result<Played, Unplayed>) {
        let Some(case) = case else { return };
        let file = &case.loaded.file;
        match result {
            Ok(played) => case.played[repetition] = Some(played),
            Err(Unplayed::Interrupted) => {}
            Err(Unplayed::Unusable(why)) => self.failed(Exit::NoCluster, &format!("error: {file}: {why}")),
            Err(Unplayed::Lost(why)) => self.failed(Exit::Undecided, &format!("error: {file}: {why}")),
            Err(Unplayed::Broken(why)) => self.failed(Exit::Broken, &format!("error: {file}: {why}")),
        }
    }

    fn failed(&mut self, exit: Exit, sentence: &str) {
        self.exits.push(exit);
        talk(sentence);
    }

    /// A scenario has been played as often as it was to be.
    fn compare(&mut self, index: usize, case: Option<Case>) {
        let Some(Case { loaded, impossible, seed, simulated, traces, played }) = case else { return };
        let (mut real, mut kept) = (Vec::new(), Vec::new());
        let (mut not_comparable, mut remarks) = (Vec::from_iter(impossible), Vec::new());
        for played in played.into_iter().flatten() {
            let observed = Observed::of_trace(&loaded.scenario, &played.trace);
            add_new(&mut remarks, observed.unlike(&played.committed));
            real.push(observed);
            kept.push(played.trace);
            add_new(&mut not_comparable, played.not_comparable);
            add_new(&mut remarks, played.remarks);
        }
        remarks.iter().for_each(|remark| talk(&format!("note: {}: {remark}", loaded.file)));
        let comparison = compare(&loaded.scenario, &simulated, &real, not_comparable);
        if let Some(traces) = traces
            && let Err(failure) = traces.write(&loaded.scenario, seed, &kept)
        {
            self.failed(failure.exit, &format!("error: {}", failure.message));
        }
        if self.args.json {
            let mut document = document(&comparison, &real);
            document["file"] = json!(loaded.file);
            document["name"] = json!(loaded.scenario.name);
            document["seed"] = json!(seed);
            self.documents[index] = Some(document);
        } else {
            self.print(&loaded, &comparison);
        }
        self.exits.push(match (comparison.compared(), comparison.differing()) {
            (_, 0) => Exit::Held,
            _ => Exit::Differs,
        });
        self.done[index] = Some(comparison);
    }

    fn print(&mut self, loaded: &Loaded, comparison: &Comparison) {
        if self.args.quiet && comparison.differing() == 0 {
            return;
        }
        let mut text = format!("{}  ({})\n", loaded.scenario.name, loaded.file);
        text.push_str(&format!("  {}\n", self.about.line()));
        text.push_str(&table(comparison));
        for contradiction in &comparison.contradictions {
            text.push_str(&format!("  note: the oracles say that Kafka cannot do this: {contradiction}\n"));
        }
        text.push_str(&format!("  {}\n\n", summary_line(comparison)));
        self.out.data(&text);
    }

    fn finish(mut self) -> Result<Exit, Failure> {
        let done: Vec<&Comparison> = self.done.iter().flatten().collect();
        if self.args.json {
            let scenarios: Vec<Value> = self.documents.into_iter().flatten().collect();
            let document = json!({ "schema": 1, "cluster": self.about.json(), "scenarios": scenarios });
            self.out.data(&format!("{document:#}\n"));
        } else if self.done.len() > 1 {
            self.out.data(&format!("{}\n", total_line(&done)));
        }
        if interrupted() {
            talk(&format!("interrupted: {} of {} scenarios are complete", done.len(), self.done.len()));
            self.exits.push(Exit::Interrupted);
        } else if !done.is_empty() && done.iter().all(|comparison| !comparison.compared()) {
            self.exits.push(Exit::Nothing);
        }
        if let Err(failure) = self.out.finish() {
            talk(&format!("error: {}", failure.message));
            self.exits.push(failure.exit);
        }
        Ok(Exit::heaviest(self.exits))
    }
}

/// Adds what is not there yet.
fn add_new(all: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// `HOST:PORT`, or several.
fn bootstrap(text: &str) -> Result<String, String> {
    let is_address = |address: &str| {
        let (host, port) = address.trim().rsplit_once(':')?;
        (!host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)).then_some(())
    };
    match text.split(',').all(|address| is_address(address).is_some()) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is no address: write it as HOST:PORT, for example localhost:9092")),
    }
}

/// Properties that decide what is compared: those that a scenario, or the command line, has another place for. Both sides must
/// have them, and members must come through their proxies.
const SAID_ELSEWHERE: &[(&str, &str)] = &[
    ("bootstrap.servers", "--bootstrap-servers says it"),
    ("metadata.broker.list", "--bootstrap-servers says it"),
    ("group.id", "groups get names of their own"),
    ("group.instance.id", "the scenario says it"),
    ("group.protocol", "the scenario says it"),
    ("session.timeout.ms", "the scenario says it"),
    ("heartbeat.interval.ms", "the scenario says it"),
    ("max.poll.interval.ms", "the scenario says it"),
    ("partition.assignment.strategy", "the scenario says it"),
    ("auto.offset.reset", "the scenario says it"),
    ("enable.auto.commit", "the scenario says it"),
    ("auto.commit.enable", "the scenario says it"),
    ("auto.commit.interval.ms", "the scenario says it"),
    ("enable.auto.offset.store", "the scenario says it"),
];

/// `KEY=VALUE`.
fn property(text: &str) -> Result<(String, String), String> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => (key.trim(), value),
        _ => return Err("write it as KEY=VALUE".to_owned()),
    };
    match SAID_ELSEWHERE.iter().find(|(known, _)| *known == key) {
        Some((_, why)) => Err(format!("{key} is not for -X: {why}")),
        None => Ok((key.to_owned(), value.to_owned())),
    }
}
