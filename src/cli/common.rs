//! Arguments that several subcommands share.

use crate::ids::Seq;
use crate::time::{Duration, Instant};

/// Arguments of every command that runs a scenario.
#[derive(clap::Args, Debug, Default)]
pub struct Common {
    /// Root seed; beats the file's `seed`, which beats 0
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Change the scenario before it runs, as in --set group.billing.members=6 (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<String>,
    /// Stop at this virtual instant, as in 90s or 2m50s
    #[arg(long, value_name = "T", value_parser = instant)]
    pub until: Option<Instant>,
    /// Say less: no warnings, no progress, no word about what held
    #[arg(long, short)]
    pub quiet: bool,
}

/// `90s`, `2m50s`.
pub fn instant(text: &str) -> Result<Instant, String> {
    Duration::parse(text).map(|d| Instant::ZERO + d)
}

/// `e4711`, as reports name an event.
pub fn event(text: &str) -> Result<Seq, String> {
    let number = text.strip_prefix('e').unwrap_or(text);
    match number.parse() {
        Ok(n) if n > 0 => Ok(Seq(n)),
        _ => Err(format!("`{text}` is no event: write it as reports do, for example e4711")),
    }
}

/// `KEY=VALUE`, as it is.
pub fn key_value(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_settings_read_as_people_write_them() {
        assert_eq!(event("e4711"), Ok(Seq(4711)));
        assert_eq!(event("4711"), Ok(Seq(4711)));
        assert!(event("e0").is_err() && event("x").is_err());
        assert!(key_value("a.b=1").is_ok() && key_value("=1").is_err() && key_value("a").is_err());
        assert_eq!(instant("1m30s"), Ok(Instant::from_ms(90_000)));
    }
}
