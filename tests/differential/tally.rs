//! What a run consisted of, so that one sees that it was not all refusals.

use crate::run::Played;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

#[derive(Default)]
pub struct Tally {
    pub commands: u64,
    requests: u64,
    answers: BTreeMap<String, u64>,
    parked: u64,
    generations: u64,
}

impl Tally {
    pub fn add(&mut self, played: &[Played]) {
        let mut apis: HashMap<u64, &str> = HashMap::new();
        for Played { command, kafka } in played {
            self.commands += 1;
            let id = command["id"].as_u64();
            if let (Some(id), Some(api)) = (id, command["api"].as_str()) {
                self.requests += 1;
                apis.insert(id, api);
            }
            for answer in &kafka.answers {
                let body = &answer.body;
                let first = &body["topics"][0]["partitions"][0];
                let nested = [&body["members"][0], first, &body["groups"][0], &body["results"][0]];
                let error = |value: &serde_json::Value| value["error_code"].as_str().map(str::to_owned);
                let own = error(body).filter(|own| own != "NONE");
                let error = own.or_else(|| nested.into_iter().find_map(error)).unwrap_or_else(|| "NONE".to_owned());
                let api = apis.get(&answer.id).copied().unwrap_or("");
                *self.answers.entry(format!("{api} {error}")).or_default() += 1;
                self.parked += u64::from(id != Some(answer.id));
                let leads = body["leader"] == body["member_id"] && !body["generation_id"].is_null();
                self.generations += u64::from(leads && error == "NONE");
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { commands, requests, parked, generations, answers } = self;
        writeln!(f, "{commands} commands, {requests} of them requests")?;
        writeln!(f, "  {generations} generations told to a leader, {parked} answers later than their request")?;
        answers.iter().try_for_each(|(answer, count)| writeln!(f, "  {count:>8} {answer}"))
    }
}
