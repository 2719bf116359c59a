//! The chain of causes behind one event.

use crate::ids::{ActorId, Names, Seq, Symbol};
use crate::trace::field::FieldValue;
use crate::trace::{Event, Kind, Observer};
use std::fmt::Write;

/// Most events of a run whose causes are remembered.
const MOST_EVENTS: usize = 200_000_000;

/// First pass: remembers what caused what. Second pass, after [`Chain::trace_back`]: notes the links down.
#[derive(Debug, Default)]
pub struct Chain {
    /// The cause of event k + 1; sequence numbers are dense.
    causes: Vec<u32>,
    wanted: Vec<Seq>,
    names: Vec<(ActorId, Symbol)>,
    lines: Vec<String>,
}

impl Chain {
    /// The first pass is over: works out what led to `seq`; false if there is no such event (or too many before it).
    pub fn trace_back(&mut self, seq: Seq) -> bool {
        let mut at = seq.0;
        let known = |at: u64| at > 0 && (at as usize) <= self.causes.len();
        if !known(at) {
            return false;
        }
        while known(at) && self.wanted.last().is_none_or(|last| last.0 > at) {
            self.wanted.push(Seq(at));
            at = u64::from(self.causes[at as usize - 1]);
        }
        self.wanted.reverse();
        self.causes = Vec::new();
        true
    }

    /// The second pass is over: the links, the first cause first.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    fn line(&self, event: &Event, names: &Names) -> String {
        let who = self.names.iter().find(|known| known.0 == event.actor);
        let who = who.map_or_else(|| event.actor.to_string(), |(_, name)| names.text(*name).to_owned());
        let mut line = format!("{}  e{}  {who}: {}", event.t, event.seq, event.kind.name());
        for (field, value) in event.kind.fields(names) {
            let _ = match value {
                FieldValue::Int(n) => write!(line, "  {field}={n}"),
                FieldValue::Text(text) => write!(line, "  {field}={text}"),
            };
        }
        line
    }
}

impl Observer for Chain {
    fn observe(&mut self, event: &Event, names: &Names) {
        if self.wanted.is_empty() {
            if self.causes.len() < MOST_EVENTS {
                self.causes.push(u32::try_from(event.cause.0).unwrap_or(0));
            }
            return;
        }
        if let Kind::MetaActor { subject, name, .. } = event.kind {
            self.names.push((subject, name));
        }
        if self.wanted.binary_search(&event.seq).is_ok() {
            let line = self.line(event, names);
            self.lines.push(line);
        }
    }
}
