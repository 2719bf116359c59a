//! The table of Kafka's property names: which exist, for whom, with what default and range, and what groupsim does with them.

use super::ClientKind::{self, FranzGo, Java, KafkaGo, Librdkafka, Sarama};

/// Whose property it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Side {
    /// A consumer's.
    Consumer,
    /// The broker's.
    Broker,
}

/// What values a property takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyType {
    /// `true` or `false`.
    Boolean,
    /// A whole number in this range (Kafka's INT or LONG with its validator).
    Integer(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list, as an array or as one string with commas.
    List,
    /// Any text.
    Text,
    /// Not looked at: the property has no effect here.
    Any,
}

/// What groupsim does with a property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It does what it does in Kafka.
    Modelled,
    /// Known to Kafka, without effect here.
    Ignored,
    /// Refused, for this reason.
    Refused(&'static str),
}

/// One property of Kafka.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KafkaKey {
    /// Its name, as in a properties file.
    pub name: &'static str,
    /// What it takes.
    pub value: KeyType,
    /// Kafka's default as text; for a consumer key, the Java client's. Empty: none.
    pub default: &'static str,
    /// Which libraries have it, under this name or with this meaning; empty for broker keys.
    pub clients: &'static [ClientKind],
    /// What groupsim does with it.
    pub effect: Effect,
    /// Whether it is about membership of a group, and so makes no sense for a reader with `assign`.
    pub group_only: bool,
    /// One line about it.
    pub doc: &'static str,
}

const INT: i64 = i32::MAX as i64;
const LONG: i64 = i64::MAX / 1_000_000;
const ALL: &[ClientKind] = &ClientKind::ALL;
const JAVA: &[ClientKind] = &[Java];
const RD: &[ClientKind] = &[Librdkafka];
const JAVA_RD: &[ClientKind] = &[Java, Librdkafka];
const NOT_KAFKA_GO: &[ClientKind] = &[Java, Librdkafka, Sarama, FranzGo];

const fn modelled(
    name: &'static str,
    value: KeyType,
    default: &'static str,
    clients: &'static [ClientKind],
    doc: &'static str,
) -> KafkaKey {
    KafkaKey { name, value, default, clients, effect: Effect::Modelled, group_only: false, doc }
}

const fn group(mut key: KafkaKey) -> KafkaKey {
    key.group_only = true;
    key
}

const fn refused(name: &'static str, clients: &'static [ClientKind], why: &'static str) -> KafkaKey {
    KafkaKey {
        name,
        value: KeyType::Any,
        default: "",
        clients,
        effect: Effect::Refused(why),
        group_only: false,
        doc: why,
    }
}

/// Consumer properties that groupsim models or refuses. Those without effect are in [`IGNORED_CONSUMER`].
pub const CONSUMER: &[KafkaKey] = &[
    group(modelled(
        "session.timeout.ms",
        KeyType::Integer(i32::MIN as i64, INT),
        "45000",
        ALL,
        "The broker removes a member from which it has heard nothing for this long.",
    )),
    group(modelled(
        "heartbeat.interval.ms",
        KeyType::Integer(1, INT),
        "3000",
        ALL,
        "Time between heartbeats; at most a third of session.timeout.ms.",
    )),
    group(modelled(
        "max.poll.interval.ms",
        KeyType::Integer(1, INT),
        "300000",
        JAVA_RD,
        "A member that does not poll for this long leaves; also the time that others wait for it in a rebalance.",
    )),
    modelled("max.poll.records", KeyType::Integer(1, INT), "500", JAVA, "Most records that one poll() returns."),
    modelled(
        "auto.offset.reset",
        KeyType::Word(&["earliest", "latest", "none"]),
        "latest",
        ALL,
        "Where to start if nothing is committed, or the position is outside the log.",
    ),
    group(modelled(
        "partition.assignment.strategy",
        KeyType::List,
        "range,cooperative-sticky",
        ALL,
        "Assignors in order of preference: range, roundrobin, sticky, cooperative-sticky, or Kafka's class names.",
    )),
    group(modelled(
        "enable.auto.commit",
        KeyType::Boolean,
        "true",
        NOT_KAFKA_GO,
        "Commit in the background; `commit = { when = \"auto\" }` is the same switch.",
    )),
    group(modelled(
        "auto.commit.interval.ms",
        KeyType::Integer(0, INT),
        "5000",
        NOT_KAFKA_GO,
        "Time between automatic commits.",
    )),
    group(modelled(
        "enable.auto.offset.store",
        KeyType::Boolean,
        "true",
        RD,
        "Whether librdkafka stores an offset just before it hands the record over.",
    )),
    modelled("client.id", KeyType::Text, "", ALL, "First part of the member id; the default is the library's own."),
    modelled(
        "retry.backoff.ms",
        KeyType::Integer(0, LONG),
        "100",
        JAVA_RD,
        "First pause before a request is repeated.",
    ),
    modelled("retry.backoff.max.ms", KeyType::Integer(0, LONG), "1000", JAVA_RD, "Longest such pause."),
    modelled("reconnect.backoff.ms", KeyType::Integer(0, LONG), "50", JAVA_RD, "First pause before a reconnect."),
    modelled("reconnect.backoff.max.ms", KeyType::Integer(0, LONG), "1000", JAVA_RD, "Longest such pause."),
    modelled(
        "request.timeout.ms",
        KeyType::Integer(0, INT),
        "30000",
        &[Java, FranzGo],
        "A client drops the connection when an answer takes longer.",
    ),
    modelled(
        "default.api.timeout.ms",
        KeyType::Integer(0, INT),
        "60000",
        JAVA,
        "Deadline of commitSync and other blocking calls.",
    ),
    modelled(
        "metadata.max.age.ms",
        KeyType::Integer(0, LONG),
        "300000",
        NOT_KAFKA_GO,
        "How often topics and partitions are looked up; new partitions are seen then.",
    ),
    modelled("fetch.min.bytes", KeyType::Integer(0, INT), "1", ALL, "A fetch waits until so much is there."),
    modelled(
        "fetch.max.wait.ms",
        KeyType::Integer(0, INT),
        "500",
        &[Java, Sarama, KafkaGo, FranzGo],
        "... but at most so long.",
    ),
    modelled(
        "fetch.max.bytes",
        KeyType::Integer(0, INT),
        "52428800",
        &[Java, Librdkafka, KafkaGo, FranzGo],
        "Most bytes of one fetch.",
    ),
    modelled(
        "max.partition.fetch.bytes",
        KeyType::Integer(0, INT),
        "1048576",
        NOT_KAFKA_GO,
        "Most bytes of one partition in one fetch.",
    ),
    refused("group.id", ALL, "the group's id is its name in the file, [group.NAME]"),
    refused("group.instance.id", ALL, "write `static = true`: each member's name is its group.instance.id then"),
    KafkaKey {
        name: "group.protocol",
        value: KeyType::Word(&["classic", "consumer"]),
        default: "classic",
        clients: JAVA_RD,
        effect: Effect::Refused("it is the same for a whole file: write `protocol` at its top"),
        group_only: true,
        doc: "Must be the file's `protocol`.",
    },
    refused("group.remote.assignor", JAVA_RD, "Kafka refuses it with group.protocol = classic"),
    refused("internal.leave.group.on.close", JAVA, "it is internal to Kafka Streams and not modelled"),
];

/// Consumer properties that exist but have no effect here, by library. (The Go libraries have no such names.)
pub const IGNORED_CONSUMER: &[(&[ClientKind], &[&str])] = &[
    (
        JAVA_RD,
        &[
            "bootstrap.servers",
            "client.dns.lookup",
            "client.rack",
            "connections.max.idle.ms",
            "isolation.level",
            "security.protocol",
            "allow.auto.create.topics",
            "check.crcs",
            "metadata.recovery.strategy",
            "enable.metrics.push",
            "sasl.mechanism",
            "sasl.jaas.config",
            "sasl.kerberos.kinit.cmd",
            "sasl.kerberos.min.time.before.relogin",
            "sasl.kerberos.service.name",
            "sasl.oauthbearer.scope.claim.name",
            "sasl.oauthbearer.token.endpoint.url",
            "ssl.cipher.suites",
            "ssl.endpoint.identification.algorithm",
            "ssl.key.password",
            "ssl.keystore.location",
            "ssl.keystore.password",
            "receive.buffer.bytes",
            "send.buffer.bytes",
            "metadata.recovery.rebootstrap.trigger.ms",
        ],
    ),
    (
        JAVA,
        &[
            "key.deserializer",
            "value.deserializer",
            "interceptor.classes",
            "exclude.internal.topics",
            "metric.reporters",
            "metrics.num.samples",
            "metrics.recording.level",
            "metrics.sample.window.ms",
            "socket.connection.setup.timeout.ms",
            "socket.connection.setup.timeout.max.ms",
            "security.providers",
            "sasl.client.callback.handler.class",
            "sasl.login.callback.handler.class",
            "sasl.login.class",
            "sasl.login.connect.timeout.ms",
            "sasl.login.read.timeout.ms",
            "sasl.login.refresh.buffer.seconds",
            "sasl.login.refresh.min.period.seconds",
            "sasl.login.refresh.window.factor",
            "sasl.login.refresh.window.jitter",
            "sasl.login.retry.backoff.max.ms",
            "sasl.login.retry.backoff.ms",
            "sasl.kerberos.ticket.renew.jitter",
            "sasl.kerberos.ticket.renew.window.factor",
            "sasl.oauthbearer.clock.skew.seconds",
            "sasl.oauthbearer.expected.audience",
            "sasl.oauthbearer.expected.issuer",
            "sasl.oauthbearer.header.urlencode",
            "sasl.oauthbearer.jwks.endpoint.refresh.ms",
            "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
            "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
            "sasl.oauthbearer.jwks.endpoint.url",
            "sasl.oauthbearer.sub.claim.name",
            "ssl.enabled.protocols",
            "ssl.engine.factory.class",
            "ssl.keymanager.algorithm",
            "ssl.keystore.certificate.chain",
            "ssl.keystore.key",
            "ssl.keystore.type",
            "ssl.protocol",
            "ssl.provider",
            "ssl.secure.random.implementation",
            "ssl.trustmanager.algorithm",
            "ssl.truststore.certificates",
            "ssl.truststore.location",
            "ssl.truststore.password",
            "ssl.truststore.type",
            "internal.throw.on.fetch.stable.offset.unsupported",
        ],
    ),
    (
        RD,
        &[
            "metadata.broker.list",
            "builtin.features",
            "message.max.bytes",
            "message.copy.max.bytes",
            "receive.message.max.bytes",
            "max.in.flight.requests.per.connection",
            "topic.metadata.refresh.interval.ms",
            "topic.metadata.refresh.fast.interval.ms",
            "topic.metadata.refresh.sparse",
            "topic.metadata.propagation.max.ms",
            "topic.blacklist",
            "debug",
            "socket.timeout.ms",
            "socket.send.buffer.bytes",
            "socket.receive.buffer.bytes",
            "socket.keepalive.enable",
            "socket.nagle.disable",
            "socket.max.fails",
            "socket.connection.setup.timeout.ms",
            "broker.address.ttl",
            "broker.address.family",
            "statistics.interval.ms",
            "enabled_events",
            "log_level",
            "log.queue",
            "log.thread.name",
            "log.connection.close",
            "api.version.request",
            "api.version.request.timeout.ms",
            "api.version.fallback.ms",
            "broker.version.fallback",
            "ssl.curves.list",
            "ssl.sigalgs.list",
            "ssl.key.location",
            "ssl.key.pem",
            "ssl.certificate.location",
            "ssl.certificate.pem",
            "ssl.ca.location",
            "ssl.ca.pem",
            "ssl.ca.certificate.stores",
            "ssl.crl.location",
            "ssl.providers",
            "enable.ssl.certificate.verification",
            "sasl.mechanisms",
            "sasl.kerberos.principal",
            "sasl.kerberos.keytab",
            "sasl.username",
            "sasl.password",
            "sasl.oauthbearer.config",
            "enable.sasl.oauthbearer.unsecure.jwt",
            "sasl.oauthbearer.method",
            "sasl.oauthbearer.client.id",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.scope",
            "sasl.oauthbearer.extensions",
            "plugin.library.paths",
            "group.protocol.type",
            "coordinator.query.interval.ms",
            "queued.min.messages",
            "queued.max.messages.kbytes",
            "fetch.wait.max.ms",
            "fetch.queue.backoff.ms",
            "fetch.message.max.bytes",
            "fetch.error.backoff.ms",
            "offset.store.method",
            "enable.partition.eof",
            "consume.callback.max.messages",
            "topic.metadata.refresh.on.error",
            "client.software.name",
            "client.software.version",
        ],
    ),
    (
        &[Sarama, KafkaGo, FranzGo],
        &["bootstrap.servers", "client.rack", "isolation.level", "security.protocol", "sasl.mechanism"],
    ),
];

const fn broker(name: &'static str, min: i64, max: i64, default: &'static str, doc: &'static str) -> KafkaKey {
    modelled(name, KeyType::Integer(min, max), default, &[], doc)
}

/// Broker properties that groupsim models.
pub const BROKER: &[KafkaKey] = &[
    broker("group.min.session.timeout.ms", 0, INT, "6000", "Smallest session timeout that a member may ask for."),
    broker("group.max.session.timeout.ms", 0, INT, "1800000", "Largest session timeout that a member may ask for."),
    broker(
        "group.initial.rebalance.delay.ms",
        0,
        INT,
        "3000",
        "How long the first rebalance of an empty group waits for more members; extended while they keep coming.",
    ),
    broker("group.max.size", 1, INT, "2147483647", "Most members of a group."),
    broker("offset.metadata.max.bytes", 0, INT, "4096", "Longest metadata string of a commit."),
    broker("offsets.retention.minutes", 1, INT, "10080", "Committed offsets of an empty group are kept this long."),
    broker("offsets.retention.check.interval.ms", 1, LONG, "600000", "How often expired offsets are looked for."),
];

/// Broker properties that exist but have no effect here.
pub const IGNORED_BROKER: &[&str] = &[
    "advertised.listeners",
    "alter.config.policy.class.name",
    "alter.log.dirs.replication.quota.window.num",
    "alter.log.dirs.replication.quota.window.size.seconds",
    "authorizer.class.name",
    "auto.create.topics.enable",
    "auto.leader.rebalance.enable",
    "background.threads",
    "broker.heartbeat.interval.ms",
    "broker.id",
    "broker.id.generation.enable",
    "broker.rack",
    "broker.session.timeout.ms",
    "client.quota.callback.class",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "connection.failed.authentication.delay.ms",
    "connections.max.idle.ms",
    "connections.max.reauth.ms",
    "control.plane.listener.name",
    "controlled.shutdown.enable",
    "controlled.shutdown.max.retries",
    "controlled.shutdown.retry.backoff.ms",
    "controller.listener.names",
    "controller.quorum.append.linger.ms",
    "controller.quorum.bootstrap.servers",
    "controller.quorum.election.backoff.max.ms",
    "controller.quorum.election.timeout.ms",
    "controller.quorum.fetch.timeout.ms",
    "controller.quorum.request.timeout.ms",
    "controller.quorum.retry.backoff.ms",
    "controller.quorum.voters",
    "controller.quota.window.num",
    "controller.quota.window.size.seconds",
    "controller.socket.timeout.ms",
    "create.topic.policy.class.name",
    "default.replication.factor",
    "delegation.token.expiry.check.interval.ms",
    "delegation.token.expiry.time.ms",
    "delegation.token.max.lifetime.ms",
    "delegation.token.secret.key",
    "delete.records.purgatory.purge.interval.requests",
    "delete.topic.enable",
    "early.start.listeners",
    "eligible.leader.replicas.enable",
    "fetch.max.bytes",
    "fetch.purgatory.purge.interval.requests",
    "group.consumer.assignors",
    "group.consumer.heartbeat.interval.ms",
    "group.consumer.max.heartbeat.interval.ms",
    "group.consumer.max.session.timeout.ms",
    "group.consumer.max.size",
    "group.consumer.migration.policy",
    "group.consumer.min.heartbeat.interval.ms",
    "group.consumer.min.session.timeout.ms",
    "group.consumer.session.timeout.ms",
    "group.coordinator.append.linger.ms",
    "group.coordinator.new.enable",
    "group.coordinator.rebalance.protocols",
    "group.coordinator.threads",
    "group.share.delivery.count.limit",
    "group.share.enable",
    "group.share.heartbeat.interval.ms",
    "group.share.max.groups",
    "group.share.max.heartbeat.interval.ms",
    "group.share.max.record.lock.duration.ms",
    "group.share.max.session.timeout.ms",
    "group.share.max.size",
    "group.share.min.heartbeat.interval.ms",
    "group.share.min.record.lock.duration.ms",
    "group.share.min.session.timeout.ms",
    "group.share.partition.max.record.locks",
    "group.share.record.lock.duration.ms",
    "group.share.session.timeout.ms",
    "initial.broker.registration.timeout.ms",
    "inter.broker.listener.name",
    "inter.broker.protocol.version",
    "kafka.metrics.polling.interval.secs",
    "kafka.metrics.reporters",
    "leader.imbalance.check.interval.seconds",
    "leader.imbalance.per.broker.percentage",
    "listener.security.protocol.map",
    "listeners",
    "log.cleaner.backoff.ms",
    "log.cleaner.dedupe.buffer.size",
    "log.cleaner.delete.retention.ms",
    "log.cleaner.enable",
    "log.cleaner.io.buffer.load.factor",
    "log.cleaner.io.buffer.size",
    "log.cleaner.io.max.bytes.per.second",
    "log.cleaner.max.compaction.lag.ms",
    "log.cleaner.min.cleanable.ratio",
    "log.cleaner.min.compaction.lag.ms",
    "log.cleaner.threads",
    "log.cleanup.policy",
    "log.dir",
    "log.dir.failure.timeout.ms",
    "log.dirs",
    "log.flush.interval.messages",
    "log.flush.interval.ms",
    "log.flush.offset.checkpoint.interval.ms",
    "log.flush.scheduler.interval.ms",
    "log.flush.start.offset.checkpoint.interval.ms",
    "log.index.interval.bytes",
    "log.index.size.max.bytes",
    "log.initial.task.delay.ms",
    "log.local.retention.bytes",
    "log.local.retention.ms",
    "log.message.format.version",
    "log.message.timestamp.after.max.ms",
    "log.message.timestamp.before.max.ms",
    "log.message.timestamp.type",
    "log.preallocate",
    "log.retention.bytes",
    "log.retention.check.interval.ms",
    "log.retention.hours",
    "log.retention.minutes",
    "log.retention.ms",
    "log.roll.hours",
    "log.roll.jitter.hours",
    "log.roll.jitter.ms",
    "log.roll.ms",
    "log.segment.bytes",
    "log.segment.delete.delay.ms",
    "max.connection.creation.rate",
    "max.connections",
    "max.connections.per.ip",
    "max.connections.per.ip.overrides",
    "max.incremental.fetch.session.cache.slots",
    "max.request.partition.size.limit",
    "message.max.bytes",
    "metadata.log.dir",
    "metadata.log.max.record.bytes.between.snapshots",
    "metadata.log.max.snapshot.interval.ms",
    "metadata.log.segment.bytes",
    "metadata.log.segment.ms",
    "metadata.max.idle.interval.ms",
    "metadata.max.retention.bytes",
    "metadata.max.retention.ms",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "min.insync.replicas",
    "node.id",
    "num.io.threads",
    "num.network.threads",
    "num.partitions",
    "num.recovery.threads.per.data.dir",
    "num.replica.alter.log.dirs.threads",
    "num.replica.fetchers",
    "offsets.commit.timeout.ms",
    "offsets.load.buffer.size",
    "offsets.topic.compression.codec",
    "offsets.topic.num.partitions",
    "offsets.topic.replication.factor",
    "offsets.topic.segment.bytes",
    "password.encoder.cipher.algorithm",
    "password.encoder.iterations",
    "password.encoder.key.length",
    "password.encoder.keyfactory.algorithm",
    "password.encoder.old.secret",
    "password.encoder.secret",
    "principal.builder.class",
    "process.roles",
    "producer.id.expiration.check.interval.ms",
    "producer.id.expiration.ms",
    "producer.purgatory.purge.interval.requests",
    "queued.max.request.bytes",
    "queued.max.requests",
    "quota.window.num",
    "quota.window.size.seconds",
    "remote.fetch.max.wait.ms",
    "remote.list.offsets.request.timeout.ms",
    "remote.log.manager.task.interval.ms",
    "remote.log.manager.thread.pool.size",
    "remote.log.metadata.manager.class.name",
    "remote.log.reader.threads",
    "remote.log.storage.manager.class.name",
    "remote.log.storage.system.enable",
    "replica.fetch.backoff.ms",
    "replica.fetch.max.bytes",
    "replica.fetch.min.bytes",
    "replica.fetch.response.max.bytes",
    "replica.fetch.wait.max.ms",
    "replica.high.watermark.checkpoint.interval.ms",
    "replica.lag.time.max.ms",
    "replica.selector.class",
    "replica.socket.receive.buffer.bytes",
    "replica.socket.timeout.ms",
    "replication.quota.window.num",
    "replication.quota.window.size.seconds",
    "request.timeout.ms",
    "reserved.broker.max.id",
    "sasl.enabled.mechanisms",
    "sasl.mechanism.controller.protocol",
    "sasl.mechanism.inter.broker.protocol",
    "sasl.server.callback.handler.class",
    "sasl.server.max.receive.size",
    "security.inter.broker.protocol",
    "security.providers",
    "server.max.startup.time.ms",
    "share.fetch.max.fetch.records",
    "share.fetch.purgatory.purge.interval.requests",
    "socket.connection.setup.timeout.max.ms",
    "socket.connection.setup.timeout.ms",
    "socket.listen.backlog.size",
    "socket.receive.buffer.bytes",
    "socket.request.max.bytes",
    "socket.send.buffer.bytes",
    "ssl.allow.dn.changes",
    "ssl.allow.san.changes",
    "ssl.cipher.suites",
    "ssl.client.auth",
    "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm",
    "ssl.engine.factory.class",
    "ssl.key.password",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.principal.mapping.rules",
    "ssl.protocol",
    "ssl.provider",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
    "telemetry.max.bytes",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms",
    "transaction.max.timeout.ms",
    "transaction.partition.verification.enable",
    "transaction.remove.expired.transaction.cleanup.interval.ms",
    "transaction.state.log.load.buffer.size",
    "transaction.state.log.min.isr",
    "transaction.state.log.num.partitions",
    "transaction.state.log.replication.factor",
    "transaction.state.log.segment.bytes",
    "transactional.id.expiration.ms",
    "unclean.leader.election.enable",
    "unclean.leader.election.interval.ms",
    "unstable.api.versions.enable",
    "unstable.feature.versions.enable",
    "zookeeper.connect",
    "zookeeper.connection.timeout.ms",
    "zookeeper.max.in.flight.requests",
    "zookeeper.metadata.migration.enable",
    "zookeeper.session.timeout.ms",
    "zookeeper.set.acl",
];

/// The property `name` of a consumer, modelled, ignored or refused, of whatever library.
pub fn consumer(name: &str) -> Option<KafkaKey> {
    if let Some(key) = CONSUMER.iter().find(|key| key.name == name) {
        return Some(*key);
    }
    let mut found: Option<KafkaKey> = None;
    for (clients, names) in IGNORED_CONSUMER {
        if let Some(&name) = names.iter().find(|&&n| n == name) {
            // Of two rows with the same name the one for more libraries is enough for the name; who has it is asked
            // with `client_has`.
            found.get_or_insert(ignored(name, clients));
        }
    }
    found
}

/// The property `name` of the broker.
pub fn broker_key(name: &str) -> Option<KafkaKey> {
    BROKER
        .iter()
        .find(|key| key.name == name)
        .copied()
        .or_else(|| IGNORED_BROKER.iter().find(|&&n| n == name).map(|&name| ignored(name, &[])))
}

/// Whether the library `client` has the consumer property `name`.
pub fn client_has(client: ClientKind, name: &str) -> bool {
    CONSUMER.iter().any(|key| key.name == name && key.clients.contains(&client))
        || IGNORED_CONSUMER.iter().any(|(clients, names)| clients.contains(&client) && names.contains(&name))
}

/// Every property name that `side` knows, for "did you mean"; of consumers, those of `client`.
pub fn names(side: Side, client: ClientKind) -> Vec<&'static str> {
    match side {
        Side::Broker => BROKER.iter().map(|key| key.name).chain(IGNORED_BROKER.iter().copied()).collect(),
        Side::Consumer => {
            let modelled = CONSUMER.iter().filter(|key| key.clients.contains(&client)).map(|key| key.name);
            let ignored = IGNORED_CONSUMER.iter().filter(|(clients, _)| clients.contains(&client));
            modelled.chain(ignored.flat_map(|(_, names)| names.iter().copied())).collect()
        }
    }
}

const fn ignored(name: &'static str, clients: &'static [ClientKind]) -> KafkaKey {
    KafkaKey {
        name,
        value: KeyType::Any,
        default: "",
        clients,
        effect: Effect::Ignored,
        group_only: false,
        doc: "Known to Kafka; without effect in groupsim.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BrokerConfig, ClientConfig};

    #[test]
    fn names_are_unique_for_every_library_and_for_the_broker() {
        for client in ClientKind::ALL {
            let mut all = names(Side::Consumer, client);
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{client:?}");
        }
        let mut all = names(Side::Broker, Java);
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_tables_defaults_are_those_of_the_settings() {
        let default = |name: &str| consumer(name).or_else(|| broker_key(name)).unwrap().default.to_string();
        let (client, server) = (ClientConfig::default(), BrokerConfig::default());
        assert_eq!(default("session.timeout.ms"), client.session_timeout_ms.to_string());
        assert_eq!(default("heartbeat.interval.ms"), client.heartbeat_interval_ms.to_string());
        assert_eq!(default("max.poll.interval.ms"), client.max_poll_interval_ms.to_string());
        assert_eq!(default("max.poll.records"), client.max_poll_records.to_string());
        assert_eq!(default("fetch.max.bytes"), client.fetch_max_bytes.to_string());
        assert_eq!(default("max.partition.fetch.bytes"), client.max_partition_fetch_bytes.to_string());
        let assignors: Vec<_> = client.assignors.iter().map(|a| a.name()).collect();
        assert_eq!(default("partition.assignment.strategy"), assignors.join(","));
        assert_eq!(default("group.max.size"), server.group_max_size.to_string());
        assert_eq!(default("offsets.retention.minutes"), server.offsets_retention_minutes.to_string());
    }

    #[test]
    fn what_a_library_lacks_is_known() {
        assert!(client_has(Java, "max.poll.records"));
        assert!(!client_has(Librdkafka, "max.poll.records"));
        assert!(!client_has(Sarama, "max.poll.interval.ms"));
        assert_eq!(consumer("bootstrap.servers").unwrap().effect, Effect::Ignored);
        assert_eq!(consumer("sesion.timeout.ms"), None);
    }
}
