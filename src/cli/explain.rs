//! `groupsim explain CODE` and `groupsim explain --profile NAME`.

use super::exit::{Exit, Failure};
use super::terminal::Stdout;
use crate::config::ClientKind;
use crate::profile;
use crate::report::codes;

/// Explain an error code of Kafka (ILLEGAL_GENERATION) or of a scenario file (GS012), or a client library's profile
///
/// The story of a run (explain FILE --event eN) is planned.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  groupsim explain ILLEGAL_GENERATION
  groupsim explain 22                   the same, by its number in the protocol
  groupsim explain GS012
  groupsim explain --profile librdkafka every default with its source, and what is not modelled")]
pub struct Args {
    /// An error code or the code of a diagnostic; without one, list those of Kafka
    #[arg(value_name = "CODE|FILE", allow_negative_numbers = true)]
    subject: Option<String>,
    /// Planned: the story of an event
    #[arg(long, value_name = "eN")]
    event: Option<String>,
    /// The profile of a client library: java, librdkafka, sarama, kafka-go, franz-go
    #[arg(long, value_name = "NAME", conflicts_with_all = ["subject", "event"])]
    profile: Option<String>,
    /// With --profile: for programs
    #[arg(long, requires = "profile")]
    json: bool,
    /// With FILE: root seed
    #[arg(long, value_name = "N", hide = true)]
    seed: Option<u64>,
    /// With FILE: change the scenario
    #[arg(long, value_name = "KEY=VALUE", hide = true)]
    set: Vec<String>,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(name) = &args.profile {
        return explain_profile(name, args.json);
    }
    if args.event.is_some() {
        return super::planned::refuse(
            "explain --event (`groupsim chart FILE --around eN` shows the rebalance around it)",
        );
    }
    let mut out = Stdout::default();
    match args.subject.as_deref() {
        None => out.data(&codes::list()),
        Some(subject) => {
            match codes::explain(subject).or_else(|| crate::scenario::explain_code(subject).map(str::to_owned)) {
                Some(text) => out.data(&format!("{}\n", text.trim_end())),
                None if is_file(subject) => return super::planned::refuse("explain FILE"),
                None => return Err(Failure::usage(unknown(subject))),
            }
        }
    }
    out.finish().map(|()| Exit::Held)
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

fn is_file(subject: &str) -> bool {
    let path = std::path::Path::new(subject);
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
