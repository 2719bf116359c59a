package groupsim.harness;

import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseDataJsonConverter;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsResponseDataJsonConverter;
import org.apache.kafka.common.message.HeartbeatResponseDataJsonConverter;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseDataJsonConverter;
import org.apache.kafka.common.message.LeaveGroupResponseDataJsonConverter;
import org.apache.kafka.common.message.ListGroupsResponseDataJsonConverter;
import org.apache.kafka.common.message.OffsetCommitResponseDataJsonConverter;
import org.apache.kafka.common.message.OffsetDeleteResponseDataJsonConverter;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseDataJsonConverter.OffsetFetchResponseGroupJsonConverter;
import org.apache.kafka.common.message.SyncGroupResponseDataJsonConverter;
import org.apache.kafka.common.requests.JoinGroupRequest;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.coordinator.group.GroupCoordinator;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Hands requests to Kafka's coordinator and gives its answers as Kafka's own JSON for them. Answers are written in the
 * newest version whatever the request's, so that they show all that the coordinator said.
 */
final class Requests {
    private final GroupCoordinator coordinator;
    private final Bodies bodies;

    Requests(GroupCoordinator coordinator, MemberNames names) {
        this.coordinator = coordinator;
        this.bodies = new Bodies(names);
    }

    /** A body that cannot be read fails before the coordinator sees anything of it. */
    CompletableFuture<JsonNode> send(Api api, ClientContext context, JsonNode body) {
        BufferSupplier buffers = BufferSupplier.NO_CACHING;
        return switch (api) {
            case JOIN_GROUP -> {
                JoinGroupRequestData data = read(body, bodies::joinGroup);
                // Kafka's own reading of old versions: version 0 has no rebalance timeout.
                data = new JoinGroupRequest(data, (short) context.requestVersion()).data();
                yield json(api, coordinator.joinGroup(context, data, buffers), JoinGroupResponseDataJsonConverter::write);
            }
            case SYNC_GROUP -> json(
                api,
                coordinator.syncGroup(context, read(body, bodies::syncGroup), buffers),
                SyncGroupResponseDataJsonConverter::write
            );
            case HEARTBEAT -> json(
                api,
                coordinator.heartbeat(context, read(body, bodies::heartbeat)),
                HeartbeatResponseDataJsonConverter::write
            );
            case LEAVE_GROUP -> json(
                api,
                coordinator.leaveGroup(context, read(body, bodies::leaveGroup)),
                LeaveGroupResponseDataJsonConverter::write
            );
            case OFFSET_COMMIT -> json(
                api,
                coordinator.commitOffsets(context, read(body, bodies::offsetCommit), buffers),
                OffsetCommitResponseDataJsonConverter::write
            );
            case OFFSET_FETCH -> fetch(api, context, body, bodies::offsetFetch);
            case OFFSET_FETCH_ALL -> fetch(api, context, body, bodies::offsetFetchAll);
            case OFFSET_DELETE -> json(
                api,
                coordinator.deleteOffsets(context, read(body, bodies::offsetDelete), buffers),
                OffsetDeleteResponseDataJsonConverter::write
            );
            case DESCRIBE_GROUPS -> {
                List<String> groups = read(body, fields -> fields.nullableStrings("groups"));
                yield json(
                    api,
                    coordinator.describeGroups(context, groups).thenApply(new DescribeGroupsResponseData()::setGroups),
                    DescribeGroupsResponseDataJsonConverter::write
                );
            }
            case LIST_GROUPS -> json(
                api,
                coordinator.listGroups(context, read(body, bodies::listGroups)),
                ListGroupsResponseDataJsonConverter::write
            );
            case DELETE_GROUPS -> {
                List<String> groups = read(body, fields -> fields.nullableStrings("groups_names"));
                yield json(
                    api,
                    coordinator.deleteGroups(context, groups, buffers)
                        .thenApply(new DeleteGroupsResponseData()::setResults),
                    DeleteGroupsResponseDataJsonConverter::write
                );
            }
        };
    }

    /** One group a request, as the request layer splits them; its answer is that group's. */
    private CompletableFuture<JsonNode> fetch(
        Api api, ClientContext context, JsonNode body, Function<Fields, OffsetFetchRequestGroup> reader
    ) {
        record Fetch(OffsetFetchRequestGroup group, boolean requireStable) {
        }

        Fetch fetch = read(body, fields -> new Fetch(reader.apply(fields), fields.bool("require_stable", false)));
        return json(
            api,
            coordinator.fetchOffsets(context, fetch.group, fetch.requireStable),
            OffsetFetchResponseGroupJsonConverter::write
        );
    }

    private static <T> T read(JsonNode body, Function<Fields, T> reader) {
        return Fields.read(body, "body", reader);
    }

    private static <R> CompletableFuture<JsonNode> json(
        Api api, CompletableFuture<R> response, BiFunction<R, Short, JsonNode> write
    ) {
        return response.thenApply(data -> write.apply(data, api.newestVersion));
    }
}
