//! Scenario files: load and validate (floor 3).
//!
//! [`load`] reads a file into a [`Scenario`], the plain values that the driver takes, or gives every mistake of the file at
//! once, each a [`Diagnostic`] with a stable [`Code`], the span of the offending token and what would be right.

mod amount;
mod codes;
mod constructors;
mod diagnostic;
mod discover;
mod expect;
mod expect_parser;
mod group;
mod group_events;
mod kafka;
mod kafka_go;
mod librdkafka;
mod lint;
mod load;
mod marks;
mod overrides;
mod plan;
mod policy;
mod producer;
mod recast;
mod report;
mod sarama;
mod schema;
mod selector;
mod shape;
mod successors;
mod templates;
mod timeline;
mod topic;
mod topic_events;
mod tree;

pub use codes::Code;
pub use diagnostic::{Diagnostic, ScenarioErrors, Severity, Source};
pub use discover::{FindError, find_files};
pub use kafka::IgnoredKey;
pub use load::{Loaded, load, load_as, parse, parse_as, parse_bytes};
pub use plan::*;
pub use producer::apply_with_to_producer;
pub use schema::schema;
pub use selector::glob_matches;
pub use templates::{Template, templates};
pub use timeline::apply_with;

/// What `groupsim explain CODE` prints about a diagnostic or lint; `None` if no such code was ever given.
pub fn explain_code(name: &str) -> Option<&'static str> {
    Code::from_name(name).map(Code::explanation)
}
