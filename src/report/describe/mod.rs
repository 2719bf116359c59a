//! A group at one instant, as `kafka-consumer-groups.sh --describe` shows it.
//!
//! [`view`] follows the trace and knows what the coordinator knows; [`print`] writes what the Kafka tool writes, column for
//! column. Where the tool's order is that of a Java hash map, ours is by topic and partition, and by member.

mod print;
mod view;

pub use print::{Table, print};
pub use view::CoordinatorView;

/// What the Kafka tool puts where; both may be empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Printed {
    /// For stdout.
    pub out: String,
    /// For stderr: warnings, each preceded by an empty line.
    pub err: String,
}

#[cfg(test)]
mod tests;
