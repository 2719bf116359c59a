//! A scenario as the driver takes it: checked, with every default filled in and every member spelled out.

use crate::config::expect::Expectations;
use crate::config::{BrokerConfig, ClientKind, MemberConfig, Membership, ProducerConfig};
use crate::time::{Duration, Instant};
use crate::trace::Verb;

/// A scenario that can be run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// `name`.
    pub name: String,
    /// `seed` of the file (0 if absent); `--seed` beats it.
    pub seed: u64,
    /// `run-for`.
    pub run_for: Duration,
    /// `[broker.config]`.
    pub broker: BrokerConfig,
    /// `[network]`.
    pub network: Network,
    /// `[topic.*]`, in the file's order.
    pub topics: Vec<Topic>,
    /// `[group.*]`, in the file's order.
    pub groups: Vec<Group>,
    /// `[producer.*]`, in the file's order, each with whether it starts at t = 0.
    pub producers: Vec<(ProducerConfig, bool)>,
    /// `[timeline]`, in the file's order, `every` not yet expanded.
    pub timeline: Vec<TimelineEvent>,
    /// `[expect]`.
    pub expect: Expectations,
    /// Whether the file mentions `lost` (and so replaces the default promise), and whether `skipped`.
    pub promises: Promises,
}

/// Which default promises the file replaces (section 8).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Promises {
    /// Some list mentions `lost`.
    pub lost_mentioned: bool,
    /// Some list mentions `skipped`.
    pub skipped_mentioned: bool,
}

/// `[network]`, one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    /// Base latency.
    pub base: Duration,
    /// Uniform jitter in percent of the base.
    pub jitter_percent: u32,
    /// Chance that a message is late by 200 ms x 2^k, in hundredths of a percent.
    pub loss_per_10_000: u32,
}

impl Default for Network {
    fn default() -> Self {
        Network { base: Duration::from_ms(1), jitter_percent: 0, loss_per_10_000: 0 }
    }
}

/// `[topic.NAME]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// Name.
    pub name: String,
    /// `partitions`; of one that is created later, what the first `create-topic` gives it.
    pub partitions: u32,
    /// There from t = 0; else `create-topic` makes it.
    pub from_start: bool,
    /// `records`: in the log at t = 0, spread round robin.
    pub preload: u64,
    /// Size of a preloaded record in bytes.
    pub preload_size: u32,
    /// `produce`.
    pub produce: Vec<Produce>,
}

/// One steady stream of records: record i is in the log at `from + i / rate`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Produce {
    /// Records ...
    pub count: u64,
    /// ... in this time.
    pub per: Duration,
    /// Bytes of one record; counts against fetch limits.
    pub size: u32,
    /// Records are spread over partitions by the hash of one of this many keys (`key-0` ...), or round robin.
    pub keys: Option<u64>,
    /// First record.
    pub from: Instant,
    /// No record at or after this; `Instant::MAX`: to the end.
    pub until: Instant,
}

/// `[group.NAME]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The group's id, or a stand-alone reader's name.
    pub name: String,
    /// Whether `assign` was given: no group management.
    pub standalone: bool,
    /// `members`: NAME-0 .. NAME-(members-1).
    pub members: u32,
    /// Every member that the scenario can ever start, in order of number: those of `members`, those beyond that a timeline
    /// event names, and those that a `scale` calls up.
    pub member_configs: Vec<MemberConfig>,
    /// Settings of a member without overrides; name and host are replaced.
    pub template: MemberConfig,
    /// For each of `member_configs`: whether it starts at t = 0 (the first event naming it is not `start`, and it is one of
    /// `members`).
    pub starts_at_zero: Vec<bool>,
    /// How many of `member_configs`, the last ones, run only in the place of others that are restarted `as = "new"`.
    pub fresh: usize,
}

/// Under which name a restarted process comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reborn {
    /// `as = "same"`: its own, as a StatefulSet's pod does.
    #[default]
    Same,
    /// `as = "new"`: the next free number of its group, as a Deployment's pod does.
    New,
    /// `as = "new"` with `surge = true`: the new process starts first, and the old one stops when the new one has run for
    /// `down-for`.
    Surge,
}

impl Group {
    /// Settings of member `number`, which `scale` or `start` calls up and `member_configs` does not have.
    pub fn member_beyond(&self, number: u32, host: String) -> MemberConfig {
        let mut config = self.template.clone();
        Group::rename(&mut config, format!("{}-{number}", self.name), host);
        config
    }

    /// Gives settings to another member: name, host, and what follows from the name (`group.instance.id` of a static
    /// member, and the default `client.id` that is made of it).
    pub fn rename(config: &mut MemberConfig, name: String, host: String) {
        let default_id = config.client.client_id == Group::default_client_id(config);
        if let Membership::Subscribe { instance: Some(instance), .. } = &mut config.membership
            && (instance.is_empty() || *instance == config.name)
        {
            instance.clone_from(&name);
        }
        (config.name, config.host) = (name, host);
        if default_id {
            config.client.client_id = Group::default_client_id(config);
        }
    }

    /// The library's own `client.id` (ConsumerConfig.maybeOverrideClientId for Java: the first consumer of its process).
    pub fn default_client_id(config: &MemberConfig) -> String {
        let (group, instance) = match &config.membership {
            Membership::Subscribe { group, instance, .. } => (group.as_str(), instance.as_deref()),
            Membership::Assign(_) => ("null", None),
        };
        match config.client.kind {
            ClientKind::Java => format!("consumer-{group}-{}", instance.unwrap_or("1")),
            ClientKind::Librdkafka => "rdkafka".to_string(),
            ClientKind::Sarama => "sarama".to_string(),
            ClientKind::KafkaGo => "kafka-go".to_string(),
            ClientKind::FranzGo => "kgo".to_string(),
        }
    }
}

/// The host of the `number`-th member of a file, from 1: `/10.0.0.1`.
pub fn host(number: u64) -> String {
    format!("/10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)
}

/// One line of `[timeline]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimelineEvent {
    /// `at`; the second instant if a range (drawn per seed).
    pub at: (Instant, Option<Instant>),
    /// `every`, with the number of times; `until` is already turned into `times`.
    pub repeat: Option<(Duration, u64)>,
    /// What to do.
    pub action: Action,
    /// Line in the file, from 1, for messages.
    pub line: usize,
}

/// Whom an event is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// One member.
    Name(String),
    /// A glob over names.
    Glob(String),
    /// `any N of GROUP`.
    AnyOf(u32, String),
    /// `all of GROUP`.
    AllOf(String),
}

/// `start`'s and `restart`'s configuration change, already validated: Kafka key and value.
pub type With = Vec<(String, String)>;

/// Where `reset-offsets` puts a group, as Kafka's tool has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResetTo {
    /// `--to-earliest`.
    Earliest,
    /// `--to-latest`.
    Latest,
    /// `--to-offset`: cut to what the log has.
    Offset(i64),
}

/// What a timeline event does.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the fields are the file's own keys
pub enum Action {
    /// `start`.
    Start { who: Selector, with: With },
    /// `stop`; killed after `grace`.
    Stop { who: Selector, grace: Duration },
    /// `crash`.
    Crash { who: Selector },
    /// `restart`.
    Restart {
        who: Selector,
        one_every: Option<Duration>,
        down_for: Duration,
        grace: Duration,
        with: With,
        reborn: Reborn,
    },
    /// `pause`, to the end without `duration`.
    Pause { who: Selector, duration: Option<Duration> },
    /// `slow`.
    Slow { who: Selector, per_record: Duration, duration: Option<Duration> },
    /// `stuck`.
    Stuck { who: Selector, duration: Option<Duration> },
    /// `cut`.
    Cut { who: Selector, duration: Option<Duration> },
    /// `scale = GROUP, to = N`.
    Scale { group: String, to: u32, grace: Duration },
    /// `add-partitions = TOPIC, to = N`.
    AddPartitions { topic: String, to: u32 },
    /// `produce = TOPIC, records = N, partition = P`.
    Produce { topic: String, records: u64, size: u32, partition: Option<u32> },
    /// `delete-records = TOPIC, before = N | "end", partition = P`: retention; `i64::MAX` stands for the end.
    DeleteRecords { topic: String, before: i64, partition: Option<u32> },
    /// `create-topic = TOPIC, partitions = N`.
    CreateTopic { topic: String, partitions: u32 },
    /// `expire-offsets = GROUP`.
    ExpireOffsets { group: String },
    /// `reset-offsets = GROUP, to = "earliest" | "latest" | N`.
    ResetOffsets { group: String, to: ResetTo },
    /// `failover = GROUP`: the new coordinator reads the log for `down_for`.
    Failover { group: String, down_for: Duration },
}

impl Action {
    /// The verb, for the trace.
    pub fn verb(&self) -> Verb {
        match self {
            Action::Start { .. } => Verb::Start,
            Action::Stop { .. } => Verb::Stop,
            Action::Crash { .. } => Verb::Crash,
            Action::Restart { .. } => Verb::Restart,
            Action::Pause { .. } => Verb::Pause,
            Action::Slow { .. } => Verb::Slow,
            Action::Stuck { .. } => Verb::Stuck,
            Action::Cut { .. } => Verb::Cut,
            Action::Scale { .. } => Verb::Scale,
            Action::AddPartitions { .. } => Verb::AddPartitions,
            Action::Produce { .. } => Verb::Produce,
            Action::DeleteRecords { .. } => Verb::DeleteRecords,
            Action::CreateTopic { .. } => Verb::CreateTopic,
            Action::ExpireOffsets { .. } => Verb::ExpireOffsets,
            Action::ResetOffsets { .. } => Verb::ResetOffsets,
            Action::Failover { .. } => Verb::Failover,
        }
    }
}
