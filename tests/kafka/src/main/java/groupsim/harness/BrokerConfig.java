package groupsim.harness;

import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.coordinator.group.GroupConfigManager;
import org.apache.kafka.coordinator.group.GroupCoordinatorConfig;
import org.apache.kafka.coordinator.group.modern.share.ShareGroupConfig;

import java.util.HashMap;
import java.util.Map;

/** The broker's settings, under Kafka's own keys and with Kafka's own checks. */
final class BrokerConfig {
    /**
     * How long a write may wait for others to share a batch with: not at all, so that an answer is due at the instant of
     * its cause.
     */
    private static final String APPEND_LINGER = GroupCoordinatorConfig.GROUP_COORDINATOR_APPEND_LINGER_MS_CONFIG;

    private static final ConfigDef KEYS = new ConfigDef(GroupCoordinatorConfig.CONFIG_DEF);

    static {
        // Asked for by the manager of per-group settings, though only share groups use them.
        for (ConfigDef.ConfigKey key : ShareGroupConfig.CONFIG_DEF.configKeys().values())
            if (!KEYS.names().contains(key.name)) KEYS.define(key);
    }

    final GroupCoordinatorConfig coordinator;
    final GroupConfigManager groups;

    private BrokerConfig(AbstractConfig parsed) {
        coordinator = new GroupCoordinatorConfig(parsed);
        groups = new GroupConfigManager(coordinator, new ShareGroupConfig(parsed));
    }

    /** {@code settings} is an object of key to string, number or boolean, or null for none. */
    static BrokerConfig read(JsonNode settings) {
        Map<String, String> properties = new HashMap<>();
        properties.put(APPEND_LINGER, "0");
        if (settings != null) {
            if (!settings.isObject()) throw new BadInput("config: broker must be an object");
            for (Map.Entry<String, JsonNode> field : settings.properties()) {
                if (!KEYS.names().contains(field.getKey()))
                    throw new BadInput("config: the group coordinator has no setting " + field.getKey());
                if (!field.getValue().isValueNode() || field.getValue().isNull())
                    throw new BadInput("config: " + field.getKey() + " must be a string, a number or a boolean");
                properties.put(field.getKey(), field.getValue().asText());
            }
        }
        try {
            return new BrokerConfig(new AbstractConfig(KEYS, properties, false));
        } catch (ConfigException | IllegalArgumentException refused) {
            throw new BadInput("config: " + refused.getMessage());
        }
    }
}
