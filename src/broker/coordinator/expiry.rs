//! The clean-up of old offsets (OFF-21, 22, 23): its ticks, and an expiry before its time.

use super::Coordinator;
use super::group::{ClassicGroup, Completion};
use super::records::Record;
use super::timers::{Entry, Target};
use crate::broker::Answer;
use crate::context::Context;
use crate::ids::{GroupId, Names, TopicPartition};
use crate::time::Instant;

impl Coordinator {
    /// Starts the clean-up timer: the ticks of Kafka's are counted from the load of the log.
    pub(super) fn arm_expiry(&mut self, cx: &mut Context<'_>) {
        let next = next_tick(cx.now, self.loaded_ms, self.interval_ms());
        self.timers.arm(&mut self.expiry, next, cx.cause, Target::Expiry);
    }

    fn interval_ms(&self) -> u64 {
        self.config.offsets_retention_check_interval_ms.max(1).cast_unsigned()
    }

    /// One tick of the clean-up (OFF-21).
    pub(super) fn clean_up(&mut self, cx: &mut Context<'_>, out: &mut Vec<Answer>) {
        let (now_ms, retention_ms) = (cx.now.as_ms(), self.retention_ms());
        let here = |group: &&ClassicGroup| self.moves.is_empty() || !self.moves.contains_key(&group.id);
        for group in self.groups.values().filter(here) {
            group.clean_up(self.log.durable(), now_ms, retention_ms, cx.names, &mut self.batch);
        }
        if !self.batch.is_empty() {
            self.write(cx, out, GroupId::EMPTY, Completion::CleanedUp);
        }
        if !self.groups.is_empty() {
            self.arm_expiry(cx);
        }
    }

    /// One tick for a group whose coordinator has moved.
    pub(super) fn clean_up_moved(&mut self, cx: &mut Context<'_>, id: GroupId, entry: Entry, out: &mut Vec<Answer>) {
        let (now_ms, retention_ms) = (cx.now.as_ms(), self.retention_ms());
        let Some(cause) = self.moves.get_mut(&id).and_then(|moved| self.timers.fires(&mut moved.expiry, entry)) else {
            return;
        };
        cx.cause = cause;
        let Some(group) = self.groups.get(&id) else { return };
        group.clean_up(self.log.durable(), now_ms, retention_ms, cx.names, &mut self.batch);
        if !self.batch.is_empty() {
            self.write(cx, out, GroupId::EMPTY, Completion::CleanedUp);
        }
        if self.groups.contains_key(&id) {
            self.expect_clean_up(cx, id);
        }
    }

    fn retention_ms(&self) -> u64 {
        u64::try_from(self.config.offsets_retention_minutes).unwrap_or(0) * 60_000
    }

    /// There is this group now: the clean-up ticks for it.
    pub(super) fn expect_clean_up(&mut self, cx: &mut Context<'_>, id: GroupId) {
        let interval_ms = self.interval_ms();
        match self.moves.get_mut(&id) {
            Some(moved) if !moved.expiry.is_armed() => {
                let next = next_tick(cx.now, moved.loaded_ms, interval_ms);
                self.timers.arm(&mut moved.expiry, next, cx.cause, Target::ExpiryOf(id));
            }
            None if !self.expiry.is_armed() => self.arm_expiry(cx),
            _ => {}
        }
    }

    /// What [`Coordinator::expire_offsets`] would remove: offsets, and whether the group goes too.
    pub fn expiring(&mut self, names: &mut Names, group: GroupId) -> (Vec<TopicPartition>, bool) {
        self.expired(names, group);
        let whole = self.batch.iter().any(|record| matches!(record, Record::Group(..)));
        let offset = |record: Record| if let Record::Offset(_, partition, _) = record { Some(partition) } else { None };
        (self.batch.drain(..).filter_map(offset).collect(), whole)
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

/// The first tick after `now` of a clean-up that began at `loaded_ms`.
fn next_tick(now: Instant, loaded_ms: u64, interval_ms: u64) -> Instant {
    let ticks = now.as_ms().saturating_sub(loaded_ms) / interval_ms + 1;
    Instant::from_ms(loaded_ms.saturating_add(ticks.saturating_mul(interval_ms)))
}
