//! `groupsim schema`: the JSON Schema of scenario files.

use super::exit::{Exit, Failure};

/// Print the JSON Schema of scenario files, for editors
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Args) -> Result<Exit, Failure> {
    super::planned::refuse("schema")
}
