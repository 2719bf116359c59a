//! Reading a trace back, from files that anybody may have written.

use super::actors::ActorNames;
use super::{COLUMNS, FORMAT, Format};
use crate::ids::{Incarnation, Names, Seq};
use crate::time::Instant;
use crate::trace::field::FieldValue;
use crate::trace::{Event, Kind, SCHEMA_VERSION, Trace};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;
use std::io::{BufRead, Read};

/// Longest line that is read, in bytes: far above what groupsim writes, and a bound on memory.
const MAX_LINE: u64 = 1 << 20;

/// Highest partition number that is believed; groups of partitions are spelled out when a trace is shown.
const MAX_PARTITIONS: u32 = 1_000_000;

/// What is wrong with a trace file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadError {
    /// Line of the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ReadError {}

/// One line, before it is understood.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    seq: u64,
    t_us: u64,
    actor: String,
    incarnation: u32,
    kind: String,
    fields: Map<String, Value>,
    cause: u64,
}

enum Lines<R: Read> {
    Jsonl { input: R, line: u64, buffer: Vec<u8> },
    Csv { records: Box<csv::Reader<R>>, record: csv::StringRecord, line: u64 },
}

/// Reads events one by one.
pub struct TraceReader<R: BufRead> {
    lines: Lines<R>,
    actors: ActorNames,
    names: Names,
    last: Option<Event>,
}

impl<R: BufRead> TraceReader<R> {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// If this is no trace of a schema that this version reads.
    pub fn new(input: R, format: Format) -> Result<Self, ReadError> {
        let mut lines = match format {
            Format::Jsonl => Lines::Jsonl { input, line: 0, buffer: Vec::new() },
            Format::Csv => Lines::Csv {
                records: Box::new(csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input)),
                record: csv::StringRecord::new(),
                line: 0,
            },
        };
        lines.header()?;
        Ok(TraceReader { lines, actors: ActorNames::new(), names: Names::new(), last: None })
    }

    /// The names that the events so far refer to.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The same, when reading is over.
    pub fn into_names(self) -> Names {
        self.names
    }

    /// The next event; `None` at the end of the file.
    ///
    /// # Errors
    /// The line that is no event, or out of order.
    pub fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        let Some(row) = self.lines.row()? else { return Ok(None) };
        let event = self.event(row).map_err(|message| ReadError { line: self.lines.number(), message })?;
        self.last = Some(event);
        Ok(Some(event))
    }

    fn event(&mut self, row: Row) -> Result<Event, String> {
        if let Some(last) = self.last {
            if row.seq <= last.seq.0 {
                return Err(format!("`seq` is {} after {}; it must go up", row.seq, last.seq));
            }
            if row.t_us < last.t.as_us() {
                return Err(format!("`t_us` is {} after {}; time does not go back", row.t_us, last.t.as_us()));
            }
        }
        if row.cause >= row.seq.max(1) {
            return Err(format!("`cause` is {}, which is no earlier event", row.cause));
        }
        let kind = self.kind(&row.kind, &row.fields)?;
        let mut event = Event {
            seq: Seq(row.seq),
            t: Instant::from_us(row.t_us),
            actor: crate::ids::ActorId::DRIVER,
            incarnation: Incarnation(row.incarnation),
            cause: Seq(row.cause),
            kind,
        };
        self.actors.learn(&event, &self.names);
        event.actor = self
            .actors
            .id(&row.actor)
            .ok_or_else(|| format!("no actor `{}`: no `meta_actor` event before this line names it", row.actor))?;
        Ok(event)
    }

    fn kind(&mut self, name: &str, fields: &Map<String, Value>) -> Result<Kind, String> {
        let field = |name: &str| match fields.get(name)? {
            Value::String(text) => Some(FieldValue::Text(text.clone())),
            Value::Number(number) => number.as_i64().map(FieldValue::Int),
            _ => None,
        };
        let kind = Kind::read(name, &field, &mut self.names).ok_or_else(|| {
            if Kind::all_names().contains(&name) {
                format!("the fields of `{name}` are incomplete or wrong")
            } else {
                format!("no event kind `{name}`")
            }
        })?;
        let known = kind.fields(&self.names);
        if let Some(unknown) = fields.keys().find(|key| known.iter().all(|field| field.0 != key.as_str())) {
            return Err(format!("`{name}` has no field `{unknown}`"));
        }
        plausible(&kind).map_err(|what| format!("`{name}`: {what}"))?;
        Ok(kind)
    }
}

/// Refuses numbers that would make whoever shows the trace spell out millions of things.
fn plausible(kind: &Kind) -> Result<(), String> {
    let (from, to) = match *kind {
        Kind::Assigned { from, to, .. }
        | Kind::Owned { from, to, .. }
        | Kind::Revoked { from, to, .. }
        | Kind::Lost { from, to, .. } => (from, to),
        Kind::MetaTopic { partitions, .. } => (0, partitions),
        Kind::Append { partition, .. } => (0, partition.partition),
        Kind::CommitApplied { partition, .. } => (0, partition.partition),
        Kind::MetaAssign { partition, .. } => (0, partition.partition),
        _ => (0, 0),
    };
    if from > to {
        return Err(format!("a range from {from} to {to}"));
    }
    if to > MAX_PARTITIONS {
        return Err(format!("partition {to} is above {MAX_PARTITIONS}, the most that is read"));
    }
    Ok(())
}

impl<R: BufRead> Lines<R> {
    fn number(&self) -> u64 {
        match self {
            Lines::Jsonl { line, .. } | Lines::Csv { line, .. } => *line,
        }
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, ReadError> {
        Err(ReadError { line: self.number(), message: message.into() })
    }

    fn header(&mut self) -> Result<(), ReadError> {
        if !self.advance()? {
            return Err(ReadError { line: 1, message: "the file is empty; a trace begins with a header".into() });
        }
        match self {
            Lines::Jsonl { buffer, .. } => {
                let header: Option<Value> = serde_json::from_slice(buffer).ok();
                let format = header.as_ref().and_then(|h| h.get("format")).and_then(Value::as_str);
                if format != Some(FORMAT) {
                    return self
                        .error(format!("this is no groupsim trace: the first line must hold \"format\":\"{FORMAT}\""));
                }
                let schema = header.as_ref().and_then(|h| h.get("schema")).and_then(Value::as_u64);
                if schema != Some(u64::from(SCHEMA_VERSION)) {
                    let found = schema.map_or("none".to_owned(), |n| n.to_string());
                    return self.error(format!(
                        "trace schema {found}; this version of groupsim reads schema {SCHEMA_VERSION}"
                    ));
                }
            }
            Lines::Csv { record, .. } => {
                if !record.iter().eq(COLUMNS) {
                    return self.error(format!(
                        "this is no groupsim trace of schema {SCHEMA_VERSION}: the first row must be `{}`",
                        COLUMNS.join(",")
                    ));
                }
            }
        }
        Ok(())
    }

    /// Moves to the next line that is not blank; false at the end.
    fn advance(&mut self) -> Result<bool, ReadError> {
        match self {
            Lines::Jsonl { input, line, buffer } => loop {
                buffer.clear();
                *line += 1;
                let read = input.by_ref().take(MAX_LINE + 1).read_until(b'\n', buffer);
                match read {
                    Err(error) => return Err(ReadError { line: *line, message: error.to_string() }),
                    Ok(0) => return Ok(false),
                    Ok(n) if n as u64 > MAX_LINE => {
                        return Err(ReadError { line: *line, message: format!("longer than {MAX_LINE} bytes") });
                    }
                    Ok(_) if buffer.trim_ascii().is_empty() => {}
                    Ok(_) => return Ok(true),
                }
            },
            Lines::Csv { records, record, line } => {
                let more = records.read_record(record).map_err(|error| {
                    let at = error.position().map_or(*line + 1, csv::Position::line);
                    ReadError { line: at, message: error.to_string() }
                })?;
                *line = record.position().map_or(*line + 1, csv::Position::line);
                Ok(more)
            }
        }
    }

    fn row(&mut self) -> Result<Option<Row>, ReadError> {
        if !self.advance()? {
            return Ok(None);
        }
        match self {
            Lines::Jsonl { buffer, .. } => match serde_json::from_slice(buffer) {
                Ok(row) => Ok(Some(row)),
                Err(error) => self.error(without_place(&error)),
            },
            Lines::Csv { record, .. } => match csv_row(record) {
                Ok(row) => Ok(Some(row)),
                Err(message) => self.error(message),
            },
        }
    }
}

fn csv_row(record: &csv::StringRecord) -> Result<Row, String> {
    if record.len() != COLUMNS.len() {
        return Err(format!("{} columns where {} are needed", record.len(), COLUMNS.len()));
    }
    fn number<T: std::str::FromStr>(record: &csv::StringRecord, column: usize) -> Result<T, String> {
        record[column]
            .parse()
            .map_err(|_| format!("`{}` is `{}`, which is no such number", COLUMNS[column], &record[column]))
    }
    Ok(Row {
        seq: number(record, 0)?,
        t_us: number(record, 1)?,
        actor: record[2].to_owned(),
        incarnation: number(record, 3)?,
        kind: record[4].to_owned(),
        fields: serde_json::from_str(&record[5]).map_err(|error| format!("`fields`: {}", without_place(&error)))?,
        cause: number(record, 6)?,
    })
}

/// serde_json's message without its own idea of the line, which is always 1 here.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => format!("{} (column {})", &text[..at], error.column()),
        None => text,
    }
}

/// Reads a whole trace from JSON Lines.
///
/// # Errors
/// The first line that is wrong.
pub fn read_jsonl<R: BufRead>(input: R) -> Result<Trace, ReadError> {
    read_all(input, Format::Jsonl)
}

/// Reads a whole trace from CSV.
///
/// # Errors
/// The first line that is wrong.
pub fn read_csv<R: BufRead>(input: R) -> Result<Trace, ReadError> {
    read_all(input, Format::Csv)
}

fn read_all<R: BufRead>(input: R, format: Format) -> Result<Trace, ReadError> {
    let mut reader = TraceReader::new(input, format)?;
    let mut events = Vec::new();
    while let Some(event) = reader.next_event()? {
        events.push(event);
    }
    Ok(Trace { events, names: reader.names })
}
