//! The sync timer: SYNC-09, SYNC-10.

use super::{Group, Pen, Timed};
use crate::ids::MemberId;
use crate::time::Instant;

/// The timer of one generation.
#[derive(Clone, Copy, Debug)]
pub(super) struct SyncTimer {
    started: Instant,
    /// `None` until the instant of its start is over: members are still being removed then.
    deadline: Option<Instant>,
    cancelled: Option<Instant>,
    /// A replaced static member had not synced: its old id stays pending (STATIC-17), and nothing can be said.
    blurred: bool,
}

impl SyncTimer {
    pub(super) fn started(t: Instant) -> SyncTimer {
        SyncTimer { started: t, deadline: None, cancelled: None, blurred: false }
    }
}

/// A new rebalance is prepared.
pub(super) fn cancelled(group: &mut Group, t: Instant) {
    if let Some(sync) = &mut group.sync {
        sync.cancelled.get_or_insert(t);
    }
}

/// A member was replaced.
pub(super) fn member_gone_unsynced(group: &mut Group, gone: &Timed) {
    if let Some(sync) = group.sync.as_mut().filter(|_| gone.pending_sync) {
        sync.blurred = true;
    }
}

/// The instant is over.
pub(super) fn end_of_instant(group: &mut Group) {
    let Some(sync) = group.sync else { return };
    if sync.cancelled.is_some() {
        group.sync = None;
    } else if sync.deadline.is_none() {
        let deadline = sync.started.deadline_ms(group.rebalance_ms());
        group.sync = Some(SyncTimer { deadline: Some(deadline), ..sync });
        group.note(deadline);
    }
}

/// A member was removed by the timer.
pub(super) fn member_removed(group: &mut Group, member: MemberId, timed: &Timed, pen: &mut Pen<'_>) {
    let sync = group.sync.filter(|sync| sync.cancelled.is_none_or(|at| at == pen.at));
    let due = sync.and_then(|sync| sync.deadline) == Some(pen.at) && timed.pending_sync;
    if !due && !sync.is_some_and(|sync| sync.blurred) {
        let sentence = format!("{} was removed by the sync timer at {} (SYNC-09, SYNC-10)", pen.text(member), pen.at);
        pen.wrong(sentence);
    }
}

/// Complains if the timer has passed with somebody pending; when it fires.
pub(super) fn overdue(group: &mut Group, t: Instant, pen: &mut Pen<'_>) -> Instant {
    let Some(sync) = group.sync else { return Instant::MAX };
    let Some(deadline) = sync.deadline else { return Instant::MAX };
    if deadline >= t {
        return deadline;
    }
    group.sync = None;
    let late = group.members.iter().find(|(_, timed)| timed.pending_sync).map(|(&member, _)| member);
    if let Some(member) = late.filter(|_| !sync.blurred) {
        let sentence = format!("the sync timer should have removed {} at {deadline} (SYNC-10)", pen.text(member));
        pen.wrong(sentence);
    }
    Instant::MAX
}
