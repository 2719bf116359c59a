//! Where the parts of the loader put what they find, and the values that they all read.

use super::codes::Code;
use super::diagnostic::{Diagnostic, Severity, Source, tame};
use super::recast::Recast;
use super::tree::{Node, Table, Value};
use crate::config::ClientKind;
use crate::time::{Duration, Instant};
use std::sync::Arc;

/// Bytes of one of the sources of a file: 0 is the file, the rest are `--set` arguments.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Span {
    pub source: u32,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The part of this span from byte `from` to byte `to`, counted from its start.
    pub fn part(self, from: usize, to: usize) -> Span {
        let clamp = |n: usize| self.start.saturating_add(u32::try_from(n).unwrap_or(u32::MAX)).min(self.end);
        Span { start: clamp(from), end: clamp(to), ..self }
    }
}

/// Diagnostics kept per file; more are only counted.
const MAX_KEPT: usize = 100;
/// Longest piece of a file that a message repeats.
const MAX_QUOTED: usize = 60;
/// Longest virtual time.
pub(super) const MAX_TIME: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Collects diagnostics.
pub(super) struct Report {
    pub sources: Vec<Arc<Source>>,
    pub diagnostics: Vec<Diagnostic>,
    pub errors: usize,
    pub left_out: usize,
    /// The library that every client is taken for, if not what the file says.
    pub recast: Option<Recast>,
}

impl Report {
    pub fn new(sources: Vec<Arc<Source>>) -> Self {
        Report { sources, diagnostics: Vec::new(), errors: 0, left_out: 0, recast: None }
    }

    /// The library that a client of the file runs.
    pub fn cast(&self, written: ClientKind) -> ClientKind {
        self.recast.as_ref().map_or(written, |recast| recast.client)
    }

    /// Notes an error, or a lint if the code is one.
    pub fn add(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<Option<String>>) {
        let source = Arc::clone(&self.sources[span.source as usize]);
        let range = span.start as usize..span.end as usize;
        let message = tame(message.into());
        let same = |d: &Diagnostic| {
            d.code == code && d.span == range && d.message == message && Arc::ptr_eq(&d.source, &source)
        };
        if self.diagnostics.iter().any(same) {
            // Members that share settings share their mistakes.
            return;
        }
        let severity = if code.is_lint() { Severity::Warning } else { Severity::Error };
        if severity == Severity::Error {
            self.errors += 1;
        }
        if self.is_full() {
            self.left_out += 1;
            // However many lints there are, what makes the file wrong is among what is kept.
            let lint = self.diagnostics.iter().rposition(|d| d.severity == Severity::Warning);
            match lint.filter(|_| severity == Severity::Error) {
                Some(at) => self.diagnostics.remove(at),
                None => return,
            };
        }
        self.diagnostics.push(Diagnostic { code, severity, message, source, span: range, help: help.into().map(tame) });
    }

    /// Notes an error without help.
    pub fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.add(code, span, message, None);
    }

    /// Whether further diagnostics are only counted.
    pub fn is_full(&self) -> bool {
        self.diagnostics.len() >= MAX_KEPT
    }

    /// Notes a word that is not among `valid`.
    pub fn unknown(&mut self, code: Code, span: Span, message: String, word: &str, valid: &[&str]) {
        let help = if self.is_full() { None } else { Some(suggest(word, valid)) };
        self.add(code, span, message, help);
    }

    /// Notes a feature of the contract that this version does not build.
    pub fn planned(&mut self, span: Span, what: &str, instead: &str) {
        let help = if instead.is_empty() { None } else { Some(instead.to_string()) };
        self.add(Code::Planned, span, format!("{what}: planned, not in this version"), help);
    }

    fn wrong_type(&mut self, value: &Value, what: &str, wanted: &str) {
        let message = format!("`{what}` must be {wanted}, not {}", value.node.type_name());
        self.add(Code::WrongType, value.span, message, None);
    }

    /// Text.
    pub fn text<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v str> {
        match &value.node {
            Node::Text(text) => Some(text),
            _ => {
                self.wrong_type(value, what, "text in quotes");
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, value: &Value, what: &str) -> Option<bool> {
        match value.node {
            Node::Boolean(b) => Some(b),
            _ => {
                self.wrong_type(value, what, "true or false");
                None
            }
        }
    }

    /// A table.
    pub fn table<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v Table> {
        match &value.node {
            Node::Table(table) => Some(table),
            _ => {
                self.wrong_type(value, what, "a table");
                None
            }
        }
    }

    /// A list.
    pub fn array<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v [Value]> {
        match &value.node {
            Node::Array(values) => Some(values),
            _ => {
                self.wrong_type(value, what, "a list");
                None
            }
        }
    }

    /// A whole number from `min` to `max`.
    pub fn integer(&mut self, value: &Value, what: &str, min: u64, max: u64) -> Option<u64> {
        match value.node {
            Node::Integer(Some(n)) => match u64::try_from(n) {
                Ok(n) if (min..=max).contains(&n) => Some(n),
                _ => {
                    let range = if max == i64::MAX as u64 {
                        format!("at least {}", grouped(min))
                    } else {
                        format!("from {} to {}", grouped(min), grouped(max))
                    };
                    let message = format!("`{what}` must be {range}, not {n}");
                    self.error(Code::BadValue, value.span, message);
                    None
                }
            },
            Node::Integer(None) => {
                self.error(Code::BadValue, value.span, format!("`{what}` is a number beyond 64 bits"));
                None
            }
            _ => {
                self.wrong_type(value, what, "a whole number");
                None
            }
        }
    }

    /// A whole number from `min` up; one above `limit` is over a limit of groupsim.
    pub fn limited(&mut self, value: &Value, what: &str, min: u64, limit: u64) -> Option<u64> {
        let n = self.integer(value, what, min, i64::MAX as u64)?;
        if n > limit {
            let message = format!("`{what}` is {}; the limit is {}", grouped(n), grouped(limit));
            self.error(Code::OverLimit, value.span, message);
            return None;
        }
        Some(n)
    }

    /// A duration such as `"45s"`.
    pub fn duration(&mut self, value: &Value, what: &str) -> Option<Duration> {
        let Node::Text(text) = &value.node else {
            let message = format!("`{what}` must be a duration such as \"45s\", not {}", value.node.type_name());
            let help = match value.node {
                Node::Integer(Some(n)) => Some(format!("write the unit: \"{n}s\" or \"{n}ms\"")),
                _ => None,
            };
            self.add(Code::WrongType, value.span, message, help);
            return None;
        };
        self.duration_text(text, value.span, what)
    }

    /// The same of a piece of text.
    pub fn duration_text(&mut self, text: &str, span: Span, what: &str) -> Option<Duration> {
        let quoted = quote(text);
        if text.len() > MAX_QUOTED {
            self.error(Code::BadValue, span, format!("`{what}` is not a duration: {quoted}"));
            return None;
        }
        match Duration::parse(text) {
            Ok(d) if d > MAX_TIME => {
                self.error(Code::OverLimit, span, format!("`{what}` is {text}; the limit is 10 years"));
                None
            }
            Ok(d) => Some(d),
            Err(why) => {
                self.add(Code::BadValue, span, format!("`{what}`: {why}"), None);
                None
            }
        }
    }

    /// A duration that is not zero.
    pub fn positive_duration(&mut self, value: &Value, what: &str) -> Option<Duration> {
        let d = self.duration(value, what)?;
        if d.is_zero() {
            self.error(Code::BadValue, value.span, format!("`{what}` must be longer than zero"));
            return None;
        }
        Some(d)
    }

    /// An instant, as a duration since the start.
    pub fn instant(&mut self, value: &Value, what: &str) -> Option<Instant> {
        self.duration(value, what).map(|d| Instant::ZERO + d)
    }

    /// A share such as `"20%"`, in hundredths of a percent, from 0 to `max`.
    pub fn share(&mut self, value: &Value, what: &str, max: u32) -> Option<u32> {
        let text = self.text(value, what)?;
        match parse_share(text) {
            Some(share) if share <= max => Some(share),
            Some(_) => {
                let message = format!("`{what}` must be at most {}%, not {}", max / 100, quote(text));
                self.error(Code::BadValue, value.span, message);
                None
            }
            None => {
                let message = format!("`{what}` is not a share such as \"20%\": {}", quote(text));
                self.error(Code::BadValue, value.span, message);
                None
            }
        }
    }

    /// A share in whole percent.
    pub fn percent(&mut self, value: &Value, what: &str) -> Option<u32> {
        let share = self.share(value, what, 10_000)?;
        if !share.is_multiple_of(100) {
            self.error(Code::BadValue, value.span, format!("`{what}` must be in whole percent"));
            return None;
        }
        Some(share / 100)
    }

    /// One of a few words; gives its index.
    pub fn word(&mut self, value: &Value, what: &str, words: &[&str]) -> Option<usize> {
        let text = self.text(value, what)?;
        let found = words.iter().position(|&w| w == text);
        if found.is_none() {
            self.unknown(Code::BadValue, value.span, format!("`{what}` cannot be {}", quote(text)), text, words);
        }
        found
    }

    /// Unknown keys of a table, each with its own message.
    pub fn known_keys(&mut self, table: &Table, place: &str, keys: &[&str]) {
        for entry in &table.entries {
            if keys.contains(&entry.key.as_str()) {
                continue;
            }
            let message = format!("unknown key `{}` in {place}", clip(&entry.key));
            self.unknown(Code::UnknownKey, entry.key_span, message, &entry.key, keys);
        }
    }
}

impl Report {
    /// The same of `[topic.NAME]` or `[group.NAME]`, where a name with dots may have been meant.
    pub fn known_keys_of(&mut self, kind: &str, name: &str, table: &Table, keys: &[&str]) {
        for entry in &table.entries {
            if keys.contains(&entry.key.as_str()) {
                continue;
            }
            let (name, key) = (clip(name), clip(&entry.key));
            let message = format!("unknown key `{key}` in [{kind}.{name}]");
            if nearest(&entry.key, keys).is_none() && matches!(entry.value.node, Node::Table(_)) {
                let help = format!("if the name has dots, quote it: [{kind}.\"{name}.{key}\"]");
                self.add(Code::UnknownKey, entry.key_span, message, help);
            } else {
                self.unknown(Code::UnknownKey, entry.key_span, message, &entry.key, keys);
            }
        }
    }
}

/// Hundredths of a percent of a text such as `20%` or `0.05%`.
fn parse_share(text: &str) -> Option<u32> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.len() > 6 || fraction.len() > 2 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let hundredths = fraction.parse::<u32>().ok()? * if fraction.len() == 1 { 10 } else { 1 };
    Some(whole.parse::<u32>().ok()? * 100 + hundredths)
}

pub(super) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// "did you mean" and the valid alternatives.
pub(super) fn suggest(word: &str, valid: &[&str]) -> String {
    let near = nearest(word, valid);
    let list = || valid.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
    match (near, valid.len()) {
        (Some(near), n) if n > 30 => format!("did you mean `{near}`?"),
        (Some(near), 1) => format!("did you mean `{near}`?"),
        (Some(near), _) => format!("did you mean `{near}`? Valid are {}", list()),
        (None, 0) => "there is none".to_string(),
        (None, n) if n > 30 => format!("valid are {} and {} more", valid[..12].join(", "), n - 12),
        (None, _) => format!("valid are {}", list()),
    }
}

/// The most similar word, if one is similar at all.
pub(super) fn nearest<'w>(word: &str, valid: &[&'w str]) -> Option<&'w str> {
    if word.len() > 100 {
        return None;
    }
    let lower = word.to_lowercase();
    let scored = valid.iter().map(|&v| {
        let v_lower = v.to_lowercase();
        let mut distance = strsim::damerau_levenshtein(&lower, &v_lower);
        if v_lower.replace('_', "-") == lower.replace(['_', '.'], "-") {
            distance = 0;
        }
        (distance, v)
    });
    let (distance, best) = scored.min_by_key(|&(distance, _)| distance)?;
    let longest = word.chars().count().max(best.chars().count());
    (distance * 3 <= longest.max(3)).then_some(best)
}

/// A piece of the file, in quotes and not too long.
pub(super) fn quote(text: &str) -> String {
    format!("`{}`", clip(text))
}

/// A piece of the file, not too long.
pub(super) fn clip(text: &str) -> String {
    if text.chars().count() <= MAX_QUOTED {
        return text.to_string();
    }
    text.chars().take(MAX_QUOTED).chain("...".chars()).collect()
}

/// `1,000,000`.
pub(super) fn grouped(n: impl Into<u128>) -> String {
    let digits = n.into().to_string();
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}
