//! Producers: every default with its source, library by library.

use super::{Row, at, row};

const JAVA_CONFIG: &str = "clients/src/main/java/org/apache/kafka/clients/producer/ProducerConfig.java";
const COMMON: &str = "clients/src/main/java/org/apache/kafka/clients/CommonClientConfigs.java";
const CONF: &str = "src/rdkafka_conf.c";
const CONFIG_GO: &str = "config.go";
const WRITER: &str = "writer.go";
const KGO: &str = "pkg/kgo/config.go";

pub(super) const JAVA: &[Row] = &[
    row("acks", "acks", "/producer/acks", at(JAVA_CONFIG, ".define(ACKS_CONFIG", "\"all\"")),
    row(
        "enable.idempotence",
        "enable.idempotence",
        "/producer/idempotent",
        at(JAVA_CONFIG, ".define(ENABLE_IDEMPOTENCE_CONFIG", "true"),
    ),
    row("linger.ms", "linger.ms", "/producer/linger_ms", at(JAVA_CONFIG, ".define(LINGER_MS_CONFIG", "0,")),
    row("batch.size", "batch.size", "/producer/batch_bytes", at(JAVA_CONFIG, ".define(BATCH_SIZE_CONFIG", "16384")),
    row(
        "max.in.flight.requests.per.connection",
        "max.in.flight.requests.per.connection",
        "/producer/max_in_flight",
        at(JAVA_CONFIG, ".define(MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION", "5,"),
    ),
    row("retries", "retries", "/producer/retries", at(JAVA_CONFIG, ".define(RETRIES_CONFIG", "Integer.MAX_VALUE")),
    row(
        "request.timeout.ms",
        "request.timeout.ms",
        "/producer/request_timeout_ms",
        at(JAVA_CONFIG, ".define(REQUEST_TIMEOUT_MS_CONFIG", "30 * 1000"),
    ),
    row(
        "delivery.timeout.ms",
        "delivery.timeout.ms",
        "/producer/delivery_timeout_ms",
        at(JAVA_CONFIG, ".define(DELIVERY_TIMEOUT_MS_CONFIG", "120 * 1000"),
    ),
    row(
        "buffer.memory",
        "buffer.memory",
        "/producer/buffer_bytes",
        at(JAVA_CONFIG, ".define(BUFFER_MEMORY_CONFIG", "32 * 1024 * 1024L"),
    ),
    row(
        "max.block.ms",
        "max.block.ms",
        "/producer/max_block_ms",
        at(JAVA_CONFIG, ".define(MAX_BLOCK_MS_CONFIG", "60 * 1000"),
    ),
    row(
        "metadata.max.age.ms",
        "metadata.max.age.ms",
        "/producer/metadata_max_age_ms",
        at(JAVA_CONFIG, ".define(METADATA_MAX_AGE_CONFIG", "5 * 60 * 1000"),
    ),
    row(
        "reconnect.backoff.ms",
        "reconnect.backoff.ms",
        "/producer/reconnect_backoff_ms",
        at(JAVA_CONFIG, ".define(RECONNECT_BACKOFF_MS_CONFIG", "50L"),
    ),
    row(
        "reconnect.backoff.max.ms",
        "reconnect.backoff.max.ms",
        "/producer/reconnect_backoff_max_ms",
        at(JAVA_CONFIG, ".define(RECONNECT_BACKOFF_MAX_MS_CONFIG", "1000L"),
    ),
    row(
        "retry.backoff.ms",
        "retry.backoff.ms",
        "/producer/retry_backoff_ms",
        at(COMMON, "DEFAULT_RETRY_BACKOFF_MS", "= 100L;"),
    ),
    row(
        "retry.backoff.max.ms",
        "retry.backoff.max.ms",
        "/producer/retry_backoff_max_ms",
        at(COMMON, "DEFAULT_RETRY_BACKOFF_MAX_MS", "= 1000L;"),
    ),
    row(
        "",
        "bytes before another partition (batch.size)",
        "/producer/sticky_bytes",
        at("clients/src/main/java/org/apache/kafka/clients/producer/KafkaProducer.java", "new RecordAccumulator(", ""),
    ),
];

pub(super) const LIBRDKAFKA: &[Row] = &[
    row(
        "acks",
        "request.required.acks",
        "/producer/acks",
        at(CONF, "\"request.required.acks\", _RK_C_INT", "-1, 1000, -1"),
    ),
    row(
        "enable.idempotence",
        "enable.idempotence",
        "/producer/idempotent",
        at(CONF, "\"enable.idempotence\", _RK_C_BOOL", "0, 1, 0}"),
    ),
    row(
        "linger.ms",
        "queue.buffering.max.ms",
        "/producer/linger_ms",
        at(CONF, "\"queue.buffering.max.ms\", _RK_C_DBL", ".ddef = 5.0"),
    ),
    row(
        "batch.size",
        "batch.size",
        "/producer/batch_bytes",
        at(CONF, "\"batch.size\", _RK_C_INT", "1, INT_MAX, 1000000}"),
    ),
    row(
        "batch.num.messages",
        "batch.num.messages",
        "/producer/batch_records",
        at(CONF, "\"batch.num.messages\", _RK_C_INT", "1, 1000000, 10000}"),
    ),
    row(
        "max.in.flight.requests.per.connection",
        "max.in.flight.requests.per.connection",
        "/producer/max_in_flight",
        at(CONF, "\"max.in.flight.requests.per.connection\", _RK_C_INT", "1, 1000000, 1000000}"),
    ),
    row(
        "retries",
        "message.send.max.retries",
        "/producer/retries",
        at(CONF, "\"message.send.max.retries\"", "0, INT32_MAX, INT32_MAX}"),
    ),
    row(
        "retry.backoff.ms",
        "retry.backoff.ms",
        "/producer/retry_backoff_ms",
        at(CONF, "\"retry.backoff.ms\", _RK_C_INT", "1, 300 * 1000, 100}"),
    ),
    row(
        "retry.backoff.max.ms",
        "retry.backoff.max.ms",
        "/producer/retry_backoff_max_ms",
        at(CONF, "\"retry.backoff.max.ms\", _RK_C_INT", "1, 300 * 1000, 1000}"),
    ),
    row(
        "socket.timeout.ms",
        "socket.timeout.ms",
        "/producer/request_timeout_ms",
        at(CONF, "\"socket.timeout.ms\", _RK_C_INT", "10, 300 * 1000, 60 * 1000}"),
    ),
    row(
        "delivery.timeout.ms",
        "message.timeout.ms",
        "/producer/delivery_timeout_ms",
        at(CONF, "\"message.timeout.ms\"", "0, INT32_MAX, 300 * 1000}"),
    ),
    row(
        "queue.buffering.max.kbytes",
        "queue.buffering.max.kbytes",
        "/producer/buffer_bytes",
        at(CONF, "\"queue.buffering.max.kbytes\"", "0x100000 /*1GB*/"),
    ),
    row(
        "queue.buffering.max.messages",
        "queue.buffering.max.messages",
        "/producer/buffer_records",
        at(CONF, "\"queue.buffering.max.messages\"", "0, INT_MAX, 100000}"),
    ),
    row(
        "sticky.partitioning.linger.ms",
        "sticky.partitioning.linger.ms",
        "/producer/sticky_ms",
        at(CONF, "\"sticky.partitioning.linger.ms\"", "0, 900000, 10}"),
    ),
    row(
        "topic.metadata.refresh.interval.ms",
        "topic.metadata.refresh.interval.ms",
        "/producer/metadata_max_age_ms",
        at(CONF, "\"topic.metadata.refresh.interval.ms\", _RK_C_INT", "5 * 60 * 1000}"),
    ),
    row(
        "reconnect.backoff.ms",
        "reconnect.backoff.ms",
        "/producer/reconnect_backoff_ms",
        at(CONF, "\"reconnect.backoff.ms\", _RK_C_INT", "0, 60 * 60 * 1000, 100}"),
    ),
    row(
        "reconnect.backoff.max.ms",
        "reconnect.backoff.max.ms",
        "/producer/reconnect_backoff_max_ms",
        at(CONF, "\"reconnect.backoff.max.ms\", _RK_C_INT", "0, 60 * 60 * 1000, 10 * 1000}"),
    ),
];

pub(super) const SARAMA: &[Row] = &[
    row(
        "RequiredAcks",
        "Producer.RequiredAcks",
        "/producer/acks",
        at(CONFIG_GO, "c.Producer.RequiredAcks = WaitForLocal", ""),
    ),
    row(
        "Idempotent",
        "Producer.Idempotent",
        "/producer/idempotent",
        at(CONFIG_GO, "// If enabled, the producer will ensure that exactly one copy", "Idempotent bool"),
    ),
    row(
        "Flush.Frequency",
        "Producer.Flush.Frequency",
        "/producer/linger_ms",
        at(CONFIG_GO, "Frequency time.Duration", ""),
    ),
    row("Flush.Messages", "Producer.Flush.Messages", "/producer/flush_records", at(CONFIG_GO, "Messages int", "")),
    row("Flush.Bytes", "Producer.Flush.Bytes", "/producer/flush_bytes", at(CONFIG_GO, "Bytes int", "")),
    row(
        "Flush.MaxMessages",
        "Producer.Flush.MaxMessages",
        "/producer/batch_records",
        at(CONFIG_GO, "MaxMessages int", ""),
    ),
    row(
        "MaxMessageBytes",
        "Producer.MaxMessageBytes",
        "/producer/batch_bytes",
        at(CONFIG_GO, "c.Producer.MaxMessageBytes = 1024 * 1024", ""),
    ),
    row(
        "Net.MaxOpenRequests",
        "Net.MaxOpenRequests",
        "/producer/max_in_flight",
        at(CONFIG_GO, "c.Net.MaxOpenRequests = 5", ""),
    ),
    row("Retry.Max", "Producer.Retry.Max", "/producer/retries", at(CONFIG_GO, "c.Producer.Retry.Max = 3", "")),
    row(
        "Retry.Backoff",
        "Producer.Retry.Backoff",
        "/producer/retry_backoff_ms",
        at(CONFIG_GO, "c.Producer.Retry.Backoff = 100 * time.Millisecond", ""),
    ),
    row(
        "Net.ReadTimeout",
        "Net.ReadTimeout",
        "/producer/request_timeout_ms",
        at(CONFIG_GO, "c.Net.ReadTimeout = 30 * time.Second", ""),
    ),
    row(
        "metadata.max.age.ms",
        "Metadata.RefreshFrequency",
        "/producer/metadata_max_age_ms",
        at(CONFIG_GO, "defaultMetadataRefreshFrequency", "= 10 * time.Minute"),
    ),
];

pub(super) const KAFKA_GO: &[Row] = &[
    row("RequiredAcks", "RequiredAcks", "/producer/acks", at(WRITER, "RequiredAcks RequiredAcks", "")),
    row(
        "BatchTimeout",
        "BatchTimeout",
        "/producer/linger_ms",
        at(WRITER, "func (w *Writer) batchTimeout()", "return 1 * time.Second"),
    ),
    row(
        "BatchBytes",
        "BatchBytes",
        "/producer/batch_bytes",
        at(WRITER, "func (w *Writer) batchBytes()", "return 1048576"),
    ),
    row("BatchSize", "BatchSize", "/producer/batch_records", at(WRITER, "func (w *Writer) batchSize()", "return 100")),
    row("MaxAttempts", "MaxAttempts", "/producer/retries", at(WRITER, "func (w *Writer) maxAttempts()", "return 10")),
    row(
        "WriteBackoffMin",
        "WriteBackoffMin",
        "/producer/retry_backoff_ms",
        at(WRITER, "func (w *Writer) writeBackoffMin()", "return 100 * time.Millisecond"),
    ),
    row(
        "WriteBackoffMax",
        "WriteBackoffMax",
        "/producer/retry_backoff_max_ms",
        at(WRITER, "func (w *Writer) writeBackoffMax()", "return 1 * time.Second"),
    ),
    row(
        "WriteTimeout",
        "WriteTimeout",
        "/producer/request_timeout_ms",
        at(WRITER, "func (w *Writer) writeTimeout()", "return 10 * time.Second"),
    ),
    row(
        "",
        "MetadataTTL",
        "/producer/metadata_max_age_ms",
        at("transport.go", "func (t *Transport) metadataTTL()", "return 6 * time.Second"),
    ),
];

pub(super) const FRANZ_GO: &[Row] = &[
    row("RequiredAcks", "RequiredAcks", "/producer/acks", at(KGO, "acks:", "AllISRAcks()")),
    row(
        "DisableIdempotentWrite",
        "DisableIdempotentWrite",
        "/producer/idempotent",
        at(KGO, "disableIdempotency bool", ""),
    ),
    row("ProducerLinger", "ProducerLinger", "/producer/linger_ms", at(KGO, "linger:", "10 * time.Millisecond")),
    row(
        "ProducerBatchMaxBytes",
        "ProducerBatchMaxBytes",
        "/producer/batch_bytes",
        at(KGO, "maxRecordBatchBytes: func(string) int32", "return 1000012"),
    ),
    row(
        "MaxProduceRequestsInflightPerBroker",
        "MaxProduceRequestsInflightPerBroker",
        "/producer/max_in_flight",
        at(KGO, "maxProduceInflight:", "1,"),
    ),
    row("RecordRetries", "RecordRetries", "/producer/retries", at(KGO, "recordRetries:", "math.MaxInt64")),
    row(
        "ProduceRequestTimeout",
        "ProduceRequestTimeout",
        "/producer/request_timeout_ms",
        at(KGO, "produceTimeout:", "10 * time.Second"),
    ),
    row(
        "RecordDeliveryTimeout",
        "RecordDeliveryTimeout",
        "/producer/delivery_timeout_ms",
        at(KGO, "recordTimeout time.Duration", ""),
    ),
    row(
        "MaxBufferedRecords",
        "MaxBufferedRecords",
        "/producer/buffer_records",
        at(KGO, "maxBufferedRecords:", "10000"),
    ),
    row(
        "metadata.max.age.ms",
        "MetadataMaxAge",
        "/producer/metadata_max_age_ms",
        at(KGO, "metadataMaxAge:", "5 * time.Minute"),
    ),
    row(
        "",
        "RetryBackoffFn, first",
        "/producer/retry_backoff_ms",
        at(KGO, "retryBackoff: func()", "min = 250 * time.Millisecond"),
    ),
    row(
        "",
        "RetryBackoffFn, longest",
        "/producer/retry_backoff_max_ms",
        at(KGO, "retryBackoff: func()", "max = 5 * time.Second"),
    ),
    row(
        "",
        "UniformBytesPartitioner",
        "/producer/sticky_bytes",
        at(KGO, "partitioner:", "UniformBytesPartitioner(64<<10"),
    ),
];
