package groupsim.harness;

import org.apache.kafka.server.util.timer.Timer;
import org.apache.kafka.server.util.timer.TimerTask;
import org.apache.kafka.server.util.timer.TimerTaskEntry;

import java.util.Comparator;
import java.util.OptionalLong;
import java.util.PriorityQueue;

/**
 * The timer under Kafka's coordinator runtime: tasks wait in order of (virtual ms, order of scheduling) until the session
 * takes them out. A task without delay is due at once but is not run by {@link #add}, as in Kafka, where another thread
 * runs it.
 */
final class VirtualTimer implements Timer {
    private record Waiting(TimerTaskEntry entry, long dueMs, long seq) {
        static final Comparator<Waiting> ORDER =
            Comparator.comparingLong(Waiting::dueMs).thenComparingLong(Waiting::seq);
    }

    /** A task taken out of the timer, to be run at {@code dueMs}. */
    record Due(TimerTask task, long dueMs) {
    }

    private static final int MIN_SWEEP = 256;

    private final VirtualTime time;
    private final PriorityQueue<Waiting> queue = new PriorityQueue<>(Waiting.ORDER);
    private long nextSeq = 0;
    private int sweepAt = MIN_SWEEP;

    VirtualTimer(VirtualTime time) {
        this.time = time;
    }

    @Override
    public void add(TimerTask task) {
        long dueMs = time.elapsedMs() + Math.max(task.delayMs, 0);
        queue.add(new Waiting(new TimerTaskEntry(task, dueMs), dueMs, nextSeq++));
        // Cancelled tasks stay queued until they surface: a heartbeat leaves one behind that is due a whole session
        // timeout later. Sweeping whenever the queue has doubled keeps memory in proportion to the live timers.
        if (queue.size() >= sweepAt) {
            queue.removeIf(waiting -> waiting.entry.cancelled());
            sweepAt = Math.max(MIN_SWEEP, 2 * queue.size());
        }
    }

    /** When the earliest live task is due, if there is one. */
    OptionalLong nextDueMs() {
        dropCancelledHead();
        return queue.isEmpty() ? OptionalLong.empty() : OptionalLong.of(queue.peek().dueMs);
    }

    /** Takes out the earliest live task that is due at {@code atMs} or before, or null. */
    Due poll(long atMs) {
        dropCancelledHead();
        Waiting head = queue.peek();
        if (head == null || head.dueMs > atMs) return null;
        queue.remove();
        return new Due(head.entry.timerTask, head.dueMs);
    }

    private void dropCancelledHead() {
        while (!queue.isEmpty() && queue.peek().entry.cancelled()) queue.remove();
    }

    @Override
    public boolean advanceClock(long timeoutMs) {
        throw new UnsupportedOperationException("the session advances the clock");
    }

    @Override
    public int size() {
        return queue.size();
    }

    @Override
    public void close() {
        queue.clear();
    }
}
