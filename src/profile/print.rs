//! A profile, for people and for programs.

use super::{Fact, Profile, Row, Source, is_value};
use serde_json::{Value, json};

/// For people.
pub fn text(profile: &Profile) -> String {
    let table = profile.table;
    let commit = table.commit.get(..12).unwrap_or(table.commit);
    let mut out = format!("{}: {} as of commit {commit} ({})\n\n", table.client.name(), table.repository, table.date);
    rows(&mut out, table.rows, &profile.values);
    out.push_str("\nProducer\n\n");
    rows(&mut out, table.producer, &profile.producer);
    out.push_str(
        "\nTimes are in ms, sizes in bytes. `-`: cannot be set. In brackets: no value that a file can have; leave the key out.\n",
    );
    out.push_str("\nIn the life of a member\n");
    for Fact { text, source } in table.facts {
        out.push_str(&bullet(&format!("{text} [{}]", place(source))));
    }
    out.push_str("\nNot modelled\n");
    for text in table.left_out {
        out.push_str(&bullet(text));
    }
    out
}

/// Defaults in columns.
fn rows(out: &mut String, table: &[Row], values: &[String]) {
    let head = ["key in files", "default", "the library's name", "source"].map(str::to_owned);
    let lines = table.iter().zip(values).map(|(row, value)| {
        let key = if row.key.is_empty() { "-" } else { row.key };
        let own = if row.own == row.key { "same" } else { row.own };
        let value = if is_value(value) { value.clone() } else { format!("({value})") };
        [key.to_owned(), value, own.to_owned(), place(&row.source)]
    });
    let lines: Vec<[String; 4]> = std::iter::once(head).chain(lines).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let (a, b, c) = (width(0), width(1), width(2));
    for [key, value, own, source] in &lines {
        out.push_str(format!("{key:<a$}  {value:>b$}  {own:<c$}  {source}").trim_end());
        out.push('\n');
    }
}

fn bullet(text: &str) -> String {
    let lines = wrap(text, 116);
    let lines = lines.iter().enumerate().map(|(n, line)| format!("{}{line}\n", if n == 0 { "- " } else { "  " }));
    lines.collect()
}

/// `ConsumerConfig.java SESSION_TIMEOUT_MS_CONFIG`
fn place(source: &Source) -> String {
    let file = source.file.rsplit('/').next().unwrap_or(source.file);
    format!("{file}: {}", source.symbol.trim_start_matches(".define("))
}

/// For programs.
pub fn json(profile: &Profile) -> Value {
    let table = profile.table;
    let source = |source: &Source| json!({ "file": source.file, "symbol": source.symbol, "text": source.text });
    let settings = |rows: &[Row], values: &[String]| -> Vec<Value> {
        let pairs = rows.iter().zip(values);
        pairs
            .map(|(r, value)| {
                let (own, is_value) = (r.own, is_value(value));
                json!({ "key": r.key, "name": own, "value": value, "is_value": is_value, "source": source(&r.source) })
            })
            .collect()
    };
    let facts = table.facts.iter().map(|fact| json!({ "text": fact.text, "source": source(&fact.source) }));
    json!({
        "schema": 1,
        "profile": table.client.name(),
        "repository": table.repository,
        "commit": table.commit,
        "date": table.date,
        "settings": settings(table.rows, &profile.values),
        "producer": settings(table.producer, &profile.producer),
        "life_cycle": facts.collect::<Vec<_>>(),
        "not_modelled": table.left_out,
    })
}

/// Lines of at most `width` characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
