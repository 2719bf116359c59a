//! `groupsim completions SHELL`.

use super::Cli;
use super::exit::{Exit, Failure};
use super::terminal::Stdout;
use clap::CommandFactory;

/// Print a completion script for a shell
#[derive(clap::Args)]
pub struct Args {
    /// For which shell
    shell: clap_complete::Shell,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "groupsim", &mut script);
    let mut out = Stdout::default();
    out.data(&String::from_utf8_lossy(&script));
    out.finish().map(|()| Exit::Held)
}
