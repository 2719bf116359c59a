//! Looking on at the group coordinator while a scenario runs.

use super::Answer;
use super::coordinator::Coordinator;
use crate::context::Context;
use crate::protocol::{Request, RequestHeader};

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

    /// It has done so, and given these answers. The comparison may put them in another order, and the members in the
    /// answer to a leader, where a real Kafka's order is that of a hash map.
    fn after(&mut self, coordinator: &Coordinator, cx: &Context<'_>, answers: &mut [Answer]);
}
