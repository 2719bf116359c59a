package groupsim.harness;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.utils.internals.LogContext;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.apache.kafka.coordinator.group.GroupCoordinatorService;
import org.apache.kafka.coordinator.group.GroupCoordinatorShard;
import org.apache.kafka.coordinator.group.HarnessServiceFactory;
import org.apache.kafka.coordinator.group.metrics.GroupCoordinatorMetrics;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * One broker's group coordinator from its first moment on: Kafka's service, runtime and shard, with a clock, timers,
 * threads and a log of ours under them.
 */
final class Session {
    /** All groups live in this one partition, so that the one log holds everything. */
    private static final TopicPartition PARTITION = new TopicPartition(Topic.GROUP_METADATA_TOPIC_NAME, 0);

    /** Registering metrics is slow and process-wide, so all sessions share one set. */
    private static final GroupCoordinatorMetrics METRICS = new GroupCoordinatorMetrics();

    /**
     * Some states make the coordinator restart a timer of no delay again and again: absent static members whose
     * rebalance timeout is 0 do. A broker burns a core until a session times out; here no time passes, so it never would.
     */
    private static final int MAX_RUNS_PER_MS = 100_000;

    private final VirtualTime time = new VirtualTime();
    private final VirtualTimer timer = new VirtualTimer(time);
    private final MemoryLog log = new MemoryLog(time);
    private final Topics topics = new Topics();
    private final Outbox outbox;
    private final MemberNames names = new MemberNames();
    private GroupCoordinatorService service;
    private Requests requests;
    private int leaderEpoch = 0;
    private boolean closed = false;

    Session(BrokerConfig config, Map<String, Integer> partitionsByTopic, JsonGenerator out) {
        outbox = new Outbox(out, names);
        start(config);
        topics.create(partitionsByTopic, service::onMetadataUpdate);
        load();
    }

    private void start(BrokerConfig config) {
        CoordinatorRuntime<GroupCoordinatorShard, CoordinatorRecord> runtime =
            new CoordinatorRuntime.Builder<GroupCoordinatorShard, CoordinatorRecord>()
                .withLogContext(new LogContext("[runtime] "))
                .withTime(time)
                .withTimer(timer)
                .withEventProcessor(new InlineProcessor())
                .withExecutorService(new InlineExecutor())
                .withPartitionWriter(log)
                .withLoader(log)
                .withSerializer(new GroupCoordinatorRecordSerde())
                .withCoordinatorShardBuilderSupplier(
                    () -> HarnessServiceFactory.shardBuilder(config.coordinator, config.groups))
                .withWriteTimeout(Duration.ofMillis(config.coordinator.offsetCommitTimeoutMs()))
                .withAppendLingerMs(config.coordinator.appendLingerMs())
                .withCachedBufferMaxBytesSupplier(config.coordinator::cachedBufferMaxBytes)
                .withCoordinatorRuntimeMetrics(new NoMetrics())
                .withCoordinatorMetrics(METRICS)
                .build();
        service = HarnessServiceFactory.service(config.coordinator, config.groups, runtime, METRICS, timer, time);
        service.startup(() -> 1);
        requests = new Requests(service, names);
    }

    /** The broker starts again with other settings; the log is what is left. */
    void restart(BrokerConfig config) {
        unload();
        start(config);
        topics.create(Map.of(), service::onMetadataUpdate);
        load();
    }

    long now() {
        return time.elapsedMs();
    }

    OptionalLong nextTimer() {
        return timer.nextDueMs();
    }

    void request(long id, Api api, ClientContext context, JsonNode body) {
        CompletableFuture<JsonNode> response;
        try {
            response = requests.send(api, context, body);
        } catch (BadInput e) {
            throw e;
        } catch (RuntimeException e) {
            // What the coordinator throws instead of answering is, to the request layer, an answer all the same.
            response = CompletableFuture.failedFuture(e);
        }
        response.whenComplete((answer, thrown) -> {
            // Closing the session answers what is still parked; nobody waits for those answers.
            if (closed) return;
            if (thrown == null) {
                outbox.answered(id, answer);
            } else {
                outbox.failed(id, Errors.forException(Errors.maybeUnwrapException(thrown)));
            }
        });
    }

    /** Moves the clock, running every timer on the way at its own instant. */
    void advance(long ms) {
        long target = Math.addExact(now(), ms);
        advance(target, target);
    }

    /** As {@link #advance}, but the timers that are due at the last millisecond stay due. */
    void advanceBeforeTimers(long ms) {
        long target = Math.addExact(now(), ms);
        if (ms > 0) advance(target - 1, target);
    }

    private void advance(long lastRunMs, long target) {
        int runsNow = 0;
        for (VirtualTimer.Due due = timer.poll(lastRunMs); due != null; due = timer.poll(lastRunMs)) {
            runsNow = due.dueMs() == now() ? runsNow + 1 : 0;
            moveTo(due.dueMs());
            due.task().run();
            if (runsNow == MAX_RUNS_PER_MS) throw new BadInput("timers without delay restart each other for ever");
        }
        moveTo(target);
    }

    void advanceToNext() {
        OptionalLong next = timer.nextDueMs();
        if (next.isPresent()) advance(next.getAsLong() - now());
    }

    private void moveTo(long virtualMs) {
        if (virtualMs == now()) return;
        outbox.flush(now());
        time.moveTo(virtualMs);
    }

    void failAppends(Errors error, int count) {
        log.failAppends(error, count);
    }

    void deleteTopics(List<String> names) {
        topics.delete(names, service::onMetadataUpdate);
    }

    /** The partition moves away: what is parked is refused, soft state and timers are gone, the log stays. */
    void unload() {
        service.onResignation(PARTITION.partition(), OptionalInt.empty());
    }

    /** The partition comes (back): a fresh shard is built from the log. */
    void load() {
        service.onElection(PARTITION.partition(), leaderEpoch++);
    }

    /** As {@link #load}, but the coordinator stays in loading until {@link #finishLoad}. */
    void startLoad() {
        log.holdLoads();
        load();
    }

    void finishLoad() {
        log.finishLoad();
    }

    void flush() {
        outbox.flush(now());
    }

    /** Takes the session's shard out of what sessions share. */
    void close() {
        closed = true;
        unload();
        timer.close();
    }
}
