package groupsim.harness;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Short, stable names (m1, m2, ...) for the random member ids that the coordinator makes up. */
final class MemberNames {
    /** A client id or instance id, a dash, and a UUID as Kafka writes it: 22 characters of URL-safe base64. */
    private static final Pattern GENERATED = Pattern.compile(".*-[A-Za-z0-9_-]{22}", Pattern.DOTALL);

    private final Map<String, String> nameById = new HashMap<>();
    private final Map<String, String> idByName = new HashMap<>();

    /** The name of an id in an answer; the first sight of a generated id names it. */
    String nameOf(String id) {
        String name = nameById.get(id);
        if (name != null) return name;
        if (!GENERATED.matcher(id).matches()) return id;
        name = "m" + (nameById.size() + 1);
        nameById.put(id, name);
        idByName.put(name, id);
        return name;
    }

    /** The id behind a name in a request; what is not a name is an id of the caller's own making. */
    String idOf(String name) {
        return idByName.getOrDefault(name, name);
    }
}
