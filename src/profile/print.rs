//! A profile, for people and for programs.

use super::{Fact, Profile, Source};
use serde_json::{Value, json};

/// For people.
pub fn text(profile: &Profile) -> String {
    let table = profile.table;
    let commit = table.commit.get(..12).unwrap_or(table.commit);
    let mut out = format!("{}: {} as of commit {commit} ({})\n\n", table.client.name(), table.repository, table.date);
    let rows: Vec<[&str; 4]> = std::iter::once(["key in files", "default", "the library's name", "source"])
        .chain(table.rows.iter().zip(&profile.values).map(|(row, value)| {
            let key = if row.key.is_empty() { "-" } else { row.key };
            [key, value.as_str(), if row.own == row.key { "same" } else { row.own }, row.source.file]
        }))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    for (number, row) in rows.iter().enumerate() {
        let line = format!(
            "{:<a$}  {:>b$}  {:<c$}  {}",
            row[0],
            row[1],
            row[2],
            if number == 0 { row[3].to_owned() } else { place(&table.rows[number - 1].source) },
            a = widths[0],
            b = widths[1],
            c = widths[2],
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str("\nTimes are in ms, sizes in bytes. `-`: cannot be set.\n\nIn the life of a member\n");
    for Fact { text, source } in table.facts {
        out.push_str(&bullet(&format!("{text} [{}]", place(source))));
    }
    out.push_str("\nNot modelled\n");
    for text in table.left_out {
        out.push_str(&bullet(text));
    }
    out
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
    let settings =
        table.rows.iter().zip(&profile.values).map(
            |(row, value)| json!({ "key": row.key, "name": row.own, "value": value, "source": source(&row.source) }),
        );
    let facts = table.facts.iter().map(|fact| json!({ "text": fact.text, "source": source(&fact.source) }));
    json!({
        "schema": 1,
        "profile": table.client.name(),
        "repository": table.repository,
        "commit": table.commit,
        "date": table.date,
        "settings": settings.collect::<Vec<_>>(),
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
