package groupsim.harness;

import com.fasterxml.jackson.core.JsonGenerator;

import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.types.SchemaException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The assignors of Kafka's Java client, as a group's leader runs them: on what the members said in their JoinGroup
 * requests, byte for byte, in the order in which the coordinator listed them.
 */
final class Assignors {
    private static final Node NODE = new Node(1, "localhost", 9092);

    /** A member and its subscription as its protocol's metadata has it. */
    record Member(String id, String instanceId, byte[] subscription) {
        static Member read(Fields fields) {
            return new Member(
                fields.string("member_id"), fields.nullableString("group_instance_id", null), fields.bytes("subscription"));
        }
    }

    private final ConsumerPartitionAssignor assignor;
    private final Map<String, Subscription> subscriptions;

    /** Every call has a fresh assignor: one that remembers nothing of earlier rounds. */
    Assignors(String name, List<Member> members) {
        assignor = switch (name) {
            case "range" -> new RangeAssignor();
            case "roundrobin" -> new RoundRobinAssignor();
            case "sticky" -> new StickyAssignor();
            case "cooperative-sticky" -> new CooperativeStickyAssignor();
            default -> throw new BadInput("unknown assignor " + name);
        };
        // The Java client's leader fills such a map in the order of the coordinator's list.
        subscriptions = new HashMap<>();
        for (Member member : members) subscriptions.put(member.id, subscription(member));
    }

    /** Writes the partitions of each member, or what was thrown instead. */
    void assign(Map<String, Integer> partitionsByTopic, JsonGenerator out) throws IOException {
        Map<String, Assignment> assignments;
        try {
            assignments = assignor.assign(cluster(partitionsByTopic), new GroupSubscription(subscriptions)).groupAssignment();
        } catch (RuntimeException e) {
            out.writeStartObject();
            out.writeStringField("thrown", e.getClass().getSimpleName());
            out.writeEndObject();
            return;
        }
        out.writeStartObject();
        out.writeObjectFieldStart("assignments");
        for (Map.Entry<String, Assignment> entry : new TreeMap<>(assignments).entrySet()) {
            out.writeObjectFieldStart(entry.getKey());
            for (Map.Entry<String, Set<Integer>> topic : byTopic(entry.getValue().partitions()).entrySet()) {
                out.writeArrayFieldStart(topic.getKey());
                for (int partition : topic.getValue()) out.writeNumber(partition);
                out.writeEndArray();
            }
            out.writeEndObject();
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    private static Subscription subscription(Member member) {
        Subscription subscription;
        try {
            subscription = ConsumerProtocol.deserializeSubscription(ByteBuffer.wrap(member.subscription));
        } catch (SchemaException e) {
            throw new BadInput("the subscription of " + member.id + " cannot be read: " + e.getMessage());
        }
        subscription.setGroupInstanceId(Optional.ofNullable(member.instanceId));
        return subscription;
    }

    private static Cluster cluster(Map<String, Integer> partitionsByTopic) {
        Node[] nodes = {NODE};
        List<PartitionInfo> partitions = new ArrayList<>();
        partitionsByTopic.forEach((topic, count) -> {
            for (int partition = 0; partition < count; partition++)
                partitions.add(new PartitionInfo(topic, partition, NODE, nodes, nodes));
        });
        return new Cluster("groupsim", List.of(NODE), partitions, Set.of(), Set.of());
    }

    private static Map<String, Set<Integer>> byTopic(List<TopicPartition> partitions) {
        Map<String, Set<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition partition : partitions)
            byTopic.computeIfAbsent(partition.topic(), topic -> new TreeSet<>()).add(partition.partition());
        return byTopic;
    }
}
