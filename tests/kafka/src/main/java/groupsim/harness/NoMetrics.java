package groupsim.harness;

import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime.CoordinatorState;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntimeMetrics;

import java.util.function.Supplier;

/** The runtime's own metrics measure wall time, which means nothing here. */
final class NoMetrics implements CoordinatorRuntimeMetrics {
    @Override
    public void recordPartitionStateChange(CoordinatorState oldState, CoordinatorState newState) {
    }

    @Override
    public void recordPartitionLoadSensor(long startTimeMs, long endTimeMs) {
    }

    @Override
    public void recordEventQueueTime(long durationMs) {
    }

    @Override
    public void recordEventProcessingTime(long durationMs) {
    }

    @Override
    public void recordEventPurgatoryTime(long durationMs) {
    }

    @Override
    public void recordLingerTime(long durationMs) {
    }

    @Override
    public void recordFlushTime(long durationMs) {
    }

    @Override
    public void recordThreadIdleTime(double idleTimeMs) {
    }

    @Override
    public void recordBackgroundQueueTime(long durationMs) {
    }

    @Override
    public void recordBackgroundProcessingTime(long durationMs) {
    }

    @Override
    public void recordBackgroundThreadBusyTime(double busyTimeMs) {
    }

    @Override
    public void registerEventQueueSizeGauge(Supplier<Integer> sizeSupplier) {
    }

    @Override
    public void registerBufferCacheSizeGauge(Supplier<Long> bufferCacheSizeSupplier) {
    }

    @Override
    public void recordBufferCacheDiscarded() {
    }

    @Override
    public void close() {
    }
}
