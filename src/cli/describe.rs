//! `groupsim describe FILE --at T`.

use super::common::{Common, instant};
use super::exit::{Exit, Failure};
use super::source::Source;
use super::terminal::{Stdout, talk};
use crate::report::describe::{CoordinatorView, Table, print};
use crate::time::Instant;
use std::path::PathBuf;

/// Show groups at one instant, as kafka-consumer-groups.sh --describe does
///
/// Columns, widths and wording are the Kafka tool's own; its warnings go to stderr.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  groupsim describe deploy.toml --at 73s
  groupsim describe deploy.toml --at 73s --members --verbose
  groupsim describe trace.jsonl --at 73s --state --group billing")]
pub struct Args {
    /// A scenario, which is run first, or a trace (.jsonl, .csv)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// At this virtual instant, as in 73s or 1m13.5s [default: the end]
    #[arg(long, value_name = "T", value_parser = instant)]
    at: Option<Instant>,
    /// Only this group [default: all that the coordinator knows then]
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// Show partitions and offsets (the default)
    #[arg(long, conflicts_with_all = ["members", "state"])]
    offsets: bool,
    /// Show members
    #[arg(long, conflicts_with = "state")]
    members: bool,
    /// With --members: also the partitions of each
    #[arg(long, requires = "members")]
    verbose: bool,
    /// Show the state of groups
    #[arg(long)]
    state: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let source = Source::open(&args.file, &args.common)?;
    let at = [args.at, args.common.until].into_iter().flatten().min();
    let mut view = CoordinatorView::new(at.unwrap_or(Instant::MAX));
    source.feed(args.common.seed, at, &mut view)?;
    let mut groups = if args.group.is_empty() { view.groups() } else { Vec::new() };
    for group in &args.group {
        if !groups.contains(group) {
            groups.push(group.clone());
        }
    }
    if groups.is_empty() {
        talk("note: the coordinator knows no group at this instant");
    }
    let table = match (args.members, args.state) {
        (true, _) => Table::Members { verbose: args.verbose },
        (_, true) => Table::State,
        _ => Table::Offsets,
    };
    let printed = print(&view, &groups, table);
    if !printed.err.is_empty() {
        talk(printed.err.trim_end_matches('\n'));
    }
    let mut out = Stdout::default();
    out.data(&printed.out);
    out.finish()?;
    match groups.iter().find(|group| !view.has_heard_of(group)) {
        Some(group) => Err(Failure::usage(format!("no process of this run belongs to a group '{group}'"))),
        None => Ok(Exit::Held),
    }
}
