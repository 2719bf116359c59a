//! Who answers commands: Kafka's coordinator, ours, or a recording of Kafka's.

use serde_json::Value;

/// An answer, at the virtual millisecond at which it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub t: u64,
    /// The request that it answers.
    pub id: u64,
    pub body: Value,
}

/// Everything that came back for one command.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub answers: Vec<Answer>,
    /// Now.
    pub t: u64,
    /// When the next timer runs, if the peer tells.
    pub next: Option<u64>,
}

/// A group coordinator that takes the commands of `tests/kafka/README.md`.
pub trait Peer {
    /// Carries out a command. The error says why it could not.
    fn command(&mut self, command: &Value) -> Result<Reply, String>;
}
