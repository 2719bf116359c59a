//! A coordinator that is not there, or not there yet.

use super::{ask, create_topics, prepare, tried};
use crate::ours::Ours;
use crate::peer::{Answer, Peer, Reply};
use crate::tcp::broker::Broker;
use crate::tcp::peer::Tcp;
use crate::tcp::play::seen;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Every request of a group, in its newest version that we have.
fn requests(group: &str) -> Vec<(&'static str, i64, Value)> {
    let member = json!({
        "group_id": group, "member_id": "somebody", "generation_id": 1, "protocol_type": "consumer",
        "protocol_name": "range", "assignments": [],
    });
    let topics = json!([{ "name": "orders", "partition_indexes": [0] }]);
    let committed = json!([{ "name": "orders", "partitions": [{ "partition_index": 0, "committed_offset": 1 }] }]);
    vec![
        ("join_group", 9, super::join(group, 45_000)),
        ("sync_group", 5, member.clone()),
        ("heartbeat", 4, json!({ "group_id": group, "member_id": "somebody", "generation_id": 1 })),
        ("leave_group", 2, json!({ "group_id": group, "members": [{ "member_id": "somebody" }] })),
        ("leave_group", 5, json!({ "group_id": group, "members": [{ "member_id": "somebody" }] })),
        ("offset_commit", 9, json!({ "group_id": group, "topics": committed })),
        ("offset_fetch", 1, json!({ "group_id": group, "topics": topics })),
        ("offset_fetch", 9, json!({ "group_id": group, "topics": topics })),
        ("offset_fetch_all", 9, json!({ "group_id": group })),
        ("offset_delete", 0, json!({ "group_id": group, "topics": committed })),
        ("describe_groups", 6, json!({ "groups": [group] })),
        ("list_groups", 5, json!({})),
        ("delete_groups", 2, json!({ "groups_names": [group] })),
    ]
}

/// The first error of an answer: its own, else that of an entry.
fn error_of(answer: &Value) -> String {
    let entries = ["members", "groups", "results", "partitions"].map(|list| &answer[list][0]);
    let nested = [&answer["topics"][0]["partitions"][0]];
    let own = answer["error_code"].as_str().filter(|own| *own != "NONE");
    let entry = entries.into_iter().chain(nested).find_map(|entry| entry["error_code"].as_str());
    own.or(entry).unwrap_or("NONE").to_owned()
}

fn label(api: &str, version: i64) -> String {
    format!("{api} v{version}")
}

#[test]
fn load_02_not_coordinator_over_tcp() {
    if !crate::tcp::may_start() {
        return;
    }
    let broker = Broker::start("nowhere", &[]);
    let mut tcp = Tcp::new(&broker.address, String::new());
    create_topics(&mut tcp, &[("orders", 1)]);
    // Nobody has looked for a coordinator yet, so that there is no topic for groups and nobody coordinates any.
    let mut said = BTreeMap::new();
    for (api, version, body) in requests("g") {
        said.insert(label(api, version), error_of(&ask(&mut tcp, api, version, body)));
    }
    for (request, error) in said {
        let expected = match request.as_str() {
            "list_groups v5" => "NONE",
            _ => "NOT_COORDINATOR",
        };
        assert_eq!(error, expected, "{request}");
    }
    let found = ask(&mut tcp, "find_coordinator", 6, json!({ "coordinator_keys": ["g"] }));
    assert_eq!(found["coordinators"][0]["error_code"], "COORDINATOR_NOT_AVAILABLE");
}

/// Partitions in a commit, and commits, so that the log of the groups takes seconds to read.
const WIDE: u32 = 100;
const COMMITS: u64 = 3_000;
/// The longest wait for a broker that starts again.
const START_WAIT: Duration = Duration::from_secs(60);

/// Commits to group "g" until its log is long.
fn fill(address: &str) {
    prepare(address, &[("orders", 1), ("wide", WIDE)]);
    let mut tcp = Tcp::new(address, String::new());
    let partition =
        |index| json!({ "partition_index": index, "committed_offset": 1, "committed_metadata": "x".repeat(40) });
    let partitions: Vec<Value> = (0..WIDE).map(partition).collect();
    let body = json!({ "group_id": "g", "topics": [{ "name": "wide", "partitions": partitions }] });
    for _ in 0..COMMITS {
        let answer = ask(&mut tcp, "offset_commit", 8, body.clone());
        assert_eq!(error_of(&answer), "NONE");
    }
}

/// Asks a broker that starts, again and again; what it said to each request while it was loading group "g" before and
/// after.
fn asked_while_loading(address: &str) -> BTreeMap<String, BTreeSet<String>> {
    let until = Instant::now() + START_WAIT;
    let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut tcp = Tcp::new(address, String::new());
    let probe = json!({ "group_id": "g", "topics": [{ "name": "orders", "partition_indexes": [0] }] });
    let probed = |tcp: &mut Tcp| tried(tcp, "offset_fetch", 9, probe.clone()).map(|answer| error_of(&answer));
    // It is asked from before it stops.
    let mut went = false;
    while Instant::now() < until {
        for (api, version, body) in requests("g") {
            let before = probed(&mut tcp);
            went |= before.is_err();
            if went && before.as_deref() == Ok("NONE") {
                return said;
            }
            let answer = tried(&mut tcp, api, version, body);
            let after = probed(&mut tcp);
            if let (Ok(before), Ok(answer), Ok(after)) = (before, answer, after)
                && before == "COORDINATOR_LOAD_IN_PROGRESS"
                && after == before
            {
                said.entry(label(api, version)).or_default().insert(error_of(&answer));
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("the broker does not come back");
}

#[test]
fn load_03_load_04_and_hb_07_answers_while_loading_over_tcp() {
    if !crate::tcp::may_start() {
        return;
    }
    let mut broker = Broker::start("loading", &[]);
    let address = broker.address.clone();
    fill(&address);
    let said = std::thread::scope(|scope| {
        let asking = scope.spawn(|| asked_while_loading(&address));
        // Read in small pieces, which takes longer.
        broker.restart(&["offsets.load.buffer.size=100".to_owned()]);
        asking.join().expect("the broker was asked")
    });
    let mut ours = Ours::new();
    ours.command(&json!({ "op": "config", "topics": { "orders": 1 } })).expect("a fresh coordinator");
    ours.command(&json!({ "op": "unload" })).expect("it has something to unload");
    for (number, (api, version, body)) in requests("g").into_iter().enumerate() {
        let request = label(api, version);
        let expected = if api == "heartbeat" { "NONE" } else { "COORDINATOR_LOAD_IN_PROGRESS" };
        let broker = said.get(&request).unwrap_or_else(|| panic!("{request}: not answered while loading"));
        assert_eq!(broker.iter().collect::<Vec<_>>(), [expected], "{request}");
        let command = json!({ "op": "request", "id": number, "api": api, "version": version, "body": body });
        let answer = ours.command(&command).expect("an answer").answers.remove(0).body;
        assert_eq!(error_of(&answer), expected, "ours, {request}");
    }
}

/// A broker that is stopped and started again, and ours, which reloads; no time passes for ours but what is said.
struct Restarted {
    broker: Broker,
    tcp: Tcp,
    ours: Ours,
    asked: u64,
}

impl Restarted {
    fn start() -> Restarted {
        let broker = Broker::start("restarted", &["group.initial.rebalance.delay.ms=0".to_owned()]);
        prepare(&broker.address, &[("orders", 1)]);
        let mut ours = Ours::new();
        let config = json!({ "op": "config", "broker": { "group.initial.rebalance.delay.ms": 0, "group.min.session.timeout.ms": 100 }, "topics": { "orders": 1 } });
        ours.command(&config).expect("a fresh coordinator");
        let tcp = Tcp::new(&broker.address, String::new());
        Restarted { broker, tcp, ours, asked: 0 }
    }

    fn send(&mut self, api: &str, version: i64, body: Value) -> (Value, Option<Value>) {
        self.asked += 1;
        let command = json!({ "op": "request", "id": self.asked, "api": api, "version": version, "client_host": "/127.0.0.1", "body": body });
        self.tcp.send(&command).unwrap_or_else(|error| panic!("{error}"));
        let mut said = self.ours.command(&command).expect("an answer").answers;
        // A rebalance without delay is a timer.
        said.extend(self.ours.command(&json!({ "op": "advance", "ms": 0 })).expect("time").answers);
        (command, said.pop().map(|answer| answer.body))
    }

    /// Both answer, and the same.
    fn ask(&mut self, api: &str, version: i64, body: Value) -> Value {
        let (command, ours) = self.send(api, version, body);
        let came = self.tcp.collect([self.asked]).unwrap_or_else(|error| panic!("{error}"));
        let broker = self.tcp.reply(came, |_| 0).answers.pop().unwrap_or_else(|| panic!("no answer to {command}")).body;
        let ours = ours.unwrap_or_else(|| panic!("ours has no answer to {command}"));
        let view = |body| {
            let reply = Reply { answers: vec![Answer { t: 0, id: 0, body }], ..Reply::default() };
            seen(&reply, |_| Some((api.to_owned(), version))).answers.remove(0).body
        };
        let broker = view(broker);
        assert_eq!(view(ours), broker, "{command}");
        broker
    }

    /// Neither answers.
    fn park(&mut self, api: &str, version: i64, body: Value) {
        let (command, ours) = self.send(api, version, body);
        assert_eq!(ours, None, "{command}");
        let group = command["body"]["group_id"].as_str().expect("a group");
        self.tcp
            .fence(group)
            .and_then(|()| self.tcp.poll())
            .map_or_else(|error| panic!("{error}"), |came| assert!(came.is_empty()));
    }

    /// What a parked request, if there is one, was told when the coordinator went.
    fn restart(&mut self) -> Option<String> {
        let Restarted { broker, tcp, ours, asked } = self;
        let told = std::thread::scope(|scope| {
            let parked = scope.spawn(|| tcp.collect([*asked]));
            broker.restart(&[]);
            parked.join().expect("it was waited for")
        });
        let told = told.ok().and_then(|came| tcp.reply(came, |_| 0).answers.pop());
        tcp.forget_connections();
        let reloaded = ours.command(&json!({ "op": "reload" })).expect("it reloads").answers.pop();
        let told = told.map(|answer| error_of(&answer.body));
        assert_eq!(told, reloaded.map(|answer| error_of(&answer.body)));
        prepare(&broker.address, &[]);
        told
    }
}

#[test]
fn load_05_load_09_load_10_and_load_11_restart_over_tcp() {
    if !crate::tcp::may_start() {
        return;
    }
    let mut both = Restarted::start();
    let session_ms = 120_000;
    let beat = |generation| json!({ "group_id": "g", "generation_id": generation, "member_id": "m1" });
    assert_eq!(both.ask("join_group", 3, super::join("g", session_ms))["generation_id"], 1);
    let sync = json!({ "group_id": "g", "generation_id": 1, "member_id": "m1", "assignments": [{ "member_id": "m1", "assignment": "AQID" }] });
    assert_eq!(both.ask("sync_group", 3, sync.clone())["assignment"], "AQID");
    let required = both.ask("join_group", 9, super::join("g", session_ms));
    let pending = required["member_id"].as_str().expect("an id").to_owned();
    // A new id that has not come back holds the rebalance up (REB-06), so that this one waits.
    both.park("join_group", 3, super::join_as("g", "m1", session_ms));
    // LOAD-11: it is told before the coordinator goes.
    assert_eq!(both.restart().as_deref(), Some("NOT_COORDINATOR"));
    // LOAD-05: the group is as its last record has it.
    assert_eq!(both.ask("heartbeat", 4, beat(1))["error_code"], "NONE");
    assert_eq!(both.ask("sync_group", 3, sync)["assignment"], "AQID");
    let described = both.ask("describe_groups", 6, json!({ "groups": ["g"] }));
    assert_eq!(
        (&described["groups"][0]["group_state"], &described["groups"][0]["protocol_data"]),
        (&json!("Stable"), &json!("range"))
    );
    // LOAD-09: the id that had not come back is forgotten.
    let answer = both.ask("join_group", 9, super::join_as("g", &pending, session_ms));
    assert_eq!(answer["error_code"], "UNKNOWN_MEMBER_ID");
    // LOAD-10: a generation that nobody synced in is forgotten, and its number given again.
    assert_eq!(both.ask("join_group", 3, super::join_as("g", "m1", session_ms))["generation_id"], 2);
    assert_eq!(both.ask("heartbeat", 4, beat(2))["error_code"], "NONE");
    assert_eq!(both.restart(), None);
    assert_eq!(both.ask("heartbeat", 4, beat(2))["error_code"], "ILLEGAL_GENERATION");
    assert_eq!(both.ask("heartbeat", 4, beat(1))["error_code"], "NONE");
    assert_eq!(both.ask("join_group", 3, super::join_as("g", "m1", session_ms))["generation_id"], 2);
}
