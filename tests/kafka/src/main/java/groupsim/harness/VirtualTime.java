package groupsim.harness;

import org.apache.kafka.common.utils.Time;

import java.util.concurrent.TimeUnit;

/** The clock that Kafka reads. It stands still until the session moves it. */
final class VirtualTime implements Time {
    /**
     * What Kafka's clock shows at virtual time 0. Any instant will do; a present-day one keeps Kafka clear of
     * timestamps that it could take for "none" (0, -1).
     */
    private static final long BASE_MS = 1_700_000_000_000L;

    private long elapsedMs = 0;

    /** Virtual milliseconds since the session began. */
    long elapsedMs() {
        return elapsedMs;
    }

    void moveTo(long virtualMs) {
        if (virtualMs < elapsedMs) throw new IllegalArgumentException("time cannot go back");
        elapsedMs = virtualMs;
    }

    @Override
    public long milliseconds() {
        return BASE_MS + elapsedMs;
    }

    @Override
    public long nanoseconds() {
        return TimeUnit.MILLISECONDS.toNanos(elapsedMs);
    }

    @Override
    public void sleep(long ms) {
        throw new UnsupportedOperationException("nothing may sleep in virtual time");
    }
}
