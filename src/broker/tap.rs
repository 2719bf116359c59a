//! Looking on at the group coordinator while a scenario runs.

use super::Answer;
use super::coordinator::Coordinator;
use crate::context::Context;
use crate::ids::GroupId;
use crate::protocol::{Request, RequestHeader};

/// What the timeline does to the coordinator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intervention {
    /// A group's coordinator moves ([`super::Broker::begin_failover`]).
    Unload(GroupId),
    /// The new coordinator has read the log ([`super::Broker::finish_failover`]).
    Load(GroupId),
    /// The retention of a group's offsets is over ([`super::Broker::expire_offsets`]).
    Expire(GroupId),
}

/// Somebody who sees everything that goes into the group coordinator and comes out of it, in order, such as a comparison
/// with a real Kafka (docs/fidelity.md).
///
/// Each call before is followed by one call after it, with nothing between them but the coordinator's work.
pub trait Tap {
    /// The coordinator is about to take up a request, at `cx.now`. The comparison may tell it whom to prefer as leader
    /// ([`Coordinator::prefer_leader`]).
    fn before_request(
        &mut self,
        coordinator: &mut Coordinator,
        cx: &Context<'_>,
        header: &RequestHeader,
        request: &Request,
    );

    /// The coordinator is about to run its timers that are due at `cx.now`.
    fn before_timers(&mut self, coordinator: &mut Coordinator, cx: &Context<'_>);

    /// Something is about to be done to the coordinator itself, at `cx.now`.
    fn before_intervention(&mut self, coordinator: &mut Coordinator, cx: &mut Context<'_>, what: Intervention);

    /// It has done so, and given these answers. The comparison may put them in another order, and the members in the
    /// answer to a leader, where a real Kafka's order is that of a hash map.
    fn after(&mut self, coordinator: &Coordinator, cx: &Context<'_>, answers: &mut [Answer]);
}
