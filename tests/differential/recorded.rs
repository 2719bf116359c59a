//! Commands with Kafka's answers to them, in files: one command a line, after a line that says what they show.

use crate::compare::canonical;
use crate::ours::Ours;
use crate::peer::{Answer, Peer, Reply};
use crate::run::{Played, compare};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A recording.
pub struct Recording {
    pub about: String,
    pub played: Vec<Played>,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded")
}

/// Every recording there is, by name.
pub fn files() -> Vec<PathBuf> {
    files_in(&folder())
}

/// Every recording in a folder, by name.
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    files
}

impl Recording {
    pub fn read(path: &Path) -> Recording {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
        let head = lines.next().expect("a first line");
        let played = lines.map(|mut line| {
            let answers = line["answers"].take();
            let answer = |mut said: Value| Answer {
                t: said[0].as_u64().expect("a time"),
                id: said[1].as_u64().expect("an id"),
                body: said[2].take(),
            };
            let answers = answers.as_array().into_iter().flatten().cloned().map(answer).collect();
            Played { command: line["do"].take(), kafka: Reply { answers, ..Reply::default() } }
        });
        Recording { about: head["about"].as_str().unwrap_or("").to_owned(), played: played.collect() }
    }

    pub fn write(&self, path: &Path) {
        let mut text = String::new();
        let head = json!({ "kafka": kafka_version(), "about": self.about });
        writeln!(text, "{head}").expect("a string takes everything");
        for Played { command, kafka } in &self.played {
            let answers = kafka.answers.iter().map(|a| json!([a.t, a.id, canonical(&a.body)]));
            let line = json!({ "do": command, "answers": answers.collect::<Vec<_>>() });
            writeln!(text, "{line}").expect("a string takes everything");
        }
        std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Asks `peer` for the answers anew.
    pub fn record(&mut self, peer: &mut dyn Peer) {
        for Played { command, kafka } in &mut self.played {
            *kafka = peer.command(command).unwrap_or_else(|error| panic!("{command}: {error}"));
        }
    }

    /// Plays it to our coordinator; the error says where that differs.
    pub fn check(&self) -> Result<(), String> {
        let mut ours = Ours::new();
        for (i, Played { command, kafka }) in self.played.iter().enumerate() {
            let mut said = Said(kafka.clone());
            if let Err(differs) = compare(&mut said, &mut ours, command) {
                let (_, difference) = &*differs;
                let line = i + 2;
                return Err(format!(
                    "line {line}: {command}\n{}\nKafka {:?}\nours  {:?}",
                    difference.signature, difference.kafka, difference.ours
                ));
            }
        }
        Ok(())
    }
}

/// What was said once.
struct Said(Reply);

impl Peer for Said {
    fn command(&mut self, _command: &Value) -> Result<Reply, String> {
        Ok(self.0.clone())
    }
}

/// The version that the harness is built for.
fn kafka_version() -> String {
    let pom = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/pom.xml");
    let pom = std::fs::read_to_string(pom).expect("the harness has a pom.xml");
    let version = pom.split_once("<kafka.version>").and_then(|(_, rest)| rest.split_once('<'));
    version.expect("pom.xml names Kafka's version").0.to_owned()
}
