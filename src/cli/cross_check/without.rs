//! `groupsim cross-check` of a program that was built without librdkafka.

use super::super::exit::{Exit, Failure};

/// Hold scenarios against a real cluster (this program was built without: `cargo build --release --features kafka`)
#[derive(clap::Args)]
pub struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

/// Says how to build it, with exit code 2.
pub fn run(_: &Args) -> Result<Exit, Failure> {
    Err(Failure::usage(
        "cross-check: this groupsim was built without librdkafka; build it with `cargo build --release --features kafka` \
         (that takes a C and C++ compiler, make and bash)",
    ))
}
