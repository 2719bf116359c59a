//! `groupsim new [TEMPLATE]`: a scenario to start from.

use super::exit::{Exit, Failure};
use super::terminal::Stdout;

/// Print a scenario to start from; without a name, list the templates
#[derive(clap::Args)]
#[command(after_help = "Example: groupsim new rolling-deploy > deploy.toml && groupsim run deploy.toml")]
pub struct Args {
    /// One of the templates
    #[arg(value_name = "TEMPLATE")]
    template: Option<String>,
}

macro_rules! templates {
    ($($name:literal: $about:literal,)*) => {
        /// Name, what it is about, text.
        const TEMPLATES: &[(&str, &str, &str)] =
            &[$(($name, $about, include_str!(concat!("templates/", $name, ".toml")))),*];
    };
}

templates! {
    "rolling-deploy": "pods restart one by one, then one is killed: rebalances, downtime, duplicates",
    "crash": "a member dies: how long its partitions stand still, and what is done twice",
    "slow-consumer": "a handler gets slow: max.poll.interval.ms evicts it",
    "autoscale": "the group grows and shrinks under load",
    "static-members": "the rolling deploy again, with group.instance.id: no rebalance at all",
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut out = Stdout::default();
    match &args.template {
        None => {
            for (name, about, _) in TEMPLATES {
                out.data(&format!("{name:<16} {about}\n"));
            }
        }
        Some(wanted) => {
            let found = TEMPLATES.iter().find(|template| template.0 == wanted).ok_or_else(|| {
                let names: Vec<&str> = TEMPLATES.iter().map(|template| template.0).collect();
                Failure::usage(format!("no template `{wanted}`; there are {}", names.join(", ")))
            })?;
            out.data(found.2);
        }
    }
    out.finish().map(|()| Exit::Held)
}
