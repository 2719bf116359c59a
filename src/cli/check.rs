//! `groupsim check FILE|DIR...`: parse and lint, run nothing.

use super::exit::{Exit, Failure};
use super::load::{find, load, tell_warnings};
use super::terminal::{Stdout, talk};
use std::path::PathBuf;

/// Read scenario files and tell every mistake and lint, without running them
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 all files can be run, 2 one cannot (or has lints, with --deny-warnings), 4 no file found.
`groupsim explain CODE` expands the code of a diagnostic."
)]
pub struct Args {
    /// Scenario files, or directories of them
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Change the scenario first, as in --set group.billing.members=6 (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Take lints for mistakes: exit 2 if there is one
    #[arg(long)]
    deny_warnings: bool,
    /// Only tell what is wrong
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let files = find(&args.files)?;
    let mut out = Stdout::default();
    let (mut wrong, mut warned) = (0, 0);
    for file in &files {
        let line = match load(file, &args.set) {
            Ok(loaded) => {
                tell_warnings(&loaded, false);
                warned += usize::from(!loaded.warnings.is_empty());
                match loaded.warnings.len() {
                    0 => format!("ok       {}\n", loaded.file),
                    1 => format!("ok       {}  (1 warning)\n", loaded.file),
                    n => format!("ok       {}  ({n} warnings)\n", loaded.file),
                }
            }
            Err(diagnostics) => {
                wrong += 1;
                diagnostics.iter().for_each(|text| talk(text.trim_end()));
                format!("wrong    {}\n", file.display())
            }
        };
        if !args.quiet {
            out.data(&line);
        }
    }
    out.finish()?;
    if wrong > 0 {
        return Err(Failure::usage(format!("{wrong} of {} scenario files are wrong", files.len())));
    }
    if args.deny_warnings && warned > 0 {
        return Err(Failure::usage(format!(
            "{warned} of {} scenario files have warnings, which --deny-warnings forbids",
            files.len()
        )));
    }
    Ok(Exit::Held)
}
