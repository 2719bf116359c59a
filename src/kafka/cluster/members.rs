//! Members of a group, taken out from outside.

use super::{Cluster, ClusterError};
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{DescribeGroupsRequest, GroupId, LeaveGroupRequest};
use kafka_protocol::protocol::StrBytes;

impl Cluster {
    /// Takes everybody out of a group, so that it can be deleted: the dead that have not expired, and static members, who do not
    /// leave by themselves. A group that is not there has no members.
    ///
    /// # Errors
    /// [`ClusterError`]; one of them if the brokers are too old to be asked (before Kafka 2.4).
    pub fn remove_members(&self, group: &str) -> Result<(), ClusterError> {
        let id = GroupId(StrBytes::from_string(group.to_owned()));
        let describe = DescribeGroupsRequest::default().with_groups(vec![id.clone()]);
        self.with_coordinator(&format!("removing the members of group {group}"), group, |peer| {
            let described = peer.ask(&describe)?;
            let members = described.groups.into_iter().flat_map(|group| group.members);
            let members: Vec<MemberIdentity> =
                members.map(|member| MemberIdentity::default().with_member_id(member.member_id)).collect();
            if members.is_empty() {
                return Ok(Ok(()));
            }
            let answer = peer.ask(&LeaveGroupRequest::default().with_group_id(id.clone()).with_members(members))?;
            Ok(if answer.error_code == 0 { Ok(()) } else { Err(answer.error_code) })
        })
    }
}
