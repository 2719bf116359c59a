//! Writing a trace, event by event or as a whole.

use super::actors::ActorNames;
use super::{COLUMNS, FORMAT};
use crate::ids::Names;
use crate::trace::field::FieldValue;
use crate::trace::{Event, Observer, SCHEMA_VERSION, Trace};
use std::io::{self, Write};

/// A sink that writes events as they come and keeps the first error for the end.
pub trait TraceSink: Observer {
    /// Flushes what was written.
    ///
    /// # Errors
    /// The first error of any write.
    fn finish(&mut self) -> io::Result<()>;
}

/// Writes JSON Lines: a header line, then a line for each event.
pub struct JsonlSink<W: Write> {
    out: W,
    line: Vec<u8>,
    actors: ActorNames,
    error: Option<io::Error>,
}

impl<W: Write> JsonlSink<W> {
    /// Writes the header line.
    pub fn new(out: W) -> Self {
        let mut sink = JsonlSink { out, line: Vec::new(), actors: ActorNames::new(), error: None };
        let header = serde_json::json!({ "schema": SCHEMA_VERSION, "format": FORMAT, "columns": COLUMNS });
        let header = writeln!(sink.out, "{header}");
        sink.keep(header);
        sink
    }

    fn keep(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
    }

    fn write(&mut self, event: &Event, names: &Names) -> io::Result<()> {
        self.line.clear();
        let line = &mut self.line;
        write!(line, "{{\"seq\":{},\"t_us\":{},\"actor\":", event.seq, event.t.as_us())?;
        serde_json::to_writer(&mut *line, &*self.actors.text(event.actor))?;
        write!(line, ",\"incarnation\":{},\"kind\":\"{}\",\"fields\":", event.incarnation, event.kind.name())?;
        fields(line, event, names)?;
        writeln!(line, ",\"cause\":{}}}", event.cause)?;
        self.out.write_all(line)
    }
}

impl<W: Write> Observer for JsonlSink<W> {
    fn observe(&mut self, event: &Event, names: &Names) {
        if self.error.is_some() {
            return;
        }
        self.actors.learn(event, names);
        let written = self.write(event, names);
        self.keep(written);
    }
}

impl<W: Write> TraceSink for JsonlSink<W> {
    fn finish(&mut self) -> io::Result<()> {
        self.error.take().map_or_else(|| self.out.flush(), Err)
    }
}

/// Writes CSV: a header row, then a row for each event; `fields` is a JSON object.
pub struct CsvSink<W: Write> {
    out: csv::Writer<W>,
    text: Vec<u8>,
    actors: ActorNames,
    error: Option<io::Error>,
}

impl<W: Write> CsvSink<W> {
    /// Writes the header row.
    pub fn new(out: W) -> Self {
        let mut sink =
            CsvSink { out: csv::Writer::from_writer(out), text: Vec::new(), actors: ActorNames::new(), error: None };
        let header = sink.out.write_record(COLUMNS).map_err(io::Error::from);
        sink.keep(header);
        sink
    }

    fn keep(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
    }

    fn write(&mut self, event: &Event, names: &Names) -> io::Result<()> {
        self.text.clear();
        fields(&mut self.text, event, names)?;
        self.out.write_field(event.seq.to_string())?;
        self.out.write_field(event.t.as_us().to_string())?;
        self.out.write_field(self.actors.text(event.actor).as_bytes())?;
        self.out.write_field(event.incarnation.to_string())?;
        self.out.write_field(event.kind.name())?;
        self.out.write_field(&self.text)?;
        self.out.write_field(event.cause.to_string())?;
        self.out.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

impl<W: Write> Observer for CsvSink<W> {
    fn observe(&mut self, event: &Event, names: &Names) {
        if self.error.is_some() {
            return;
        }
        self.actors.learn(event, names);
        let written = self.write(event, names);
        self.keep(written);
    }
}

impl<W: Write> TraceSink for CsvSink<W> {
    fn finish(&mut self) -> io::Result<()> {
        self.error.take().map_or_else(|| self.out.flush(), Err)
    }
}

/// The fields of an event as a JSON object, in the order of the schema.
fn fields(out: &mut Vec<u8>, event: &Event, names: &Names) -> io::Result<()> {
    out.push(b'{');
    for (i, (name, value)) in event.kind.fields(names).into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write!(out, "\"{name}\":")?;
        match value {
            FieldValue::Int(n) => write!(out, "{n}")?,
            FieldValue::Text(text) => serde_json::to_writer(&mut *out, &text)?,
        }
    }
    out.push(b'}');
    Ok(())
}

/// Writes a whole trace as JSON Lines.
///
/// # Errors
/// Those of `out`.
pub fn write_jsonl<W: Write>(trace: &Trace, out: W) -> io::Result<()> {
    write_all(trace, JsonlSink::new(out))
}

/// Writes a whole trace as CSV.
///
/// # Errors
/// Those of `out`.
pub fn write_csv<W: Write>(trace: &Trace, out: W) -> io::Result<()> {
    write_all(trace, CsvSink::new(out))
}

fn write_all(trace: &Trace, mut sink: impl TraceSink) -> io::Result<()> {
    for event in &trace.events {
        sink.observe(event, &trace.names);
    }
    sink.finish()
}
