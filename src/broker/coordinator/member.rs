//! A member of a classic group.

use super::answers::Asker;
use super::records::MemberRecord;
use super::timers::TimerSlot;
use crate::ids::{ActorId, ClientId, Incarnation, InstanceId, MemberId, ProtocolName, Symbol};
use crate::protocol::{Bytes, JoinGroupMember, JoinGroupRequest, JoinProtocol};

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub id: MemberId,
    /// `group.instance.id`; empty for a dynamic member.
    pub instance: InstanceId,
    pub client_id: ClientId,
    pub host: Symbol,
    /// Whose process it is, for the trace.
    pub holder: (ActorId, Incarnation),
    pub rebalance_timeout_ms: i32,
    pub session_timeout_ms: i32,
    pub protocols: Vec<JoinProtocol>,
    pub assignment: Bytes,
    /// Added in this join phase: its parked join does not keep it alive (SESS-05).
    pub is_new: bool,
    /// The parked JoinGroup.
    pub awaiting_join: Option<Asker>,
    /// The parked SyncGroup.
    pub awaiting_sync: Option<Asker>,
    pub session: TimerSlot,
}

impl Member {
    /// A member that `request` adds under the id `id`; its join is parked.
    pub fn new(id: MemberId, request: JoinGroupRequest, asker: Asker, no_bytes: Bytes) -> Self {
        Member {
            id,
            instance: request.instance,
            client_id: asker.client_id,
            host: asker.host,
            holder: (asker.client, asker.incarnation),
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            session_timeout_ms: request.session_timeout_ms,
            protocols: request.protocols,
            assignment: no_bytes,
            is_new: true,
            awaiting_join: Some(asker),
            awaiting_sync: None,
            session: TimerSlot::default(),
        }
    }

    /// A member as the log knows it (LOAD-05, LOAD-06).
    pub fn load(record: &MemberRecord, protocol: ProtocolName) -> Self {
        let rebalance_timeout_ms = match record.rebalance_timeout_ms {
            -1 => record.session_timeout_ms,
            given => given,
        };
        Member {
            id: record.member,
            instance: record.instance,
            client_id: record.client_id,
            host: record.host,
            holder: record.holder,
            rebalance_timeout_ms,
            session_timeout_ms: record.session_timeout_ms,
            protocols: vec![JoinProtocol { name: protocol, metadata: record.subscription.clone() }],
            assignment: record.assignment.clone(),
            is_new: false,
            awaiting_join: None,
            awaiting_sync: None,
            session: TimerSlot::default(),
        }
    }

    /// What a group metadata record keeps of it.
    pub fn record(&self, protocol: ProtocolName, assignment: Bytes) -> MemberRecord {
        MemberRecord {
            member: self.id,
            instance: self.instance,
            client_id: self.client_id,
            host: self.host,
            holder: self.holder,
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            session_timeout_ms: self.session_timeout_ms,
            subscription: self.metadata(protocol),
            assignment,
        }
    }

    pub fn is_static(&self) -> bool {
        !self.instance.is_empty()
    }

    /// Its subscription under `protocol`; empty bytes if it does not offer that.
    pub fn metadata(&self, protocol: ProtocolName) -> Bytes {
        self.protocols.iter().find(|p| p.name == protocol).map_or_else(|| Bytes::from([]), |p| p.metadata.clone())
    }

    /// Its line in the list that the leader gets.
    pub fn join_member(&self, protocol: ProtocolName) -> JoinGroupMember {
        JoinGroupMember { member: self.id, instance: self.instance, metadata: self.metadata(protocol) }
    }

    /// Whether a parked request stands for the heartbeats that it cannot send (SESS-04, SESS-05).
    pub fn has_satisfied_heartbeat(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }
}
