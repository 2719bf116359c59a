//! The opening of a trace: everything that oracles and reports must know and may learn from nowhere else.

use super::network::Connections;
use super::process::Program;
use super::world::{World, cx};
use crate::config::{
    AutoOffsetReset, ClientKind, CommitMode, CommitOffset, CommitWhen, MemberConfig, Membership, OffsetStore,
    ProducerConfig, SendMode, StartAt,
};
use crate::context::Context;
use crate::ids::*;
use crate::trace::{Kind, Role};

impl World<'_> {
    /// Emits the meta events. `seed` is the root seed in use.
    pub fn emit_meta(&mut self, seed: u64) {
        let scenario = self.scenario;
        let name = self.names.intern(&scenario.name);
        self.meta(Kind::MetaRun { scenario: name, seed, run_for: scenario.run_for });
        self.meta_actor(ActorId::DRIVER, "driver", "", Role::Driver);
        self.meta_actor(ActorId::BROKER, "broker", "", Role::Broker);
        let delay = Connections::max_delay(&scenario.network);
        self.meta_number(ActorId::DRIVER, "network.max.delay.us", delay.as_us() as i64);
        let broker = &scenario.broker;
        for (key, value) in [
            ("group.min.session.timeout.ms", i64::from(broker.group_min_session_timeout_ms)),
            ("group.max.session.timeout.ms", i64::from(broker.group_max_session_timeout_ms)),
            ("group.initial.rebalance.delay.ms", i64::from(broker.group_initial_rebalance_delay_ms)),
            ("group.max.size", i64::from(broker.group_max_size)),
        ] {
            self.meta_number(ActorId::BROKER, key, value);
        }
        for index in 0..self.processes.len() {
            let actor = self.processes[index].actor;
            match self.processes[index].program.clone() {
                Program::Member(config) => self.meta_process(actor, &config),
                Program::Producer(config) => self.meta_producer(actor, &config),
            }
        }
        for index in 0..self.streams.len() {
            let stream = &self.streams[index];
            let name = format!("producer-{}", self.names.text(stream.topic));
            self.meta_actor(stream.actor, &name, "", Role::Producer);
        }
    }

    fn meta(&mut self, kind: Kind) {
        cx!(self, Seq::NONE).emit(ActorId::DRIVER, Incarnation(0), kind);
    }

    fn meta_actor(&mut self, subject: ActorId, name: &str, group: &str, role: Role) {
        let (name, group) = (self.names.intern(name), GroupId(self.names.intern(group)));
        self.meta(Kind::MetaActor { subject, name, group, role });
    }

    fn meta_number(&mut self, subject: ActorId, key: &str, value: i64) {
        let key = self.names.intern(key);
        self.meta(Kind::MetaNumber { subject, key, value });
    }

    fn meta_text(&mut self, subject: ActorId, key: &str, value: &str) {
        let (key, value) = (self.names.intern(key), self.names.intern(value));
        self.meta(Kind::MetaText { subject, key, value });
    }

    fn meta_process(&mut self, subject: ActorId, config: &MemberConfig) {
        let role = match &config.membership {
            Membership::Subscribe { .. } => Role::Member,
            Membership::Assign(_) => Role::Reader,
        };
        self.meta_actor(subject, &config.name, &config.scope, role);
        self.meta_settings(subject, config);
    }

    /// What a process is told to do, and how.
    pub(super) fn meta_settings(&mut self, subject: ActorId, config: &MemberConfig) {
        let client = &config.client;
        match &config.membership {
            Membership::Subscribe { topics, instance, .. } => {
                for topic in topics {
                    let topic = TopicName(self.names.intern(topic));
                    self.meta(Kind::MetaSubscription { subject, topic });
                }
                if let Some(instance) = instance {
                    self.meta_text(subject, "group.instance.id", instance);
                }
            }
            Membership::Assign(partitions) => {
                for (topic, partition) in partitions {
                    let topic = TopicName(self.names.intern(topic));
                    self.meta(Kind::MetaAssign { subject, partition: TopicPartition::new(topic, *partition) });
                }
            }
        }
        for (key, value) in [
            ("session.timeout.ms", i64::from(client.session_timeout_ms)),
            ("heartbeat.interval.ms", i64::from(client.heartbeat_interval_ms)),
            // How long others wait for the member: the Go clients have a setting of its own for that.
            match client.kind {
                ClientKind::Java | ClientKind::Librdkafka => {
                    ("max.poll.interval.ms", i64::from(client.max_poll_interval_ms))
                }
                _ => ("rebalance.timeout.ms", i64::from(client.rebalance_timeout_ms)),
            },
            ("max.poll.records", i64::from(client.max_poll_records)),
            ("request.timeout.ms", i64::from(client.request_timeout_ms)),
            ("retry.backoff.ms", client.retry_backoff_ms),
            ("retry.backoff.max.ms", client.retry_backoff_max_ms),
            ("metadata.max.age.ms", client.metadata_max_age_ms),
            ("process.per-record.us", config.process.per_record.as_us() as i64),
            ("commit.on-revoke", i64::from(config.commit.on_revoke)),
            ("until.end", i64::from(config.until_end)),
        ] {
            self.meta_number(subject, key, value);
        }
        let assignors: Vec<&str> = client.assignors.iter().map(|a| a.name()).collect();
        let reset = match client.auto_offset_reset {
            AutoOffsetReset::Earliest => "earliest",
            AutoOffsetReset::Latest => "latest",
            AutoOffsetReset::None => "none",
        };
        let (when, interval_ms) = when_text(config.commit.when);
        if let Some(interval_ms) = interval_ms.or(config.commit.also_auto_ms) {
            self.meta_number(subject, "auto.commit.interval.ms", interval_ms);
        }
        for (key, value) in [
            ("client", client.kind.name()),
            ("client.id", client.client_id.as_str()),
            ("host", config.host.as_str()),
            ("partition.assignment.strategy", assignors.join(",").as_str()),
            ("auto.offset.reset", reset),
            ("commit.when", when),
            ("commit.offset", offset_text(config.commit.offset)),
            ("commit.mode", if config.commit.mode == CommitMode::Sync { "sync" } else { "async" }),
            ("from", from_text(config.from).as_str()),
        ] {
            self.meta_text(subject, key, value);
        }
        if config.commit.store == OffsetStore::WithResult {
            self.meta_text(subject, "commit.store", "with-result");
        }
    }
}

impl World<'_> {
    fn meta_producer(&mut self, subject: ActorId, config: &ProducerConfig) {
        let (client, send) = (&config.client, &config.send);
        self.meta_actor(subject, &config.name, &config.name, Role::Producer);
        for (key, value) in [
            ("acks", i64::from(client.acks.number())),
            ("enable.idempotence", i64::from(client.idempotent)),
            ("linger.ms", client.linger_ms),
            ("max.in.flight.requests.per.connection", i64::try_from(client.max_in_flight).unwrap_or(i64::MAX)),
            ("retries", i64::try_from(client.retries).unwrap_or(i64::MAX)),
            ("delivery.timeout.ms", client.delivery_timeout_ms),
            ("request.timeout.ms", client.request_timeout_ms),
        ] {
            self.meta_number(subject, key, value);
        }
        for (key, value) in [
            ("client", client.kind.name()),
            ("client.id", client.client_id.as_str()),
            ("host", config.host.as_str()),
            ("topic", config.topic.as_str()),
            ("mode", if send.mode == SendMode::Sync { "sync" } else { "async" }),
        ] {
            self.meta_text(subject, key, value);
        }
    }
}

fn when_text(when: CommitWhen) -> (&'static str, Option<i64>) {
    match when {
        CommitWhen::Auto { interval_ms } => ("auto", Some(interval_ms)),
        CommitWhen::BeforeRecord => ("before-record", None),
        CommitWhen::BeforeBatch => ("before-batch", None),
        CommitWhen::AfterRecord => ("after-record", None),
        CommitWhen::AfterBatch => ("after-batch", None),
        CommitWhen::EveryN(_) => ("every-n", None),
        CommitWhen::Interval(_) => ("interval", None),
        CommitWhen::Never => ("never", None),
    }
}

fn offset_text(offset: CommitOffset) -> &'static str {
    match offset {
        CommitOffset::Position => "position",
        CommitOffset::DoneContiguous => "done-contiguous",
        CommitOffset::DoneMax => "done-max",
        CommitOffset::Stored => "stored",
        CommitOffset::AboutToHandle => "about-to-handle",
        CommitOffset::Head => "head",
    }
}

fn from_text(from: StartAt) -> String {
    match from {
        StartAt::Committed => "committed".to_owned(),
        StartAt::Beginning => "beginning".to_owned(),
        StartAt::End => "end".to_owned(),
        StartAt::Offset(offset) => offset.to_string(),
    }
}
