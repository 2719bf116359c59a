package groupsim.harness;

import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData;

/**
 * Reads request bodies into Kafka's messages. An absent field keeps the default of Kafka's message; member ids in bodies
 * are names.
 */
final class Bodies {
    private final MemberNames names;

    Bodies(MemberNames names) {
        this.names = names;
    }

    JoinGroupRequestData joinGroup(Fields body) {
        JoinGroupRequestData data = new JoinGroupRequestData();
        data.setGroupId(groupId(body));
        data.setSessionTimeoutMs(body.int32("session_timeout_ms", data.sessionTimeoutMs()));
        data.setRebalanceTimeoutMs(body.int32("rebalance_timeout_ms", data.rebalanceTimeoutMs()));
        data.setMemberId(memberId(body));
        data.setGroupInstanceId(body.nullableString("group_instance_id", null));
        data.setProtocolType(body.string("protocol_type", data.protocolType()));
        for (var protocol : body.objects("protocols", Bodies::joinProtocol)) data.protocols().add(protocol);
        data.setReason(body.nullableString("reason", null));
        return data;
    }

    private static JoinGroupRequestData.JoinGroupRequestProtocol joinProtocol(Fields protocol) {
        return new JoinGroupRequestData.JoinGroupRequestProtocol()
            .setName(protocol.string("name"))
            .setMetadata(protocol.bytes("metadata"));
    }

    SyncGroupRequestData syncGroup(Fields body) {
        SyncGroupRequestData data = new SyncGroupRequestData();
        return data
            .setGroupId(groupId(body))
            .setGenerationId(body.int32("generation_id", data.generationId()))
            .setMemberId(memberId(body))
            .setGroupInstanceId(body.nullableString("group_instance_id", null))
            .setProtocolType(body.nullableString("protocol_type", null))
            .setProtocolName(body.nullableString("protocol_name", null))
            .setAssignments(body.objects("assignments", assignment ->
                new SyncGroupRequestData.SyncGroupRequestAssignment()
                    .setMemberId(memberId(assignment))
                    .setAssignment(assignment.bytes("assignment"))));
    }

    HeartbeatRequestData heartbeat(Fields body) {
        HeartbeatRequestData data = new HeartbeatRequestData();
        return data
            .setGroupId(groupId(body))
            .setGenerationId(body.int32("generation_id", data.generationId()))
            .setMemberId(memberId(body))
            .setGroupInstanceId(body.nullableString("group_instance_id", null));
    }

    LeaveGroupRequestData leaveGroup(Fields body) {
        return new LeaveGroupRequestData()
            .setGroupId(groupId(body))
            .setMembers(body.objects("members", member ->
                new LeaveGroupRequestData.MemberIdentity()
                    .setMemberId(memberId(member))
                    .setGroupInstanceId(member.nullableString("group_instance_id", null))
                    .setReason(member.nullableString("reason", null))));
    }

    OffsetCommitRequestData offsetCommit(Fields body) {
        OffsetCommitRequestData data = new OffsetCommitRequestData();
        // The schema's name since version 9, or the one of every other request.
        String generation = body.has("generation_id_or_member_epoch") ? "generation_id_or_member_epoch" : "generation_id";
        return data
            .setGroupId(groupId(body))
            .setGenerationIdOrMemberEpoch(body.int32(generation, data.generationIdOrMemberEpoch()))
            .setMemberId(memberId(body))
            .setGroupInstanceId(body.nullableString("group_instance_id", null))
            .setRetentionTimeMs(body.int64("retention_time_ms", data.retentionTimeMs()))
            .setTopics(body.objects("topics", topic ->
                new OffsetCommitRequestData.OffsetCommitRequestTopic()
                    .setName(topic.string("name"))
                    .setPartitions(topic.objects("partitions", Bodies::committedPartition))));
    }

    private static OffsetCommitRequestData.OffsetCommitRequestPartition committedPartition(Fields partition) {
        OffsetCommitRequestData.OffsetCommitRequestPartition data =
            new OffsetCommitRequestData.OffsetCommitRequestPartition();
        return data
            .setPartitionIndex(partition.int32("partition_index", data.partitionIndex()))
            .setCommittedOffset(partition.int64("committed_offset", data.committedOffset()))
            .setCommittedLeaderEpoch(partition.int32("committed_leader_epoch", data.committedLeaderEpoch()))
            .setCommittedMetadata(partition.nullableString("committed_metadata", data.committedMetadata()));
    }

    OffsetFetchRequestData.OffsetFetchRequestGroup offsetFetch(Fields body) {
        return fetchedGroup(body)
            .setTopics(body.objects("topics", topic ->
                new OffsetFetchRequestData.OffsetFetchRequestTopics()
                    .setName(topic.string("name"))
                    .setPartitionIndexes(topic.ints("partition_indexes"))));
    }

    /** No list of topics at all means all of them. */
    OffsetFetchRequestData.OffsetFetchRequestGroup offsetFetchAll(Fields body) {
        return fetchedGroup(body).setTopics(null);
    }

    private OffsetFetchRequestData.OffsetFetchRequestGroup fetchedGroup(Fields body) {
        OffsetFetchRequestData.OffsetFetchRequestGroup data = new OffsetFetchRequestData.OffsetFetchRequestGroup();
        String memberId = body.nullableString("member_id", data.memberId());
        return data
            .setGroupId(groupId(body))
            .setMemberId(memberId == null ? null : names.idOf(memberId))
            .setMemberEpoch(body.int32("member_epoch", data.memberEpoch()));
    }

    OffsetDeleteRequestData offsetDelete(Fields body) {
        OffsetDeleteRequestData data = new OffsetDeleteRequestData().setGroupId(groupId(body));
        for (var topic : body.objects("topics", Bodies::deletedTopic)) data.topics().add(topic);
        return data;
    }

    private static OffsetDeleteRequestData.OffsetDeleteRequestTopic deletedTopic(Fields topic) {
        return new OffsetDeleteRequestData.OffsetDeleteRequestTopic()
            .setName(topic.string("name"))
            .setPartitions(topic.objects("partitions", partition ->
                new OffsetDeleteRequestData.OffsetDeleteRequestPartition()
                    .setPartitionIndex(partition.int32("partition_index", 0))));
    }

    ListGroupsRequestData listGroups(Fields body) {
        return new ListGroupsRequestData()
            .setStatesFilter(body.strings("states_filter"))
            .setTypesFilter(body.strings("types_filter"));
    }

    /** Null passes, for the coordinator to refuse. */
    private static String groupId(Fields body) {
        return body.nullableString("group_id", "");
    }

    private String memberId(Fields body) {
        return names.idOf(body.string("member_id", ""));
    }
}
