package groupsim.harness;

import org.apache.kafka.coordinator.common.runtime.CoordinatorEvent;
import org.apache.kafka.coordinator.common.runtime.CoordinatorEventProcessor;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Runs the coordinator's events on the calling thread, one after the other, in the order of Kafka's own queue. By the
 * time an enqueue from outside returns, everything it caused has happened; an enqueue from inside an event waits its turn.
 */
final class InlineProcessor implements CoordinatorEventProcessor {
    private final Deque<CoordinatorEvent> events = new ArrayDeque<>();
    private boolean running = false;

    @Override
    public void enqueueLast(CoordinatorEvent event) {
        events.addLast(event);
        run();
    }

    @Override
    public void enqueueFirst(CoordinatorEvent event) {
        events.addFirst(event);
        run();
    }

    private void run() {
        if (running) return;
        running = true;
        try {
            for (CoordinatorEvent event = events.poll(); event != null; event = events.poll()) {
                try {
                    event.run();
                } catch (Throwable t) {
                    event.complete(t);
                }
            }
        } finally {
            running = false;
        }
    }

    @Override
    public void close() {
        events.clear();
    }
}
