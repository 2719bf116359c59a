//! Kafka's coordinator in a real broker, asked over TCP in the words of the harness.
//!
//! A request goes out on a connection on which nothing waits, so that a parked one holds up no other. Member ids are
//! called m1, m2, ... by the harness's rule; group ids get a prefix on the wire, so that sequences do not meet.

use super::connection::Connection;
use super::wire;
use crate::names::MemberNames;
use crate::peer::{Answer, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The longest wait for an answer that has to come.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

/// A request that has not been answered.
struct Waiting {
    connection: Connection,
    api: String,
    version: i64,
    correlation: i32,
}

/// An answer as it came.
pub struct Came {
    pub id: u64,
    pub at: Instant,
    body: Value,
}

pub struct Tcp {
    address: String,
    prefix: String,
    names: MemberNames,
    idle: Vec<Connection>,
    waiting: BTreeMap<u64, Waiting>,
    sent: i32,
}

impl Tcp {
    pub fn new(address: &str, prefix: String) -> Tcp {
        let names = MemberNames::default();
        Tcp { address: address.to_owned(), prefix, names, idle: Vec::new(), waiting: BTreeMap::new(), sent: 0 }
    }

    /// The broker was away: no connection is any good, and nothing that waited will be answered.
    pub fn forget_connections(&mut self) {
        self.idle.clear();
        self.waiting.clear();
    }

    /// Sends a request of the harness.
    pub fn send(&mut self, command: &Value) -> Result<(), String> {
        let id = command["id"].as_u64().expect("a request has an id");
        let api = command["api"].as_str().expect("a request has an api").to_owned();
        let version = command["version"].as_i64().expect("a request has a version");
        let client_id = command["client_id"].as_str().unwrap_or("client");
        let mut body = command["body"].clone();
        self.outgoing(&mut body);
        self.sent += 1;
        let correlation = self.sent;
        let mut connection = match self.idle.pop() {
            Some(connection) => connection,
            None => Connection::open(&self.address)?,
        };
        connection.send(&wire::encode(&api, version, correlation, client_id, &body))?;
        self.waiting.insert(id, Waiting { connection, api, version, correlation });
        Ok(())
    }

    /// Waits for the answers to these requests; one that does not come in time is left out.
    pub fn collect(&mut self, ids: impl IntoIterator<Item = u64>) -> Result<Vec<Came>, String> {
        let until = Instant::now() + ANSWER_WAIT;
        let mut came = Vec::new();
        for id in ids {
            came.extend(self.answer(id, until)?);
        }
        Ok(came)
    }

    /// Takes what has come.
    pub fn poll(&mut self) -> Result<Vec<Came>, String> {
        let ids: Vec<u64> = self.waiting.keys().copied().collect();
        let now = Instant::now();
        let mut came = Vec::new();
        for id in ids {
            came.extend(self.answer(id, now)?);
        }
        Ok(came)
    }

    fn answer(&mut self, id: u64, until: Instant) -> Result<Option<Came>, String> {
        let Some(waiting) = self.waiting.get_mut(&id) else { return Ok(None) };
        let Some(frame) = waiting.connection.frame(until)? else { return Ok(None) };
        let at = Instant::now();
        let waiting = self.waiting.remove(&id).expect("it is there");
        let (correlation, body) = wire::decode(&waiting.api, waiting.version, &frame);
        assert_eq!(correlation, waiting.correlation, "an answer to another request");
        self.idle.push(waiting.connection);
        Ok(Some(Came { id, at, body }))
    }

    /// Returns once the broker has done all that it was sent about this group: the requests of a group are taken up one
    /// after the other, and this one is answered when what they wrote is committed (OFF-17).
    pub fn fence(&mut self, group: &str) -> Result<(), String> {
        let body = json!({ "group_id": group, "topics": [], "require_stable": true });
        let command = json!({ "id": u64::MAX, "api": "offset_fetch", "version": 8, "body": body });
        self.send(&command)?;
        let came = self.collect([u64::MAX])?;
        if came.is_empty() { Err("no answer to a fence".to_owned()) } else { Ok(()) }
    }

    /// The answers in the form of the harness; `at` says when, in virtual milliseconds, each was due.
    pub fn reply(&mut self, mut came: Vec<Came>, at: impl Fn(u64) -> u64) -> Reply {
        came.sort_by_key(|came| (at(came.id), came.id));
        for now in came.chunk_by_mut(|a, b| at(a.id) == at(b.id)) {
            for answer in now.iter().filter(|answer| !answer.body["generation_id"].is_null()) {
                self.names.name_of(answer.body["member_id"].as_str().unwrap_or(""));
            }
            now.iter_mut().for_each(|answer| self.incoming(&mut answer.body));
        }
        let answers = came.into_iter().map(|came| Answer { t: at(came.id), id: came.id, body: came.body });
        Reply { answers: answers.collect(), ..Reply::default() }
    }

    fn outgoing(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match (name.as_str(), &mut *value) {
                        ("member_id", Value::String(text)) => *text = self.names.id_of(text),
                        ("group_id", Value::String(text)) if !text.is_empty() => text.insert_str(0, &self.prefix),
                        ("groups" | "groups_names", Value::Array(groups)) => {
                            for group in groups {
                                match group.as_str() {
                                    Some(text) => *group = format!("{}{text}", self.prefix).into(),
                                    None => self.outgoing(group),
                                }
                            }
                        }
                        _ => self.outgoing(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.outgoing(item)),
            _ => {}
        }
    }

    fn incoming(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::Array(groups)) = fields.get_mut("groups") {
                    let ours = |group: &Value| group["group_id"].as_str().unwrap_or("").starts_with(&self.prefix);
                    groups.retain(ours);
                }
                for (name, value) in fields {
                    match (name.as_str(), &mut *value) {
                        ("member_id" | "leader", Value::String(text)) => *text = self.names.name_of(text),
                        ("group_id", Value::String(text)) => {
                            if let Some(own) = text.strip_prefix(&self.prefix) {
                                *text = own.to_owned();
                            }
                        }
                        _ => self.incoming(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.incoming(item)),
            _ => {}
        }
    }
}
