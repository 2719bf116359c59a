//! The union of requests and responses, and what travels with each.

use super::*;
use crate::ids::{ActorId, ClientId, ConnectionId, CorrelationId, GroupId, Incarnation, Seq, Symbol, TopicName};

/// The requests that groupsim knows, by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Api {
    /// Fetch.
    Fetch,
    /// ListOffsets.
    ListOffsets,
    /// Metadata.
    Metadata,
    /// OffsetCommit; the trace calls it `commit`.
    OffsetCommit,
    /// OffsetFetch.
    OffsetFetch,
    /// FindCoordinator.
    FindCoordinator,
    /// JoinGroup; the trace calls it `join`.
    JoinGroup,
    /// Heartbeat.
    Heartbeat,
    /// LeaveGroup; the trace calls it `leave`.
    LeaveGroup,
    /// SyncGroup; the trace calls it `sync`.
    SyncGroup,
    /// DescribeGroups.
    DescribeGroups,
    /// ListGroups.
    ListGroups,
    /// DeleteGroups.
    DeleteGroups,
    /// OffsetDelete.
    OffsetDelete,
    // New ones stand at the end: their place is part of the trace hash.
    /// Produce.
    Produce,
    /// InitProducerId.
    InitProducerId,
}

impl Api {
    /// All of them.
    pub const ALL: [Api; 16] = [
        Api::Fetch,
        Api::ListOffsets,
        Api::Metadata,
        Api::OffsetCommit,
        Api::OffsetFetch,
        Api::FindCoordinator,
        Api::JoinGroup,
        Api::Heartbeat,
        Api::LeaveGroup,
        Api::SyncGroup,
        Api::DescribeGroups,
        Api::ListGroups,
        Api::DeleteGroups,
        Api::OffsetDelete,
        Api::Produce,
        Api::InitProducerId,
    ];

    /// The short name in trace events.
    pub const fn name(self) -> &'static str {
        match self {
            Api::Fetch => "fetch",
            Api::ListOffsets => "list_offsets",
            Api::Metadata => "metadata",
            Api::OffsetCommit => "commit",
            Api::OffsetFetch => "offset_fetch",
            Api::FindCoordinator => "find_coordinator",
            Api::JoinGroup => "join",
            Api::Heartbeat => "heartbeat",
            Api::LeaveGroup => "leave",
            Api::SyncGroup => "sync",
            Api::DescribeGroups => "describe_groups",
            Api::ListGroups => "list_groups",
            Api::DeleteGroups => "delete_groups",
            Api::OffsetDelete => "offset_delete",
            Api::Produce => "produce",
            Api::InitProducerId => "init_producer_id",
        }
    }

    /// The API with this short name.
    pub fn from_name(name: &str) -> Option<Api> {
        Api::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// A request's body. Large bodies are boxed so that a message in a queue stays small.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Where is the group's coordinator?
    FindCoordinator(GroupId),
    /// Topics and their partition counts.
    Metadata(Vec<TopicName>),
    /// Join the group.
    JoinGroup(Box<JoinGroupRequest>),
    /// Hand in or fetch the assignment.
    SyncGroup(Box<SyncGroupRequest>),
    /// Still here.
    Heartbeat(HeartbeatRequest),
    /// Going.
    LeaveGroup(Box<LeaveGroupRequest>),
    /// Store positions.
    OffsetCommit(Box<OffsetCommitRequest>),
    /// Read stored positions.
    OffsetFetch(Box<OffsetFetchRequest>),
    /// Delete stored positions (admin).
    OffsetDelete(Box<OffsetDeleteRequest>),
    /// Ends of logs.
    ListOffsets(Box<ListOffsetsRequest>),
    /// Read records.
    Fetch(Box<FetchRequest>),
    /// Describe groups (admin).
    DescribeGroups(Vec<GroupId>),
    /// List groups (admin).
    ListGroups,
    /// Delete groups (admin).
    DeleteGroups(Vec<GroupId>),
    /// Write records.
    Produce(Box<ProduceRequest>),
    /// Ask for a producer id, as an idempotent producer does before its first record.
    InitProducerId,
}

impl Request {
    /// Which request this is.
    pub fn api(&self) -> Api {
        match self {
            Request::FindCoordinator(_) => Api::FindCoordinator,
            Request::Metadata(_) => Api::Metadata,
            Request::JoinGroup(_) => Api::JoinGroup,
            Request::SyncGroup(_) => Api::SyncGroup,
            Request::Heartbeat(_) => Api::Heartbeat,
            Request::LeaveGroup(_) => Api::LeaveGroup,
            Request::OffsetCommit(_) => Api::OffsetCommit,
            Request::OffsetFetch(_) => Api::OffsetFetch,
            Request::OffsetDelete(_) => Api::OffsetDelete,
            Request::ListOffsets(_) => Api::ListOffsets,
            Request::Fetch(_) => Api::Fetch,
            Request::DescribeGroups(_) => Api::DescribeGroups,
            Request::ListGroups => Api::ListGroups,
            Request::DeleteGroups(_) => Api::DeleteGroups,
            Request::Produce(_) => Api::Produce,
            Request::InitProducerId => Api::InitProducerId,
        }
    }
}

/// A response's body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// FindCoordinator: NONE means "this broker" (there is one broker).
    FindCoordinator(ErrorCode),
    /// Metadata.
    Metadata(Vec<TopicMetadata>),
    /// JoinGroup.
    JoinGroup(Box<JoinGroupResponse>),
    /// SyncGroup.
    SyncGroup(Box<SyncGroupResponse>),
    /// Heartbeat.
    Heartbeat(ErrorCode),
    /// LeaveGroup.
    LeaveGroup(Box<LeaveGroupResponse>),
    /// OffsetCommit.
    OffsetCommit(Box<OffsetCommitResponse>),
    /// OffsetFetch.
    OffsetFetch(Box<OffsetFetchResponse>),
    /// OffsetDelete.
    OffsetDelete(Box<OffsetDeleteResponse>),
    /// ListOffsets.
    ListOffsets(Box<ListOffsetsResponse>),
    /// Fetch.
    Fetch(Box<FetchResponse>),
    /// DescribeGroups.
    DescribeGroups(Vec<DescribedGroup>),
    /// ListGroups: the error of the whole (LOAD-03), and of each group id, protocol type, state.
    ListGroups(ErrorCode, Vec<(GroupId, Symbol, GroupState)>),
    /// DeleteGroups: an error per group, in the order of the request.
    DeleteGroups(Vec<(GroupId, ErrorCode)>),
    /// Produce. With `acks = 0` Kafka answers nothing: this stands for TCP's own acknowledgement, which tells the client's
    /// socket that there is room again, and tells the client nothing.
    Produce(Box<ProduceResponse>),
    /// InitProducerId: the id.
    InitProducerId(i64),
}

impl Response {
    /// Which request this answers.
    pub fn api(&self) -> Api {
        match self {
            Response::FindCoordinator(_) => Api::FindCoordinator,
            Response::Metadata(_) => Api::Metadata,
            Response::JoinGroup(_) => Api::JoinGroup,
            Response::SyncGroup(_) => Api::SyncGroup,
            Response::Heartbeat(_) => Api::Heartbeat,
            Response::LeaveGroup(_) => Api::LeaveGroup,
            Response::OffsetCommit(_) => Api::OffsetCommit,
            Response::OffsetFetch(_) => Api::OffsetFetch,
            Response::OffsetDelete(_) => Api::OffsetDelete,
            Response::ListOffsets(_) => Api::ListOffsets,
            Response::Fetch(_) => Api::Fetch,
            Response::DescribeGroups(_) => Api::DescribeGroups,
            Response::ListGroups(..) => Api::ListGroups,
            Response::DeleteGroups(_) => Api::DeleteGroups,
            Response::Produce(_) => Api::Produce,
            Response::InitProducerId(_) => Api::InitProducerId,
        }
    }

    /// The one error that sums the answer up for the trace: its own, else the first of a partition or member.
    pub fn error(&self) -> ErrorCode {
        fn first(mut errors: impl Iterator<Item = ErrorCode>) -> ErrorCode {
            errors.find(|e| !e.is_none()).unwrap_or_default()
        }
        match self {
            Response::FindCoordinator(error) | Response::Heartbeat(error) => *error,
            Response::Metadata(topics) => first(topics.iter().map(|t| t.error)),
            Response::JoinGroup(r) => r.error,
            Response::SyncGroup(r) => r.error,
            Response::LeaveGroup(r) => first([r.error].into_iter().chain(r.members.iter().map(|m| m.2))),
            Response::OffsetCommit(r) => first(r.partitions.iter().map(|p| p.1)),
            Response::OffsetFetch(r) => first([r.error].into_iter().chain(r.partitions.iter().map(|p| p.error))),
            Response::OffsetDelete(r) => first([r.error].into_iter().chain(r.partitions.iter().map(|p| p.1))),
            Response::ListOffsets(r) => first(r.partitions.iter().map(|p| p.2)),
            Response::Fetch(r) => first(r.partitions.iter().map(|p| p.error)),
            Response::DescribeGroups(groups) => first(groups.iter().map(|g| g.error)),
            Response::ListGroups(error, _) => *error,
            Response::DeleteGroups(groups) => first(groups.iter().map(|g| g.1)),
            Response::Produce(r) => first(r.partitions.iter().map(|p| p.1)),
            Response::InitProducerId(_) => ErrorCode::None,
        }
    }
}

/// Who sent a request, as far as a broker can tell (plus the actor, for the trace).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientInfo {
    /// The actor behind the connection; brokers only copy it into trace events.
    pub actor: ActorId,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// `client.id`.
    pub client_id: ClientId,
    /// Its host as Kafka prints it, `/10.0.0.1`.
    pub host: Symbol,
}

/// What travels with a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestHeader {
    /// The connection it came in on, and the answer goes out on.
    pub connection: ConnectionId,
    /// Pairs the answer with the request.
    pub correlation: CorrelationId,
    /// Version of the request; decides JOIN-10, JOIN-12, STATIC-08, OFF-01 ...
    pub api_version: i16,
    /// Who sent it.
    pub client: ClientInfo,
    /// The trace event that caused it (its `sent` event).
    pub cause: Seq,
}
