//! What the contract names and this version does not have.

use super::exit::{Exit, Failure};

/// Anything: it is refused whatever it says.
#[derive(clap::Args)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

/// Says so, with exit code 2.
pub fn refuse(what: &str) -> Result<Exit, Failure> {
    Err(Failure::usage(format!("{what}: planned, not in this version")))
}
