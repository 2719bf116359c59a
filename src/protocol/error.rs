//! Kafka's error codes, with the numbers of the wire protocol.

use std::fmt;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// An error code of a Kafka response. Errors of the protocol are data, not failures of groupsim.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
        #[repr(i16)]
        pub enum ErrorCode {
            $($(#[$doc])* $name = $code,)*
        }

        impl ErrorCode {
            /// Every code that groupsim knows.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name),*];

            /// Kafka's name for it, as in `ILLEGAL_GENERATION`.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorCode::$name => $text,)* }
            }
        }
    };
}

error_codes! {
    /// Kafka could not say what went wrong; an internal error of the broker.
    UnknownServerError = -1, "UNKNOWN_SERVER_ERROR";
    /// No error.
    #[default]
    None = 0, "NONE";
    /// The position asked for is outside the log.
    OffsetOutOfRange = 1, "OFFSET_OUT_OF_RANGE";
    /// No such topic or partition on this broker.
    UnknownTopicOrPartition = 3, "UNKNOWN_TOPIC_OR_PARTITION";
    /// A fetch with a negative size.
    InvalidFetchSize = 4, "INVALID_FETCH_SIZE";
    /// This broker does not lead the partition.
    NotLeaderOrFollower = 6, "NOT_LEADER_OR_FOLLOWER";
    /// The broker gave up waiting (for replication, say).
    RequestTimedOut = 7, "REQUEST_TIMED_OUT";
    /// A message larger than the broker allows.
    MessageTooLarge = 10, "MESSAGE_TOO_LARGE";
    /// A commit's metadata string is longer than offset.metadata.max.bytes (OFF-09).
    OffsetMetadataTooLarge = 12, "OFFSET_METADATA_TOO_LARGE";
    /// The coordinator is reading its log after a failover (LOAD-03).
    CoordinatorLoadInProgress = 14, "COORDINATOR_LOAD_IN_PROGRESS";
    /// No coordinator can be had now.
    CoordinatorNotAvailable = 15, "COORDINATOR_NOT_AVAILABLE";
    /// This broker is not the group's coordinator (LOAD-02).
    NotCoordinator = 16, "NOT_COORDINATOR";
    /// A batch larger than a segment.
    RecordListTooLarge = 18, "RECORD_LIST_TOO_LARGE";
    /// Too few replicas in sync to write.
    NotEnoughReplicas = 19, "NOT_ENOUGH_REPLICAS";
    /// The request's generation is not the group's current one.
    IllegalGeneration = 22, "ILLEGAL_GENERATION";
    /// The member's protocols have nothing in common with the group's (JOIN-15).
    InconsistentGroupProtocol = 23, "INCONSISTENT_GROUP_PROTOCOL";
    /// Null or empty group id.
    InvalidGroupId = 24, "INVALID_GROUP_ID";
    /// The coordinator does not know this member id.
    UnknownMemberId = 25, "UNKNOWN_MEMBER_ID";
    /// session.timeout.ms outside the broker's range (JOIN-02).
    InvalidSessionTimeout = 26, "INVALID_SESSION_TIMEOUT";
    /// The group is rebalancing; rejoin.
    RebalanceInProgress = 27, "REBALANCE_IN_PROGRESS";
    /// Not allowed to read the topic.
    TopicAuthorizationFailed = 29, "TOPIC_AUTHORIZATION_FAILED";
    /// Not allowed to use the group.
    GroupAuthorizationFailed = 30, "GROUP_AUTHORIZATION_FAILED";
    /// The broker does not speak this version of the request.
    UnsupportedVersion = 35, "UNSUPPORTED_VERSION";
    /// The request makes no sense.
    InvalidRequest = 42, "INVALID_REQUEST";
    /// A producer's batch does not follow the one before it: something between them is missing.
    OutOfOrderSequenceNumber = 45, "OUT_OF_ORDER_SEQUENCE_NUMBER";
    /// The broker has this batch of this producer already.
    DuplicateSequenceNumber = 46, "DUPLICATE_SEQUENCE_NUMBER";
    /// A producer epoch that is older than the one the log has seen.
    InvalidProducerEpoch = 47, "INVALID_PRODUCER_EPOCH";
    /// The broker's disk failed.
    KafkaStorageError = 56, "KAFKA_STORAGE_ERROR";
    /// The group still has members (STATE-13).
    NonEmptyGroup = 68, "NON_EMPTY_GROUP";
    /// No such group.
    GroupIdNotFound = 69, "GROUP_ID_NOT_FOUND";
    /// Join again with the member id in this answer (KIP-394, JOIN-10).
    MemberIdRequired = 79, "MEMBER_ID_REQUIRED";
    /// The group is full (JOIN-08).
    GroupMaxSizeReached = 81, "GROUP_MAX_SIZE_REACHED";
    /// Another process took over this group.instance.id (STATIC-02).
    FencedInstanceId = 82, "FENCED_INSTANCE_ID";
    /// Offsets of a subscribed topic cannot be deleted (OFF-19).
    GroupSubscribedToTopic = 86, "GROUP_SUBSCRIBED_TO_TOPIC";
    /// A transaction still holds this partition's offset (OFF-17).
    UnstableOffsetCommit = 88, "UNSTABLE_OFFSET_COMMIT";
}

impl ErrorCode {
    /// Whether this is NONE.
    pub fn is_none(self) -> bool {
        self == ErrorCode::None
    }

    /// The number on the wire.
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The code with this number.
    pub fn from_code(code: i16) -> Option<ErrorCode> {
        ErrorCode::ALL.iter().copied().find(|e| e.code() == code)
    }

    /// The code with this name, as Kafka writes it.
    pub fn from_name(name: &str) -> Option<ErrorCode> {
        ErrorCode::ALL.iter().copied().find(|e| e.name() == name)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_read_back() {
        for &error in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_code(error.code()), Some(error));
            assert_eq!(ErrorCode::from_name(error.name()), Some(error));
        }
    }
}
