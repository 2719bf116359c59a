package groupsim.harness;

import java.security.Provider;
import java.security.SecureRandomSpi;
import java.security.Security;

/**
 * Makes Kafka repeatable. It draws member ids from {@link java.util.UUID}, hence from the JVM's default SecureRandom, and
 * the order in which it walks its hash maps (who becomes leader, who is answered first) follows from those ids. This
 * sequence takes the place of that SecureRandom, so that the same input gives the same output, and another seed gives
 * another order.
 */
public final class SeededRandom extends SecureRandomSpi {
    // The JVM makes the instance, once, and every reset must reach it.
    private static long state;

    /** Must be called before anything in the JVM draws its first UUID. */
    static void install() {
        Security.insertProviderAt(new SeededProvider(), 1);
    }

    static void reset(long seed) {
        state = seed;
    }

    @Override
    protected void engineNextBytes(byte[] bytes) {
        long bits = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (i % Long.BYTES == 0) bits = next();
            bytes[i] = (byte) bits;
            bits >>>= Byte.SIZE;
        }
    }

    /** SplitMix64. */
    private static long next() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    @Override
    protected byte[] engineGenerateSeed(int numBytes) {
        byte[] bytes = new byte[numBytes];
        engineNextBytes(bytes);
        return bytes;
    }

    @Override
    protected void engineSetSeed(byte[] seed) {
        // Only reset() seeds.
    }

    private static final class SeededProvider extends Provider {
        SeededProvider() {
            super("GroupsimSeeded", "1", "a repeatable sequence, for tests only");
            put("SecureRandom.GroupsimSeeded", SeededRandom.class.getName());
        }
    }
}
