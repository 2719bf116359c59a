//! `groupsim explain FILE`, `groupsim explain CODE` and `groupsim explain --profile NAME`.

use super::common::{Common, event};
use super::exit::{Exit, Failure};
use super::source::Source;
use super::terminal::Stdout;
use crate::config::ClientKind;
use crate::config::expect::Expectations;
use crate::ids::Seq;
use crate::oracle::Judge;
use crate::profile;
use crate::report::codes;
use crate::report::story::{self, Chain, Teller};
use std::path::Path;

/// Tell the story of a run, or explain an error code of Kafka (ILLEGAL_GENERATION), a code of a scenario file (GS012) or
/// a client library's profile
///
/// The story: what the timeline did, each rebalance with its reason, who was dropped, whose commits were refused, and the
/// duplicates and losses with their causes, each with its event. With --event: what led to one event.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  groupsim explain scenarios/rolling-deploy.toml
  groupsim explain trace.jsonl --event e4711   what led to this event
  groupsim explain ILLEGAL_GENERATION
  groupsim explain 22                   the same, by its number in the protocol
  groupsim explain GS012
  groupsim explain --profile librdkafka every default with its source, and what is not modelled")]
pub struct Args {
    /// An error code or the code of a diagnostic; without one, list those of Kafka
    #[arg(value_name = "CODE|FILE", allow_negative_numbers = true)]
    subject: Option<String>,
    /// With FILE: what led to this event
    #[arg(long, value_name = "eN", value_parser = event)]
    event: Option<Seq>,
    /// The profile of a client library: java, librdkafka, sarama, kafka-go, franz-go
    #[arg(long, value_name = "NAME", conflicts_with_all = ["subject", "event"])]
    profile: Option<String>,
    /// With --profile: for programs
    #[arg(long, requires = "profile")]
    json: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(name) = &args.profile {
        if has_run_options(args) {
            return Err(Failure::usage("--seed, --set and --until go with a scenario or a trace".to_owned()));
        }
        return explain_profile(name, args.json);
    }
    if let Some(subject) = args.subject.as_deref().filter(|subject| is_file(subject)) {
        return explain_file(Path::new(subject), args);
    }
    if args.event.is_some() || has_run_options(args) {
        return Err(Failure::usage("--event, --seed, --set and --until go with a scenario or a trace".to_owned()));
    }
    let mut out = Stdout::default();
    match args.subject.as_deref() {
        None => out.data(&codes::list()),
        Some(subject) => {
            match codes::explain(subject).or_else(|| crate::scenario::explain_code(subject).map(str::to_owned)) {
                Some(text) => out.data(&format!("{}\n", text.trim_end())),
                None => return Err(Failure::usage(unknown(subject))),
            }
        }
    }
    out.finish().map(|()| Exit::Held)
}

/// Whether something is said about a run.
fn has_run_options(args: &Args) -> bool {
    let common = &args.common;
    common.seed.is_some() || common.until.is_some() || !common.set.is_empty()
}

fn explain_profile(name: &str, json: bool) -> Result<Exit, Failure> {
    let Some(client) = ClientKind::ALL.into_iter().find(|client| client.name() == name) else {
        let known: Vec<&str> = ClientKind::ALL.iter().map(|client| client.name()).collect();
        return Err(Failure::usage(format!("there is no profile `{name}`; there are {}", known.join(", "))));
    };
    let Some(profile) = profile::profile(client) else {
        return super::planned::refuse(&format!("client = \"{name}\""));
    };
    let mut out = Stdout::default();
    if json {
        out.data(&format!("{:#}\n", profile::json(&profile)));
    } else {
        out.data(&profile::text(&profile));
    }
    out.finish().map(|()| Exit::Held)
}

/// The story of a run, or of one event.
fn explain_file(path: &Path, args: &Args) -> Result<Exit, Failure> {
    let source = Source::open(path, &args.common)?;
    let (seed, until) = (args.common.seed, args.common.until);
    let mut out = Stdout::default();
    if let Some(seq) = args.event {
        let mut chain = Chain::default();
        source.feed(seed, until, &mut chain)?;
        if !chain.trace_back(seq) {
            return Err(Failure::usage(format!("there is no event e{seq} in this run")));
        }
        source.feed(seed, until, &mut chain)?;
        chain.lines().iter().for_each(|line| out.data(&format!("{line}\n")));
        return out.finish().map(|()| Exit::Held);
    }
    let (name, expect) = match &source {
        Source::Scenario(loaded) => (loaded.scenario.name.clone(), loaded.scenario.expect.clone()),
        Source::Trace(path, _) => (path.display().to_string(), Expectations::default()),
    };
    // What was to be expected is `run`'s to judge; here a loss is told, not judged.
    let (mut judge, mut teller) = (Judge::new(&expect, true, true), Teller::default());
    let (end, names) = source.feed_all(seed, until, &mut [&mut judge, &mut teller])?;
    out.data(&story::story(&name, teller, &judge.finish(&names, end)));
    out.finish().map(|()| Exit::Held)
}

fn is_file(subject: &str) -> bool {
    let path = Path::new(subject);
    path.exists() || path.extension().is_some_and(|e| e == "toml" || e == "jsonl" || e == "csv")
}

fn unknown(subject: &str) -> String {
    let near = codes::names()
        .map(|name| (strsim::damerau_levenshtein(name, &subject.to_ascii_uppercase()), name))
        .min()
        .filter(|near| near.0 <= 5 && near.0 * 2 < subject.len())
        .map(|near| format!("; did you mean {}?", near.1))
        .unwrap_or_default();
    format!("`{subject}` is no code that groupsim knows{near}")
}
