//! Every default has a source, and is what the source says.

use super::*;
use crate::config::ClientConfig;
use crate::config::keys::{CONSUMER, Effect, client_has, producer_names};
use std::collections::{BTreeMap, BTreeSet};

/// Profiles whose members can be run.
fn built() -> Vec<Profile> {
    ClientKind::ALL.into_iter().filter_map(profile).collect()
}

/// JSON pointers of everything in `value` that is no object.
fn leaves(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), into)),
        _ => {
            into.insert(at.to_owned());
        }
    }
}

#[test]
fn every_key_that_a_library_has_is_in_its_table_and_no_other() {
    for Profile { table, values, .. } in built() {
        let name = table.client.name();
        let rows: BTreeSet<&str> = table.rows.iter().map(|row| row.key).filter(|key| !key.is_empty()).collect();
        let modelled =
            CONSUMER.iter().filter(|key| key.effect == Effect::Modelled && key.clients.contains(&table.client));
        let keys: BTreeSet<&str> = modelled.map(|key| key.name).collect();
        assert_eq!(rows, keys, "{name}");
        assert!(rows.iter().all(|key| client_has(table.client, key)), "{name}");
        for (row, value) in table.rows.iter().zip(&values) {
            assert!(!value.is_empty() && value != "null", "{name}: {} has no value", row.own);
            assert!(!row.source.file.is_empty() && !row.source.symbol.is_empty(), "{name}: {} has no source", row.own);
        }
    }
}

#[test]
fn every_setting_that_a_client_runs_with_is_in_somebodys_table() {
    let mut all = BTreeSet::new();
    leaves(&serde_json::to_value(ClientConfig::default()).unwrap(), "/client", &mut all);
    for Profile { table, .. } in built() {
        for row in table.rows {
            if let From::Field(pointer) = row.from {
                all.remove(pointer);
            }
        }
    }
    // `kind` is the library itself; a setting of libraries that are still planned has no row yet.
    all.remove("/client/kind");
    if built().len() < ClientKind::ALL.len() {
        all.remove("/client/rebalance_timeout_ms");
    }
    assert_eq!(all, BTreeSet::new(), "no source for these");
}

#[test]
fn every_setting_that_a_producer_runs_with_is_in_somebodys_table() {
    let mut all = BTreeSet::new();
    leaves(&serde_json::to_value(ProducerSettings::of(ClientKind::Java)).unwrap(), "/producer", &mut all);
    for Profile { table, producer, .. } in built() {
        let known = producer_names(table.client);
        for (row, value) in table.producer.iter().zip(&producer) {
            assert!(row.key.is_empty() || known.contains(&row.key), "{}: {}", table.client.name(), row.key);
            assert!(!value.is_empty() && value != "null", "{}: {} has no value", table.client.name(), row.own);
            if let From::Field(pointer) = row.from {
                all.remove(pointer);
            }
        }
    }
    all.remove("/producer/kind");
    all.remove("/producer/client_id");
    assert_eq!(all, BTreeSet::new(), "no source for these");
}

#[test]
fn the_defaults_of_producers_are_those_of_the_libraries_sources() {
    // Read in the sources of the libraries, at the commits of the tables.
    let matrix: [(&str, [&str; 5]); 8] = [
        ("acks", ["all", "all", "WaitForLocal", "none", "all"]),
        ("idempotent", ["true", "false", "false", "", "false"]), // DisableIdempotentWrite,
        ("linger_ms", ["0", "5", "0", "1000", "10"]),
        ("batch_bytes", ["16384", "1000000", "1048576", "1048576", "1000012"]),
        ("batch_records", ["", "10000", "0", "100", ""]),
        ("max_in_flight", ["5", "1000000", "5", "", "1"]),
        ("retries", ["2147483647", "2147483647", "3", "10", "no limit"]),
        ("delivery_timeout_ms", ["120000", "300000", "", "", "0"]),
    ];
    let mut wrong = Vec::new();
    for Profile { table, producer, .. } in built() {
        let place = ClientKind::ALL.iter().position(|kind| *kind == table.client).unwrap();
        for (field, expected) in matrix {
            let pointer = format!("/producer/{field}");
            let found = table.producer.iter().position(|row| matches!(row.from, From::Field(at) if at == pointer));
            let found = found.map_or("", |found| producer[found].as_str());
            if found != expected[place] {
                wrong.push(format!(
                    "{}: {field} is {found:?}, in the source {:?}",
                    table.client.name(),
                    expected[place]
                ));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_built_in_time_has_a_row() {
    for Profile { table, .. } in built() {
        let rows: BTreeSet<&str> = table.rows.iter().filter(|r| r.from == From::Constant).map(|r| r.own).collect();
        let built_in: BTreeSet<&str> = constants(table.client).iter().map(|constant| constant.0).collect();
        assert_eq!(rows, built_in, "{}", table.client.name());
    }
}

#[test]
fn the_tables_of_keys_say_the_same_of_java() {
    let java = profile(ClientKind::Java).unwrap();
    for (row, value) in java.table.rows.iter().zip(&java.values) {
        let key = CONSUMER.iter().find(|key| key.name == row.key);
        if let Some(key) = key.filter(|key| !key.default.is_empty()) {
            assert_eq!(key.default, value, "{}", row.key);
        }
    }
}

#[test]
fn the_defaults_are_those_of_the_libraries_sources() {
    // Read in the sources of the libraries, at the commits of the tables.
    let matrix: [(&str, [&str; 5]); 15] = [
        // key                              java                      librdkafka          sarama    kafka-go            franz-go
        ("session.timeout.ms", ["45000", "45000", "10000", "30000", "45000"]),
        ("heartbeat.interval.ms", ["3000", "3000", "3000", "3000", "3000"]),
        ("rebalance.timeout.ms", ["", "", "60000", "30000", "60000"]),
        ("max.poll.interval.ms", ["300000", "300000", "", "", ""]),
        ("max.poll.records", ["500", "", "", "", ""]),
        ("enable.auto.commit", ["true", "true", "true", "", "true"]),
        ("auto.commit.interval.ms", ["5000", "5000", "1000", "", "5000"]),
        ("what auto-commit commits", ["position", "stored", "done-max", "", "head"]),
        ("auto.offset.reset", ["latest", "latest", "latest", "earliest", "earliest"]),
        (
            "partition.assignment.strategy",
            ["range,cooperative-sticky", "range,roundrobin", "range", "range,roundrobin", "cooperative-sticky"],
        ),
        ("fetch.min.bytes", ["1", "1", "1", "1", "1"]),
        ("longest wait of a fetch", ["500", "500", "500", "10000", "5000"]),
        ("fetch.max.bytes", ["52428800", "52428800", "", "1000000", "52428800"]),
        ("max.partition.fetch.bytes", ["1048576", "1048576", "1048576", "", "1048576"]),
        ("age of metadata", ["300000", "300000", "600000", "", "300000"]),
    ];
    let names = BTreeMap::from([
        ("fetch.max.wait.ms", "longest wait of a fetch"),
        ("fetch.wait.max.ms", "longest wait of a fetch"),
        ("metadata.max.age.ms", "age of metadata"),
        ("topic.metadata.refresh.interval.ms", "age of metadata"),
    ]);
    let place = |client| ClientKind::ALL.iter().position(|kind| *kind == client).unwrap();
    let mut wrong = Vec::new();
    for Profile { table, values, .. } in built() {
        for (line, expected) in matrix {
            let found = table.rows.iter().zip(&values).find(|(row, _)| {
                let key = if row.key.is_empty() { row.own } else { row.key };
                names.get(key).copied().unwrap_or(key) == line
            });
            let found = found.map_or("", |(_, value)| value.as_str());
            let expected = expected[place(table.client)];
            if found != expected {
                wrong.push(format!("{}: {line} is {found:?}, in the source {expected:?}", table.client.name()));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_profile_is_printed_with_its_sources() {
    let profile = profile(ClientKind::Librdkafka).unwrap();
    let printed = text(&profile);
    assert!(printed.starts_with("librdkafka: confluentinc/librdkafka as of commit 4c3b017c3de8 (2026-07-02)\n"));
    let line = printed.lines().find(|line| line.starts_with("socket.timeout.ms")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[..4], ["socket.timeout.ms", "60000", "same", "rdkafka_conf.c:"]);
    let printed = json(&profile);
    let interval = &printed["settings"].as_array().unwrap().iter().find(|row| row["name"] == "join interval").unwrap();
    assert_eq!((interval["value"].as_str(), interval["key"].as_str()), (Some("1000"), Some("")));
    assert_eq!(interval["source"]["text"], "1000 * 1000");
}
