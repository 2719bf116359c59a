//! What differs between client libraries on the wire.
//!
//! Only the Java client's classic consumer is modelled here; the other libraries' life cycles come as profiles of their own.

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
    /// Added to the rebalance timeout for the time-out of JoinGroup (CLIENT-09), in ms.
    pub join_timeout_lapse_ms: i64,
    /// Default time-out of `close()`, in ms; request.timeout.ms caps it.
    pub close_timeout_ms: i64,
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
    join_timeout_lapse_ms: 5_000,
    close_timeout_ms: 30_000,
};
