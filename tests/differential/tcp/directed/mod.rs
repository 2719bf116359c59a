//! Directed proofs: one rule, a real broker, exact answers, and ours the same.

mod ids;
mod load;
mod members;
mod offsets;
mod shapes;

use super::broker::Broker;
use super::peer::Tcp;
use super::play::{Play, Stop};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The longest wait for a broker to be ready.
const READY_WAIT: Duration = Duration::from_secs(30);
/// How often a proof is tried if the machine was too slow.
const ATTEMPTS: u32 = 8;
/// The initial rebalance delay of our own broker.
const DELAY_MS: u64 = 300;

/// What a proof asks.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    /// Any broker: makes no group and no topic.
    Nothing,
    /// One of our own, with its settings and topics.
    Own,
}

/// The broker that all proofs share, as long as one of them runs.
static SHARED: Mutex<Weak<Broker>> = Mutex::new(Weak::new());

/// Where a proof is carried out.
struct Place {
    address: String,
    config: Value,
    /// Kept from stopping.
    _broker: Option<Arc<Broker>>,
}

impl Place {
    fn find(needs: Needs) -> Option<Place> {
        if needs == Needs::Nothing
            && let Ok(address) = std::env::var("GROUPSIM_BOOTSTRAP_SERVERS")
        {
            prepare(&address, &[]);
            return Some(Place { address, config: json!({ "op": "config" }), _broker: None });
        }
        if !super::may_start() {
            return None;
        }
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let broker = shared.upgrade().unwrap_or_else(|| {
            let delay = format!("group.initial.rebalance.delay.ms={DELAY_MS}");
            let broker = Arc::new(Broker::start("directed", &[delay]));
            prepare(&broker.address, &[("orders", 3), ("refunds", 2)]);
            *shared = Arc::downgrade(&broker);
            broker
        });
        let config = json!({
            "op": "config",
            "broker": { "group.initial.rebalance.delay.ms": DELAY_MS, "group.min.session.timeout.ms": 100 },
            "topics": { "orders": 3, "refunds": 2 },
        });
        Some(Place { address: broker.address.clone(), config, _broker: Some(broker) })
    }

    /// The smallest session timeout that is allowed.
    fn least_session_ms(&self) -> i64 {
        self.config["broker"]["group.min.session.timeout.ms"].as_i64().unwrap_or(6_000)
    }
}

/// Carries out a proof, again if the machine was too slow for it.
fn proved(name: &str, needs: Needs, proof: impl Fn(&mut Play, &Place) -> Result<(), Stop>) {
    let Some(place) = Place::find(needs) else { return };
    for attempt in 0..ATTEMPTS {
        let tcp = Tcp::new(&place.address, format!("{name}-{}-{attempt}-", std::process::id()));
        match proof(&mut Play::new(tcp, place.config.clone(), 0), &place) {
            Ok(()) => return,
            Err(Stop::Late(why)) => eprintln!("{name}: late, {why}"),
            Err(Stop::Ended(why)) => panic!("{why}"),
            Err(Stop::Differs(mismatch)) => {
                crate::show(name, &mismatch);
                panic!("{}", mismatch.difference.signature);
            }
        }
    }
    panic!("this machine is too busy");
}

/// A JoinGroup of a consumer without a member id.
fn join(group: &str, session_ms: i64) -> Value {
    join_as(group, "", session_ms)
}

fn join_as(group: &str, member: &str, session_ms: i64) -> Value {
    json!({
        "group_id": group,
        "member_id": member,
        "session_timeout_ms": session_ms,
        "rebalance_timeout_ms": 2_000,
        "protocol_type": "consumer",
        // Subscribed to "orders".
        "protocols": [{ "name": "range", "metadata": "AAAAAAABAAZvcmRlcnP/////" }],
    })
}

/// A lone member in a stable group: its id is m1, its generation 1.
fn stable(play: &mut Play, group: &str) -> Result<(), Stop> {
    let parked = play.ask("join_group", 3, &join(group, 20_000))?;
    assert_eq!(parked, Value::Null);
    let answers = play.wait(DELAY_MS)?;
    assert_eq!((answers.len(), &answers[0].body["member_id"]), (1, &json!("m1")));
    let sync = json!({
        "group_id": group,
        "generation_id": 1,
        "member_id": "m1",
        "protocol_type": "consumer",
        "protocol_name": "range",
        "assignments": [{ "member_id": "m1", "assignment": "AQID" }],
    });
    let synced = play.ask("sync_group", 5, &sync)?;
    assert_eq!(synced["assignment"], "AQID");
    Ok(())
}

/// Creates topics, if any, and waits until the broker coordinates groups.
pub fn prepare(address: &str, topics: &[(&str, u32)]) {
    let mut tcp = Tcp::new(address, String::new());
    if !topics.is_empty() {
        create_topics(&mut tcp, topics);
    }
    let until = Instant::now() + READY_WAIT;
    // Finding a coordinator creates the topic of the groups, and these are on all of its partitions.
    for group in ["a", "b", "c", "d"] {
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

fn create_topics(tcp: &mut Tcp, topics: &[(&str, u32)]) {
    let topics: Vec<Value> =
        topics.iter().map(|(name, count)| json!({ "name": name, "num_partitions": count })).collect();
    let created = ask(tcp, "create_topics", 5, json!({ "topics": topics }));
    let errors = created["errors"].as_array().expect("a list");
    assert!(errors.iter().all(|error| error == "NONE"), "{created}");
}

/// Sends one request to the broker alone and returns its answer.
fn ask(tcp: &mut Tcp, api: &str, version: i64, body: Value) -> Value {
    tried(tcp, api, version, body).unwrap_or_else(|error| panic!("{api} {version}: {error}"))
}

fn tried(tcp: &mut Tcp, api: &str, version: i64, body: Value) -> Result<Value, String> {
    let command = json!({ "id": 0, "api": api, "version": version, "body": body });
    tcp.send(&command)?;
    let came = tcp.collect([0])?;
    let mut reply = tcp.reply(came, |_| 0);
    reply.answers.pop().map(|answer| answer.body).ok_or_else(|| "no answer in time".to_owned())
}
