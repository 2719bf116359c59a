//! Group membership: FindCoordinator, JoinGroup, SyncGroup, Heartbeat, LeaveGroup and the admin requests.

use super::{Bytes, ErrorCode};
use crate::ids::{ClientId, Generation, GroupId, InstanceId, MemberId, ProtocolName, Symbol};

/// One entry of JoinGroup's protocol list: an assignor's name and the member's subscription as bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinProtocol {
    /// Name of the assignor.
    pub name: ProtocolName,
    /// Subscription (ConsumerProtocol), opaque to the broker but compared byte by byte (JOIN-25).
    pub metadata: Bytes,
}

/// JoinGroup request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinGroupRequest {
    /// `group.id`; `None` is Kafka's null.
    pub group: Option<GroupId>,
    /// `session.timeout.ms`.
    pub session_timeout_ms: i32,
    /// Rebalance timeout: the Java client sends max.poll.interval.ms. Version 0 had none: the broker takes the session timeout.
    pub rebalance_timeout_ms: i32,
    /// The member id given before; empty on the first join.
    pub member: MemberId,
    /// `group.instance.id`; empty for a dynamic member.
    pub instance: InstanceId,
    /// "consumer" for consumers.
    pub protocol_type: Symbol,
    /// The member's protocols in its order of preference (PROTO-02).
    pub protocols: Vec<JoinProtocol>,
    /// Why it joins, in words (KIP-800); interned.
    pub reason: Symbol,
}

/// One member in the list that the leader gets with its JoinGroup answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinGroupMember {
    /// Member id.
    pub member: MemberId,
    /// `group.instance.id`, or empty.
    pub instance: InstanceId,
    /// The member's subscription under the chosen protocol.
    pub metadata: Bytes,
}

/// JoinGroup response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JoinGroupResponse {
    /// NONE, or why not.
    pub error: ErrorCode,
    /// The generation that this join phase ended in; -1 with an error.
    pub generation: Generation,
    /// The group's protocol type; `None` with an error (JOIN-17).
    pub protocol_type: Option<Symbol>,
    /// The chosen protocol; `None` with an error.
    pub protocol_name: Option<ProtocolName>,
    /// Member id of the leader.
    pub leader: MemberId,
    /// The leader must not compute an assignment (STATIC-08, KIP-814).
    pub skip_assignment: bool,
    /// The receiver's member id; the fresh one with MEMBER_ID_REQUIRED.
    pub member: MemberId,
    /// All members, for the leader; empty for everyone else.
    pub members: Vec<JoinGroupMember>,
}

impl JoinGroupResponse {
    /// An error answer that echoes `member`.
    pub fn error(error: ErrorCode, member: MemberId) -> Self {
        JoinGroupResponse {
            error,
            generation: Generation::NONE,
            protocol_type: None,
            protocol_name: None,
            leader: MemberId::EMPTY,
            skip_assignment: false,
            member,
            members: Vec::new(),
        }
    }
}

/// SyncGroup request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncGroupRequest {
    /// `group.id`; `None` is Kafka's null.
    pub group: Option<GroupId>,
    /// The generation of the JoinGroup answer.
    pub generation: Generation,
    /// Member id.
    pub member: MemberId,
    /// `group.instance.id`, or empty.
    pub instance: InstanceId,
    /// Protocol type, from version 5.
    pub protocol_type: Option<Symbol>,
    /// Protocol name, from version 5.
    pub protocol_name: Option<ProtocolName>,
    /// From the leader: everyone's assignment; empty from followers.
    pub assignments: Vec<(MemberId, Bytes)>,
}

/// SyncGroup response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncGroupResponse {
    /// NONE, or why not.
    pub error: ErrorCode,
    /// The group's protocol type; `None` with an error.
    pub protocol_type: Option<Symbol>,
    /// The group's protocol name; `None` with an error.
    pub protocol_name: Option<ProtocolName>,
    /// This member's assignment; empty bytes with an error.
    pub assignment: Bytes,
}

impl SyncGroupResponse {
    /// An error answer.
    pub fn error(error: ErrorCode) -> Self {
        SyncGroupResponse { error, protocol_type: None, protocol_name: None, assignment: Bytes::from([]) }
    }
}

/// Heartbeat request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeartbeatRequest {
    /// `group.id`; `None` is Kafka's null.
    pub group: Option<GroupId>,
    /// The member's generation.
    pub generation: Generation,
    /// Member id.
    pub member: MemberId,
    /// `group.instance.id`, or empty.
    pub instance: InstanceId,
}

/// One entry of a LeaveGroup request (batched since version 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeavingMember {
    /// Member id; may be empty when an admin removes a static member by instance id (LEAVE-03).
    pub member: MemberId,
    /// `group.instance.id`, or empty.
    pub instance: InstanceId,
    /// Why it leaves, in words (KIP-800); interned. On the wire only version 5 has it. Here it travels in every version: the
    /// coordinator does nothing with it but say in the trace why a member went, which is known whatever the library sends.
    pub reason: Symbol,
}

impl LeavingMember {
    /// How the Java client words it that max.poll.interval.ms has passed.
    pub const POLL_TIMEOUT: &str = "consumer poll timeout has expired.";
}

/// LeaveGroup request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveGroupRequest {
    /// `group.id`; `None` is Kafka's null.
    pub group: Option<GroupId>,
    /// Who leaves.
    pub members: Vec<LeavingMember>,
}

/// LeaveGroup response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveGroupResponse {
    /// Error of the request as a whole.
    pub error: ErrorCode,
    /// One entry for each of the request's (LEAVE-02).
    pub members: Vec<(MemberId, InstanceId, ErrorCode)>,
}

/// State of a classic group (STATE-01).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum GroupState {
    /// No members.
    Empty,
    /// Waiting for members to (re)join.
    PreparingRebalance,
    /// Waiting for the leader's assignment.
    CompletingRebalance,
    /// Everyone has, or can fetch, an assignment.
    Stable,
    /// Gone, or unloaded.
    Dead,
}

impl GroupState {
    /// All states.
    pub const ALL: [GroupState; 5] = [
        GroupState::Empty,
        GroupState::PreparingRebalance,
        GroupState::CompletingRebalance,
        GroupState::Stable,
        GroupState::Dead,
    ];

    /// Kafka's name, as `kafka-consumer-groups.sh --describe --state` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
            GroupState::Dead => "Dead",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<GroupState> {
        GroupState::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// One member in a DescribeGroups answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DescribedMember {
    /// Member id.
    pub member: MemberId,
    /// `group.instance.id`, or empty.
    pub instance: InstanceId,
    /// `client.id` of the connection that joined.
    pub client_id: ClientId,
    /// Host of that connection, with a leading slash as Kafka prints it.
    pub host: Symbol,
    /// Subscription, only in Stable (STATE-12).
    pub metadata: Bytes,
    /// Assignment.
    pub assignment: Bytes,
}

/// One group in a DescribeGroups answer (STATE-12).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DescribedGroup {
    /// Error of this group.
    pub error: ErrorCode,
    /// Group id.
    pub group: GroupId,
    /// State; Dead for an unknown group, none while the coordinator is loading (LOAD-03).
    pub state: Option<GroupState>,
    /// Protocol type, or empty.
    pub protocol_type: Symbol,
    /// Protocol name, only in Stable.
    pub protocol_name: ProtocolName,
    /// The members.
    pub members: Vec<DescribedMember>,
}
