//! What `explain --profile` prints as a default is what leaving the key out means.

use groupsim::config::ClientKind;
use groupsim::profile::{json, profile};
use groupsim::scenario::parse;
use groupsim::sim::{RunOptions, run};
use serde_json::Value;

/// The trace hash of a group and a producer, with lines in the `config` of each.
fn hash(client: ClientKind, consumer: &str, producer: &str) -> Result<String, String> {
    let name = client.name();
    let text = format!(
        "run-for = \"20s\"\n[topic.t]\npartitions = 3\n\
         [group.GROUP]\nclient = \"{name}\"\nmembers = 2\nprocess = {{ per-record = \"20ms\" }}\n\
         [group.GROUP.config]\n{consumer}\n\
         [producer.p]\nclient = \"{name}\"\nsend = \"50/s\"\n[producer.p.config]\n{producer}\n\
         [timeline]\nevents = [{{ at = \"8s\", cut = \"GROUP-1\", for = \"1s\" }}, {{ at = \"9s\", cut = \"p\", for = \"2s\" }},\n\
         {{ at = \"14s\", failover = \"GROUP\" }}]\n[expect]\noverall = [\"lost >= 0\", \"skipped >= 0\"]\n"
    );
    let loaded = parse("default.toml", &text, &[]).map_err(|errors| errors.to_string())?;
    Ok(run(&loaded.scenario, RunOptions::default(), &mut []).hash.to_string())
}

/// Key and default of every row that a file can have.
fn rows(document: &Value, table: &str) -> Vec<(String, String)> {
    let rows = document[table].as_array().unwrap().iter().filter(|row| row["key"] != "" && row["is_value"] == true);
    rows.map(|row| (row["key"].as_str().unwrap().to_owned(), row["value"].as_str().unwrap().to_owned())).collect()
}

/// As a file writes it.
fn line(key: &str, value: &str) -> String {
    let bare = value == "true" || value == "false" || value.parse::<i64>().is_ok();
    if bare { format!("{key} = {value}") } else { format!("{key} = \"{value}\"") }
}

#[test]
fn every_printed_default_is_what_leaving_the_key_out_means() {
    let mut wrong = Vec::new();
    let mut pasted = 0;
    for client in ClientKind::ALL {
        let document = json(&profile(client).unwrap());
        let without = hash(client, "", "").unwrap();
        for (table, consumer) in [("settings", true), ("producer", false)] {
            for (key, value) in rows(&document, table) {
                let line = line(&key, &value);
                let with = if consumer { hash(client, &line, "") } else { hash(client, "", &line) };
                pasted += 1;
                if with.as_ref() != Ok(&without) {
                    wrong.push(format!("{}: {line}: {with:?}", client.name()));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(pasted > 120, "{pasted}");
}

#[test]
fn a_key_has_its_own_unit_and_words() {
    let value = |client: ClientKind, key: &str| {
        let document = json(&profile(client).unwrap());
        let all = ["settings", "producer"].map(|table| document[table].as_array().unwrap().clone()).concat();
        let row = all.into_iter().find(|row| row["key"] == key).unwrap();
        (row["value"].as_str().unwrap().to_owned(), row["is_value"].as_bool().unwrap())
    };
    let expected = [
        (ClientKind::Librdkafka, "queue.buffering.max.kbytes", "1048576", true),
        (ClientKind::FranzGo, "DisableIdempotentWrite", "false", true),
        (ClientKind::FranzGo, "ProduceRequestTimeout", "10000", true),
        (ClientKind::FranzGo, "RecordRetries", "no limit", false),
        (ClientKind::FranzGo, "MaxPollRecords", "all that is buffered", false),
        (ClientKind::KafkaGo, "MaxAttempts", "10", true),
        (ClientKind::Sarama, "RequiredAcks", "WaitForLocal", true),
        (ClientKind::Sarama, "Flush.MaxMessages", "0", true),
    ];
    for (client, key, text, is_value) in expected {
        assert_eq!(value(client, key), (text.to_owned(), is_value), "{key}");
    }
}
