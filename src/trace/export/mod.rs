//! Traces as CSV and JSON Lines, out and in (docs/trace.md).
//!
//! A line of either holds `seq, t_us, actor, incarnation, kind, fields, cause`. Actors go by name, as `meta_actor` events
//! give them; one without a name of its own (before its `meta_actor`, or if two share a name) goes by `#ID`.

mod actors;
mod read;
mod write;

pub use read::{ReadError, TraceReader, read_csv, read_jsonl};
pub use write::{CsvSink, JsonlSink, TraceSink, write_csv, write_jsonl};

/// What the header of a JSON Lines trace calls itself.
pub const FORMAT: &str = "groupsim-trace";

/// The columns of schema 1, in order.
pub const COLUMNS: [&str; 7] = ["seq", "t_us", "actor", "incarnation", "kind", "fields", "cause"];

/// The two formats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// JSON Lines, `.jsonl`.
    Jsonl,
    /// Comma-separated values, `.csv`.
    Csv,
}

impl Format {
    /// By the ending of a file's name.
    pub fn of(path: &std::path::Path) -> Option<Format> {
        match path.extension()?.to_str()? {
            "jsonl" => Some(Format::Jsonl),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
