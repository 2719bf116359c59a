//! Broker settings that groupsim models, with Kafka's defaults (GroupCoordinatorConfig).

/// Settings of the broker; names are Kafka's keys with dots as underscores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrokerConfig {
    /// `group.min.session.timeout.ms` (JOIN-02).
    pub group_min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms` (JOIN-02).
    pub group_max_session_timeout_ms: i32,
    /// `group.initial.rebalance.delay.ms` (DELAY-01).
    pub group_initial_rebalance_delay_ms: i32,
    /// `group.max.size` (JOIN-05..08).
    pub group_max_size: i32,
    /// `offset.metadata.max.bytes` (OFF-09).
    pub offset_metadata_max_bytes: i32,
    /// `offsets.retention.minutes` (OFF-21).
    pub offsets_retention_minutes: i32,
    /// `offsets.retention.check.interval.ms` (OFF-21).
    pub offsets_retention_check_interval_ms: i64,
}

impl BrokerConfig {
    /// Time that a newly added member may wait for its first join phase to end (SESS-05); a constant in Kafka.
    pub const NEW_MEMBER_JOIN_TIMEOUT_MS: i32 = 300_000;
}

impl Default for BrokerConfig {
    fn default() -> Self {
        BrokerConfig {
            group_min_session_timeout_ms: 6_000,
            group_max_session_timeout_ms: 1_800_000,
            group_initial_rebalance_delay_ms: 3_000,
            group_max_size: i32::MAX,
            offset_metadata_max_bytes: 4_096,
            offsets_retention_minutes: 10_080,
            offsets_retention_check_interval_ms: 600_000,
        }
    }
}
