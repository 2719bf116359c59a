//! `groupsim chart FILE -o x.svg`.

use super::common::{Common, event, instant};
use super::exit::{Exit, Failure};
use super::output::{OutputFile, different_places};
use super::source::Source;
use super::terminal::talk;
use crate::ids::Seq;
use crate::report::timeline::{Options, TimelineBuilder, Window, svg};
use crate::time::{Duration, Instant};
use std::path::PathBuf;

/// Draw who owned what and what the coordinator did, on one time axis
///
/// From top to bottom: the state of each group's coordinator with the reason of every rebalance; for each partition, which
/// member has it (nobody: blank; its owner is dead or frozen: hatched); for each member, what its process does. Faults are
/// bands across all rows.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  groupsim chart deploy.toml -o deploy.svg
  groupsim chart deploy.toml --seed 42 --around e4711 -o fail.svg
  groupsim chart trace.jsonl --from 50s --until 2m --group billing --members billing-0,billing-1 -o part.svg")]
pub struct Args {
    /// A scenario, which is run first, or a trace (.jsonl, .csv)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to: an .svg file (.png and .html are planned)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The time around an event, as reports name it: e4711
    #[arg(long, value_name = "eN", value_parser = event, conflicts_with_all = ["from", "until"])]
    around: Option<Seq>,
    /// From this instant on [default: 0s]
    #[arg(long, value_name = "T", value_parser = instant)]
    from: Option<Instant>,
    /// Only these groups
    #[arg(long, value_name = "GROUP", value_delimiter = ',')]
    group: Vec<String>,
    /// Only these members
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    members: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// How much time `--around` shows before the event, and after it.
const BEFORE: Duration = Duration::from_secs(20);
const AFTER: Duration = Duration::from_secs(40);

pub fn run(args: &Args) -> Result<Exit, Failure> {
    match args.output.extension().and_then(|e| e.to_str()) {
        Some("svg") => {}
        Some("png" | "html") => return super::planned::refuse("charts as .png or .html"),
        _ => return Err(Failure::usage(format!("{}: name the chart .svg", args.output.display()))),
    }
    let source = Source::open(&args.file, &args.common)?;
    different_places(std::slice::from_ref(&args.output), std::slice::from_ref(&args.file))?;
    let output = OutputFile::create(&args.output)?;
    let window = window(args, &source)?;
    if window.from >= window.until {
        return Err(Failure::usage(format!("nothing to draw from {} to {}", window.from, window.until)));
    }
    let options =
        Options { groups: args.group.clone(), members: args.members.clone(), mark: args.around.map(|seq| seq.0) };
    let mut builder = TimelineBuilder::new(window, options);
    source.feed(args.common.seed, Some(window.until), &mut builder)?;
    if let Some(unknown) = builder.unknown() {
        return Err(Failure::usage(format!("{unknown} in this run")));
    }
    output.write_whole(&svg::draw(&builder.finish()))?;
    if !args.common.quiet {
        talk(&format!("{}: {} to {}", args.output.display(), window.from, window.until));
    }
    Ok(Exit::Held)
}

fn window(args: &Args, source: &Source) -> Result<Window, Failure> {
    let seed = args.common.seed;
    let end = source.end(seed)?;
    Ok(match args.around {
        Some(seq) => {
            let at = source.instant_of(seed, seq)?;
            let from = Instant::from_us(at.as_us().saturating_sub(BEFORE.as_us()));
            Window { from, until: (at + AFTER).min(end) }
        }
        None => Window { from: args.from.unwrap_or(Instant::ZERO), until: args.common.until.unwrap_or(end).min(end) },
    })
}
