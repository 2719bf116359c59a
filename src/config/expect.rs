//! Expectations of a scenario as plain values: what the file's strings mean (scenario files, sections 7 and 8).

/// A metric of section 7.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // the names are the contract's, defined there
pub enum MetricName {
    Lost,
    Skipped,
    Hazards,
    UndecidedHazards,
    Duplicates,
    ProducerDuplicates,
    Rebalances,
    FirstStable,
    TimeToStable,
    PartitionDowntime,
    PartitionStall,
    OwnersPerPartition,
    ClientOverlap,
    ZombieRecords,
    OrderInversions,
    CommitRegressions,
    Interrupted,
    CommitFailures,
    Lag,
    PositionLag,
    MovedPartitions,
    NeedlessMoves,
    State,
    Members,
    Unconverged,
    Undrained,
    Storms,
    ProducerReordered,
    ProducerLost,
    ProducerFailed,
    ProducerDropped,
    Produced,
    ProduceBatches,
    CallTime,
    ProduceLatency,
}

/// What kind of figure a metric is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricKind {
    /// Counts up.
    Counter,
    /// Has a value at every instant.
    Gauge,
    /// A set of durations (or, for `moved_partitions` and the like, counts).
    Distribution,
}

impl MetricName {
    /// All metrics with the name that files use and the kind.
    pub const ALL: &'static [(MetricName, &'static str, MetricKind)] = &[
        (MetricName::Lost, "lost", MetricKind::Counter),
        (MetricName::Skipped, "skipped", MetricKind::Counter),
        (MetricName::Hazards, "hazards", MetricKind::Counter),
        (MetricName::UndecidedHazards, "undecided_hazards", MetricKind::Counter),
        (MetricName::Duplicates, "duplicates", MetricKind::Counter),
        (MetricName::ProducerDuplicates, "producer_duplicates", MetricKind::Counter),
        (MetricName::Rebalances, "rebalances", MetricKind::Counter),
        (MetricName::FirstStable, "first_stable", MetricKind::Gauge),
        (MetricName::TimeToStable, "time_to_stable", MetricKind::Distribution),
        (MetricName::PartitionDowntime, "partition_downtime", MetricKind::Distribution),
        (MetricName::PartitionStall, "partition_stall", MetricKind::Distribution),
        (MetricName::OwnersPerPartition, "owners_per_partition", MetricKind::Gauge),
        (MetricName::ClientOverlap, "client_overlap", MetricKind::Distribution),
        (MetricName::ZombieRecords, "zombie_records", MetricKind::Counter),
        (MetricName::OrderInversions, "order_inversions", MetricKind::Counter),
        (MetricName::CommitRegressions, "commit_regressions", MetricKind::Counter),
        (MetricName::Interrupted, "interrupted", MetricKind::Counter),
        (MetricName::CommitFailures, "commit_failures", MetricKind::Counter),
        (MetricName::Lag, "lag", MetricKind::Gauge),
        (MetricName::PositionLag, "position_lag", MetricKind::Gauge),
        (MetricName::MovedPartitions, "moved_partitions", MetricKind::Counter),
        (MetricName::NeedlessMoves, "needless_moves", MetricKind::Counter),
        (MetricName::State, "state", MetricKind::Gauge),
        (MetricName::Members, "members", MetricKind::Gauge),
        (MetricName::Unconverged, "unconverged", MetricKind::Counter),
        (MetricName::Undrained, "undrained", MetricKind::Counter),
        (MetricName::Storms, "storms", MetricKind::Counter),
        (MetricName::ProducerReordered, "producer_reordered", MetricKind::Counter),
        (MetricName::ProducerLost, "producer_lost", MetricKind::Counter),
        (MetricName::ProducerFailed, "producer_failed", MetricKind::Counter),
        (MetricName::ProducerDropped, "producer_dropped", MetricKind::Counter),
        (MetricName::Produced, "produced", MetricKind::Counter),
        (MetricName::ProduceBatches, "produce_batches", MetricKind::Counter),
        (MetricName::CallTime, "call_time", MetricKind::Distribution),
        (MetricName::ProduceLatency, "produce_latency", MetricKind::Distribution),
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Counter, gauge or distribution.
    pub fn kind(self) -> MetricKind {
        self.row().2
    }

    fn row(self) -> &'static (MetricName, &'static str, MetricKind) {
        MetricName::ALL.iter().find(|row| row.0 == self).expect("every metric is in the table")
    }

    /// The metric with this name.
    pub fn from_name(name: &str) -> Option<MetricName> {
        MetricName::ALL.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// `max(...)` and its like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Op {
    Max,
    Min,
    Mean,
    Sum,
    Count,
    P50,
    P90,
    P95,
    P99,
}

/// `==` and its like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Whether `left <cmp> right`.
    pub fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }
}

/// Narrowing of a metric: `duplicates(crash)`, `lag(group=billing, topic=orders)`. Each is a text as the file has it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// One scope.
    pub group: Option<String>,
    /// One topic.
    pub topic: Option<String>,
    /// One partition, by number.
    pub partition: Option<u32>,
    /// One member, by name.
    pub member: Option<String>,
    /// One cause of duplicates.
    pub cause: Option<String>,
    /// One error code.
    pub code: Option<String>,
}

/// What is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricQuery {
    /// The metric.
    pub metric: MetricName,
    /// Narrowed to.
    pub filter: Filter,
    /// Summed up by.
    pub op: Option<Op>,
}

/// The right-hand side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Literal {
    /// A plain number. (For a share in percent, the number before the sign.)
    Number(i64),
    /// A time, in microseconds.
    Time(i64),
    /// A group state, by Kafka's name.
    State(String),
}

/// `value cmp literal`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// The file's own text.
    pub text: String,
    /// Left.
    pub query: MetricQuery,
    /// Middle.
    pub comparison: Comparison,
    /// Right.
    pub literal: Literal,
}

/// `kind [(label)] [cmp integer]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MustSee {
    /// The file's own text.
    pub text: String,
    /// A trace kind's name, or `rebalance`, `duplicate`, `lost`, `hazard`, `skip`.
    pub kind: String,
    /// Its label, if narrowed.
    pub label: Option<String>,
    /// Default `>= 1`.
    pub comparison: Comparison,
    /// Default 1.
    pub count: i64,
}

/// `[expect]`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expectations {
    /// Coverage marks.
    pub must_see: Vec<MustSee>,
    /// Conditions that must not happen, tested after every event.
    pub never: Vec<Check>,
    /// Tested at the end.
    pub at_the_end: Vec<Check>,
    /// Tested over the run.
    pub overall: Vec<Check>,
}
