//! `groupsim schema`: the JSON Schema of scenario files.

use super::exit::{Exit, Failure};
use super::terminal::Stdout;

/// Print the JSON Schema of scenario files, for editors
#[derive(clap::Args)]
#[command(after_help = "Example: groupsim schema > scenario.schema.json, and in the first line of a scenario:
  #:schema ./scenario.schema.json")]
pub struct Args {}

pub fn run(_: &Args) -> Result<Exit, Failure> {
    let mut out = Stdout::default();
    out.data(&format!("{:#}\n", crate::scenario::schema()));
    out.finish().map(|()| Exit::Held)
}
