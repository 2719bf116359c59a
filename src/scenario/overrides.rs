//! `--set KEY=VALUE`: changes the document before anything is checked, so that the command line can say all that a file can.

use super::codes::Code;
use super::diagnostic::Source;
use super::report::{Report, Span, quote, suggest};
use super::shape;
use super::tree::{self, Node, Table, Value};
use crate::config::ClientKind;
use crate::config::keys::{self, Side};
use toml::de::DeValue;

/// The text that diagnostics about a `--set` argument show.
pub(super) fn source(key: &str, value: &str) -> Source {
    Source::new(format!("--set {key}={value}"), format!("{key}={value}"), false)
}

/// Kafka's names under `.config` and `with` become flat again.
pub(super) fn flatten_properties(root: &mut Table, text: &str) {
    each_table(root, "broker", |broker| flatten(broker, "config", text));
    each_table(root, "group", |groups| {
        for group in tables_of(groups) {
            flatten(group, "config", text);
            each_table(group, "member", |members| {
                for member in tables_of(members) {
                    flatten(member, "config", text);
                }
            });
        }
    });
    each_table(root, "producer", |producers| {
        for producer in tables_of(producers) {
            flatten(producer, "config", text);
        }
    });
    each_table(root, "timeline", |timeline| {
        let events = timeline.entries.iter_mut().find(|e| e.key == "events");
        if let Some(Node::Array(events)) = events.map(|e| &mut e.value.node) {
            for event in events {
                if let Node::Table(event) = &mut event.node {
                    flatten(event, "with", text);
                }
            }
        }
    });
}

fn flatten(table: &mut Table, key: &str, text: &str) {
    each_table(table, key, |properties| properties.flatten(text));
}

fn each_table(table: &mut Table, key: &str, change: impl FnOnce(&mut Table)) {
    if let Some(Node::Table(inner)) = table.entries.iter_mut().find(|e| e.key == key).map(|e| &mut e.value.node) {
        change(inner);
    }
}

fn tables_of(table: &mut Table) -> impl Iterator<Item = &mut Table> {
    table.entries.iter_mut().filter_map(|e| match &mut e.value.node {
        Node::Table(inner) => Some(inner),
        _ => None,
    })
}

/// Applies all arguments in order.
pub(super) fn apply(report: &mut Report, root: &mut Table, sets: &[(&str, &str)]) {
    for (i, (key, text)) in sets.iter().enumerate() {
        let (source, len) = (i as u32 + 1, |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX));
        let key_span = Span { source, start: 0, end: len(key) };
        let value = value_of(text, source, len(key).saturating_add(1));
        let set = Set { key: key.trim(), key_span, value };
        if let Err(help) = set.apply(root) {
            report.add(Code::BadSet, key_span, format!("nothing to set under {}", quote(key)), help);
        }
    }
}

/// A value in TOML's notation, else text as it is: `5m`, `100/s`.
fn value_of(text: &str, source: u32, offset: u32) -> Value {
    let span =
        Span { source, start: offset, end: offset.saturating_add(u32::try_from(text.len()).unwrap_or(u32::MAX)) };
    if text.len() > 10_000 {
        return Value { span, node: Node::Text(text.to_string()) };
    }
    match DeValue::parse(text) {
        Ok(value) => {
            let mut value = tree::from_value(&value, source);
            shift(&mut value, offset);
            if matches!(value.node, Node::Datetime | Node::Float) {
                value.node = Node::Text(text.to_string());
            }
            value
        }
        Err(_) => Value { span, node: Node::Text(text.trim().to_string()) },
    }
}

fn shift(value: &mut Value, offset: u32) {
    let move_span = |span: &mut Span| (span.start, span.end) = (span.start + offset, span.end + offset);
    move_span(&mut value.span);
    match &mut value.node {
        Node::Array(values) => values.iter_mut().for_each(|v| shift(v, offset)),
        Node::Table(table) => {
            for entry in &mut table.entries {
                move_span(&mut entry.key_span);
                shift(&mut entry.value, offset);
            }
        }
        _ => {}
    }
}

struct Set<'a> {
    key: &'a str,
    key_span: Span,
    value: Value,
}

/// What to say if there is nothing under a key.
type Help = Option<String>;

impl Set<'_> {
    fn apply(&self, root: &mut Table) -> Result<(), Help> {
        let parts: Vec<&str> = self.key.split('.').collect();
        let top = shape::names(shape::ROOT);
        if parts.len() > 40 || parts.iter().any(|p| p.trim().is_empty()) {
            return Err(Some("write KEY=VALUE, as in members=3".to_string()));
        }
        if let Some(property) = self.key.strip_prefix("config.") {
            return self.to_groups(root, |set, group| set.put(group, &["config"], property));
        }
        if keys::consumer(self.key).is_some() {
            return self.to_groups(root, |set, group| set.put(group, &["config"], set.key));
        }
        if keys::broker_key(self.key).is_some() {
            return self.put(root, &["broker", "config"], self.key);
        }
        if keys::producer(self.key).is_some() {
            return self.to_all(root, "producer", |set, producer| set.put(producer, &["config"], set.key));
        }
        if top.contains(&parts[0]) {
            return self.full_path(root, &parts);
        }
        if shape::GROUP.iter().any(|f| f.name == parts[0]) && parts[0] != "member" {
            return self.to_groups(root, |set, group| set.nested(group, &parts));
        }
        if shape::TOPIC.iter().any(|f| f.name == parts[0]) {
            return self.to_all(root, "topic", |set, topic| set.nested(topic, &parts));
        }
        if parts[0] == "latency" {
            return self.nested(root, &[&["network"][..], &parts[..]].concat());
        }
        let mut valid = top;
        valid.extend(shape::names(shape::GROUP).into_iter().filter(|n| *n != "member"));
        valid.extend(shape::names(shape::TOPIC));
        valid.extend(keys::CONSUMER.iter().map(|k| k.name));
        valid.extend(keys::names(Side::Broker, ClientKind::Java).into_iter().take(keys::BROKER.len()));
        Err(Some(suggest(self.key, &valid)))
    }

    /// A path as the file would have it.
    fn full_path(&self, root: &mut Table, parts: &[&str]) -> Result<(), Help> {
        match parts {
            ["broker", "config", property @ ..] if !property.is_empty() => {
                self.put(root, &["broker", "config"], &property.join("."))
            }
            ["group", rest @ ..] if !rest.is_empty() => {
                let groups = self.inner(root, "group")?;
                let (group, rest) = self.named(groups, rest, "group")?;
                match rest {
                    ["config", property @ ..] if !property.is_empty() => {
                        self.put(group, &["config"], &property.join("."))
                    }
                    ["member", rest @ ..] if !rest.is_empty() => {
                        let members = self.inner(group, "member")?;
                        let (member, rest) = self.member(members, rest)?;
                        match rest {
                            ["config", property @ ..] if !property.is_empty() => {
                                self.put(member, &["config"], &property.join("."))
                            }
                            rest => self.nested(member, rest),
                        }
                    }
                    rest => self.nested(group, rest),
                }
            }
            ["producer", rest @ ..] if !rest.is_empty() => {
                let producers = self.inner(root, "producer")?;
                let (producer, rest) = self.named(producers, rest, "producer")?;
                match rest {
                    ["config", property @ ..] if !property.is_empty() => {
                        self.put(producer, &["config"], &property.join("."))
                    }
                    rest => self.nested(producer, rest),
                }
            }
            ["topic", rest @ ..] if !rest.is_empty() => {
                let topics = self.inner(root, "topic")?;
                let (topic, rest) = self.named(topics, rest, "topic")?;
                self.nested(topic, rest)
            }
            [section] if matches!(root.get(section).map(|v| &v.node), Some(Node::Table(_))) => {
                Err(Some(format!("`{section}` is a whole table: name a key in it")))
            }
            parts => self.nested(root, parts),
        }
    }

    /// The table of the longest name that the path begins with; names may have dots.
    fn named<'t, 'p>(
        &self,
        tables: &'t mut Table,
        path: &'p [&'p str],
        what: &str,
    ) -> Result<(&'t mut Table, &'p [&'p str]), Help> {
        let found = (1..=path.len()).rev().find(|&n| tables.entry(&path[..n].join(".")).is_some());
        let Some(n) = found else {
            let names: Vec<&str> = tables.entries.iter().map(|e| e.key.as_str()).collect();
            return Err(Some(format!("there is no {what} of this name: {}", suggest(path[0], &names))));
        };
        Ok((self.inner(tables, &path[..n].join("."))?, &path[n..]))
    }

    /// The same for member overrides, which need not be there yet.
    fn member<'t, 'p>(
        &self,
        tables: &'t mut Table,
        path: &'p [&'p str],
    ) -> Result<(&'t mut Table, &'p [&'p str]), Help> {
        let known = shape::names(shape::MEMBER);
        let found = (1..=path.len()).rev().find(|&n| tables.entry(&path[..n].join(".")).is_some());
        let n = found.or_else(|| path.iter().position(|p| known.contains(p)).filter(|&n| n > 0));
        let n = n.ok_or_else(|| Some(format!("a member has {}", known.join(", "))))?;
        Ok((self.inner(tables, &path[..n].join("."))?, &path[n..]))
    }

    fn inner<'t>(&self, table: &'t mut Table, key: &str) -> Result<&'t mut Table, Help> {
        table.table_at(key, self.key_span).ok_or_else(|| Some(format!("`{key}` is not a table in this file")))
    }

    /// Sets a value under a path of tables, which are made if need be. A number in the path counts in a list.
    fn nested(&self, table: &mut Table, path: &[&str]) -> Result<(), Help> {
        match path {
            [] => Err(Some("a whole table cannot be set: name a key in it".to_string())),
            [last] => {
                table.set(last, self.key_span, self.value.clone());
                Ok(())
            }
            [list, index, rest @ ..] if index.bytes().all(|b| b.is_ascii_digit()) => {
                let values = match table.entries.iter_mut().find(|e| e.key == *list).map(|e| &mut e.value.node) {
                    Some(Node::Array(values)) => values,
                    _ => return Err(Some(format!("`{list}` is not a list in this file"))),
                };
                let count = values.len();
                let value = index.parse::<usize>().ok().and_then(|i| values.get_mut(i));
                let value = value.ok_or_else(|| Some(format!("`{list}` has {count} entries, counted from 0")))?;
                match (&mut value.node, rest) {
                    (_, []) => *value = self.value.clone(),
                    (Node::Table(table), rest) => return self.nested(table, rest),
                    _ => return Err(Some(format!("entry {index} of `{list}` is not a table"))),
                }
                Ok(())
            }
            [first, rest @ ..] => self.nested(self.inner(table, first)?, rest),
        }
    }

    /// Sets a property under a path of tables.
    fn put(&self, table: &mut Table, path: &[&str], property: &str) -> Result<(), Help> {
        match path {
            [] => {
                table.set(property, self.key_span, self.value.clone());
                Ok(())
            }
            [first, rest @ ..] => self.put(self.inner(table, first)?, rest, property),
        }
    }

    /// Every group; properties of membership leave out readers with `assign`.
    fn to_groups(&self, root: &mut Table, set: impl Fn(&Self, &mut Table) -> Result<(), Help>) -> Result<(), Help> {
        let property = self.key.strip_prefix("config.").unwrap_or(self.key);
        let group_only = keys::consumer(property).is_some_and(|key| key.group_only)
            || ["topics", "static", "commit"].iter().any(|k| self.key.split('.').next() == Some(k));
        self.to_all(
            root,
            "group",
            |this, group| {
                if group_only && group.get("assign").is_some() { Ok(()) } else { set(this, group) }
            },
        )
    }

    fn to_all(
        &self,
        root: &mut Table,
        kind: &str,
        set: impl Fn(&Self, &mut Table) -> Result<(), Help>,
    ) -> Result<(), Help> {
        let tables = match root.entries.iter_mut().find(|e| e.key == kind).map(|e| &mut e.value.node) {
            Some(Node::Table(tables)) if !tables.entries.is_empty() => tables,
            _ => return Err(Some(format!("the file has no {kind}"))),
        };
        tables_of(tables).try_for_each(|table| set(self, table))
    }
}
