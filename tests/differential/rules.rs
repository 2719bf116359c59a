//! The unit tests of the coordinator, asked of Kafka's: what a test named after a rule does to ours (`script.rs`) is
//! recorded in `tests/recorded/rules` with Kafka's answers, one file a test.
//!
//! The unit tests themselves fail when a test does something else than its recording says, or has none;
//! `tests/kafka/rules.sh` takes them anew.

use crate::compare::{canonical, difference};
use crate::kafka::Kafka;
use crate::ours::Ours;
use crate::peer::{Peer, Reply};
use crate::recorded::{self, Recording};
use crate::run::Played;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How many hash orders of Kafka's are tried for one in which it takes the same members for leaders as ours does.
const SEEDS: u64 = 64;

fn recordings() -> Vec<PathBuf> {
    recorded::files_in(&recorded::folder().join("rules"))
}

#[test]
fn what_rules_were_seen_to_do_in_kafka_they_do_in_ours() {
    let check = |path: &PathBuf| {
        let checked = Recording::read(path).check();
        checked.err().map(|error| format!("{}: {error}", path.display()))
    };
    let wrong: Vec<String> = recordings().iter().filter_map(check).collect();
    assert!(wrong.is_empty(), "{} recordings differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn kafka_still_answers_the_tests_of_rules_as_recorded() {
    if !crate::is_live() {
        return;
    }
    let mut kafka = Kafka::start();
    for path in recordings() {
        for Played { command, kafka: was } in Recording::read(&path).played {
            let is = kafka.command(&command).unwrap_or_else(|error| panic!("{command}: {error}"));
            let differs = difference(&is, &was);
            assert!(differs.is_none(), "{}: {command}: {differs:?}", path.display());
        }
    }
}

/// With `GROUPSIM_DIFF_RULES`, a folder of what the unit tests do, it asks Kafka all of it.
#[test]
fn rules_are_asked_of_kafka_anew() {
    let Some(folder) = std::env::var_os("GROUPSIM_DIFF_RULES") else { return };
    let mut kafka = Kafka::start();
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for path in recorded::files_in(Path::new(&folder)) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        match ask(&mut kafka, &path, &name) {
            Ok(recording) => {
                recording.write(&recorded::folder().join("rules").join(format!("{name}.jsonl")));
                names.insert(path.file_name().expect("a name").to_owned());
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    for stale in recordings().iter().filter(|path| !names.contains(path.file_name().expect("a name"))) {
        std::fs::remove_file(stale).expect("a recording can be removed");
    }
    let text = format!("{} of {} tests differ\n{}", wrong.len(), wrong.len() + names.len(), wrong.join("\n"));
    assert!(wrong.is_empty(), "{text}");
}

fn ask(kafka: &mut Kafka, path: &Path, name: &str) -> Result<Recording, String> {
    let text = std::fs::read_to_string(path).expect("a script can be read");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let commands: Vec<Value> = lines.collect();
    let mut first = None;
    for seed in 0..SEEDS {
        let mut commands = commands.clone();
        for config in commands.iter_mut().filter(|command| command["op"] == "config") {
            config["seed"] = seed.into();
        }
        let played = commands.into_iter().map(|command| {
            let kafka = kafka.command(&command).map_err(|error| format!("{command}: {error}"))?;
            Ok(Played { command, kafka })
        });
        let played: Vec<Played> = played.collect::<Result<_, String>>()?;
        let leads_as_ours = leads_as_ours(&played);
        let recording = Recording { about: name.to_owned(), played };
        if leads_as_ours {
            return recording.check().map(|()| recording);
        }
        first.get_or_insert(recording);
    }
    let recording = first.expect("one was tried");
    recording.check()?;
    eprintln!("{name}: in {SEEDS} hash orders Kafka never takes the same leaders");
    Ok(recording)
}

/// Whether ours, left to itself, gives the same answers.
fn leads_as_ours(played: &[Played]) -> bool {
    let mut ours = Ours::new();
    played.iter().all(|Played { command, kafka }| {
        let said = ours.command(command);
        said.is_ok_and(|said| difference(kafka, &said).is_none())
    })
}

#[test]
fn a_recording_that_lies_is_noticed() {
    let path = recordings().into_iter().find(|path| path.ends_with("sess_01_every_member_has_its_own_timer.jsonl"));
    let path = path.or_else(|| recordings().into_iter().next()).expect("there are recordings");
    let mut recording = Recording::read(&path);
    let answers = |reply: &Reply| !reply.answers.is_empty();
    let told = recording.played.iter_mut().find(|played| answers(&played.kafka)).expect("something was answered");
    let answer = &mut told.kafka.answers[0];
    answer.t += 1;
    assert!(!canonical(&answer.body).is_null());
    assert!(recording.check().is_err());
}
