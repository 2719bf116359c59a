//! What passes between a client and the cluster, seen by a proxy in between or by asking the coordinator.
//!
//! [`Proxy`] stands between one member and every broker of the cluster; [`Watcher`] asks the coordinator how a group is. Both
//! tell what they see as plain values, [`Seen`], over a channel. The protocol itself is the crate `kafka-protocol`'s.

mod decode;
mod guard;
pub(super) mod peer;
mod proxy;
mod rewrite;
mod watcher;

pub use peer::Login;
pub use proxy::Proxy;
pub use watcher::Watcher;

/// Microseconds of the machine's monotonic clock (`CLOCK_MONOTONIC`), the same in every process of this machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Stamp(pub u64);

impl Stamp {
    /// This instant.
    pub fn now() -> Stamp {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let (seconds, nanoseconds) = (u64::try_from(now.tv_sec), u64::try_from(now.tv_nsec));
        Stamp(seconds.unwrap_or(0) * 1_000_000 + nanoseconds.unwrap_or(0) / 1_000)
    }
}

/// Something that was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// When.
    pub at: Stamp,
    /// Where: the number that its proxy or watcher was started with.
    pub source: usize,
    /// What.
    pub what: What,
}

/// What was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A client sent a request of the group protocol.
    Request {
        /// Number of the connection, counted by the proxy.
        connection: u64,
        /// Correlation id on that connection.
        correlation: i32,
        /// Version on the wire.
        version: i16,
        /// What it asks.
        request: Asked,
    },
    /// The cluster answered it.
    Answer {
        /// Number of the connection.
        connection: u64,
        /// Correlation id of the request.
        correlation: i32,
        /// What it says.
        answer: Answered,
    },
    /// A connection is gone, from either side.
    Closed {
        /// Number of the connection.
        connection: u64,
    },
    /// The coordinator described a group, otherwise than the last time.
    Described {
        /// `group.id`.
        group: String,
        /// State as Kafka names it: `Stable`, `PreparingRebalance` ...
        state: String,
        /// Member ids, sorted.
        members: Vec<String>,
    },
}

/// Topics with partitions.
pub type Assignment = Vec<(String, Vec<i32>)>;

/// A request of the group protocol. Error codes and numbers are the wire's own.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the protocol's own
pub enum Asked {
    Join {
        group: String,
        member: String,
        instance: Option<String>,
        session_timeout_ms: i32,
        rebalance_timeout_ms: i32,
        protocols: Vec<String>,
    },
    /// The leader's has the assignment: per member, topic and partitions.
    Sync {
        group: String,
        generation: i32,
        member: String,
        assignments: Vec<(String, Assignment)>,
    },
    Heartbeat {
        group: String,
        generation: i32,
        member: String,
    },
    Leave {
        group: String,
        members: Vec<String>,
    },
    /// Topic, partition, offset.
    Commit {
        group: String,
        generation: i32,
        member: String,
        partitions: Vec<(String, i32, i64)>,
    },
}

/// An answer of the group protocol.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the protocol's own
pub enum Answered {
    Join {
        error: i16,
        generation: i32,
        protocol: String,
        leader: String,
        member: String,
        /// Member id and `group.instance.id`; only the leader is told.
        members: Vec<(String, Option<String>)>,
    },
    /// Topic and partitions.
    Sync {
        error: i16,
        assignment: Assignment,
    },
    Heartbeat {
        error: i16,
    },
    /// The first error, of the request or of one of its members.
    Leave {
        error: i16,
    },
    /// Topic, partition, error.
    Commit {
        partitions: Vec<(String, i32, i16)>,
    },
}
