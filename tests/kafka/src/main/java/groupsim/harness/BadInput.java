package groupsim.harness;

/** An input line that cannot be carried out; the message is for the person who wrote it. */
final class BadInput extends RuntimeException {
    BadInput(String message) {
        super(message);
    }
}
