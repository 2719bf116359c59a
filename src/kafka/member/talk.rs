//! What a member's process and its parent say to each other: JSON, a line each.

use crate::config::MemberConfig;
use crate::trace::CommitOrigin;
use serde::{Deserialize, Serialize};

/// First line on stdin: everything that a member is started with.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Its settings, with topics and group as they are called on the cluster.
    pub member: MemberConfig,
    /// Where its cluster is: `host:port`.
    pub bootstrap: String,
    /// librdkafka properties beside those of the settings (security, say); these win.
    pub properties: Vec<(String, String)>,
    /// Root seed, for the handler's jitter.
    pub seed: u64,
    /// Which life of the process this is: each has a luck of its own.
    pub incarnation: u32,
    /// What is wrong with its handler from the start.
    pub fault: Fault,
}

/// What is wrong with a handler.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Records started from now on take this long each.
    Slow {
        /// Microseconds.
        per_record_us: u64,
    },
    /// The record started last does not end.
    Stuck,
}

/// A line on stdin after the settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Start.
    Go,
    /// The handler works like this from now on.
    Handler(Fault),
    /// Shut down cleanly.
    Stop,
}

/// A partition: topic and number.
pub type Place = (String, u32);

/// A line on stdout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// When, on the machine's monotonic clock, in microseconds.
    pub at: u64,
    /// What.
    pub told: Told,
}

/// What a member tells.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// It waits for `go`.
    Ready,
    /// It starts.
    Start,
    /// The application calls poll(). One call lasts until a record comes, whatever the library's own calls are.
    Poll,
    /// Partitions are its own from now on.
    Owned(Vec<Place>),
    /// Partitions were taken back.
    Revoked(Vec<Place>),
    /// Partitions are lost: somebody else may own them.
    Lost(Vec<Place>),
    /// poll() returned a record.
    Delivered(Place, i64),
    /// The handler started on a record, which takes so many microseconds; `None`: it hangs.
    ProcessStart(Place, i64, Option<u64>),
    /// The handler finished a record.
    ProcessDone(Place, i64),
    /// It asks the library to commit these positions (with none given: what the library has stored).
    Commits {
        /// Why: `CommitOrigin`'s label.
        origin: String,
        /// Positions.
        offsets: Vec<(Place, i64)>,
    },
    /// A commit is over.
    Committed {
        /// Why it was made.
        origin: String,
        /// 0, or the error: librdkafka's own are negative.
        code: i32,
        /// The error in words.
        text: String,
    },
    /// max.poll.interval.ms has passed, as poll() tells.
    PollTimeout,
    /// It has read a partition to the end that it had when it was taken.
    ReachedEnd(Place, i64),
    /// An error that the application does not survive.
    Failed {
        /// librdkafka's number for it.
        code: i32,
        /// The error in words.
        text: String,
    },
    /// A clean shutdown begins.
    Stop,
    /// The process ends cleanly.
    Closed,
    /// The process itself is broken: it ends at once.
    Broken {
        /// How.
        text: String,
    },
    /// An error of the library that it will get over by itself, or a word of its log.
    Remark {
        /// The error in words.
        text: String,
    },
}

/// The commit's reason as it goes over the pipe.
pub(super) fn origin_text(origin: CommitOrigin) -> String {
    origin.label().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_back() {
        let orders = [Order::Go, Order::Handler(Fault::Slow { per_record_us: 900_000 }), Order::Stop];
        for order in orders {
            let line = serde_json::to_string(&order).unwrap();
            assert_eq!(serde_json::from_str::<Order>(&line).unwrap(), order, "{line}");
        }
        let report = Report { at: 12, told: Told::ProcessStart(("orders".to_owned(), 3), 7, None) };
        let line = serde_json::to_string(&report).unwrap();
        assert_eq!(line, r#"{"at":12,"told":{"process-start":[["orders",3],7,null]}}"#);
        assert_eq!(serde_json::from_str::<Report>(&line).unwrap(), report);
    }
}
