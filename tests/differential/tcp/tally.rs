//! What the sequences over TCP consisted of.

use crate::run::Played;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Default)]
pub struct Tally {
    pub sequences: u64,
    /// Played again because a request or a wait took too long.
    pub late: u64,
    /// Given up because every attempt was late.
    pub given_up: u64,
    /// Agreed in every answer though a difference would have proved nothing, from some point on.
    pub doubtful: u64,
    /// With a difference that did not come again.
    pub only_once: u64,
    /// Cut short, by reason.
    pub ended: BTreeMap<&'static str, u64>,
    pub lateness_ms: Vec<u64>,
    requests: BTreeMap<String, BTreeMap<i64, u64>>,
    answers: BTreeMap<String, BTreeMap<String, u64>>,
    waits: u64,
    parked: u64,
    generations: u64,
}

impl Tally {
    pub fn add(&mut self, played: &[Played]) {
        let mut apis: BTreeMap<u64, &str> = BTreeMap::new();
        for Played { command, kafka } in played {
            let id = command["id"].as_u64();
            if let (Some(id), Some(api), Some(version)) = (id, command["api"].as_str(), command["version"].as_i64()) {
                *self.requests.entry(api.to_owned()).or_default().entry(version).or_default() += 1;
                apis.insert(id, api);
            } else {
                self.waits += 1;
            }
            for answer in &kafka.answers {
                let api = apis.get(&answer.id).copied().unwrap_or("").to_owned();
                let error = first_error(&answer.body).unwrap_or_else(|| "NONE".to_owned());
                let body = &answer.body;
                let leads = body["leader"] == body["member_id"] && !body["generation_id"].is_null();
                self.generations += u64::from(leads && error == "NONE");
                *self.answers.entry(api).or_default().entry(error).or_default() += 1;
                self.parked += u64::from(id != Some(answer.id));
            }
        }
    }
}

/// The first error in an answer that is not NONE.
fn first_error(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| match value.as_str() {
            Some(text) if name == "error_code" && text != "NONE" => Some(text.to_owned()),
            _ => first_error(value),
        }),
        Value::Array(items) => items.iter().find_map(first_error),
        _ => None,
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests: u64 = self.requests.values().flat_map(BTreeMap::values).sum();
        let answers: u64 = self.answers.values().flat_map(BTreeMap::values).sum();
        writeln!(f, "{} sequences: {requests} requests, {} waits, {answers} answers", self.sequences, self.waits)?;
        writeln!(
            f,
            "  {} generations told to a leader, {} answers later than their request",
            self.generations, self.parked
        )?;
        writeln!(f, "  {} times late and played again, {} sequences given up for it", self.late, self.given_up)?;
        writeln!(
            f,
            "  {} sequences doubtful from some point on, {} with a difference that did not come again",
            self.doubtful, self.only_once
        )?;
        for (reason, count) in &self.ended {
            writeln!(f, "  {count} sequences cut short: {reason}")?;
        }
        let mut late = self.lateness_ms.clone();
        late.sort_unstable();
        if let (Some(most), middle) = (late.last(), late.get(late.len() / 2).copied().unwrap_or(0)) {
            let high = late[late.len() * 99 / 100];
            writeln!(
                f,
                "  {} answers to timers came after our instant by {middle} ms (median), {high} ms (99 %), {most} ms (most)",
                late.len()
            )?;
        }
        writeln!(f, "  requests by version")?;
        for (api, versions) in &self.requests {
            let counts: Vec<String> = versions.iter().map(|(version, count)| format!("v{version} {count}")).collect();
            writeln!(f, "    {api:<17} {}", counts.join(", "))?;
        }
        writeln!(f, "  answers by error")?;
        for (api, errors) in &self.answers {
            let counts: Vec<String> = errors.iter().map(|(error, count)| format!("{error} {count}")).collect();
            writeln!(f, "    {api:<17} {}", counts.join(", "))?;
        }
        Ok(())
    }
}
