//! The file as a tree in the file's order, each key and value with its span, ready for `--set`.

use super::report::Span;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub span: Span,
    pub node: Node,
}

/// What TOML has.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    /// `None`: beyond 64 bits.
    Integer(Option<i64>),
    Float,
    Boolean(bool),
    Datetime,
    Array(Vec<Value>),
    Table(Table),
}

/// A table, in the file's order.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Value,
}

impl Node {
    pub fn type_name(&self) -> &'static str {
        match self {
            Node::Text(_) => "text",
            Node::Integer(_) => "a whole number",
            Node::Float => "a decimal number",
            Node::Boolean(_) => "true or false",
            Node::Datetime => "a date or time",
            Node::Array(_) => "a list",
            Node::Table(_) => "a table",
        }
    }
}

impl Table {
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|e| &e.value)
    }

    /// The table under `key`, made if need be; `None` if something else stands there.
    pub fn table_at(&mut self, key: &str, span: Span) -> Option<&mut Table> {
        let index = match self.entries.iter().position(|e| e.key == key) {
            Some(index) => index,
            None => {
                self.set(key, span, Value { span, node: Node::Table(Table::default()) });
                self.entries.len() - 1
            }
        };
        match &mut self.entries[index].value.node {
            Node::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Puts a value under `key`, in the place of the one that is there.
    pub fn set(&mut self, key: &str, key_span: Span, value: Value) {
        match self.entries.iter_mut().find(|e| e.key == key) {
            Some(entry) => (entry.key_span, entry.value) = (key_span, value),
            None => self.entries.push(Entry { key: key.to_string(), key_span, value }),
        }
    }

    /// Dotted keys, which TOML turned into nested tables, as flat names again: `session.timeout.ms`. `text` is the file's.
    pub fn flatten(&mut self, text: &str) {
        let mut flat = Vec::new();
        for entry in std::mem::take(&mut self.entries) {
            flatten_into(&mut flat, text, String::new(), entry);
        }
        // What `--set` has set beats the file, and a later one beats an earlier one.
        flat.sort_by_key(|e: &Entry| (e.key_span.source, e.key_span.start));
        self.entries.reserve(flat.len());
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for entry in flat {
            match places.get(&entry.key) {
                Some(&place) => self.entries[place] = entry,
                None => {
                    places.insert(entry.key.clone(), self.entries.len());
                    self.entries.push(entry);
                }
            }
        }
    }
}

fn flatten_into(flat: &mut Vec<Entry>, text: &str, prefix: String, entry: Entry) {
    let nested = !prefix.is_empty();
    let key = if nested { format!("{prefix}.{}", entry.key) } else { entry.key };
    match entry.value.node {
        Node::Table(table) if !table.entries.is_empty() => {
            for child in table.entries {
                flatten_into(flat, text, key.clone(), child);
            }
        }
        node => {
            let mut key_span = entry.key_span;
            if nested && key_span.source == 0 {
                key_span.start = start_of_dotted_key(text, key_span.start);
            }
            flat.push(Entry { key, key_span, value: Value { span: entry.value.span, node } });
        }
    }
}

/// The caret goes under the whole dotted key, of which TOML gives the last part only.
fn start_of_dotted_key(text: &str, part: u32) -> u32 {
    let before = text.as_bytes().get(..part as usize).unwrap_or_default();
    let in_key = |b: &u8| b.is_ascii_alphanumeric() || b"_-.\"'".contains(b);
    part - before.iter().rev().take(200).take_while(|b| in_key(b)).count() as u32
}

/// Converts what the toml crate read; its own recursion limit bounds the depth.
pub(super) fn from_toml(table: &DeTable<'_>, source: u32) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: span(&key.span(), source),
            value: from_value(value, source),
        })
        .collect();
    entries.sort_by_key(|e| e.key_span.start);
    Table { entries }
}

/// Converts one value.
pub(super) fn from_value(value: &Spanned<DeValue<'_>>, source: u32) -> Value {
    let node = match value.get_ref() {
        DeValue::String(text) => Node::Text(text.to_string()),
        DeValue::Integer(n) => Node::Integer(i64::from_str_radix(n.as_str(), n.radix()).ok()),
        DeValue::Float(_) => Node::Float,
        DeValue::Boolean(b) => Node::Boolean(*b),
        DeValue::Datetime(_) => Node::Datetime,
        DeValue::Array(values) => Node::Array(values.iter().map(|v| from_value(v, source)).collect()),
        DeValue::Table(table) => Node::Table(from_toml(table, source)),
    };
    Value { span: span(&value.span(), source), node }
}

fn span(range: &std::ops::Range<usize>, source: u32) -> Span {
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Span { source, start: clamp(range.start), end: clamp(range.end) }
}
