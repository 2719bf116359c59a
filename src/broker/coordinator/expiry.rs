//! The clean-up of old offsets (OFF-21, 22, 23): its ticks, and an expiry before its time.

use super::Coordinator;
use super::group::Completion;
use super::timers::Target;
use crate::broker::Answer;
use crate::context::Context;
use crate::ids::{GroupId, Names};
use crate::time::Instant;

impl Coordinator {
    /// Starts the clean-up timer: the ticks of Kafka's are counted from the load of the log.
    pub(super) fn arm_expiry(&mut self, cx: &mut Context<'_>) {
        let interval_ms = self.config.offsets_retention_check_interval_ms.max(1).cast_unsigned();
        let ticks = cx.now.as_ms().saturating_sub(self.loaded_ms) / interval_ms + 1;
        let next = Instant::from_ms(self.loaded_ms.saturating_add(ticks.saturating_mul(interval_ms)));
        self.timers.arm(&mut self.expiry, next, cx.cause, Target::Expiry);
    }

    /// One tick of the clean-up (OFF-21).
    pub(super) fn clean_up(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        let now_ms = cx.now.as_ms();
        let retention_ms = u64::try_from(self.config.offsets_retention_minutes).unwrap_or(0) * 60_000;
        for group in self.groups.values() {
            group.clean_up(self.log.durable(), now_ms, retention_ms, cx.names, &mut self.batch);
        }
        if !self.batch.is_empty() {
            self.write(cx, out, GroupId::EMPTY, Completion::CleanedUp);
        }
        if !self.groups.is_empty() {
            self.arm_expiry(cx);
        }
    }

    /// Whether [`Coordinator::expire_offsets`] would remove anything now.
    pub fn can_expire(&mut self, names: &mut Names, group: GroupId) -> bool {
        self.expired(names, group);
        let any = !self.batch.is_empty();
        self.batch.clear();
        any
    }

    /// A tick of the clean-up for one group, at which the retention of all of its offsets is over: removes what OFF-21 to
    /// OFF-23 let expire. So nothing of a group in a rebalance, of a Stable one only what nobody subscribes to, and an Empty
    /// one goes with its offsets.
    pub fn expire_offsets(&mut self, cx: &mut Context<'_>, group: GroupId, out: &mut Vec<Answer>) {
        self.expired(cx.names, group);
        if !self.batch.is_empty() {
            self.write(cx, out, GroupId::EMPTY, Completion::CleanedUp);
        }
    }

    fn expired(&mut self, names: &mut Names, group: GroupId) {
        if let Some(group) = self.groups.get(&group) {
            group.clean_up(self.log.durable(), u64::MAX, 0, names, &mut self.batch);
        }
    }
}
