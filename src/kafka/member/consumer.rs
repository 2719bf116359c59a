//! The librdkafka consumer: its properties, and what it calls back.

use super::commits::{self, Marks, commit, place_of, places_of};
use super::orders::Orders;
use super::reporter::Reporter;
use super::talk::{Place, Settings, Told};
use crate::config::{
    AutoOffsetReset, CommitMode, CommitOffset, CommitPolicy, CommitWhen, MemberConfig, Membership, StartAt,
};
use crate::trace::CommitOrigin;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::KafkaResult;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the library calls back, on the thread that polls.
pub struct Callbacks {
    reporter: Reporter,
    orders: Orders,
    policy: CommitPolicy,
    from: StartAt,
    marks: Mutex<Marks>,
    /// Partitions taken and not yet looked at (`until = "end"`).
    taken: Mutex<Vec<Place>>,
}

/// The consumer of a member.
pub type Consuming = BaseConsumer<Callbacks>;

impl Callbacks {
    /// For a member with these settings.
    pub fn new(settings: &Settings, orders: &Orders, reporter: &Reporter) -> Callbacks {
        Callbacks {
            reporter: reporter.clone(),
            orders: orders.clone(),
            policy: settings.member.commit.clone(),
            from: settings.member.from,
            marks: Mutex::default(),
            taken: Mutex::default(),
        }
    }

    /// What is done and what is committed.
    pub fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Partitions taken since the last call.
    pub fn newly_taken(&self) -> Vec<Place> {
        std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Partitions are this member's from now on.
    pub fn take(&self, places: Vec<Place>) {
        if !places.is_empty() {
            self.reporter.say(Told::Owned(places.clone()));
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).extend(places);
        }
    }

    fn assign(&self, consumer: &Consuming, list: &mut TopicPartitionList) {
        let start = match self.from {
            StartAt::Committed => None,
            StartAt::Beginning => Some(Offset::Beginning),
            StartAt::End => Some(Offset::End),
            StartAt::Offset(offset) => Some(Offset::Offset(offset)),
        };
        if let Some(Err(error)) = start.map(|start| list.set_all_offsets(start)) {
            self.reporter.say(Told::Remark { text: error.to_string() });
        }
        self.take(places_of(list));
        let result = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(list),
            _ => consumer.assign(list),
        };
        self.remark(result);
    }

    fn revoke(&self, consumer: &Consuming, list: &TopicPartitionList) {
        let (lost, places) = (consumer.assignment_lost(), places_of(list));
        if !lost && commits::on_revoke(&self.policy) {
            let mut offsets = self.marks().uncommitted();
            offsets.retain(|(place, _)| places.contains(place));
            let origin = if self.orders.stopping() { CommitOrigin::Close } else { CommitOrigin::Revoke };
            if commit(consumer, Some(&offsets), CommitMode::Sync, origin, &self.reporter) {
                self.marks().stored(&offsets);
            }
        }
        self.marks().forget(&places);
        // Told first: the library goes on to join, or to leave, as soon as it has them back.
        if !places.is_empty() {
            self.reporter.say(if lost { Told::Lost(places) } else { Told::Revoked(places) });
        }
        let result = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
            _ => consumer.unassign(),
        };
        self.remark(result);
    }

    fn remark(&self, result: KafkaResult<()>) {
        if let Err(error) = result {
            self.reporter.say(Told::Remark { text: error.to_string() });
        }
    }
}

impl ClientContext for Callbacks {
    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        self.reporter.say(Told::Remark { text: format!("{facility}: {message}") });
    }

    fn error(&self, error: rdkafka::error::KafkaError, reason: &str) {
        self.reporter.say(Told::Remark { text: format!("{error}: {reason}") });
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.assign(consumer, list),
            _ => self.revoke(consumer, list),
        }
    }

    /// An asynchronous commit, or one of the library's own, is over.
    fn commit_callback(&self, result: KafkaResult<()>, list: &TopicPartitionList) {
        let own = matches!(self.policy.when, CommitWhen::Auto { .. }) || self.policy.also_auto_ms.is_some();
        let origin = if own { CommitOrigin::Auto } else { CommitOrigin::Async };
        if result.is_ok() {
            let stored: Vec<(Place, i64)> = list
                .elements()
                .iter()
                .filter_map(|element| match element.offset() {
                    Offset::Offset(offset) => Some((place_of(element.topic(), element.partition()), offset)),
                    _ => None,
                })
                .collect();
            self.marks().stored(&stored);
        }
        commits::committed(&result, origin, &self.reporter);
    }
}

/// `auto.commit.interval.ms` if the library commits by itself.
fn auto_ms(member: &MemberConfig) -> Option<i64> {
    match member.commit.when {
        CommitWhen::Auto { interval_ms } => Some(interval_ms),
        _ => member.commit.also_auto_ms,
    }
}

/// Whether offsets are stored for the library to commit.
fn stores(member: &MemberConfig) -> bool {
    auto_ms(member).is_some() || member.commit.offset == CommitOffset::Stored
}

/// Whether the application stores them, when it has handled a record (`enable.auto.offset.store = false`).
pub fn stores_by_hand(member: &MemberConfig) -> bool {
    let subscribes = matches!(member.membership, Membership::Subscribe { .. });
    subscribes && stores(member) && !member.client.enable_auto_offset_store
}

/// Every librdkafka property that a member's settings amount to.
///
/// Kafka's `request.timeout.ms` is librdkafka's `socket.timeout.ms`, its `fetch.max.wait.ms` is `fetch.wait.max.ms`, and
/// metadata that is older than `metadata.max.age.ms` is asked for by `topic.metadata.refresh.interval.ms`.
pub fn properties(settings: &Settings) -> ClientConfig {
    let (member, client) = (&settings.member, &settings.member.client);
    let mut config = ClientConfig::new();
    let mut set = |key: &str, value: String| {
        config.set(key, value);
    };
    let assignors: Vec<&str> = client.assignors.iter().map(|assignor| assignor.name()).collect();
    let reset = match client.auto_offset_reset {
        AutoOffsetReset::Earliest => "earliest",
        AutoOffsetReset::Latest => "latest",
        AutoOffsetReset::None => "error",
    };
    let auto_ms = auto_ms(member);
    match &member.membership {
        Membership::Subscribe { group, instance, .. } => {
            set("group.id", group.clone());
            if let Some(instance) = instance {
                set("group.instance.id", instance.clone());
            }
            set("enable.auto.commit", auto_ms.is_some().to_string());
            set("enable.auto.offset.store", (stores(member) && client.enable_auto_offset_store).to_string());
        }
        // The library wants a group's name; nothing is ever asked of that group.
        Membership::Assign(_) => {
            set("group.id", member.scope.clone());
            set("enable.auto.commit", "false".to_owned());
            set("enable.auto.offset.store", "false".to_owned());
        }
    }
    if let Some(interval_ms) = auto_ms {
        set("auto.commit.interval.ms", interval_ms.to_string());
    }
    for (key, value) in [
        ("bootstrap.servers", settings.bootstrap.clone()),
        ("client.id", client.client_id.clone()),
        ("session.timeout.ms", client.session_timeout_ms.to_string()),
        ("heartbeat.interval.ms", client.heartbeat_interval_ms.to_string()),
        ("max.poll.interval.ms", client.max_poll_interval_ms.to_string()),
        ("auto.offset.reset", reset.to_owned()),
        ("partition.assignment.strategy", assignors.join(",")),
        ("retry.backoff.ms", client.retry_backoff_ms.to_string()),
        ("retry.backoff.max.ms", client.retry_backoff_max_ms.to_string()),
        ("reconnect.backoff.ms", client.reconnect_backoff_ms.to_string()),
        ("reconnect.backoff.max.ms", client.reconnect_backoff_max_ms.to_string()),
        ("socket.timeout.ms", client.request_timeout_ms.to_string()),
        ("metadata.max.age.ms", client.metadata_max_age_ms.to_string()),
        ("topic.metadata.refresh.interval.ms", client.metadata_max_age_ms.min(300_000).to_string()),
        ("fetch.min.bytes", client.fetch_min_bytes.to_string()),
        ("fetch.wait.max.ms", client.fetch_max_wait_ms.to_string()),
        ("fetch.max.bytes", client.fetch_max_bytes.to_string()),
        ("max.partition.fetch.bytes", client.max_partition_fetch_bytes.to_string()),
        ("socket.nagle.disable", "true".to_owned()),
    ] {
        set(key, value);
    }
    for (key, value) in &settings.properties {
        set(key, value.clone());
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `enable.auto.offset.store` as the library gets it, and whether the application stores offsets.
    fn store(group: &str, config: &str) -> (Option<String>, bool) {
        let text = format!(
            "run-for = \"9s\"\n[topic.t]\n[group.g]\nclient = \"librdkafka\"\n{group}\n[group.g.config]\n{config}\n"
        );
        let scenario = crate::scenario::parse("test.toml", &text, &[]).unwrap().scenario;
        let member = scenario.groups[0].member_configs[0].clone();
        let by_hand = stores_by_hand(&member);
        let settings = Settings {
            member,
            bootstrap: "localhost:1".to_owned(),
            properties: Vec::new(),
            seed: 0,
            incarnation: 1,
            fault: crate::kafka::member::talk::Fault::None,
        };
        (properties(&settings).get("enable.auto.offset.store").map(str::to_owned), by_hand)
    }

    #[test]
    fn offsets_are_stored_by_the_library_by_the_application_or_not_at_all() {
        let by_hand = "enable.auto.offset.store = false";
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(store("commit = { when = \"auto\" }", ""), (some("true"), false));
        assert_eq!(store("commit = { when = \"auto\" }", by_hand), (some("false"), true));
        let own = "commit = { when = \"after-record\", mode = \"sync\" }";
        assert_eq!(store(own, ""), (some("false"), false));
    }
}
