//! What goes wrong with a cluster, one sentence each.

use std::time::Duration;
use std::{fmt, io};

use kafka_protocol::ResponseError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClusterError {
    /// librdkafka does not take a setting, or the settings together.
    Setting {
        /// librdkafka's own words.
        why: String,
    },
    /// No Kafka cluster answered at the start (exit 69).
    Unreachable {
        /// `bootstrap.servers`.
        bootstrap: String,
        /// What was found instead.
        why: String,
    },
    /// The cluster answered once and does not any more (exit 3).
    Lost {
        /// What was being done.
        doing: String,
        /// What was found instead.
        why: String,
    },
    /// A topic of that name is there already.
    TopicExists {
        /// Its name.
        topic: String,
    },
    /// The cluster does not allow it to this user.
    NotAuthorized {
        /// What was being done.
        doing: String,
        /// The right that is missing, as Kafka's ACLs name it.
        right: String,
    },
    /// The cluster refused for another reason.
    Refused {
        /// What was being done.
        doing: String,
        /// Kafka's words.
        why: String,
    },
}

impl ClusterError {
    /// Whether the cluster is gone, or never was there.
    pub fn is_absence(&self) -> bool {
        matches!(self, ClusterError::Unreachable { .. } | ClusterError::Lost { .. })
    }

    /// An error of librdkafka's, while something was being done to a cluster that had answered.
    pub(super) fn of(doing: &str, error: &KafkaError) -> ClusterError {
        match error {
            KafkaError::ClientConfig(_, why, key, value) => {
                ClusterError::Setting { why: format!("{key} = {value}: {why}") }
            }
            KafkaError::ClientCreation(why) => ClusterError::Setting { why: why.clone() },
            _ => match code_of(error) {
                Some(code) => ClusterError::of_code(doing, code),
                None => ClusterError::Refused { doing: doing.to_owned(), why: error.to_string() },
            },
        }
    }

    /// An error code of the cluster's or of librdkafka's.
    pub(super) fn of_code(doing: &str, code: RDKafkaErrorCode) -> ClusterError {
        use RDKafkaErrorCode as Code;
        let doing = doing.to_owned();
        let right = match code {
            Code::TopicAuthorizationFailed => "a right on the topic",
            Code::GroupAuthorizationFailed => "a right on the group",
            Code::ClusterAuthorizationFailed => "a right on the cluster",
            Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::MessageTimedOut
            | Code::TimedOutQueue
            | Code::RequestTimedOut
            | Code::NetworkException
            | Code::BrokerNotAvailable
            | Code::WaitingForCoordinator
            | Code::CoordinatorNotAvailable
            | Code::Resolve
            | Code::Authentication => return ClusterError::Lost { doing, why: words(code) },
            _ => return ClusterError::Refused { doing, why: words(code) },
        };
        ClusterError::NotAuthorized { doing, right: right.to_owned() }
    }

    /// An error code on the wire.
    pub(super) fn of_wire(doing: &str, code: i16) -> ClusterError {
        let doing = doing.to_owned();
        let why = ResponseError::try_from_code(code).map_or_else(|| "no error".to_owned(), |error| error.to_string());
        let right = match code {
            29 => "a right on the topic",
            30 => "a right on the group",
            31 => "a right on the cluster",
            // The coordinator loads, is not there, or has moved.
            14..=16 => return ClusterError::Lost { doing, why },
            _ => return ClusterError::Refused { doing, why },
        };
        ClusterError::NotAuthorized { doing, right: right.to_owned() }
    }

    /// A connection that failed.
    pub(super) fn of_io(doing: &str, error: &io::Error) -> ClusterError {
        let doing = doing.to_owned();
        match error.kind() {
            io::ErrorKind::PermissionDenied => ClusterError::Refused { doing, why: error.to_string() },
            io::ErrorKind::TimedOut => ClusterError::Lost { doing, why: "no answer in time".to_owned() },
            _ => ClusterError::Lost { doing, why: error.to_string() },
        }
    }

    /// Nothing came within the time.
    pub(super) fn silent(doing: &str, patience: Duration) -> ClusterError {
        ClusterError::Lost { doing: doing.to_owned(), why: format!("no answer within {} s", patience.as_secs()) }
    }
}

/// The code of an error; rdkafka's own method does not know that of an answer to an administrator.
pub(super) fn code_of(error: &KafkaError) -> Option<RDKafkaErrorCode> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        _ => error.rdkafka_error_code(),
    }
}

/// A code in Kafka's words and name.
fn words(code: RDKafkaErrorCode) -> String {
    let text = code.to_string();
    // "UnknownTopicOrPartition (Broker: Unknown topic or partition)"
    match text.split_once(" (") {
        Some((_, inner)) => {
            inner.trim_end_matches(')').trim_start_matches("Broker: ").trim_start_matches("Local: ").to_owned()
        }
        None => text,
    }
}

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClusterError::Setting { why } => write!(f, "the client library does not take its settings: {why}"),
            ClusterError::Unreachable { bootstrap, why } => write!(f, "no Kafka cluster at {bootstrap}: {why}"),
            ClusterError::Lost { doing, why } => write!(f, "the cluster was lost while {doing}: {why}"),
            ClusterError::TopicExists { topic } => {
                write!(f, "topic {topic} is there already, and what is in it is not touched")
            }
            ClusterError::NotAuthorized { doing, right } => {
                write!(f, "the cluster does not allow {doing}: this user lacks {right}")
            }
            ClusterError::Refused { doing, why } => write!(f, "the cluster refused {doing}: {why}"),
        }
    }
}

impl std::error::Error for ClusterError {}
