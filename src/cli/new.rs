//! `groupsim new [TEMPLATE]`: a scenario to start from.

use super::exit::{Exit, Failure};
use super::terminal::{Stdout, talk};
use crate::scenario::{Template, templates};

/// Print a scenario to start from
#[derive(clap::Args)]
#[command(after_help = "Examples:
  groupsim new --list
  groupsim new rolling-deploy > deploy.toml && groupsim run deploy.toml")]
pub struct Args {
    /// One of the templates [default: the first that --list shows]
    #[arg(value_name = "TEMPLATE")]
    template: Option<String>,
    /// List the templates
    #[arg(long)]
    list: bool,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut out = Stdout::default();
    if args.list {
        templates().iter().for_each(|t| out.data(&format!("{:<16} {}\n", t.name, t.about)));
    } else {
        let template = choose(args.template.as_deref())?;
        out.data(template.text);
        if args.template.is_none() {
            talk(&format!("note: this is {}; `groupsim new --list` lists the others", template.name));
        }
    }
    out.finish().map(|()| Exit::Held)
}

fn choose(wanted: Option<&str>) -> Result<&'static Template, Failure> {
    let mut all = templates().iter();
    let found = match wanted {
        None => all.next(),
        Some(name) => all.find(|template| template.name == name),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = templates().iter().map(|template| template.name).collect();
        Failure::usage(format!("no template `{}`; there are {}", wanted.unwrap_or_default(), names.join(", ")))
    })
}
