//! Directed proofs: one rule, one broker, exact answers, and ours the same.

use super::peer::Tcp;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The longest wait for a broker to be ready.
const READY_WAIT: Duration = Duration::from_secs(30);

/// Creates topics and waits until the broker coordinates groups.
pub fn prepare(address: &str, topics: &[(&str, u32)]) {
    let topics: Vec<Value> =
        topics.iter().map(|(name, count)| json!({ "name": name, "num_partitions": count })).collect();
    let mut tcp = Tcp::new(address, String::new());
    ask(&mut tcp, "create_topics", 5, json!({ "topics": topics }));
    let until = Instant::now() + READY_WAIT;
    // Finding a coordinator creates the topic of the groups.
    for group in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        loop {
            let found = ask(&mut tcp, "find_coordinator", 4, json!({ "coordinator_keys": [group] }));
            let topics = json!([{ "name": "orders", "partition_indexes": [0] }]);
            let fetched = ask(&mut tcp, "offset_fetch", 8, json!({ "group_id": group, "topics": topics }));
            if found["coordinators"][0]["error_code"] == "NONE" && fetched["error_code"] == "NONE" {
                break;
            }
            assert!(Instant::now() < until, "the broker does not coordinate groups: {found} {fetched}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Sends one request and returns its answer.
fn ask(tcp: &mut Tcp, api: &str, version: i64, body: Value) -> Value {
    let command = json!({ "id": 0, "api": api, "version": version, "body": body });
    tcp.send(&command).unwrap_or_else(|error| panic!("{error}"));
    let came = tcp.collect([0]).unwrap_or_else(|error| panic!("{error}"));
    let mut reply = tcp.reply(came, |_| 0);
    reply.answers.pop().unwrap_or_else(|| panic!("no answer to {command}")).body
}
