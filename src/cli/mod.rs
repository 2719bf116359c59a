//! The command line (floor 7): one file for each subcommand, which parses, calls and prints.
//!
//! stdout is data, stderr is talk; [`exit`] holds the exit codes.

mod chart;
mod check;
mod common;
mod completions;
mod cross_check;
mod describe;
mod execute;
mod exit;
mod explain;
mod interrupt;
mod load;
mod new;
mod output;
mod panics;
mod planned;
mod progress;
mod run;
mod schema;
mod source;
mod terminal;

use clap::{Parser, Subcommand};
use exit::{Exit, Failure};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
Exit codes:
    0  everything held
    1  an expectation or an oracle failed
    2  the command line or a scenario file is wrong (nothing was run)
    3  undecided: the run was cut short
    4  nothing to run
    5  simulator and real Kafka disagree
   69  no usable cluster at the start
   70  groupsim itself broke (with the line to reproduce it)
   73  an output cannot be written
  130  interrupted
  If several apply: the first of 130, 70, 73, 69, 5, 1, 3, 4, 0. Warnings never change the code.

Examples:
  groupsim new rolling-deploy > deploy.toml        start from a template
  groupsim run deploy.toml                         run it, judge it, show what it cost
  groupsim run scenarios --json > results.json     all scenarios of a directory
  groupsim describe deploy.toml --at 73s           what kafka-consumer-groups.sh would have printed
  groupsim chart deploy.toml -o deploy.svg         who owned what, and what the coordinator did";

/// Simulates Kafka consumer groups: scenario files in, verdicts, causes and timelines out.
///
/// A scenario file says which topics, groups and faults there are and what must hold. A run plays it on a virtual clock, with
/// Kafka's protocol and timeouts; the same file and seed give the same run, event for event.
#[derive(Parser)]
#[command(name = "groupsim", version, after_help = AFTER_HELP, arg_required_else_help = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Check(check::Args),
    Describe(describe::Args),
    Explain(explain::Args),
    Chart(chart::Args),
    New(new::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    /// Many seeds or a grid of settings (planned, not in this version)
    Sweep(planned::Args),
    /// Join the results of several sweeps (planned, not in this version)
    Merge(planned::Args),
    /// One seed, two configurations: what changed (planned, not in this version)
    Diff(planned::Args),
    CrossCheck(cross_check::Args),
    /// The process of one member of a cross-check; takes its orders on stdin
    #[cfg(feature = "kafka")]
    #[command(hide = true)]
    CrossCheckMember,
}

/// Runs the command line; the whole program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with code 0, mistakes to stderr with code 2; a closed pipe is no mistake.
            return match error.print() {
                _ if error.use_stderr() => Exit::Usage.into(),
                Err(why) if why.kind() != std::io::ErrorKind::BrokenPipe => Exit::CannotWrite.into(),
                _ => Exit::Held.into(),
            };
        }
    };
    let result = panics::caught(|| dispatch(cli.command)).unwrap_or_else(|message| {
        Err(Failure::new(Exit::Broken, format!("groupsim itself broke; please report it: {message}")))
    });
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal::talk(&format!("error: {}", failure.message));
            failure.exit.into()
        }
    }
}

fn dispatch(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Describe(args) => describe::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Chart(args) => chart::run(&args),
        Command::New(args) => new::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Sweep(_) => planned::refuse("sweep"),
        Command::Merge(_) => planned::refuse("merge"),
        Command::Diff(_) => planned::refuse("diff"),
        Command::CrossCheck(args) => cross_check::run(&args),
        #[cfg(feature = "kafka")]
        Command::CrossCheckMember => Ok(if crate::kafka::member::main() { Exit::Held } else { Exit::Failed }),
    }
}
