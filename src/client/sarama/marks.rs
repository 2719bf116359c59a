//! `MarkOffset`: one offset for each claim, which only moves forward. Gaps are invisible.

use super::Sarama;
use crate::ids::{Offset, Symbol};
use crate::protocol::CommitPartition;

impl Sarama {
    /// `MarkOffset(to)`.
    pub(super) fn mark(&mut self, index: usize, to: Offset) {
        let claim = &mut self.claims[index];
        if to > claim.marked {
            claim.marked = to;
            claim.dirty = true;
            if !std::mem::replace(&mut claim.listed, true) {
                self.offsets.dirty.push(index as u32);
            }
        }
    }

    /// The application commits: it marks what it wants to be committed.
    pub(super) fn mark_all(&mut self, offsets: &[CommitPartition]) {
        for wanted in offsets {
            if let Some(index) = self.subscription.find(wanted.partition) {
                self.mark(index, wanted.offset);
            }
        }
    }

    /// What is marked and not committed, of all claims.
    pub(super) fn dirty_offsets(&mut self, into: &mut Vec<CommitPartition>) {
        let (claims, partitions) = (&mut self.claims, &self.subscription.partitions);
        self.offsets.dirty.retain(|&index| {
            let claim = &mut claims[index as usize];
            claim.listed = claim.dirty;
            if claim.dirty {
                let partition = partitions[index as usize].tp;
                into.push(CommitPartition { partition, offset: claim.marked, metadata: Symbol::EMPTY });
            }
            claim.dirty
        });
        into.sort_unstable_by_key(|p| p.partition);
    }

    /// A commit was stored; what was marked since is still to be committed.
    pub(super) fn updated_committed(&mut self, stored: &[CommitPartition]) {
        self.subscription.stored(stored);
        for p in stored {
            if let Some(index) = self.subscription.find(p.partition) {
                let claim = &mut self.claims[index];
                claim.dirty &= claim.marked != p.offset;
            }
        }
    }
}
