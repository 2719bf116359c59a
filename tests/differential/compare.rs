//! What counts as the same answer.

use crate::peer::{Answer, Reply};
use serde_json::{Map, Value};

/// Fields that our coordinator has no counterpart for: texts, authorization, leader epochs, the kinds of groups.
const IGNORED: [&str; 4] = ["error_message", "authorized_operations", "committed_leader_epoch", "group_type"];

/// An answer without what Kafka leaves to hash order or what is not compared. Lists are put in order (except the entries
/// of a LeaveGroup, which keep the order of the request), topics are flattened to partitions, and an absent protocol name
/// is null. An entry that stands there twice counts once: after an append failed, Kafka's snapshots list what it had
/// replaced twice over.
pub fn canonical(answer: &Value) -> Value {
    let Value::Object(fields) = answer else { return answer.clone() };
    let is_leave = fields.len() == 2 && fields.contains_key("members");
    let is_fetch = fields.contains_key("group_id") && fields.contains_key("topics");
    let mut result = Map::new();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("topics", Value::Array(topics)) => {
                let mut partitions: Vec<Value> = topics.iter().flat_map(flattened).collect();
                sort(&mut partitions);
                partitions.dedup();
                result.insert("partitions".into(), partitions.into());
            }
            ("protocol_name", Value::String(text)) if text.is_empty() => {
                result.insert(name.clone(), Value::Null);
            }
            ("group_id", _) if is_fetch => {}
            (_, Value::Array(items)) => {
                let mut items: Vec<Value> = items.iter().map(canonical).collect();
                if !is_leave {
                    sort(&mut items);
                    items.dedup();
                }
                result.insert(name.clone(), items.into());
            }
            _ if IGNORED.contains(&name.as_str()) => {}
            _ => {
                result.insert(name.clone(), canonical(value));
            }
        }
    }
    Value::Object(result)
}

fn flattened(topic: &Value) -> Vec<Value> {
    let partitions = topic["partitions"].as_array().map_or(&[][..], Vec::as_slice);
    let flat = |partition: &Value| {
        let mut flat = Map::new();
        flat.insert("name".into(), topic["name"].clone());
        let fields = partition.as_object().into_iter().flatten();
        flat.extend(fields.filter(|(k, _)| !IGNORED.contains(&k.as_str())).map(|(k, v)| (k.clone(), v.clone())));
        Value::Object(flat)
    };
    partitions.iter().map(flat).collect()
}

fn sort(items: &mut [Value]) {
    let key = |item: &Value| {
        let text = |field: &str| item[field].as_str().unwrap_or("").to_owned();
        (text("member_id"), text("group_id"), text("name"), item["partition_index"].as_u64())
    };
    items.sort_by_cached_key(key);
}

/// A difference between two replies.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What kind of difference it is, so that shrinking does not slip into another one.
    pub signature: String,
    pub kafka: Option<Answer>,
    pub ours: Option<Answer>,
}

/// The first difference, by request id, between what Kafka and we said to a command.
pub fn difference(kafka: &Reply, ours: &Reply) -> Option<Difference> {
    if kafka.answers.is_empty() && ours.answers.is_empty() {
        return None;
    }
    let by_id = |reply: &Reply| {
        let mut answers = reply.answers.clone();
        answers.iter_mut().for_each(|answer| answer.body = canonical(&answer.body));
        answers.sort_by_key(|answer| answer.id);
        answers
    };
    let (kafka, ours) = (by_id(kafka), by_id(ours));
    let mut ids: Vec<u64> = kafka.iter().chain(&ours).map(|answer| answer.id).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        fn of(answers: &[Answer], id: u64) -> Vec<&Answer> {
            answers.iter().filter(|answer| answer.id == id).collect()
        }
        let (k, o) = (of(&kafka, id), of(&ours, id));
        let signature = match (&k[..], &o[..]) {
            ([k], [o]) => match differing(k, o) {
                Some(signature) => signature,
                None => continue,
            },
            ([k], []) => format!("only Kafka answers {}", outline(&k.body)),
            ([], [o]) => format!("only ours answers {}", outline(&o.body)),
            _ => "answered more than once".to_owned(),
        };
        let first = |answers: &[&Answer]| answers.first().map(|answer| (*answer).clone());
        return Some(Difference { signature, kafka: first(&k), ours: first(&o) });
    }
    None
}

/// What differs between two answers, by field; `None`: nothing.
fn differing(kafka: &Answer, ours: &Answer) -> Option<String> {
    let mut fields = Vec::new();
    if kafka.t != ours.t {
        fields.push("t".to_owned());
    }
    let (Value::Object(k), Value::Object(o)) = (&kafka.body, &ours.body) else {
        return Some("not objects".to_owned());
    };
    if k.len() == 1 && k.contains_key("error_code") {
        // Kafka threw; what its request layer makes of that shows the error alone.
        if k["error_code"] != ours.body["error_code"] {
            fields.push(format!("thrown {} not {}", k["error_code"], outline(&ours.body)));
        }
    } else {
        for name in k.keys().chain(o.keys().filter(|name| !k.contains_key(*name))) {
            if k.get(name) != o.get(name) {
                fields.push(name.clone());
            }
        }
    }
    if fields.is_empty() {
        return None;
    }
    Some(format!("{}: Kafka {}, ours {}", fields.join("+"), outline(&kafka.body), outline(&ours.body)))
}

/// The shape of an answer: its errors and states, and its fields.
fn outline(body: &Value) -> String {
    let mut errors = Vec::new();
    collect(body, &mut errors);
    errors.dedup();
    errors.truncate(3);
    let fields = body.as_object().map_or(0, Map::len);
    format!("{}/{fields}", errors.join(","))
}

fn collect(value: &Value, errors: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if name == "error_code" || name == "group_state" => errors.push(text.to_owned()),
                    _ => collect(value, errors),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, errors)),
        _ => {}
    }
}
