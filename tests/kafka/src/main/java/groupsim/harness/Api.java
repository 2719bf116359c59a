package groupsim.harness;

import org.apache.kafka.common.protocol.ApiKeys;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** The requests that can be sent, each with the oldest and the newest version whose meaning the harness carries. */
enum Api {
    JOIN_GROUP(ApiKeys.JOIN_GROUP, 0, 9),
    SYNC_GROUP(ApiKeys.SYNC_GROUP, 0, 5),
    HEARTBEAT(ApiKeys.HEARTBEAT, 0, 4),
    LEAVE_GROUP(ApiKeys.LEAVE_GROUP, 0, 5),
    // From version 10 on, topics go by id, which the request layer turns into names before the coordinator sees them.
    OFFSET_COMMIT(ApiKeys.OFFSET_COMMIT, 0, 9),
    OFFSET_FETCH(ApiKeys.OFFSET_FETCH, 0, 9),
    // Older versions cannot ask for all topics.
    OFFSET_FETCH_ALL(ApiKeys.OFFSET_FETCH, 2, 9),
    OFFSET_DELETE(ApiKeys.OFFSET_DELETE, 0, 0),
    DESCRIBE_GROUPS(ApiKeys.DESCRIBE_GROUPS, 0, 6),
    LIST_GROUPS(ApiKeys.LIST_GROUPS, 0, 5),
    DELETE_GROUPS(ApiKeys.DELETE_GROUPS, 0, 2);

    private static final Map<String, Api> BY_NAME = new HashMap<>();

    static {
        for (Api api : values()) BY_NAME.put(api.label(), api);
    }

    final short newestVersion;
    private final short oldestVersion;
    private final ApiKeys key;

    Api(ApiKeys key, int oldestVersion, int newestVersion) {
        this.key = key;
        this.oldestVersion = (short) oldestVersion;
        this.newestVersion = (short) newestVersion;
    }

    static Api named(String name) {
        Api api = BY_NAME.get(name);
        if (api == null) throw new BadInput("unknown api " + name);
        return api;
    }

    int id() {
        return key.id;
    }

    void checkVersion(int version) {
        if (version < oldestVersion || version > newestVersion)
            throw new BadInput("version of " + label() + " must be " + oldestVersion + " to " + newestVersion);
    }

    private String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
