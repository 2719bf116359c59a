//! JSON Schema of scenario files, for completion and checks in editors.

use super::shape::{self, Field, Kind};
use crate::config::keys::{self, Effect, KafkaKey, KeyType, Side};
use serde_json::{Map, Value, json};

/// The JSON Schema (2020-12) of a scenario file: every key with its description, Kafka's properties with their defaults.
pub fn schema() -> Value {
    let mut root = table(shape::ROOT);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("groupsim scenario");
    root["required"] = json!(["run-for"]);
    root["anyOf"] = json!([{ "required": ["group"] }, { "required": ["producer"] }]);
    root["$defs"] = json!({
        "consumer-properties": properties(Side::Consumer),
        "broker-properties": properties(Side::Broker),
        "producer-properties": properties(Side::Producer),
    });
    root
}

fn table(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut value = kind(&field.kind);
        value["description"] = json!(field.doc);
        properties.insert(field.name.to_string(), value);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn kind(kind_of: &Kind) -> Value {
    match kind_of {
        Kind::Text => json!({ "type": "string" }),
        Kind::Integer(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Duration => json!({ "type": "string", "examples": ["45s", "250ms", "2m50s"] }),
        Kind::Instants => json!({ "type": "string", "examples": ["60s", "60s..120s"] }),
        Kind::Share => json!({ "type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]{1,2})?\s*%$", "examples": ["20%"] }),
        Kind::Size => json!({ "type": ["string", "integer"], "examples": ["1KiB", 1024] }),
        Kind::Rate => json!({ "type": "string", "pattern": "^[0-9_ ]+/.+$", "examples": ["200/s", "1/10s"] }),
        Kind::Words(words) => json!({ "enum": words }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Table(fields) => table(fields),
        Kind::Map(fields) => json!({ "type": "object", "additionalProperties": table(fields) }),
        Kind::List(fields) => json!({ "type": "array", "items": table(fields) }),
        Kind::Properties(Side::Consumer) => json!({ "$ref": "#/$defs/consumer-properties" }),
        Kind::Properties(Side::Broker) => json!({ "$ref": "#/$defs/broker-properties" }),
        Kind::Properties(Side::Producer) => json!({ "$ref": "#/$defs/producer-properties" }),
        Kind::OneOf(kinds) => json!({ "anyOf": kinds.iter().map(kind).collect::<Vec<_>>() }),
    }
}

/// Kafka's names as dotted keys (which TOML nests) and as quoted ones.
fn properties(side: Side) -> Value {
    let modelled = match side {
        Side::Broker => keys::BROKER,
        Side::Consumer => keys::CONSUMER,
        Side::Producer => keys::PRODUCER,
    };
    let mut root = Node::default();
    for key in modelled.iter().filter(|key| !matches!(key.effect, Effect::Refused(_))) {
        root.insert(key.name.split('.'), property(key));
        root.children.entry(key.name.to_string()).or_default().value = Some(property(key));
    }
    let names: Vec<&str> = match side {
        Side::Broker => keys::IGNORED_BROKER.to_vec(),
        Side::Producer => keys::ignored_producer().collect(),
        Side::Consumer => keys::IGNORED_CONSUMER.iter().flat_map(|(_, names)| names.iter().copied()).collect(),
    };
    for name in &names {
        root.insert(name.split('.'), property_name_only(name));
        root.children.entry(name.to_string()).or_default().value.get_or_insert(property_name_only(name));
    }
    root.schema()
}

fn property_name_only(name: &str) -> Value {
    json!({ "description": format!("{name}: known to Kafka, without effect in groupsim.") })
}

fn property(key: &KafkaKey) -> Value {
    let mut value = match key.value {
        KeyType::Boolean => json!({ "type": ["boolean", "string"] }),
        KeyType::Integer(min, max) => json!({ "type": ["integer", "string"], "minimum": min, "maximum": max }),
        KeyType::Word(words) => json!({ "enum": words }),
        KeyType::List => json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        KeyType::Text => json!({ "type": "string" }),
        KeyType::Any => json!({}),
    };
    value["description"] = json!(key.doc);
    if !key.default.is_empty() {
        value["default"] = match key.value {
            KeyType::Integer(..) => key.default.parse::<i64>().map_or(json!(key.default), |n| json!(n)),
            KeyType::Boolean => json!(key.default == "true"),
            _ => json!(key.default),
        };
    }
    value
}

/// A name's parts as a tree; a name may also be the beginning of another.
#[derive(Default)]
struct Node {
    value: Option<Value>,
    children: std::collections::BTreeMap<String, Node>,
}

impl Node {
    fn insert<'n>(&mut self, mut parts: impl Iterator<Item = &'n str>, value: Value) {
        match parts.next() {
            Some(part) => self.children.entry(part.to_string()).or_default().insert(parts, value),
            None => self.value = Some(value),
        }
    }

    fn schema(self) -> Value {
        let children: Map<String, Value> = self.children.into_iter().map(|(name, n)| (name, n.schema())).collect();
        let object = json!({ "type": "object", "properties": children, "additionalProperties": false });
        match self.value {
            Some(value) if children.is_empty() => value,
            Some(value) => json!({ "anyOf": [value, object] }),
            None => object,
        }
    }
}
