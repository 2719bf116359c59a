package org.apache.kafka.coordinator.group;

import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.internals.LogContext;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime;
import org.apache.kafka.coordinator.common.runtime.CoordinatorShardBuilder;
import org.apache.kafka.coordinator.common.runtime.CoordinatorTimer;
import org.apache.kafka.coordinator.group.metrics.GroupCoordinatorMetrics;
import org.apache.kafka.server.share.persister.NoOpStatePersister;
import org.apache.kafka.server.util.timer.Timer;

import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Reaches what Kafka keeps package private: the service's constructor, which takes a runtime from outside (its public
 * builder starts event-processor threads of its own), and the key of a timer.
 */
public final class HarnessServiceFactory {
    private HarnessServiceFactory() {
    }

    public static GroupCoordinatorService service(
        GroupCoordinatorConfig config,
        GroupConfigManager groupConfigs,
        CoordinatorRuntime<GroupCoordinatorShard, CoordinatorRecord> runtime,
        GroupCoordinatorMetrics metrics,
        Timer timer,
        Time time
    ) {
        return new GroupCoordinatorService(
            new LogContext("[service] "),
            config,
            runtime,
            metrics,
            groupConfigs,
            // Share and streams groups are out of scope: their persister answers nothing, the client that would
            // look up log end offsets for them does not exist, and no topology plugin is configured.
            new NoOpStatePersister(),
            timer,
            null,
            Optional.empty(),
            time
        );
    }

    /** A builder of shards that run every timer except the one which only refreshes a metric. */
    public static CoordinatorShardBuilder<GroupCoordinatorShard, CoordinatorRecord> shardBuilder(
        GroupCoordinatorConfig config,
        GroupConfigManager groupConfigs
    ) {
        return new GroupCoordinatorShard.Builder(config, groupConfigs) {
            @Override
            public CoordinatorShardBuilder<GroupCoordinatorShard, CoordinatorRecord> withTimer(
                CoordinatorTimer<CoordinatorRecord> timer
            ) {
                return super.withTimer(new WithoutGauges(timer));
            }
        }.withAuthorizerPlugin(Optional.empty());
    }

    /**
     * Drops the timer that recounts groups for a gauge every minute. It changes nothing a client can see, but it would
     * be the "next timer" nearly always.
     */
    private record WithoutGauges(CoordinatorTimer<CoordinatorRecord> timer) implements CoordinatorTimer<CoordinatorRecord> {
        private static boolean isGauge(String key) {
            return key.equals(GroupCoordinatorShard.GROUP_SIZE_COUNTER_KEY);
        }

        @Override
        public void schedule(
            String key, long delay, TimeUnit unit, boolean retry, TimeoutOperation<CoordinatorRecord> operation
        ) {
            if (!isGauge(key)) timer.schedule(key, delay, unit, retry, operation);
        }

        @Override
        public void schedule(
            String key, long delay, TimeUnit unit, boolean retry, long retryBackoff,
            TimeoutOperation<CoordinatorRecord> operation
        ) {
            if (!isGauge(key)) timer.schedule(key, delay, unit, retry, retryBackoff, operation);
        }

        @Override
        public void scheduleIfAbsent(
            String key, long delay, TimeUnit unit, boolean retry, TimeoutOperation<CoordinatorRecord> operation
        ) {
            if (!isGauge(key)) timer.scheduleIfAbsent(key, delay, unit, retry, operation);
        }

        @Override
        public void cancel(String key) {
            timer.cancel(key);
        }

        @Override
        public boolean isScheduled(String key) {
            return timer.isScheduled(key);
        }
    }
}
