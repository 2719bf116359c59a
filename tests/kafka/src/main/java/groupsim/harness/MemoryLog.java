package groupsim.harness;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.coordinator.common.runtime.CoordinatorLoader;
import org.apache.kafka.coordinator.common.runtime.CoordinatorPlayback;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.common.runtime.PartitionWriter;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.VerificationGuard;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The one partition of __consumer_offsets, in memory: Kafka's runtime appends to it and loads from it. What is appended is
 * committed at once (a partition with a single replica), unless appends were told to fail.
 */
final class MemoryLog implements PartitionWriter, CoordinatorLoader<CoordinatorRecord> {
    private static final LogConfig LOG_CONFIG = new LogConfig(Map.of());
    private static final GroupCoordinatorRecordSerde SERDE = new GroupCoordinatorRecordSerde();

    private record Appended(long baseOffset, byte[] bytes) {
    }

    private final VirtualTime time;
    private final List<Appended> batches = new ArrayList<>();
    private final List<Listener> listeners = new ArrayList<>();
    private long endOffset = 0;
    private Errors failWith = Errors.NONE;
    private int failuresLeft = 0;
    private boolean holdLoads = false;
    private CompletableFuture<LoadSummary> heldLoad = null;

    MemoryLog(VirtualTime time) {
        this.time = time;
    }

    /** Lets the next {@code count} appends fail with {@code error}. */
    void failAppends(Errors error, int count) {
        failWith = error;
        failuresLeft = count;
    }

    /** While loads are held, a load reads everything but is not reported as finished until {@link #finishLoad}. */
    void holdLoads() {
        holdLoads = true;
    }

    void finishLoad() {
        holdLoads = false;
        if (heldLoad == null) return;
        CompletableFuture<LoadSummary> load = heldLoad;
        heldLoad = null;
        load.complete(summary());
    }

    @Override
    public long append(TopicPartition tp, VerificationGuard guard, MemoryRecords records, short transactionVersion) {
        if (failuresLeft > 0) {
            failuresLeft--;
            throw failWith.exception();
        }
        // The runtime reuses its buffer for the next batch, hence the copy.
        ByteBuffer buffer = records.buffer().duplicate();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        batches.add(new Appended(endOffset, bytes));
        for (MutableRecordBatch batch : records.batches()) endOffset += batch.lastOffset() - batch.baseOffset() + 1;
        for (Listener listener : List.copyOf(listeners)) listener.onHighWatermarkUpdated(tp, endOffset);
        return endOffset;
    }

    @Override
    public CompletableFuture<LoadSummary> load(TopicPartition tp, CoordinatorPlayback<CoordinatorRecord> playback) {
        try {
            replay(playback);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        if (!holdLoads) return CompletableFuture.completedFuture(summary());
        heldLoad = new CompletableFuture<>();
        return heldLoad;
    }

    private void replay(CoordinatorPlayback<CoordinatorRecord> playback) {
        for (Appended appended : batches) {
            for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(appended.bytes)).batches()) {
                for (Record record : batch) {
                    playback.replay(
                        appended.baseOffset + record.offset(),
                        batch.producerId(),
                        batch.producerEpoch(),
                        SERDE.deserialize(record.key(), record.value())
                    );
                }
            }
        }
        // The runtime insists that these grow.
        if (endOffset > 0) {
            playback.updateLastWrittenOffset(endOffset);
            playback.updateLastCommittedOffset(endOffset);
        }
    }

    private LoadSummary summary() {
        return new LoadSummary(time.milliseconds(), time.milliseconds(), 0, endOffset, 0);
    }

    @Override
    public void registerListener(TopicPartition tp, Listener listener) {
        listeners.add(listener);
    }

    @Override
    public void deregisterListener(TopicPartition tp, Listener listener) {
        listeners.remove(listener);
    }

    @Override
    public LogConfig config(TopicPartition tp) {
        return LOG_CONFIG;
    }

    @Override
    public CompletableFuture<VerificationGuard> maybeStartTransactionVerification(
        TopicPartition tp, String transactionalId, long producerId, short producerEpoch, int apiVersion
    ) {
        return CompletableFuture.failedFuture(new UnsupportedOperationException("transactions are not driven here"));
    }

    @Override
    public CompletableFuture<Void> deleteRecords(TopicPartition tp, long beforeOffset) {
        return CompletableFuture.failedFuture(new UnsupportedOperationException("records are kept for reloads"));
    }

    @Override
    public void close() {
        batches.clear();
        listeners.clear();
    }
}
