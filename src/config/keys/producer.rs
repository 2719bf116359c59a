//! Properties of producers. A library has Kafka's name where Kafka has one and the meaning is the same (Java, librdkafka), and
//! its own spelling otherwise (the Go libraries; durations in milliseconds).

use super::{
    ALL, Effect, FranzGo, GO, INT, JAVA, JAVA_RD, Java, KafkaGo, KafkaKey, KeyType, LONG, Librdkafka, RD, Sarama,
    ignored, modelled, refused,
};
use crate::config::ClientKind;

const SARAMA: &[ClientKind] = &[Sarama];
const KAFKA_GO: &[ClientKind] = &[KafkaGo];
const FRANZ_GO: &[ClientKind] = &[FranzGo];

const ACKS: KeyType = KeyType::Word(&["0", "1", "-1", "all"]);
const GO_ACKS: KeyType = KeyType::Word(&[
    "0",
    "1",
    "-1",
    "none",
    "one",
    "all",
    "RequireNone",
    "RequireOne",
    "RequireAll",
    "NoResponse",
    "WaitForLocal",
    "WaitForAll",
    "NoAck",
    "LeaderAck",
    "AllISRAcks",
]);
const MS: KeyType = KeyType::Integer(0, LONG);
const COUNT: KeyType = KeyType::Integer(0, INT);

/// Producer properties that groupsim models or refuses; defaults are the Java client's where it has the property.
pub const PRODUCER: &[KafkaKey] = &[
    modelled(
        "acks",
        ACKS,
        "all",
        ALL,
        "Who must have a record before it counts as written: 0 nobody, 1 the leader, all.",
    ),
    modelled("request.required.acks", ACKS, "all", RD, "acks."),
    modelled("RequiredAcks", GO_ACKS, "", GO, "acks."),
    modelled(
        "enable.idempotence",
        KeyType::Boolean,
        "true",
        &[Java, Librdkafka, Sarama, FranzGo],
        "Batches carry sequence numbers, so that the broker appends none twice and none out of order.",
    ),
    modelled("Idempotent", KeyType::Boolean, "false", SARAMA, "enable.idempotence."),
    modelled("DisableIdempotentWrite", KeyType::Boolean, "false", FRANZ_GO, "The opposite of enable.idempotence."),
    modelled("linger.ms", MS, "0", &[Java, Librdkafka, FranzGo], "How long a batch that is not full waits for more."),
    modelled("queue.buffering.max.ms", MS, "5", RD, "linger.ms."),
    modelled("ProducerLinger", MS, "10", FRANZ_GO, "linger.ms."),
    modelled("BatchTimeout", MS, "1000", KAFKA_GO, "linger.ms; 0 means the default, a second."),
    modelled("Flush.Frequency", MS, "0", SARAMA, "How long the set waits for more; 0: it does not wait."),
    modelled("Flush.Messages", COUNT, "0", SARAMA, "So many messages are flushed at once; 0: not by number."),
    modelled("Flush.Bytes", COUNT, "0", SARAMA, "So many bytes are flushed at once; 0: not by size."),
    modelled("Flush.MaxMessages", COUNT, "0", SARAMA, "Most messages of one batch; 0: no limit."),
    modelled("batch.size", COUNT, "16384", JAVA_RD, "Bytes of a batch at most."),
    modelled("BatchBytes", COUNT, "1048576", KAFKA_GO, "batch.size; 0 means the default."),
    modelled("MaxMessageBytes", KeyType::Integer(1, INT), "1048576", SARAMA, "batch.size."),
    modelled("ProducerBatchMaxBytes", KeyType::Integer(1, INT), "1000012", FRANZ_GO, "batch.size."),
    modelled("batch.num.messages", KeyType::Integer(1, 1_000_000), "10000", RD, "Most records of one batch."),
    modelled("BatchSize", COUNT, "100", KAFKA_GO, "Records of a full batch; 0 means the default."),
    modelled(
        "max.in.flight.requests.per.connection",
        KeyType::Integer(1, INT),
        "5",
        JAVA_RD,
        "Requests without an answer that a connection may have.",
    ),
    modelled("max.in.flight", KeyType::Integer(1, INT), "1000000", RD, "max.in.flight.requests.per.connection."),
    modelled("Net.MaxOpenRequests", KeyType::Integer(1, INT), "5", SARAMA, "max.in.flight.requests.per.connection."),
    modelled(
        "MaxProduceRequestsInflightPerBroker",
        KeyType::Integer(1, INT),
        "1",
        FRANZ_GO,
        "max.in.flight.requests.per.connection, without idempotence.",
    ),
    modelled("retries", COUNT, "2147483647", JAVA_RD, "How often a batch is sent again."),
    modelled("message.send.max.retries", COUNT, "2147483647", RD, "retries."),
    modelled("MaxAttempts", COUNT, "10", KAFKA_GO, "How often a batch is sent; 0 means the default."),
    modelled("Retry.Max", COUNT, "3", SARAMA, "retries."),
    modelled("RecordRetries", COUNT, "", FRANZ_GO, "retries."),
    modelled("retry.backoff.ms", MS, "100", JAVA_RD, "First pause before a batch is sent again."),
    modelled("retry.backoff.max.ms", MS, "1000", JAVA_RD, "Longest such pause."),
    modelled("WriteBackoffMin", MS, "100", KAFKA_GO, "First pause before a batch is sent again; 0 means the default."),
    modelled("WriteBackoffMax", MS, "1000", KAFKA_GO, "Longest such pause; 0 means the default."),
    modelled("Retry.Backoff", MS, "100", SARAMA, "Pause before a batch is sent again."),
    modelled(
        "request.timeout.ms",
        KeyType::Integer(1, INT),
        "30000",
        JAVA,
        "The connection is dropped when an answer takes longer.",
    ),
    modelled("socket.timeout.ms", KeyType::Integer(10, 300_000), "60000", RD, "request.timeout.ms of other clients."),
    modelled("WriteTimeout", MS, "10000", KAFKA_GO, "request.timeout.ms; 0 means the default."),
    modelled("Net.ReadTimeout", KeyType::Integer(1, LONG), "30000", SARAMA, "request.timeout.ms."),
    modelled(
        "ProduceRequestTimeout",
        KeyType::Integer(100, LONG),
        "10000",
        FRANZ_GO,
        "request.timeout.ms, to which RequestTimeoutOverhead (10 s) is added.",
    ),
    modelled("delivery.timeout.ms", COUNT, "120000", JAVA_RD, "After this a record is given back with an error."),
    modelled("message.timeout.ms", COUNT, "300000", RD, "delivery.timeout.ms; 0: never."),
    modelled("RecordDeliveryTimeout", MS, "0", FRANZ_GO, "delivery.timeout.ms; 0: never."),
    modelled("buffer.memory", MS, "33554432", JAVA, "Bytes of records that wait for an answer; who sends more waits."),
    modelled("queue.buffering.max.kbytes", KeyType::Integer(1, INT), "1048576", RD, "buffer.memory, in KiB."),
    modelled("queue.buffering.max.messages", COUNT, "100000", RD, "Records that wait for an answer; 0: no limit."),
    modelled("MaxBufferedRecords", KeyType::Integer(1, INT), "10000", FRANZ_GO, "Records that wait for an answer."),
    modelled("max.block.ms", MS, "60000", JAVA, "How long send() waits for room, or for the topic's partitions."),
    modelled(
        "sticky.partitioning.linger.ms",
        KeyType::Integer(0, 900_000),
        "10",
        RD,
        "Records without a key go to one partition for this long; default: twice linger.ms.",
    ),
    modelled("client.id", KeyType::Text, "", ALL, "The library's own by default."),
    modelled(
        "metadata.max.age.ms",
        MS,
        "300000",
        &[Java, Sarama, FranzGo],
        "How often the topic's partitions are looked up.",
    ),
    modelled(
        "topic.metadata.refresh.interval.ms",
        KeyType::Integer(1, INT),
        "300000",
        RD,
        "How often the topic's partitions are looked up.",
    ),
    modelled("reconnect.backoff.ms", MS, "50", JAVA_RD, "First pause before a reconnect."),
    modelled("reconnect.backoff.max.ms", MS, "1000", JAVA_RD, "Longest such pause."),
    refused("transactional.id", JAVA_RD, "transactions are not modelled"),
    refused("transaction.timeout.ms", JAVA_RD, "transactions are not modelled"),
    refused("TransactionalID", FRANZ_GO, "transactions are not modelled"),
    refused("partitioner.class", JAVA, "only the library's own partitioner is modelled"),
    refused("partitioner.ignore.keys", JAVA, "write no `keys` in `send` instead"),
    refused("partitioner", RD, "only the library's own partitioner is modelled"),
    refused("Partitioner", SARAMA, "only the library's own partitioner is modelled"),
    refused("Balancer", KAFKA_GO, "only the library's own balancer, round robin, is modelled"),
    refused("RecordPartitioner", FRANZ_GO, "only the library's own partitioner is modelled"),
    refused("Async", KAFKA_GO, "it is `mode = \"async\"` in `send`"),
];

/// Producer properties that exist but have no effect here, by library.
const IGNORED: &[(&[ClientKind], &[&str])] = &[
    (
        JAVA_RD,
        &[
            "bootstrap.servers",
            "client.dns.lookup",
            "compression.type",
            "security.protocol",
            "sasl.mechanism",
            "sasl.jaas.config",
            "send.buffer.bytes",
            "receive.buffer.bytes",
            "connections.max.idle.ms",
            "metadata.recovery.strategy",
            "enable.metrics.push",
            "ssl.keystore.location",
            "ssl.keystore.password",
            "ssl.endpoint.identification.algorithm",
        ],
    ),
    (
        JAVA,
        &[
            "key.serializer",
            "value.serializer",
            "interceptor.classes",
            "compression.gzip.level",
            "compression.lz4.level",
            "compression.zstd.level",
            "max.request.size",
            "metadata.max.idle.ms",
            "metric.reporters",
            "metrics.num.samples",
            "metrics.recording.level",
            "metrics.sample.window.ms",
            "partitioner.adaptive.partitioning.enable",
            "partitioner.availability.timeout.ms",
            "socket.connection.setup.timeout.ms",
            "socket.connection.setup.timeout.max.ms",
            "ssl.truststore.location",
            "ssl.truststore.password",
        ],
    ),
    (
        RD,
        &[
            // The broker's limit on waiting for replicas: there is one.
            "request.timeout.ms",
            "compression.codec",
            "delivery.report.only.error",
            "message.max.bytes",
            "queuing.strategy",
            "queue.buffering.backpressure.threshold",
            "sasl.username",
            "sasl.password",
            "ssl.ca.location",
            "statistics.interval.ms",
        ],
    ),
    (SARAMA, &["Timeout", "Compression", "CompressionLevel", "Return.Successes", "Return.Errors", "ChannelBufferSize"]),
    (KAFKA_GO, &["Compression", "ReadTimeout", "Completion", "AllowAutoTopicCreation"]),
    (FRANZ_GO, &["ProducerBatchCompression", "AllowAutoTopicCreation"]),
];

/// The property `name` of a producer, modelled, ignored or refused, of whatever library.
pub fn producer(name: &str) -> Option<KafkaKey> {
    let modelled = PRODUCER.iter().find(|key| key.name == name).copied();
    modelled.or_else(|| {
        let found = IGNORED.iter().find_map(|(clients, names)| Some((*clients, *names.iter().find(|&&n| n == name)?)));
        found.map(|(clients, name)| ignored(name, clients))
    })
}

/// The property `name` as the library `client` has it.
pub fn producer_of(client: ClientKind, name: &str) -> Option<KafkaKey> {
    let modelled = PRODUCER.iter().find(|key| key.name == name && key.clients.contains(&client)).copied();
    modelled.or_else(|| {
        let own = IGNORED.iter().filter(|(clients, _)| clients.contains(&client));
        own.flat_map(|(clients, names)| names.iter().map(move |&n| (clients, n)))
            .find(|found| found.1 == name)
            .map(|(clients, name)| ignored(name, clients))
    })
}

/// Every producer property that `client` has, refused ones left out.
pub fn producer_names(client: ClientKind) -> Vec<&'static str> {
    let modelled = PRODUCER.iter().filter(|key| key.clients.contains(&client));
    let modelled = modelled.filter(|key| !matches!(key.effect, Effect::Refused(_))).map(|key| key.name);
    let own = IGNORED.iter().filter(|(clients, _)| clients.contains(&client));
    modelled.chain(own.flat_map(|(_, names)| names.iter().copied())).collect()
}

/// Every ignored producer property.
pub fn ignored_producer() -> impl Iterator<Item = &'static str> {
    IGNORED.iter().flat_map(|(_, names)| names.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProducerSettings;

    #[test]
    fn every_name_is_there_once_for_each_library() {
        for client in ClientKind::ALL {
            let mut all = producer_names(client);
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{client:?}");
        }
    }

    #[test]
    fn the_tables_defaults_are_those_of_the_settings() {
        let default = |name: &str| producer(name).unwrap().default.to_string();
        let java = ProducerSettings::of(Java);
        assert_eq!(default("linger.ms"), java.linger_ms.to_string());
        assert_eq!(default("batch.size"), java.batch_bytes.to_string());
        assert_eq!(default("delivery.timeout.ms"), java.delivery_timeout_ms.to_string());
        assert_eq!(default("buffer.memory"), java.buffer_bytes.to_string());
        let kafka_go = ProducerSettings::of(KafkaGo);
        assert_eq!(default("BatchTimeout"), kafka_go.linger_ms.to_string());
        assert_eq!(default("BatchSize"), kafka_go.batch_records.to_string());
        assert_eq!(default("MaxAttempts"), (kafka_go.retries + 1).to_string());
        let librdkafka = ProducerSettings::of(Librdkafka);
        assert_eq!(default("batch.num.messages"), librdkafka.batch_records.to_string());
        assert_eq!(default("socket.timeout.ms"), librdkafka.request_timeout_ms.to_string());
        assert_eq!(default("MaxMessageBytes"), ProducerSettings::of(Sarama).batch_bytes.to_string());
        assert_eq!(default("ProducerLinger"), ProducerSettings::of(FranzGo).linger_ms.to_string());
    }
}
