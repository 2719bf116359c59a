package groupsim.harness;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes answers: in the order in which the coordinator gave them, in snake_case, with names for members and errors. */
final class Outbox {
    /** {@code answer} is Kafka's JSON, or null where the coordinator threw {@code error} instead. */
    private record Answer(long id, JsonNode answer, Errors error) {
    }

    private static final Set<String> MEMBER_ID_FIELDS = Set.of("memberId", "leader");

    private final JsonGenerator out;
    private final MemberNames names;
    private final Map<String, String> snakeCase = new HashMap<>();
    private final List<Answer> waiting = new ArrayList<>();

    Outbox(JsonGenerator out, MemberNames names) {
        this.out = out;
        this.names = names;
    }

    void answered(long id, JsonNode answer) {
        waiting.add(new Answer(id, answer, Errors.NONE));
    }

    void failed(long id, Errors error) {
        waiting.add(new Answer(id, null, error));
    }

    /** Writes the answers given so far, all of them at {@code t}. */
    void flush(long t) {
        if (waiting.isEmpty()) return;
        nameAddressees();
        try {
            for (Answer answer : waiting) write(t, answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        waiting.clear();
    }

    /**
     * When a rebalance ends, Kafka answers its members in hash order, and the leader's list holds them all. The members
     * that are told their id in this flush are named first, in order of their requests, so that names do not depend on it.
     */
    private void nameAddressees() {
        if (waiting.size() == 1) {
            nameAddressee(waiting.get(0));
            return;
        }
        waiting.stream().sorted(Comparator.comparingLong(Answer::id)).forEach(this::nameAddressee);
    }

    private void nameAddressee(Answer answer) {
        if (answer.answer != null && answer.answer.hasNonNull("memberId"))
            names.nameOf(answer.answer.get("memberId").textValue());
    }

    private void write(long t, Answer answer) throws IOException {
        out.writeStartObject();
        out.writeNumberField("t", t);
        out.writeNumberField("id", answer.id);
        out.writeFieldName("answer");
        if (answer.answer != null) {
            writeObject(answer.answer);
        } else {
            out.writeStartObject();
            out.writeStringField("error_code", answer.error.name());
            out.writeEndObject();
        }
        out.writeEndObject();
        out.writeRaw('\n');
    }

    private void writeObject(JsonNode object) throws IOException {
        out.writeStartObject();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            String name = field.getKey();
            JsonNode value = field.getValue();
            // The request layer's quota manager fills this one in, not the coordinator.
            if (name.equals("throttleTimeMs")) continue;
            out.writeFieldName(snakeCase.computeIfAbsent(name, Outbox::snakeCase));
            if (name.equals("errorCode")) {
                out.writeString(Errors.forCode((short) value.intValue()).name());
            } else if (MEMBER_ID_FIELDS.contains(name) && value.isTextual()) {
                out.writeString(names.nameOf(value.textValue()));
            } else {
                writeValue(value);
            }
        }
        out.writeEndObject();
    }

    private void writeValue(JsonNode value) throws IOException {
        if (value.isObject()) {
            writeObject(value);
        } else if (value.isArray()) {
            out.writeStartArray();
            for (JsonNode item : value) writeValue(item);
            out.writeEndArray();
        } else {
            out.writeTree(value);
        }
    }

    private static String snakeCase(String camelCase) {
        StringBuilder name = new StringBuilder();
        for (char c : camelCase.toCharArray()) {
            if (Character.isUpperCase(c)) name.append('_');
            name.append(Character.toLowerCase(c));
        }
        return name.toString();
    }
}
