package groupsim.harness;

import com.fasterxml.jackson.databind.JsonNode;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Typed access to the fields of one JSON object. A field of the wrong type is an error, and so is one that nobody asked
 * for: a misspelt field would otherwise silently mean its default.
 */
final class Fields {
    private final JsonNode object;
    private final String where;
    private final Set<String> asked = new HashSet<>();

    private Fields(JsonNode object, String where) {
        this.object = object;
        this.where = where;
    }

    /** Reads {@code node}, which must be an object, with {@code reader}. */
    static <T> T read(JsonNode node, String where, Function<Fields, T> reader) {
        if (node == null || !node.isObject()) throw new BadInput(where + " must be an object");
        Fields fields = new Fields(node, where);
        T result = reader.apply(fields);
        node.fieldNames().forEachRemaining(name -> {
            if (!fields.asked.contains(name)) throw new BadInput(where + ": unknown field " + name);
        });
        return result;
    }

    boolean has(String name) {
        asked.add(name);
        return object.has(name);
    }

    /** The raw value, or null where the field is absent. */
    JsonNode raw(String name) {
        asked.add(name);
        return object.get(name);
    }

    String string(String name) {
        JsonNode value = raw(name);
        if (value == null) throw new BadInput(where + ": " + name + " is missing");
        return text(value, name);
    }

    String string(String name, String absent) {
        JsonNode value = raw(name);
        return value == null ? absent : text(value, name);
    }

    String nullableString(String name, String absent) {
        JsonNode value = raw(name);
        if (value == null) return absent;
        return value.isNull() ? null : text(value, name);
    }

    int int32(String name, int absent) {
        JsonNode value = raw(name);
        return value == null ? absent : integer(value, name);
    }

    long int64(String name, long absent) {
        JsonNode value = raw(name);
        if (value == null) return absent;
        if (!value.isIntegralNumber() || !value.canConvertToLong()) throw wrong(name, "a 64-bit integer");
        return value.longValue();
    }

    long int64(String name) {
        if (!has(name)) throw new BadInput(where + ": " + name + " is missing");
        return int64(name, 0);
    }

    boolean bool(String name, boolean absent) {
        JsonNode value = raw(name);
        if (value == null) return absent;
        if (!value.isBoolean()) throw wrong(name, "true or false");
        return value.booleanValue();
    }

    byte[] bytes(String name) {
        JsonNode value = raw(name);
        if (value == null) return new byte[0];
        try {
            if (value.isTextual()) return value.binaryValue();
        } catch (IOException notBase64) {
            // Reported below, like a value of another type.
        }
        throw wrong(name, "base64");
    }

    <T> List<T> objects(String name, Function<Fields, T> reader) {
        return list(name, item -> read(item, where + "." + name, reader));
    }

    List<Integer> ints(String name) {
        return list(name, item -> integer(item, name));
    }

    List<String> strings(String name) {
        return list(name, item -> text(item, name));
    }

    /** As {@link #strings}, for the lists in which Kafka takes a null group id. */
    List<String> nullableStrings(String name) {
        return list(name, item -> item.isNull() ? null : text(item, name));
    }

    private <T> List<T> list(String name, Function<JsonNode, T> reader) {
        JsonNode value = raw(name);
        List<T> items = new ArrayList<>();
        if (value == null) return items;
        if (!value.isArray()) throw wrong(name, "an array");
        for (JsonNode item : value) items.add(reader.apply(item));
        return items;
    }

    private String text(JsonNode value, String name) {
        if (!value.isTextual()) throw wrong(name, "a string");
        return value.textValue();
    }

    private int integer(JsonNode value, String name) {
        if (!value.isIntegralNumber() || !value.canConvertToInt()) throw wrong(name, "a 32-bit integer");
        return value.intValue();
    }

    private BadInput wrong(String name, String expected) {
        return new BadInput(where + ": " + name + " must be " + expected);
    }
}
