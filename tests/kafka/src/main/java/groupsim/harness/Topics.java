package groupsim.harness;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.PartitionRecord;
import org.apache.kafka.common.metadata.RemoveTopicRecord;
import org.apache.kafka.common.metadata.TopicRecord;
import org.apache.kafka.image.MetadataDelta;
import org.apache.kafka.image.MetadataImage;
import org.apache.kafka.image.MetadataProvenance;
import org.apache.kafka.image.TopicImage;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** The cluster's topics, as the metadata that a broker publishes to its coordinator. */
final class Topics {
    /** Topic ids are this and the topic's number, so that no run draws any. */
    private static final long ID_HIGH_BITS = 0x67726f757073696dL;

    private MetadataImage image = MetadataImage.EMPTY;
    private long created = 0;

    /** Creates topics (name to number of partitions) and publishes the change. */
    void create(Map<String, Integer> partitionsByTopic, BiConsumer<MetadataDelta, MetadataImage> publish) {
        MetadataDelta delta = delta();
        partitionsByTopic.forEach((name, partitions) -> {
            Uuid id = new Uuid(ID_HIGH_BITS, ++created);
            delta.replay(new TopicRecord().setName(name).setTopicId(id));
            for (int partition = 0; partition < partitions; partition++) {
                delta.replay(new PartitionRecord()
                    .setTopicId(id)
                    .setPartitionId(partition)
                    .setReplicas(List.of(0))
                    .setIsr(List.of(0))
                    .setLeader(0));
            }
        });
        publish(delta, publish);
    }

    /** Deletes topics and publishes the change, upon which the coordinator forgets their offsets. */
    void delete(List<String> names, BiConsumer<MetadataDelta, MetadataImage> publish) {
        MetadataDelta delta = delta();
        for (String name : names) {
            TopicImage topic = image.topics().getTopic(name);
            if (topic == null) throw new BadInput("there is no topic " + name);
            delta.replay(new RemoveTopicRecord().setTopicId(topic.id()));
        }
        publish(delta, publish);
    }

    private MetadataDelta delta() {
        return new MetadataDelta.Builder().setImage(image).build();
    }

    private void publish(MetadataDelta delta, BiConsumer<MetadataDelta, MetadataImage> publish) {
        image = delta.apply(MetadataProvenance.EMPTY);
        publish.accept(delta, image);
    }
}
