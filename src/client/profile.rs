//! What differs between client libraries on the wire.
//!
//! Versions are the highest that both the library and a broker of Kafka 4 know; librdkafka's were seen on the wire.

/// Versions and constants of one client library.
pub(crate) struct Profile {
    /// FindCoordinator.
    pub find_coordinator_version: i16,
    /// Metadata.
    pub metadata_version: i16,
    /// JoinGroup.
    pub join_version: i16,
    /// SyncGroup.
    pub sync_version: i16,
    /// Heartbeat.
    pub heartbeat_version: i16,
    /// LeaveGroup.
    pub leave_version: i16,
    /// OffsetCommit.
    pub commit_version: i16,
    /// OffsetFetch.
    pub offset_fetch_version: i16,
    /// ListOffsets.
    pub list_offsets_version: i16,
    /// Fetch.
    pub fetch_version: i16,
}

/// The Java client of Kafka 4.0.
pub(crate) const JAVA: Profile = Profile {
    find_coordinator_version: 4,
    metadata_version: 12,
    join_version: 9,
    sync_version: 5,
    heartbeat_version: 4,
    leave_version: 5,
    commit_version: 9,
    offset_fetch_version: 9,
    list_offsets_version: 8,
    fetch_version: 16,
};

/// franz-go 1.20 (`kversion.Stable`) before a broker of Kafka 4.
pub(crate) const FRANZ_GO: Profile = Profile {
    find_coordinator_version: 6,
    metadata_version: 13,
    join_version: 9,
    sync_version: 5,
    heartbeat_version: 4,
    leave_version: 5,
    commit_version: 9,
    offset_fetch_version: 9,
    list_offsets_version: 10,
    fetch_version: 17,
};

/// librdkafka 2.12 to 2.15.
pub(crate) const LIBRDKAFKA: Profile = Profile {
    find_coordinator_version: 2,
    metadata_version: 13,
    join_version: 5,
    sync_version: 3,
    heartbeat_version: 3,
    leave_version: 1,
    commit_version: 9,
    offset_fetch_version: 9,
    list_offsets_version: 7,
    fetch_version: 16,
};

/// sarama with its default `Version`, 2.8.
pub(crate) const SARAMA: Profile = Profile {
    find_coordinator_version: 3,
    metadata_version: 11,
    join_version: 7,
    sync_version: 5,
    heartbeat_version: 4,
    leave_version: 4,
    commit_version: 8,
    offset_fetch_version: 7,
    list_offsets_version: 6,
    fetch_version: 12,
};

/// kafka-go: the versions that it knows; of JoinGroup, Metadata and Fetch the highest that the broker has, too.
pub(crate) const KAFKA_GO: Profile = Profile {
    find_coordinator_version: 0,
    metadata_version: 6,
    join_version: 2,
    sync_version: 0,
    heartbeat_version: 0,
    leave_version: 0,
    commit_version: 2,
    offset_fetch_version: 1,
    list_offsets_version: 1,
    fetch_version: 10,
};
